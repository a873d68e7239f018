package version

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kubeversion "k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

// Enabled is what a host switches on. The zero value is nothing: no watch of any Gateway API kind.
type Enabled struct {
	// All enables every kind of the gateway.networking.k8s.io group that has a Go type. Kinds of the experimental group
	// have no stability to speak of, so each has to be named, but for one that has graduated since.
	All bool
	// Kinds enables single kinds by name (HTTPRoute). A name stands for what the kind was called before as well:
	// ListenerSet enables XListenerSet where a cluster has that. Nothing else is implied: a host that names HTTPRoute and
	// not ReferenceGrant sees no grants.
	Kinds []string
}

// Reason says why something is not watched.
type Reason string

// The reasons, the first that holds.
const (
	NotEnabled   Reason = "NotEnabled"   // the host has not switched the kind on
	NotNeeded    Reason = "NotNeeded"    // a core kind that no enabled kind refers to
	NotInstalled Reason = "NotInstalled" // the cluster has no such kind: a watch would fail again and again
	NotServed    Reason = "NotServed"    // the cluster has the version but does not serve it
	Unreadable   Reason = "Unreadable"   // Decode does not know the kind or the version
	OtherVersion Reason = "OtherVersion" // another version of the kind is watched: it shows the same objects
)

// Unwatched is a kind's version that is not to be watched, and why.
type Unwatched struct {
	schema.GroupVersionKind
	Reason Reason
	Detail string
}

// WatchPlan is every version of every kind that there is to decide about, on one side or the other, each sorted by group,
// kind and version.
type WatchPlan struct {
	Watch     []schema.GroupVersionKind
	Unwatched []Unwatched
}

// coreNeeds tells which kinds refer to a core kind, and whether every cluster has that.
var coreNeeds = [...]struct {
	schema.GroupVersionKind
	neededBy   []string
	everywhere bool
}{
	{schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, []string{"Gateway", "BackendTLSPolicy", "XBackend"}, true},
	{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, []string{"Gateway", "ListenerSet"}, true},
	{schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, []string{"Gateway", "ListenerSet", "XBackend"}, true},
	{schema.GroupVersionKind{Version: "v1", Kind: "Service"}, []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "BackendTLSPolicy"}, true},
	{schema.GroupVersionKind{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"}, []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"}, true},
	{schema.GroupVersionKind{Group: "certificates.k8s.io", Version: "v1beta1", Kind: trustBundle}, []string{"Gateway", "BackendTLSPolicy"}, false},
}

// Watch decides which versions of which kinds a host watches, from what the cluster has and what the host enables. Of each
// kind it is one version: that of today's Go type where it is served, or else the newest one that Decode reads; by Convert
// a dynamic informer's objects become today's type. Core kinds follow from the kinds that refer to them; the one of them
// that not every cluster has, ClusterTrustBundle, is watched where have lists it, made by FromServed from discovery. CRDs
// of other groups are passed over.
func Watch(have []CRD, enabled Enabled) WatchPlan {
	var plan WatchPlan
	var watched []string // today's kinds
	for _, c := range have {
		if isGatewayGroup(c.Group) && plan.decide(c, NotEnabled, enabled.without(c.GroupKind)) {
			watched = append(watched, successor(c.GroupKind).Kind)
		}
	}
	for _, gvk := range notInstalled(have) {
		if why := enabled.without(gvk.GroupKind()); why != "" {
			plan.skip(gvk, NotEnabled, why)
		} else {
			plan.skip(gvk, NotInstalled, "the cluster has no such kind")
		}
	}
	for _, need := range coreNeeds {
		why := ""
		if !slices.ContainsFunc(need.neededBy, func(k string) bool { return slices.Contains(watched, k) }) {
			why = "only these refer to it: " + strings.Join(need.neededBy, ", ")
		}
		switch i := slices.IndexFunc(have, func(c CRD) bool { return c.GroupKind == need.GroupKind() }); {
		case i >= 0:
			plan.decide(have[i], NotNeeded, why)
		case why == "" && !need.everywhere:
			plan.skip(need.GroupVersionKind, NotInstalled, "the cluster has no such kind")
		default:
			plan.decide(FromServed([]schema.GroupVersionKind{need.GroupVersionKind})[0], NotNeeded, why)
		}
	}
	slices.SortFunc(plan.Watch, compareGVK)
	slices.SortFunc(plan.Unwatched, func(a, b Unwatched) int { return compareGVK(a.GroupVersionKind, b.GroupVersionKind) })
	return plan
}

// decide puts every version of a kind that the cluster has on one side of the plan and tells whether one is watched: none
// if why says why not, which is a reason of that name.
func (p *WatchPlan) decide(c CRD, not Reason, why string) bool {
	best := bestVersion(c)
	for _, v := range c.Versions {
		gvk := c.WithVersion(v.Name)
		switch {
		case why != "":
			p.skip(gvk, not, why)
		case !v.Served:
			p.skip(gvk, NotServed, "the cluster's CRD has this version but does not serve it")
		case !readable(gvk):
			p.skip(gvk, Unreadable, "the Go types of Gateway API "+consts.BundleVersion+" are linked, none of them holds it")
		case v.Name != best:
			p.skip(gvk, OtherVersion, "the same objects are watched as "+best)
		default:
			p.Watch = append(p.Watch, gvk)
		}
	}
	return why == "" && best != ""
}

func (p *WatchPlan) skip(gvk schema.GroupVersionKind, why Reason, detail string) {
	p.Unwatched = append(p.Unwatched, Unwatched{gvk, why, detail})
}

// without says why a kind is not enabled; empty when it is.
func (e Enabled) without(gk schema.GroupKind) string {
	now := successor(gk)
	switch {
	case slices.Contains(e.Kinds, now.Kind) || slices.Contains(e.Kinds, gk.Kind):
		return ""
	case e.All && now.Group == gatewayGroup:
		return ""
	case e.All:
		return "a kind of the experimental group has to be enabled by its name"
	}
	return "the host has not enabled " + now.Kind
}

// bestVersion returns the version of a kind to watch, empty when it serves none that Decode reads.
func bestVersion(c CRD) string {
	best := ""
	_, now := today(c.GroupKind)
	for _, v := range c.Versions {
		if !v.Served || !readable(c.WithVersion(v.Name)) {
			continue
		}
		if v.Name == now {
			return now
		}
		if best == "" || kubeversion.CompareKubeAwareVersionStrings(v.Name, best) > 0 {
			best = v.Name
		}
	}
	return best
}

// readable tells whether Decode turns a kind's version into a Go type.
func readable(gvk schema.GroupVersionKind) bool {
	now := successor(gvk.GroupKind())
	target, version := today(now)
	return target != nil && reads(gvk, now.WithVersion(version))
}

// notInstalled returns today's version of the kinds that Decode reads and the cluster lacks.
func notInstalled(have []CRD) []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, c := range CRDs(Bundle{Version: linkedRelease().Name, Channel: Experimental}) {
		target, version := today(c.GroupKind)
		if target != nil && !hasKind(have, c.GroupKind) {
			out = append(out, c.WithVersion(version))
		}
	}
	return out
}

func compareGVK(a, b schema.GroupVersionKind) int {
	return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Kind, b.Kind), kubeversion.CompareKubeAwareVersionStrings(b.Version, a.Version))
}
