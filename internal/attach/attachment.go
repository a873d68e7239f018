package attach

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// AttachmentKey is one parentRef of a route.
type AttachmentKey struct {
	Route     objects.RouteID
	ParentRef int
}

// Attachment is what became of a parentRef that names one of our Gateways.
type Attachment struct {
	Gateway *Gateway
	Ref     *gwv1.ParentReference // group and kind defaulted
	Bound   []Bound               // in the order of the Gateway's listeners; empty if the route is not accepted
	Problem *status.Problem
}

// Bound is a listener that a route attaches to, and under which hostnames.
type Bound struct {
	Listener *Listener
	Hosts    []Host
}

// Host is a hostname that a route serves on a listener.
type Host struct {
	Name     string // the intersection of both hostnames
	Original string // the route's own; "" if it names none
}

// arena hands out what attachments consist of.
type arena struct {
	attachments objects.Pool[Attachment]
	bound       objects.Pool[Bound]
	hosts       objects.Pool[Host]
	scratch     []Host
}

var arenas = objects.NewLocal[arena]()

// Attachments is nil for a parentRef that names nothing of ours.
var Attachments = objects.NewUnit("attachment", func(r *objects.Reader, k AttachmentKey) *Attachment {
	route := r.Route(k.Route)
	if route == nil || k.ParentRef >= len(route.ParentRefs) {
		return nil
	}
	parent, ok := objects.ParentOf(route, k.ParentRef)
	if !ok {
		return nil
	}
	name := parent.Name
	if parent.Kind == objects.ListenerSet {
		set := r.ListenerSet(parent.Name)
		if set == nil {
			return nil
		}
		name = objects.ListenerSetParent(set)
	}
	gateway := Gateways.Get(r, name)
	if gateway == nil {
		return nil
	}
	mem := arenas.Get(r)
	a := mem.attachments.One()
	a.Gateway, a.Ref = gateway, defaulted(&route.ParentRefs[k.ParentRef])
	a.bind(r, mem, route, parent, gateway)
	return a
}).PerRoute(func(k AttachmentKey) objects.RouteID { return k.Route })

// defaulted is the reference as the API server would have stored it.
func defaulted(ref *gwv1.ParentReference) *gwv1.ParentReference {
	if ref.Group != nil && ref.Kind != nil {
		return ref
	}
	full := *ref
	if full.Group == nil {
		full.Group = new(gwv1.Group(gwv1.GroupName))
	}
	if full.Kind == nil {
		full.Kind = new(gwv1.Kind(objects.Gateway))
	}
	return &full
}

// bind narrows the parent's listeners step by step; the step that leaves none is the reason.
func (a *Attachment) bind(r *objects.Reader, mem *arena, route *objects.Route, parent objects.Parent, gateway *Gateway) {
	var named, allowed bool
	for _, l := range gateway.of(parent) {
		if !a.names(l) {
			continue
		}
		named = true
		if !l.allowsKind(route.Kind) || !l.allowsNamespace(r, route.Namespace) {
			continue
		}
		allowed = true
		if hosts := intersectAll(mem, route, l.Hostname); len(hosts) > 0 {
			if a.Bound == nil {
				a.Bound = mem.bound.Take(1)[:0] // most routes name one listener
			}
			a.Bound = append(a.Bound, Bound{Listener: l, Hosts: hosts})
		}
	}
	switch {
	case len(a.Bound) > 0:
	case !named:
		a.fail(status.NoMatchingParent, fmt.Sprintf("%s %q has no such listener", parent.Kind, parent.Name))
	case !allowed:
		a.fail(status.NotAllowedByListeners, fmt.Sprintf("no listener of %s %q admits kind %s from namespace %q",
			parent.Kind, parent.Name, route.Kind, route.Namespace))
	default:
		a.fail(status.NoMatchingListenerHostname, fmt.Sprintf("no hostname of the route meets that of a listener of %s %q",
			parent.Kind, parent.Name))
	}
}

func (a *Attachment) fail(code status.Code, detail string) {
	a.Problem = &status.Problem{Code: code, Detail: detail}
}

func (a *Attachment) names(l *Listener) bool {
	return (a.Ref.SectionName == nil || *a.Ref.SectionName == "" || *a.Ref.SectionName == l.Name) &&
		(a.Ref.Port == nil || *a.Ref.Port == l.Port)
}

// intersectAll is every hostname under which a route is reached through a listener hostname. A hostname that is no DNS
// name meets nothing.
func intersectAll(mem *arena, route *objects.Route, listener string) []Host {
	hosts := mem.scratch[:0]
	if len(route.Hostnames) == 0 {
		hosts = append(hosts, Host{Name: listener})
	}
	for _, h := range route.Hostnames {
		own, ok := NormalizeHostname(string(h))
		if !ok {
			continue
		}
		if name, ok := intersect(listener, own); ok {
			hosts = append(hosts, Host{Name: name, Original: own})
		}
	}
	mem.scratch = hosts
	out := mem.hosts.Take(len(hosts))
	copy(out, hosts)
	return out
}
