package filter

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

type mirror struct {
	cluster string
	share   *typev3.FractionalPercent // nil: every request
}

func resolveMirror(r *resolver, f *gwv1.HTTPRouteFilter) {
	share, detail := mirrorShare(f.RequestMirror)
	if detail != "" {
		r.drop(status.UnsupportedValue, "requestMirror", detail)
		return
	}
	b, problem := backend.Resolve(r.Reader, r.from, &f.RequestMirror.BackendRef)
	if b != nil && b.Targeted {
		r.found.Targets = append(r.found.Targets, b.Service)
	}
	if problem != nil {
		// The copy is lost, the request itself is served (Gateway API, HTTPRequestMirrorFilter).
		r.unresolved(problem.Code, "requestMirror.backendRef."+problem.Field, problem.Detail)
		return
	}
	if share != nil && share.Numerator == 0 || b.Cluster == nil {
		return
	}
	r.set.Uses = append(r.set.Uses, b)
	r.add(mirror{cluster: b.Cluster.Name, share: share})
}

const million = 1_000_000

// mirrorShare is the part of requests to mirror, nil for all of them, or what is wrong with it.
func mirrorShare(f *gwv1.HTTPRequestMirrorFilter) (share *typev3.FractionalPercent, detail string) {
	switch {
	case f.Percent != nil && f.Fraction != nil:
		return nil, "percent and fraction exclude each other"
	case f.Percent != nil:
		if *f.Percent < 0 || *f.Percent > 100 {
			return nil, fmt.Sprintf("percent %d is not between 0 and 100", *f.Percent)
		}
		return &typev3.FractionalPercent{Numerator: uint32(*f.Percent), Denominator: typev3.FractionalPercent_HUNDRED}, ""
	case f.Fraction != nil:
		n, d := int64(f.Fraction.Numerator), int64(objects.Deref(f.Fraction.Denominator, 100))
		if n < 0 || d < 1 || n > d {
			return nil, fmt.Sprintf("%d/%d is no fraction of the requests", n, d)
		}
		return &typev3.FractionalPercent{
			Numerator:   uint32((n*million + d/2) / d),
			Denominator: typev3.FractionalPercent_MILLION,
		}, ""
	}
	return nil, ""
}

func (mirror) Traits() Traits { return 0 }

func (e mirror) Apply(t *Target) {
	if t.Action == nil {
		return
	}
	policy := &routev3.RouteAction_RequestMirrorPolicy{Cluster: e.cluster, DisableShadowHostSuffixAppend: true}
	if e.share != nil {
		policy.RuntimeFraction = &corev3.RuntimeFractionalPercent{DefaultValue: independent(e.share, t.Split)}
	}
	t.Action.RequestMirrorPolicies = append(t.Action.RequestMirrorPolicies, policy)
}

// independent is a share drawn from other digits of the random number than the route was, when that was drawn too.
func independent(share *typev3.FractionalPercent, split bool) *typev3.FractionalPercent {
	if !split || share.Denominator != typev3.FractionalPercent_MILLION {
		return share
	}
	return &typev3.FractionalPercent{
		Numerator:   (share.Numerator + 50) / 100,
		Denominator: typev3.FractionalPercent_TEN_THOUSAND,
	}
}
