package translate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// The benchmark input is fixed, so that figures can be set beside those of other translators: one Gateway with one HTTP
// listener and n HTTPRoutes, each with its own hostname, two rules of two matches (path prefix and header), one
// URLRewrite and two weighted backends a rule; n/10 Services of three endpoints. The hashes below hold it.
var benchHashes = map[int]string{
	100:   "5bea32950f29031f3ebdd466032c614d71b8b45a3417788535c925733b8448e8",
	1000:  "8820bfe684564a20eae46872966078a0af50ad2899155299463a6e0f25288970",
	10000: "93746b6acb04cfd4ecff7683f53315163e02fa2b52504dd603979733ae87fb83",
}

func TestBenchInput(t *testing.T) {
	for n, want := range benchHashes {
		objs := benchInput(n)
		h := sha256.New()
		write := func(v any) {
			b, err := json.Marshal(v)
			require.NoError(t, err)
			h.Write(append(b, '\n'))
		}
		for _, r := range objs.HTTPRoutes {
			write(r.Spec)
		}
		for _, s := range objs.Services {
			write(s.Spec)
		}
		for _, s := range objs.EndpointSlices {
			write(s.Endpoints)
			write(s.Ports)
		}
		require.Equal(t, want, hex.EncodeToString(h.Sum(nil)), "n=%d", n)
	}
}

var benchOptions = translate.Options{
	ControllerName: "example.com/gateway",
	Addresses: map[types.NamespacedName][]gwv1.GatewayStatusAddress{
		{Namespace: "default", Name: "gw"}: {{Value: "192.0.2.1"}},
	},
}

// BenchmarkTranslate measures a full translation, and BenchmarkMarshal the deterministic marshalling of its result: the
// ratio of the two says the same on every machine.
func BenchmarkTranslate(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			objs := benchInput(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := translate.Translate(objs, benchOptions); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMarshal(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			res, err := translate.Translate(benchInput(n), benchOptions)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				size := 0
				for _, m := range benchMessages(res) {
					out, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
					if err != nil {
						b.Fatal(err)
					}
					size += len(out)
				}
				b.SetBytes(int64(size))
			}
		})
	}
}

func benchMessages(res *translate.Result) []proto.Message {
	var out []proto.Message
	for _, g := range res.Gateways {
		for _, m := range g.Listeners {
			out = append(out, m)
		}
		for _, m := range g.Routes {
			out = append(out, m)
		}
		for _, m := range g.Clusters {
			out = append(out, m)
		}
		for _, m := range g.Endpoints {
			out = append(out, m)
		}
		for _, m := range g.Secrets {
			out = append(out, m)
		}
	}
	return out
}

func ptr[T any](v T) *T { return new(v) }

func benchMeta(ns, name string, kind, seq int) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace:         ns,
		Name:              name,
		UID:               types.UID(fmt.Sprintf("00000000-0000-4000-8%03d-%012d", kind, seq)),
		Generation:        1,
		ResourceVersion:   "1",
		CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 1, 0, 0, seq, 0, time.UTC)),
	}
}

func benchInput(n int) *translate.Objects {
	services := max(n/10, 2)
	objs := &translate.Objects{
		GatewayClasses: []*gwv1.GatewayClass{{
			ObjectMeta: benchMeta("", "gc", 2, 0),
			Spec:       gwv1.GatewayClassSpec{ControllerName: benchOptions.ControllerName},
		}},
		Gateways: []*gwv1.Gateway{{
			ObjectMeta: benchMeta("default", "gw", 3, 0),
			Spec: gwv1.GatewaySpec{
				GatewayClassName: "gc",
				Listeners: []gwv1.Listener{{
					Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType,
					AllowedRoutes: &gwv1.AllowedRoutes{Namespaces: &gwv1.RouteNamespaces{From: ptr(gwv1.NamespacesFromSame)}},
				}},
			},
		}},
		Namespaces: []*corev1.Namespace{{ObjectMeta: benchMeta("", "default", 4, 0)}},
	}
	objs.Namespaces[0].Labels = map[string]string{"kubernetes.io/metadata.name": "default"}
	for i := range n {
		objs.HTTPRoutes = append(objs.HTTPRoutes, benchRoute(i, services))
	}
	for j := range services {
		objs.Services = append(objs.Services, benchService(j))
		objs.EndpointSlices = append(objs.EndpointSlices, benchSlice(j))
	}
	return objs
}

func benchServiceName(j int) string { return fmt.Sprintf("svc-%05d", j) }

func benchRoute(i, services int) *gwv1.HTTPRoute {
	r := &gwv1.HTTPRoute{ObjectMeta: benchMeta("default", fmt.Sprintf("route-%05d", i), 1, i)}
	r.Spec.ParentRefs = []gwv1.ParentReference{{Group: ptr(gwv1.Group(gwv1.GroupName)), Kind: ptr(gwv1.Kind("Gateway")), Name: "gw"}}
	r.Spec.Hostnames = []gwv1.Hostname{gwv1.Hostname(fmt.Sprintf("host-%05d.example.com", i))}
	for rule := range 2 {
		var hr gwv1.HTTPRouteRule
		for m := range 2 {
			hr.Matches = append(hr.Matches, gwv1.HTTPRouteMatch{
				Path: &gwv1.HTTPPathMatch{Type: ptr(gwv1.PathMatchPathPrefix), Value: new(fmt.Sprintf("/r%d/m%d", rule, m))},
				Headers: []gwv1.HTTPHeaderMatch{{
					Type: ptr(gwv1.HeaderMatchExact), Name: "x-variant", Value: fmt.Sprintf("v%d", m),
				}},
			})
		}
		if rule == 0 {
			hr.Filters = []gwv1.HTTPRouteFilter{{
				Type: gwv1.HTTPRouteFilterURLRewrite,
				URLRewrite: &gwv1.HTTPURLRewriteFilter{Path: &gwv1.HTTPPathModifier{
					Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/rewritten"),
				}},
			}}
		}
		for b, weight := range []int32{80, 20} {
			var ref gwv1.HTTPBackendRef
			ref.Group, ref.Kind = ptr(gwv1.Group("")), ptr(gwv1.Kind("Service"))
			ref.Name = gwv1.ObjectName(benchServiceName((2*i + rule + b) % services))
			ref.Port, ref.Weight = ptr(gwv1.PortNumber(8080)), new(weight)
			hr.BackendRefs = append(hr.BackendRefs, ref)
		}
		r.Spec.Rules = append(r.Spec.Rules, hr)
	}
	return r
}

func benchService(j int) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: benchMeta("default", benchServiceName(j), 5, j),
		Spec: corev1.ServiceSpec{
			Type:      corev1.ServiceTypeClusterIP,
			ClusterIP: fmt.Sprintf("10.96.%d.%d", j/250, 1+j%250),
			Ports:     []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 8080, TargetPort: intstr.FromInt32(8080)}},
		},
	}
}

func benchSlice(j int) *discoveryv1.EndpointSlice {
	es := &discoveryv1.EndpointSlice{
		ObjectMeta:  benchMeta("default", benchServiceName(j)+"-slice", 6, j),
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Protocol: ptr(corev1.ProtocolTCP), Port: new(int32(8080))}},
	}
	es.Labels = map[string]string{discoveryv1.LabelServiceName: benchServiceName(j)}
	for k := range 3 {
		x := 3*j + k
		es.Endpoints = append(es.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{fmt.Sprintf("10.%d.%d.%d", 128+(x>>16)&0x7f, (x>>8)&0xff, x&0xff)},
			Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		})
	}
	return es
}
