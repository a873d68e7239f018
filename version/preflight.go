package version

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// Effect is what installing a bundle does to a kind or to an object.
type Effect string

const (
	// Refused: the API server refuses the bundle's CRD, so that the installation fails. Nothing else of the kind changes.
	Refused Effect = "Refused"
	// Unmanaged: the bundle does not have the kind. Its CRD and objects stay, but no controller of that release reads them.
	Unmanaged Effect = "Unmanaged"
	// Unserved: a version is no longer served. Clients and manifests that name it get "not found".
	Unserved Effect = "Unserved"
	// Pruned: a field is not in the new schema. The API server no longer returns it, and the next write removes it.
	Pruned Effect = "Pruned"
	// Rejected: a value that the old schema accepts is refused by the new one when the object is applied anew. (Writes that
	// leave the value as it is may pass: CRD ratcheting.)
	Rejected Effect = "Rejected"
	// Redefaulted: a field that the object does not set gets another value than before.
	Redefaulted Effect = "Redefaulted"
	// Unchecked: the new schema has a CEL rule for a value of this object that the old one did not have. Rules are not
	// evaluated here; Detail says what the rule asks for.
	Unchecked Effect = "Unchecked"
)

// Finding is one thing that an upgrade would break or could break.
type Finding struct {
	Effect    Effect
	GVK       schema.GroupVersionKind // of the object as written; of a kind without a version where it is about the whole
	Namespace string
	Name      string // empty: about the kind
	Field     string // as in Entry.Field
	Detail    string // what happens, and what to do about it
}

// String renders the finding on one line.
func (f Finding) String() string {
	return subject(f.GVK, f.Namespace, f.Name, f.Field) + string(f.Effect) + ": " + f.Detail
}

// Preflight tells what installing a bundle over what a cluster has would break: for each of the cluster's Gateway API
// kinds (status.storedVersions, served versions, the bundles' safe-upgrades policy), and for each object its fields, values
// and defaults under the old and the new schema. What both schemas say alike is no finding. An empty result means that
// nothing in the tables speaks against it. Findings about kinds come first, then those about objects, in input order.
//
// have is read by ReadCRD, objects are as the cluster or a manifest has them, by Read.
func Preflight(have []CRD, to Bundle, objects []*unstructured.Unstructured) []Finding {
	target := releaseOf(to.Version)
	if target == nil || CRDs(to) == nil {
		return []Finding{{Effect: Unchecked, Detail: fmt.Sprintf("the tables do not hold %s, only standard and experimental of %s", to, strings.Join(Releases(), ", "))}}
	}
	var out []Finding
	for _, c := range have {
		if isGatewayGroup(c.Group) {
			out = append(out, checkKind(c, target, to)...)
		}
	}
	for _, object := range objects {
		gk := object.GroupVersionKind().GroupKind()
		if !isGatewayGroup(gk.Group) {
			continue
		}
		u := newUpgrade(object, to)
		if crd := crdOf(target, to.Channel, gk); crd == nil {
			u.add(Unmanaged, unmanaged(gk, to))
		} else {
			u.check(object, installed(have, gk), crd)
		}
		out = append(out, u.findings...)
	}
	return out
}

// installed returns what a cluster's CRD of a kind says that it is of; empty when it has none.
func installed(have []CRD, gk schema.GroupKind) Bundle {
	for _, c := range have {
		if c.GroupKind == gk {
			return c.Bundle
		}
	}
	return Bundle{}
}

// checkKind compares a kind that the cluster has with the one of the bundle.
func checkKind(c CRD, target *tables.Release, to Bundle) []Finding {
	gvk := c.WithVersion("")
	crd := crdOf(target, to.Channel, c.GroupKind)
	if crd == nil {
		return []Finding{{Effect: Unmanaged, GVK: gvk, Detail: unmanaged(c.GroupKind, to)}}
	}
	var out []Finding
	next := publicCRD(crd, to)
	if why := policyRefuses(c, to); why != "" {
		out = append(out, Finding{Effect: Refused, GVK: gvk, Detail: why})
	}
	for _, stored := range c.Stored {
		if !next.has(stored) {
			out = append(out, Finding{Effect: Refused, GVK: gvk, Field: "status.storedVersions", Detail: fmt.Sprintf(
				"objects may be stored as %s, which %s does not have; %s", stored, to, detour(c.GroupKind, stored, next.Storage()))})
		}
	}
	for _, v := range c.Versions {
		if v.Served && !slices.Contains(next.Served(), v.Name) {
			out = append(out, Finding{Effect: Unserved, GVK: c.WithVersion(v.Name), Detail: fmt.Sprintf(
				"%s does not serve %s; read and write %s", to, v.Name, strings.Join(next.Served(), " or "))})
		}
	}
	return out
}

func unmanaged(gk schema.GroupKind, to Bundle) string {
	if now := successor(gk); now != gk {
		return fmt.Sprintf("%s has no such kind; it is %s now", to, now)
	}
	return to.String() + " has no such kind"
}

// detour says how to get stored objects out of a version that is going away.
func detour(gk schema.GroupKind, stored, storage string) string {
	for _, r := range slices.Backward(tables.Releases()) {
		for _, ch := range [...]Channel{Standard, Experimental} {
			if c := crdOf(&r, ch, gk); c != nil && c.Version(stored) != nil && c.Version(storage) != nil {
				return fmt.Sprintf("go by %s, which has both it and %s: write every object once there, then take %s out of storedVersions",
					Bundle{r.Name, ch}, storage, stored)
			}
		}
	}
	return fmt.Sprintf("no release has both it and %s: save the objects, delete the CRD, and create them anew", storage)
}

// policyRefuses says why the ValidatingAdmissionPolicy that bundles contain since v1.5.0 denies the CRD; empty when it
// does not. It looks at the gateway.networking.k8s.io group only.
func policyRefuses(c CRD, to Bundle) string {
	const policy = "safe-upgrades.gateway.networking.k8s.io"
	from, err := utilversion.ParseGeneric(c.Bundle.Version)
	if err != nil || c.Group != gatewayGroup || from.LessThan(utilversion.MajorMinor(1, 5)) {
		return ""
	}
	if to.Channel == Experimental && c.Bundle.Channel != Experimental {
		return "the ValidatingAdmissionPolicy " + policy + " denies experimental CRDs in the place of standard ones; delete it first"
	}
	floor := utilversion.MajorMinor(1, 5)
	if c.Bundle.Channel == Standard {
		floor = utilversion.MajorMinor(from.Major(), from.Minor())
	}
	if next, err := utilversion.ParseGeneric(to.Version); err == nil && next.LessThan(floor) {
		return fmt.Sprintf("the ValidatingAdmissionPolicy %s denies CRDs before v%s.0; delete it first", policy, floor)
	}
	return ""
}
