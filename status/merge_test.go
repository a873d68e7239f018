package status

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

const (
	us   = gwv1.GatewayController("example.com/us")
	them = gwv1.GatewayController("example.net/them")
)

var (
	before = metav1.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now    = metav1.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)
)

func condition(conditionType string, status metav1.ConditionStatus, generation int64, at metav1.Time) metav1.Condition {
	return metav1.Condition{
		Type: conditionType, Status: status, Reason: "Reason", Message: "message",
		ObservedGeneration: generation, LastTransitionTime: at,
	}
}

func parent(controller gwv1.GatewayController, name gwv1.ObjectName, conditions ...metav1.Condition) gwv1.RouteParentStatus {
	return gwv1.RouteParentStatus{
		ParentRef: gwv1.ParentReference{Name: name}, ControllerName: controller, Conditions: conditions,
	}
}

func TestMergeGateway(t *testing.T) {
	facts := GatewayFacts{
		Object:    Object{Generation: 2},
		Listeners: []ListenerFacts{{Name: "a", Serving: true}, {Name: "b", Serving: true}},
		Addresses: []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}},
	}
	want := facts.Desired()
	foreign := condition("example.com/Foreign", metav1.ConditionTrue, 9, before)
	existing := gwv1.GatewayStatus{
		Conditions: []metav1.Condition{
			condition("Programmed", metav1.ConditionUnknown, 0, before), foreign,
			condition("InsecureFrontendValidationMode", metav1.ConditionTrue, 1, before),
			condition("AddressesAssigned", metav1.ConditionTrue, 1, before),
		},
		Listeners: []gwv1.ListenerStatus{
			{Name: "gone", Conditions: []metav1.Condition{foreign}},
			{Name: "b", AttachedRoutes: 7, Conditions: []metav1.Condition{
				condition("OverlappingTLSConfig", metav1.ConditionTrue, 1, before), foreign,
			}},
		},
		Addresses: []gwv1.GatewayStatusAddress{{Value: "10.0.0.2"}},
	}
	merged, changed := Merge(&existing, &want, now)
	require.True(t, changed)
	require.Equal(t, "Programmed=True/Programmed example.com/Foreign=True/Reason Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs",
		brief(merged.Conditions))
	require.Equal(t, foreign, merged.Conditions[1])
	require.Equal(t, want.Status.Addresses, merged.Addresses)
	require.Equal(t, int32(0), *merged.AttachedListenerSets)
	require.Len(t, merged.Listeners, 2, "exactly the listeners of the spec, in its order")
	require.Equal(t, gwv1.SectionName("a"), merged.Listeners[0].Name)
	require.Equal(t, int32(0), merged.Listeners[1].AttachedRoutes)
	require.Equal(t, foreign, merged.Listeners[1].Conditions[0])
	require.Len(t, merged.Listeners[1].Conditions, 5)

	again, changed := Merge(&merged, &want, now)
	require.False(t, changed)
	require.Equal(t, merged, again)

	for _, change := range []func(*GatewayFacts){
		func(f *GatewayFacts) { f.Listeners[1].AttachedRoutes++ },
		func(f *GatewayFacts) { f.Listeners[1].SupportedKinds = make([]gwv1.RouteGroupKind, 1) },
		func(f *GatewayFacts) { f.AttachedListenerSets++ },
		func(f *GatewayFacts) { f.Addresses = nil },
		func(f *GatewayFacts) { f.InsecureFrontendValidation = true },
	} {
		changedFacts := facts
		changedFacts.Listeners = slices.Clone(facts.Listeners)
		change(&changedFacts)
		want := changedFacts.Desired()
		_, changed := Merge(&merged, &want, now)
		require.True(t, changed, "each field is a difference by itself")
	}

	merged.Listeners[0].Conditions[0].ObservedGeneration = 3
	facts.Listeners = nil
	want = facts.Desired()
	_, changed = Merge(&merged, &want, now)
	require.False(t, changed, "a listener's condition may be newer too")
}

func TestMergeListenerOrderFollowsTheSpec(t *testing.T) {
	facts := ListenerSetFacts{Listeners: []ListenerFacts{{Name: "a"}, {Name: "b"}}}
	want := facts.Desired()
	merged, _ := Merge(nil, &want, now)
	facts.Listeners[0], facts.Listeners[1] = facts.Listeners[1], facts.Listeners[0]
	want = facts.Desired()
	merged, changed := Merge(&merged, &want, now)
	require.True(t, changed)
	require.Equal(t, gwv1.SectionName("b"), merged.Listeners[0].Name)
	_, changed = Merge(&merged, &want, now)
	require.False(t, changed)
}

func TestMergeGatewayClass(t *testing.T) {
	facts := GatewayClassFacts{Features: []gwv1.FeatureName{"Gateway", "HTTPRoute"}}
	want := facts.Desired()
	merged, changed := Merge(nil, &want, now)
	require.True(t, changed)
	_, changed = Merge(&merged, &want, now)
	require.False(t, changed)
	facts.Features = facts.Features[:1]
	want = facts.Desired()
	merged, changed = Merge(&merged, &want, now)
	require.True(t, changed)
	require.Equal(t, want.Status.SupportedFeatures, merged.SupportedFeatures)
}

func TestMergeWithoutSomething(t *testing.T) {
	existing := gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{parent("", "a", condition("Accepted", metav1.ConditionTrue, 0, before))}}
	merged, changed := Merge(&existing, nil, now)
	require.False(t, changed)
	require.Equal(t, existing, merged)
	_, changed = Merge[gwv1.GatewayStatus](nil, nil, now)
	require.False(t, changed)
	merged, changed = Merge(&existing, &Desired[gwv1.RouteStatus]{}, now)
	require.False(t, changed, "without a controller no entry is ours")
	require.Equal(t, existing, merged)
}
