package translate

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/version"
)

// Roots are the directories of cases that the linked Gateway API can read: later releases have fields of their own.
func Roots() []string {
	releases := version.Releases()
	roots := []string{"../testdata"}
	for _, release := range releases[:slices.Index(releases, consts.BundleVersion)+1] {
		root := filepath.Join("../testdata", release)
		if _, err := os.Stat(root); err == nil {
			roots = append(roots, root)
		}
	}
	return roots
}

// TestUnitsReadWhatTheyUse holds units honest: for every case, whatever object goes or comes, the runs that did not read it
// give what they gave before. An incremental translator will keep those outputs.
func TestUnitsReadWhatTheyUse(t *testing.T) {
	var inputs []string
	for _, root := range Roots() {
		of, err := filepath.Glob(filepath.Join(root, "*", "*", "input.yaml"))
		require.NoError(t, err)
		require.NotEmpty(t, of)
		inputs = append(inputs, of...)
	}
	for _, path := range inputs {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(path)))+"/"+filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			objs := load(t, path)
			opts := Options{ControllerName: "example.com/gateway-controller"}
			for _, f := range Features() {
				opts.Features = append(opts.Features, f.Name)
			}
			ids := &objects.IDs{}
			all := trace(objs, &opts, ids)
			for i, object := range objs {
				rest := slices.Delete(slices.Clone(objs), i, i+1)
				checkReads(t, all, trace(rest, &opts, ids), object)
				fresh := &objects.IDs{} // the object is new to it
				checkReads(t, trace(rest, &opts, fresh), trace(objs, &opts, fresh), object)
			}
		})
	}
}

// checkReads: the runs that did not read an object, which comes or goes from one trace to the next, keep their outputs.
func checkReads(t *testing.T, before, after *objects.Trace, object any) {
	affected := objects.Affects(object)
	for _, run := range before.Runs {
		if slices.ContainsFunc(affected, func(r objects.Read) bool { return run.Reads[r] }) {
			continue
		}
		if other := after.Find(run.RunID); other != nil && !equal(run.Output, other.Output) {
			t.Errorf("unit %s %v did not read %T %s, yet depends on it", run.Unit, run.Key, object, object.(metav1.Object).GetName())
		}
	}
}

func load(t *testing.T, path string) []any {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	decoded, _ := version.Decode(data)
	out := make([]any, len(decoded))
	for i := range decoded {
		out[i] = decoded[i].Object
	}
	return out
}

func trace(objs []any, opts *Options, ids *objects.IDs) *objects.Trace {
	var in Objects
	for _, o := range objs {
		in.Add(o)
	}
	input := objects.Input(in)
	r, trace := objects.NewTracingReader(objects.NewIndex(&input, ids), opts.settings())
	run(r)
	return trace
}

// equal compares outputs. Equal messages are made in the same way each time, so that their private state is equal too.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
