package translate_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// TestFiltersOfBackends gives rules and their backends random filters, and holds what a backend receives and what its
// answer becomes against the plainest reading of them: first the filters of the rule, then those of the backend, which
// has the last word. Envoy needs three different forms for it: a route, weighted clusters, a route for each backend.
func TestFiltersOfBackends(t *testing.T) {
	envoytest.Binary(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 11))
			objects := goldentest.Load(t, filepath.Join(testdata, "backendfilters", "hosts-of-several", "input.yaml"))
			rules := make([]gwv1.HTTPRouteRule, 60)
			for i := range rules {
				rules[i] = randomRule(random, i)
			}
			objects.HTTPRoutes[0].Spec.Rules = rules
			result, err := translate.Translate(objects, options)
			require.NoError(t, err)
			s := newSite(t, goldentest.Case{Objects: objects, Options: options, Result: result})
			envoy := s.envoy(t, result.Gateways[0])
			for i := range rules {
				for range 6 {
					checkFilters(t, envoy.Addr(80), i, &rules[i])
				}
			}
		})
	}
}

func randomRule(random *rand.Rand, i int) gwv1.HTTPRouteRule {
	rule := gwv1.HTTPRouteRule{
		Matches: []gwv1.HTTPRouteMatch{{Path: &gwv1.HTTPPathMatch{Value: new(fmt.Sprintf("/rule%d", i))}}},
		Filters: randomFilters(random, "rule"),
	}
	names := []gwv1.ObjectName{"blue", "green", "red"}
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+random.IntN(3)] {
		ref := gwv1.HTTPBackendRef{Filters: randomFilters(random, string(name))}
		ref.Name, ref.Port, ref.Weight = name, new(gwv1.PortNumber(80)), new(int32(random.IntN(3)+1))
		rule.BackendRefs = append(rule.BackendRefs, ref)
	}
	return rule
}

func randomFilters(random *rand.Rand, value string) []gwv1.HTTPRouteFilter {
	var filters []gwv1.HTTPRouteFilter
	if random.IntN(2) == 0 {
		filters = append(filters, gwv1.HTTPRouteFilter{
			Type: gwv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: randomHeaders(random, value),
		})
	}
	if random.IntN(3) == 0 {
		filters = append(filters, gwv1.HTTPRouteFilter{
			Type: gwv1.HTTPRouteFilterResponseHeaderModifier, ResponseHeaderModifier: randomHeaders(random, value),
		})
	}
	if random.IntN(3) > 0 {
		return filters
	}
	f := &gwv1.HTTPURLRewriteFilter{}
	switch random.IntN(4) {
	case 0:
		f.Path = &gwv1.HTTPPathModifier{Type: gwv1.FullPathHTTPPathModifier, ReplaceFullPath: new("/full-" + value)}
	case 1:
		f.Path = &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/prefix-" + value)}
	case 2:
		f.Path = &gwv1.HTTPPathModifier{Type: gwv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: new("/")}
	}
	if f.Path == nil || random.IntN(2) == 0 {
		f.Hostname = new(gwv1.PreciseHostname(value + ".example.com"))
	}
	return append(filters, gwv1.HTTPRouteFilter{Type: gwv1.HTTPRouteFilterURLRewrite, URLRewrite: f})
}

// randomHeaders modifies each of some headers in one way.
func randomHeaders(random *rand.Rand, value string) *gwv1.HTTPHeaderFilter {
	f := &gwv1.HTTPHeaderFilter{}
	for _, name := range modified {
		h := gwv1.HTTPHeader{Name: gwv1.HTTPHeaderName(pick(random, name, strings.ToUpper(name))), Value: value}
		switch random.IntN(5) {
		case 0:
			f.Set = append(f.Set, h)
		case 1:
			f.Add = append(f.Add, h)
		case 2:
			f.Remove = append(f.Remove, string(h.Name))
		}
	}
	return f
}

// modified are the headers that filters modify.
var modified = []string{"x-a", "x-b", "x-c"}

// passage is a request and its answer on their way through filters.
type passage struct {
	host, path        string
	request, response http.Header
}

func (x *passage) apply(filters []gwv1.HTTPRouteFilter) {
	const rest = "/rest"
	for _, f := range filters {
		switch f.Type {
		case gwv1.HTTPRouteFilterRequestHeaderModifier:
			modify(x.request, f.RequestHeaderModifier)
		case gwv1.HTTPRouteFilterResponseHeaderModifier:
			modify(x.response, f.ResponseHeaderModifier)
		case gwv1.HTTPRouteFilterURLRewrite:
			if h := f.URLRewrite.Hostname; h != nil {
				x.host = string(*h)
			}
			switch p := f.URLRewrite.Path; {
			case p == nil:
			case p.ReplaceFullPath != nil:
				x.path = *p.ReplaceFullPath
			default:
				x.path = strings.TrimSuffix(*p.ReplacePrefixMatch, "/") + rest
			}
		default:
		}
	}
}

func modify(h http.Header, f *gwv1.HTTPHeaderFilter) {
	for _, name := range f.Remove {
		h.Del(name)
	}
	for _, s := range f.Set {
		h.Set(string(s.Name), s.Value)
	}
	for _, a := range f.Add {
		h.Add(string(a.Name), a.Value)
	}
}

func checkFilters(t *testing.T, addr string, i int, rule *gwv1.HTTPRouteRule) {
	prefix := fmt.Sprintf("/rule%d", i)
	want := passage{host: "a.example.com", path: prefix + "/rest", request: http.Header{}, response: http.Header{}}
	want.request.Set("x-a", "client")
	want.response.Set("x-a", "backend")
	request := envoytest.Request{Addr: addr, Host: want.host, Path: want.path, Headers: want.request.Clone()}
	request.Headers.Set("x-echo-headers", "x-a=backend")
	response, err := request.Do(t.Context())
	require.NoError(t, err)
	require.NotNil(t, response.Received, "%s: %d", prefix, response.Status)
	service, _, _ := strings.Cut(response.Received.Backend, " ")
	answered := slices.IndexFunc(rule.BackendRefs, func(b gwv1.HTTPBackendRef) bool { return string(b.Name) == service })
	require.GreaterOrEqual(t, answered, 0, "%s is no backend of the rule", response.Received.Backend)
	want.apply(rule.Filters)
	want.apply(rule.BackendRefs[answered].Filters)
	require.Equal(t, want.host, response.Received.Host, "%s %s", prefix, response.Received.Backend)
	require.Equal(t, want.path, response.Received.Path, "%s %s", prefix, response.Received.Backend)
	for _, name := range modified {
		require.Equal(t, want.request.Values(name), response.Received.Headers.Values(name), "%s %s: request %s", prefix, response.Received.Backend, name)
		require.Equal(t, want.response.Values(name), response.Headers.Values(name), "%s %s: response %s", prefix, response.Received.Backend, name)
	}
}
