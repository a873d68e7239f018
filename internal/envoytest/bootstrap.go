package envoytest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Bootstrap returns the configuration of an Envoy that has all of c from its start: route tables stand in their
// listeners, endpoints in their clusters, and secrets are static. The admin interface listens on a free port of the
// loopback interface. It fails for a name that c does not have.
func Bootstrap(c Config) (*bootstrapv3.Bootstrap, error) { return bootstrap(c, "") }

// SharingBootstrap is [Bootstrap] but for route tables, which it writes into files of a directory, one each: the filter
// chains that name a table share it, as they do over xDS, where otherwise each would have a copy.
func SharingBootstrap(c Config, dir string) (*bootstrapv3.Bootstrap, error) { return bootstrap(c, dir) }

func bootstrap(c Config, dir string) (*bootstrapv3.Bootstrap, error) {
	static := &bootstrapv3.Bootstrap_StaticResources{}
	for _, m := range c.Listeners {
		static.Listeners = append(static.Listeners, proto.CloneOf(m))
	}
	for _, m := range c.Clusters {
		static.Clusters = append(static.Clusters, proto.CloneOf(m))
	}
	for _, m := range c.Secrets {
		static.Secrets = append(static.Secrets, proto.CloneOf(m))
	}
	in := inliner{dir: dir, routes: map[string]*routev3.RouteConfiguration{}, endpoints: map[string]*endpointv3.ClusterLoadAssignment{}}
	for _, m := range c.Routes {
		in.routes[m.GetName()] = m
	}
	for _, m := range c.Endpoints {
		in.endpoints[m.GetClusterName()] = m
	}
	if err := walk(static.ProtoReflect(), in.visit); err != nil {
		return nil, err
	}
	return &bootstrapv3.Bootstrap{
		Node:            &corev3.Node{Id: "test", Cluster: "test"},
		Admin:           &bootstrapv3.Admin{Address: loopback()},
		StaticResources: static,
	}, nil
}

// loopback is a free port of 127.0.0.1.
func loopback() *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 0},
	}}}
}

// inliner puts resources in the place of what would ask an xDS server for them.
type inliner struct {
	dir       string // of files with route tables; empty: they are inlined
	routes    map[string]*routev3.RouteConfiguration
	endpoints map[string]*endpointv3.ClusterLoadAssignment
}

func (in inliner) visit(m protoreflect.Message) error {
	switch m := m.Interface().(type) {
	case *hcmv3.HttpConnectionManager:
		return in.inlineRoutes(m)
	case *clusterv3.Cluster:
		return in.inlineEndpoints(m)
	case *tlsv3.SdsSecretConfig:
		m.SdsConfig = nil // the name of a static secret then
	}
	return nil
}

func (in inliner) inlineRoutes(m *hcmv3.HttpConnectionManager) error {
	rds, ok := m.GetRouteSpecifier().(*hcmv3.HttpConnectionManager_Rds)
	if !ok {
		return nil
	}
	table, ok := in.routes[rds.Rds.GetRouteConfigName()]
	if !ok {
		return fmt.Errorf("no route table %q", rds.Rds.GetRouteConfigName())
	}
	table = proto.CloneOf(table)
	table.ValidateClusters = wrapperspb.Bool(false) // as over RDS
	if in.dir != "" {
		source, err := in.writeRoutes(table)
		rds.Rds.ConfigSource = source
		return err
	}
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: table}
	return nil
}

// writeRoutes writes a route table as Envoy reads it from a file.
func (in inliner) writeRoutes(table *routev3.RouteConfiguration) (*corev3.ConfigSource, error) {
	resource, err := anypb.New(table)
	if err != nil {
		return nil, err
	}
	packed, err := proto.Marshal(resource)
	if err != nil {
		return nil, err
	}
	// A DiscoveryResponse by hand, for the package of that message brings gRPC along: version_info and one of resources.
	content := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "1")
	content = protowire.AppendBytes(protowire.AppendTag(content, 2, protowire.BytesType), packed)
	path := filepath.Join(in.dir, strings.ReplaceAll(table.GetName(), "/", "_")+".pb")
	return &corev3.ConfigSource{
		ConfigSourceSpecifier: &corev3.ConfigSource_PathConfigSource{PathConfigSource: &corev3.PathConfigSource{Path: path}},
		ResourceApiVersion:    corev3.ApiVersion_V3,
	}, os.WriteFile(path, content, 0o600)
}

func (in inliner) inlineEndpoints(m *clusterv3.Cluster) error {
	if m.GetType() != clusterv3.Cluster_EDS {
		return nil
	}
	assignment, ok := in.endpoints[endpointsName(m)]
	if !ok {
		return fmt.Errorf("no endpoints %q", endpointsName(m))
	}
	m.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	m.EdsClusterConfig = nil
	m.LoadAssignment = proto.CloneOf(assignment)
	return nil
}
