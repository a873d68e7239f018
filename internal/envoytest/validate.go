package envoytest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	refusals := Refusals(tb, bootstraps...)
	for _, i := range slices.Sorted(maps.Keys(refusals)) {
		tb.Errorf("bootstrap %d of %d: %v", i+1, len(bootstraps), refusals[i])
	}
}

// Refusals asks a real Envoy which bootstraps it does not accept, and returns what it says against them by index. Since
// its start is what takes time, one Envoy is asked about all of them, and more only to find those that it refuses.
func Refusals(tb testing.TB, bootstraps ...*bootstrapv3.Bootstrap) map[int]error {
	tb.Helper()
	if len(bootstraps) == 0 {
		return nil
	}
	merged := bootstraps[0]
	if len(bootstraps) > 1 {
		var err error
		if merged, err = merge(bootstraps); err != nil {
			tb.Fatal(err)
		}
	}
	err := validateOne(tb, merged)
	if err == nil {
		return nil
	}
	if len(bootstraps) == 1 {
		return map[int]error{0: err}
	}
	half := len(bootstraps) / 2
	refusals := map[int]error{}
	maps.Copy(refusals, Refusals(tb, bootstraps[:half]...))
	for i, err := range Refusals(tb, bootstraps[half:]...) {
		refusals[half+i] = err
	}
	if len(refusals) == 0 {
		tb.Fatalf("what is accepted alone is refused together: %v", err)
	}
	return refusals
}

func validateOne(tb testing.TB, b *bootstrapv3.Bootstrap) error {
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
