package envoytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/netip"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	upstreamsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var ads = &corev3.ConfigSource{
	ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	ResourceApiVersion:    corev3.ApiVersion_V3,
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	require.NoError(t, err)
	return a
}

func socket(ip string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: ip, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// config is a listener on port 80 and one with TLS on 443, which send /h2 to an HTTP/2 cluster and the rest to an
// HTTP/1.1 one, both with the endpoint 10.0.0.1:8080.
func config(t *testing.T) Config {
	hcm := &hcmv3.HttpConnectionManager{
		StatPrefix:     "http",
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: ads, RouteConfigName: "table"}},
		HttpFilters: []*hcmv3.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, &routerv3.Router{})},
		}},
		UpgradeConfigs: []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
	}
	chain := func() *listenerv3.FilterChain {
		return &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, hcm)},
		}}}
	}
	secure := chain()
	secure.TransportSocket = &corev3.TransportSocket{
		Name: "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(t, &tlsv3.DownstreamTlsContext{
			CommonTlsContext: &tlsv3.CommonTlsContext{
				AlpnProtocols:                  []string{"h2", "http/1.1"},
				TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{{Name: "cert", SdsConfig: ads}},
			},
		})},
	}
	to := func(cluster string) *routev3.Route_Route {
		return &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster},
			RetryPolicy:      &routev3.RetryPolicy{RetryOn: "5xx,reset", NumRetries: wrapperspb.UInt32(2)},
		}}
	}
	prefix := func(p string) *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: p}}
	}
	cluster := func(name string, options *upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig) *clusterv3.Cluster {
		return &clusterv3.Cluster{
			Name:                 name,
			ConnectTimeout:       durationpb.New(time.Second),
			ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
			EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{EdsConfig: ads, ServiceName: "pods"},
			TypedExtensionProtocolOptions: map[string]*anypb.Any{
				"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(t, &upstreamsv3.HttpProtocolOptions{
					UpstreamProtocolOptions: &upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: options},
				}),
			},
		}
	}
	return Config{
		Listeners: []*listenerv3.Listener{
			{Name: "plain", Address: socket("0.0.0.0", 80), FilterChains: []*listenerv3.FilterChain{chain()}},
			{Name: "secure", Address: socket("0.0.0.0", 443), FilterChains: []*listenerv3.FilterChain{secure}},
		},
		Routes: []*routev3.RouteConfiguration{{Name: "table", VirtualHosts: []*routev3.VirtualHost{{
			Name: "all", Domains: []string{"*"}, Routes: []*routev3.Route{
				{Match: prefix("/h2"), Action: to("h2")},
				{Match: prefix("/"), Action: to("h1")},
			},
		}}}},
		Clusters: []*clusterv3.Cluster{
			cluster("h1", &upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{},
			}),
			cluster("h2", &upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstreamsv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{},
			}),
		},
		Endpoints: []*endpointv3.ClusterLoadAssignment{{ClusterName: "pods", Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
				Endpoint: &endpointv3.Endpoint{Address: socket("10.0.0.1", 8080)},
			}}},
		}}}},
		Secrets: []*tlsv3.Secret{secret(t, "cert", "a.example.com")},
	}
}

func secret(t *testing.T, name, host string) *tlsv3.Secret {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	source := func(kind string, der []byte) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{
			InlineBytes: pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}),
		}}
	}
	return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
		CertificateChain: source("CERTIFICATE", der), PrivateKey: source("PRIVATE KEY", keyDER),
	}}}
}

func TestRequestsReachBackends(t *testing.T) {
	c, backends := config(t), NewBackends()
	require.NoError(t, c.Check())
	bootstrap, err := Bootstrap(c.WithEndpoints(map[netip.AddrPort]netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.1:8080"): backends.Start(t, "blue", nil),
	}))
	require.NoError(t, err)
	Validate(t, bootstrap)
	envoy := Start(t, bootstrap)
	do := func(r Request) *Response {
		r.Host, r.Addr = "a.example.com", envoy.Addr(80)
		if r.TLS {
			r.Addr = envoy.Addr(443)
		}
		answer, err := r.Do(t.Context())
		require.NoError(t, err)
		return answer
	}

	answer := do(Request{Path: "/a%2Fb/..?q=%2", Headers: http.Header{"A": {"1", "2"}}})
	require.Equal(t, http.StatusOK, answer.Status)
	require.Equal(t, "blue", answer.Received.Backend)
	require.Equal(t, "/a%2Fb/..?q=%2", answer.Received.Path, "sent byte for byte")
	require.Equal(t, "a.example.com", answer.Received.Host)
	require.Equal(t, []string{"1", "2"}, answer.Received.Headers["A"], "a line each")
	require.Equal(t, "HTTP/1.1", answer.Received.Proto)

	require.Equal(t, "//a//b", do(Request{Path: "//a//b"}).Received.Path)
	require.Equal(t, "HTTP/2.0", do(Request{Path: "/h2"}).Received.Proto)
	require.Equal(t, "HTTP/1.1", do(Request{Path: "/", Proto: "h2"}).Received.Proto)
	require.Equal(t, "a.example.com", do(Request{Path: "/", TLS: true}).Certificate)
	require.Equal(t, http.StatusOK, do(Request{Path: "/", TLS: true, Proto: "h2", SNI: "b.example.com"}).Status)

	answer = do(Request{Path: "/ws", Proto: "websocket"})
	require.Equal(t, http.StatusSwitchingProtocols, answer.Status)
	require.Equal(t, "/ws", answer.Received.Path)

	answer = do(Request{Path: "/h2.Service/Method", Proto: "grpc", Body: "in", Headers: http.Header{"X-Echo-Grpc-Status": {"5"}}})
	require.Equal(t, "5", answer.GRPCStatus)
	require.Equal(t, "/h2.Service/Method", answer.Received.Path)

	answer = do(Request{Path: "/", Headers: http.Header{"X-Echo-Status": {"500,reset,202"}, "X-Echo-Headers": {"b=2"}}})
	require.Equal(t, http.StatusAccepted, answer.Status)
	require.Equal(t, 3, answer.Received.Attempt)
	require.Equal(t, "2", answer.Headers.Get("B"))
	require.Len(t, backends.Received(answer.Received.Headers.Get("X-Request-Id")), 3)

	stats, err := envoy.Admin("/stats?filter=cluster.h1.upstream_rq_retry$")
	require.NoError(t, err)
	require.Equal(t, "cluster.h1.upstream_rq_retry: 2\n", string(stats))
}

func TestCheck(t *testing.T) {
	require.NoError(t, config(t).Check())
	lost := config(t)
	lost.Clusters, lost.NoCluster = lost.Clusters[1:], "h1"
	require.NoError(t, lost.Check())
	for want, breakIt := range map[string]func(*Config){
		`route "table" is mentioned and missing`:    func(c *Config) { c.Routes[0].Name = "other" },
		`route "other" is mentioned nowhere`:        func(c *Config) { c.Routes[0].Name = "other" },
		`cluster "h1" is mentioned and missing`:     func(c *Config) { c.Clusters = c.Clusters[1:] },
		`cluster "h2" is mentioned nowhere`:         func(c *Config) { c.Routes[0].VirtualHosts[0].Routes = c.Routes[0].VirtualHosts[0].Routes[1:] },
		`endpoints "pods" is mentioned and missing`: func(c *Config) { c.Endpoints = nil },
		`secret "cert" is mentioned and missing`:    func(c *Config) { c.Secrets = nil },
		`secret "cert" is there twice`:              func(c *Config) { c.Secrets = append(c.Secrets, c.Secrets...) },
		`invalid HttpConnectionManager.StatPrefix`: func(c *Config) {
			c.Listeners[0].FilterChains[0].Filters[0].ConfigType = &listenerv3.Filter_TypedConfig{
				TypedConfig: packed(t, &hcmv3.HttpConnectionManager{}),
			}
		},
	} {
		c := config(t)
		breakIt(&c)
		require.ErrorContains(t, c.Check(), want)
	}
}

func TestRefusals(t *testing.T) {
	bootstrap := func(c Config) *bootstrapv3.Bootstrap {
		b, err := Bootstrap(c)
		require.NoError(t, err)
		return b
	}
	good, bad, badSecret := config(t), config(t), config(t)
	bad.Routes[0].VirtualHosts[0].Domains = []string{"a.example.com", "A.example.com"}
	require.NoError(t, bad.Check())
	badSecret.Secrets[0].GetTlsCertificate().PrivateKey = secret(t, "cert", "other").GetTlsCertificate().GetPrivateKey()

	require.Empty(t, Refusals(t))
	require.Empty(t, Refusals(t, bootstrap(good), bootstrap(good), bootstrap(good)), "each has names of its own")
	refusals := Refusals(t, bootstrap(good), bootstrap(bad), bootstrap(good), bootstrap(badSecret))
	require.Len(t, refusals, 2)
	require.ErrorContains(t, refusals[1], "a.example.com", "a table is loaded as over RDS")
	require.ErrorContains(t, refusals[3], "private key")

	good.Endpoints = nil
	_, err := Bootstrap(good)
	require.EqualError(t, err, `no endpoints "pods"`)
}
