package version

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// Convert does for one object what Decode does for a stream: for hosts that read old versions by dynamic informers. It
// does not change u. The object is empty (its Object nil) when the report has an Invalid entry.
func Convert(u *unstructured.Unstructured) (Object, Report) {
	content := copyContent(u.Object)
	gvk, err := gvkOf(content, schema.GroupVersionKind{})
	if err != nil {
		return Object{}, Report{{What: Invalid, Detail: err.Error()}}
	}
	return convert(content, gvk)
}

// convert turns generic content, which it takes over, into today's type.
func convert(content map[string]any, gvk schema.GroupVersionKind) (Object, Report) {
	base := entryFor(content, gvk)
	target, version := today(successor(gvk.GroupKind()))
	to := successor(gvk.GroupKind()).WithVersion(version)
	if target == nil || !reads(gvk, to) {
		return keep(content, gvk, base)
	}
	c := conversion{content: content, base: base, to: to, root: rootOf(linkedRelease(), to)}
	if gvk != to {
		c.add(Converted, "", fmt.Sprintf("%s %s → %s %s", gvk.GroupVersion(), gvk.Kind, to.GroupVersion(), to.Kind))
	}
	content["apiVersion"], content["kind"] = to.GroupVersion().String(), to.Kind
	var rest []Field
	if isGatewayGroup(gvk.Group) {
		for _, move := range moves {
			move(&c)
		}
		s := settler{
			base: base, report: &c.report, defaults: true, rest: c.rest,
			missing: func(n *tables.Node, name, path string) (What, string) { return unplaced(to.GroupKind(), n, name, path) },
		}
		s.object(c.root, content)
		if rest = s.rest; s.broken {
			return Object{}, c.report
		}
	}
	o := Object{Object: target, GVK: gvk, Rest: rest}
	c.fill(&o)
	return o, c.report
}

// entryFor returns what all entries of an object have in common.
func entryFor(content map[string]any, gvk schema.GroupVersionKind) Entry {
	e := Entry{GVK: gvk}
	if meta, ok := content["metadata"].(map[string]any); ok {
		e.Name, _ = meta["name"].(string)
		e.Namespace, _ = meta["namespace"].(string)
	}
	return e
}

func isGatewayGroup(group string) bool { return group == gatewayGroup || group == experimentalGroup }

// keep returns an object of a kind or version that no Go type holds as it is.
func keep(content map[string]any, gvk schema.GroupVersionKind, e Entry) (Object, Report) {
	target, version := today(successor(gvk.GroupKind()))
	e.What, e.Detail = Unknown, "no linked Go type holds this kind; the object is kept as it is"
	if target != nil {
		e.Detail = fmt.Sprintf("%s of %s is not read, %s is; the object is kept as it is", gvk.Version, gvk.Kind, version)
	}
	content["apiVersion"], content["kind"] = gvk.GroupVersion().String(), gvk.Kind
	return Object{Object: &unstructured.Unstructured{Object: content}, GVK: gvk}, Report{e}
}

// strictErrors is how many unknown fields the JSON decoder names at most.
const strictErrors = 100

// fill unmarshals the content into the object's Go type. What that has no field for goes to the rest.
func (c *conversion) fill(o *Object) {
	for {
		raw, err := json.Marshal(c.content)
		if err != nil {
			c.refuse(o, err)
			return
		}
		strict, err := kjson.UnmarshalStrict(raw, o.Object, kjson.DisallowUnknownFields)
		if err != nil {
			c.refuse(o, err)
			return
		}
		left := len(o.Rest)
		for _, s := range strict {
			c.leaveOut(o, s)
		}
		if len(strict) < strictErrors || left == len(o.Rest) {
			c.defaultCore(o.Object)
			return
		}
	}
}

// refuse reports why the content does not fit the Go type, and where.
func (c *conversion) refuse(o *Object, err error) {
	o.Object = nil
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typ):
		c.add(Invalid, typ.Field, fmt.Sprintf("must be of type %s, not %s", typ.Type, typ.Value))
	case !c.badBase64():
		c.add(Invalid, "", err.Error())
	}
}

// leaveOut reports a field that the Go type does not have. The schema of a Gateway API kind has taken out its own before;
// this is metadata, and all of a core kind.
func (c *conversion) leaveOut(o *Object, strict error) {
	var field kjson.FieldError
	if !errors.As(strict, &field) {
		c.add(Unknown, "", strict.Error())
		return
	}
	path := field.FieldPath()
	c.add(Unknown, path, "the Go type has no such field")
	if v := takeAt(c.content, path); v != nil {
		o.Rest = append(o.Rest, Field{Path: path, Value: v})
	}
}
