package xds

import (
	"cmp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/route"
)

// PortKey is a port of a Gateway.
type PortKey struct {
	Gateway   objects.Name
	Port      int32
	Transport string // "tcp" or "udp"
}

func portOf(gateway objects.Name, l *attach.Listener) PortKey {
	return PortKey{Gateway: gateway, Port: l.Port, Transport: l.Transport()}
}

// Tables is the route table of a port that carries HTTP or HTTPS; nil for any other, and where no listener of these
// serves.
//
// All listeners of a port share it. Each domain has one virtual host, of the most specific listener that covers it, so
// that a request never reaches a route of a less specific one (listener isolation, GEP-1713). A listener's own hostname
// is a virtual host even without routes. On HTTPS ports a connection is bound to the listener that its SNI chose, see
// guard.
var Tables = objects.NewUnit("route table", func(r *objects.Reader, k PortKey) *routev3.RouteConfiguration {
	gateway := attach.Gateways.Get(r, k.Gateway)
	if gateway == nil {
		return nil
	}
	bindings := BindingsOf.Get(r, k.Gateway)
	t := table{Reader: r, key: k, bindings: bindings, owners: bindings.ports[k], last: map[*objects.Route]string{}}
	if !t.owners.carryHTTP() {
		return nil
	}
	return &routev3.RouteConfiguration{
		Name:                     portName(k),
		VirtualHosts:             t.virtualHosts(gateway.Listeners),
		IgnorePortInHostMatching: true,
	}
})

func carriesHTTP(l *attach.Listener) bool {
	return l.Protocol == gwv1.HTTPProtocolType || l.Protocol == gwv1.HTTPSProtocolType
}

// carryHTTP reports whether a listener of the port is served that carries HTTP.
func (o owners) carryHTTP() bool {
	for _, l := range o {
		if carriesHTTP(l) && l.Serving() {
			return true
		}
	}
	return false
}

// portName names the Envoy listener of a port, and its route table.
func portName(k PortKey) string {
	return envoy.Listener(k.Gateway.Namespace, k.Gateway.Name, k.Port, k.Transport)
}

// table builds one route table.
type table struct {
	*objects.Reader
	key      PortKey
	bindings *Bindings
	owners   owners
	entries  []route.Entry // of the virtual host at hand
	count    int           // of their Envoy routes
	pointers objects.Pool[*routev3.Route]
	// last is the last domain that a route with several hostnames was put under.
	last map[*objects.Route]string
}

// virtualHost is a domain and the listener that owns it.
type virtualHost struct {
	domain   string
	exact    []binding // the routes with this very hostname
	listener *attach.Listener
	requests *filter.Requests // of the listener
}

// hostsOf are the virtual hosts of a listener, in any order, some perhaps twice: with and without exact routes.
func (t *table) hostsOf(hosts []virtualHost, l *attach.Listener) []virtualHost {
	host := virtualHost{
		domain: l.Hostname, listener: l,
		requests: filter.RequestsOf.Get(t.Reader, attach.ListenerKey{Gateway: t.key.Gateway, Index: l.Index}),
	}
	bound := &t.bindings.Listeners[l.Index]
	exact := bound.exact
	hosts = append(slices.Grow(hosts, 1+len(bound.domains)+len(exact)), host)
	for _, host.domain = range bound.domains {
		hosts = append(hosts, host)
	}
	for start := 0; start < len(exact); {
		end := start + 1
		for end < len(exact) && exact[end].domain == exact[start].domain {
			end++
		}
		host.domain, host.exact = exact[start].domain, exact[start:end]
		hosts = append(hosts, host)
		start = end
	}
	return hosts
}

// virtualHosts are sorted by domain.
func (t *table) virtualHosts(listeners []*attach.Listener) []*routev3.VirtualHost {
	var hosts []virtualHost
	for _, l := range listeners {
		if t.owners[attach.HostKey(l.Hostname)] == l && carriesHTTP(l) {
			hosts = t.hostsOf(hosts, l)
		}
	}
	slices.SortFunc(hosts, func(a, b virtualHost) int {
		if c := compareDomains(a.domain, b.domain); c != 0 {
			return c
		}
		return len(b.exact) - len(a.exact)
	})
	hosts = slices.CompactFunc(hosts, func(a, b virtualHost) bool { return a.domain == b.domain })

	for i := range hosts { // as in BindingsOf, one sort of work at a time
		for _, b := range hosts[i].exact {
			t.build(&hosts[i], b.route)
		}
	}
	blocks := make([]virtualHostBlock, len(hosts))
	out := make([]*routev3.VirtualHost, len(hosts))
	names := virtualHostNames(hosts)
	for i := range hosts {
		b, h := &blocks[i], &hosts[i]
		n := len(h.listener.Name) + len("/") + max(len(h.domain), len("*"))
		b.host.Name, names = names[:n], names[n:]
		b.domains[0] = b.host.Name[len(h.listener.Name)+len("/"):]
		b.host.Domains = b.domains[:]
		b.host.Routes = t.routes(h)
		if h.listener.Protocol == gwv1.HTTPProtocolType {
			b.host.TypedPerFilterConfig = h.requests.On()
		}
		out[i] = &b.host
	}
	return out
}

// virtualHostNames are the names of virtual hosts, one after the other: the listener's, "/" and the domain.
func virtualHostNames(hosts []virtualHost) string {
	size := 0
	for _, h := range hosts {
		size += len(h.listener.Name) + len("/") + max(len(h.domain), len("*"))
	}
	var b strings.Builder
	b.Grow(size)
	for _, h := range hosts {
		b.WriteString(string(h.listener.Name))
		b.WriteByte('/')
		b.WriteString(cmp.Or(h.domain, "*"))
	}
	return b.String()
}

// virtualHostBlock is what each of thousands of virtual hosts needs, in one allocation for all.
type virtualHostBlock struct {
	host    routev3.VirtualHost
	domains [1]string
}

func compareDomains(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// routes are those of every route bound to the listener whose hostnames cover the domain, so that a request that no
// rule of the most specific hostname matches falls through to the rules of wider ones. Envoy itself never tries a second
// virtual host.
func (t *table) routes(h *virtualHost) []*routev3.Route {
	t.entries, t.count = t.entries[:0], 0
	for _, b := range h.exact {
		t.add(h, h.domain, b.route)
	}
	if bound := &t.bindings.Listeners[h.listener.Index]; len(bound.wide) > 0 {
		attach.Wider(h.domain, func(original string) bool {
			for _, res := range bound.wide[original] {
				t.add(h, original, res)
			}
			return true
		})
	}
	slices.SortFunc(t.entries, func(a, b route.Entry) int { return route.Compare(&a, &b) })
	if h.listener.Protocol == gwv1.HTTPSProtocolType {
		return guard(h.listener, t.entries, t.count)
	}
	n := t.count
	if len(h.requests.HTTP) > 0 {
		n++
	}
	out := t.pointers.Take(n)[:0]
	for i := range t.entries {
		out = append(out, t.entries[i].Built.Envoy...)
	}
	if len(h.requests.HTTP) > 0 {
		out = append(out, answer("not-found", 404)) // without a route, Envoy would not ask the virtual host which filters are on
	}
	return out
}

// add puts a route under a domain that its hostname original covers, once.
func (t *table) add(h *virtualHost, original string, res *route.Resolved) {
	rt := res.Route
	if len(rt.Hostnames) > 1 {
		if last, ok := t.last[rt]; ok && last == h.domain {
			return // under a more specific hostname of its own
		}
		t.last[rt] = h.domain
	}
	built := t.build(h, res)
	for i := range built {
		t.entries = append(t.entries, route.Entry{Route: rt, Original: original, Built: &built[i]})
		t.count += len(built[i].Envoy)
	}
}

func (t *table) build(h *virtualHost, res *route.Resolved) []route.Built {
	return route.Build(t.Reader, res, uint32(h.listener.Port), h.listener.Protocol == gwv1.HTTPSProtocolType)
}

// answer answers what no rule matches.
func answer(name string, status uint32) *routev3.Route {
	return &routev3.Route{
		Name:   name,
		Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}},
	}
}
