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
	ids := ix.ids
	ids.routeKeys = slices.Grow(ids.routeKeys, max(n-len(ids.routeKeys), 0))
	ix.routes = make([]*Route, len(ids.routeKeys), max(n, len(ids.routeKeys)))
	list := routeList{Index: ix, free: make([]Route, n)}
	for _, o := range in.HTTPRoutes {
		if usable(o) {
			list.add(HTTPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, o.Spec.Hostnames).HTTP = o
		}
	}
	for _, o := range in.GRPCRoutes {
		if usable(o) {
			list.add(GRPCRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, o.Spec.Hostnames).GRPC = o
		}
	}
	for _, o := range in.TLSRoutes {
		if usable(o) {
			list.add(TLSRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, o.Spec.Hostnames).TLS = o
		}
	}
	for _, o := range in.TCPRoutes {
		if usable(o) {
			list.add(TCPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, nil).TCP = o
		}
	}
	for _, o := range in.UDPRoutes {
		if usable(o) {
			list.add(UDPRoute, &o.ObjectMeta, &o.Spec.CommonRouteSpec, nil).UDP = o
		}
	}
	ix.groupRoutes()
}

// routeList adds routes to an Index.
type routeList struct {
	*Index
	free []Route // room for all that may come

	space space // of the last route
	ids   map[string]RouteID
}

// add returns the route, which is left out if there is a newer one of its name.
func (l *routeList) add(kind Kind, meta *metav1.ObjectMeta, spec *gwv1.CommonRouteSpec, hostnames []gwv1.Hostname) *Route {
	if in := (space{kind, meta.Namespace}); l.ids == nil || in != l.space {
		about := 0
		if l.ids == nil {
			about = len(l.free) // most inputs have most routes in one namespace
		}
		l.space, l.ids = in, l.Index.ids.routesIn(in, about)
	}
	r := &l.free[0]
	l.free = l.free[1:]
	r.RouteKey = RouteKey{Kind: kind, Namespace: meta.Namespace, Name: meta.Name}
	r.ID = l.Index.ids.route(l.ids, r.RouteKey)
	r.Meta, r.ParentRefs, r.Hostnames = meta, spec.ParentRefs, hostnames
	if int(r.ID) == len(l.routes) {
		l.routes = append(l.routes, nil)
	}
	if old := l.routes[r.ID]; old == nil || newer(meta, old.Meta) {
		l.routes[r.ID] = r
	}
	return r
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
	ix.routesBy = groupByParent(routes)
	slices.SortFunc(routes, func(a, b *Route) int { return compareRouteKeys(&a.RouteKey, &b.RouteKey) })
	ix.routeIDs = make([]RouteID, len(routes))
	for i, r := range routes {
		ix.routeIDs[i] = r.ID
	}
}

// groupByParent lists the routes under each of their parents, in the order that they have.
func groupByParent(routes []*Route) map[Parent][]*Route {
	lists := map[Parent]*[]*Route{}
	var last Parent // most routes have the parent of the one before
	var list *[]*Route
	for _, r := range routes {
		for j := range r.ParentRefs {
			parent, ok := ParentOf(r, j)
			if !ok || j > 0 && r.namesBefore(j, parent) {
				continue
			}
			if list == nil || parent != last {
				last, list = parent, lists[parent]
				if list == nil {
					list = new([]*Route)
					lists[parent] = list
				}
			}
			*list = append(*list, r)
		}
	}
	out := make(map[Parent][]*Route, len(lists))
	for parent, list := range lists {
		out[parent] = *list
	}
	return out
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
