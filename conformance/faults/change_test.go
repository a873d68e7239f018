package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// TestThousandChanges: while a route changes a thousand times, every request is answered, by a version that was in force
// between its beginning and its end, whose backend and header belong together.
func TestThousandChanges(t *testing.T) {
	s := scene.New(t, bed, "thousand-changes", host.ClassName)
	services := []string{"a", "b"}
	for _, service := range services {
		s.Backend(t, service, 1)
	}
	route := s.Route("route", "a.example", "a")
	scene.SetVersion(route, 0, services[0])
	s.Create(t, route)
	s.WaitRoute(t, "route")
	awaitService(t, s, "a.example", "a")

	const changes = 1000
	var newest atomic.Int64 // the newest version that has been sent to the API server
	seen := make([]int, clients)
	load := traffic.Start(s.Address+":80", "http://a.example/", clients, func(client int, a traffic.Answer) string {
		if complaint := traffic.OK(services...)(client, a); complaint != "" {
			return complaint
		}
		version, err := strconv.Atoi(a.Header.Get(scene.VersionHeader))
		switch {
		case err != nil:
			return err.Error()
		case int64(version) > newest.Load():
			return fmt.Sprintf("version %d before it was written", version)
		case version < seen[client]:
			return fmt.Sprintf("version %d after version %d", version, seen[client])
		case a.Service != services[version%2]:
			return fmt.Sprintf("version %d from %s", version, a.Service)
		}
		seen[client] = version
		return ""
	})
	started := time.Now()
	for version := 1; version <= changes; version++ {
		newest.Store(int64(version))
		require.NoError(t, bed.Update(t.Context(), route, func() {
			scene.SetVersion(route, version, services[version%2])
		}))
	}
	took := time.Since(started)
	c := traffic.NewClient(s.Address + ":80")
	s.Wait(t, "the last version is in force", func(context.Context) (bool, error) {
		a := c.Send("http://a.example/")
		return a.Err == nil && a.Header.Get(scene.VersionHeader) == strconv.Itoa(changes), a.Err
	})
	sum := load.Stop()
	t.Logf("%d changes in %s: %s", changes, took.Round(time.Millisecond), sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
	require.Zero(t, metric(t, host, refusals), "Envoy refused configuration")
}

// TestNewServices: a route moves on to Services that Envoy has never heard of, and the old ones go at once. The new cluster
// must be there before the route that names it, and the old one until the last request has left it.
func TestNewServices(t *testing.T) {
	s := scene.New(t, bed, "new-services", host.ClassName)
	s.Backend(t, "a", 1)
	route := s.Route("route", "a.example", "a")
	s.Create(t, route)
	s.WaitRoute(t, "route")
	awaitService(t, s, "a.example", "a")

	const moves = 50
	load := traffic.Start(s.Address+":80", "http://a.example/", clients, traffic.OK("a"))
	for move := range moves {
		service := s.Service(fmt.Sprintf("service-%d", move), "a")
		s.Create(t, service)
		s.Wait(t, "the Service has endpoints", func(ctx context.Context) (bool, error) {
			var slices discoveryv1.EndpointSliceList
			err := bed.Client.List(ctx, &slices, client.InNamespace(s.Namespace),
				client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
			return len(slices.Items) == 1 && len(slices.Items[0].Endpoints) == 1, err
		})
		before := route.Spec.Rules[0].BackendRefs[0].Name
		require.NoError(t, bed.Update(t.Context(), route, func() { scene.SetVersion(route, move, service.Name) }))
		s.WaitRoute(t, "route")
		if before != "a" {
			require.NoError(t, bed.Client.Delete(t.Context(), s.Service(string(before), "a")))
		}
	}
	sum := load.Stop()
	t.Logf("%d moves: %s", moves, sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
}

// TestScaledToZero: a Service without pods answers 503, changes no status, and serves again when pods are back.
func TestScaledToZero(t *testing.T) {
	s := scene.New(t, bed, "scaled-to-zero", host.ClassName)
	s.Backend(t, "a", 2)
	s.Backend(t, "b", 1)
	s.Create(t, s.Route("zero", "zero.example", "a"))
	s.Create(t, s.Route("other", "other.example", "b"))
	awaitService(t, s, "zero.example", "a")
	awaitService(t, s, "other.example", "b")
	steady(t, s, host)
	before := s.WaitRoute(t, "zero").ResourceVersion

	other := traffic.Start(s.Address+":80", "http://other.example/", clients, traffic.OK("b"))
	load := traffic.Start(s.Address+":80", "http://zero.example/", clients, func(_ int, a traffic.Answer) string {
		if a.Err != nil || (a.Status != http.StatusOK && a.Status != http.StatusServiceUnavailable) {
			return fmt.Sprintf("status %d, error %v", a.Status, a.Err)
		}
		return ""
	})
	s.Scale(t, "a", 0)
	s.Wait(t, "requests are answered 503", func(context.Context) (bool, error) { return load.So().ByOutcome["503"] > 200, nil })
	s.Scale(t, "a", 2)
	awaitService(t, s, "zero.example", "a")
	sum, rest := load.Stop(), other.Stop()
	t.Logf("scaled: %s; its neighbour: %s", sum, rest)
	require.Zero(t, sum.WrongCount, sum.Wrong)
	require.Zero(t, rest.WrongCount, rest.Wrong)
	steady(t, s, host)
	require.Equal(t, before, s.WaitRoute(t, "zero").ResourceVersion, "the status was written")
}

// TestTwoHosts: a route with a parent of each of two hosts holds an entry of each, and neither touches the other's.
func TestTwoHosts(t *testing.T) {
	s := scene.New(t, bed, "two-hosts", host.ClassName)
	address := s.Gateway(t, "next-door", neighbour.ClassName)
	s.Backend(t, "a", 1)
	route := s.Route("shared", "a.example", "a")
	route.Spec.ParentRefs = append(route.Spec.ParentRefs, gwv1.ParentReference{Name: "next-door"})
	s.Create(t, route)
	s.WaitRoute(t, "shared")
	awaitService(t, s, "a.example", "a")
	awaitService(t, &scene.Scene{Bed: bed, Namespace: s.Namespace, Address: address}, "a.example", "a")

	const changes = 50
	started := metric(t, host, statusWrites) + metric(t, neighbour, statusWrites)
	for version := range changes {
		require.NoError(t, bed.Update(t.Context(), route, func() { scene.SetVersion(route, version, "a") }))
		require.Len(t, s.WaitRoute(t, "shared").Status.Parents, 2)
	}
	steady(t, s, host)
	steady(t, s, neighbour)
	writes := metric(t, host, statusWrites) + metric(t, neighbour, statusWrites) - started
	settled := s.WaitRoute(t, "shared")

	// One of them goes; the other's changes must leave its entry as it is.
	require.NoError(t, testbed.StopHost(neighbourhood))
	theirs := entry(t, settled, neighbour)
	scene.Update(t, s, route, func(r *gwv1.HTTPRoute) { scene.SetVersion(r, changes, "a") })
	s.Wait(t, "our entry follows the generation", func(context.Context) (bool, error) {
		now := reread(t, client.ObjectKeyFromObject(route))
		return entryGeneration(now, host) == now.Generation, nil
	})
	require.Equal(t, theirs, entry(t, reread(t, client.ObjectKeyFromObject(route)), neighbour))
	require.NoError(t, testbed.StartHost(neighbour, neighbourhood))
	s.WaitRoute(t, "shared")
	t.Logf("%d changes of a route with two hosts: %.0f status writes of both, then none", changes, writes)
	require.LessOrEqual(t, writes, float64(changes*2*2), "they write against each other")
}

// entry is a host's part of a route's status, as JSON.
func entry(t *testing.T, route *gwv1.HTTPRoute, h testbed.Host) string {
	t.Helper()
	for _, parent := range route.Status.Parents {
		if parent.ControllerName == h.ControllerName {
			encoded, err := json.Marshal(parent)
			require.NoError(t, err)
			return string(encoded)
		}
	}
	require.Fail(t, "no entry of "+h.Name)
	return ""
}

func entryGeneration(route *gwv1.HTTPRoute, h testbed.Host) int64 {
	for _, parent := range route.Status.Parents {
		if parent.ControllerName == h.ControllerName && len(parent.Conditions) > 0 {
			return parent.Conditions[0].ObservedGeneration
		}
	}
	return 0
}

// TestUnchangedStatuses: a thousand routes whose statuses are right cost no write, when something else changes and when
// a new host sees them for the first time.
func TestUnchangedStatuses(t *testing.T) {
	s := scene.New(t, bed, "unchanged-statuses", host.ClassName)
	s.Backend(t, "a", 1)
	const routes = 1000
	for i := range routes {
		s.Create(t, s.Route(fmt.Sprintf("route-%d", i), fmt.Sprintf("host-%d.example", i), "a"))
	}
	for i := range routes {
		s.WaitRoute(t, fmt.Sprintf("route-%d", i))
	}
	alone(t, s)
	steady(t, s, host)
	writes, before := metric(t, host, statusWrites), versions(t, s)
	done := metric(t, host, translations)

	const touches = 5
	for i := range touches { // a label decides whose routes may attach, so a namespace cannot be ignored
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}
		scene.Update(t, s, namespace, func(n *corev1.Namespace) { n.Labels["touched"] = strconv.Itoa(i) })
		s.Wait(t, "the host has translated", func(context.Context) (bool, error) {
			return metric(t, host, translations) > done+float64(i), nil
		})
	}
	steady(t, s, host)
	require.Equal(t, writes, metric(t, host, statusWrites))

	require.NoError(t, testbed.StopHost(hostProcess))
	require.NoError(t, testbed.StartHost(host, hostProcess))
	s.Wait(t, "the new host has translated", func(context.Context) (bool, error) {
		return metric(t, host, translations) > 0, nil
	})
	steady(t, s, host)
	t.Logf("%d routes, %d translations for other reasons and one new host: %.0f status writes by it", routes, touches,
		metric(t, host, statusWrites))
	require.Zero(t, metric(t, host, statusWrites))
	require.Equal(t, before, versions(t, s))
}

// alone waits until no Gateway of another case is left: one that loses its address while its namespace is deleted gets a
// status.
func alone(t *testing.T, s *scene.Scene) {
	t.Helper()
	s.Wait(t, "other cases are gone", func(ctx context.Context) (bool, error) {
		var list gwv1.GatewayList
		if err := bed.Client.List(ctx, &list); err != nil {
			return false, err
		}
		return !slices.ContainsFunc(list.Items, func(g gwv1.Gateway) bool { return g.Namespace != s.Namespace }), nil
	})
}

// versions is the resourceVersion of every route.
func versions(t *testing.T, s *scene.Scene) map[string]string {
	t.Helper()
	var list gwv1.HTTPRouteList
	require.NoError(t, bed.Client.List(t.Context(), &list, client.InNamespace(s.Namespace)))
	versions := map[string]string{}
	for _, route := range list.Items {
		versions[route.Name] = route.ResourceVersion
	}
	return versions
}
