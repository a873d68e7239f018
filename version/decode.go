package version

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
	items, report := read(data)
	objects := make([]Object, 0, len(items))
	for _, item := range items {
		o, entries := convert(item.content, item.gvk)
		for _, e := range entries {
			e.Document, e.Line = item.document, item.line
			report = append(report, e)
		}
		if o.Object != nil {
			o.Document, o.Line = item.document, item.line
			objects = append(objects, o)
		}
	}
	slices.SortStableFunc(report, func(a, b Entry) int { return a.Document - b.Document })
	return objects, report
}

// Read reads a stream as Decode does, but leaves every object as it is written: for Preflight, and for CRDs.
func Read(data []byte) ([]*unstructured.Unstructured, Report) {
	items, report := read(data)
	objects := make([]*unstructured.Unstructured, 0, len(items))
	for _, item := range items {
		item.content["apiVersion"], item.content["kind"] = item.gvk.GroupVersion().String(), item.gvk.Kind
		objects = append(objects, &unstructured.Unstructured{Object: item.content})
	}
	return objects, report
}

// An item is one object of a stream: a document, or an element of a document that is a list.
type item struct {
	content        map[string]any
	gvk            schema.GroupVersionKind
	document, line int
}

func read(data []byte) ([]item, Report) {
	docs, report := readDocuments(data)
	items := make([]item, 0, len(docs))
	for _, d := range docs {
		items = d.expand(d.content, schema.GroupVersionKind{}, items, &report)
	}
	slices.SortStableFunc(report, func(a, b Entry) int { return a.Document - b.Document })
	return items, report
}

// expand appends the object or, for a list, its items. An item that does not say its type is of the list's.
func (d document) expand(content map[string]any, implied schema.GroupVersionKind, items []item, report *Report) []item {
	e := Entry{Document: d.number, Line: d.line, What: Invalid}
	gvk, err := gvkOf(content, implied)
	if err != nil {
		e.Detail = err.Error()
		*report = append(*report, e)
		return items
	}
	list, ok := content["items"].([]any)
	if !ok || !strings.HasSuffix(gvk.Kind, "List") {
		return append(items, item{content: content, gvk: gvk, document: d.number, line: d.line})
	}
	e.GVK = gvk
	if gvk.Kind = strings.TrimSuffix(gvk.Kind, "List"); gvk.Kind == "" {
		gvk = schema.GroupVersionKind{}
	}
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			items = d.expand(m, gvk, items, report)
		} else {
			e.Field, e.Detail = fmt.Sprintf("items[%d]", i), "must be an object, not "+describe(v)
			*report = append(*report, e)
		}
	}
	return items
}

// gvkOf returns what an object says it is or, when it says nothing, what its list says.
func gvkOf(content map[string]any, implied schema.GroupVersionKind) (schema.GroupVersionKind, error) {
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	if apiVersion == "" && kind == "" && implied.Kind != "" {
		return implied, nil
	}
	if apiVersion == "" || kind == "" {
		return schema.GroupVersionKind{}, errors.New("apiVersion and kind must both be set")
	}
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("apiVersion: %w", err)
	}
	return gv.WithKind(kind), nil
}
