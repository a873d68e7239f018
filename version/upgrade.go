package version

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// An upgrade compares what two schemas say about one object.
type upgrade struct {
	base     Finding
	to       Bundle
	path     fieldPath
	rules    map[string]bool // already reported
	moved    Report          // where Decode would move values of the object
	findings []Finding
}

func newUpgrade(u *unstructured.Unstructured, to Bundle) *upgrade {
	return &upgrade{
		base: Finding{GVK: u.GroupVersionKind(), Namespace: u.GetNamespace(), Name: u.GetName()},
		to:   to, rules: map[string]bool{},
	}
}

func (u *upgrade) find(effect Effect, detail string) Finding {
	f := u.base
	f.Effect, f.Field, f.Detail = effect, string(u.path), detail
	return f
}

func (u *upgrade) add(effect Effect, detail string) {
	u.findings = append(u.findings, u.find(effect, detail))
}

// check compares an object under the schema that a cluster has for it with the one of the bundle. An object of a
// version that the bundle does not serve is judged by the version that it will be stored in.
func (u *upgrade) check(object *unstructured.Unstructured, from Bundle, crd *tables.CRD) {
	gvk := u.base.GVK
	next := publicCRD(crd, u.to)
	after := crd.Version(gvk.Version)
	if after == nil || !after.Served {
		after = crd.Version(next.Storage())
		u.add(Unserved, fmt.Sprintf("%s does not serve %s; write it as %s", u.to, gvk.Version, strings.Join(next.Served(), " or ")))
	}
	var before *tables.Node
	if r := releaseOf(from.Version); r != nil {
		if c := crdOf(r, from.Channel, gvk.GroupKind()); c != nil && c.Version(gvk.Version) != nil {
			before = c.Version(gvk.Version).Schema.Get()
		}
	}
	root := after.Schema.Get()
	if before == nil {
		u.add(Unchecked, fmt.Sprintf("the tables have no schema of what the cluster has (%s), so that only values could be checked", from))
	}
	content := copyContent(object.Object)
	delete(content, "status") // is its controllers' to mend
	u.checkValues(before, root, content)
	if before != nil {
		c := conversion{content: copyContent(content), to: gvk.GroupKind().WithVersion(after.Name), root: root}
		for _, move := range moves {
			move(&c)
		}
		u.moved = c.report
		u.value(before, root, content)
	}
}

// checkValues reports what the new schema refuses and the old one did not.
func (u *upgrade) checkValues(before, after *tables.Node, content map[string]any) {
	type complaint struct{ field, detail string }
	old := map[complaint]bool{}
	if before != nil {
		check(before, content, func(field, detail string) { old[complaint{field, detail}] = true })
	}
	check(after, content, func(field, detail string) {
		if !old[complaint{field, detail}] {
			f := u.find(Rejected, detail)
			f.Field = field
			u.findings = append(u.findings, f)
		}
	})
}

// value compares one value's schemas. Both have the value's place.
func (u *upgrade) value(before, after *tables.Node, v any) {
	for _, rule := range after.Rules {
		if !u.rules[rule.Expression] && !hasRule(before, rule) {
			u.rules[rule.Expression] = true
			u.add(Unchecked, "a new rule: "+rule.Message)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		u.object(before, after, v)
	case []any:
		beforeItem, afterItem := before.Items.Get(), after.Items.Get()
		if beforeItem == nil || afterItem == nil {
			return
		}
		for i, item := range v {
			at := u.path.index(i)
			u.value(beforeItem, afterItem, item)
			u.path = u.path[:at]
		}
	}
}

func (u *upgrade) object(before, after *tables.Node, m map[string]any) {
	u.reference(m)
	for _, name := range sortedKeys(m) {
		old, next := before.Field(name), after.Field(name)
		if old == nil {
			continue // a map's value, opaque, or nothing that the API server keeps now
		}
		at := u.path.enter(name)
		if next != nil {
			u.value(old, next, m[name])
		} else {
			u.add(Pruned, "the new schema does not have this field"+u.movedTo())
		}
		u.path = u.path[:at]
	}
	for _, f := range after.Fields {
		next := f.Node.Get()
		if next.Default == "" || m[f.Name] != nil || (len(u.path) == 0 && f.Name == "status") {
			continue
		}
		was := "it had no default"
		if old := before.Field(f.Name); old != nil && old.Default != "" {
			was = "it was " + old.Default
		}
		if old := before.Field(f.Name); old == nil || old.Default != next.Default {
			at := u.path.enter(f.Name)
			u.add(Redefaulted, fmt.Sprintf("is not set; the default becomes %s, %s", next.Default, was))
			u.path = u.path[:at]
		}
	}
}

// reference reports an object reference to a kind that the bundle has under another name only.
func (u *upgrade) reference(m map[string]any) {
	group, _ := m["group"].(string)
	kind, _ := m["kind"].(string)
	gk := schema.GroupKind{Group: group, Kind: kind}
	if successor(gk) != gk && crdOf(releaseOf(u.to.Version), u.to.Channel, gk) == nil {
		u.add(Unmanaged, "refers to "+gk.Kind+": "+unmanaged(gk, u.to))
	}
}

// movedTo says where Decode moves the values at or below the path.
func (u *upgrade) movedTo() string {
	var to []string
	for _, e := range u.moved.Only(Renamed, Converted) {
		if rest, ok := strings.CutPrefix(e.Field, string(u.path)); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			to = append(to, e.Field+" "+e.Detail)
		}
	}
	if len(to) == 0 {
		return ""
	}
	return "; write instead: " + strings.Join(to, ", ")
}

func hasRule(n *tables.Node, rule tables.Rule) bool {
	return slices.ContainsFunc(n.Rules, func(r tables.Rule) bool { return r.Expression == rule.Expression })
}
