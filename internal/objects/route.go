package objects

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Kind is a kind of the Gateway API or of the core API that the pipeline handles.
type Kind string

// The kinds that appear in keys and references.
const (
	Gateway     Kind = "Gateway"
	ListenerSet Kind = "ListenerSet"
	HTTPRoute   Kind = "HTTPRoute"
	GRPCRoute   Kind = "GRPCRoute"
	TLSRoute    Kind = "TLSRoute"
	TCPRoute    Kind = "TCPRoute"
	UDPRoute    Kind = "UDPRoute"
	Service     Kind = "Service"
)

// RouteKey identifies a route of any kind.
type RouteKey struct {
	Kind            Kind
	Namespace, Name string
}

// RouteID stands for a RouteKey where it serves as a key ten times over: hashing three strings each time would be a
// tenth of a translation.
type RouteID uint32

// RouteIDs gives each RouteKey a number that it keeps from one Index to the next.
type RouteIDs struct {
	ids  map[RouteKey]RouteID
	keys []RouteKey
}

// ByRoute is the place of units whose key is a route and nothing else.
func ByRoute(id RouteID) (RouteID, bool) { return id, true }

func (n *RouteIDs) of(k RouteKey) RouteID {
	id, ok := n.ids[k]
	if !ok {
		id = RouteID(len(n.keys))
		n.ids[k] = id
		n.keys = append(n.keys, k)
	}
	return id
}

// Parent identifies what a route attaches to: a Gateway or a ListenerSet.
type Parent struct {
	Kind Kind
	Name
}

// Route is a route of any kind: what all kinds have in common, and the object itself in the field of its kind.
type Route struct {
	RouteKey
	ID         RouteID
	Meta       *metav1.ObjectMeta
	ParentRefs []gwv1.ParentReference
	Hostnames  []gwv1.Hostname // none for TCP and UDP

	HTTP *gwv1.HTTPRoute
	GRPC *gwv1.GRPCRoute
	TLS  *gwv1.TLSRoute
	TCP  *gwv1.TCPRoute
	UDP  *gwv1.UDPRoute
}

func (ix *Index) addRoutes(in *Input) {
	n := len(in.HTTPRoutes) + len(in.GRPCRoutes) + len(in.TLSRoutes) + len(in.TCPRoutes) + len(in.UDPRoutes)
	if ix.ids.ids == nil {
		*ix.ids = RouteIDs{ids: make(map[RouteKey]RouteID, n), keys: make([]RouteKey, 0, n)}
	}
	ix.routes = make([]*Route, len(ix.ids.keys), max(n, len(ix.ids.keys)))
	list := make([]Route, 0, n)
	for _, o := range in.HTTPRoutes {
		if usable(o) {
			list = ix.addRoute(list, HTTPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, Route{HTTP: o, Hostnames: o.Spec.Hostnames})
		}
	}
	for _, o := range in.GRPCRoutes {
		if usable(o) {
			list = ix.addRoute(list, GRPCRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, Route{GRPC: o, Hostnames: o.Spec.Hostnames})
		}
	}
	for _, o := range in.TLSRoutes {
		if usable(o) {
			list = ix.addRoute(list, TLSRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, Route{TLS: o, Hostnames: o.Spec.Hostnames})
		}
	}
	for _, o := range in.TCPRoutes {
		if usable(o) {
			list = ix.addRoute(list, TCPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, Route{TCP: o})
		}
	}
	for _, o := range in.UDPRoutes {
		if usable(o) {
			list = ix.addRoute(list, UDPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, Route{UDP: o})
		}
	}
	ix.groupRoutes()
}

// addRoute appends a route to a list that has room for it, unless one of its name is newer.
func (ix *Index) addRoute(list []Route, kind Kind, meta *metav1.ObjectMeta, spec *gwv1.CommonRouteSpec, r Route) []Route {
	r.RouteKey = RouteKey{Kind: kind, Namespace: meta.Namespace, Name: meta.Name}
	r.ID, r.Meta, r.ParentRefs = ix.ids.of(r.RouteKey), meta, spec.ParentRefs
	if int(r.ID) == len(ix.routes) {
		ix.routes = append(ix.routes, nil)
	}
	if old := ix.routes[r.ID]; old != nil && !newer(meta, old.Meta) {
		return list
	}
	list = append(list, r)
	ix.routes[r.ID] = &list[len(list)-1]
	return list
}

// groupRoutes orders the routes by precedence for each parent, and by name for the statuses.
func (ix *Index) groupRoutes() {
	routes := make([]*Route, 0, len(ix.routes))
	for _, r := range ix.routes {
		if r != nil {
			routes = append(routes, r)
		}
	}
	slices.SortFunc(routes, CompareRoutes)
	ix.routesBy = map[Parent][]*Route{}
	for _, r := range routes {
		for j := range r.ParentRefs {
			parent, ok := ParentOf(r, j)
			if ok && !r.namesBefore(j, parent) {
				ix.routesBy[parent] = append(ix.routesBy[parent], r)
			}
		}
	}
	slices.SortFunc(routes, func(a, b *Route) int { return compareRouteKeys(&a.RouteKey, &b.RouteKey) })
	ix.routeIDs = make([]RouteID, len(routes))
	for i, r := range routes {
		ix.routeIDs[i] = r.ID
	}
}

// namesBefore reports whether an earlier parentRef of the route already names the parent.
func (r *Route) namesBefore(j int, parent Parent) bool {
	for i := range j {
		if p, ok := ParentOf(r, i); ok && p == parent {
			return true
		}
	}
	return false
}

// ParentOf names the parent of a route's i-th parentRef; false if it is of a kind that is not ours.
func ParentOf(r *Route, i int) (Parent, bool) {
	ref := &r.ParentRefs[i]
	kind := Kind(Deref(ref.Kind, gwv1.Kind(Gateway)))
	if Deref(ref.Group, gwv1.GroupName) != gwv1.GroupName || kind != Gateway && kind != ListenerSet {
		return Parent{}, false
	}
	ns := Deref(ref.Namespace, gwv1.Namespace(r.Namespace))
	return Parent{Kind: kind, Name: Name{Namespace: string(ns), Name: string(ref.Name)}}, true
}

// CompareRoutes is the precedence between routes: the older first, then by "namespace/name", then by kind.
func CompareRoutes(a, b *Route) int {
	if c := a.Meta.CreationTimestamp.Compare(b.Meta.CreationTimestamp.Time); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return cmp.Compare(a.Kind, b.Kind)
}

func compareRouteKeys(a, b *RouteKey) int {
	if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return cmp.Compare(a.Name, b.Name)
}
