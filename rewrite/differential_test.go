package rewrite_test

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

var (
	seed  = flag.Uint64("seed", 1, "of the differential test's generator")
	pairs = flag.Int("pairs", 120_000, "requests that the differential test sends; a tenth of that with -short")
)

// TestOracleAgreesWithEnvoy is the proof of the package: random modifiers under random matches, all in one Envoy,
// and random requests to them, whose outcome has to be the oracle's to the byte. What it finds becomes a row of
// rows_test.go.
func TestOracleAgreesWithEnvoy(t *testing.T) {
	const perSubject = 30
	n := *pairs
	if testing.Short() {
		n /= 10
	}
	t.Logf("seed %d, %d pairs", *seed, n)
	g := generator{rand.New(rand.NewPCG(*seed, 0))}

	var subjects []subject
	for range n / perSubject {
		subjects = append(subjects, g.subject())
	}
	e := startEnvoy(t, subjects)
	var sent []pair
	for i, s := range subjects {
		for range perSubject {
			sent = append(sent, pair{subject: i, request: g.request(s)})
		}
	}
	e.send(t, sent)

	outcomes, differences := map[int]int{}, 0
	for _, p := range sent {
		want := e.expected(p)
		outcomes[want.status]++
		if p.got == want {
			continue
		}
		if differences++; differences <= 20 {
			t.Errorf("match %+v\nrewrite %+v redirect %+v origin %+v\nrequest %+v\n got %+v\nwant %+v",
				e.subjects[p.subject].match, e.subjects[p.subject].rewrite, e.subjects[p.subject].redirect, e.subjects[p.subject].origin, p.request, p.got, want)
		}
	}
	t.Logf("%d differences; outcomes %v", differences, outcomes)
	require.Zero(t, differences)
	for _, status := range []int{200, 301, 302, 303, 307, 308, 400, 404} {
		require.Greater(t, outcomes[status], n/1000, "outcome %d is hardly tested", status)
	}
}

// generator makes subjects and requests out of pieces that have proved awkward.
type generator struct{ *rand.Rand }

func (g generator) oneOf(pool ...string) string { return pool[g.IntN(len(pool))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) subject() subject {
	s := subject{origin: rewrite.Origin{Scheme: g.oneOf("http", "https"), Port: []uint32{80, 443, 8080, 8443, 1, 65535}[g.IntN(6)]}}
	for {
		var errs []rewrite.Error
		if s.match, errs = g.match(); errs == nil {
			break
		}
	}
	for {
		path, errs := g.path()
		hostname := rewrite.URLRewrite{}
		if g.chance(40) {
			hostname.Hostname = g.oneOf("rewritten.example", "a", "10.0.0.1", "x-y.z")
		}
		switch {
		case errs != nil:
			continue
		case g.chance(55):
			s.rewrite = rewrite.URLRewrite{Hostname: hostname.Hostname, Path: path}
		default:
			s.redirect = &rewrite.Redirect{
				Scheme:     g.oneOf("", "", "http", "https"),
				Hostname:   hostname.Hostname,
				Path:       path,
				Port:       []uint32{0, 0, 0, 80, 443, 8083, 65535}[g.IntN(7)],
				StatusCode: []int{0, 301, 302, 303, 307, 308}[g.IntN(6)],
			}
		}
		return s
	}
}

func (g generator) match() (rewrite.Match, []rewrite.Error) {
	if g.chance(10) {
		pattern := g.pattern() + g.oneOf("", "|/[^x]*")
		return rewrite.Match{Type: gwv1.PathMatchRegularExpression, Value: pattern}, rewrite.CheckRegex(pattern)
	}
	typ := gwv1.PathMatchPathPrefix
	if g.chance(15) {
		typ = gwv1.PathMatchExact
	}
	value := "/"
	if g.chance(85) {
		value = g.segments(3)
	}
	value, errs := rewrite.NormalizeMatch(value)
	if typ == gwv1.PathMatchPathPrefix && value != "/" {
		value = strings.TrimSuffix(value, "/")
	}
	return rewrite.Match{Type: typ, Value: value}, errs
}

func (g generator) path() (rewrite.Path, []rewrite.Error) {
	switch {
	case g.chance(10):
		return rewrite.Path{}, nil
	case g.chance(30):
		return rewrite.ReplaceFullPath(g.replacement())
	case g.chance(30):
		return rewrite.ReplaceRegex(g.pattern(), g.substitution())
	case g.chance(25):
		return rewrite.ReplacePrefixMatch(g.oneOf("", "/"))
	default:
		return rewrite.ReplacePrefixMatch(g.replacement())
	}
}

func (g generator) replacement() string {
	if g.chance(15) {
		return g.oneOf("", "/", "//", "x", "?", "/a?b=c")
	}
	return g.segments(3) + g.oneOf("", "", "", "/", "?a=b")
}

// segments makes a path as users write and as clients send it.
func (g generator) segments(n int) string {
	var b strings.Builder
	for range 1 + g.IntN(n) {
		b.WriteString("/")
		b.WriteString(g.segment())
	}
	return b.String()
}

func (g generator) segment() string {
	switch {
	case g.chance(40):
		return g.oneOf("a", "foo", "bar", "v1", "one", "two", "Foo", "a.b", "x-y_z~")
	case g.chance(75):
		return g.oneOf(
			"", ".", "..", "...", ".a", "%2e", "%2E%2e", ".%2e", "..;", "%2e%2e%2f",
			"%2F", "%2f", "%5C", "%5c", `\`, `\..\`, "a%2Fb", "%41", "%7e", "%7E", "%2d", "%25", "%252e", "%2525",
			"%", "%%", "%z", "%zz", "%2", "%%34%31", "%%300", "%%37e", "%4%31", "%%41", "%%%41%42", "%C3%A9", "%e2%82%ac", "%20", "%0a", "%7F", "%3f", "%23",
			"a+b", "(a)", "[b]", "{c}", "a|b", "^x$", "*", ".*", "a?", "$1", `\1`, `\2`, `\\`, "$0", "%1", "%PATH%", "%REQ(:path)%", "${x}", "\\Q", "\\E",
			"a;b=c", "a:b", "@", "a,b", "'q'", `"q"`, "<x>", "`", "~u", "!", "&", "=", "é", "日本", "a b", "#", "%00",
		)
	case g.chance(5):
		return strings.Repeat(g.oneOf("x", "%41", "a/", "é", "."), 300+g.IntN(700))
	default:
		return g.printable(1 + g.IntN(6))
	}
}

func (g generator) printable(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('!' + g.IntN('~'-'!'+1))
	}
	return string(b)
}

func (g generator) pattern() string {
	if g.chance(5) {
		return g.printable(1 + g.IntN(8))
	}
	var b strings.Builder
	b.WriteString(g.oneOf("", "^", "^/", "/", "(?i)", `\A`))
	for range 1 + g.IntN(4) {
		b.WriteString(g.oneOf("a", "foo", "/", "/v1", ".", `\.`, `\w`, `\d`, "[^/]", "[a-z]", "[[:alpha:]]", `\pL`, `\p{Lu}`, `\PL`, `[^\x00-\x7f]`,
			"(a)", "(.)", "([^/]+)", "(foo|bar)", "(?:x|y)", "(?P<n>a)", "(?<m>.)", "(/)", "()", "(a|)", `\b`, `\B`, "$", `\z`, `\x{41}`, `\x2f`, `\x{100}`, `\Q.*\E`, "é", "%", `\\`,
			"(a(b)?c)", `\pl`, `[\PM]`, `[\d-z]`, `\101`, "(?s:.)", "[%-~]", `\p{Greek}`, "~", "-"))
		b.WriteString(g.oneOf("", "", "", "*", "+", "?", "*?", "+?", "{2}", "{0,3}", "{2,}", "{40}", "{1000}"))
	}
	b.WriteString(g.oneOf("", "", "$", ".*", "/?", "(/.*)?"))
	return b.String()
}

func (g generator) substitution() string {
	var b strings.Builder
	b.WriteString(g.oneOf("/", "/", "", "/x"))
	for range g.IntN(4) {
		b.WriteString(g.oneOf(`\0`, `\1`, `\1`, `\2`, `\9`, `\\`, "$1", "%", "%2e", "/", "x", "..", "?", `\`, "é", "#"))
	}
	return b.String()
}

// request makes a request that often comes close to what the subject matches.
func (g generator) request(s subject) rewrite.Request {
	path := g.segments(4)
	if s.match.Type != gwv1.PathMatchRegularExpression && g.chance(85) {
		path = g.disguise(s.match.Value)
		if s.match.Value == "/" {
			path = ""
		}
		if s.match.Type == gwv1.PathMatchPathPrefix || g.chance(30) {
			path += g.oneOf("", "", "/", "//", "x", g.segments(2), g.segments(3))
		}
		if path == "" {
			path = "/"
		}
	}
	query := g.oneOf("", "", "", "?", "?q=1", "?a=/b/../c", "?x=%2e%2e", "??", "?a?b", `?\1`, "?%zz", "?%00", "?"+g.printable(5))
	return rewrite.Request{
		Method: g.oneOf("GET", "GET", "DELETE", "OPTIONS"),
		Scheme: s.origin.Scheme,
		Authority: g.oneOf("example.com", "example.com:80", "example.com:443", "example.com:8080", "EXAMPLE.com", "127.0.0.1:80", "localhost",
			"[::1]", "[::1]:80", "[2001:db8::1]:443", "[::1]:8443", "a.b.c:65535", "example.com."),
		Path: asTarget(path) + asTarget(query),
	}
}

// disguise writes a path differently that Envoy normalises to the same.
func (g generator) disguise(path string) string {
	if !g.chance(30) {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/' && g.chance(20):
			b.WriteString(g.oneOf("/./", "/x/../", `\`, "/%2e/", `\.\`))
		case ('a' <= c && c <= 'z' || c == '.' || c == '-') && g.chance(30) && (i < 1 || path[i-1] != '%') && (i < 2 || path[i-2] != '%'):
			const hex = "0123456789abcdef"
			b.WriteString("%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// asTarget drops what no client can put into a request line.
func asTarget(s string) string {
	return strings.ReplaceAll(s, " ", "+")
}
