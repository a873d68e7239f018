package filter

import (
	"maps"
	"slices"
	"strings"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extauthzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
	"github.com/gatewayxds/gatewayxds/status"
)

// Requests is the filters that requests of a listener pass before they are routed (GEP-5224).
type Requests struct {
	HTTP []*hcmv3.HttpFilter // in the order of the spec
	// Uses are the backends that they ask, Targets the Services among them that policies target.
	Uses    []*backend.Backend
	Targets []objects.Name
	// Problems have fields relative to the listener. Their filters refuse every request.
	Problems []status.Problem
}

// RequestsOf is empty for a listener without filters, and one that is not accepted.
var RequestsOf = objects.NewUnit("listener filters", func(r *objects.Reader, k attach.ListenerKey) *Requests {
	out := &Requests{}
	l := attach.Gateways.Get(r, k.Gateway).Listeners[k.Index]
	if !l.Accepted {
		return out
	}
	chain := envoy.FilterChain(string(l.Owner.Kind), l.Owner.Namespace, l.Owner.Name.Name, string(l.Name))
	for i := range l.Filters {
		out.HTTP = append(out.HTTP, httpFilter(envoy.ListenerFilter(chain, i), out.auth(r, l, i)))
	}
	return out
})

// auth is the filter that asks a backend about each request, and then forgets the route that Envoy has chosen before,
// since the headers of the answer are there to choose another. One that cannot ask refuses every request.
func (out *Requests) auth(r *objects.Reader, l *attach.Listener, i int) *anypb.Any {
	from := &objects.RouteKey{Kind: l.Owner.Kind, Namespace: l.Owner.Namespace, Name: l.Owner.Name.Name}
	res := resolver{Reader: r, from: from, set: &Set{}, index: i}
	config := res.authConfig(l.Filters[i].ExternalAuth)
	out.Uses = append(out.Uses, res.set.Asks...)
	out.Targets = append(out.Targets, res.found.Targets...)
	for _, p := range res.found.Unresolved {
		code := status.ListenerInvalidFilterRef
		if p.Code == status.RefNotPermitted {
			code = status.ListenerRefNotPermitted
		}
		out.problem(code, p)
	}
	for _, p := range res.found.Dropped {
		out.problem(status.ListenerInvalidFilter, p)
	}
	if config == nil {
		return envoy.Any(refuseAll)
	}
	config.ClearRouteCache = true
	// Whatever an answer says, the host stays, by which the listener was chosen, and what frames the request.
	config.DecoderHeaderMutationRules = &mutationv3.HeaderMutationRules{
		DisallowExpression: rewrite.RegexMatcher(strings.Join(slices.Sorted(maps.Keys(framing)), "|")),
	}
	return envoy.Any(config)
}

// problem reports a problem of the resolver, which counts the filters of routes.
func (out *Requests) problem(code status.Code, p status.Problem) {
	field := strings.Replace(p.Field, "filters", "filters.requests", 1)
	out.Problems = append(out.Problems, status.Problem{Code: code, Field: field, Detail: p.Detail})
}

// refuseAll asks a cluster that never exists.
var refuseAll = &extauthzv3.ExtAuthz{
	TransportApiVersion: corev3.ApiVersion_V3,
	StatusOnError:       &typev3.HttpStatus{Code: typev3.StatusCode_InternalServerError},
	Services: &extauthzv3.ExtAuthz_HttpService{HttpService: &extauthzv3.HttpService{ServerUri: &corev3.HttpUri{
		Uri:              "http://ext-authz",
		HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: envoy.NoCluster},
		Timeout:          durationpb.New(authTimeout),
	}}},
}

// enabled switches on a filter that is off elsewhere.
var enabled = envoy.Any(&extauthzv3.ExtAuthzPerRoute{Override: &extauthzv3.ExtAuthzPerRoute_CheckSettings{CheckSettings: &extauthzv3.CheckSettings{}}})

// Off are the filters for a chain that other listeners share: off, unless a virtual host switches them on.
func (out *Requests) Off() []*hcmv3.HttpFilter {
	list := make([]*hcmv3.HttpFilter, len(out.HTTP))
	for i, f := range out.HTTP {
		list[i] = &hcmv3.HttpFilter{Name: f.Name, ConfigType: f.ConfigType, Disabled: true}
	}
	return list
}

// On switches the filters on, in a virtual host of the listener.
func (out *Requests) On() map[string]*anypb.Any {
	if len(out.HTTP) == 0 {
		return nil
	}
	m := make(map[string]*anypb.Any, len(out.HTTP))
	for _, f := range out.HTTP {
		m[f.Name] = enabled
	}
	return m
}
