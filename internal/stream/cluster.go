package stream

import (
	"net/netip"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Key is a route's cluster, of which it may have two.
type Key struct {
	Route objects.RouteID
	// TLS: the client's TLS has ended before, and policies demand TLS of the gateway's own with some backends.
	TLS bool
}

// Key is the route's cluster behind listeners that end the client's TLS, or others.
func (res *Resolved) Key(terminated bool) Key {
	return Key{Route: res.Route.ID, TLS: terminated && slices.ContainsFunc(res.backends, func(b weighted) bool { return b.tls != nil })}
}

// Name names a cluster of the route, and its load assignment.
func (k Key) Name(res *Resolved) string {
	return envoy.StreamCluster(string(res.Route.Kind), res.Route.Namespace, res.Route.Name, k.TLS)
}

// Policies are those that connections of the cluster follow, each once.
func (res *Resolved) Policies(k Key) []*backend.TLSPolicy {
	var out []*backend.TLSPolicy
	for _, b := range res.backends {
		if k.TLS && b.tls != nil && b.tls.Usable && !slices.Contains(out, b.tls) {
			out = append(out, b.tls)
		}
	}
	return out
}

// Presenting is a cluster and the certificate that a Gateway's Envoy presents to backends that are spoken to with TLS.
type Presenting struct {
	Key
	Certificate objects.Name // of a Secret; zero for none
}

// Clusters is the cluster of a route of this package's kinds.
var Clusters = objects.NewUnit("stream cluster", func(r *objects.Reader, k Presenting) *clusterv3.Cluster {
	res := Rules.Get(r, k.Route)
	name := k.Name(res)
	c := backend.NewCluster(name, name)
	// A locality gets its weight's share whatever the number of its endpoints.
	c.LbPolicy = clusterv3.Cluster_ROUND_ROBIN
	c.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{
		LocalityConfigSpecifier: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig_{
			LocalityWeightedLbConfig: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig{},
		},
	}
	if k.TLS {
		c.TransportSocketMatches = sockets(res, k)
		// Endpoints may be older than the cluster: one that none of its policies is for gets no plaintext.
		c.TransportSocket = envoy.RefusingSocket()
	}
	return c
})

// sockets tells backends that are spoken to with TLS from those that are not.
func sockets(res *Resolved, k Presenting) []*clusterv3.Cluster_TransportSocketMatch {
	out := []*clusterv3.Cluster_TransportSocketMatch{{
		Name: "plaintext", Match: socketMatch(nil), TransportSocket: envoy.PlaintextSocket(),
	}}
	for _, p := range res.Policies(k.Key) {
		out = append(out, &clusterv3.Cluster_TransportSocketMatch{
			Name: p.Name(), Match: socketMatch(p), TransportSocket: p.TransportSocket("", k.Certificate),
		})
	}
	return out
}

// Endpoints is the load assignment of a route's cluster.
var Endpoints = objects.NewUnit("stream endpoints", func(r *objects.Reader, k Key) *endpointv3.ClusterLoadAssignment {
	res := Rules.Get(r, k.Route)
	cla := &endpointv3.ClusterLoadAssignment{ClusterName: k.Name(res)}
	for _, b := range res.backends {
		locality := &endpointv3.LocalityLbEndpoints{
			// Equal names would merge, and the weights be lost.
			Locality: &corev3.Locality{
				SubZone: envoy.Locality(b.index, b.valid, b.name.Namespace, b.name.Name, b.port.Number),
			},
			LoadBalancingWeight: envoy.Uint32(b.weight),
		}
		if k.TLS {
			b.valid = b.valid && (b.tls == nil || b.tls.Usable)
			locality.Metadata = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
				"envoy.transport_socket_match": socketMatch(b.tls),
			}}
		}
		locality.LbEndpoints = endpointsOf(r, b)
		cla.Endpoints = append(cla.Endpoints, locality)
	}
	return cla
})

// socketMatch leads from endpoints to the transport socket that their policy asks for; nil: plaintext.
func socketMatch(p *backend.TLSPolicy) *structpb.Struct {
	name := ""
	if p != nil {
		name = p.Name()
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{"policy": structpb.NewStringValue(name)}}
}

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
