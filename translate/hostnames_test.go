package translate_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// Names of up to three labels and the wildcards above them: few enough that random listeners and routes meet often.
var (
	hosts     = []string{"com", "a.com", "b.com", "a.a.com", "b.a.com", "a.b.com", "c.b.com", "a.a.a.com", "b.a.a.com"}
	wildcards = []string{"*.com", "*.a.com", "*.b.com", "*.a.a.com", "*.org"}
	// Hostnames of these lists have a host in common if and only if one of these is.
	probes = append([]string{"x.com", "x.a.com", "x.b.com", "x.a.a.com", "x.org"}, hosts...)
)

// TestHostsReachTheirListener holds random Gateways against the specification, taken literally: a host belongs to the
// most specific listener that covers it, which serves it with the most specific of its routes (GEP-1713), and on HTTPS
// to no connection but that listener's (GEP-3567). A route is attached where it has a host in common with a listener.
func TestHostsReachTheirListener(t *testing.T) {
	secrets := goldentest.Load(t, filepath.Join(testdata, "gateway", "https", "input.yaml")).Secrets
	for seed := range uint64(500) {
		w := randomWorld(seed, secrets)
		result, err := translate.Translate(w.objects, options)
		require.NoError(t, err)
		table := result.Gateways[0].Routes[0]
		for i, l := range w.listeners {
			status := result.Statuses.Gateways[0].Status.Listeners[i]
			require.EqualValues(t, w.attached(l), status.AttachedRoutes, "seed %d: attached to listener %q of\n%s", seed, l.Name, w)
			for _, host := range probes {
				want, got := w.answer(l, host), routed(table, "gateway/default/gw/"+string(l.Name), host)
				require.Equal(t, want, got, "seed %d: host %s on a connection to listener %q of\n%s", seed, host, l.Name, w)
			}
		}
	}
}

// world is a Gateway with one port, and its routes, each with the backend of its name.
type world struct {
	objects   *translate.Objects
	listeners []gwv1.Listener
	routes    []*gwv1.HTTPRoute
}

func randomWorld(seed uint64, secrets []*corev1.Secret) *world {
	random := rand.New(rand.NewPCG(seed, 2))
	names := slices.Concat(hosts, wildcards)
	protocol := []gwv1.ProtocolType{gwv1.HTTPProtocolType, gwv1.HTTPSProtocolType}[seed%2]
	w := &world{objects: &translate.Objects{Secrets: secrets}}
	for i, n := range random.Perm(len(names) + 1)[:1+random.IntN(5)] {
		l := gwv1.Listener{Name: gwv1.SectionName(fmt.Sprint("l", i)), Port: 80, Protocol: protocol}
		if protocol == gwv1.HTTPSProtocolType {
			l.TLS = &gwv1.ListenerTLSConfig{CertificateRefs: []gwv1.SecretObjectReference{{Name: "cert"}}}
		}
		if n < len(names) {
			l.Hostname = new(gwv1.Hostname(names[n]))
		}
		w.listeners = append(w.listeners, l)
	}
	for i := range 1 + random.IntN(6) {
		name := fmt.Sprint("r", i)
		r := &gwv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
		for _, n := range random.Perm(len(names))[:random.IntN(4)] {
			r.Spec.Hostnames = append(r.Spec.Hostnames, gwv1.Hostname(names[n]))
		}
		ref := gwv1.ParentReference{Name: "gw"}
		if random.IntN(2) == 0 {
			ref.SectionName = new(w.listeners[random.IntN(len(w.listeners))].Name)
		}
		r.Spec.ParentRefs = []gwv1.ParentReference{ref}
		var backend gwv1.HTTPBackendRef
		backend.Name, backend.Port = gwv1.ObjectName(name), ptr(gwv1.PortNumber(80))
		r.Spec.Rules = []gwv1.HTTPRouteRule{{BackendRefs: []gwv1.HTTPBackendRef{backend}}}
		w.routes = append(w.routes, r)
		w.objects.Services = append(w.objects.Services, &corev1.Service{
			ObjectMeta: r.ObjectMeta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		})
	}
	w.objects.HTTPRoutes = w.routes
	w.objects.GatewayClasses = []*gwv1.GatewayClass{{
		ObjectMeta: metav1.ObjectMeta{Name: "class"}, Spec: gwv1.GatewayClassSpec{ControllerName: options.ControllerName},
	}}
	w.objects.Gateways = []*gwv1.Gateway{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "gw"},
		Spec:       gwv1.GatewaySpec{GatewayClassName: "class", Listeners: w.listeners},
	}}
	return w
}

func (w *world) String() string {
	var b strings.Builder
	for _, l := range w.listeners {
		fmt.Fprintf(&b, "listener %s: %q\n", l.Name, hostnameOf(l))
	}
	for _, r := range w.routes {
		fmt.Fprintf(&b, "route %s: %q on %q\n", r.Name, r.Spec.Hostnames, sectionOf(r))
	}
	return b.String()
}

func hostnameOf(l gwv1.Listener) string {
	if l.Hostname == nil {
		return ""
	}
	return string(*l.Hostname)
}

func sectionOf(r *gwv1.HTTPRoute) gwv1.SectionName {
	if s := r.Spec.ParentRefs[0].SectionName; s != nil {
		return *s
	}
	return ""
}

// attached counts the routes with a host in common with a listener that they name.
func (w *world) attached(l gwv1.Listener) (n int) {
	for _, r := range w.routes {
		if s := sectionOf(r); s != "" && s != l.Name {
			continue
		}
		if slices.ContainsFunc(probes, func(host string) bool {
			return standsFor(hostnameOf(l), host) && (len(r.Spec.Hostnames) == 0 ||
				slices.ContainsFunc(r.Spec.Hostnames, func(h gwv1.Hostname) bool { return standsFor(string(h), host) }))
		}) {
			n++
		}
	}
	return n
}

// answer is what a request for a host shall get on a connection to a listener: a backend or a status.
func (w *world) answer(connection gwv1.Listener, host string) string {
	var owner *gwv1.Listener
	for i := range w.listeners {
		l := &w.listeners[i]
		if standsFor(hostnameOf(*l), host) && (owner == nil || specificity(hostnameOf(*l)) > specificity(hostnameOf(*owner))) {
			owner = l
		}
	}
	switch {
	case owner == nil:
		return "404"
	case owner.Protocol == gwv1.HTTPSProtocolType && owner.Name != connection.Name:
		return "421"
	}
	best, answer := -1, "404"
	for _, r := range w.routes { // the earlier name wins among equals
		if s := sectionOf(r); s != "" && s != owner.Name {
			continue
		}
		for h := range cmp.Or(len(r.Spec.Hostnames), 1) {
			own := ""
			if len(r.Spec.Hostnames) > 0 {
				own = string(r.Spec.Hostnames[h])
			}
			if standsFor(own, host) && specificity(own) > best {
				best, answer = specificity(own), r.Name
			}
		}
	}
	return answer
}

// standsFor reports whether a hostname is that of a host, or a wildcard above it.
func standsFor(hostname, host string) bool {
	suffix, wildcard := strings.CutPrefix(hostname, "*")
	return hostname == "" || hostname == host || wildcard && strings.HasSuffix(host, suffix)
}

// specificity puts exact names before wildcards, the longer of these before the shorter, and no hostname last.
func specificity(hostname string) int {
	if hostname != "" && hostname[0] != '*' {
		return 1000
	}
	return len(hostname)
}

// routed is what Envoy does by a route table: the virtual host with the exact domain, else with the longest wildcard,
// else with "*"; in it the first route that matches.
func routed(table *routev3.RouteConfiguration, connection, host string) string {
	var chosen *routev3.VirtualHost
	best := -1
	for _, vh := range table.GetVirtualHosts() {
		for _, d := range vh.GetDomains() {
			if d == "*" {
				d = ""
			}
			if standsFor(d, host) && specificity(d) > best {
				chosen, best = vh, specificity(d)
			}
		}
	}
	for _, r := range chosen.GetRoutes() {
		states := r.GetMatch().GetFilterState()
		if len(states) > 0 && states[0].GetStringMatch().GetExact() != connection {
			continue
		}
		if status := r.GetDirectResponse().GetStatus(); status != 0 {
			return fmt.Sprint(status)
		}
		return strings.Split(r.GetRoute().GetCluster(), "/")[1]
	}
	return "404"
}
