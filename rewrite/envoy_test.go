package rewrite_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strconv"
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
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/rewrite"
)

// subject is a modifier under a match: what a row or the generator puts in front of Envoy.
type subject struct {
	match    rewrite.Match
	rewrite  rewrite.URLRewrite
	redirect *rewrite.Redirect // instead of rewrite
	origin   rewrite.Origin
}

// routes are the Envoy routes of a subject. A request that the match does not cover is answered by the 404 behind it.
func (s subject) routes() []*routev3.Route {
	route := &routev3.Route{Match: &routev3.RouteMatch{}}
	s.match.Apply(route.Match)
	if s.redirect != nil {
		route.Action = &routev3.Route_Redirect{Redirect: s.redirect.Action(s.match, s.origin)}
	} else {
		action := &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "echo"}}
		s.rewrite.Apply(action, s.match)
		route.Action = &routev3.Route_Route{Route: action}
	}
	return []*routev3.Route{route, {
		Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 404}},
	}}
}

// envoy is a running Envoy with one virtual host for each subject, found by the header "x-subject" instead of by the
// Host header, which is the requests' own.
type envoy struct {
	subjects []subject
	addr     map[string]string // of the listener, by scheme
}

// startEnvoy runs an Envoy until the test ends, with the connection manager as gateways should have it.
func startEnvoy(t *testing.T, subjects []subject) *envoy {
	hosts := map[string][]*routev3.VirtualHost{}
	for i, s := range subjects {
		name := "s" + strconv.Itoa(i)
		host := &routev3.VirtualHost{Name: name, Domains: []string{name}, Routes: s.routes()}
		require.NoError(t, host.ValidateAll(), "%+v", s)
		hosts[s.origin.Scheme] = append(hosts[s.origin.Scheme], host)
	}
	bootstrap := &bootstrapv3.Bootstrap{
		Admin: &bootstrapv3.Admin{Address: loopback(0)},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Listeners: []*listenerv3.Listener{
				listener(t, "http", 80, hosts["http"], nil),
				listener(t, "https", 443, hosts["https"], selfSigned(t)),
			},
			Clusters: []*clusterv3.Cluster{{
				Name:           "echo",
				ConnectTimeout: durationpb.New(time.Second),
				LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: "echo", Endpoints: []*endpointv3.LocalityLbEndpoints{{
					LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
						Endpoint: &endpointv3.Endpoint{Address: loopback(startEcho(t))},
					}}},
				}}},
			}},
		},
	}
	require.NoError(t, bootstrap.ValidateAll())
	running := envoytest.Start(t, bootstrap)
	return &envoy{subjects: subjects, addr: map[string]string{"http": running.Addr(80), "https": running.Addr(443)}}
}

func listener(t *testing.T, name string, port int, hosts []*routev3.VirtualHost, tls *corev3.TransportSocket) *listenerv3.Listener {
	hcm := &hcmv3.HttpConnectionManager{
		StatPrefix:       name,
		NormalizePath:    wrapperspb.Bool(true),
		UseRemoteAddress: wrapperspb.Bool(true),
		HttpFilters: []*hcmv3.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: toAny(t, &routerv3.Router{})},
		}},
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			Name:                     name,
			VhostHeader:              "x-subject",
			IgnorePortInHostMatching: true,
			VirtualHosts:             hosts,
		}},
	}
	return &listenerv3.Listener{Name: name, Address: loopback(port), FilterChains: []*listenerv3.FilterChain{{
		TransportSocket: tls,
		Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: toAny(t, hcm)},
		}},
	}}}
}

// selfSigned is the transport socket of an HTTPS listener whose certificate no client checks.
func selfSigned(t *testing.T) *corev3.TransportSocket {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	inline := func(kind string, der []byte) *corev3.DataSource {
		return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})}}
	}
	return &corev3.TransportSocket{Name: "tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: toAny(t, &tlsv3.DownstreamTlsContext{
		CommonTlsContext: &tlsv3.CommonTlsContext{AlpnProtocols: []string{"h2", "http/1.1"}, TlsCertificates: []*tlsv3.TlsCertificate{{
			CertificateChain: inline("CERTIFICATE", cert),
			PrivateKey:       inline("PRIVATE KEY", der),
		}}},
	})}}
}

func loopback(port int) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

func toAny(t *testing.T, m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	require.NoError(t, err)
	return a
}
