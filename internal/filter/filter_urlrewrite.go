package filter

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

type urlRewrite struct{ rewrite.URLRewrite }

func resolveURLRewrite(r *resolver, f *gwv1.HTTPRouteFilter) {
	parsed, errs := rewrite.ParseURLRewrite(f.URLRewrite)
	if len(errs) > 0 {
		r.dropAll("urlRewrite", errs)
		return
	}
	if parsed.NeedsPrefix() {
		r.needsPrefix("urlRewrite")
	}
	e := workshops.Get(r.Reader).rewrites.One()
	e.URLRewrite = parsed
	r.add(e)
}

// Traits: a weighted cluster can have a hostname of its own, but no path.
func (e *urlRewrite) Traits() Traits {
	if e.Path == (rewrite.Path{}) {
		return Weighted
	}
	return 0
}

func (e *urlRewrite) sameFor(a, b rewrite.Match) bool { return e.Path.SameFor(a, b) }

func (e *urlRewrite) Apply(t *Target) {
	if t.Action == nil {
		if e.Hostname != "" {
			t.Hostname = e.Hostname
		}
		return
	}
	e.URLRewrite.Apply(t.Action, t.Match)
}
