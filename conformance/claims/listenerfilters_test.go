package claims_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// TestListenerFilter: a listener's filter is asked before requests are routed, and about no other listener's (GEP-5224).
// Where its backend is gone nobody is let in, and the listener says why.
func TestListenerFilter(t *testing.T) {
	s := scene.New(t, bed, "listener-filter", host.ClassName)
	s.Backend(t, "a", 1)
	listener, err := net.Listen("tcp", sandbox.BridgeIP+":0")
	require.NoError(t, err)
	serve(t, s, "auth", listener, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/open" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	create(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: %s, name: gw}
spec:
  gatewayClassName: %s
  listeners:
  - name: guarded
    port: 80
    protocol: HTTP
    hostname: guarded.example
    filters: {requests: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: auth, port: 80}}}]}
  - {name: free, port: 80, protocol: HTTP, hostname: free.example}
`, s.Namespace, host.ClassName)
	for _, name := range []string{"guarded", "free"} {
		route := s.Route(name, name+".example", "a")
		route.Spec.ParentRefs[0].Name = "gw"
		s.Create(t, route)
	}
	address := awaitAddresses(t, s, "gw", []string{`"" ` + pods}, programmed).Addresses[0].Value
	c := traffic.NewClient(address + ":80")
	good := []string{"Accepted=True/Accepted", "Programmed=True/Programmed", "ResolvedRefs=True/ResolvedRefs"}

	awaitListener(t, s, "gw", "guarded", good...)
	awaitOutcome(t, s, c, "http://guarded.example/open", "200 a")
	awaitOutcome(t, s, c, "http://guarded.example/shut", "403")
	awaitOutcome(t, s, c, "http://free.example/shut", "200 a")
	auth := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "auth"}}
	require.NoError(t, bed.Client.Delete(t.Context(), auth))
	awaitListener(t, s, "gw", "guarded", "Accepted=True/Accepted", "ResolvedRefs=False/InvalidListenerFilterRef")
	awaitOutcome(t, s, c, "http://guarded.example/open", "500")
	awaitOutcome(t, s, c, "http://free.example/shut", "200 a")
}
