package version

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// What says what happened to a document or to one of its fields.
type What int

const (
	// Converted: the value is carried in another form than the one written; nothing of it is lost.
	// With an empty Field it is the object itself: its apiVersion (or kind) is not the one that today's Go type has.
	Converted What = iota + 1
	// Defaulted: the field was not written; it holds what the API server would have filled in.
	Defaulted
	// Renamed: the value stands unchanged under another field.
	Renamed
	// Dropped: the value has no place in today's API and no effect. A field is kept in Object.Rest; a key that was written
	// twice is not.
	Dropped
	// Unknown: no field (or no type) of the linked Go types holds it. A field is kept in Object.Rest, an object of an
	// unknown kind is kept whole as *unstructured.Unstructured; neither has any effect by itself.
	Unknown
	// Invalid: an API server would refuse the document. It is not among the objects.
	Invalid
)

var whatNames = [...]string{
	Converted: "Converted", Defaulted: "Defaulted", Renamed: "Renamed", Dropped: "Dropped", Unknown: "Unknown", Invalid: "Invalid",
}

// String returns the name of the constant.
func (w What) String() string {
	if w < Converted || w > Invalid {
		return fmt.Sprintf("What(%d)", int(w))
	}
	return whatNames[w]
}

// Entry is one thing that reading or writing an object did beyond copying it.
type Entry struct {
	Document  int                     // 1 for the first document of the stream that holds anything; 0 where there is no stream
	Line      int                     // 1-based line of the stream on which the document begins, or on which its syntax breaks
	GVK       schema.GroupVersionKind // as written; empty where it could not be read
	Namespace string
	Name      string
	Field     string // as the user writes it: spec.rules[0].backendRefs[1].name; empty for the whole object
	What      What
	Detail    string // what happened, and to what; for Renamed and Converted the place where the value is now
}

// String renders the entry on one line: where, what and why.
func (e Entry) String() string {
	where := ""
	if e.Document > 0 {
		where = fmt.Sprintf("document %d (line %d): ", e.Document, e.Line)
	}
	return where + subject(e.GVK, e.Namespace, e.Name, e.Field) + e.What.String() + ": " + e.Detail
}

// subject renders what an entry or a finding is about: "HTTPRoute default/web: spec.rules[0]: ".
func subject(gvk schema.GroupVersionKind, namespace, name, field string) string {
	var b strings.Builder
	if gvk.Kind != "" {
		b.WriteString(gvk.Kind)
		if name != "" {
			b.WriteByte(' ')
			if namespace != "" {
				b.WriteString(namespace + "/")
			}
			b.WriteString(name)
		}
		b.WriteString(": ")
	}
	if field != "" {
		b.WriteString(field + ": ")
	}
	return b.String()
}

// Report lists entries in the order of the documents, and within a document in the order of the steps: syntax, conversion,
// defaults, fields left over. The same input gives the same report, byte for byte.
type Report []Entry

// Only returns the entries of the named sorts, in order.
func (r Report) Only(what ...What) Report {
	var out Report
	for _, e := range r {
		if slices.Contains(what, e.What) {
			out = append(out, e)
		}
	}
	return out
}

// Lost returns what the typed objects do not carry: Dropped, Unknown and Invalid entries. An empty result means that all
// of the input is in the objects.
func (r Report) Lost() Report { return r.Only(Dropped, Unknown, Invalid) }

// String renders one entry a line.
func (r Report) String() string {
	var b strings.Builder
	for _, e := range r {
		b.WriteString(e.String())
		b.WriteByte('\n')
	}
	return b.String()
}
