package translate_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// TestPrecedence lets a real Envoy serve random routes, and holds the rule that each of many requests meets against what
// the specification says of matches and their precedence, written down here a second time and in the plainest way. Rules
// redirect to a host of their own, by which an answer tells which one it was.
func TestPrecedence(t *testing.T) {
	envoytest.Binary(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			objects := goldentest.Load(t, filepath.Join(testdata, "httproute", "simple", "input.yaml"))
			objects.HTTPRoutes = nil
			for i := range 30 {
				objects.HTTPRoutes = append(objects.HTTPRoutes, randomRoute(random, i))
			}
			result, err := translate.Translate(objects, options)
			require.NoError(t, err)
			bootstrap, err := envoytest.Bootstrap(configOf(result.Gateways[0]))
			require.NoError(t, err)
			envoy := envoytest.Start(t, bootstrap)
			for range 400 {
				request := randomRequest(random)
				request.Addr = envoy.Addr(80)
				response, err := request.Do(t.Context())
				require.NoError(t, err)
				got := ""
				if response.Status != http.StatusNotFound {
					location, err := url.Parse(response.Headers.Get("Location"))
					require.NoError(t, err)
					got = location.Host
				}
				require.Equal(t, firstRule(objects.HTTPRoutes, request), got, "%s %s%s %v", request.Method, request.Host, request.Path, request.Headers)
			}
		})
	}
}

func pick[T any](random *rand.Rand, list ...T) T { return list[random.IntN(len(list))] }

func randomRoute(random *rand.Rand, i int) *gwv1.HTTPRoute {
	route := &gwv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: fmt.Sprintf("route-%d", random.IntN(1000)*100+i),
		CreationTimestamp: metav1.NewTime(time.Unix(int64(1_800_000_000+random.IntN(3)), 0)),
	}}
	route.Spec.ParentRefs = []gwv1.ParentReference{{Name: "gw"}}
	for range random.IntN(3) {
		route.Spec.Hostnames = append(route.Spec.Hostnames, pick[gwv1.Hostname](random, "a.b.com", "b.com", "*.b.com", "*.com", "*.a.b.com"))
	}
	for j := range 1 + random.IntN(2) {
		rule := gwv1.HTTPRouteRule{Filters: []gwv1.HTTPRouteFilter{{
			Type:            gwv1.HTTPRouteFilterRequestRedirect,
			RequestRedirect: &gwv1.HTTPRequestRedirectFilter{Hostname: new(gwv1.PreciseHostname(fmt.Sprintf("%s.rule-%d", route.Name, j)))},
		}}}
		for range random.IntN(3) {
			rule.Matches = append(rule.Matches, randomMatch(random))
		}
		route.Spec.Rules = append(route.Spec.Rules, rule)
	}
	return route
}

func randomMatch(random *rand.Rand) gwv1.HTTPRouteMatch {
	m := gwv1.HTTPRouteMatch{}
	switch random.IntN(4) {
	case 0:
		m.Path = &gwv1.HTTPPathMatch{Type: new(gwv1.PathMatchExact), Value: new(pick(random, "/", "/a", "/a/", "/a/b"))}
	case 1:
		m.Path = &gwv1.HTTPPathMatch{Type: new(gwv1.PathMatchRegularExpression), Value: new(pick(random, "/a.*", "/[ab]/.*", "/|/a"))}
	case 2:
		m.Path = &gwv1.HTTPPathMatch{Value: new(pick(random, "/", "/a", "/a/", "/a/b", "/b"))}
	}
	if random.IntN(3) == 0 {
		m.Method = new(pick(random, gwv1.HTTPMethodGet, gwv1.HTTPMethodPost))
	}
	for range random.IntN(3) {
		m.Headers = append(m.Headers, gwv1.HTTPHeaderMatch{Name: pick[gwv1.HTTPHeaderName](random, "h", "H", "i"), Value: pick(random, "x", "y")})
	}
	for range random.IntN(3) {
		m.QueryParams = append(m.QueryParams, gwv1.HTTPQueryParamMatch{Name: pick[gwv1.HTTPHeaderName](random, "q", "Q"), Value: pick(random, "x", "y")})
	}
	return m
}

func randomRequest(random *rand.Rand) envoytest.Request {
	r := envoytest.Request{
		Host:    pick(random, "a.b.com", "b.com", "c.b.com", "x.a.b.com", "com", "x.org"),
		Path:    pick(random, "/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b/c"),
		Method:  pick(random, "GET", "POST", "PUT"),
		Headers: http.Header{},
	}
	for _, name := range []string{"h", "i"} {
		if value := pick(random, "", "x", "y", "x"); value != "" {
			r.Headers.Set(name, value)
		}
	}
	query := url.Values{}
	for _, name := range []string{"q", "Q"} {
		if value := pick(random, "", "x", "y", "x"); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) > 0 {
		r.Path += "?" + query.Encode()
	}
	return r
}

// entry is a match that a request meets, with everything that its precedence depends on.
type entry struct {
	hostname, pathType, pathLength, method, headers, params int // more goes first
	created                                                 int64
	name                                                    string
	rule, match                                             int
}

// firstRule names the rule that a request shall meet, as its redirect does; "" if none.
func firstRule(routes []*gwv1.HTTPRoute, r envoytest.Request) string {
	var met []entry
	for _, route := range routes {
		hostname := bestHostname(route.Spec.Hostnames, r.Host)
		for i, rule := range route.Spec.Rules {
			matches := rule.Matches
			if len(matches) == 0 {
				matches = []gwv1.HTTPRouteMatch{{}}
			}
			for j, m := range matches {
				if e, ok := meets(m, r); ok && hostname >= 0 {
					e.hostname, e.created, e.name, e.rule, e.match = hostname, route.CreationTimestamp.Unix(), route.Name, i, j
					met = append(met, e)
				}
			}
		}
	}
	if len(met) == 0 {
		return ""
	}
	first := slices.MinFunc(met, func(a, b entry) int {
		return cmp.Or(
			cmp.Compare(b.hostname, a.hostname), cmp.Compare(b.pathType, a.pathType), cmp.Compare(b.pathLength, a.pathLength),
			cmp.Compare(b.method, a.method), cmp.Compare(b.headers, a.headers), cmp.Compare(b.params, a.params),
			cmp.Compare(a.created, b.created), cmp.Compare(a.name, b.name), cmp.Compare(a.rule, b.rule), cmp.Compare(a.match, b.match),
		)
	})
	return fmt.Sprintf("%s.rule-%d", first.name, first.rule)
}

// bestHostname ranks the hostname of a route that a host meets: exact, then the longer wildcard, then none; -1 if no one.
func bestHostname(hostnames []gwv1.Hostname, host string) int {
	if len(hostnames) == 0 {
		return 0
	}
	best := -1
	for _, h := range hostnames {
		if standsFor(string(h), host) {
			best = max(best, specificity(string(h)))
		}
	}
	return best
}

func meets(m gwv1.HTTPRouteMatch, r envoytest.Request) (entry, bool) {
	path, raw, _ := strings.Cut(r.Path, "?")
	query, _ := url.ParseQuery(raw)
	e := entry{pathLength: 1}
	if m.Path != nil {
		value, ok := *m.Path.Value, false
		switch {
		case m.Path.Type == nil:
			value = cmp.Or(strings.TrimSuffix(value, "/"), "/")
			ok = value == "/" || path == value || strings.HasPrefix(path, value+"/")
		case *m.Path.Type == gwv1.PathMatchExact:
			e.pathType, ok = 2, path == value
		default:
			e.pathType, ok = 1, regexp.MustCompile("^(?:"+value+")$").MatchString(path)
		}
		if e.pathLength = len(value); !ok {
			return e, false
		}
	}
	if m.Method != nil {
		if e.method = 1; string(*m.Method) != r.Method {
			return e, false
		}
	}
	seen := map[string]bool{}
	for _, h := range m.Headers {
		if name := strings.ToLower(string(h.Name)); !seen[name] {
			seen[name] = true
			if e.headers++; r.Headers.Get(name) != h.Value {
				return e, false
			}
		}
	}
	for _, p := range m.QueryParams {
		if name := "?" + string(p.Name); !seen[name] {
			seen[name] = true
			if e.params++; query.Get(string(p.Name)) != p.Value {
				return e, false
			}
		}
	}
	return e, true
}
