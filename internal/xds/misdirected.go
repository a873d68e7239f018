package xds

import (
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/route"
)

// A client may reuse a connection to one HTTPS listener for hosts of another, if the certificate covers both. Such a
// request is misdirected and gets 421 (GEP-3567), so that the client opens a connection of its own, on which that
// listener's certificate and client validation hold.
//
// All listeners of a port share one table, whose size is linear in their number: each filter chain notes its listener in
// the connection's filter state, and the routes of a listener's domains match that note. Two more routes end every
// virtual host: the listener's own connection finds nothing (404), any other is misdirected (421).

// stateKey is where a connection's filter state says which listener it belongs to.
const stateKey = "gatewayxds.listener"

// guard is the routes of entries, n of them, for connections of their listener alone.
func guard(l *attach.Listener, entries []route.Entry, n int) []*routev3.Route {
	own := []*matcherv3.FilterStateMatcher{{
		Key: stateKey,
		Matcher: &matcherv3.FilterStateMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: chainName(l)},
		}},
	}}
	out := make([]*routev3.Route, 0, n+2)
	for i := range entries {
		for _, e := range entries[i].Built.Envoy {
			if entries[i].Built.Opaque {
				g := proto.CloneOf(e)
				g.Match.FilterState = append(g.Match.FilterState, own...)
				out = append(out, g)
				continue
			}
			out = append(out, guarded(e, own))
		}
	}
	nothing := answer("not-found", 404)
	nothing.Match.FilterState = own
	return append(out, nothing, answer("misdirected", 421))
}

// guarded is a route that also matches the filter state. It shares all else with the original, of which it knows the
// fields that this library writes.
func guarded(e *routev3.Route, own []*matcherv3.FilterStateMatcher) *routev3.Route {
	m := e.Match
	return &routev3.Route{
		Name: e.Name,
		Match: &routev3.RouteMatch{
			PathSpecifier:   m.PathSpecifier,
			RuntimeFraction: m.RuntimeFraction,
			Headers:         m.Headers,
			QueryParameters: m.QueryParameters,
			Grpc:            m.Grpc,
			FilterState:     own,
		},
		Action:                  e.Action,
		TypedPerFilterConfig:    e.TypedPerFilterConfig,
		RequestHeadersToAdd:     e.RequestHeadersToAdd,
		RequestHeadersToRemove:  e.RequestHeadersToRemove,
		ResponseHeadersToAdd:    e.ResponseHeadersToAdd,
		ResponseHeadersToRemove: e.ResponseHeadersToRemove,
	}
}

// noteListener is the network filter by which a chain notes its listener.
func noteListener(l *attach.Listener) *listenerv3.Filter {
	return &listenerv3.Filter{
		Name: "envoy.filters.network.set_filter_state",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: envoy.Any(&setfilterstatev3.Config{
			OnNewConnection: []*filterstatev3.FilterStateValue{{
				Key:        &filterstatev3.FilterStateValue_ObjectKey{ObjectKey: stateKey},
				FactoryKey: "envoy.string",
				Value: &filterstatev3.FilterStateValue_FormatString{FormatString: &corev3.SubstitutionFormatString{
					Format: &corev3.SubstitutionFormatString_TextFormatSource{TextFormatSource: &corev3.DataSource{
						Specifier: &corev3.DataSource_InlineString{InlineString: strings.ReplaceAll(chainName(l), "%", "%%")},
					}},
				}},
			}},
		})},
	}
}
