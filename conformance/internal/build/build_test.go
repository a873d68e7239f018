package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnvironment(t *testing.T) {
	want := Programs{Etcd: "/a b/etcd", Host: "/host", CRDs: "/crds"}
	variable, err := want.Environment()
	require.NoError(t, err)
	require.Equal(t, "GATEWAYXDS_PROGRAMS=", variable[:20])
	t.Setenv("GATEWAYXDS_PROGRAMS", variable[20:])
	got, err := FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestKubernetesVersion is written down twice.
func TestKubernetesVersion(t *testing.T) {
	module, err := moduleDir()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(module, "tools", "kubernetes", "go.mod"))
	require.NoError(t, err)
	require.True(t, strings.Contains(string(content), "\tk8s.io/kubernetes "+KubernetesVersion+" "), "tools/kubernetes/go.mod has another")
}

// TestKey: a program is built again when its dependencies or its flags change, and not otherwise.
func TestKey(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	write("go.sum", "one")
	write("go170.sum", "two")
	keys := map[string]bool{}
	for _, tree := range []tree{{dir: dir}, {dir: dir, ldflags: "-X a=b"}, {dir: dir, modFile: "go170.mod"}} {
		key, err := tree.key()
		require.NoError(t, err)
		again, err := tree.key()
		require.NoError(t, err)
		require.Equal(t, key, again)
		keys[key] = true
	}
	require.Len(t, keys, 3)
}
