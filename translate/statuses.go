package translate

import (
	"fmt"
	"slices"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
	"github.com/gatewayxds/gatewayxds/internal/stream"
	"github.com/gatewayxds/gatewayxds/internal/xds"
	"github.com/gatewayxds/gatewayxds/status"
)

// statuses asks for the status of every object that is ours.
func statuses(r *objects.Reader) status.Set {
	var set status.Set
	for _, name := range r.GatewayClasses() {
		if s := classStatuses.Get(r, name); s != nil {
			set.GatewayClasses = append(set.GatewayClasses, *s)
		}
	}
	for _, name := range r.Gateways() {
		if s := gatewayStatuses.Get(r, name); s != nil {
			set.Gateways = append(set.Gateways, *s)
			set.ListenerSets = append(set.ListenerSets, listenerSetStatuses.Get(r, name)...)
		}
	}
	slices.SortFunc(set.ListenerSets, func(a, b status.Desired[gwv1.ListenerSetStatus]) int {
		return objects.CompareNames(
			objects.Name{Namespace: a.Namespace, Name: a.Name}, objects.Name{Namespace: b.Namespace, Name: b.Name})
	})
	routes := r.Routes()
	set.HTTPRoutes = make([]status.Desired[gwv1.RouteStatus], 0, len(routes))
	for _, id := range routes {
		rt := r.Route(id)
		list := &set.HTTPRoutes
		switch rt.Kind {
		case objects.GRPCRoute:
			list = &set.GRPCRoutes
		case objects.TLSRoute:
			list = &set.TLSRoutes
		case objects.TCPRoute:
			list = &set.TCPRoutes
		case objects.UDPRoute:
			list = &set.UDPRoutes
		default:
		}
		*list = append(*list, status.Desired[gwv1.RouteStatus]{
			Object: routeObject(rt), Controller: r.Settings.Controller, Status: gwv1.RouteStatus{Parents: routeStatuses.Get(r, id)},
		})
	}
	for _, name := range r.Policies() {
		if s := policyStatuses.Get(r, name); s != nil {
			set.BackendTLSPolicies = append(set.BackendTLSPolicies, *s)
		}
	}
	return set
}

var classStatuses = objects.NewUnit("GatewayClass status", func(r *objects.Reader, name string) *status.Desired[gwv1.GatewayClassStatus] {
	class := attach.Classes.Get(r, name)
	if class == nil {
		return nil
	}
	d := status.GatewayClassFacts{
		Object:   status.Object{Kind: "GatewayClass", Name: name, Generation: class.Object.Generation},
		Problems: class.Problems,
		Features: r.Settings.Features,
	}.Desired()
	return &d
})

var gatewayStatuses = objects.NewUnit("Gateway status", func(r *objects.Reader, name objects.Name) *status.Desired[gwv1.GatewayStatus] {
	gateway := attach.Gateways.Get(r, name)
	if gateway == nil {
		return nil
	}
	bindings := xds.BindingsOf.Get(r, name)
	facts := status.GatewayFacts{
		Object: status.Object{
			Kind: string(objects.Gateway), Namespace: name.Namespace, Name: name.Name, Generation: gateway.Object.Generation,
		},
		Problems:  gateway.Problems,
		Addresses: gateway.Addresses,

		AddressesDecided:           gateway.AddressesDecided,
		InsecureFrontendValidation: gateway.InsecureFrontend,
	}
	for _, l := range gateway.Own() {
		facts.Listeners = append(facts.Listeners, listenerFacts(r, gateway, l, bindings))
	}
	for _, s := range gateway.Sets {
		if s.Accepted() {
			facts.AttachedListenerSets++
		}
	}
	d := facts.Desired()
	return &d
})

func listenerFacts(r *objects.Reader, gateway *attach.Gateway, l *attach.Listener, bindings *xds.Bindings) status.ListenerFacts {
	problems := l.Problems
	for _, p := range filter.RequestsOf.Get(r, attach.ListenerKey{Gateway: gateway.Name(), Index: l.Index}).Problems {
		p.Field = fmt.Sprintf("spec.listeners[%d].%s", l.Place, p.Field)
		problems = append(slices.Clip(problems), p)
	}
	return status.ListenerFacts{
		Name:           l.Name,
		SupportedKinds: l.Kinds,
		AttachedRoutes: bindings.Listeners[l.Index].Attached,
		Problems:       problems,
		Serving:        l.Serving() && gateway.Listens(r.Settings),
	}
}

// listenerSetStatuses are those of the ListenerSets of one Gateway; a set of another Gateway is not ours to write.
var listenerSetStatuses = objects.NewUnit("ListenerSet statuses",
	func(r *objects.Reader, name objects.Name) []status.Desired[gwv1.ListenerSetStatus] {
		gateway := attach.Gateways.Get(r, name)
		if gateway == nil {
			return nil
		}
		bindings := xds.BindingsOf.Get(r, name)
		var out []status.Desired[gwv1.ListenerSetStatus]
		for _, s := range gateway.Sets {
			facts := status.ListenerSetFacts{
				Object: status.Object{
					Kind: string(objects.ListenerSet), Namespace: s.Object.Namespace, Name: s.Object.Name,
					Generation: s.Object.Generation,
				},
				Problems: s.Problems,
			}
			for _, l := range s.Listeners {
				facts.Listeners = append(facts.Listeners, listenerFacts(r, gateway, l, bindings))
			}
			out = append(out, facts.Desired())
		}
		return out
	})

func routeObject(rt *objects.Route) status.Object {
	return status.Object{Kind: string(rt.Kind), Namespace: rt.Namespace, Name: rt.Name, Generation: rt.Meta.Generation}
}

// parentFacts is room that is used again.
var parentFacts = objects.NewLocal[[]status.ParentFacts]()

// routeStatuses are the entries of a route's status, none for one that is gone. A route without a parent of ours has a
// status too, without entries: it may have had one.
var routeStatuses = objects.NewUnit("route status", func(r *objects.Reader, id objects.RouteID) []gwv1.RouteParentStatus {
	rt := r.Route(id)
	if rt == nil {
		return nil
	}
	rules := rulesOf(r, id)
	if refused := attach.RefusedHostnames(rt); len(refused) > 0 {
		rules.Dropped = append(refused, rules.Dropped...)
	}
	room := parentFacts.Get(r)
	facts := status.RouteFacts{Object: routeObject(rt), Controller: r.Settings.Controller, Parents: (*room)[:0]}
	for i := range rt.ParentRefs {
		a := attach.Attachments.Get(r, attach.AttachmentKey{Route: id, ParentRef: i})
		if a == nil {
			continue
		}
		facts.Parents = append(facts.Parents, rules)
		p := &facts.Parents[len(facts.Parents)-1]
		p.Ref = *a.Ref
		if a.Problem != nil {
			p.Problems = append([]status.Problem{*a.Problem}, p.Problems...)
		}
	}
	*room = facts.Parents
	return facts.Desired().Status.Parents
}).PerRoute(objects.ByRoute)

// rulesOf is what was decided about the rules of a route, which is the same for all its parents.
func rulesOf(r *objects.Reader, id objects.RouteID) status.ParentFacts {
	if res := route.Rules.Get(r, id); res != nil {
		return status.ParentFacts{Problems: res.Unresolved, Dropped: res.Dropped, AllDropped: res.AllDropped}
	}
	res := stream.Rules.Get(r, id)
	return status.ParentFacts{Problems: res.Unresolved, Dropped: res.Dropped, AllDropped: res.AllDropped}
}
