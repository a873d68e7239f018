package version

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/equality"
)

// TestOfficialManifests loads the examples and conformance manifests of every release from its module, and holds that
// nothing of a Gateway API or core object in them is lost. A small choice of them lies in testdata/official, for where the
// modules cannot be had.
func TestOfficialManifests(t *testing.T) {
	t.Run("committed", func(t *testing.T) { loadManifests(t, "testdata/official") })
	for _, release := range Releases() {
		t.Run(release, func(t *testing.T) {
			dir, err := moduleDir("sigs.k8s.io/gateway-api@" + release)
			if err != nil {
				notChecked(t, "the manifests of %s, since its module cannot be had: %v", release, err)
			}
			loadManifests(t, filepath.Join(dir, "examples"))
			suite := filepath.Join(dir, "conformance")
			if _, err := os.Stat(suite); os.IsNotExist(err) { // a module of its own since v1.5.0
				if suite, err = moduleDir("sigs.k8s.io/gateway-api/conformance@" + release); err != nil {
					notChecked(t, "the conformance manifests of %s, since their module cannot be had: %v", release, err)
				}
			}
			loadManifests(t, filepath.Join(suite, "base"), filepath.Join(suite, "mesh"), filepath.Join(suite, "tests"))
		})
	}
}

// moduleDir returns where the go command has a module.
func moduleDir(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=go1.27.0+auto", "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	var result struct{ Dir string }
	err = json.Unmarshal(out, &result)
	return result.Dir, err
}

// loadManifests decodes all YAML files below directories. Directories that a release does not have are passed over, but
// not all of them.
func loadManifests(t *testing.T, dirs ...string) {
	t.Helper()
	count := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			in, err := os.ReadFile(path)
			require.NoError(t, err)
			objects, report := Decode(in)
			for _, lost := range report.Lost() {
				require.True(t, lost.What == Unknown && lost.Field == "" && lost.GVK.Kind == "Deployment", "%s: %s", path, lost)
			}
			checkNothingLost(t, in, objects, report)
			count += len(objects)
			for _, o := range objects {
				checkRoundTrip(t, o)
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.NotZero(t, count)
	t.Logf("%d objects", count)
}

// checkRoundTrip writes an object as what it was and reads it again: it has to be the same object.
func checkRoundTrip(t testing.TB, o Object) {
	t.Helper()
	text, report := Encode(o, o.GVK)
	require.NotNil(t, text, report.String())
	again, report2 := Decode(text)
	require.Len(t, again, 1, "%s\n%s", text, report2)
	require.Equal(t, o.GVK, again[0].GVK)
	if !equality.Semantic.DeepEqual(o.Object, again[0].Object) {
		require.Equal(t, o.Object, again[0].Object, "%s\n%s%s", text, report, report2)
	}
}

// notChecked skips a test for want of a module, but not in CI.
func notChecked(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("NOT CHECKED: "+format, args...)
	}
	t.Skipf("NOT CHECKED: "+format, args...)
}
