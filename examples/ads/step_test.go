package ads

import (
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatewayxds/gatewayxds/translate"
)

var gateway = types.NamespacedName{Namespace: "infra", Name: "web"}

// resources is a Gateway with one listener whose one route sends everything to the first of the clusters. All clusters
// share the endpoints of one Service.
func resources(clusters ...string) translate.GatewayResources {
	gw := translate.GatewayResources{
		Gateway:   gateway,
		Listeners: []*listenerv3.Listener{{Name: "l"}},
		Routes: []*routev3.RouteConfiguration{{Name: "r", VirtualHosts: []*routev3.VirtualHost{{
			Name: clusters[0], Domains: []string{"*"},
		}}}},
		Endpoints: []*endpointv3.ClusterLoadAssignment{{ClusterName: "svc"}, {ClusterName: "unused"}},
	}
	for _, name := range clusters {
		gw.Clusters = append(gw.Clusters, &clusterv3.Cluster{
			Name:                 name,
			ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
			EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{ServiceName: "svc"},
		})
	}
	return gw
}

func wanted(t *testing.T, clusters ...string) config {
	t.Helper()
	gw := resources(clusters...)
	c, err := newConfig(&gw)
	require.NoError(t, err)
	return c
}

// accepts makes st an Envoy that has answered all of c.
func accepts(st *stream, c config) {
	for typeURL, items := range c {
		st.answered[typeURL] = map[string]string{}
		for name, it := range items {
			st.answered[typeURL][name] = it.GetVersion()
		}
	}
}

func (n *node) take(streams []*stream, now time.Time) config {
	n.sent = n.step(streams, now)
	return n.sent
}

func route(c config) string { return c[resource.RouteType]["r"].GetVersion() }

func TestRoutesWaitForTheirClusters(t *testing.T) {
	now, envoy := time.Unix(1000, 0), newStream()
	n := &node{want: wanted(t, "old")}
	first := n.take([]*stream{envoy}, now)
	require.True(t, first.equal(n.want), "the first configuration goes out at once: Envoy itself starts clusters first")
	accepts(envoy, first)

	n.want = wanted(t, "new")
	held := n.take([]*stream{envoy}, now)
	require.Contains(t, held[resource.ClusterType], "new")
	require.Contains(t, held[resource.ClusterType], "old")
	require.Equal(t, route(first), route(held))
	require.True(t, n.busy)

	envoy.answered[resource.ClusterType]["new"] = n.want[resource.ClusterType]["new"].GetVersion()
	require.Equal(t, route(first), route(n.take([]*stream{envoy}, now)), "the cluster has no endpoints yet")

	envoy.answered[resource.EndpointType]["svc"] = n.want[resource.EndpointType]["svc"].GetVersion()
	require.Equal(t, route(n.want), route(n.take([]*stream{envoy}, now)))
}

func TestOneOfTwoEnvoysIsNotEnough(t *testing.T) {
	now, quick, slow := time.Unix(1000, 0), newStream(), newStream()
	n := &node{want: wanted(t, "old")}
	first := n.take(nil, now)
	n.want = wanted(t, "new")
	accepts(quick, n.want)
	accepts(slow, first)
	require.Equal(t, route(first), route(n.take([]*stream{quick, slow}, now)))
	require.Equal(t, route(n.want), route(n.take([]*stream{quick}, now)), "the slow one has disconnected")
}

func TestPatienceEnds(t *testing.T) {
	now, mute := time.Unix(1000, 0), newStream()
	n := &node{want: wanted(t, "old")}
	first := n.take(nil, now)
	n.want = wanted(t, "new")
	require.Equal(t, route(first), route(n.take([]*stream{mute}, now)))
	require.Equal(t, route(first), route(n.take([]*stream{mute}, now.Add(Patience-1))))
	require.Equal(t, route(n.want), route(n.take([]*stream{mute}, now.Add(Patience))))
}

func TestClustersOutliveTheirRoutes(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, tc := range []struct {
		name  string
		after time.Duration
		state func(*stream)
		gone  bool
	}{
		{name: "grace not over", after: Grace - 1},
		{name: "grace over", after: Grace, gone: true},
		{name: "routes not answered", after: Grace, state: func(st *stream) { delete(st.answered, resource.RouteType) }},
		{name: "routes refused", after: Grace, state: func(st *stream) { st.refused[resource.RouteType] = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			envoy := newStream()
			n := &node{want: wanted(t, "old", "other")}
			n.take(nil, start)
			n.want = wanted(t, "other")
			accepts(envoy, n.want)
			if tc.state != nil {
				tc.state(envoy)
			}
			require.Contains(t, n.take([]*stream{envoy}, start)[resource.ClusterType], "old")
			last := n.take([]*stream{envoy}, start.Add(tc.after))
			if tc.gone {
				require.NotContains(t, last[resource.ClusterType], "old")
			} else {
				require.Contains(t, last[resource.ClusterType], "old")
			}
			require.Equal(t, !tc.gone, n.busy)
		})
	}
}

func TestWantedAgainIsNotRemoved(t *testing.T) {
	now := time.Unix(1000, 0)
	n := &node{want: wanted(t, "a", "b")}
	n.take(nil, now)
	n.want = wanted(t, "a")
	n.take(nil, now)
	n.want = wanted(t, "a", "b")
	n.take(nil, now.Add(Grace/2))
	n.want = wanted(t, "a")
	require.Contains(t, n.take(nil, now.Add(Grace))[resource.ClusterType], "b", "its grace began anew")
}

func TestVersions(t *testing.T) {
	one, same, two := wanted(t, "a"), wanted(t, "a"), wanted(t, "a", "b")
	require.True(t, one.equal(same))
	require.Equal(t, one[resource.ClusterType]["a"].GetVersion(), two[resource.ClusterType]["a"].GetVersion())
	require.NotEqual(t, one[resource.EndpointType]["svc"].GetVersion(), two[resource.EndpointType]["svc"].GetVersion(),
		"a new cluster needs the endpoints once more")
	require.NotContains(t, one[resource.EndpointType], "unused")
}
