package translate_test

import (
	"fmt"
	"net/netip"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// A host has a kind of filters of its own. This one knows those of one name, which mark routes as internal.
func ExampleFilterResolver() {
	objs := exampleObjects()
	rule := &objs.HTTPRoutes[0].Spec.Rules[0]
	rule.Filters = []gwv1.HTTPRouteFilter{{
		Type:         gwv1.HTTPRouteFilterExtensionRef,
		ExtensionRef: &gwv1.LocalObjectReference{Group: "example.com", Kind: "Audience", Name: "staff"},
	}}
	rule.BackendRefs = nil
	audience := func(ref types.NamespacedName, from translate.Origin) (translate.FilterEffect, string) {
		fmt.Println(from.Kind, from.Name, "rule", from.Rule, "asks for", ref)
		if ref.Name != "internal" {
			return translate.FilterEffect{}, "no such audience"
		}
		return translate.FilterEffect{Route: func(r *routev3.Route) { r.StatPrefix = "internal" }}, ""
	}
	res, err := translate.Translate(objs, translate.Options{
		ControllerName: "example.com/gateway",
		Filters: map[schema.GroupKind]translate.FilterResolver{
			{Group: "example.com", Kind: "Audience"}: audience,
		},
	})
	if err != nil {
		panic(err)
	}
	for _, c := range res.Statuses.HTTPRoutes[0].Status.Parents[0].Conditions {
		fmt.Println(c.Type, c.Status, c.Message)
	}
	// Output:
	// HTTPRoute shop rule 0 asks for default/staff
	// Accepted True The route is accepted.
	// ResolvedRefs False spec.rules[0].filters[0].extensionRef: Audience "staff": no such audience
}

// A host has backends that are no Services; here a function that runs at one address.
func ExampleBackendResolver() {
	objs := exampleObjects()
	ref := &objs.HTTPRoutes[0].Spec.Rules[0].BackendRefs[0].BackendObjectReference
	ref.Group, ref.Kind = ptr[gwv1.Group]("example.com"), ptr[gwv1.Kind]("Function")
	res, err := translate.Translate(objs, translate.Options{
		ControllerName: "example.com/gateway",
		Backends: map[schema.GroupKind]translate.BackendResolver{
			{Group: "example.com", Kind: "Function"}: func(types.NamespacedName, int32) (translate.Backend, string) {
				return translate.Backend{Endpoints: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:8080")}}, ""
			},
		},
	})
	if err != nil {
		panic(err)
	}
	for _, c := range res.Gateways[0].Clusters {
		fmt.Println(c.GetName())
	}
	// Output:
	// Function.example.com/default/shop/80/http1
}
