// Package route turns the rules of HTTPRoutes and GRPCRoutes into Envoy routes.
//
//	Route ─ Rules unit ─→ Resolved{Rules: matches, effects, backends}   may fail: problems
//	                          │
//	                          └ Builds unit (per scheme and port) ─→ Build{Envoy routes with their Order}   cannot fail
package route

import (
	"fmt"
	"math"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// Resolved is a route with every look-up and every judgement made that does not depend on where it attaches.
type Resolved struct {
	Route *objects.Route
	Rules []rule
	// Unresolved are the problems with references; Dropped those that cost whole rules.
	Unresolved []status.Problem
	Dropped    []status.Problem
	AllDropped bool
	// Uses are the backends that the rules send requests to, with repetitions.
	Uses []*backend.Backend
	// Targets are the Services that the rules name and policies target, with repetitions.
	Targets []objects.Name

	traits filter.Traits
}

// rule is one rule of a route.
type rule struct {
	index       int
	matches     []match
	filters     *filter.Set
	backends    []weighted
	limits      *limits // nil for Envoy's own
	persistence *persistence
	traits      filter.Traits // of any of its filters and its backends'
	// fail answers every request of the rule with this status, if not 0.
	fail uint32
	// failShare is the status of a share whose backend is invalid.
	failShare uint32
}

// weighted is a backendRef with a weight above 0.
type weighted struct {
	backend *backend.Backend // nil if invalid: the share fails
	filters *filter.Set
	weight  uint32
	index   int32
}

// Rules resolves a route; nil if it is not in the input or of a kind without HTTP rules.
var Rules = objects.NewUnit("route", func(r *objects.Reader, id objects.RouteID) *Resolved {
	route := r.Route(id)
	switch {
	case route == nil:
		return nil
	case route.HTTP != nil:
		return resolveRoute(r, route, max(len(route.HTTP.Spec.Rules), 1))
	case route.GRPC != nil:
		return resolveRoute(r, route, len(route.GRPC.Spec.Rules))
	}
	return nil
}).PerRoute(objects.ByRoute)

// ruleSpec is a rule of either kind, and what both have in common.
type ruleSpec struct {
	http        *gwv1.HTTPRouteRule
	grpc        *gwv1.GRPCRouteRule
	matches     int
	filters     []gwv1.HTTPRouteFilter
	backends    int
	persistence *gwv1.SessionPersistence
}

func specOf(route *objects.Route, i int) ruleSpec {
	if route.HTTP != nil {
		if len(route.HTTP.Spec.Rules) == 0 {
			return ruleSpec{http: &gwv1.HTTPRouteRule{}} // the API's default: everything, and no backend for it
		}
		rule := &route.HTTP.Spec.Rules[i]
		return ruleSpec{
			http: rule, matches: len(rule.Matches), filters: rule.Filters, backends: len(rule.BackendRefs),
			persistence: rule.SessionPersistence,
		}
	}
	rule := &route.GRPC.Spec.Rules[i]
	return ruleSpec{
		grpc: rule, matches: len(rule.Matches), filters: httpFilters(rule.Filters), backends: len(rule.BackendRefs),
		persistence: rule.SessionPersistence,
	}
}

// backendsOf counts the backendRefs of a rule.
func backendsOf(route *objects.Route, i int) int {
	switch {
	case route.GRPC != nil:
		return len(route.GRPC.Spec.Rules[i].BackendRefs)
	case len(route.HTTP.Spec.Rules) == 0:
		return 0
	}
	return len(route.HTTP.Spec.Rules[i].BackendRefs)
}

func (s *ruleSpec) backend(i int) (*gwv1.BackendRef, []gwv1.HTTPRouteFilter) {
	if s.http != nil {
		return &s.http.BackendRefs[i].BackendRef, s.http.BackendRefs[i].Filters
	}
	return &s.grpc.BackendRefs[i].BackendRef, httpFilters(s.grpc.BackendRefs[i].Filters)
}

func (s *ruleSpec) match(i int, m *match) *flaw {
	if s.http != nil {
		return m.resolveHTTP(i, &s.http.Matches[i])
	}
	return m.resolveGRPC(i, &s.grpc.Matches[i])
}

// httpFilters reads the filters of a GRPCRoute as those of an HTTPRoute, of which they are a part.
func httpFilters(list []gwv1.GRPCRouteFilter) []gwv1.HTTPRouteFilter {
	if len(list) == 0 {
		return nil
	}
	out := make([]gwv1.HTTPRouteFilter, len(list))
	for i, f := range list {
		out[i] = gwv1.HTTPRouteFilter{
			Type: gwv1.HTTPRouteFilterType(f.Type), RequestHeaderModifier: f.RequestHeaderModifier,
			ResponseHeaderModifier: f.ResponseHeaderModifier, RequestMirror: f.RequestMirror, ExtensionRef: f.ExtensionRef,
		}
	}
	return out
}

func resolveRoute(r *objects.Reader, route *objects.Route, n int) *Resolved {
	mem := arenas.Get(r)
	res := mem.resolved.One()
	res.Route, res.Rules = route, mem.rules.Take(n)
	rr := ruleResolver{Reader: r, mem: mem, route: route, out: res}
	uses, dropped := 0, 0
	for i := range n {
		uses += backendsOf(route, i)
	}
	res.Uses = mem.uses.Take(uses)[:0]
	for i := range n {
		s := specOf(route, i)
		rr.rule, rr.index, rr.dropped = &res.Rules[i], i, false
		rr.resolve(&s)
		if rr.dropped {
			dropped++
		}
	}
	res.AllDropped = dropped > 0 && dropped == n
	return res
}

// ruleResolver resolves one rule.
type ruleResolver struct {
	*objects.Reader
	route   *objects.Route
	out     *Resolved
	rule    *rule
	index   int
	dropped bool
	// prefixes: every match of the rule is of a path prefix.
	prefixes bool

	mem *arena
}

func (r *ruleResolver) resolve(spec *ruleSpec) {
	r.rule.index, r.rule.failShare = r.index, 500
	if spec.grpc != nil {
		r.rule.failShare = 503 // UNAVAILABLE to a gRPC client, where 500 would be UNKNOWN
	}
	r.resolveMatches(spec)
	r.resolveFilters(spec)
	r.resolveBackends(spec)
	r.resolveLimits(spec)
	r.resolvePersistence(spec)
	r.rule.traits = r.rule.filters.Traits
	for i := range r.rule.backends {
		r.rule.traits |= r.rule.backends[i].filters.Traits
	}
	if r.dropped || r.rule.filters.Failed {
		r.rule.fail, r.rule.filters = r.rule.failShare, &filter.None // a part of what was wanted may be worse than nothing
	}
	if r.rule.fail != 0 {
		return
	}
	r.out.traits |= r.rule.traits
	r.out.Uses = append(r.out.Uses, r.rule.filters.Asks...)
	forwards := false
	for i := range r.rule.backends {
		b := &r.rule.backends[i]
		if b.backend == nil {
			continue
		}
		r.out.Uses = append(r.out.Uses, b.filters.Asks...)
		if b.filters.Traits&filter.Terminal != 0 {
			continue // nothing is sent there, nor to what its filters name
		}
		forwards = true
		r.out.Uses = append(append(r.out.Uses, b.filters.Uses...), b.backend)
	}
	if forwards {
		r.out.Uses = append(r.out.Uses, r.rule.filters.Uses...)
	}
}

func (r *ruleResolver) field(rest string) string {
	if rest == "" {
		return fmt.Sprintf("spec.rules[%d]", r.index)
	}
	return fmt.Sprintf("spec.rules[%d].%s", r.index, strings.TrimSuffix(rest, "."))
}

func (r *ruleResolver) drop(code status.Code, field, detail string) {
	r.dropped = true
	r.out.Dropped = append(r.out.Dropped, status.Problem{Code: code, Field: r.field(field), Detail: detail})
}

// resolveMatches keeps the matches that Envoy can carry out. One that it cannot would have to match other requests than
// it says, so it serves nothing, and the rest of its rule fails.
func (r *ruleResolver) resolveMatches(spec *ruleSpec) {
	room := r.mem.matches.Take(max(spec.matches, 1))
	n := 0
	if spec.matches == 0 {
		room[0] = match{path: everyPath, order: pathOrder(everyPath)}
		n++
	}
	for i := range spec.matches {
		m := &room[n]
		if f := spec.match(i, m); f != nil {
			r.drop(status.UnsupportedValue, fmt.Sprintf("matches[%d].%s", i, f.field), f.detail)
			*m = match{}
			continue
		}
		n++
	}
	r.rule.matches = room[:n]
	r.prefixes = true
	for i := range r.rule.matches {
		r.prefixes = r.prefixes && r.rule.matches[i].path.Type == gwv1.PathMatchPathPrefix
	}
}

func (r *ruleResolver) resolveFilters(spec *ruleSpec) {
	r.rule.filters = r.filters("", spec.filters)
	if r.rule.filters.Traits&filter.Terminal != 0 && spec.backends > 0 {
		r.drop(status.IncompatibleFilters, "backendRefs", "a rule that redirects has no backends")
	}
}

// filters resolves a list. The prefix is where the fields of problems with it start.
func (r *ruleResolver) filters(prefix string, list []gwv1.HTTPRouteFilter) *filter.Set {
	if len(list) == 0 {
		return &filter.None
	}
	set, found := filter.Resolve(r.Reader, r.route, r.index, list, r.prefixes)
	r.out.Targets = append(r.out.Targets, found.Targets...)
	for _, p := range found.Unresolved {
		p.Field = r.field(prefix + p.Field)
		r.out.Unresolved = append(r.out.Unresolved, p)
	}
	for _, p := range found.Dropped {
		r.drop(p.Code, prefix+p.Field, p.Detail)
	}
	return set
}

const maxWeight = 1_000_000

func (r *ruleResolver) resolveBackends(spec *ruleSpec) {
	valid, terminal := false, r.rule.filters.Traits&filter.Terminal != 0
	total := uint64(0)
	r.rule.backends = r.mem.backends.Take(spec.backends)[:0]
	for i := range spec.backends {
		ref, filters := spec.backend(i)
		w := weighted{index: int32(i), weight: 1}
		if ref.Weight != nil {
			if *ref.Weight < 0 || *ref.Weight > maxWeight {
				r.drop(status.UnsupportedValue, fmt.Sprintf("backendRefs[%d].weight", i), "is not between 0 and 1000000")
				continue
			}
			w.weight = uint32(*ref.Weight)
		}
		r.resolveBackend(&w, ref, filters)
		if w.weight == 0 {
			continue
		}
		total += uint64(w.weight)
		valid = valid || w.backend != nil
		r.rule.backends = append(r.rule.backends, w)
	}
	if total > math.MaxUint32 {
		r.drop(status.UnsupportedValue, "backendRefs", "have weights of more than 4294967295 together")
	}
	if !valid && !terminal {
		r.rule.fail = r.rule.failShare
	}
}

func (r *ruleResolver) resolveBackend(w *weighted, ref *gwv1.BackendRef, filters []gwv1.HTTPRouteFilter) {
	b, problem := backend.Resolve(r.Reader, &r.route.RouteKey, &ref.BackendObjectReference)
	if b != nil && b.Targeted {
		r.out.Targets = append(r.out.Targets, b.Service)
	}
	switch {
	case problem != nil:
		p := *problem
		p.Field = r.field(fmt.Sprintf("backendRefs[%d].%s", w.index, p.Field))
		r.out.Unresolved = append(r.out.Unresolved, p)
	case b.Cluster != nil:
		w.backend = b
	}
	w.filters = &filter.None
	if len(filters) > 0 {
		w.filters = r.filters(fmt.Sprintf("backendRefs[%d].", w.index), filters)
	}
	if w.filters.Failed {
		w.backend = nil
	}
}
