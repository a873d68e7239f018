package backend

import (
	"math"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

const (
	// Short, so that a retry after a connection that nobody answers still fits a usual request timeout.
	connectTimeout = 2 * time.Second
	// An updated cluster waits this long for endpoints that were sent to it before.
	edsTimeout = 2 * time.Second
	// Endpoints that refuse a retry's connection are passed over, so retries must not run into Envoy's limit of three at
	// a time. The other limits are for the user's own infrastructure to set.
	unlimited = math.MaxUint32

	httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)

// buildCluster presents a certificate to backends that speak TLS; none for the zero Name.
func buildCluster(b *Backend, certificate objects.Name) *clusterv3.Cluster {
	mode := string(b.Mode)
	if b.TLS != nil {
		mode += "/tls"
	}
	c := NewCluster(
		envoy.Cluster(b.Service.Namespace, b.Service.Name, b.Number, mode),
		envoy.Endpoints(b.Service.Namespace, b.Service.Name, b.Number),
	)
	c.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
	if b.TLS != nil {
		c.TransportSocket = b.TLS.TransportSocket(alpn[b.Mode], certificate)
	}
	c.TypedExtensionProtocolOptions = map[string]*anypb.Any{httpOptions: protocolOptions(b.Mode)}
	return c
}

// NewCluster is what clusters of all kinds have in common. The caller owns it.
func NewCluster(name, endpoints string) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{
			EdsConfig:   envoy.ADSWithin(edsTimeout),
			ServiceName: endpoints,
		},
		ConnectTimeout: durationpb.New(connectTimeout),
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
			MaxConnections:     envoy.Uint32(unlimited),
			MaxPendingRequests: envoy.Uint32(unlimited),
			MaxRequests:        envoy.Uint32(unlimited),
			MaxRetries:         envoy.Uint32(unlimited),
		}}},
	}
}

// alpn is what is offered to a backend that speaks TLS. A gRPC server refuses clients that do not ask for HTTP/2.
var alpn = map[Mode]string{HTTP2: "h2"}

// protocols holds the packed options of each mode.
var protocols = map[Mode]*anypb.Any{HTTP1: envoy.Any(explicit(HTTP1)), HTTP2: envoy.Any(explicit(HTTP2))}

func protocolOptions(mode Mode) *anypb.Any {
	return &anypb.Any{TypeUrl: protocols[mode].GetTypeUrl(), Value: slices.Clone(protocols[mode].GetValue())}
}

// explicit fixes the protocol to the backend whatever the client speaks.
func explicit(mode Mode) *httpv3.HttpProtocolOptions {
	explicit := &httpv3.HttpProtocolOptions_ExplicitHttpConfig{}
	if mode == HTTP2 {
		explicit.ProtocolConfig = &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
			Http2ProtocolOptions: &corev3.Http2ProtocolOptions{},
		}
	} else {
		explicit.ProtocolConfig = &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{
			HttpProtocolOptions: &corev3.Http1ProtocolOptions{},
		}
	}
	return &httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: explicit},
	}
}
