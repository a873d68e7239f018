package status

import (
	"slices"
	"strconv"
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

func TestMergeConditions(t *testing.T) {
	const yes, no = metav1.ConditionTrue, metav1.ConditionFalse
	owned := []string{"Accepted", "Programmed"}
	foreign := condition("example.com/Foreign", yes, 1, before)
	tests := []struct {
		reason         string
		existing, want []metav1.Condition
		merged         []metav1.Condition // nil: nothing changes
	}{
		{"nothing there, nothing wanted", nil, nil, nil},
		{
			"a new one transitions now",
			nil,
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, now)},
		},
		{
			"the same state keeps its time, and the generation moves",
			[]metav1.Condition{condition("Accepted", yes, 4, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, before)},
		},
		{
			"another state has another time",
			[]metav1.Condition{condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", no, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", no, 5, now)},
		},
		{
			"what is as it should be is no difference",
			[]metav1.Condition{foreign, condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			nil,
		},
		{
			"others' conditions stay in place, ours of old go, new ones come last",
			[]metav1.Condition{condition("Programmed", yes, 5, before), foreign, condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("New", yes, 0, metav1.Time{}), condition("Accepted", no, 0, metav1.Time{})},
			[]metav1.Condition{foreign, condition("Accepted", no, 5, now), condition("New", yes, 5, now)},
		},
		{
			"nothing is written over what is newer",
			[]metav1.Condition{condition("Accepted", yes, 6, before), condition("Programmed", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", no, 0, metav1.Time{})},
			nil,
		},
		{
			"nor over one that only the desired status says is ours",
			[]metav1.Condition{condition("New", yes, 6, before)},
			[]metav1.Condition{condition("New", no, 0, metav1.Time{})},
			nil,
		},
		{
			"how new others' conditions are is not our business",
			[]metav1.Condition{condition("example.com/Foreign", yes, 9, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("example.com/Foreign", yes, 9, before), condition("Accepted", yes, 5, now)},
		},
		{
			"a condition without a time would be refused by the API server",
			[]metav1.Condition{condition("Accepted", yes, 5, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, now)},
		},
		{
			"a list is a map by type: what is there twice goes, what is wanted twice is taken once",
			[]metav1.Condition{condition("Accepted", yes, 5, before), condition("Accepted", no, 5, before), foreign, foreign},
			[]metav1.Condition{
				condition("Accepted", yes, 0, metav1.Time{}),
				condition("New", yes, 0, metav1.Time{}), condition("New", no, 0, metav1.Time{}),
			},
			[]metav1.Condition{condition("Accepted", yes, 5, before), foreign, foreign, condition("New", yes, 5, now)},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			merged, changed := MergeConditions(test.existing, test.want, 5, owned, now)
			require.Equal(t, test.merged != nil, changed)
			if !changed {
				test.merged = test.existing
			}
			require.Equal(t, test.merged, merged)
		})
	}
}

func TestMergeConditionsFillsInWhatTheCRDsDemand(t *testing.T) {
	want := []metav1.Condition{{Type: "Accepted", Message: "\xff"}}
	merged, changed := MergeConditions(nil, want, 1, nil, metav1.NewTime(now.Add(time.Millisecond).In(time.FixedZone("", 3600))))
	require.True(t, changed)
	require.Equal(t, []metav1.Condition{{
		Type: "Accepted", Status: metav1.ConditionUnknown, Reason: "Unspecified", Message: "\uFFFD",
		ObservedGeneration: 1, LastTransitionTime: now,
	}}, merged)
	_, changed = MergeConditions(merged, want, 1, nil, now)
	require.False(t, changed, "what was filled in is no difference afterwards")
}

func TestMergeConditionsStopsAtEight(t *testing.T) {
	var existing []metav1.Condition
	for i := range 7 {
		existing = append(existing, condition("example.com/"+strconv.Itoa(i), metav1.ConditionTrue, 1, before))
	}
	want := []metav1.Condition{{Type: "Accepted"}, {Type: "Programmed"}}
	merged, changed := MergeConditions(existing, want, 1, nil, now)
	require.True(t, changed)
	require.Len(t, merged, 8)
	require.Equal(t, "Accepted", merged[7].Type)
	_, changed = MergeConditions(merged, want, 1, nil, now)
	require.False(t, changed, "what has no room is not tried again and again")
}

func TestMergeRouteParents(t *testing.T) {
	ok := condition("Accepted", metav1.ConditionTrue, 5, now)
	old := condition("Accepted", metav1.ConditionTrue, 5, before)
	stale := condition("Accepted", metav1.ConditionTrue, 4, before)
	theirs := parent(them, "a", condition("Accepted", metav1.ConditionFalse, 99, before))
	first := parent("a.example/first", "a", old)
	tests := []struct {
		reason                 string
		existing, want, merged []gwv1.RouteParentStatus // merged nil: nothing changes
	}{
		{"no entry of ours, none wanted", []gwv1.RouteParentStatus{theirs}, nil, nil},
		{
			"the same reference by another controller is another entry",
			[]gwv1.RouteParentStatus{theirs},
			[]gwv1.RouteParentStatus{parent(us, "a", ok)},
			[]gwv1.RouteParentStatus{parent(us, "a", ok), theirs},
		},
		{
			"a new entry comes after those of lesser names and before those of greater",
			[]gwv1.RouteParentStatus{first, parent(us, "a", old), theirs},
			[]gwv1.RouteParentStatus{parent(us, "b", ok), parent(us, "a", ok), parent(us, "c", ok)},
			[]gwv1.RouteParentStatus{first, parent(us, "a", old), parent(us, "b", ok), parent(us, "c", ok), theirs},
		},
		{
			"stale parents go, others stay where they are",
			[]gwv1.RouteParentStatus{parent(us, "gone", old), theirs, parent(us, "a", stale)},
			[]gwv1.RouteParentStatus{parent(us, "a", ok)},
			[]gwv1.RouteParentStatus{theirs, parent(us, "a", old)},
		},
		{
			"the last parent goes: an empty list, not none",
			[]gwv1.RouteParentStatus{parent(us, "gone", old)}, nil, []gwv1.RouteParentStatus{},
		},
		{
			"another order of parentRefs is no difference",
			[]gwv1.RouteParentStatus{parent(us, "b", old), parent(us, "a", old)},
			[]gwv1.RouteParentStatus{parent(us, "a", ok), parent(us, "b", ok)},
			nil,
		},
		{
			"a list is a map by reference and controller: each key once",
			[]gwv1.RouteParentStatus{parent(us, "a", old), parent(us, "a", stale), theirs, theirs},
			[]gwv1.RouteParentStatus{parent(us, "a", ok), parent(us, "a", stale), parent(us, "b", ok), parent(us, "b", ok)},
			[]gwv1.RouteParentStatus{parent(us, "a", old), parent(us, "b", ok), theirs, theirs},
		},
		{
			"entries of others in the desired status are not ours to write",
			nil, []gwv1.RouteParentStatus{theirs}, nil,
		},
		{
			"an entry without conditions would be refused by the API server",
			[]gwv1.RouteParentStatus{parent(us, "a", old)},
			[]gwv1.RouteParentStatus{parent(us, "a"), parent(us, "b")},
			[]gwv1.RouteParentStatus{},
		},
		{
			"an entry of ours that is newer stops everything, also when its parent is no longer wanted",
			[]gwv1.RouteParentStatus{parent(us, "gone", condition("Accepted", metav1.ConditionTrue, 6, before))},
			[]gwv1.RouteParentStatus{parent(us, "a", ok)},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			want := Desired[gwv1.RouteStatus]{
				Object: Object{Generation: 5}, Controller: us, Status: gwv1.RouteStatus{Parents: test.want},
			}
			merged, changed := Merge(&gwv1.RouteStatus{Parents: test.existing}, &want, now)
			require.Equal(t, test.merged != nil, changed)
			if !changed {
				test.merged = test.existing
			}
			require.Equal(t, test.merged, merged.Parents)
		})
	}
}

func TestMergeTakesDefaultsForWhatTheyAre(t *testing.T) {
	group, kind, namespace := gwv1.Group(gwv1.GroupName), gwv1.Kind("Gateway"), gwv1.Namespace("ns")
	short := parent(us, "a", condition("Accepted", metav1.ConditionTrue, 0, metav1.Time{}))
	stored := parent(us, "a", condition("Accepted", metav1.ConditionTrue, 1, before))
	stored.ParentRef.Group, stored.ParentRef.Kind = &group, &kind
	existing := gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{stored}}
	want := Desired[gwv1.RouteStatus]{
		Object: Object{Namespace: "ns", Generation: 1}, Controller: us,
		Status: gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{short}},
	}
	_, changed := Merge(&existing, &want, now)
	require.False(t, changed, "group and kind as the API server fills them in")

	want.Status.Parents[0].ParentRef.Namespace = &namespace
	merged, changed := Merge(&existing, &want, now)
	require.True(t, changed, "the entry copies the reference as the spec has it")
	require.Len(t, merged.Parents, 1, "it is the same parent though")
	require.Equal(t, before, merged.Parents[0].Conditions[0].LastTransitionTime)

	ip := gwv1.IPAddressType
	listener := gwv1.ListenerStatus{Name: "a", SupportedKinds: []gwv1.RouteGroupKind{{Group: &group, Kind: "HTTPRoute"}}}
	gateway := gwv1.GatewayStatus{
		Addresses: []gwv1.GatewayStatusAddress{{Type: &ip, Value: "10.0.0.1"}}, Listeners: []gwv1.ListenerStatus{listener},
	}
	listener.SupportedKinds = []gwv1.RouteGroupKind{{Kind: "HTTPRoute"}}
	_, changed = Merge(&gateway, &Desired[gwv1.GatewayStatus]{Status: gwv1.GatewayStatus{
		Addresses: []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}}, Listeners: []gwv1.ListenerStatus{listener},
	}}, now)
	require.False(t, changed, "the group of a kind and the type of an address too")
}

func TestMergeDistinguishesParentsBySectionAndPort(t *testing.T) {
	section, port := gwv1.SectionName("s"), gwv1.PortNumber(80)
	facts := RouteFacts{Controller: us, Parents: []ParentFacts{
		{Ref: gwv1.ParentReference{Name: "a"}},
		{Ref: gwv1.ParentReference{Name: "a", SectionName: &section}},
		{Ref: gwv1.ParentReference{Name: "a", Port: &port}},
		{Ref: gwv1.ParentReference{Name: "a", SectionName: &section, Port: &port}},
	}}
	want := facts.Desired()
	merged, changed := Merge(nil, &want, now)
	require.True(t, changed)
	require.Len(t, merged.Parents, 4)
	_, changed = Merge(&merged, &want, now)
	require.False(t, changed)
}

func TestMergeKeepsWithinTheLimitOfEntries(t *testing.T) {
	var full gwv1.PolicyStatus
	for i := range 15 {
		full.Ancestors = append(full.Ancestors, gwv1.PolicyAncestorStatus{
			AncestorRef: gwv1.ParentReference{Name: gwv1.ObjectName(strconv.Itoa(i))}, ControllerName: them,
		})
	}
	facts := PolicyFacts{Controller: us, Ancestors: []AncestorFacts{
		{Ref: gwv1.ParentReference{Name: "a"}}, {Ref: gwv1.ParentReference{Name: "b"}},
	}}
	want := facts.Desired()
	merged, changed := Merge(&full, &want, now)
	require.True(t, changed)
	require.Len(t, merged.Ancestors, 16)
	require.Equal(t, full.Ancestors, merged.Ancestors[1:], "nobody else has to make room")
	_, changed = Merge(&merged, &want, now)
	require.False(t, changed, "what has no room is not tried again and again")
}

func TestMergeHostsOwnConditionTypes(t *testing.T) {
	ancestor := gwv1.PolicyAncestorStatus{
		AncestorRef: gwv1.ParentReference{Name: "gw"}, ControllerName: us,
		Conditions: []metav1.Condition{
			condition("Accepted", metav1.ConditionTrue, 1, before),
			condition("Enforced", metav1.ConditionTrue, 1, before),
			condition("example.net/Theirs", metav1.ConditionTrue, 1, before),
		},
	}
	existing := gwv1.PolicyStatus{Ancestors: []gwv1.PolicyAncestorStatus{ancestor}}
	ancestor.Conditions = ancestor.Conditions[:1]
	want := Desired[gwv1.PolicyStatus]{
		Object: Object{Generation: 1}, Controller: us,
		Status: gwv1.PolicyStatus{Ancestors: []gwv1.PolicyAncestorStatus{ancestor}},
	}
	_, changed := Merge(&existing, &want, now)
	require.False(t, changed, "a type that is not said to be ours is someone else's")
	want.Owned = []string{"Enforced"}
	merged, changed := Merge(&existing, &want, now)
	require.True(t, changed)
	require.Equal(t, "Accepted=True/Reason example.net/Theirs=True/Reason", brief(merged.Ancestors[0].Conditions))
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
