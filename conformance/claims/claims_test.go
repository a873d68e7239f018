// Package claims shows the features of Gateway API v1.7.0 that our host claims and no test of the suite covers, end to end:
//
//	cd conformance && GOWORK=off GOTOOLCHAIN=go1.27.0 go test -modfile=go170.mod ./claims
package claims_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/conformance/internal/cluster"
	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

var (
	host = testbed.DefaultHost()

	bed         *testbed.Testbed
	hostProcess *cluster.Process
)

func TestMain(m *testing.M) {
	if consts.BundleVersion == "v1.6.3" {
		fmt.Fprintln(os.Stderr, "claims: v1.6.3 knows none of these features; run them with -modfile=go170.mod")
		os.Exit(1)
	}
	os.Exit(testbed.Main(func() int {
		if err := start(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "claims:", err)
			return 1
		}
		status := m.Run()
		if status != 0 {
			if err := bed.KeepLogs(hostProcess); err != nil {
				fmt.Fprintln(os.Stderr, "claims:", err)
			}
		}
		return status
	}))
}

func start(ctx context.Context) error {
	var err error
	if bed, err = testbed.Start(ctx, host); err != nil {
		return err
	}
	hostProcess = bed.NewHost(host)
	return testbed.StartHost(host, hostProcess)
}

// TestClaimed: the host says that it has what the other tests show.
func TestClaimed(t *testing.T) {
	awaitClaims(t, map[gwv1.FeatureName]bool{
		"ClusterTrustBundle": true, "GatewayAddressRoutability": true, "GatewayAddressRoutabilityCluster": true,
		"GatewayListenerFilters": true,
	})
}

// awaitClaims waits until the GatewayClass has these features, and has not those that are false.
func awaitClaims(t *testing.T, want map[gwv1.FeatureName]bool) {
	t.Helper()
	s := &scene.Scene{Bed: bed}
	s.Wait(t, "the host claims its features", func(ctx context.Context) (bool, error) {
		var class gwv1.GatewayClass
		if err := bed.Client.Get(ctx, client.ObjectKey{Name: host.ClassName}, &class); err != nil {
			return false, err
		}
		claimed := map[gwv1.FeatureName]bool{}
		for _, feature := range class.Status.SupportedFeatures {
			claimed[feature.Name] = true
		}
		for name, has := range want {
			if claimed[name] != has {
				return false, fmt.Errorf("%s is claimed: %t", name, claimed[name])
			}
		}
		return true, nil
	})
}

// awaitOutcome waits for what becomes of a request: a status, with the name of the backend that answered, if one did, or
// "error" when there was no answer.
func awaitOutcome(t *testing.T, s *scene.Scene, c *traffic.Client, url, want string) {
	t.Helper()
	s.Wait(t, url+" is answered by "+want, func(context.Context) (bool, error) {
		c.Close() // so that each request makes a connection of its own
		answer, got := c.Send(url), "error"
		if answer.Err == nil {
			got = fmt.Sprint(answer.Status)
		}
		if answer.Service != "" {
			got += " " + answer.Service
		}
		if got != want {
			return false, errors.Join(errors.New("outcome "+got), answer.Err)
		}
		return true, nil
	})
}

// lacks says which of the conditions, each like Accepted=True/Accepted, are not there for the generation.
func lacks(conditions []metav1.Condition, generation int64, want ...string) error {
	for _, text := range want {
		kind, _, _ := strings.Cut(text, "=")
		c := meta.FindStatusCondition(conditions, kind)
		if c == nil || c.ObservedGeneration != generation || fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason) != text {
			return fmt.Errorf("no %s in %+v", text, conditions)
		}
	}
	return nil
}

// create creates an object from YAML, in the form that the API server knows, whatever the Go types have.
func create(t *testing.T, format string, arguments ...any) {
	t.Helper()
	require.NoError(t, cluster.Create(t.Context(), bed.Client, fmt.Appendf(nil, format, arguments...)))
}

// serve puts a server of this process behind port 80 of a new Service. It ends with the test.
func serve(t *testing.T, s *scene.Scene, name string, listener net.Listener, handler http.HandlerFunc) {
	t.Helper()
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)} // of handshakes, which may be to fail
	server.SetKeepAlivesEnabled(false)                                             // Envoy judges connections, not requests
	go func() { _ = server.Serve(listener) }()                                     // until it is closed
	t.Cleanup(func() { require.NoError(t, server.Close()) })

	port, portName, ready := int32(listener.Addr().(*net.TCPAddr).Port), "http", true
	s.Create(t, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: portName, Port: 80}}},
	})
	s.Create(t, &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: s.Namespace, Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: name}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &portName, Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{sandbox.BridgeIP}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		}},
	})
}

// awaitListener waits for conditions of a listener.
func awaitListener(t *testing.T, s *scene.Scene, name string, section gwv1.SectionName, want ...string) {
	t.Helper()
	s.Wait(t, fmt.Sprint("the listener has ", want), func(ctx context.Context) (bool, error) {
		var gw gwv1.Gateway
		if err := bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, &gw); err != nil {
			return false, err
		}
		for _, listener := range gw.Status.Listeners {
			if listener.Name == section {
				err := lacks(listener.Conditions, gw.Generation, want...)
				return err == nil, err
			}
		}
		return false, nil
	})
}
