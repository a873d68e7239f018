package filter

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

type redirect struct{ rewrite.Redirect }

func resolveRedirect(r *resolver, f *gwv1.HTTPRouteFilter) {
	parsed, errs := rewrite.ParseRedirect(f.RequestRedirect)
	if len(errs) > 0 {
		r.dropAll("requestRedirect", errs)
		return
	}
	if parsed.NeedsPrefix() {
		r.needsPrefix("requestRedirect")
	}
	r.add(redirect{parsed})
}

// Traits: the answer's port depends on the listener.
func (redirect) Traits() Traits { return PerOrigin | Terminal }

func (e redirect) sameFor(a, b rewrite.Match) bool { return e.Path.SameFor(a, b) }

func (e redirect) Apply(t *Target) { t.Redirect = e.Action(t.Match, t.Origin) }
