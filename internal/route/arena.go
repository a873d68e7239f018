package route

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// An arena hands out the many small things that routes consist of.
type arena struct {
	resolved objects.Pool[Resolved]
	rules    objects.Pool[rule]
	matches  objects.Pool[match]
	backends objects.Pool[weighted]
	uses     objects.Pool[*backend.Backend]

	built    objects.Pool[Built]
	envoy    objects.Pool[*routev3.Route]
	routes   objects.Pool[routeBlock]
	headers  objects.Pool[headerBlock]
	pointers objects.Pool[*routev3.HeaderMatcher]
	actions  objects.Pool[actionBlock]
	weights  objects.Pool[weightsBlock]
	clusters objects.Pool[routev3.WeightedCluster_ClusterWeight]
	values   [101]*wrapperspb.UInt32Value // of weights, which are most often percentages

	builder builder         // its scratch is used again
	names   strings.Builder // of a few dozen routes
}

// arenas is one per reader.
var arenas = objects.NewLocal[arena]()

type routeBlock struct {
	route  routev3.Route
	match  routev3.RouteMatch
	prefix routev3.RouteMatch_PathSeparatedPrefix
}

type headerBlock struct {
	matcher routev3.HeaderMatcher
	spec    routev3.HeaderMatcher_StringMatch
	str     matcherv3.StringMatcher
	exact   matcherv3.StringMatcher_Exact
}

type actionBlock struct {
	action  routev3.RouteAction
	spec    routev3.Route_Route
	cluster routev3.RouteAction_Cluster
}

type weightsBlock struct {
	weights routev3.WeightedCluster
	spec    routev3.RouteAction_WeightedClusters
	room    [2]*routev3.WeightedCluster_ClusterWeight // enough for most rules
}

// weight is a value; most are of a few, of which there is one message each.
func (a *arena) weight(value uint32) *wrapperspb.UInt32Value {
	if value >= uint32(len(a.values)) {
		return wrapperspb.UInt32(value)
	}
	if a.values[value] == nil {
		a.values[value] = wrapperspb.UInt32(value)
	}
	return a.values[value]
}

// text is what the bytes say. Many texts share one allocation.
func (a *arena) text(b []byte) string {
	if a.names.Cap()-a.names.Len() < len(b) {
		a.names.Reset()
		a.names.Grow(max(len(b), 4<<10))
	}
	start := a.names.Len()
	a.names.Write(b)
	return a.names.String()[start:]
}
