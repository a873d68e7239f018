package status

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestPatchOfARoute(t *testing.T) {
	route := &gwv1.HTTPRoute{}
	route.ResourceVersion, route.Generation = "42", 1
	want := Desired[gwv1.RouteStatus]{Object: Object{Generation: 1}, Controller: us}
	require.Nil(t, Patch(route, &route.Status.RouteStatus, &want, now), "no entry, and none wanted")

	theirs := parent(them, "gw", condition("Accepted", metav1.ConditionFalse, 1, before))
	route.Status.Parents = []gwv1.RouteParentStatus{theirs}
	want.Status.Parents = []gwv1.RouteParentStatus{parent(us, "gw", condition("Accepted", metav1.ConditionTrue, 1, metav1.Time{}))}
	require.JSONEq(t, `{"metadata": {"resourceVersion": "42"}, "status": {"parents": [
		{"parentRef": {"name": "gw"}, "controllerName": "example.com/us", "conditions": [{"type": "Accepted", "status": "True",
			"observedGeneration": 1, "lastTransitionTime": "2026-02-02T00:00:00Z", "reason": "Reason", "message": "message"}]},
		{"parentRef": {"name": "gw"}, "controllerName": "example.net/them", "conditions": [{"type": "Accepted", "status": "False",
			"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "Reason", "message": "message"}]}
	]}}`, string(Patch(route, &route.Status.RouteStatus, &want, now)))

	route.Status.Parents = want.Status.Parents
	want.Status.Parents = nil
	require.Equal(t, `{"metadata":{"resourceVersion":"42"},"status":{"parents":[]}}`,
		string(Patch(route, &route.Status.RouteStatus, &want, now)), "the CRD demands the list")
}

func TestPatchHoldsOnlyWhatDiffers(t *testing.T) {
	gateway := &gwv1.Gateway{}
	facts := GatewayFacts{
		Listeners: []ListenerFacts{{Name: "a", Serving: true}},
		Addresses: []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}},
	}
	want := facts.Desired()
	gateway.Status, _ = Merge(nil, &want, now)
	require.Nil(t, Patch(gateway, &gateway.Status, &want, now))

	want.Status.AttachedListenerSets = ptr[int32](3)
	want.Status.Addresses = nil
	require.Equal(t, `{"status":{"addresses":null,"attachedListenerSets":3}}`, string(Patch(gateway, &gateway.Status, &want, now)))
}

func TestPatchOfAnotherGeneration(t *testing.T) {
	route := &gwv1.HTTPRoute{}
	facts := RouteFacts{Object: Object{Generation: 3}, Controller: us, Parents: make([]ParentFacts, 1)}
	want := facts.Desired()
	for generation, write := range map[int64]bool{2: false, 3: true, 4: false} {
		route.Generation = generation
		require.Equal(t, write, Patch(route, &route.Status.RouteStatus, &want, now) != nil, "generation %d", generation)
	}
	require.Nil(t, Patch(nil, &route.Status.RouteStatus, &want, now))
	require.Nil(t, Patch[gwv1.RouteStatus](route, nil, nil, now))
	route.Generation = 3
	require.NotNil(t, Patch(route, nil, &want, now))
}

func ptr[T any](v T) *T { return new(v) }

// applyPatch is RFC 7386, over decoded JSON.
func applyPatch(target, patch any) any {
	fields, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range fields {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = applyPatch(object[name], value)
		}
	}
	return object
}

// requirePatchMakes applies a patch to an object that has one status and requires the result to have another.
func requirePatchMakes(t *testing.T, patch []byte, from, to any) {
	t.Helper()
	var object, decoded, want any
	require.NoError(t, json.Unmarshal(encode(map[string]any{"status": from}), &object))
	require.NoError(t, json.Unmarshal(patch, &decoded))
	require.NoError(t, json.Unmarshal(encode(map[string]any{"status": to, "metadata": map[string]any{"resourceVersion": "1"}}), &want))
	require.Equal(t, want, applyPatch(object, decoded))
}
