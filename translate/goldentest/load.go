package goldentest

import (
	"os"
	"testing"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// Load reads files of multi-document YAML or JSON, with objects of any API version that package version knows. A document
// that would lose anything fails the test: an unknown kind or field, a value that does not fit.
func Load(tb testing.TB, paths ...string) *translate.Objects {
	tb.Helper()
	objects := &translate.Objects{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		decoded, report := version.Decode(data)
		if lost := report.Lost(); len(lost) > 0 {
			tb.Fatalf("%s:\n%s", path, lost)
		}
		for _, o := range decoded {
			if !objects.Add(o.Object) {
				tb.Fatalf("%s: document %d (line %d): a %s is no input of a translation", path, o.Document, o.Line, o.GVK.Kind)
			}
		}
	}
	return objects
}
