package translate_test

import (
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// exampleObjects is a Gateway and a route to a Service that does not exist.
func exampleObjects() *translate.Objects {
	return &translate.Objects{
		GatewayClasses: []*gwv1.GatewayClass{{
			ObjectMeta: metav1.ObjectMeta{Name: "class"},
			Spec:       gwv1.GatewayClassSpec{ControllerName: "example.com/gateway"},
		}},
		Gateways: []*gwv1.Gateway{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "gw"},
			Spec: gwv1.GatewaySpec{
				GatewayClassName: "class",
				Listeners:        []gwv1.Listener{{Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType}},
			},
		}},
		HTTPRoutes: []*gwv1.HTTPRoute{{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "shop"},
			Spec: gwv1.HTTPRouteSpec{
				CommonRouteSpec: gwv1.CommonRouteSpec{ParentRefs: []gwv1.ParentReference{{Name: "gw"}}},
				Hostnames:       []gwv1.Hostname{"shop.example.com"},
				Rules: []gwv1.HTTPRouteRule{{
					BackendRefs: []gwv1.HTTPBackendRef{{BackendRef: gwv1.BackendRef{
						BackendObjectReference: gwv1.BackendObjectReference{Name: "shop", Port: ptr[int32](80)},
					}}},
				}},
			},
		}},
	}
}

func ExampleTranslate() {
	res, err := translate.Translate(exampleObjects(), translate.Options{
		ControllerName: "example.com/gateway",
		Addresses: map[types.NamespacedName][]gwv1.GatewayStatusAddress{
			{Namespace: "default", Name: "gw"}: {{Value: "192.0.2.1"}},
		},
	})
	if err != nil {
		panic(err) // the options are wrong
	}
	for _, g := range res.Gateways {
		fmt.Println(g.Gateway, "listens on", g.Listeners[0].GetName())
		for _, host := range g.Routes[0].GetVirtualHosts() {
			fmt.Println(host.GetDomains(), len(host.GetRoutes()), "routes")
		}
	}
	for _, d := range res.Statuses.HTTPRoutes {
		for _, c := range d.Status.Parents[0].Conditions {
			fmt.Println(d.Name, c.Type, c.Status, c.Reason)
		}
	}
	// Output:
	// default/gw listens on default/gw/80/tcp
	// [*] 0 routes
	// [shop.example.com] 1 routes
	// shop Accepted True Accepted
	// shop ResolvedRefs False BackendNotFound
}

// A host may change finished resources; here every route gets a response header that says where it came from.
func ExampleHooks() {
	res, err := translate.Translate(exampleObjects(), translate.Options{
		ControllerName: "example.com/gateway",
		Hooks: translate.Hooks{Route: func(from translate.Origin, r *routev3.Route) {
			r.StatPrefix = from.Namespace + "." + from.Name
		}},
	})
	if err != nil {
		panic(err)
	}
	route := res.Gateways[0].Routes[0].GetVirtualHosts()[1].GetRoutes()[0]
	fmt.Println(route.GetStatPrefix())
	// Output:
	// default.shop
}

func ExampleParseRouteName() {
	from, ok := translate.ParseRouteName("HTTPRoute/default/shop/rule/2/match/0")
	fmt.Println(from.Kind, from.Namespace, from.Name, from.Rule, from.Match, ok)
	// Output:
	// HTTPRoute default shop 2 0 true
}
