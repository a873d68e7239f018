// Package xds puts listeners and routes together: which routes serve which domains of which port, the Envoy listeners
// and route tables of a Gateway, and everything that those name.
//
//	Gateway ─ BindingsOf ─→ routes per listener ─ Tables (per port) ─→ RouteConfiguration
//	        │                                   └ winners (per TLS, TCP or UDP listener) ─→ stream routes
//	        └ Listeners (per port) ─→ Listener
//	        └ Assemble ─→ the resources of a Gateway, sorted and complete
package xds

import (
	"slices"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
	"github.com/gatewayxds/gatewayxds/internal/stream"
)

// Bindings is which routes are bound to the listeners of a Gateway.
type Bindings struct {
	Listeners []Bound // as those of the Gateway
	// Routes are the HTTPRoutes and GRPCRoutes that a request can reach.
	Routes []*route.Resolved
	// Targets are the Services that accepted routes name and policies target.
	Targets map[objects.Name]bool

	ports map[PortKey]owners
}

// owners are the accepted listeners of a port, by HostKey of their hostnames.
type owners map[string]*attach.Listener

// owns reports whether the listener, which covers the domain, is the most specific that does.
func (o owners) owns(l *attach.Listener, domain string) bool {
	return len(o) == 1 || o.of(domain) == l
}

// of is the most specific listener that covers a domain.
func (o owners) of(domain string) *attach.Listener {
	var owner *attach.Listener
	attach.Wider(domain, func(key string) bool {
		owner = o[key]
		return owner == nil
	})
	return owner
}

// Bound is the routes of one listener.
type Bound struct {
	// Attached counts the routes that are accepted there.
	Attached int32

	owners owners // of its port
	// Of the hostnames under which routes are reached, which leaves out those that a more specific listener owns, in order
	// of precedence:
	exact   []binding                    // HTTPRoutes and GRPCRoutes under an exact hostname of their own, by hostname
	wide    map[string][]*route.Resolved // the others, by HostKey of their own hostname; "" for those without
	domains []string                     // where those are reached
	streams []streamBinding              // TLSRoutes, TCPRoutes and UDPRoutes

	last *objects.Route
}

// binding is an HTTPRoute or GRPCRoute under one hostname.
type binding struct {
	domain string
	route  *route.Resolved
}

// streamBinding is a TLSRoute, TCPRoute or UDPRoute under one hostname.
type streamBinding struct {
	route *stream.Resolved
	host  attach.Host
}

// BindingsOf collects the attachments of a Gateway's routes, in order of precedence.
var BindingsOf = objects.NewUnit("bindings", func(r *objects.Reader, name objects.Name) *Bindings {
	b := &Bindings{Targets: map[objects.Name]bool{}, ports: map[PortKey]owners{}}
	gateway := attach.Gateways.Get(r, name)
	if gateway == nil {
		return b
	}
	b.Listeners = make([]Bound, len(gateway.Listeners))
	routes := routesOf(r, gateway, name)
	for i, l := range gateway.Listeners {
		if !l.Accepted {
			continue
		}
		k := portOf(name, l)
		if b.ports[k] == nil {
			b.ports[k] = owners{}
		}
		b.ports[k][attach.HostKey(l.Hostname)] = l
		b.Listeners[i].owners = b.ports[k]
		b.target(filter.RequestsOf.Get(r, attach.ListenerKey{Gateway: name, Index: i}).Targets)
	}
	b.Routes = make([]*route.Resolved, 0, len(routes))
	// One sort of work at a time: two that alternate evict each other's code from the processor's cache.
	for _, rt := range routes {
		route.Rules.Get(r, rt.ID)
	}
	for _, rt := range routes {
		b.bind(r, rt, name)
	}
	for i := range b.Listeners {
		slices.SortStableFunc(b.Listeners[i].exact, func(a, b binding) int { return compareDomains(a.domain, b.domain) })
	}
	return b
})

// routesOf lists the routes that name a Gateway or one of its ListenerSets, each once and in order of precedence.
func routesOf(r *objects.Reader, gateway *attach.Gateway, name objects.Name) []*objects.Route {
	routes := r.RoutesOf(objects.Parent{Kind: objects.Gateway, Name: name})
	if len(gateway.Sets) == 0 {
		return routes
	}
	routes = slices.Clone(routes)
	for _, s := range gateway.Sets {
		routes = append(routes, r.RoutesOf(objects.Parent{Kind: objects.ListenerSet, Name: s.Name()})...)
	}
	slices.SortFunc(routes, objects.CompareRoutes)
	return slices.Compact(routes)
}

func (b *Bindings) bind(r *objects.Reader, rt *objects.Route, gateway objects.Name) {
	http := route.Rules.Get(r, rt.ID)
	var streams *stream.Resolved
	if http == nil {
		streams = stream.Rules.Get(r, rt.ID)
	}
	accepted, terminated, reached := false, false, false
	for i := range rt.ParentRefs {
		a := attach.Attachments.Get(r, attach.AttachmentKey{Route: rt.ID, ParentRef: i})
		if a == nil || a.Gateway.Name() != gateway {
			continue
		}
		for j := range a.Bound {
			l := a.Bound[j].Listener
			bound := &b.Listeners[l.Index]
			if bound.last == rt {
				continue // another parentRef has the listener too
			}
			bound.last = rt
			if http != nil && !http.AllDropped || streams != nil && !streams.AllDropped {
				bound.Attached++
				accepted = true
			}
			terminated = terminated || l.Terminates()
			if !l.Serving() {
				continue
			}
			for _, h := range a.Bound[j].Hosts {
				if bound.owners.owns(l, h.Name) {
					bound.add(http, streams, h)
					reached = true
				}
			}
		}
	}
	switch {
	case http != nil && accepted:
		b.target(http.Targets)
	case streams != nil && accepted && terminated:
		b.target(streams.Targets)
	}
	if reached && http != nil {
		b.Routes = append(b.Routes, http)
	}
}

func (b *Bindings) target(services []objects.Name) {
	for _, service := range services {
		b.Targets[service] = true
	}
}

// add binds a route, which is of one sort or the other, under a hostname.
func (b *Bound) add(http *route.Resolved, streams *stream.Resolved, h attach.Host) {
	if http == nil {
		b.streams = append(b.streams, streamBinding{streams, h})
		return
	}
	if h.Original != "" && h.Original == h.Name && h.Name[0] != '*' {
		b.exact = append(b.exact, binding{h.Name, http})
		return
	}
	if b.wide == nil {
		b.wide = map[string][]*route.Resolved{}
	}
	b.domains = append(b.domains, h.Name)
	key := attach.HostKey(h.Original)
	b.wide[key] = append(b.wide[key], http)
}
