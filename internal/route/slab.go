package route

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// A slab allocates what one route needs in few large pieces: of all the time a translation takes, small allocations
// would be the greater part.
type slab struct {
	routes   []routeBlock
	headers  []headerBlock
	pointers []*routev3.HeaderMatcher
	envoy    []*routev3.Route // in the order in which they were emitted
	names    strings.Builder  // of all of them
	ends     []int            // of each name
}

type routeBlock struct {
	route routev3.Route
	match routev3.RouteMatch
}

type headerBlock struct {
	matcher routev3.HeaderMatcher
	spec    routev3.HeaderMatcher_StringMatch
	str     matcherv3.StringMatcher
	exact   matcherv3.StringMatcher_Exact
}

type actionBlock struct {
	action routev3.RouteAction
	spec   routev3.Route_Route
}

type weightsBlock struct {
	weights routev3.WeightedCluster
	spec    routev3.RouteAction_WeightedClusters
	room    [2]*routev3.WeightedCluster_ClusterWeight // enough for most rules
}

type weightBlock struct {
	cluster routev3.WeightedCluster_ClusterWeight
	weight  wrapperspb.UInt32Value
}

func (s *slab) init(res *Resolved) {
	var routes, headers int
	for i := range res.Rules {
		for j := range res.Rules[i].matches {
			m := &res.Rules[i].matches[j]
			routes++
			headers += m.order.headers
			if m.order.method {
				headers++
			}
		}
	}
	s.routes = make([]routeBlock, routes)
	s.headers = make([]headerBlock, headers)
	s.pointers = make([]*routev3.HeaderMatcher, headers)
	s.envoy = make([]*routev3.Route, 0, routes)
	s.names.Grow(routes * (len(res.Route.Kind) + len(res.Route.Namespace) + len(res.Route.Name) + len("//rule/0/match/0")))
	s.ends = make([]int, 0, routes)
}

func (s *slab) route() *routev3.Route {
	if len(s.routes) == 0 {
		s.routes = make([]routeBlock, 1)
	}
	b := &s.routes[0]
	s.routes = s.routes[1:]
	b.route.Match = &b.match
	s.envoy = append(s.envoy, &b.route)
	return &b.route
}

// setNames cuts the names of all routes from one string.
func (s *slab) setNames() {
	names, start := s.names.String(), 0
	for i, end := range s.ends {
		s.envoy[i].Name = names[start:end]
		start = end
	}
}

// take is what was emitted since the given point.
func (s *slab) take(first int) []*routev3.Route { return s.envoy[first:len(s.envoy):len(s.envoy)] }

// matchers is room for n pointers.
func (s *slab) matchers(n int) []*routev3.HeaderMatcher {
	if len(s.pointers) < n {
		return make([]*routev3.HeaderMatcher, 0, n)
	}
	room := s.pointers[:0:n]
	s.pointers = s.pointers[n:]
	return room
}

func (s *slab) header(name, value string, regex bool) *routev3.HeaderMatcher {
	if len(s.headers) == 0 {
		s.headers = make([]headerBlock, 1)
	}
	b := &s.headers[0]
	s.headers = s.headers[1:]
	b.matcher.Name = name
	b.matcher.HeaderMatchSpecifier = &b.spec
	b.spec.StringMatch = &b.str
	if regex {
		b.str.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: rewrite.RegexMatcher(value)}
		return &b.matcher
	}
	b.exact.Exact = value
	b.str.MatchPattern = &b.exact
	return &b.matcher
}
