package route

import (
	"unsafe"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// An arena hands out the many small things that routes consist of from few large pieces: of all the time that a
// translation takes, allocating them one by one would be the greater part. A piece lives as long as anything in it.
type arena struct {
	rules    pool[rule]
	matches  pool[match]
	backends pool[weighted]
	uses     pool[*backend.Backend]

	built    pool[Built]
	envoy    pool[*routev3.Route]
	routes   pool[routeBlock]
	headers  pool[headerBlock]
	pointers pool[*routev3.HeaderMatcher]
	actions  pool[actionBlock]
	weights  pool[weightsBlock]
	clusters pool[weightBlock]

	builder builder // its scratch is used again
}

// arenas is one per reader.
var arenas = objects.NewLocal[arena]()

// pieceSize in bytes: a few dozen routes.
const pieceSize = 64 << 10

// pool hands out parts of slices.
type pool[T any] struct{ free []T }

// take is n zero values in a row, nil if n is 0.
func (p *pool[T]) take(n int) []T {
	if n == 0 {
		return nil
	}
	if len(p.free) < n {
		var t T
		p.free = make([]T, max(n, pieceSize/int(unsafe.Sizeof(t))))
	}
	part := p.free[:n:n]
	p.free = p.free[n:]
	return part
}

// one is a zero value.
func (p *pool[T]) one() *T { return &p.take(1)[0] }

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

type weightBlock struct {
	cluster routev3.WeightedCluster_ClusterWeight
	weight  wrapperspb.UInt32Value
}
