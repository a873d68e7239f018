package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/translate"
)

var update = flag.Bool("update", false, "rewrite testdata")

func output(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestBundledExample(t *testing.T) {
	code, stdout, stderr := output()
	require.Equal(t, 0, code)
	require.Empty(t, stderr)
	golden := filepath.Join("testdata", "table.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(stdout), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), stdout)
}

func TestYAMLHoldsEverything(t *testing.T) {
	code, stdout, stderr := output("-o", "yaml")
	require.Equal(t, 0, code)
	require.Empty(t, stderr)
	require.Equal(t, 6, len(strings.Split(stdout, "\n---\n")), "a class, a Gateway, three routes, and the configuration")
	for _, want := range []string{"kind: GRPCRoute", "reason: BackendNotFound", "gateway: shop/web", "port_value: 8080", "cluster_name:"} {
		require.Contains(t, stdout, want)
	}
}

func TestBadDocumentsCostOnlyThemselves(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "good.yaml"), example, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte("a: b: c\n---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"), 0o600))
	_, want, _ := output()

	code, stdout, stderr := output("-f", dir)
	require.Equal(t, 0, code)
	require.Equal(t, want, stdout)
	require.Contains(t, stderr, "bad.yaml: document 1")
	require.Contains(t, stderr, "bad.yaml: document 2")
	require.Contains(t, stderr, "Widget")
}

// TestTrustBundlesCount: the files are all of the cluster that there is, so a ClusterTrustBundle among them is served.
func TestTrustBundlesCount(t *testing.T) {
	code, stdout, stderr := output("-f", filepath.Join("..", "..", "testdata", "frontendvalidation", "cluster-trust-bundle", "input.yaml"))
	require.Equal(t, 0, code)
	require.Empty(t, stderr)
	require.Contains(t, stdout, `ClusterTrustBundle "none" does not exist`)
	require.NotContains(t, stdout, "is not supported")
}

func TestExitCodes(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.yaml")
	require.NoError(t, os.WriteFile(empty, []byte("kind: Widget\n"), 0o600))
	for _, tc := range []struct {
		args []string
		code int
	}{
		{args: []string{"-f", empty}, code: 1},
		{args: []string{"-f", filepath.Join(t.TempDir(), "missing")}, code: 1},
		{args: []string{"-o", "json"}, code: 2},
		{args: []string{"-x"}, code: 2},
	} {
		code, stdout, stderr := output(tc.args...)
		require.Equal(t, tc.code, code, tc.args)
		require.Empty(t, stdout)
		require.NotEmpty(t, stderr)
	}
}

func TestPrivateKeysAreLeftOut(t *testing.T) {
	inline := func(s string) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: s}}
	}
	result := &translate.Result{Gateways: []translate.GatewayResources{{Secrets: []*tlsv3.Secret{{
		Name: "s", Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
			CertificateChain: inline("the chain"), PrivateKey: inline("the key"),
		}},
	}}}}}
	var out bytes.Buffer
	require.NoError(t, writeYAML(&out, result))
	require.Contains(t, out.String(), "the chain")
	require.NotContains(t, out.String(), "the key")
}
