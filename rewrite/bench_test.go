package rewrite_test

import (
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

var (
	benchRewrite = &gwv1.HTTPURLRewriteFilter{
		Hostname: new(gwv1.PreciseHostname("internal.example.com")),
		Path:     &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/v2")},
	}
	benchStrip    = &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/")}
	benchRedirect = &gwv1.HTTPRequestRedirectFilter{Scheme: new("https"), StatusCode: new(301)}
	benchRequest  = rewrite.Request{Method: "GET", Scheme: "http", Authority: "example.com", Path: "/shop/cart/items/42?sort=price"}
	benchOrigin   = rewrite.Origin{Scheme: "http", Port: 80}
)

func BenchmarkParseURLRewrite(b *testing.B) {
	for b.Loop() {
		rewrite.ParseURLRewrite(benchRewrite)
	}
}

func BenchmarkApply(b *testing.B) {
	u, _ := rewrite.ParseURLRewrite(benchRewrite)
	action := &routev3.RouteAction{}
	for b.Loop() {
		u.Apply(action, prefix("/shop"))
	}
}

func BenchmarkApplyStrip(b *testing.B) {
	u, _ := rewrite.ParseURLRewrite(&gwv1.HTTPURLRewriteFilter{Path: benchStrip})
	action := &routev3.RouteAction{}
	for b.Loop() {
		u.Apply(action, prefix("/shop"))
	}
}

func BenchmarkParseRedirect(b *testing.B) {
	for b.Loop() {
		rewrite.ParseRedirect(benchRedirect)
	}
}

func BenchmarkAction(b *testing.B) {
	r, _ := rewrite.ParseRedirect(benchRedirect)
	for b.Loop() {
		r.Action(prefix("/shop"), benchOrigin)
	}
}

func BenchmarkNormalizeMatch(b *testing.B) {
	for b.Loop() {
		rewrite.NormalizeMatch("/shop/cart")
	}
}

func BenchmarkRewrite(b *testing.B) {
	u, _ := rewrite.ParseURLRewrite(benchRewrite)
	for b.Loop() {
		u.Rewrite(prefix("/shop"), benchRequest)
	}
}

func BenchmarkLocation(b *testing.B) {
	r, _ := rewrite.ParseRedirect(benchRedirect)
	for b.Loop() {
		r.Location(prefix("/shop"), benchOrigin, benchRequest)
	}
}

func BenchmarkNormalizePath(b *testing.B) {
	for b.Loop() {
		rewrite.NormalizePath("/shop/./cart/%7Euser/../items?sort=price")
	}
}
