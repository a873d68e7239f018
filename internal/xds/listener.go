package xds

import (
	"net/netip"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Listeners is the Envoy listener of a port; nil if nothing on it can be served. Nothing of routes, certificates or
// endpoints is in it, so that only an edit of the Gateway drains connections.
var Listeners = objects.NewUnit("listener", func(r *objects.Reader, k PortKey) *listenerv3.Listener {
	gateway := attach.Gateways.Get(r, k.Gateway)
	if gateway == nil {
		return nil
	}
	addresses := bindAddresses(r, gateway, k.Port)
	if len(addresses) == 0 {
		return nil
	}
	out := &listenerv3.Listener{Name: portName(k), Address: addresses[0]}
	for _, a := range addresses[1:] {
		out.AdditionalAddresses = append(out.AdditionalAddresses, &listenerv3.AdditionalAddress{Address: a})
	}
	for i, l := range gateway.Listeners {
		if portOf(k.Gateway, l) == k && l.Serving() {
			addListener(r, out, k, attach.ListenerKey{Gateway: k.Gateway, Index: i}, l)
		}
	}
	datagrams := k.Transport == "udp" && len(out.ListenerFilters) > 0
	if !datagrams && len(out.FilterChains) == 0 {
		return nil // Envoy refuses a listener without a chain
	}
	if r.Settings.OnListener != nil {
		r.Settings.OnListener(k.Gateway, gateway.Object.Generation, out)
	}
	return out
})

// addListener adds what one listener of the Gateway needs to the Envoy listener of its port.
func addListener(r *objects.Reader, out *listenerv3.Listener, k PortKey, place attach.ListenerKey, l *attach.Listener) {
	switch l.Protocol {
	case gwv1.HTTPProtocolType:
		if len(out.FilterChains) == 0 { // one for all: the Host header tells their listeners apart
			manager := httpManager(r, k, sharedFilters(r, k))
			out.FilterChains = []*listenerv3.FilterChain{{Name: out.Name, Filters: []*listenerv3.Filter{manager}}}
		}
		return
	case gwv1.TCPProtocolType:
		out.FilterChains = append(out.FilterChains, tcpChain(r, place, l))
		return
	case gwv1.UDPProtocolType:
		udpSocket(out.Address)
		for _, a := range out.AdditionalAddresses {
			udpSocket(a.Address)
		}
		out.UdpListenerConfig = &listenerv3.UdpListenerConfig{}
		out.ListenerFilters = []*listenerv3.ListenerFilter{udpProxy(r, place, l)}
		return
	case gwv1.HTTPSProtocolType:
		out.FilterChains = append(out.FilterChains, httpsChain(l, httpManager(r, k, filter.RequestsOf.Get(r, place).HTTP)))
	case gwv1.TLSProtocolType:
		out.FilterChains = append(out.FilterChains, tlsChains(r, place, l)...)
	}
	if len(out.ListenerFilters) == 0 { // chains are chosen by SNI
		out.ListenerFilters = []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: envoy.Any(&tlsinspectorv3.TlsInspector{})},
		}}
	}
}

func chainName(l *attach.Listener) string {
	return envoy.FilterChain(string(l.Owner.Kind), l.Owner.Namespace, l.Owner.Name.Name, string(l.Name))
}

// bindAddresses are the sockets of a port.
func bindAddresses(r *objects.Reader, g *attach.Gateway, port int32) []*corev3.Address {
	bound := r.Settings.Bound(port)
	if !r.Settings.BindToAddresses {
		return []*corev3.Address{socket(r.Settings.BindAddress, bound)}
	}
	var out []*corev3.Address
	for _, ip := range g.IPs() {
		out = append(out, socket(ip.String(), bound))
	}
	return out
}

func socket(address string, port uint32) *corev3.Address {
	ip, _ := netip.ParseAddr(address)
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       address,
		Ipv4Compat:    ip == netip.IPv6Unspecified(), // every address is every one of both families
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// sharedFilters are those of all HTTP listeners of a port, each of which switches its own on.
func sharedFilters(r *objects.Reader, k PortKey) []*hcmv3.HttpFilter {
	var out []*hcmv3.HttpFilter
	for i, l := range attach.Gateways.Get(r, k.Gateway).Listeners {
		if portOf(k.Gateway, l) == k && l.Serving() {
			out = append(out, filter.RequestsOf.Get(r, attach.ListenerKey{Gateway: k.Gateway, Index: i}).Off()...)
		}
	}
	return out
}

// httpManager is the network filter that speaks HTTP, with filters that requests pass before those of routes. It must not
// change when routes do.
func httpManager(r *objects.Reader, k PortKey, before []*hcmv3.HttpFilter) *listenerv3.Filter {
	hcm := &hcmv3.HttpConnectionManager{
		StatPrefix: portName(k),
		CodecType:  hcmv3.HttpConnectionManager_AUTO, // also HTTP/2 without TLS, by prior knowledge
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
			RouteConfigName: portName(k),
			ConfigSource:    envoy.ADS(),
		}},
		HttpFilters: append(slices.Clip(before), filter.HTTPFilters(r.Settings.HTTPFilters)...),
		// The peer is a client, not a proxy of ours: what it says about scheme and origin is not believed. The list of
		// internal addresses stays unset, which makes nobody internal.
		UseRemoteAddress: envoy.Bool(true),
		// Rules must see the path that the backend will see: no "..", no escaped letters.
		NormalizePath:                envoy.Bool(true),
		PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_KEEP_UNCHANGED,
		UpgradeConfigs:               []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		ServerHeaderTransformation:   hcmv3.HttpConnectionManager_PASS_THROUGH,
	}
	return &listenerv3.Filter{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: envoy.Any(hcm)},
	}
}

// httpsChain serves one HTTPS listener, chosen by SNI.
func httpsChain(l *attach.Listener, manager *listenerv3.Filter) *listenerv3.FilterChain {
	chain := &listenerv3.FilterChain{
		Name:            chainName(l),
		Filters:         []*listenerv3.Filter{noteListener(l), manager},
		TransportSocket: downstreamTLS(l, "h2", "http/1.1"),
	}
	if l.Hostname != "" {
		chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: []string{l.Hostname}}
	}
	return chain
}

// downstreamTLS ends a client's TLS connection with the listener's certificates.
func downstreamTLS(l *attach.Listener, alpn ...string) *corev3.TransportSocket {
	context := &tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{AlpnProtocols: alpn}}
	for _, c := range l.Certificates {
		context.CommonTlsContext.TlsCertificateSdsSecretConfigs = append(context.CommonTlsContext.TlsCertificateSdsSecretConfigs,
			envoy.SDS(envoy.Secret(c.Namespace, c.Name)))
	}
	if l.Clients != nil {
		validateClients(context, l.Clients)
	}
	return envoy.TLSSocket(context)
}
