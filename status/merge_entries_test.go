package status

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

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
			[]gwv1.RouteParentStatus{parent(us, "gone", old)},
			nil,
			[]gwv1.RouteParentStatus{},
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
			nil,
			[]gwv1.RouteParentStatus{theirs},
			nil,
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
