package version

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	kjson "sigs.k8s.io/json"
)

// checkNothingLost is the oracle for "nothing silently lost". It shares nothing with the decoder but the splitting of the
// stream: every value of the input has to be in the typed object, at the same path, or be named in the report, itself or
// what it is in; and whatever the typed object has beyond the input has to be named there as well.
func checkNothingLost(t testing.TB, in []byte, objects []Object, report Report) {
	t.Helper()
	items, _ := read(in)
	next := 0
	for _, item := range items {
		named := namedPaths(report, item)
		if next >= len(objects) || objects[next].Document != item.document || !sameObject(objects[next], item) {
			require.Contains(t, named, "", "an object is missing and not reported: %s", report)
			continue
		}
		o := objects[next]
		next++
		raw, err := json.Marshal(o.Object)
		require.NoError(t, err)
		var content map[string]any
		require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(raw, &content))
		have, want := map[string]any{}, map[string]any{}
		leaves("", content, have)
		leaves("", item.content, want)
		delete(want, "apiVersion") // o.GVK has it
		delete(want, "kind")
		for path, v := range want {
			if !sameValue(have[path], v) {
				require.True(t, covered(named, path), "%s = %v is lost (%v) and not reported:\n%s", path, v, have[path], report)
			}
		}
		for path, v := range have {
			_, written := want[path]
			if path != "apiVersion" && path != "kind" && !written && !isZero(v) {
				require.True(t, covered(named, path), "%s = %v is added and not reported:\n%s", path, v, report)
			}
		}
	}
	require.Equal(t, len(objects), next)
}

func sameObject(o Object, i item) bool {
	e := entryFor(i.content, i.gvk)
	return o.GVK == i.gvk && o.Object.GetName() == e.Name
}

// namedPaths returns the fields that the report names for an object, and where it says that they went.
func namedPaths(report Report, i item) map[string]bool {
	e := entryFor(i.content, i.gvk)
	named := map[string]bool{}
	for _, r := range report {
		if r.Document != i.document || r.Name != e.Name || r.Namespace != e.Namespace {
			continue
		}
		if r.What == Invalid {
			named[""] = true
		}
		if r.Field != "" && r.GVK == i.gvk {
			named[r.Field] = true
			if to, ok := strings.CutPrefix(r.Detail, "→ "); ok {
				to, _, _ = strings.Cut(to, ":")
				named[to] = true
			}
		}
	}
	return named
}

func covered(named map[string]bool, path string) bool {
	for n := range named {
		if rest, ok := strings.CutPrefix(path, n); ok && n != "" && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
		if strings.HasPrefix(path, strings.TrimSuffix(n, "]")) && strings.Contains(n, "metadata.labels[") {
			return true
		}
	}
	if before, key, ok := strings.Cut(path, "metadata.labels."); ok {
		return named[before+"metadata.labels["+key+"]"]
	}
	return false
}

// leaves flattens a value to its scalars and empty collections, by path. Null is no value.
func leaves(path string, v any, out map[string]any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		if len(v) == 0 {
			out[path] = "{}"
		}
		for name, member := range v {
			at := fieldPath(path)
			at.enter(name)
			leaves(string(at), member, out)
		}
	case []any:
		if len(v) == 0 {
			out[path] = "[]"
		}
		for i, item := range v {
			leaves(fmt.Sprintf("%s[%d]", path, i), item, out)
		}
	default:
		out[path] = v
	}
}

func isZero(v any) bool { return v == "{}" || v == "[]" || v == "" || reflect.ValueOf(v).IsZero() }

// sameValue compares what was written with what came out. Writing a zero value or nothing is one to a Go type without a
// pointer, and a number may be written in several ways.
func sameValue(have, want any) bool {
	if reflect.DeepEqual(have, want) || (have == nil && isZero(want)) {
		return true
	}
	if h, ok := have.(int64); ok {
		if w, ok := want.(float64); ok {
			return float64(h) == w
		}
	}
	h, ok1 := have.(string)
	w, ok2 := want.(string)
	if !ok1 || !ok2 {
		return false
	}
	hb, err1 := base64.StdEncoding.DecodeString(h)
	wb, err2 := base64.StdEncoding.DecodeString(w)
	return err1 == nil && err2 == nil && string(hb) == string(wb)
}
