package status

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// A usual route and a usual Gateway, with their like.
var (
	benchRoute = RouteFacts{
		Object: Object{Kind: "HTTPRoute", Namespace: "ns", Name: "route", Generation: 1}, Controller: us,
		Parents: []ParentFacts{{Ref: gwv1.ParentReference{Name: "gw", Group: ptr[gwv1.Group](gwv1.GroupName), Kind: ptr[gwv1.Kind]("Gateway")}}},
	}
	benchBrokenRoute = RouteFacts{
		Object: benchRoute.Object, Controller: us,
		Parents: []ParentFacts{{Ref: benchRoute.Parents[0].Ref, Problems: []Problem{
			{BackendNotFound, "spec.rules[0].backendRefs[0].name", `there is no Service "shop" in namespace "ns"`},
		}}},
	}
	benchGateway = GatewayFacts{
		Object: Object{Kind: "Gateway", Namespace: "ns", Name: "gw", Generation: 1},
		Listeners: []ListenerFacts{
			{Name: "a", Serving: true, SupportedKinds: []gwv1.RouteGroupKind{{Kind: "HTTPRoute"}, {Kind: "GRPCRoute"}}, AttachedRoutes: 100},
			{Name: "b", Serving: true},
			{Name: "c", Serving: true},
			{Name: "d", Serving: true},
		},
		Addresses: []gwv1.GatewayStatusAddress{{Type: ptr(gwv1.IPAddressType), Value: "10.0.0.1"}},
	}
	benchListenerSet = ListenerSetFacts{Object: benchGateway.Object, Listeners: benchGateway.Listeners}
	benchClass       = GatewayClassFacts{Object: Object{Generation: 1}, Features: []gwv1.FeatureName{"Gateway", "HTTPRoute"}}
	benchPolicy      = PolicyFacts{Object: benchRoute.Object, Controller: us, Ancestors: []AncestorFacts{{Ref: benchRoute.Parents[0].Ref}}}
)

// requireNothingAllocated merges twice: the second merge changes nothing.
func requireNothingAllocated[S Status](t *testing.T, existing *S, want Desired[S]) {
	t.Helper()
	merged, changed := Merge(existing, &want, now)
	require.True(t, changed)
	object := &metav1.ObjectMeta{ResourceVersion: "1", Generation: want.Generation}
	require.Zero(t, testing.AllocsPerRun(100, func() { Merge(&merged, &want, now) }), "%T", merged)
	require.Zero(t, testing.AllocsPerRun(100, func() { Patch(object, &merged, &want, now) }), "%T", merged)
}

func TestMergeThatChangesNothingAllocatesNothing(t *testing.T) {
	theirs := condition("Accepted", metav1.ConditionTrue, 1, before)
	foreign := condition("example.com/Foreign", metav1.ConditionTrue, 1, before)
	requireNothingAllocated(t, &gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{parent(them, "gw", theirs)}}, benchRoute.Desired())
	requireNothingAllocated(t, nil, benchBrokenRoute.Desired())
	requireNothingAllocated(t, nil, benchPolicy.Desired())
	requireNothingAllocated(t, &gwv1.GatewayStatus{Conditions: []metav1.Condition{foreign}}, benchGateway.Desired())
	requireNothingAllocated(t, nil, benchListenerSet.Desired())
	requireNothingAllocated(t, nil, benchClass.Desired())

	conditions := []metav1.Condition{theirs, foreign}
	want := []metav1.Condition{theirs}
	require.Zero(t, testing.AllocsPerRun(100, func() { MergeConditions(conditions, want, 1, nil, now) }))
}

func BenchmarkDesired(b *testing.B) {
	b.Run("route", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchRoute.Desired()
		}
	})
	b.Run("route with a problem", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchBrokenRoute.Desired()
		}
	})
	b.Run("gateway with 4 listeners", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchGateway.Desired()
		}
	})
}

func BenchmarkMerge(b *testing.B) {
	route, broken, gateway := benchRoute.Desired(), benchBrokenRoute.Desired(), benchGateway.Desired()
	routeStatus, _ := Merge(nil, &route, now)
	gatewayStatus, _ := Merge(nil, &gateway, now)
	object := &metav1.ObjectMeta{ResourceVersion: "1", Generation: 1}
	b.Run("unchanged route", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Merge(&routeStatus, &route, now)
		}
	})
	b.Run("changed route", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Merge(&routeStatus, &broken, now)
		}
	})
	b.Run("unchanged gateway", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Merge(&gatewayStatus, &gateway, now)
		}
	})
	b.Run("patch of a changed route", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Patch(object, &routeStatus, &broken, now)
		}
	})
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d routes of which one changed", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range n {
					want := &route
					if i == n/2 {
						want = &broken
					}
					Patch(object, &routeStatus, want, now)
				}
			}
		})
	}
}
