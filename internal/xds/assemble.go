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
	"github.com/gatewayxds/gatewayxds/internal/filter"
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
	out.addListenerSecrets(r, name, gateway)
	out.addClusters(r, name, gateway)
	out.sort()
	return out
}

func (out *Resources) sort() {
	slices.SortFunc(out.Listeners, func(a, b *listenerv3.Listener) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Routes, func(a, b *routev3.RouteConfiguration) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Clusters, func(a, b *clusterv3.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Endpoints, func(a, b *endpointv3.ClusterLoadAssignment) int { return cmp.Compare(a.ClusterName, b.ClusterName) })
	slices.SortFunc(out.Secrets, func(a, b *tlsv3.Secret) int { return cmp.Compare(a.Name, b.Name) })
	out.Secrets = slices.CompactFunc(out.Secrets, func(a, b *tlsv3.Secret) bool { return a.Name == b.Name })
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

func (out *Resources) addListenerSecrets(r *objects.Reader, name objects.Name, g *attach.Gateway) {
	for i, l := range g.Listeners {
		if !l.Serving() || l.Protocol == gwv1.TLSProtocolType && !routed(winners.Get(r, attach.ListenerKey{Gateway: name, Index: i})) {
			continue // no chain shows its certificates
		}
		for _, c := range l.Certificates {
			out.Secrets = append(out.Secrets, secret.Certificates.Get(r, c).Secret)
		}
		if l.Clients != nil {
			out.Secrets = append(out.Secrets, l.Clients.Trust)
		}
	}
}

func (out *Resources) addClusters(r *objects.Reader, name objects.Name, g *attach.Gateway) {
	seen := map[*backend.Backend]bool{}
	clusters := map[string]bool{} // by name: HTTPRoutes and GRPCRoutes share those of HTTP/2
	ports := map[backend.Port]bool{}
	add := func(uses []*backend.Backend) {
		for _, b := range uses {
			if seen[b] {
				continue
			}
			seen[b] = true
			if clusters[b.Cluster.Name] {
				continue
			}
			clusters[b.Cluster.Name] = true
			out.addCluster(r, b, g)
			switch {
			case b.Extension && b.Load != nil:
				out.Endpoints = append(out.Endpoints, b.Load)
			case !b.Extension && !ports[b.Port]:
				ports[b.Port] = true
				out.Endpoints = append(out.Endpoints, backend.Endpoints.Get(r, b.Port))
			}
		}
	}
	for _, res := range BindingsOf.Get(r, name).Routes {
		add(res.Uses)
	}
	for i, l := range g.Listeners {
		if l.Serving() {
			add(filter.RequestsOf.Get(r, attach.ListenerKey{Gateway: name, Index: i}).Uses)
		}
	}
	out.addStreams(r, name, g)
}

// addCluster adds a cluster with the secrets that it names. In one of TLS the Gateway presents its certificate.
func (out *Resources) addCluster(r *objects.Reader, b *backend.Backend, g *attach.Gateway) {
	cluster := b.Cluster
	if b.TLS != nil {
		out.addTLSSecrets(r, g, b.TLS)
		if c := g.ClientCertificate; c != (objects.Name{}) {
			cluster = backend.PresentingClusters.Get(r, backend.Presenting{Key: b.Key, Certificate: c})
		}
	}
	out.Clusters = append(out.Clusters, cluster)
}

// addTLSSecrets adds what clusters of the Gateway name that connect as policies say.
func (out *Resources) addTLSSecrets(r *objects.Reader, g *attach.Gateway, policies ...*backend.TLSPolicy) {
	for _, p := range policies {
		if p.Trust != nil {
			out.Secrets = append(out.Secrets, p.Trust)
		}
	}
	if c := g.ClientCertificate; c != (objects.Name{}) {
		out.Secrets = append(out.Secrets, secret.Certificates.Get(r, c).Secret)
	}
}
