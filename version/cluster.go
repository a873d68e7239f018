package version

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

// ReadCRD reads what this package wants to know of a CustomResourceDefinition. The error says what is wrong with it.
func ReadCRD(u *unstructured.Unstructured) (CRD, error) {
	if u.GetKind() != "CustomResourceDefinition" || !strings.HasPrefix(u.GetAPIVersion(), "apiextensions.k8s.io/") {
		return CRD{}, fmt.Errorf("%s %s is no CustomResourceDefinition", u.GetAPIVersion(), u.GetKind())
	}
	spec := object(u.Object, "spec")
	names := object(spec, "names")
	var c CRD
	c.Group, _ = spec["group"].(string)
	c.Kind, _ = names["kind"].(string)
	c.Plural, _ = names["plural"].(string)
	c.Namespaced = spec["scope"] == "Namespaced"
	if c.Group == "" || c.Kind == "" {
		return CRD{}, fmt.Errorf("CustomResourceDefinition %s names no group and kind", u.GetName())
	}
	for _, v := range objects(spec, "versions") {
		var version CRDVersion
		version.Name, _ = v["name"].(string)
		version.Served, _ = v["served"].(bool)
		version.Storage, _ = v["storage"].(bool)
		version.Deprecated, _ = v["deprecated"].(bool)
		c.Versions = append(c.Versions, version)
	}
	stored, _ := object(u.Object, "status")["storedVersions"].([]any)
	for _, v := range stored {
		if name, ok := v.(string); ok {
			c.Stored = append(c.Stored, name)
		}
	}
	annotations := u.GetAnnotations()
	c.Bundle = Bundle{Version: annotations[consts.BundleVersionAnnotation], Channel: Channel(annotations[consts.ChannelAnnotation])}
	return c, nil
}

// FromServed makes CRDs of a plain list of served versions, such as the API server's discovery gives: for hosts that may
// not read CRDs. Which version is stored, and of what bundle they are, is unknown then.
func FromServed(served []schema.GroupVersionKind) []CRD {
	var out []CRD
	for _, gvk := range served {
		i := slices.IndexFunc(out, func(c CRD) bool { return c.GroupKind == gvk.GroupKind() })
		if i < 0 {
			i = len(out)
			out = append(out, CRD{GroupKind: gvk.GroupKind()})
		}
		if !out[i].has(gvk.Version) {
			out[i].Versions = append(out[i].Versions, CRDVersion{Name: gvk.Version, Served: true})
		}
	}
	return out
}

// BundleOf returns the bundle that a cluster's CRDs of the gateway.networking.k8s.io group say that they are of: one known
// release, and the experimental channel if any of them is of that. The error names the CRDs that say nothing, something
// unknown, or something else than the others: then a GatewayClass is not of a SupportedVersion. CRDs of the experimental
// group do not count, since installing another bundle leaves those behind that it no longer has.
func BundleOf(have []CRD) (Bundle, error) {
	var b Bundle
	var wrong []string
	for _, c := range have {
		if c.Group != gatewayGroup {
			continue
		}
		switch {
		case c.Bundle.Version == "":
			wrong = append(wrong, c.Kind+" says nothing")
		case releaseOf(c.Bundle.Version) == nil:
			wrong = append(wrong, c.Kind+" says "+c.Bundle.Version+", which is not known")
		case b.Version == "":
			b = c.Bundle
		case b.Version != c.Bundle.Version:
			wrong = append(wrong, fmt.Sprintf("%s says %s, not %s as those before", c.Kind, c.Bundle.Version, b.Version))
		}
		if c.Bundle.Channel == Experimental {
			b.Channel = Experimental
		}
	}
	switch {
	case len(wrong) > 0:
		return Bundle{}, fmt.Errorf("no single known bundle: %s", strings.Join(wrong, "; "))
	case b.Version == "":
		return Bundle{}, errors.New("no CRD of the group " + gatewayGroup)
	}
	return b, nil
}

// RestoreNames is for writing to a cluster that still has a kind under its old name only, such as XListenerSet in v1.3 and
// v1.4. Decode has given references the new name; in the content of what is to be written (an object, a status, a patch)
// this gives them the old one back, in place: group and kind beside each other in whatever field. It tells how many it
// changed. A cluster that has the new name is left alone.
func RestoreNames(content map[string]any, have []CRD) int {
	changed := 0
	group, _ := content["group"].(string)
	kind, _ := content["kind"].(string)
	gk := schema.GroupKind{Group: group, Kind: kind}
	for _, old := range predecessors(gk) {
		if hasKind(have, old) && !hasKind(have, gk) {
			content["group"], content["kind"] = old.Group, old.Kind
			changed++
		}
	}
	for _, v := range content {
		changed += restoreIn(v, have)
	}
	return changed
}

func restoreIn(v any, have []CRD) int {
	switch v := v.(type) {
	case map[string]any:
		return RestoreNames(v, have)
	case []any:
		changed := 0
		for _, item := range v {
			changed += restoreIn(item, have)
		}
		return changed
	}
	return 0
}

func hasKind(have []CRD, gk schema.GroupKind) bool {
	return slices.ContainsFunc(have, func(c CRD) bool { return c.GroupKind == gk })
}
