package version

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// linkedRelease is the release whose Go types are compiled in; the newest known one when the table does not have it.
func linkedRelease() *tables.Release {
	if r := releaseOf(consts.BundleVersion); r != nil {
		return r
	}
	releases := tables.Releases()
	return &releases[len(releases)-1]
}

// crdOf returns the CRD of a kind in a release. The experimental channel has every field of the standard one, with the
// same defaults, so that the two are told apart only where it matters what a cluster has.
func crdOf(r *tables.Release, ch Channel, gk schema.GroupKind) *tables.CRD {
	indices := r.Experimental
	if ch == Standard {
		indices = r.Standard
	}
	for _, i := range indices {
		if c := tables.Get(i); c.Kind == gk.Kind && c.Group == gk.Group {
			return c
		}
	}
	return nil
}

// rootOf returns the schema of a kind's version in a release's experimental channel, nil when it has none.
func rootOf(r *tables.Release, gvk schema.GroupVersionKind) *tables.Node {
	c := crdOf(r, Experimental, gvk.GroupKind())
	if c == nil {
		return nil
	}
	v := c.Version(gvk.Version)
	if v == nil {
		return nil
	}
	return v.Schema.Get()
}

// known reports whether any release has the kind's version, served or not.
func known(gvk schema.GroupVersionKind) bool {
	releases := tables.Releases()
	for i := range releases {
		if rootOf(&releases[i], gvk) != nil {
			return true
		}
	}
	return false
}

// lookup follows a field path (spec.rules[0].name) through a schema.
func lookup(n *tables.Node, path string) *tables.Node {
	for part := range strings.SplitSeq(path, ".") {
		name, rest, indexed := strings.Cut(part, "[")
		next := n.Field(name)
		if next == nil && n != nil {
			next = n.Values.Get()
		}
		n = next
		for ; indexed && n != nil; _, rest, indexed = strings.Cut(rest, "[") {
			n = n.Items.Get()
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// fieldSpan tells in which releases any version of a kind, or of the kind it succeeded, has a field: the first and the last of
// them, empty when none has it.
func fieldSpan(gk schema.GroupKind, path string) (first, last string) {
	kinds := append([]schema.GroupKind{gk}, predecessors(gk)...)
	releases := tables.Releases()
	for i := range releases {
		for _, k := range kinds {
			c := crdOf(&releases[i], Experimental, k)
			if c == nil {
				continue
			}
			for _, v := range c.Versions {
				if lookup(v.Schema.Get(), path) != nil {
					if first == "" {
						first = releases[i].Name
					}
					last = releases[i].Name
				}
			}
		}
	}
	return first, last
}
