// Package objects holds the input of a translation by kind and name, and the reader through which every later step
// looks at it.
//
//	Index  ← the objects, each list in one order whatever the input order was
//	Reader → every look-up, misses and lists included; records them when asked to
//	Unit   → a pure function of (reader, key), remembered per key
package objects

import (
	"cmp"
	"slices"
	"unicode/utf8"

	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Name identifies an object of a known kind; the namespace is empty for cluster-scoped kinds.
type Name = types.NamespacedName

// Index is the input by kind and name. It is immutable once built.
type Index struct {
	classes       map[string]*gwv1.GatewayClass
	gateways      map[Name]*gwv1.Gateway
	gatewayNames  []Name // sorted
	classNames    []string
	listenerSets  map[Name]*gwv1.ListenerSet
	setsByGateway map[Name][]*gwv1.ListenerSet
	ids           *IDs
	routes        []*Route  // by ID; nil for one that is gone
	routeIDs      []RouteID // sorted by kind, namespace and name
	routesBy      map[Parent][]*Route
	grants        map[Crossing][]*gwv1.ReferenceGrant
	policies      map[Name]*gwv1.BackendTLSPolicy
	policyNames   []Name
	policiesBy    map[Name][]*gwv1.BackendTLSPolicy // by target Service
	services      map[Name]*corev1.Service
	slicesBy      map[Name][]*discoveryv1.EndpointSlice // by Service
	secrets       map[Name]*corev1.Secret
	configMaps    map[Name]*corev1.ConfigMap
	trustBundles  map[string]*certificatesv1beta1.ClusterTrustBundle
	namespaces    map[string]*corev1.Namespace
}

// Input is what an Index is built from. Nil entries are skipped.
type Input struct {
	GatewayClasses      []*gwv1.GatewayClass
	Gateways            []*gwv1.Gateway
	ListenerSets        []*gwv1.ListenerSet
	HTTPRoutes          []*gwv1.HTTPRoute
	GRPCRoutes          []*gwv1.GRPCRoute
	TLSRoutes           []*gwv1.TLSRoute
	TCPRoutes           []*gwv1.TCPRoute
	UDPRoutes           []*gwv1.UDPRoute
	ReferenceGrants     []*gwv1.ReferenceGrant
	BackendTLSPolicies  []*gwv1.BackendTLSPolicy
	Services            []*corev1.Service
	EndpointSlices      []*discoveryv1.EndpointSlice
	Secrets             []*corev1.Secret
	ConfigMaps          []*corev1.ConfigMap
	ClusterTrustBundles []*certificatesv1beta1.ClusterTrustBundle
	Namespaces          []*corev1.Namespace
}

// NewIndex sorts and groups the input. It is linear but for the sorting of lists. The ids are those of an earlier Index,
// whose routes and Services keep them, or new.
func NewIndex(in *Input, ids *IDs) *Index {
	ix := &Index{
		ids:          ids,
		gateways:     byName(in.Gateways),
		listenerSets: byName(in.ListenerSets),
		policies:     byName(in.BackendTLSPolicies),
		services:     byName(in.Services),
		secrets:      byName(in.Secrets),
		configMaps:   byName(in.ConfigMaps),
		trustBundles: clusterScoped(byName(in.ClusterTrustBundles)),
		classes:      clusterScoped(byName(in.GatewayClasses)),
		namespaces:   clusterScoped(byName(in.Namespaces)),
	}
	ix.gatewayNames = sortedNames(ix.gateways)
	ix.policyNames = sortedNames(ix.policies)
	for name := range ix.classes {
		ix.classNames = append(ix.classNames, name)
	}
	slices.Sort(ix.classNames)

	ix.setsByGateway = group(byName(in.ListenerSets), func(s *gwv1.ListenerSet) []Name { return []Name{ListenerSetParent(s)} })
	ix.policiesBy = group(byName(in.BackendTLSPolicies), PolicyTargets)
	ix.addServices()
	ix.slicesBy = group(byName(in.EndpointSlices), func(s *discoveryv1.EndpointSlice) []Name {
		return []Name{{Namespace: s.Namespace, Name: s.Labels[discoveryv1.LabelServiceName]}}
	})
	ix.grants = group(byName(in.ReferenceGrants), crossings)
	ix.addRoutes(in)
	return ix
}

// ListenerSetParent names the Gateway that a ListenerSet wants to join.
func ListenerSetParent(s *gwv1.ListenerSet) Name {
	ref := s.Spec.ParentRef
	if ref.Group != nil && *ref.Group != gwv1.GroupName || ref.Kind != nil && *ref.Kind != "Gateway" {
		return Name{}
	}
	return Name{Namespace: string(Deref(ref.Namespace, gwv1.Namespace(s.Namespace))), Name: string(ref.Name)}
}

// Crossing is from where and to where a reference leads.
type Crossing struct {
	Kind     Kind   // of the object that refers, a kind of the Gateway API
	From, To string // namespaces
}

// crossings are those that a grant may permit, each once.
func crossings(g *gwv1.ReferenceGrant) []Crossing {
	var out []Crossing
	for _, from := range g.Spec.From {
		c := Crossing{Kind: Kind(from.Kind), From: string(from.Namespace), To: g.Namespace}
		if from.Group == gwv1.GroupName && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// PolicyTargets names the Services that a BackendTLSPolicy targets.
func PolicyTargets(p *gwv1.BackendTLSPolicy) []Name {
	var targets []Name
	for _, ref := range p.Spec.TargetRefs {
		name := Name{Namespace: p.Namespace, Name: string(ref.Name)}
		if ref.Group == "" && ref.Kind == "Service" && !slices.Contains(targets, name) {
			targets = append(targets, name)
		}
	}
	return targets
}

// object is a pointer to any Kubernetes type.
type object interface {
	comparable
	metav1.Object
}

func byName[T object](list []T) map[Name]T {
	m := make(map[Name]T, len(list))
	for _, o := range list {
		if !usable(o) {
			continue
		}
		name := Name{Namespace: o.GetNamespace(), Name: o.GetName()}
		if old, ok := m[name]; ok && !newer(o, old) {
			continue
		}
		m[name] = o
	}
	return m
}

// usable is false for what is no object, and for one whose name no message could say.
func usable[T object](o T) bool {
	var none T
	return o != none && utf8.ValidString(o.GetName()) && utf8.ValidString(o.GetNamespace())
}

// newer chooses between two objects of one identity, so that the choice does not depend on their order.
func newer(a, b metav1.Object) bool {
	return cmp.Or(
		cmp.Compare(a.GetUID(), b.GetUID()),
		cmp.Compare(len(a.GetResourceVersion()), len(b.GetResourceVersion())), // versions are decimal numbers
		cmp.Compare(a.GetResourceVersion(), b.GetResourceVersion()),
		cmp.Compare(a.GetGeneration(), b.GetGeneration()),
	) > 0
}

// clusterScoped drops the namespace, which users sometimes write on kinds that have none.
func clusterScoped[T object](m map[Name]T) map[string]T {
	out := make(map[string]T, len(m))
	for name, o := range m {
		if old, ok := out[name.Name]; !ok || o.GetNamespace() < old.GetNamespace() {
			out[name.Name] = o
		}
	}
	return out
}

func sortedNames[T any](m map[Name]T) []Name {
	names := make([]Name, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, CompareNames)
	return names
}

// group lists objects under each of their keys, in order of age.
func group[K comparable, T object](m map[Name]T, keys func(T) []K) map[K][]T {
	out := make(map[K][]T, len(m))
	for _, o := range m {
		for _, k := range keys(o) {
			out[k] = append(out[k], o)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b T) int { return CompareAge(a, b) })
	}
	return out
}

// CompareNames orders by namespace, then name.
func CompareNames(a, b Name) int {
	if c := cmp.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return cmp.Compare(a.Name, b.Name)
}

// CompareAge is the Gateway API's precedence between objects: the older first, then by "namespace/name".
func CompareAge(a, b metav1.Object) int {
	at, bt := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if c := at.Compare(bt.Time); c != 0 {
		return c
	}
	return CompareNames(Name{Namespace: a.GetNamespace(), Name: a.GetName()}, Name{Namespace: b.GetNamespace(), Name: b.GetName()})
}

// Deref is the value of an optional field, or its default.
func Deref[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}
