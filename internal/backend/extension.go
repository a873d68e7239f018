package backend

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"unicode/utf8"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// extensionKey is a backend of a kind that the host resolves.
type extensionKey struct {
	schema.GroupKind
	objects.Name
	Number int32
	GRPC   bool
}

// extensions asks the host about a backend. Its cluster and load assignment are its own, by one name.
var extensions = objects.NewUnit("extension backend", func(r *objects.Reader, k extensionKey) *Backend {
	b := &Backend{Service: k.Name, Extension: true}
	spec, flaw := r.Settings.Backends[k.GroupKind](k.Name, k.Number)
	if flaw == "" && !utf8.ValidString(k.Namespace+k.Name.Name) {
		flaw = "is not UTF-8" // no message could name its cluster
	}
	if flaw != "" {
		b.Problem = &status.Problem{Code: status.BackendNotFound, Field: "name", Detail: fmt.Sprintf("%s %q: %s", k.Kind, k.Name, flaw)}
		return b
	}
	b.Mode = HTTP1
	if k.GRPC || spec.HTTP2 {
		b.Mode = HTTP2
	}
	name := envoy.ExtensionCluster(k.GroupKind.String(), k.Namespace, k.Name.Name, k.Number, string(b.Mode))
	b.Cluster = extensionCluster(name, b.Mode, spec.Cluster)
	if r.Settings.OnCluster != nil {
		r.Settings.OnCluster(objects.Kind(k.Kind), k.Name, 0, b.Cluster)
	}
	if b.Cluster.GetType() == clusterv3.Cluster_EDS && b.Cluster.GetClusterType() == nil {
		b.Load = loadAssignment(name, spec.Endpoints)
	}
	return b
})

// extensionCluster is a cluster as any, but for what the host says. One of another type than EDS finds its endpoints by
// itself.
func extensionCluster(name string, mode Mode, spec *clusterv3.Cluster) *clusterv3.Cluster {
	c := NewCluster(name, name)
	c.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
	c.TypedExtensionProtocolOptions = map[string]*anypb.Any{httpOptions: protocolOptions(mode)}
	eds := c.EdsClusterConfig
	fields := c.ProtoReflect()
	spec.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !f.IsMap() {
			fields.Clear(f) // merging would mix the two values
		}
		return true
	})
	proto.Merge(c, spec)
	c.Name, c.EdsClusterConfig = name, nil
	if c.GetType() == clusterv3.Cluster_EDS && c.GetClusterType() == nil {
		c.EdsClusterConfig = eds
	}
	return c
}

func loadAssignment(name string, endpoints []netip.AddrPort) *endpointv3.ClusterLoadAssignment {
	cla := &endpointv3.ClusterLoadAssignment{ClusterName: name}
	endpoints = slices.Clone(endpoints)
	slices.SortFunc(endpoints, compareEndpoints)
	endpoints = slices.Compact(endpoints)
	if len(endpoints) == 0 {
		return cla
	}
	locality := &endpointv3.LocalityLbEndpoints{}
	for _, a := range endpoints {
		locality.LbEndpoints = append(locality.LbEndpoints, LbEndpoint(a))
	}
	cla.Endpoints = []*endpointv3.LocalityLbEndpoints{locality}
	return cla
}

func compareEndpoints(a, b netip.AddrPort) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Port(), b.Port()))
}
