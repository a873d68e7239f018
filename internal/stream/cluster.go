package stream

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// ClusterName names the cluster of a route, and its load assignment.
func (res *Resolved) ClusterName() string {
	return envoy.StreamCluster(string(res.Route.Kind), res.Route.Namespace, res.Route.Name)
}

// Clusters is the cluster of a route of this package's kinds.
var Clusters = objects.NewUnit("stream cluster", func(r *objects.Reader, id objects.RouteID) *clusterv3.Cluster {
	name := Rules.Get(r, id).ClusterName()
	c := backend.NewCluster(name, name)
	// A locality gets its weight's share whatever the number of its endpoints.
	c.LbPolicy = clusterv3.Cluster_ROUND_ROBIN
	c.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{
		LocalityConfigSpecifier: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig_{
			LocalityWeightedLbConfig: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig{},
		},
	}
	return c
})

// Endpoints is the load assignment of a route's cluster.
var Endpoints = objects.NewUnit("stream endpoints", func(r *objects.Reader, id objects.RouteID) *endpointv3.ClusterLoadAssignment {
	res := Rules.Get(r, id)
	cla := &endpointv3.ClusterLoadAssignment{ClusterName: res.ClusterName()}
	for _, b := range res.backends {
		cla.Endpoints = append(cla.Endpoints, &endpointv3.LocalityLbEndpoints{
			// Equal names would merge, and the weights be lost.
			Locality: &corev3.Locality{
				SubZone: envoy.Locality(b.index, b.port.Service.Namespace, b.port.Service.Name, b.port.Number),
			},
			LbEndpoints:         endpointsOf(r, b),
			LoadBalancingWeight: envoy.Uint32(b.weight),
		})
	}
	return cla
})

// nowhere refuses TCP connections at once and drops datagrams. A locality without endpoints would hand its share to the
// others.
var nowhere = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)

func endpointsOf(r *objects.Reader, b weighted) []*endpointv3.LbEndpoint {
	if b.valid {
		for _, locality := range backend.Endpoints.Get(r, b.port).Endpoints {
			return locality.LbEndpoints // of a Service port there is one at most
		}
	}
	return []*endpointv3.LbEndpoint{backend.LbEndpoint(nowhere)}
}
