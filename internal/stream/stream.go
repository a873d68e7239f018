// Package stream turns TLSRoutes, TCPRoutes and UDPRoutes into clusters: routes that pass bytes or datagrams on as they
// come.
//
//	Route ─ Rules unit ─→ Resolved{backends with weights}
//	                          ├ Clusters unit ─→ one cluster per route
//	                          └ Endpoints unit ─→ its load assignment: a locality per backend, with the backend's weight
//
// All backends of a route share one cluster, so that an edit of weights or backends is a change of endpoints and cuts no
// connection; and UDP has no other way to divide sessions.
package stream

import (
	"fmt"
	"math"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// Resolved is a route with everything decided that does not depend on where it attaches.
type Resolved struct {
	Route      *objects.Route
	Unresolved []status.Problem
	Dropped    []status.Problem
	AllDropped bool
	// Targets are the Services that the route names and policies target, with repetitions. They count where the route's
	// connections arrive without TLS.
	Targets []objects.Name

	backends []weighted
	weight   uint64 // of all of them
}

func (res *Resolved) drop(field, detail string) {
	res.Dropped = append(res.Dropped, status.Problem{Code: status.UnsupportedValue, Field: field, Detail: detail})
}

// weighted is a backendRef with a weight above 0.
type weighted struct {
	index  int
	weight uint32
	port   backend.Port
	name   objects.Name // of the Service
	valid  bool         // an invalid one takes its share, and fails it
	tls    *backend.TLSPolicy
}

const maxWeight = 1_000_000

// Rules resolves a route; nil if it is not in the input or of another kind.
var Rules = objects.NewUnit("stream", func(r *objects.Reader, id objects.RouteID) *Resolved {
	route := r.Route(id)
	if route == nil || route.HTTP != nil || route.GRPC != nil {
		return nil
	}
	res := &Resolved{Route: route}
	refs := backendRefs(route)
	for i := range refs {
		res.resolve(r, i, &refs[i])
	}
	if res.weight > math.MaxUint32 { // which Envoy could not add up
		res.drop("spec.rules[0].backendRefs", "have weights of more than 4294967295 together")
		res.backends, res.AllDropped = nil, true
	}
	return res
}).PerRoute(objects.ByRoute)

// backendRefs are those of the only rule that these kinds may have.
func backendRefs(route *objects.Route) []gwv1.BackendRef {
	switch {
	case route.TLS != nil && len(route.TLS.Spec.Rules) > 0:
		return route.TLS.Spec.Rules[0].BackendRefs
	case route.TCP != nil && len(route.TCP.Spec.Rules) > 0:
		return route.TCP.Spec.Rules[0].BackendRefs
	case route.UDP != nil && len(route.UDP.Spec.Rules) > 0:
		return route.UDP.Spec.Rules[0].BackendRefs
	}
	return nil
}

func (res *Resolved) resolve(r *objects.Reader, i int, ref *gwv1.BackendRef) {
	field := fmt.Sprintf("spec.rules[0].backendRefs[%d]", i)
	weight := objects.Deref(ref.Weight, 1)
	if weight < 0 || weight > maxWeight {
		res.drop(field+".weight", "is not between 0 and 1000000")
		return
	}
	port, problem := backend.ResolvePort(r, &res.Route.RouteKey, &ref.BackendObjectReference, res.Route.Kind == objects.UDPRoute)
	if problem != nil {
		res.Unresolved = append(res.Unresolved, status.Problem{
			Code: problem.Code, Field: field + "." + problem.Field, Detail: problem.Detail,
		})
	}
	w := weighted{index: i, weight: uint32(weight), port: port, name: r.ServiceName(port.Service), valid: problem == nil}
	if res.Route.Kind == objects.TLSRoute {
		var targeted bool
		if w.tls, targeted = backend.PolicyOf(r, port); targeted {
			res.Targets = append(res.Targets, w.name)
		}
	}
	if weight > 0 {
		res.weight += uint64(weight)
		res.backends = append(res.backends, w)
	}
}
