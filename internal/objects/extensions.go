package objects

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// FilterEffect is what a filter does that the host resolves. The fields are those of translate.FilterEffect.
type FilterEffect struct {
	HTTPFilters []*corev3.TypedExtensionConfig
	PerFilter   map[string]*anypb.Any
	Route       func(*routev3.Route)
}

// ExtensionBackend is a backend that the host resolves. The fields are those of translate.Backend.
type ExtensionBackend struct {
	HTTP2     bool
	Endpoints []netip.AddrPort
	Cluster   *clusterv3.Cluster
}
