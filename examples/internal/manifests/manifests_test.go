package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/internal/manifests"
)

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: some
  listeners: [{name: http, port: 80, protocol: HTTP}]
`

func TestGoodDocumentsAreKept(t *testing.T) {
	s := manifests.Parse("mixed.yaml", []byte(strings.Join([]string{
		gateway,
		"kind: Gateway\n  metadata: broken",
		"apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}",
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}",
		"apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: apps}\nspec: {ports: [{port: 80}]}",
	}, "\n---\n")))
	require.Len(t, s.Objects.Gateways, 1)
	require.Len(t, s.Objects.Services, 1)
	require.Equal(t, 2, s.Read)
	require.Len(t, s.Problems, 3)
	for i, want := range []string{"mixed.yaml: document 2", "Widget", "Deployment"} {
		require.Contains(t, s.Problems[i], want)
	}
}

func TestWhatAClusterAdds(t *testing.T) {
	s := manifests.Parse("gateway.yaml", []byte(gateway))
	require.Equal(t, "default", s.Objects.Gateways[0].Namespace)
	require.Len(t, s.Objects.GatewayClasses, 1)
	require.Equal(t, "some", s.Objects.GatewayClasses[0].Name)
	require.Equal(t, manifests.DefaultController, s.Controller)

	s = manifests.Parse("gateway.yaml", []byte(gateway+`---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: some}
spec: {controllerName: example.com/theirs}
`))
	require.Len(t, s.Objects.GatewayClasses, 1)
	require.Equal(t, gwv1.GatewayController("example.com/theirs"), s.Controller)
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "gw.yml"), []byte(gateway), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("# no manifest"), 0o600))
	s, err := manifests.Read(dir)
	require.NoError(t, err)
	require.Empty(t, s.Problems)
	require.Equal(t, 1, s.Read)

	_, err = manifests.Read(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestBrokenEditLeavesTheLastContentInForce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gw.yaml")
	write := func(content string) { require.NoError(t, os.WriteFile(file, []byte(content), 0o600)) }
	var r manifests.Reader

	write(gateway)
	s, err := r.Read(file)
	require.NoError(t, err)
	require.Equal(t, 1, s.Read)

	write("kind: Gateway\n  metadata: broken")
	for range 2 {
		s, err = r.Read(file)
		require.NoError(t, err)
		require.Equal(t, 1, s.Read)
		require.Len(t, s.Problems, 1)
		require.Contains(t, s.Problems[0], "gw.yaml: document 1")
	}

	write("")
	s, err = r.Read(file)
	require.NoError(t, err)
	require.Zero(t, s.Read, "an empty file is no mistake")
}
