package version

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// TestReadDocuments: one row for each way in which a stream is cut up or goes wrong. A row's want is "document line name"
// for each object and "document line !text" for each entry, in order.
func TestReadDocuments(t *testing.T) {
	ns := func(name string) string { return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}\n" }
	for name, tt := range map[string]struct {
		in   string
		want []string
	}{
		"nothing":               {"", nil},
		"comments only":         {"# a\n---\n\n# b\n...\n", nil},
		"no end of line":        {strings.TrimSpace(ns("a")), []string{"1 1 a"}},
		"byte order mark":       {"\ufeff---\n" + ns("a"), []string{"1 2 a"}},
		"windows lines":         {strings.ReplaceAll("---\n"+ns("a")+"---\n"+ns("b"), "\n", "\r\n"), []string{"1 2 a", "2 4 b"}},
		"content behind marker": {"--- " + ns("a") + "--- # two\n" + ns("b"), []string{"1 1 a", "2 3 b"}},
		"directive":             {"%YAML 1.1\n---\n" + ns("a"), []string{"1 3 a"}},
		"marker inside a scalar": {
			"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations:\n    k: |\n      ---\n      x\n    ----: z\n", []string{"1 1 a"},
		},
		"end marker without a new start": {ns("a") + "...\n" + ns("b"), []string{"1 1 a", "2 3 b"}},
		"json after json":                {"{\"apiVersion\":\"v1\",\n\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}}\n\n\n" + `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}} `, []string{"1 1 a", "2 5 b"}},
		"json, then broken":              {`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}} {`, []string{"1 1 a", "2 1 !unexpected EOF"}},
		"anchors":                        {"x: &m {name: a}\napiVersion: v1\nkind: Namespace\nmetadata: *m\n", []string{"1 1 a", "1 1 !the Go type has no such field"}},
		"syntax":                         {ns("a") + "---\n# c\nkind: Namespace\n  apiVersion: v1\n---\n" + ns("b"), []string{"1 1 a", "3 7 b", "2 4 !yaml: line 5: mapping values are not allowed in this context"}},
		"a list":                         {"- a\n", []string{"1 1 !a document holds one object; this is a list"}},
		"a number":                       {"7\n", []string{"1 1 !a document holds one object; this is 7"}},
		"nothing said of the type":       {"a: b\n", []string{"1 1 !apiVersion and kind must both be set"}},
		"three parts":                    {"apiVersion: a/b/c\nkind: D\n", []string{"1 1 !apiVersion: unexpected GroupVersion string: a/b/c"}},
		"yaml with a key twice":          {ns("a") + "---\nkind: Namespace\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n", []string{"1 1 a", "2 3 b", "2 3 !a key is written twice, the last one counts: yaml: unmarshal errors: line 5: key \"kind\" already set in map"}},
		"json with a key twice":          {`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","name":"b"}}`, []string{"1 1 b", "1 1 !a key is written twice, the last one counts: duplicate field \"metadata.name\""}},
	} {
		t.Run(name, func(t *testing.T) {
			objects, report := Decode([]byte(tt.in))
			var have []string
			for _, o := range objects {
				have = append(have, fmt.Sprint(o.Document, " ", o.Line, " ", o.Object.GetName()))
			}
			for _, e := range report.Lost() {
				have = append(have, fmt.Sprint(e.Document, " ", e.Line, " !", e.Detail))
			}
			require.Equal(t, tt.want, have)
		})
	}
}

// TestManyUnknownFields: the JSON decoder names a hundred at most; none may go unsaid.
func TestManyUnknownFields(t *testing.T) {
	var in strings.Builder
	in.WriteString("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n")
	for i := range 250 {
		fmt.Fprintf(&in, "  x%d: 1\n", i)
	}
	objects, report := Decode([]byte(in.String()))
	require.Len(t, objects, 1)
	require.Len(t, objects[0].Rest, 250)
	require.Len(t, report.Only(Unknown), 250)
	require.IsType(t, &corev1.Service{}, objects[0].Object)
}
