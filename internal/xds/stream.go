package xds

import (
	"cmp"
	"slices"

	cncfcorev3 "github.com/cncf/xds/go/xds/core/v3"
	cncfmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	udpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/udp/udp_proxy/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
	"github.com/gatewayxds/gatewayxds/internal/stream"
)

// winner is a route that gets the connections of a listener, or those to some names of it.
type winner struct {
	route *stream.Resolved // nil: connections that no route wants
	// terminated: the listener ended the client's TLS.
	terminated bool
	// domains are the server names, sorted; "" stands for every name.
	domains []string
}

// winners are the routes that serve a TLS, TCP or UDP listener. Where routes compete the more specific hostname wins, then
// the older route; the losers are attached all the same.
var winners = objects.NewUnit("stream winners", func(r *objects.Reader, k attach.ListenerKey) []winner {
	gateway := attach.Gateways.Get(r, k.Gateway)
	l := gateway.Listeners[k.Index]
	bound := BindingsOf.Get(r, k.Gateway).Listeners[k.Index].streams
	if l.Protocol == gwv1.TLSProtocolType {
		return tlsWinners(l, bound)
	}
	if len(bound) == 0 {
		return []winner{{}}
	}
	return []winner{{route: bound[0].route}}
})

// candidate is a route that wants the connections to a domain, under a hostname of its own.
type candidate struct {
	route    *stream.Resolved
	original string // its HostKey
}

func tlsWinners(l *attach.Listener, bound []streamBinding) []winner {
	// Also without a route the listener's own hostname is its, and no wider listener's.
	best := map[string]candidate{l.Hostname: {}}
	domains := []string{l.Hostname}
	for _, b := range bound { // the older first
		have, ok := best[b.host.Name]
		if !ok {
			domains = append(domains, b.host.Name)
		}
		original := attach.HostKey(b.host.Original)
		if have.route == nil || route.CompareHostKeys(original, have.original) < 0 {
			best[b.host.Name] = candidate{route: b.route, original: original}
		}
	}
	slices.Sort(domains)
	var out []winner
	place := map[*stream.Resolved]int{}
	for _, d := range domains {
		res := best[d].route
		i, ok := place[res]
		if !ok {
			i = len(out)
			place[res] = i
			out = append(out, winner{route: res, terminated: l.Terminates()})
		}
		out[i].domains = append(out[i].domains, d)
	}
	slices.SortFunc(out, func(a, b winner) int { return cmp.Compare(a.cluster(), b.cluster()) })
	return out
}

// cluster names where the connections go; without a route, to a cluster that does not exist, which closes them.
func (w *winner) cluster() string {
	if w.route == nil {
		return envoy.NoCluster
	}
	return w.route.Key(w.terminated).Name(w.route)
}

// routed reports whether any connections of a listener reach a route.
func routed(list []winner) bool {
	return slices.ContainsFunc(list, func(w winner) bool { return w.route != nil })
}

// tlsChains are the filter chains of a TLS listener, one per winner.
func tlsChains(r *objects.Reader, k attach.ListenerKey, l *attach.Listener) []*listenerv3.FilterChain {
	var chains []*listenerv3.FilterChain
	for _, w := range winners.Get(r, k) {
		chain := &listenerv3.FilterChain{
			Name:    chainName(l) + "/" + w.cluster(),
			Filters: []*listenerv3.Filter{tcpProxy(chainName(l), w.cluster())},
		}
		if !slices.Contains(w.domains, "") {
			chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: w.domains}
		}
		if w.route != nil && l.Terminates() {
			chain.TransportSocket = downstreamTLS(l)
		}
		chains = append(chains, chain)
	}
	return chains
}

func tcpChain(r *objects.Reader, k attach.ListenerKey, l *attach.Listener) *listenerv3.FilterChain {
	cluster := winners.Get(r, k)[0].cluster()
	return &listenerv3.FilterChain{Name: chainName(l), Filters: []*listenerv3.Filter{tcpProxy(chainName(l), cluster)}}
}

func tcpProxy(stats, cluster string) *listenerv3.Filter {
	return &listenerv3.Filter{
		Name: "envoy.filters.network.tcp_proxy",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: envoy.Any(&tcpproxyv3.TcpProxy{
			StatPrefix:       stats,
			ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: cluster},
		})},
	}
}

// udpProxy is the listener filter that passes datagrams on; a UDP listener has no filter chains.
func udpProxy(r *objects.Reader, k attach.ListenerKey, l *attach.Listener) *listenerv3.ListenerFilter {
	to := envoy.Any(&udpproxyv3.Route{Cluster: winners.Get(r, k)[0].cluster()})
	return &listenerv3.ListenerFilter{
		Name: "envoy.filters.udp_listener.udp_proxy",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: envoy.Any(&udpproxyv3.UdpProxyConfig{
			StatPrefix: chainName(l),
			RouteSpecifier: &udpproxyv3.UdpProxyConfig_Matcher{Matcher: &cncfmatcherv3.Matcher{
				OnNoMatch: &cncfmatcherv3.Matcher_OnMatch{OnMatch: &cncfmatcherv3.Matcher_OnMatch_Action{
					Action: &cncfcorev3.TypedExtensionConfig{Name: "route", TypedConfig: to},
				}},
			}},
		})},
	}
}

func udpSocket(a *corev3.Address) { a.GetSocketAddress().Protocol = corev3.SocketAddress_UDP }

// addStreams adds the clusters of the routes that win a listener.
func (out *Resources) addStreams(r *objects.Reader, name objects.Name, g *attach.Gateway) {
	seen := map[stream.Key]bool{}
	for i, l := range g.Listeners {
		if !l.Serving() || carriesHTTP(l) {
			continue
		}
		for _, w := range winners.Get(r, attach.ListenerKey{Gateway: name, Index: i}) {
			if w.route == nil {
				continue
			}
			k := w.route.Key(w.terminated)
			if seen[k] {
				continue
			}
			seen[k] = true
			present := stream.Presenting{Key: k}
			if policies := w.route.Policies(k); len(policies) > 0 {
				present.Certificate = g.ClientCertificate
				out.addTLSSecrets(r, g, policies...)
			}
			out.Clusters = append(out.Clusters, stream.Clusters.Get(r, present))
			out.Endpoints = append(out.Endpoints, stream.Endpoints.Get(r, k))
		}
	}
}
