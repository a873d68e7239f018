package translate_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const ours = "github.com/gatewayxds/gatewayxds/"

// maxPackages is how many packages of others a translation of HTTPRoutes and GRPCRoutes may bring into a host's binary,
// those of Go 1.26 included. The types of both APIs, which a host links anyway, are 337 of them.
const maxPackages = 345

// perFeature are the packages that other features bring besides, one for each configuration or object they need.
var perFeature = map[string]string{
	"k8s.io/api/certificates/v1beta1": "ClusterTrustBundle",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3":  "421 of misdirected requests",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3": "421 of misdirected requests",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3":        "TCPRoute, TLSRoute",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/udp/udp_proxy/v3":            "UDPRoute",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3":     "backends with and without TLS in one rule of a TLSRoute",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3":           "ExternalAuth",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/filter_chain/v3":        "filters of one route",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/stateful_session/v3":    "session persistence",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/http/stateful_session/cookie/v3":     "session persistence",
	"github.com/envoyproxy/go-control-plane/envoy/extensions/http/stateful_session/header/v3":     "session persistence",
}

// TestWeight holds what an embedder pays: no Kubernetes client, no controller framework, no gRPC, and few packages.
func TestWeight(t *testing.T) {
	t.Logf("with version: %d packages", len(foreign(t, ours+"translate", ours+"status", ours+"rewrite", ours+"version")))
	packages := foreign(t, ours+"translate", ours+"status", ours+"rewrite")
	t.Logf("without: %d packages, %d of them for more than HTTPRoute and GRPCRoute", len(packages), len(perFeature))
	for pkg, feature := range perFeature {
		require.Contains(t, packages, pkg, "nothing brings the package of %s any more", feature)
	}
	if !strings.HasPrefix(runtime.Version(), "go1.26") {
		return // another release's standard library has other packages
	}
	require.LessOrEqual(t, len(packages)-len(perFeature), maxPackages)
}

// foreign lists the packages that some of ours bring along.
func foreign(t *testing.T, packages ...string) (list []string) {
	out, err := exec.Command("go", append([]string{"list", "-deps"}, packages...)...).Output()
	require.NoError(t, err)
	for pkg := range strings.FieldsSeq(string(out)) {
		for _, no := range []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "google.golang.org/grpc"} {
			require.False(t, pkg == no || strings.HasPrefix(pkg, no+"/"), "the library imports %s", pkg)
		}
		if !strings.HasPrefix(pkg, ours) {
			list = append(list, pkg)
		}
	}
	return list
}
