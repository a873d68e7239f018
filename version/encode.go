package version

import (
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// Encode writes an object, with its Rest, as YAML of a named version: any that a release has had of its kind, or of the
// kind that it succeeded (a ListenerSet as XListenerSet). The shape is that of the linked release, or of the newest release
// that has the version. The report holds a Renamed or Converted entry for each value that changed places, a Dropped one
// for each that the version cannot express, and an Invalid one for each that an API server of that release would refuse;
// only a version that the kind never had gives no bytes. Defaults are not taken out: what was Defaulted is written.
//
// A route that Decode read with a parentRef to an XListenerSet is written with one to a ListenerSet: RestoreNames is for
// clusters that have no ListenerSet yet.
func Encode(o Object, gvk schema.GroupVersionKind) ([]byte, Report) {
	if o.Object == nil {
		return nil, Report{{What: Invalid, Detail: "no object"}}
	}
	content, now, err := generic(o)
	base := entryFor(content, now)
	refuse := func(detail string) ([]byte, Report) {
		base.What, base.Detail = Invalid, detail
		return nil, Report{base}
	}
	if err != nil {
		return refuse(err.Error())
	}
	if successor(now.GroupKind()) != successor(gvk.GroupKind()) {
		return refuse(fmt.Sprintf("a %s cannot be written as %s", now.Kind, gvk.Kind))
	}
	release, root := shapeOf(gvk)
	if root == nil && gvk != now {
		return refuse(fmt.Sprintf("no release has %s of %s", gvk.Version, gvk.Kind))
	}
	c := conversion{content: content, base: base, to: gvk, root: root}
	if gvk != now {
		c.add(Converted, "", fmt.Sprintf("%s %s → %s %s", now.GroupVersion(), now.Kind, gvk.GroupVersion(), gvk.Kind))
	}
	content["apiVersion"], content["kind"] = gvk.GroupVersion().String(), gvk.Kind
	if root != nil {
		for _, move := range moves {
			move(&c)
		}
		s := settler{base: base, report: &c.report, missing: func(*tables.Node, string, string) (What, string) {
			return Dropped, fmt.Sprintf("%s of %s has no such field in %s", gvk.Version, gvk.Kind, release)
		}}
		s.object(root, content)
		check(root, content, func(field, detail string) { c.add(Invalid, field, detail) })
	}
	out, err := yaml.Marshal(content)
	if err != nil {
		return refuse(err.Error())
	}
	return out, c.report
}

// generic returns an object's content, with its Rest put back, and what it is.
func generic(o Object) (map[string]any, schema.GroupVersionKind, error) {
	gvk := o.Object.GetObjectKind().GroupVersionKind()
	if u, ok := o.Object.(*unstructured.Unstructured); ok {
		return copyContent(u.Object), gvk, nil
	}
	raw, err := json.Marshal(o.Object)
	if err != nil {
		return nil, gvk, err
	}
	var content map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &content); err != nil {
		return nil, gvk, err
	}
	for _, f := range o.Rest {
		putBack(content, f.Path, deepCopy(f.Value))
	}
	trim(content)
	return content, gvk, nil
}

// trim removes what marshalling a Go type adds: null members, and an empty status.
func trim(content map[string]any) {
	removeNulls(content)
	if status, ok := content["status"].(map[string]any); ok && len(status) == 0 {
		delete(content, "status")
	}
}

func removeNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
			} else {
				removeNulls(member)
			}
		}
	case []any:
		for _, item := range v {
			removeNulls(item)
		}
	}
}

// shapeOf returns the schema to write a version in and the release that it is of.
func shapeOf(gvk schema.GroupVersionKind) (release string, root *tables.Node) {
	linked := linkedRelease()
	if root := rootOf(linked, gvk); root != nil {
		return linked.Name, root
	}
	for _, r := range slices.Backward(tables.Releases()) {
		if root := rootOf(&r, gvk); root != nil {
			return r.Name, root
		}
	}
	return "", nil
}
