package translate_test

import (
	"path/filepath"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// What a hook writes into one route is in no other: routes that do the same share nothing when there is a hook.
func TestHookChangesOneRoute(t *testing.T) {
	for _, name := range []string{"urlrewrite/full-path-of-any-match", "cors/preflight-of-method-match", "backendfilters/split-with-everything"} {
		t.Run(name, func(t *testing.T) {
			opts := options
			opts.Hooks.Route = func(_ translate.Origin, r *routev3.Route) {
				r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: "route", Value: r.Name}})
				if a := r.GetRoute(); a != nil {
					a.PrefixRewrite += "/" + r.Name
				}
			}
			result, err := translate.Translate(goldentest.Load(t, filepath.Join(testdata, name, "input.yaml")), opts)
			require.NoError(t, err)
			for _, r := range result.Gateways[0].Routes[0].VirtualHosts[0].Routes {
				require.Equal(t, r.Name, r.RequestHeadersToAdd[len(r.RequestHeadersToAdd)-1].Header.Value)
				require.Regexp(t, "^(/blue)?/"+r.Name+"$", r.GetRoute().PrefixRewrite)
			}
		})
	}
}

// A hook owns all that hangs on its route: what it writes there is in no other route, nor in the next translation.
func TestHookOwnsItsRoute(t *testing.T) {
	objects := goldentest.Load(t, filepath.Join(testdata, "extensionref", "preflight", "input.yaml"))
	const edited = "HTTPRoute/default/route/rule/0/match/0"
	routes := func(hook func(translate.Origin, *routev3.Route)) map[string]string {
		opts := options
		opts.Hooks.Route = hook
		result, err := translate.Translate(objects, opts)
		require.NoError(t, err)
		out := map[string]string{}
		for _, r := range result.Gateways[0].Routes[0].VirtualHosts[0].Routes {
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
			require.NoError(t, err)
			out[r.Name] = string(text)
		}
		return out
	}
	want := routes(nil)
	got := routes(func(_ translate.Origin, r *routev3.Route) {
		if r.Name == edited {
			for _, config := range r.TypedPerFilterConfig {
				config.Value = append(config.Value, 0)
				config.TypeUrl = "edited"
			}
			r.GetRoute().Timeout = durationpb.New(1)
		}
	})
	require.NotEqual(t, want[edited], got[edited])
	delete(want, edited)
	delete(got, edited)
	require.Equal(t, want, got)
}

// Whatever a hook writes is served, also where the library adds something of its own later.
func TestHookWritesAnyField(t *testing.T) {
	opts := options
	opts.Hooks.Route = func(_ translate.Origin, r *routev3.Route) {
		r.StatPrefix = "hook"
		r.Match.CaseSensitive = wrapperspb.Bool(false)
		r.Match.FilterState = []*matcherv3.FilterStateMatcher{{Key: "hook"}}
	}
	for _, name := range []string{"httproute/simple", "gateway/https"} {
		result, err := translate.Translate(goldentest.Load(t, filepath.Join(testdata, name, "input.yaml")), opts)
		require.NoError(t, err)
		hosts := result.Gateways[0].Routes[0].VirtualHosts
		route := hosts[len(hosts)-1].Routes[0]
		require.Equal(t, "hook", route.StatPrefix, name)
		require.False(t, route.Match.CaseSensitive.GetValue(), name)
		require.NotNil(t, route.Match.CaseSensitive, name)
		require.Equal(t, "hook", route.Match.FilterState[0].Key, name)
	}
}
