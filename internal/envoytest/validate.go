package envoytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"google.golang.org/protobuf/proto"
)

// slots bounds how many Envoys validate at once.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// Validate fails the test for each bootstrap that a real Envoy does not accept.
func Validate(tb testing.TB, bootstraps ...*bootstrapv3.Bootstrap) {
	tb.Helper()
	for _, b := range bootstraps {
		if err := Accepts(tb, b); err != nil {
			tb.Error(err)
		}
	}
}

// Accepts asks a real Envoy whether it accepts a bootstrap, and returns what it says against it.
func Accepts(tb testing.TB, b *bootstrapv3.Bootstrap) error {
	tb.Helper()
	binary, path := Binary(tb), write(tb, b)
	slots <- struct{}{}
	defer func() { <-slots }()
	out, err := exec.Command(binary, "--mode", "validate", "-c", path, "--concurrency", "1", "-l", "error").CombinedOutput()
	if err != nil {
		return fmt.Errorf("envoy --mode validate: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// write puts a bootstrap into a file, in the binary form, which needs no type to be known to the writer.
func write(tb testing.TB, b *bootstrapv3.Bootstrap) string {
	tb.Helper()
	data, err := proto.Marshal(b)
	if err != nil {
		tb.Fatalf("bootstrap: %v", err)
	}
	path := filepath.Join(tb.TempDir(), "bootstrap.pb")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
