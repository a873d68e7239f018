package rewrite_test

import (
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// A translator's use: parse, report, build. And the question that a user asks: what will my backend see?
func Example() {
	u, errs := rewrite.ParseURLRewrite(&gwv1.HTTPURLRewriteFilter{
		Hostname: new(gwv1.PreciseHostname("orders.internal")),
		Path:     &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/v2")},
	})
	fmt.Println("errors:", len(errs), "needs a PathPrefix match:", u.NeedsPrefix())

	match := rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: "/orders"}
	action := &routev3.RouteAction{}
	u.Apply(action, match)
	fmt.Println("prefix_rewrite:", action.GetPrefixRewrite(), "host_rewrite_literal:", action.GetHostRewriteLiteral())

	received := u.Rewrite(match, rewrite.Request{Method: "GET", Scheme: "https", Authority: "shop.example:8443", Path: "/orders/7?full"})
	fmt.Println(received.Authority + received.Path)
	// Output:
	// errors: 0 needs a PathPrefix match: true
	// prefix_rewrite: /v2 host_rewrite_literal: orders.internal
	// orders.internal/v2/7?full
}

// What the API server would have refused is refused here too, with the field that holds it.
func ExampleParseURLRewrite() {
	_, errs := rewrite.ParseURLRewrite(&gwv1.HTTPURLRewriteFilter{
		Hostname: new(gwv1.PreciseHostname("example.com:8080")),
		Path:     &gwv1.HTTPPathModifier{Type: gwv1.FullPathHTTPPathModifier},
	})
	for _, e := range errs {
		fmt.Printf("spec.rules[0].filters[0].urlRewrite.%s: %s\n", e.Field, e.Detail)
	}
	// Output:
	// spec.rules[0].filters[0].urlRewrite.hostname: must be a DNS name in lower case, without wildcard or port, of at most 253 characters
	// spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: must be set when type is ReplaceFullPath
}

// To https: on port 80 nothing has to be said about the port, on 8080 it has.
func ExampleRedirect_Location() {
	r, _ := rewrite.ParseRedirect(&gwv1.HTTPRequestRedirectFilter{Scheme: new("https"), StatusCode: new(301)})
	match := rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: "/"}
	for _, port := range []uint32{80, 8080} {
		fmt.Println(r.Location(match, rewrite.Origin{Scheme: "http", Port: port},
			rewrite.Request{Method: "GET", Scheme: "http", Authority: fmt.Sprintf("shop.example:%d", port), Path: "/cart?item=7"}))
	}
	// Output:
	// 301 https://shop.example/cart?item=7
	// 301 https://shop.example:443/cart?item=7
}

// A host that offers regex rewrites as a policy or annotation of its own gets capture groups, the check that they exist,
// and the oracle.
func ExampleReplaceRegex() {
	path, _ := rewrite.ReplaceRegex(`^/service/([^/]+)(/.*)$`, `\2/instance/\1`)
	u := rewrite.URLRewrite{Path: path}
	fmt.Println(u.Rewrite(rewrite.Match{}, rewrite.Request{Path: "/service/cart/v1/api?q=1"}).Path)

	_, errs := rewrite.ReplaceRegex(`^/service/([^/]+)(/.*)$`, `\3`)
	fmt.Println(errs[0].Field, errs[0].Detail)
	// Output:
	// /v1/api/instance/cart?q=1
	// substitution must not use group \3: the pattern has 2
}

// Requests reach the route table in normal form; so must the values of its matches.
func ExampleNormalizeMatch() {
	for _, value := range []string{"/~user", "/%7Euser", "/docs/old guide", "/a/../b", "/a//b"} {
		normal, errs := rewrite.NormalizeMatch(value)
		fmt.Println(normal, errs)
	}
	// Output:
	// /~user []
	// /~user []
	// /docs/old%20guide []
	// /b []
	// /a//b [{value must not contain "//"}]
}
