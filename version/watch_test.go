package version

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func watchText(p WatchPlan) (watch []string, unwatched map[string]Reason) {
	unwatched = map[string]Reason{}
	for _, gvk := range p.Watch {
		watch = append(watch, gvk.Version+" "+gvk.Kind)
	}
	for _, u := range p.Unwatched {
		unwatched[u.Version+" "+u.Kind] = u.Reason
	}
	return watch, unwatched
}

func TestWatchNothingByDefault(t *testing.T) {
	for _, have := range [][]CRD{nil, CRDs(Bundle{"v1.7.0", Experimental})} {
		plan := Watch(have, Enabled{})
		require.Empty(t, plan.Watch)
		require.NotEmpty(t, plan.Unwatched)
		for _, u := range plan.Unwatched {
			require.Contains(t, []Reason{NotEnabled, NotNeeded}, u.Reason, u)
			require.NotEmpty(t, u.Detail)
		}
	}
}

func TestWatchOldCluster(t *testing.T) {
	watch, un := watchText(Watch(CRDs(Bundle{"v1.0.0", Experimental}), Enabled{All: true}))
	require.Equal(t, []string{
		"v1 ConfigMap", "v1 Namespace", "v1 Secret", "v1 Service", "v1 EndpointSlice",
		"v1alpha2 BackendTLSPolicy", "v1alpha2 GRPCRoute", "v1 Gateway", "v1 GatewayClass", "v1 HTTPRoute",
		"v1beta1 ReferenceGrant", "v1alpha2 TCPRoute", "v1alpha2 TLSRoute", "v1alpha2 UDPRoute",
	}, watch)
	require.Equal(t, map[string]Reason{
		"v1beta1 Gateway": OtherVersion, "v1beta1 GatewayClass": OtherVersion, "v1beta1 HTTPRoute": OtherVersion,
		"v1alpha2 ReferenceGrant": OtherVersion, "v1 ListenerSet": NotInstalled, "v1beta1 ClusterTrustBundle": NotInstalled,
		"v1alpha1 XBackend": NotEnabled, "v1alpha1 XBackendTrafficPolicy": NotEnabled, "v1alpha1 XMesh": NotEnabled,
	}, un)
}

func TestWatchSingleKinds(t *testing.T) {
	have := CRDs(Bundle{"v1.4.1", Experimental})
	watch, un := watchText(Watch(have, Enabled{Kinds: []string{"ListenerSet"}}))
	require.Equal(t, []string{"v1 Namespace", "v1 Secret", "v1alpha1 XListenerSet"}, watch, "as the kind was called then")
	require.Equal(t, NotInstalled, un["v1 ListenerSet"])
	require.Equal(t, NotNeeded, un["v1 Service"])
	require.Equal(t, NotEnabled, un["v1 HTTPRoute"])

	watch, un = watchText(Watch(CRDs(Bundle{"v1.6.3", Standard}), Enabled{Kinds: []string{"TLSRoute", "XMesh", "XBackend"}}))
	require.Equal(t, []string{"v1 Service", "v1 EndpointSlice", "v1 TLSRoute"}, watch)
	require.Equal(t, NotServed, un["v1alpha2 TLSRoute"])
	require.Equal(t, NotInstalled, un["v1alpha1 XMesh"])
}

func TestWatchPlainList(t *testing.T) {
	group := schema.GroupVersion{Group: "gateway.networking.k8s.io", Version: "v1"}
	have := FromServed([]schema.GroupVersionKind{
		group.WithKind("HTTPRoute"),
		{Group: group.Group, Version: "v2", Kind: "HTTPRoute"},
		{Group: group.Group, Version: "v2", Kind: "GRPCRoute"},
		{Group: group.Group, Version: "v1", Kind: "Novelty"},
		{Group: "example.com", Version: "v1", Kind: "HTTPRoute"},
		group.WithKind("HTTPRoute"),
	})
	plan := Watch(have, Enabled{All: true})
	watch, un := watchText(plan)
	require.Equal(t, []string{"v1 Service", "v1 EndpointSlice", "v1 HTTPRoute"}, watch)
	require.Equal(t, Unreadable, un["v2 HTTPRoute"])
	require.Equal(t, Unreadable, un["v2 GRPCRoute"])
	require.Equal(t, Unreadable, un["v1 Novelty"])
	require.Equal(t, NotInstalled, un["v1 Gateway"])
}

// TestWatchTrustBundles: not every cluster has ClusterTrustBundles, and not in the same version.
func TestWatchTrustBundles(t *testing.T) {
	served := func(versions ...string) []CRD {
		group := schema.GroupVersion{Group: "certificates.k8s.io"}
		var gvks []schema.GroupVersionKind
		for _, group.Version = range versions {
			gvks = append(gvks, group.WithKind("ClusterTrustBundle"))
		}
		return append(CRDs(Bundle{"v1.7.0", Standard}), FromServed(gvks)...)
	}
	for _, tc := range []struct {
		have    []CRD
		enabled string
		watch   string
		not     map[string]Reason
	}{
		{served(), "BackendTLSPolicy", "", map[string]Reason{"v1beta1 ClusterTrustBundle": NotInstalled}},
		{served("v1"), "HTTPRoute", "", map[string]Reason{"v1 ClusterTrustBundle": NotNeeded}},
		{served("v1"), "Gateway", "v1 ClusterTrustBundle", nil},
		{served("v1alpha1"), "Gateway", "v1alpha1 ClusterTrustBundle", nil},
		{served("v1", "v1beta1"), "BackendTLSPolicy", "v1beta1 ClusterTrustBundle", map[string]Reason{"v1 ClusterTrustBundle": OtherVersion}},
		{served("v2"), "BackendTLSPolicy", "", map[string]Reason{"v2 ClusterTrustBundle": Unreadable}},
	} {
		watch, un := watchText(Watch(tc.have, Enabled{Kinds: []string{tc.enabled}}))
		if tc.watch == "" {
			require.NotContains(t, fmt.Sprint(watch), "ClusterTrustBundle")
		} else {
			require.Contains(t, watch, tc.watch)
		}
		for what, why := range tc.not {
			require.Equal(t, why, un[what], what)
		}
	}
}

// TestWatchIsComplete holds that every version of every kind of a bundle is on one side of the plan, once, and that what
// is watched is one version of a kind.
func TestWatchIsComplete(t *testing.T) {
	for _, release := range Releases() {
		for _, ch := range []Channel{Standard, Experimental} {
			have := CRDs(Bundle{release, ch})
			for _, enabled := range []Enabled{{}, {All: true}, {Kinds: []string{"Gateway", "XBackend"}}} {
				plan := Watch(have, enabled)
				seen, kinds := map[schema.GroupVersionKind]int{}, map[schema.GroupKind]int{}
				for _, gvk := range plan.Watch {
					seen[gvk]++
					kinds[gvk.GroupKind()]++
				}
				for _, u := range plan.Unwatched {
					seen[u.GroupVersionKind]++
				}
				for _, c := range have {
					for _, v := range c.Versions {
						require.Equal(t, 1, seen[c.WithVersion(v.Name)], fmt.Sprint(release, ch, c.Kind, v.Name))
					}
				}
				for gvk, n := range seen {
					require.Equal(t, 1, n, gvk)
				}
				for gk, n := range kinds {
					require.Equal(t, 1, n, gk)
				}
			}
		}
	}
}
