package route

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// An arena hands out the many small things that routes consist of.
type arena struct {
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

	shared map[weightKey]*routev3.WeightedCluster_ClusterWeight

	builder builder // its scratch is used again
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
	action routev3.RouteAction
	spec   routev3.Route_Route
}

type weightsBlock struct {
	weights routev3.WeightedCluster
	spec    routev3.RouteAction_WeightedClusters
	room    [2]*routev3.WeightedCluster_ClusterWeight // enough for most rules
}

// weightKey is a backend, nil if invalid, and its share.
type weightKey struct {
	backend *backend.Backend
	weight  uint32
}

func (a *arena) sharedWeight(w *weighted) *routev3.WeightedCluster_ClusterWeight {
	k := weightKey{w.backend, w.weight}
	c := a.shared[k]
	if c == nil {
		if a.shared == nil {
			a.shared = map[weightKey]*routev3.WeightedCluster_ClusterWeight{}
		}
		c = newWeight(w)
		a.shared[k] = c
	}
	return c
}
