package goldentest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
	"github.com/gatewayxds/gatewayxds/translate"
)

// recorder is a test whose failures are the outcome.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Errorf(f string, a ...any) { r.failures = append(r.failures, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }
func (r *recorder) Fatal(a ...any)            { r.Fatalf("%s", fmt.Sprint(a...)) }

// failuresOf runs a test that may end early.
func failuresOf(t *testing.T, test func(tb testing.TB)) []string {
	r, done := &recorder{TB: t}, make(chan struct{})
	go func() { defer close(done); test(r) }()
	<-done
	return r.failures
}

func update(t *testing.T, value string) {
	require.NoError(t, flag.Set(updateFlag, value))
	t.Cleanup(func() { _ = flag.Set(updateFlag, "false") })
}

func result(domain string) *translate.Result {
	bytes := func(s string) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: []byte(s)}}
	}
	return &translate.Result{
		Gateways: []translate.GatewayResources{{
			Gateway: types.NamespacedName{Namespace: "default", Name: "gw"},
			Routes: []*routev3.RouteConfiguration{{
				Name: "table", VirtualHosts: []*routev3.VirtualHost{{Name: "v", Domains: []string{domain}}},
			}},
			Secrets: []*tlsv3.Secret{{Name: "cert", Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
				CertificateChain: bytes("public"), PrivateKey: bytes("private"),
			}}}},
		}},
		Statuses: status.Set{Gateways: []status.Desired[gwv1.GatewayStatus]{{
			Object: status.Object{Kind: "Gateway", Namespace: "default", Name: "gw"},
			Status: gwv1.GatewayStatus{Conditions: []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"}}},
		}}},
	}
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	compare := func(domain string) []string {
		return failuresOf(t, func(tb testing.TB) { Compare(tb, dir, result(domain)) })
	}
	failures := compare("a.example.com")
	require.Len(t, failures, 2, "both files are missing")
	require.Contains(t, failures[0], "xds.yaml is missing; go test -update writes it")

	update(t, "true")
	require.Empty(t, compare("a.example.com"))
	xds, err := os.ReadFile(filepath.Join(dir, "xds.yaml"))
	require.NoError(t, err)
	require.Equal(t, `gateway: default/gw
routes:
- name: table
  virtual_hosts:
  - domains:
    - a.example.com
    name: v
secrets:
- name: cert
  tls_certificate:
    certificate_chain:
      inline_bytes: cHVibGlj
    private_key:
      inline_string: (redacted)
`, string(xds))
	statuses, err := os.ReadFile(filepath.Join(dir, "status.yaml"))
	require.NoError(t, err)
	require.Equal(t, `object: Gateway default/gw
status:
  conditions:
  - message: ""
    reason: Accepted
    status: "True"
    type: Accepted
`, string(statuses))

	update(t, "false")
	require.Empty(t, compare("a.example.com"))
	failures = compare("b.example.com")
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], "-    - a.example.com\n+    - b.example.com\n")
}

func TestRenderRefusesWhatIsNoUTF8(t *testing.T) {
	failures := failuresOf(t, func(tb testing.TB) { Compare(tb, t.TempDir(), result("\xff")) })
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], "UTF-8")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "input.yaml")
	load := func(text string) []string {
		write(t, path, text)
		return failuresOf(t, func(tb testing.TB) { Load(tb, path) })
	}
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
	require.Empty(t, load(service+"---\n"+service))
	require.Len(t, Load(t, path, path).Services, 4)
	require.Contains(t, load(service + "spec: {prots: []}\n")[0], "prots")
	require.Contains(t, load("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n")[0], "Widget")
	require.Contains(t, load("apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XMesh\nmetadata: {name: a}\n")[0],
		"a XMesh is no input of a translation")
}

func TestRun(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "gateway", "simple", "input.yaml"), `# One reason
# on two lines.
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: default, name: gw}
`)
	write(t, filepath.Join(root, "gateway", "options", "input.yaml"), `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: default, name: gw}
`)
	write(t, filepath.Join(root, "gateway", "options", "options.yaml"), "addresses: {default/gw: []}\nbindAddress: 127.0.0.1\n")
	var mu sync.Mutex
	cases := map[string]Case{}
	run := func(t *testing.T) {
		Run(t, root, translate.Options{ControllerName: "example.com/c", PrivilegedPortOffset: 10000}, func(_ *testing.T, c Case) {
			mu.Lock()
			defer mu.Unlock()
			cases[c.Name] = c
		})
	}
	update(t, "true")
	t.Run("update", run)
	update(t, "false")
	t.Run("compare", run)

	require.Len(t, cases, 2)
	gateway := types.NamespacedName{Namespace: "default", Name: "gw"}
	simple, options := cases["gateway/simple"], cases["gateway/options"]
	require.Equal(t, "One reason on two lines.", simple.Reason)
	require.Equal(t, defaultAddress, simple.Options.Addresses[gateway][0].Value)
	require.EqualValues(t, 10000, simple.Options.PrivilegedPortOffset)
	require.Empty(t, options.Options.Addresses[gateway])
	require.Equal(t, "127.0.0.1", options.Options.BindAddress)
}

func TestOrphans(t *testing.T) {
	root := t.TempDir()
	orphan := filepath.Join(root, "gateway", "gone", "xds.yaml")
	write(t, orphan, "")
	orphans := func() []string { return failuresOf(t, func(tb testing.TB) { removeOrphans(tb, root) }) }
	require.Len(t, orphans(), 1)
	require.Contains(t, orphans()[0], orphan+" is an orphan")
	update(t, "true")
	require.Empty(t, orphans())
	require.NoFileExists(t, orphan)
}
