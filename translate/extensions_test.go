package translate_test

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	headermutationv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// The extensions of all golden cases, which testdata/README.md describes.
var (
	testFilters = map[schema.GroupKind]translate.FilterResolver{
		{Group: "test.example.com", Kind: "Mark"}: func(ref types.NamespacedName, from translate.Origin) (translate.FilterEffect, string) {
			if ref.Namespace != from.Namespace || ref.Name != "a" && ref.Name != "b" {
				return translate.FilterEffect{}, "does not exist"
			}
			return translate.FilterEffect{HTTPFilters: []*corev3.TypedExtensionConfig{
				envoy.Extension("mark", &headermutationv3.HeaderMutation{Mutations: mark(ref.Name)}),
			}}, ""
		},
		{Group: "test.example.com", Kind: "Edit"}: func(ref types.NamespacedName, _ translate.Origin) (translate.FilterEffect, string) {
			if ref.Name != "a" && ref.Name != "b" {
				return translate.FilterEffect{}, "does not exist"
			}
			return translate.FilterEffect{Route: func(r *routev3.Route) {
				r.RequestHeadersToAdd = append(r.RequestHeadersToAdd, &corev3.HeaderValueOption{
					Header: &corev3.HeaderValue{Key: "edit-" + ref.Name, Value: r.GetName()},
				})
			}}, ""
		},
	}
	testBackends = map[schema.GroupKind]translate.BackendResolver{
		{Group: "test.example.com", Kind: "Pool"}: func(ref types.NamespacedName, port int32) (translate.Backend, string) {
			switch ref.Name {
			case "pool":
				return translate.Backend{
					Endpoints: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.9:8080"), netip.MustParseAddrPort("10.0.0.8:8080"), netip.MustParseAddrPort("10.0.0.9:8080")},
					Cluster:   &clusterv3.Cluster{Name: "ignored", ConnectTimeout: durationpb.New(time.Second)},
				}, ""
			case "http2":
				return translate.Backend{HTTP2: true, Endpoints: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), uint16(port))}}, ""
			case "none":
				return translate.Backend{}, ""
			case "static":
				return translate.Backend{Cluster: &clusterv3.Cluster{
					ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
					CircuitBreakers:      &clusterv3.CircuitBreakers{},
					LoadAssignment:       &endpointv3.ClusterLoadAssignment{ClusterName: "static"},
				}}, ""
			}
			return translate.Backend{}, "does not exist"
		},
	}
)

// mark adds a request header.
func mark(value string) *headermutationv3.Mutations {
	return &headermutationv3.Mutations{RequestMutations: []*mutationv3.HeaderMutation{{
		Action: &mutationv3.HeaderMutation_Append{Append: &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: "mark", Value: value}}},
	}}}
}

// A filter that all routes share one instance of is in the chain of the listener, and the extension configures it.
func TestSharedHTTPFilter(t *testing.T) {
	opts := options
	opts.HTTPFilters = []*hcmv3.HttpFilter{{
		Name: "shared", Disabled: true,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: envoy.Any(&headermutationv3.HeaderMutation{Mutations: mark("all")})},
	}}
	opts.Filters = map[schema.GroupKind]translate.FilterResolver{
		{Group: "test.example.com", Kind: "Mark"}: func(ref types.NamespacedName, _ translate.Origin) (translate.FilterEffect, string) {
			return translate.FilterEffect{PerFilter: map[string]*anypb.Any{
				"shared": envoy.Any(&headermutationv3.HeaderMutationPerRoute{Mutations: mark(ref.Name)}),
			}}, ""
		},
	}
	c := goldentest.Case{Objects: goldentest.Load(t, filepath.Join(testdata, "extensionref/http-filters/input.yaml")), Options: opts}
	var err error
	c.Result, err = translate.Translate(c.Objects, opts)
	require.NoError(t, err)
	s := newSite(t, c)
	for _, x := range []struct {
		path string
		want []string
	}{{"/rule", []string{"all", "a"}}, {"/none", nil}} {
		response, err := s.request(t, exchange{Name: x.path, Path: x.path}).Do(t.Context())
		require.NoError(t, err)
		require.Equal(t, x.want, response.Received.Headers.Values("Mark"), x.path)
	}
}

// The library resolves Services.
func TestBackendsCannotBeServices(t *testing.T) {
	opts := options
	opts.Backends = map[schema.GroupKind]translate.BackendResolver{
		{Kind: "Service"}: func(types.NamespacedName, int32) (translate.Backend, string) { return translate.Backend{}, "" },
	}
	_, err := translate.Translate(nil, opts)
	require.ErrorContains(t, err, "Options.Backends")
}

// What the host sets of a cluster takes the place of what the library would, whole.
func TestClusterFieldsOfBackends(t *testing.T) {
	opts := options
	spec := &clusterv3.Cluster{
		ConnectTimeout:  durationpb.New(250 * time.Millisecond),
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{TrackRemaining: true}}},
	}
	opts.Backends = map[schema.GroupKind]translate.BackendResolver{
		{Group: "test.example.com", Kind: "Pool"}: func(types.NamespacedName, int32) (translate.Backend, string) {
			return translate.Backend{Cluster: spec}, ""
		},
	}
	result, err := translate.Translate(goldentest.Load(t, filepath.Join(testdata, "extensionref/backends/input.yaml")), opts)
	require.NoError(t, err)
	i := slices.IndexFunc(result.Gateways[0].Clusters, func(c *clusterv3.Cluster) bool { return strings.HasPrefix(c.Name, "Pool.") })
	got := result.Gateways[0].Clusters[i]
	require.Equal(t, 250*time.Millisecond, got.ConnectTimeout.AsDuration())
	require.True(t, proto.Equal(spec.CircuitBreakers, got.CircuitBreakers), got.CircuitBreakers)
}

// Hooks see each listener and each cluster, with what it came from.
func TestHooksSeeOrigins(t *testing.T) {
	opts := options
	seen := map[string]translate.Origin{}
	opts.Hooks.Listener = func(from translate.Origin, l *listenerv3.Listener) { seen[l.GetName()] = from }
	opts.Hooks.Cluster = func(from translate.Origin, c *clusterv3.Cluster) { seen[c.GetName()] = from }
	_, err := translate.Translate(goldentest.Load(t, filepath.Join(testdata, "extensionref/backends/input.yaml")), opts)
	require.NoError(t, err)
	require.Equal(t, translate.Origin{Kind: "Gateway", Namespace: "default", Name: "gw", Generation: 1}, seen["default/gw/80/tcp"])
	require.Equal(t, translate.Origin{Kind: "Service", Namespace: "default", Name: "blue", Generation: 3}, seen["default/blue/80/http1"])
	require.Equal(t, translate.Origin{Kind: "Pool", Namespace: "default", Name: "pool"}, seen["Pool.test.example.com/default/pool/0/http1"])
}
