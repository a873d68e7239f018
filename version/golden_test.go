package version

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

var update = flag.Bool("update", false, "write the golden files of the linked release")

// TestGolden reads every testdata/decode/*.yaml and compares the objects, written as their own version, and the report
// with <case>.golden/<release>.yaml and .txt. Cases differ between releases where the Go types do.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/decode/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			in, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(in), "# "), "a case opens with its reason")
			objects, report := Decode(in)
			checkNothingLost(t, in, objects, report)
			var out strings.Builder
			for _, o := range objects {
				text, encoded := Encode(Object{Object: o.Object}, o.Object.GetObjectKind().GroupVersionKind())
				require.Empty(t, encoded.Only(Converted, Renamed, Dropped), "today's type in today's version")
				out.WriteString("---\n" + string(text))
				for _, f := range o.Rest {
					out.WriteString("# rest: " + f.Path + "\n")
				}
			}
			dir := strings.TrimSuffix(file, ".yaml") + ".golden"
			golden(t, dir, consts.BundleVersion+".yaml", out.String())
			golden(t, dir, consts.BundleVersion+".txt", report.String())
		})
	}
}

// golden compares with a golden file, or writes it.
func golden(t *testing.T, dir, name, have string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if *update {
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(path, []byte(have), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "no golden file for the linked release: run with -update and review it")
	require.Equal(t, string(want), have)
}
