package translate

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
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
		}
	}
	routes := r.Routes()
	set.HTTPRoutes = make([]status.Desired[gwv1.RouteStatus], 0, len(routes))
	for _, id := range routes {
		s := routeStatuses.Get(r, id)
		if s == nil {
			continue
		}
		switch objects.Kind(s.Kind) {
		case objects.HTTPRoute:
			set.HTTPRoutes = append(set.HTTPRoutes, *s)
		case objects.GRPCRoute:
			set.GRPCRoutes = append(set.GRPCRoutes, *s)
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
	}
	for _, l := range gateway.Listeners {
		facts.Listeners = append(facts.Listeners, status.ListenerFacts{
			Name:           l.Name,
			SupportedKinds: l.Kinds,
			AttachedRoutes: bindings.Listeners[l].Attached,
			Problems:       l.Problems,
			Serving: l.Serving() && gateway.Accepted() &&
				xds.Listeners.Get(r, xds.PortKey{Gateway: name, Port: l.Port}) != nil,
		})
	}
	d := facts.Desired()
	return &d
})

// routeStatuses is nil for a route that is gone. A route without a parent of ours has a status too, without entries: it
// may have had one.
var routeStatuses = objects.NewUnit("route status", func(r *objects.Reader, id objects.RouteID) *status.Desired[gwv1.RouteStatus] {
	resolved := route.Rules.Get(r, id)
	if resolved == nil {
		return nil
	}
	k := &resolved.Route.RouteKey
	facts := status.RouteFacts{
		Object: status.Object{
			Kind: string(k.Kind), Namespace: k.Namespace, Name: k.Name, Generation: resolved.Route.Meta.Generation,
		},
		Controller: r.Settings.Controller,
	}
	for i := range resolved.Route.ParentRefs {
		a := attach.Attachments.Get(r, attach.AttachmentKey{Route: id, ParentRef: i})
		if a == nil {
			continue
		}
		p := status.ParentFacts{
			Ref: a.Ref, Problems: resolved.Unresolved, Dropped: resolved.Dropped, AllDropped: resolved.AllDropped,
		}
		if a.Problem != nil {
			p.Problems = append([]status.Problem{*a.Problem}, p.Problems...)
		}
		facts.Parents = append(facts.Parents, p)
	}
	d := facts.Desired()
	return &d
}).PerRoute()
