package route

import (
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/gatewayxds/gatewayxds/internal/filter"
)

// needsSplit reports whether one of several backends has an effect that weighted clusters cannot have.
func (b *builder) needsSplit(r *rule) bool {
	if len(r.backends) < 2 {
		return len(r.backends) == 1 && r.backends[0].filters.Traits&filter.Terminal != 0
	}
	for i := range r.backends {
		for _, e := range r.backends[i].filters.Effects {
			if e.Traits()&filter.Weighted == 0 {
				return true
			}
		}
	}
	return false
}

const million = 1_000_000

// split builds one Envoy route per backend. Envoy draws one random number per request and compares it with every
// route's fraction, so the fractions are cumulative, and the last route takes what is left.
func (b *builder) split(r *rule, m *match) {
	var total, sum uint64
	for i := range r.backends {
		total += uint64(r.backends[i].weight)
	}
	for i := range r.backends {
		w := &r.backends[i]
		sum += uint64(w.weight)
		e := b.emit(r, m, backendSuffix(w))
		if i < len(r.backends)-1 {
			e.Match.RuntimeFraction = &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{
				Numerator:   uint32((sum*million + total/2) / total),
				Denominator: typev3.FractionalPercent_MILLION,
			}}
		}
		b.splitAction(r, m, w, e)
	}
}

func backendSuffix(w *weighted) string { return "/backend/" + strconv.Itoa(int(w.index)) }

func (b *builder) splitAction(r *rule, m *match, w *weighted, e *routev3.Route) {
	if w.backend == nil {
		b.answer(e, m, r.failShare, r.filters, w.filters)
		return
	}
	a := &routev3.RouteAction{}
	t := &b.target
	*t = filter.Target{Match: m.path, Origin: b.origin, Action: a, Split: true}
	r.limits.apply(a)
	t.Apply(r.filters)
	t.Apply(w.filters)
	b.end(e)
	if t.Redirect != nil {
		e.Action = &routev3.Route_Redirect{Redirect: t.Redirect}
		return
	}
	a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: w.backend.Cluster.Name}
	e.Action = &routev3.Route_Route{Route: a}
}

func (b *builder) hasPreflight(r *rule) bool {
	return r.traits&filter.Preflight != 0
}

// preflights adds, to the routes of a match that names a method, those for the preflights of such requests: a preflight
// has the method OPTIONS, and would find no policy.
func (b *builder) preflights(r *rule, m *match) {
	split, first := b.needsSplit(r), len(b.ends)-len(b.emitted)
	for i, e := range b.emitted {
		suffix := "/preflight"
		if split {
			suffix = backendSuffix(&r.backends[i]) + suffix
		}
		p := b.emit(r, m, suffix)
		p.Match.RuntimeFraction = e.Match.RuntimeFraction
		for _, h := range p.Match.Headers {
			if h.Name == ":method" {
				h.HeaderMatchSpecifier = exactHeader("OPTIONS")
			}
		}
		p.Match.Headers = append(p.Match.Headers, &routev3.HeaderMatcher{
			Name: "access-control-request-method", HeaderMatchSpecifier: exactHeader(string(*m.http.Method)),
		})
		b.share(p, e, first+i)
	}
}

func exactHeader(value string) *routev3.HeaderMatcher_StringMatch {
	return &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
		MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value},
	}}
}
