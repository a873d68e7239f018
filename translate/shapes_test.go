package translate_test

import (
	"fmt"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// shapes are inputs that grow in one way each, in which nothing may take more than linear time. What the API bounds to a
// few dozen, such as the headers of a match, is not among them.
var shapes = []struct {
	name  string
	input func(n int) *translate.Objects
}{
	{"routes of one hostname", func(n int) *translate.Objects {
		return withRoutes(n, func(i int, r *gwv1.HTTPRoute) { r.Spec.Hostnames = []gwv1.Hostname{"a.example.com"} })
	}},
	{"routes of the same two hostnames", func(n int) *translate.Objects {
		return withRoutes(n, func(i int, r *gwv1.HTTPRoute) { r.Spec.Hostnames = []gwv1.Hostname{"a.example.com", "*.example.com"} })
	}},
	{"routes without hostname", func(n int) *translate.Objects {
		return withRoutes(n, func(i int, r *gwv1.HTTPRoute) { r.Spec.Hostnames = nil })
	}},
	{"routes of a wildcard each", func(n int) *translate.Objects {
		return withRoutes(n, func(i int, r *gwv1.HTTPRoute) {
			r.Spec.Hostnames = []gwv1.Hostname{gwv1.Hostname(fmt.Sprintf("*.h%d.example.com", i))}
		})
	}},
	{"routes nobody owns", func(n int) *translate.Objects {
		return withRoutes(n, func(i int, r *gwv1.HTTPRoute) { r.Spec.ParentRefs[0].Name = "nobody" })
	}},
	{"hostnames of a route", func(n int) *translate.Objects {
		return withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for i := range n {
				r.Spec.Hostnames = append(r.Spec.Hostnames, gwv1.Hostname(fmt.Sprintf("h%d.example.com", i)))
			}
		})
	}},
	{"rules of a route", func(n int) *translate.Objects {
		return withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for range n {
				r.Spec.Rules = append(r.Spec.Rules, r.Spec.Rules[0])
			}
		})
	}},
	{"matches of a rule", func(n int) *translate.Objects {
		return withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for range n {
				r.Spec.Rules[0].Matches = append(r.Spec.Rules[0].Matches, r.Spec.Rules[0].Matches[0])
			}
		})
	}},
	{"backendRefs of a rule", func(n int) *translate.Objects {
		return withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for range n {
				r.Spec.Rules[0].BackendRefs = append(r.Spec.Rules[0].BackendRefs, r.Spec.Rules[0].BackendRefs[0])
			}
		})
	}},
	{"filters of a rule", func(n int) *translate.Objects {
		return withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for range n {
				r.Spec.Rules[0].Filters = append(r.Spec.Rules[0].Filters, gwv1.HTTPRouteFilter{
					Type:          gwv1.HTTPRouteFilterRequestMirror,
					RequestMirror: &gwv1.HTTPRequestMirrorFilter{BackendRef: r.Spec.Rules[0].BackendRefs[0].BackendObjectReference},
				})
			}
		})
	}},
	{"grants and the references they permit", func(n int) *translate.Objects {
		objs := withRoutes(n, func(i int, r *gwv1.HTTPRoute) {
			r.Namespace = fmt.Sprintf("ns-%d", i)
			r.Spec.ParentRefs[0].Namespace = ptr(gwv1.Namespace("default"))
			for j := range r.Spec.Rules {
				for k := range r.Spec.Rules[j].BackendRefs {
					r.Spec.Rules[j].BackendRefs[k].Namespace = ptr(gwv1.Namespace("default"))
				}
			}
		})
		objs.Gateways[0].Spec.Listeners[0].AllowedRoutes.Namespaces.From = ptr(gwv1.NamespacesFromAll)
		for i := range n {
			objs.ReferenceGrants = append(objs.ReferenceGrants, &gwv1.ReferenceGrant{
				ObjectMeta: benchMeta("default", fmt.Sprintf("grant-%d", i), 9, i),
				Spec: gwv1.ReferenceGrantSpec{
					From: []gwv1.ReferenceGrantFrom{{Group: gwv1.GroupName, Kind: "HTTPRoute", Namespace: gwv1.Namespace(fmt.Sprintf("ns-%d", i))}},
					To:   []gwv1.ReferenceGrantTo{{Kind: "Service"}},
				},
			})
		}
		return objs
	}},
	{"policies of Services", func(n int) *translate.Objects {
		return withPolicies(n, func(i int) string { return benchServiceName(i) })
	}},
	{"policies of one Service", func(n int) *translate.Objects {
		return withPolicies(n, func(int) string { return benchServiceName(0) })
	}},
	{"Gateways with a route each", func(n int) *translate.Objects { return withGateways(withRoutes(n, nameGateway), n) }},
	{"Gateways and policies", func(n int) *translate.Objects {
		objs := withPolicies(n, func(i int) string { return benchServiceName(i) })
		for i, r := range objs.HTTPRoutes {
			nameGateway(i, r)
		}
		return withGateways(objs, n)
	}},
	{"ListenerSets of a Gateway", func(n int) *translate.Objects {
		objs := withRoutes(n, func(i int, r *gwv1.HTTPRoute) {
			r.Spec.ParentRefs[0].Kind, r.Spec.ParentRefs[0].Name = ptr(gwv1.Kind("ListenerSet")), gwv1.ObjectName(fmt.Sprintf("set-%d", i))
		})
		from := &gwv1.ListenerNamespaces{From: ptr(gwv1.NamespacesFromAll)}
		objs.Gateways[0].Spec.AllowedListeners = &gwv1.AllowedListeners{Namespaces: from}
		for i, r := range objs.HTTPRoutes {
			set := &gwv1.ListenerSet{ObjectMeta: benchMeta("default", fmt.Sprintf("set-%d", i), 7, i)}
			set.Spec.ParentRef.Name = "gw"
			set.Spec.Listeners = []gwv1.ListenerEntry{{
				Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType, Hostname: &r.Spec.Hostnames[0],
			}}
			objs.ListenerSets = append(objs.ListenerSets, set)
		}
		return objs
	}},
	{"listeners that a route without hostname is bound to", func(n int) *translate.Objects {
		objs := benchInput(1)
		objs.HTTPRoutes[0].Spec.Hostnames = nil
		l := &objs.Gateways[0].Spec.Listeners
		for i := range n {
			next := (*l)[0]
			next.Name = gwv1.SectionName(fmt.Sprintf("l%d", i))
			next.Hostname = ptr(gwv1.Hostname(fmt.Sprintf("host-%05d.example.com", i)))
			*l = append(*l, next)
		}
		return objs
	}},
	{"ports of a Service", func(n int) *translate.Objects {
		objs := withRoutes(1, func(_ int, r *gwv1.HTTPRoute) {
			for i := range n {
				ref := r.Spec.Rules[0].BackendRefs[0]
				ref.Port = ptr(gwv1.PortNumber(i + 1))
				r.Spec.Rules[0].BackendRefs = append(r.Spec.Rules[0].BackendRefs, ref)
			}
		})
		port := objs.Services[0].Spec.Ports[0]
		for i := range n {
			port.Port, port.Name = int32(i+1), fmt.Sprintf("p%d", i)
			objs.Services[0].Spec.Ports = append(objs.Services[0].Spec.Ports, port)
		}
		return objs
	}},
	{"endpoints of a Service", func(n int) *translate.Objects {
		objs := withRoutes(1, func(int, *gwv1.HTTPRoute) {})
		slice := objs.EndpointSlices[0]
		for i := range n {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.%d.%d.1", i>>8, i&255)}})
		}
		return objs
	}},
	{"TCPRoutes of a listener", func(n int) *translate.Objects {
		objs := benchInput(10)
		objs.HTTPRoutes = nil
		objs.Gateways[0].Spec.Listeners[0].Protocol = gwv1.TCPProtocolType
		for i := range n {
			r := &gwv1.TCPRoute{ObjectMeta: benchMeta("default", fmt.Sprintf("route-%d", i), 1, i)}
			from := benchRoute(i, 2)
			r.Spec.ParentRefs = from.Spec.ParentRefs
			r.Spec.Rules = []gwv1.TCPRouteRule{{BackendRefs: []gwv1.BackendRef{from.Spec.Rules[0].BackendRefs[0].BackendRef}}}
			objs.TCPRoutes = append(objs.TCPRoutes, r)
		}
		return objs
	}},
	{"TLSRoutes of a listener", func(n int) *translate.Objects {
		objs := benchInput(10)
		objs.HTTPRoutes = nil
		l := &objs.Gateways[0].Spec.Listeners[0]
		l.Protocol, l.TLS = gwv1.TLSProtocolType, &gwv1.ListenerTLSConfig{Mode: ptr(gwv1.TLSModePassthrough)}
		for i := range n {
			r := &gwv1.TLSRoute{ObjectMeta: benchMeta("default", fmt.Sprintf("route-%d", i), 1, i)}
			from := benchRoute(i, 2)
			r.Spec.ParentRefs, r.Spec.Hostnames = from.Spec.ParentRefs, from.Spec.Hostnames
			r.Spec.Rules = []gwv1.TLSRouteRule{{BackendRefs: []gwv1.BackendRef{from.Spec.Rules[0].BackendRefs[0].BackendRef}}}
			objs.TLSRoutes = append(objs.TLSRoutes, r)
		}
		return objs
	}},
}

func withRoutes(n int, change func(int, *gwv1.HTTPRoute)) *translate.Objects {
	objs := benchInput(n)
	for i, r := range objs.HTTPRoutes {
		change(i, r)
	}
	return objs
}

func withPolicies(n int, service func(int) string) *translate.Objects {
	objs := benchInput(n)
	for i := range n {
		p := &gwv1.BackendTLSPolicy{ObjectMeta: benchMeta("default", fmt.Sprintf("policy-%d", i), 9, i)}
		p.Spec.Validation = gwv1.BackendTLSPolicyValidation{Hostname: "a.example.com", WellKnownCACertificates: ptr(gwv1.WellKnownCACertificatesSystem)}
		p.Spec.TargetRefs = []gwv1.LocalPolicyTargetReferenceWithSectionName{{
			LocalPolicyTargetReference: gwv1.LocalPolicyTargetReference{Kind: "Service", Name: gwv1.ObjectName(service(i))},
		}}
		objs.BackendTLSPolicies = append(objs.BackendTLSPolicies, p)
	}
	return objs
}

func nameGateway(i int, r *gwv1.HTTPRoute) {
	r.Spec.ParentRefs[0].Name = gwv1.ObjectName(fmt.Sprintf("gw-%d", i))
}

func withGateways(objs *translate.Objects, n int) *translate.Objects {
	for i := range n {
		gw := objs.Gateways[0].DeepCopy()
		gw.Name = fmt.Sprintf("gw-%d", i)
		objs.Gateways = append(objs.Gateways, gw)
	}
	return objs
}

// BenchmarkShapes gives the time for each of n things, which should be much the same for all n.
func BenchmarkShapes(b *testing.B) {
	for _, shape := range shapes {
		for _, n := range []int{500, 4000} {
			b.Run(fmt.Sprintf("%s/n=%d", shape.name, n), func(b *testing.B) {
				objs := shape.input(n)
				for b.Loop() {
					if _, err := translate.Translate(objs, benchOptions); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/thing")
			})
		}
	}
}
