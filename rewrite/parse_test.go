package rewrite_test

import (
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// fields are the fields of errors, which all have to say something.
func fields(t *testing.T, errs []rewrite.Error) []string {
	t.Helper()
	var f []string
	for _, e := range errs {
		require.NotEmpty(t, e.Detail)
		f = append(f, e.Field)
	}
	return f
}

func TestParseURLRewriteRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		filter string
		fields []string
	}{
		"unknown type":               {`{path: {type: Reverse}}`, []string{"path.type"}},
		"no type":                    {`{path: {replaceFullPath: /a}}`, []string{"path.type"}},
		"full path without value":    {`{path: {type: ReplaceFullPath}}`, []string{"path.replaceFullPath"}},
		"prefix without value":       {`{path: {type: ReplacePrefixMatch}}`, []string{"path.replacePrefixMatch"}},
		"both values":                {`{path: {type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: /b}}`, []string{"path.replacePrefixMatch"}},
		"the other value":            {`{path: {type: ReplacePrefixMatch, replaceFullPath: /a}}`, []string{"path.replaceFullPath"}},
		"line break":                 {`{path: {type: ReplaceFullPath, replaceFullPath: "/a\r\nx: y"}}`, []string{"path.replaceFullPath"}},
		"NUL":                        {`{path: {type: ReplacePrefixMatch, replacePrefixMatch: "/a\0"}}`, []string{"path.replacePrefixMatch"}},
		"tab":                        {`{path: {type: ReplacePrefixMatch, replacePrefixMatch: "/a\tb"}}`, []string{"path.replacePrefixMatch"}},
		"fragment in a full path":    {`{path: {type: ReplaceFullPath, replaceFullPath: "/a#b"}}`, []string{"path.replaceFullPath"}},
		"fragment in a prefix":       {`{path: {type: ReplacePrefixMatch, replacePrefixMatch: "/a#b"}}`, []string{"path.replacePrefixMatch"}},
		"upper-case hostname":        {`{hostname: Example.com}`, []string{"hostname"}},
		"wildcard hostname":          {`{hostname: "*.example.com"}`, []string{"hostname"}},
		"hostname with port":         {`{hostname: "example.com:80"}`, []string{"hostname"}},
		"hostname with line break":   {`{hostname: "example.com\n"}`, []string{"hostname"}},
		"long hostname":              {`{hostname: ` + strings.Repeat("a.", 127) + `a}`, []string{"hostname"}},
		"several mistakes, in order": {`{hostname: "-", path: {type: ReplaceFullPath, replaceFullPath: "\n"}}`, []string{"hostname", "path.replaceFullPath"}},
	} {
		t.Run(name, func(t *testing.T) {
			var f gwv1.HTTPURLRewriteFilter
			require.NoError(t, yaml.UnmarshalStrict([]byte(test.filter), &f))
			got, errs := rewrite.ParseURLRewrite(&f)
			require.Equal(t, test.fields, fields(t, errs))
			require.Zero(t, got)
		})
	}
	_, errs := rewrite.ParseURLRewrite(nil)
	require.Equal(t, []string{""}, fields(t, errs))
	_, errs = rewrite.ParseURLRewrite(&gwv1.HTTPURLRewriteFilter{Path: &gwv1.HTTPPathModifier{
		Type: gwv1.FullPathHTTPPathModifier, ReplaceFullPath: new("/\xff"),
	}})
	require.Equal(t, []string{"path.replaceFullPath"}, fields(t, errs))
}

func TestParseRedirectRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		filter string
		fields []string
	}{
		"scheme":                     {`{scheme: ftp}`, []string{"scheme"}},
		"upper-case scheme":          {`{scheme: HTTPS}`, []string{"scheme"}},
		"empty scheme":               {`{scheme: ""}`, []string{"scheme"}},
		"port 0":                     {`{port: 0}`, []string{"port"}},
		"negative port":              {`{port: -1}`, []string{"port"}},
		"port 65536":                 {`{port: 65536}`, []string{"port"}},
		"status 200":                 {`{statusCode: 200}`, []string{"statusCode"}},
		"status 304":                 {`{statusCode: 304}`, []string{"statusCode"}},
		"hostname with port":         {`{hostname: "a:81"}`, []string{"hostname"}},
		"path":                       {`{path: {type: ReplaceFullPath}}`, []string{"path.replaceFullPath"}},
		"line break":                 {`{path: {type: ReplaceFullPath, replaceFullPath: "/\r\nset-cookie: a=b"}}`, []string{"path.replaceFullPath"}},
		"several mistakes, in order": {`{scheme: "", hostname: "*", path: {type: x}, port: 0, statusCode: 1}`, []string{"scheme", "hostname", "path.type", "port", "statusCode"}},
	} {
		t.Run(name, func(t *testing.T) {
			var f gwv1.HTTPRequestRedirectFilter
			require.NoError(t, yaml.UnmarshalStrict([]byte(test.filter), &f))
			got, errs := rewrite.ParseRedirect(&f)
			require.Equal(t, test.fields, fields(t, errs))
			require.Zero(t, got)
		})
	}
	_, errs := rewrite.ParseRedirect(nil)
	require.Equal(t, []string{""}, fields(t, errs))
}

func TestOnlyAPrefixReplacementNeedsAPrefix(t *testing.T) {
	full, _ := rewrite.ReplaceFullPath("/a")
	replace, _ := rewrite.ReplacePrefixMatch("/a")
	pattern, _ := rewrite.ReplaceRegex("a", "b")
	for path, want := range map[rewrite.Path]bool{{}: false, full: false, replace: true, pattern: false} {
		u, r := rewrite.URLRewrite{Path: path}, rewrite.Redirect{Path: path}
		require.Equal(t, want, u.NeedsPrefix())
		require.Equal(t, want, u.PerMatch())
		require.Equal(t, want, r.NeedsPrefix())
		require.Equal(t, want, r.PerMatch())
	}
}

func TestEqualPathsCompareEqual(t *testing.T) {
	a, _ := rewrite.ReplacePrefixMatch("/a/")
	b, _ := rewrite.ReplacePrefixMatch("a")
	require.Equal(t, a, b)
	full, _ := rewrite.ReplaceFullPath("/a")
	require.NotEqual(t, a, full)
}

// A backend's rewrite comes after that of its rule; Envoy refuses a route with two.
func TestLaterApplyTakesThePlaceOfAnEarlierOne(t *testing.T) {
	full, _ := rewrite.ReplaceFullPath("/full")
	replace, _ := rewrite.ReplacePrefixMatch("/prefix")
	strip, _ := rewrite.ReplacePrefixMatch("")
	pattern, _ := rewrite.ReplaceRegex("a", "b")
	all := []rewrite.Path{full, replace, strip, pattern}
	for _, first := range all {
		for _, second := range all {
			got, want := &routev3.RouteAction{}, &routev3.RouteAction{}
			rewrite.URLRewrite{Path: first}.Apply(got, prefix("/a"))
			rewrite.URLRewrite{Path: second}.Apply(got, prefix("/a"))
			rewrite.URLRewrite{Hostname: "host"}.Apply(got, prefix("/a"))
			rewrite.URLRewrite{Path: second, Hostname: "host"}.Apply(want, prefix("/a"))
			require.True(t, proto.Equal(want, got), "%v", got)
		}
	}
}

func TestNormalizeMatch(t *testing.T) {
	for value, want := range map[string]string{
		"/":                 "/",
		"/a/b":              "/a/b",
		"/a/":               "/a/",
		"/%7euser/%61":      "/~user/a",
		"/a b/é":            "/a%20b/%C3%A9",
		`/a\b`:              "/a/b",
		"/a/./b/../c":       "/a/c",
		"/a/%2e%2e/b":       "/b",
		"/a/..;p/b":         "/b",
		"/a|b^c":            "/a%7Cb%5Ec",
		"/%C3%a9%20%5C%25":  "/%C3%a9%20%5C%25",
		"/$1/%24/(a)*+,;=:": "/$1/%24/(a)*+,;=:",
	} {
		got, errs := rewrite.NormalizeMatch(value)
		require.Empty(t, errs, value)
		require.Equal(t, want, got)
		again, errs := rewrite.NormalizeMatch(got)
		require.Empty(t, errs, value)
		require.Equal(t, got, again, "normal form")
	}
	for reason, value := range map[string]string{
		"empty":                        "",
		"relative":                     "a",
		"query":                        "/a?b",
		"fragment":                     "/a#b",
		"line break":                   "/a\r\nb",
		"NUL":                          "/a\x00",
		"escaped NUL":                  "/a%00",
		"invalid UTF-8":                "/a\xff",
		"empty segment":                "/a//b",
		"empty segment by a backslash": `/a/\b`,
		"escaped slash":                "/a%2Fb",
		"escaped slash, lower case":    "/a%2fb",
		"bad escape":                   "/a%zz",
		"not in the grammar":           "/[a]",
	} {
		got, errs := rewrite.NormalizeMatch(value)
		require.Equal(t, []string{"value"}, fields(t, errs), reason)
		require.Equal(t, value, got, reason)
	}
}

func TestCheckRegex(t *testing.T) {
	for _, pattern := range []string{
		"/a", ".*", "(?i)/A", `\pL\PN`, `\p{Lu}`, `\p{^Nd}`, `\x{41}\x{ff}\xff`, `\Q\x{100}\E`, `[\x{41}-\x{5a}]`, "é", `a{1000}`, "(?P<a>b)(?<c>d)", `\\p{x}`,
	} {
		require.Empty(t, rewrite.CheckRegex(pattern), pattern)
	}
	for reason, pattern := range map[string]string{
		"empty":               "",
		"open group":          "(",
		"open quote":          `\Q\E(`,
		"not RE2":             "(?=a)",
		"repeated too often":  "a{1001}",
		"too large":           strings.Repeat("a{1000}", 11),
		"not a byte":          `\x{100}`,
		"not a byte, later":   `\Qa\E[a-\x{2028}]`,
		"script":              `\p{Greek}`,
		"long category":       `\p{Letter}`,
		"negated script":      `\P{^Latin}`,
		"lower-case category": `[\pl]`,
		"lower-case, braced":  `\p{lu}`,
		"invalid UTF-8":       "\xff",
	} {
		require.Equal(t, []string{"pattern"}, fields(t, rewrite.CheckRegex(pattern)), reason)
	}
}

func TestReplaceRegexRefuses(t *testing.T) {
	for substitution, want := range map[string]string{
		`\2`:      `must not use group \2: the pattern has 1`,
		`\`:       `must have a digit or another "\" after each "\"`,
		`\x`:      `must have a digit or another "\" after each "\"`,
		`\\\`:     `must have a digit or another "\" after each "\"`,
		"a b":     "must consist of printable ASCII characters without spaces",
		"/é":      "must consist of printable ASCII characters without spaces",
		"/\r\n":   "must consist of printable ASCII characters without spaces",
		"/\x00":   "must consist of printable ASCII characters without spaces",
		"/a\xffb": "must be valid UTF-8",
	} {
		path, errs := rewrite.ReplaceRegex("(a)", substitution)
		require.Equal(t, []rewrite.Error{{Field: "substitution", Detail: want}}, errs)
		require.Zero(t, path)
	}
	_, errs := rewrite.ReplaceRegex("(", `\9`)
	require.Equal(t, []string{"pattern"}, fields(t, errs))
	_, errs = rewrite.ReplaceRegex("(a)", `/\0\1\\$1`)
	require.Empty(t, errs)
}

func TestBadValuesDoNotPanic(t *testing.T) {
	for _, m := range []rewrite.Match{{}, {Type: "Suffix", Value: "/a"}, prefix(""), prefix("a"), prefix("/a/"), regex("("), exact("")} {
		for _, path := range []string{"", "a", "/", "/a", "?", "/a/b?c", "*"} {
			m.Covers(path)
			p, _ := rewrite.ReplacePrefixMatch("/x")
			rewrite.URLRewrite{Path: p}.Rewrite(m, rewrite.Request{Path: path})
			for _, authority := range []string{"", ":", "[", "[]", "[:", "]:80", "a:b:c"} {
				rewrite.Redirect{Path: p, Scheme: "https"}.Location(m, rewrite.Origin{}, rewrite.Request{Path: path, Authority: authority})
			}
		}
	}
}

// SameFor says that routes can share their fields: then the fields are the same.
func TestPathSameFor(t *testing.T) {
	matches := []rewrite.Match{
		{},
		{Type: gwv1.PathMatchPathPrefix, Value: "/"},
		{Type: gwv1.PathMatchPathPrefix, Value: "/a"},
		{Type: gwv1.PathMatchPathPrefix, Value: "/b"},
		{Type: gwv1.PathMatchExact, Value: "/a"},
	}
	shared := 0
	for _, replacement := range []string{"", "/", "/x"} {
		path, errs := rewrite.ReplacePrefixMatch(replacement)
		require.Empty(t, errs)
		for _, a := range matches {
			for _, b := range matches {
				if !path.SameFor(a, b) {
					continue
				}
				shared++
				of := func(m rewrite.Match) *routev3.RouteAction {
					action := &routev3.RouteAction{}
					rewrite.URLRewrite{Path: path}.Apply(action, m)
					return action
				}
				require.True(t, proto.Equal(of(a), of(b)), "%q under %v and %v", replacement, a, b)
			}
		}
	}
	require.Equal(t, 3*len(matches)+2, shared, "each with itself, and /a with /b where there is a replacement")
}
