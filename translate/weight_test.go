package translate_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a translation may bring into a host's binary, without this module and the standard library, which differs between
// releases of Go. Two of them are the proxies of TCPRoute and UDPRoute, one is ClusterTrustBundle, one is for backends
// without TLS beside others with, two are ExternalAuth and the chains of routes that it stands in, one is what it may
// change of the requests of a listener, and three are sessions by cookie and header.
const maxPackages = 146

// TestWeight holds what an embedder pays: no Kubernetes client, no controller framework, no gRPC, and few packages.
func TestWeight(t *testing.T) {
	const ours = "github.com/gatewayxds/gatewayxds/"
	foreign := func(packages ...string) (n int) {
		out, err := exec.Command("go", append([]string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}, packages...)...).Output()
		require.NoError(t, err)
		for pkg := range strings.FieldsSeq(string(out)) {
			for _, no := range []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "google.golang.org/grpc"} {
				require.False(t, pkg == no || strings.HasPrefix(pkg, no+"/"), "the library imports %s", pkg)
			}
			if !strings.HasPrefix(pkg, ours) {
				n++
			}
		}
		return n
	}
	t.Logf("with version: %d packages", foreign(ours+"translate", ours+"status", ours+"rewrite", ours+"version"))
	n := foreign(ours+"translate", ours+"status", ours+"rewrite")
	t.Logf("without: %d packages", n)
	require.LessOrEqual(t, n, maxPackages)
}
