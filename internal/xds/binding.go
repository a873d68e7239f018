// Package xds puts listeners and routes together: which routes serve which domains of which port, the Envoy listeners
// and route tables of a Gateway, and everything that those name.
//
//	Gateway ─ Bindings ─→ routes per listener ─ Tables (per port) ─→ RouteConfiguration
//	        └ Listeners (per port) ─→ Listener
//	        └ Assemble ─→ the resources of a Gateway, sorted and complete
package xds

import (
	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
)

// Bindings is which routes are bound to the listeners of a Gateway.
type Bindings struct {
	Listeners map[*attach.Listener]*Bound
	// Routes are those that a request can reach.
	Routes []*route.Resolved

	ports map[int32]owners
}

// owners are the listeners of a port that carry HTTP, by HostKey of their hostnames.
type owners map[string]*attach.Listener

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

	// Of the hostnames under which the routes are reached, which leaves out those that a more specific listener owns:
	byOriginal map[string][]*route.Resolved // the routes by HostKey of their own hostname; "" for those without
	domains    []string                     // with repetitions
	last       *route.Resolved
}

// BindingsOf collects the attachments of a Gateway's routes, in order of precedence.
var BindingsOf = objects.NewUnit("bindings", func(r *objects.Reader, name objects.Name) *Bindings {
	b := &Bindings{Listeners: map[*attach.Listener]*Bound{}, ports: map[int32]owners{}}
	gateway := attach.Gateways.Get(r, name)
	if gateway == nil {
		return b
	}
	for _, l := range gateway.Listeners {
		b.Listeners[l] = &Bound{byOriginal: map[string][]*route.Resolved{}}
		if !l.Accepted || !carriesHTTP(l) {
			continue
		}
		if b.ports[l.Port] == nil {
			b.ports[l.Port] = owners{}
		}
		b.ports[l.Port][attach.HostKey(l.Hostname)] = l
	}
	for _, rt := range r.RoutesOf(objects.Parent{Kind: objects.Gateway, Name: name}) {
		b.bind(r, rt, name)
	}
	return b
})

func (b *Bindings) bind(r *objects.Reader, rt *objects.Route, gateway objects.Name) {
	reached := false
	res := route.Rules.Get(r, rt.ID)
	if res == nil {
		return // of a kind without rules of HTTP
	}
	for i := range rt.ParentRefs {
		a := attach.Attachments.Get(r, attach.AttachmentKey{Route: rt.ID, ParentRef: i})
		if a == nil || a.Gateway != gateway {
			continue
		}
		for j := range a.Bound {
			l := a.Bound[j].Listener
			bound := b.Listeners[l]
			if bound.last == res {
				continue // another parentRef has the listener too
			}
			bound.last = res
			if !res.AllDropped {
				bound.Attached++
			}
			if !l.Serving() {
				continue
			}
			for _, h := range a.Bound[j].Hosts {
				if b.ports[l.Port].of(h.Name) != l {
					continue
				}
				reached = true
				bound.domains = append(bound.domains, h.Name)
				key := attach.HostKey(h.Original)
				bound.byOriginal[key] = append(bound.byOriginal[key], res)
			}
		}
	}
	if reached {
		b.Routes = append(b.Routes, res)
	}
}
