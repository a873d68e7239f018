package envoytest

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Config is what one Envoy is given over xDS. It is read only.
type Config struct {
	Listeners []*listenerv3.Listener
	Routes    []*routev3.RouteConfiguration
	Clusters  []*clusterv3.Cluster
	Endpoints []*endpointv3.ClusterLoadAssignment
	Secrets   []*tlsv3.Secret

	// NoCluster is the name of a cluster that routes mention because it is missing; "": there is none.
	NoCluster string
}

// Check tells everything that is wrong with a configuration before an Envoy sees it: messages that their own rules
// refuse, also those inside an Any; names that are given twice, mentioned and missing, or never mentioned.
func (c Config) Check() error {
	mentioned := names{}
	var errs []error
	for _, m := range c.Messages() {
		errs = append(errs, validate(m))
		if err := walk(m.ProtoReflect(), func(m protoreflect.Message) error { mentioned.read(m); return nil }); err != nil {
			errs = append(errs, err)
		}
	}
	delete(mentioned["cluster"], c.NoCluster)
	given, twice := c.given()
	errs = append(errs, twice...)
	for _, kind := range slices.Sorted(maps.Keys(given)) {
		for _, name := range slices.Sorted(maps.Keys(mentioned[kind])) {
			if !given[kind][name] {
				errs = append(errs, fmt.Errorf("%s %q is mentioned and missing", kind, name))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(given[kind])) {
			if kind != "listener" && !mentioned[kind][name] {
				errs = append(errs, fmt.Errorf("%s %q is mentioned nowhere", kind, name))
			}
		}
	}
	return errors.Join(errs...)
}

// WithEndpoints returns the configuration with endpoints moved to other addresses; one that is not named stays.
func (c Config) WithEndpoints(addresses map[netip.AddrPort]netip.AddrPort) Config {
	moved := make([]*endpointv3.ClusterLoadAssignment, len(c.Endpoints))
	for i, assignment := range c.Endpoints {
		moved[i] = proto.CloneOf(assignment)
		for _, locality := range moved[i].GetEndpoints() {
			for _, endpoint := range locality.GetLbEndpoints() {
				socket := endpoint.GetEndpoint().GetAddress().GetSocketAddress()
				from, _ := netip.ParseAddr(socket.GetAddress())
				to, ok := addresses[netip.AddrPortFrom(from, uint16(socket.GetPortValue()))]
				if !ok {
					continue
				}
				socket.Address = to.Addr().String()
				socket.PortSpecifier = &corev3.SocketAddress_PortValue{PortValue: uint32(to.Port())}
			}
		}
	}
	c.Endpoints = moved
	return c
}

// Messages returns all resources, kind by kind.
func (c Config) Messages() []proto.Message {
	var all []proto.Message
	for _, m := range c.Listeners {
		all = append(all, m)
	}
	for _, m := range c.Routes {
		all = append(all, m)
	}
	for _, m := range c.Clusters {
		all = append(all, m)
	}
	for _, m := range c.Endpoints {
		all = append(all, m)
	}
	for _, m := range c.Secrets {
		all = append(all, m)
	}
	return all
}

func validate(m proto.Message) error {
	errs := []error{}
	_ = walk(m.ProtoReflect(), func(m protoreflect.Message) error {
		if v, ok := m.Interface().(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				errs = append(errs, err)
			}
		}
		return nil
	})
	return errors.Join(errs...)
}

// names holds names by the kind of resource they are of.
type names map[string]map[string]bool

func (n names) add(kind, name string) (isNew bool) {
	if n[kind] == nil {
		n[kind] = map[string]bool{}
	}
	isNew = !n[kind][name]
	n[kind][name] = true
	return isNew
}

func (c Config) given() (given names, twice []error) {
	given = names{"listener": {}, "route": {}, "cluster": {}, "endpoints": {}, "secret": {}}
	add := func(kind, name string) {
		if !given.add(kind, name) {
			twice = append(twice, fmt.Errorf("%s %q is there twice", kind, name))
		}
	}
	for _, m := range c.Listeners {
		add("listener", m.GetName())
	}
	for _, m := range c.Routes {
		add("route", m.GetName())
	}
	for _, m := range c.Clusters {
		add("cluster", m.GetName())
	}
	for _, m := range c.Endpoints {
		add("endpoints", m.GetClusterName())
	}
	for _, m := range c.Secrets {
		add("secret", m.GetName())
	}
	return given, twice
}

// clusterFields are the fields of type string that hold the name of a cluster.
var clusterFields = map[protoreflect.FullName]bool{
	"envoy.config.core.v3.GrpcService.EnvoyGrpc.cluster_name":                                   true,
	"envoy.config.core.v3.HttpUri.cluster":                                                      true,
	"envoy.config.route.v3.RouteAction.RequestMirrorPolicy.cluster":                             true,
	"envoy.config.route.v3.RouteAction.cluster":                                                 true,
	"envoy.config.route.v3.WeightedCluster.ClusterWeight.name":                                  true,
	"envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight.name": true,
	"envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.cluster":                            true,
	"envoy.extensions.filters.udp.udp_proxy.v3.Route.cluster":                                   true,
	"envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.cluster":                          true,
}

// read adds the names that one message itself mentions.
func (n names) read(m protoreflect.Message) {
	switch m := m.Interface().(type) {
	case *hcmv3.Rds:
		n.add("route", m.GetRouteConfigName())
	case *clusterv3.Cluster:
		if m.GetType() == clusterv3.Cluster_EDS {
			n.add("endpoints", endpointsName(m))
		}
	case *tlsv3.SdsSecretConfig:
		n.add("secret", m.GetName())
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if clusterFields[f.FullName()] {
			n.add("cluster", v.String())
		}
		return true
	})
}

// endpointsName is the name under which an EDS cluster asks for its endpoints.
func endpointsName(c *clusterv3.Cluster) string {
	if name := c.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name
	}
	return c.GetName()
}
