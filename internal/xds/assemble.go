package xds

import (
	"cmp"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
)

// Resources is the configuration of one Gateway's Envoy, each kind sorted by name.
type Resources struct {
	Listeners []*listenerv3.Listener
	Routes    []*routev3.RouteConfiguration
	Clusters  []*clusterv3.Cluster
	Endpoints []*endpointv3.ClusterLoadAssignment
	Secrets   []*tlsv3.Secret
}

// Assemble collects what a Gateway's Envoy needs: every name that a resource mentions is among the others, and nothing
// else is.
func Assemble(r *objects.Reader, name objects.Name) Resources {
	var out Resources
	gateway := attach.Gateways.Get(r, name)
	if gateway == nil || !gateway.Accepted() {
		return out
	}
	for _, k := range portsOf(name, gateway) {
		listener := Listeners.Get(r, k)
		if listener == nil {
			continue
		}
		out.Listeners = append(out.Listeners, listener)
		if table := Tables.Get(r, k); table != nil {
			out.Routes = append(out.Routes, table)
		}
	}
	if len(out.Listeners) == 0 {
		return out
	}
	slices.SortFunc(out.Listeners, func(a, b *listenerv3.Listener) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Routes, func(a, b *routev3.RouteConfiguration) int { return cmp.Compare(a.Name, b.Name) })
	out.addSecrets(r, name, gateway)
	out.addClusters(r, name)
	return out
}

// portsOf are the ports with a serving listener, sorted.
func portsOf(name objects.Name, g *attach.Gateway) []PortKey {
	var ports []PortKey
	for _, l := range g.Listeners {
		if l.Serving() {
			ports = append(ports, portOf(name, l))
		}
	}
	slices.SortFunc(ports, func(a, b PortKey) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Transport, b.Transport))
	})
	return slices.Compact(ports)
}

func (out *Resources) addSecrets(r *objects.Reader, name objects.Name, g *attach.Gateway) {
	seen := map[objects.Name]bool{}
	for i, l := range g.Listeners {
		if !l.Serving() || l.Protocol == gwv1.TLSProtocolType && !routed(winners.Get(r, listenerKey{name, i})) {
			continue // no chain shows its certificates
		}
		for _, c := range l.Certificates {
			if !seen[c] {
				seen[c] = true
				out.Secrets = append(out.Secrets, secret.Certificates.Get(r, c).Secret)
			}
		}
	}
	slices.SortFunc(out.Secrets, func(a, b *tlsv3.Secret) int { return cmp.Compare(a.Name, b.Name) })
}

func (out *Resources) addClusters(r *objects.Reader, gateway objects.Name) {
	clusters := map[*backend.Backend]bool{}
	ports := map[backend.Port]bool{}
	for _, res := range BindingsOf.Get(r, gateway).Routes {
		for _, b := range res.Uses {
			if clusters[b] {
				continue
			}
			clusters[b] = true
			out.Clusters = append(out.Clusters, b.Cluster)
			if !ports[b.Port] {
				ports[b.Port] = true
				out.Endpoints = append(out.Endpoints, backend.Endpoints.Get(r, b.Port))
			}
		}
	}
	out.addStreams(r, gateway, attach.Gateways.Get(r, gateway))
	slices.SortFunc(out.Clusters, func(a, b *clusterv3.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Endpoints, func(a, b *endpointv3.ClusterLoadAssignment) int { return cmp.Compare(a.ClusterName, b.ClusterName) })
}
