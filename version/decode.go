package version

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is one object of a stream.
type Object struct {
	// Object is a pointer to today's Go type (*gwv1.HTTPRoute, *corev1.Service, …) with its TypeMeta set, or an
	// *unstructured.Unstructured for a kind that has none. The caller owns it.
	Object Resource
	// GVK is what the document said it was.
	GVK schema.GroupVersionKind
	// Document and Line tell where it stood: the 1-based number of the document and the line it began on.
	Document, Line int
	// Rest holds the values that Object's Go type has no field for: those of a newer Gateway API release, to be read by
	// their JSON names; those of an older one that have no place today; and plain mistakes. Each is in the report too, as
	// Unknown or Dropped.
	Rest []Field
}

// Field is a value and where it stood.
type Field struct {
	Path  string // as in Entry.Field
	Value any    // bool, int64, float64, string, []any or map[string]any
}

// Decode reads every document of a YAML or JSON stream. Objects come in input order, the items of a List in the place of
// the list. A problem of one document is in the Report and costs only that document.
func Decode(data []byte) ([]Object, Report) {
	docs, report := read(data)
	var objects []Object
	for _, d := range docs {
		objects = d.decode(d.content, schema.GroupVersionKind{}, objects, &report)
	}
	slices.SortStableFunc(report, func(a, b Entry) int { return a.Document - b.Document })
	return objects, report
}

// decode appends the object or, for a list, its items. An item that does not say its type is of the list's.
func (d document) decode(content map[string]any, implied schema.GroupVersionKind, objects []Object, report *Report) []Object {
	e := Entry{Document: d.number, Line: d.line}
	gvk, err := gvkOf(content, implied)
	if err != nil {
		e.What, e.Detail = Invalid, err.Error()
		*report = append(*report, e)
		return objects
	}
	e.GVK = gvk
	if items, ok := content["items"].([]any); ok && strings.HasSuffix(gvk.Kind, "List") {
		item := gvk
		item.Kind = strings.TrimSuffix(gvk.Kind, "List")
		if item.Kind == "" {
			item = schema.GroupVersionKind{}
		}
		for i, v := range items {
			m, ok := v.(map[string]any)
			if !ok {
				e.What, e.Field, e.Detail = Invalid, fmt.Sprintf("items[%d]", i), "must be an object, not "+describe(v)
				*report = append(*report, e)
				continue
			}
			objects = d.decode(m, item, objects, report)
		}
		return objects
	}
	o, entries := convert(content, gvk)
	for _, entry := range entries {
		entry.Document, entry.Line = d.number, d.line
		*report = append(*report, entry)
	}
	if o.Object != nil {
		o.Document, o.Line = d.number, d.line
		objects = append(objects, o)
	}
	return objects
}

func gvkOf(content map[string]any, implied schema.GroupVersionKind) (schema.GroupVersionKind, error) {
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	if apiVersion == "" && kind == "" && implied.Kind != "" {
		return implied, nil
	}
	if apiVersion == "" || kind == "" {
		return schema.GroupVersionKind{}, fmt.Errorf("apiVersion and kind must both be set")
	}
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("apiVersion: %w", err)
	}
	return gv.WithKind(kind), nil
}
