package ads

import (
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
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

// envoy is a connected Envoy, without the network: it has asked for every type, and takes what it is sent.
type envoy struct {
	*stream
	subscriptions map[resource.Type]*subscription
}

// subscription is what go-control-plane's server keeps for a stream and type.
type subscription struct {
	wildcard bool
	names    map[string]struct{}
	returned map[string]string
}

func (s *subscription) ReturnedResources() map[string]string     { return s.returned }
func (s *subscription) SubscribedResources() map[string]struct{} { return s.names }
func (s *subscription) IsWildcard() bool                         { return s.wildcard }

func connect(has config) *envoy {
	e := &envoy{stream: newStream(), subscriptions: map[resource.Type]*subscription{}}
	for _, t := range order {
		e.subscriptions[t] = &subscription{
			wildcard: t == resource.ClusterType || t == resource.ListenerType,
			names:    map[string]struct{}{"svc": {}, "r": {}},
			returned: map[string]string{},
		}
		e.answered[t] = map[string]string{}
		for name, it := range has[t] {
			e.subscriptions[t].returned[name] = it.GetVersion()
			e.answered[t][name] = it.GetVersion()
		}
	}
	return e
}

// news returns the names added or changed, and removed, that Envoy is sent of a type, nil if there is no response.
func (e *envoy) news(t resource.Type, n *node, now time.Time) (added, removed []string) {
	w := &watch{
		stream: e.stream, request: &cache.DeltaRequest{TypeUrl: t, ResponseNonce: "1"},
		subscription: e.subscriptions[t], out: make(chan cache.DeltaResponse, 1),
	}
	if sent, _ := w.answer(n.offer, now); !sent {
		return nil, nil
	}
	r := (<-w.out).(*response)
	e.subscriptions[t].returned = r.known
	for _, res := range r.message.GetResources() {
		added = append(added, res.GetName())
	}
	return added, r.message.GetRemovedResources()
}

// answers makes Envoy answer all of a type in the offer.
func (e *envoy) answers(t resource.Type, n *node) {
	for name, it := range n.offer[t] {
		e.answered[t][name] = it.GetVersion()
	}
}

func (n *node) publish(c config, now time.Time) {
	n.want = c
	n.step(now)
}

func TestRoutesWaitForTheirClusters(t *testing.T) {
	now, n := time.Unix(1000, 0), &node{}
	e := connect(wanted(t, "old"))
	n.publish(wanted(t, "old"), now)
	n.publish(wanted(t, "new"), now)

	added, removed := e.news(resource.ClusterType, n, now)
	require.Equal(t, []string{"new"}, added)
	require.Empty(t, removed)
	added, _ = e.news(resource.RouteType, n, now)
	require.Empty(t, added, "the cluster is not answered yet")

	e.answers(resource.ClusterType, n)
	added, _ = e.news(resource.EndpointType, n, now)
	require.Equal(t, []string{"svc"}, added, "Envoy knows these endpoints, but the new cluster waits for them")
	added, _ = e.news(resource.RouteType, n, now)
	require.Empty(t, added, "the cluster has no endpoints yet")

	e.answers(resource.EndpointType, n)
	added, _ = e.news(resource.RouteType, n, now)
	require.Equal(t, []string{"r"}, added)
}

func TestPatienceEnds(t *testing.T) {
	now, n := time.Unix(1000, 0), &node{}
	e := connect(wanted(t, "old"))
	n.publish(wanted(t, "new"), now)
	for _, tc := range []struct {
		after time.Duration
		want  []string
	}{{0, nil}, {Patience - 1, nil}, {Patience, []string{"r"}}} {
		added, _ := e.news(resource.RouteType, n, now.Add(tc.after))
		require.Equal(t, tc.want, added, tc.after)
	}
}

func TestClustersOutliveTheirRoutes(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, tc := range []struct {
		name  string
		after time.Duration
		state func(*envoy)
		gone  bool
	}{
		{name: "grace not over", after: Grace - 1},
		{name: "grace over", after: Grace, gone: true},
		{name: "routes not answered", after: Grace, state: func(e *envoy) { delete(e.answered, resource.RouteType) }},
		{name: "routes refused", after: Grace, state: func(e *envoy) { e.refused[resource.RouteType] = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := &node{}
			n.publish(wanted(t, "old", "other"), start)
			e := connect(n.offer)
			n.publish(wanted(t, "other"), start)
			e.answers(resource.RouteType, n)
			if tc.state != nil {
				tc.state(e)
			}
			n.step(start.Add(tc.after))
			_, removed := e.news(resource.ClusterType, n, start.Add(tc.after))
			if tc.gone {
				require.Equal(t, []string{"old"}, removed)
			} else {
				require.Empty(t, removed)
			}
		})
	}
}

// A host that starts anew does not know what it offered before, but an Envoy that connects says what it has.
func TestRestartOfTheHostRemovesLast(t *testing.T) {
	now, n := time.Unix(1000, 0), &node{}
	e := connect(wanted(t, "old"))
	n.publish(wanted(t, "new"), now)

	added, removed := e.news(resource.ClusterType, n, now)
	require.Equal(t, []string{"new"}, added)
	require.Empty(t, removed, "Envoy still runs routes that name it")
	for _, typeURL := range []resource.Type{resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType} {
		e.news(typeURL, n, now)
		e.answers(typeURL, n)
	}
	_, removed = e.news(resource.ClusterType, n, now)
	require.Equal(t, []string{"old"}, removed)
}

func TestWantedAgainIsNotRemoved(t *testing.T) {
	now, n := time.Unix(1000, 0), &node{}
	n.publish(wanted(t, "a", "b"), now)
	n.publish(wanted(t, "a"), now)
	n.publish(wanted(t, "a", "b"), now.Add(Grace/2))
	n.publish(wanted(t, "a"), now.Add(Grace))
	require.Contains(t, n.offer[resource.ClusterType], "b", "its grace began anew")
	require.True(t, n.busy)
	n.step(now.Add(2 * Grace))
	require.NotContains(t, n.offer[resource.ClusterType], "b")
	require.False(t, n.busy)
}

func TestVersions(t *testing.T) {
	version := func(c config, typeURL resource.Type, name string) string { return c[typeURL][name].GetVersion() }
	one, same, two := wanted(t, "a"), wanted(t, "a"), wanted(t, "a", "b")
	for _, typeURL := range order {
		for name := range one[typeURL] {
			require.Equal(t, version(one, typeURL, name), version(same, typeURL, name))
		}
	}
	require.Equal(t, version(one, resource.ClusterType, "a"), version(two, resource.ClusterType, "a"))
	require.NotEqual(t, version(one, resource.EndpointType, "svc"), version(two, resource.EndpointType, "svc"),
		"a new cluster needs the endpoints once more")
	require.NotContains(t, one[resource.EndpointType], "unused")
}
