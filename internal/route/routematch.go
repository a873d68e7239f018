package route

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
)

// routeMatch writes a checked match.
func (b *builder) routeMatch(out *routev3.RouteMatch, m *match) {
	switch {
	case m.grpc != nil:
		b.grpcMatch(out, m)
	case b.Route.GRPC != nil: // a rule without matches
		out.Grpc = &routev3.RouteMatch_GrpcRouteMatchOptions{}
	case m.http != nil:
		b.httpMatch(out, m)
	}
}

// path writes the path of a match. That of a gRPC service is no path_separated_prefix: a path that ends with the service's
// name calls no method of it.
func (b *builder) path(block *routeBlock, m *match) {
	prefix, separated := m.path.SeparatedPrefix()
	switch {
	case separated && m.grpc != nil:
		block.match.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: prefix + "/"}
	case separated:
		block.prefix.PathSeparatedPrefix = prefix
		block.match.PathSpecifier = &block.prefix
	default:
		m.path.Apply(&block.match)
	}
}

func (b *builder) httpMatch(out *routev3.RouteMatch, m *match) {
	n := int(m.order.headers)
	if m.http.Method != nil {
		n++
	}
	if n > 0 {
		out.Headers = b.mem.pointers.Take(n)[:0]
	}
	if m.http.Method != nil {
		out.Headers = append(out.Headers, b.header(":method", string(*m.http.Method), false))
	}
	for j := range m.http.Headers {
		if h := &m.http.Headers[j]; !repeatsHeader(m.http.Headers, j) {
			regex := objects.Deref(h.Type, gwv1.HeaderMatchExact) == gwv1.HeaderMatchRegularExpression
			out.Headers = append(out.Headers, b.header(headerName(string(h.Name)), h.Value, regex))
		}
	}
	for j := range m.http.QueryParams {
		if p := &m.http.QueryParams[j]; !repeatsParam(m.http.QueryParams, j) {
			regex := objects.Deref(p.Type, gwv1.QueryParamMatchExact) == gwv1.QueryParamMatchRegularExpression
			out.QueryParameters = append(out.QueryParameters, &routev3.QueryParameterMatcher{
				Name: string(p.Name),
				QueryParameterMatchSpecifier: &routev3.QueryParameterMatcher_StringMatch{
					StringMatch: stringMatcher(p.Value, regex),
				},
			})
		}
	}
}

// headerName is the name by which Envoy knows a header.
func headerName(name string) string {
	if strings.EqualFold(name, "Host") {
		return ":authority"
	}
	return name
}

func (b *builder) header(name, value string, regex bool) *routev3.HeaderMatcher {
	block := b.mem.headers.One()
	block.matcher.Name = name
	block.matcher.HeaderMatchSpecifier = &block.spec
	block.spec.StringMatch = &block.str
	if regex {
		block.str.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: rewrite.RegexMatcher(value)}
		return &block.matcher
	}
	block.exact.Exact = value
	block.str.MatchPattern = &block.exact
	return &block.matcher
}

func stringMatcher(value string, regex bool) *matcherv3.StringMatcher {
	if regex {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: rewrite.RegexMatcher(value)}}
	}
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value}}
}

// grpcMatch keeps plain HTTP requests out: a GRPCRoute is for gRPC alone.
func (b *builder) grpcMatch(out *routev3.RouteMatch, m *match) {
	out.Grpc = &routev3.RouteMatch_GrpcRouteMatchOptions{}
	for j := range m.grpc.Headers {
		if h := &m.grpc.Headers[j]; !repeatsGRPCHeader(m.grpc.Headers, j) {
			regex := objects.Deref(h.Type, gwv1.GRPCHeaderMatchExact) == gwv1.GRPCHeaderMatchRegularExpression
			out.Headers = append(out.Headers, b.header(headerName(string(h.Name)), h.Value, regex))
		}
	}
}
