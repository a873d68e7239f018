package filter

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filterchainv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/filter_chain/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/rewrite"
)

// chainFilter is the HTTP filter that runs the chains of routes.
const chainFilter = "envoy.filters.http.filter_chain"

// Target is where effects are written: first those of the rule, then those of the backendRef. The order of writing is
// the order in which they act.
type Target struct {
	Match  rewrite.Match
	Origin rewrite.Origin
	// Split: the route is one of several that share the random number of a request by its value modulo a million.
	Split bool

	Action    *routev3.RouteAction // nil in a weighted cluster
	Redirect  *routev3.RedirectAction
	PerFilter map[string]*anypb.Any
	// Finish writes into the finished route, last.
	Finish   []func(*routev3.Route)
	Hostname string // of a weighted cluster
	Request  headers
	Response headers

	chain   []*corev3.TypedExtensionConfig // HTTP filters that run for this target's requests alone
	onRoute int                            // how many of them the route has, too
}

// Apply writes every effect of a set.
func (t *Target) Apply(set *Set) {
	for _, e := range set.Effects {
		e.Apply(t)
	}
}

func (t *Target) perFilter(name string, config *anypb.Any) {
	if t.PerFilter == nil {
		t.PerFilter = map[string]*anypb.Any{}
	}
	t.PerFilter[name] = config
}

// AddFilter puts an HTTP filter at the end of the target's own chain, which runs before the router.
func (t *Target) AddFilter(name string, config *anypb.Any) {
	// Packing the chain writes into caches of its messages. What is resolved stays as it is, so this one is new.
	t.chain = append(t.chain, &corev3.TypedExtensionConfig{
		Name: name, TypedConfig: &anypb.Any{TypeUrl: config.GetTypeUrl(), Value: config.GetValue()},
	})
}

// rewriteHost replaces the Host header.
func (t *Target) rewriteHost(name string) {
	if t.Action != nil {
		t.Action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: name}
		return
	}
	t.Hostname = name
}

// DropHeaders forgets all modifications of headers.
func (t *Target) DropHeaders() { t.Request, t.Response = headers{}, headers{} }

// KeepOnRoute says that the route carries what was written up to now for HTTP filters. A weighted cluster's chain takes
// the place of its route's, so it repeats that if it adds anything.
func (t *Target) KeepOnRoute() { t.PerFilter, t.onRoute = nil, len(t.chain) }

// perFilters is the configuration of HTTP filters, the chain included.
func (t *Target) perFilters() map[string]*anypb.Any {
	if len(t.chain) > t.onRoute {
		t.perFilter(chainFilter, envoy.Any(&filterchainv3.FilterChainConfigPerRoute{
			FilterChain: &filterchainv3.FilterChain{Filters: t.chain},
		}))
	}
	return t.PerFilter
}

// Route moves what the effects left into a route.
func (t *Target) Route(r *routev3.Route) {
	r.RequestHeadersToAdd, r.RequestHeadersToRemove = t.Request.options()
	r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = t.Response.options()
	r.TypedPerFilterConfig = t.perFilters()
}

// Answer moves what the effects left for answers into a route that Envoy answers by itself.
func (t *Target) Answer(r *routev3.Route) {
	r.ResponseHeadersToAdd, r.ResponseHeadersToRemove = t.Response.options()
}

// ClusterWeight moves what the effects left into a weighted cluster.
func (t *Target) ClusterWeight(w *routev3.WeightedCluster_ClusterWeight) {
	w.RequestHeadersToAdd, w.RequestHeadersToRemove = t.Request.options()
	w.ResponseHeadersToAdd, w.ResponseHeadersToRemove = t.Response.options()
	w.TypedPerFilterConfig = t.perFilters()
	if t.Hostname != "" {
		w.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{HostRewriteLiteral: t.Hostname}
	}
}

func httpFilter(name string, config *anypb.Any) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: config}}
}

func headerOption(name, value string, action corev3.HeaderValueOption_HeaderAppendAction) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:         &corev3.HeaderValue{Key: name, Value: value},
		AppendAction:   action,
		KeepEmptyValue: true,
	}
}
