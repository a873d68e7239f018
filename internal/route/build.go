package route

import (
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
)

// BuildKey is a route and the listener's scheme and port, which only redirects look at; no port for routes without any.
type BuildKey struct {
	Route objects.RouteID
	Port  uint32
	HTTPS bool
}

func (k BuildKey) origin() rewrite.Origin {
	switch {
	case k.Port == 0:
		return rewrite.Origin{}
	case k.HTTPS:
		return rewrite.Origin{Scheme: "https", Port: k.Port}
	}
	return rewrite.Origin{Scheme: "http", Port: k.Port}
}

// Built is one match of one rule.
type Built struct {
	// Envoy holds the Envoy routes of the match, in this order and with nothing between them. They are shared by the
	// virtual hosts of all listeners with one origin.
	Envoy []*routev3.Route
	match *match
	rule  int32
	// Opaque: any field of the Envoy routes may have been written, by a hook or an extension.
	Opaque bool
}

// Entry is a match in the virtual host of a domain.
type Entry struct {
	Route    *objects.Route
	Original string // the key of the route's hostname that covers the domain; "" if it names none
	Built    *Built
}

// Build is the Envoy routes of a route on listeners of one scheme and port.
func Build(r *objects.Reader, res *Resolved, port uint32, https bool) []Built {
	k := BuildKey{Route: res.Route.ID}
	if res.traits&filter.PerOrigin != 0 {
		k.Port, k.HTTPS = port, https
	}
	return builds.Get(r, k)
}

var builds = objects.NewUnit("envoy routes", func(r *objects.Reader, k BuildKey) []Built {
	res := Rules.Get(r, k.Route)
	if res == nil {
		return nil
	}
	matches := 0
	for i := range res.Rules {
		matches += len(res.Rules[i].matches)
	}
	mem := arenas.Get(r)
	b := &mem.builder
	b.Resolved, b.origin, b.mem, b.hook = res, k.origin(), mem, r.Settings.OnRoute
	b.out = mem.built.Take(matches)[:0]
	b.prefix = envoy.AppendRoutePrefix(b.prefix[:0], string(res.Route.Kind), res.Route.Namespace, res.Route.Name)
	b.names, b.ends, b.finish = b.names[:0], b.ends[:0], b.finish[:0]
	for i := range res.Rules {
		b.rule(&res.Rules[i])
	}
	b.setNames()
	b.finishRoutes()
	return b.out
}).PerRoute(func(k BuildKey) objects.RouteID { return k.Route })

// builder builds the Envoy routes of one route.
type builder struct {
	*Resolved
	origin rewrite.Origin
	mem    *arena
	hook   func(*objects.Route, int, int, *routev3.Route)
	out    []Built
	prefix []byte // of names
	names  []byte // of all routes emitted
	ends   []int  // of each name

	emitted []*routev3.Route // of the match at hand
	finish  []finish
	target  filter.Target // scratch
	// weights are the weighted clusters of the rule at hand, if its matches can share them.
	weights *routev3.RouteAction_WeightedClusters
}

// finish is what an extension writes into a route that has its name, before hooks see it.
type finish struct {
	at    int // of the routes emitted
	write func(*routev3.Route)
}

// end moves what effects left into the last route emitted.
func (b *builder) end(e *routev3.Route) {
	b.target.Route(e)
	for _, write := range b.target.Finish {
		b.finish = append(b.finish, finish{at: len(b.ends) - 1, write: write})
	}
}

// finishRoutes lets extensions and hooks write into routes, which then are their own: up to here they share what is the
// same.
func (b *builder) finishRoutes() {
	at, next := 0, 0
	for _, built := range b.out {
		for i := range built.Envoy {
			if built.Opaque {
				built.Envoy[i] = proto.CloneOf(built.Envoy[i])
			}
			for ; next < len(b.finish) && b.finish[next].at == at; next++ {
				b.finish[next].write(built.Envoy[i])
			}
			if b.hook != nil {
				b.hook(b.Route, int(built.rule), int(built.match.index), built.Envoy[i])
			}
			at++
		}
	}
}

func (b *builder) rule(r *rule) {
	b.weights = nil
	opaque := b.hook != nil || r.traits&filter.Opaque != 0
	var shared *routev3.Route // has an action that the matches after it may share
	var under *match          // the match it was made for
	var sharedAt int          // its place among the routes emitted
	for i := range r.matches {
		m := &r.matches[i]
		b.emitted = b.emitted[:0]
		switch {
		case r.fail != 0:
			b.answer(b.emit(r, m, ""), m, r.fail, r.filters)
		case b.needsSplit(r):
			b.split(r, m)
		case shared != nil && r.sameFor(under, m):
			b.share(b.emit(r, m, ""), shared, sharedAt)
		default:
			shared, under, sharedAt = b.emit(r, m, ""), m, len(b.ends)-1
			b.action(r, m, shared)
		}
		if r.fail == 0 && m.http != nil && m.http.Method != nil && *m.http.Method != "OPTIONS" && b.hasPreflight(r) {
			b.preflights(r, m)
		}
		built := b.mem.envoy.Take(len(b.emitted))
		copy(built, b.emitted)
		b.out = append(b.out, Built{match: m, rule: int32(r.index), Opaque: opaque, Envoy: built})
	}
}

// share gives the last route emitted the action of another that does the same, and what finishes that.
func (b *builder) share(to, from *routev3.Route, fromAt int) {
	for _, f := range b.finish {
		if f.at == fromAt {
			b.finish = append(b.finish, finish{at: len(b.ends) - 1, write: f.write})
		}
	}
	to.Action = from.Action
	to.RequestHeadersToAdd, to.RequestHeadersToRemove = from.RequestHeadersToAdd, from.RequestHeadersToRemove
	to.ResponseHeadersToAdd, to.ResponseHeadersToRemove = from.ResponseHeadersToAdd, from.ResponseHeadersToRemove
	to.TypedPerFilterConfig = from.TypedPerFilterConfig
}

// sameFor reports whether the rule does the same under both matches.
func (r *rule) sameFor(a, b *match) bool {
	if !r.filters.SameFor(a.path, b.path) {
		return false
	}
	for i := range r.backends {
		if !r.backends[i].filters.SameFor(a.path, b.path) {
			return false
		}
	}
	return true
}

// emit starts the Envoy route of a match.
func (b *builder) emit(r *rule, m *match, suffix string) *routev3.Route {
	block := b.mem.routes.One()
	e := &block.route
	e.Match = &block.match
	b.emitted = append(b.emitted, e)
	b.names = append(envoy.AppendRoute(b.names, b.prefix, r.index, int(m.index)), suffix...)
	b.ends = append(b.ends, len(b.names))
	b.path(block, m)
	b.routeMatch(e.Match, m)
	return e
}

// setNames cuts the names of all routes from one string.
func (b *builder) setNames() {
	names, start, i := b.mem.text(b.names), 0, 0
	for _, built := range b.out {
		for _, e := range built.Envoy {
			e.Name = names[start:b.ends[i]]
			start = b.ends[i]
			i++
		}
	}
}

// answer has Envoy answer by itself, with the headers that filters give the answers of backends.
func (b *builder) answer(e *routev3.Route, m *match, code uint32, filters ...*filter.Set) {
	e.Action = directResponse(code)
	if !slices.ContainsFunc(filters, func(s *filter.Set) bool { return len(s.Effects) > 0 }) {
		return
	}
	t := &b.target
	*t = filter.Target{Match: m.path, Origin: b.origin, Action: &routev3.RouteAction{}}
	for _, set := range filters {
		t.Apply(set)
	}
	t.Answer(e)
}

func directResponse(code uint32) *routev3.Route_DirectResponse {
	return &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: code}}
}

// action writes what a rule does whose backends fit one Envoy route.
func (b *builder) action(r *rule, m *match, e *routev3.Route) {
	if r.filters.Traits&filter.Terminal != 0 {
		b.target = filter.Target{Match: m.path, Origin: b.origin}
		b.target.Apply(r.filters)
		b.end(e)
		e.Action = &routev3.Route_Redirect{Redirect: b.target.Redirect}
		return
	}
	block := b.mem.actions.One()
	a := &block.action
	block.spec.Route = a
	e.Action = &block.spec
	r.limits.apply(a)
	if len(r.filters.Effects) > 0 || r.compose() || r.persistence != nil {
		b.effects(r, m, e, a)
	}
	if len(r.backends) == 1 {
		block.cluster.Cluster = r.backends[0].backend.Cluster.Name
		a.ClusterSpecifier = &block.cluster
		return
	}
	if b.weights == nil || r.compose() {
		b.weights = b.weightedClusters(r, m)
	}
	a.ClusterSpecifier = b.weights
	if r.invalid() {
		a.ClusterNotFoundResponseCode = notFound(r.failShare)
	}
}

// effects writes those of a rule, and of its backend if it is the only one.
func (b *builder) effects(r *rule, m *match, e *routev3.Route, a *routev3.RouteAction) {
	t := &b.target
	*t = filter.Target{Match: m.path, Origin: b.origin, Action: a}
	t.Apply(r.filters)
	switch {
	case len(r.backends) == 1:
		t.Apply(r.backends[0].filters)
		r.persistence.apply(t)
	case r.compose():
		// Envoy applies a weighted cluster's modifications before the route's, so the rule would have the last word:
		// both levels go into each cluster, and the route keeps none.
		t.DropHeaders()
		a.HostRewriteSpecifier = nil
	}
	b.end(e)
}

// compose reports whether backends have effects of their own, of the kind that weighted clusters can have.
func (r *rule) compose() bool {
	for i := range r.backends {
		if len(r.backends[i].filters.Effects) > 0 {
			return true
		}
	}
	return false
}

func (r *rule) invalid() bool {
	for i := range r.backends {
		if r.backends[i].backend == nil {
			return true
		}
	}
	return false
}

func notFound(code uint32) routev3.RouteAction_ClusterNotFoundResponseCode {
	if code == 503 {
		return routev3.RouteAction_SERVICE_UNAVAILABLE
	}
	return routev3.RouteAction_INTERNAL_SERVER_ERROR
}

func (b *builder) weightedClusters(r *rule, m *match) *routev3.RouteAction_WeightedClusters {
	compose := r.compose()
	head := b.mem.weights.One()
	clusters := b.mem.clusters.Take(len(r.backends))
	list := head.room[:0]
	for i := range r.backends {
		w, c := &r.backends[i], &clusters[i]
		c.Weight = b.mem.weight(w.weight)
		c.Name = envoy.NoCluster
		if w.backend != nil {
			c.Name = w.backend.Cluster.Name
		}
		if compose {
			t := &b.target
			*t = filter.Target{Match: m.path, Origin: b.origin}
			t.Apply(r.filters)
			t.KeepOnRoute()
			if w.backend != nil {
				t.Apply(w.filters)
			}
			t.ClusterWeight(c)
		}
		list = append(list, c)
	}
	head.weights.Clusters = list
	head.spec.WeightedClusters = &head.weights
	return &head.spec
}
