package rewrite_test

import (
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

var paths = []string{"/", "", "/a/b/", `/a/..;x/%2e%2e\%%34%31`, "/%7e é", "/\r\n", "/%00", "\xff", "/100%?a#b", "//a//", `/\1$1%REQ(:path)%`}

// FuzzModifiers holds that no filter and no match makes the package panic, and that what it accepts gives fields that
// Envoy's own validation accepts and outcomes that can stand on the wire.
func FuzzModifiers(f *testing.F) {
	for i, p := range paths {
		f.Add(i%2 == 0, i%3 == 0, p, "host.example", "https", int32(8443), 302, p, paths[(i+1)%len(paths)])
	}
	f.Fuzz(func(t *testing.T, full, both bool, value, hostname, scheme string, port int32, status int, matchValue, target string) {
		filter := &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: &value}
		if full {
			filter = &gwv1.HTTPPathModifier{Type: gwv1.FullPathHTTPPathModifier, ReplaceFullPath: &value}
		}
		if both {
			filter.ReplaceFullPath, filter.ReplacePrefixMatch = &value, &value
		}
		match := rewrite.Match{Type: gwv1.PathMatchExact, Value: matchValue}
		if normal, errs := rewrite.NormalizeMatch(matchValue); errs == nil {
			match = rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: normal}
			if !match.Covers(normal) {
				t.Errorf("%+v does not cover its own value", match)
			}
			route := &routev3.RouteMatch{}
			match.Apply(route)
			accepted(t, route)
		}
		request := rewrite.Request{Method: "GET", Scheme: "http", Authority: "a:80", Path: target}
		origin := rewrite.Origin{Scheme: "http", Port: 80}
		_, ok := rewrite.NormalizePath(target)

		u, errs := rewrite.ParseURLRewrite(&gwv1.HTTPURLRewriteFilter{Path: filter, Hostname: (*gwv1.PreciseHostname)(&hostname)})
		if errs == nil {
			action := &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "c"}}
			u.Apply(action, match)
			accepted(t, action)
			if out := u.Rewrite(match, request); ok && !onTheWire(out.Authority+out.Path) {
				t.Errorf("%+v: backend receives %+v", u, out)
			}
		}
		r, errs := rewrite.ParseRedirect(&gwv1.HTTPRequestRedirectFilter{
			Path: filter, Hostname: (*gwv1.PreciseHostname)(&hostname), Scheme: &scheme, Port: &port, StatusCode: &status,
		})
		if errs == nil {
			accepted(t, r.Action(match, origin))
			if _, location := r.Location(match, origin, request); ok && !onTheWire(location) {
				t.Errorf("%+v: client receives %q", r, location)
			}
		}
	})
}

// FuzzRegex holds the same for patterns.
func FuzzRegex(f *testing.F) {
	f.Add("^/service/([^/]+)(/.*)$", `\2/\1`, "/service/a/b")
	f.Add(`(?i)\Qa\E|é*`, `\0\\`, "/A")
	f.Add(`\x{100}`, `\`, "")
	f.Add("a{1000}{1000}", "", "/")
	f.Fuzz(func(t *testing.T, pattern, substitution, target string) {
		path, errs := rewrite.ReplaceRegex(pattern, substitution)
		match := rewrite.Match{Type: gwv1.PathMatchRegularExpression, Value: pattern}
		match.Covers(target)
		if errs != nil {
			return
		}
		route := &routev3.RouteMatch{}
		match.Apply(route)
		accepted(t, route)
		u := rewrite.URLRewrite{Path: path}
		action := &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "c"}}
		u.Apply(action, match)
		accepted(t, action)
		out := u.Rewrite(match, rewrite.Request{Path: target})
		if _, ok := rewrite.NormalizePath(target); ok && !onTheWire(out.Path) {
			t.Errorf("%+v: backend receives %q", u, out.Path)
		}
	})
}

// FuzzNormalizePath holds the form of what NormalizePath returns.
func FuzzNormalizePath(f *testing.F) {
	for _, p := range paths {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got, ok := rewrite.NormalizePath(target)
		if !ok {
			return
		}
		path, _, _ := strings.Cut(got, "?")
		switch {
		case !strings.HasPrefix(got, "/"), !onTheWire(got):
			t.Errorf("%q becomes %q", target, got)
		case strings.Contains(path+"/", "/../"), strings.Contains(path+"/", "/./"), strings.Contains(path, `\`):
			t.Errorf("%q becomes %q", target, got)
		}
		if strings.Contains(path, ";") {
			return // "%2e%2e;" becomes "..;", which only a second pass would resolve
		}
		if again, ok := rewrite.NormalizePath(got); !ok || again != got {
			t.Errorf("%q becomes %q, and then %q", target, got, again)
		}
	})
}

type validated interface {
	proto.Message
	ValidateAll() error
}

func accepted(t *testing.T, m validated) {
	t.Helper()
	if err := m.ValidateAll(); err != nil {
		t.Errorf("%v: %v", m, err)
	}
	if _, err := proto.Marshal(m); err != nil {
		t.Errorf("%v: %v", m, err)
	}
}

// onTheWire reports whether s can stand in a request line or a header without being taken for more.
func onTheWire(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
