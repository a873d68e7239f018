package status

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Merge returns the status to write over an existing one, and whether the two differ. The rules, in their order:
//
//  1. A condition of ours in existing whose observedGeneration is above want's generation: existing stays as it is. What
//     is there was computed from a newer object.
//  2. Whatever is not ours stays byte-identical, and in its order: condition types that want does not hold and the
//     controller does not own (the specification's types for the kind, and want.Owned), entries of other controllers.
//  3. What is ours and not in want goes: conditions, listeners, entries of parents or ancestors, addresses, features.
//  4. The rest of want is written in place of what is there. Its observedGeneration is want's generation; its
//     lastTransitionTime is now, in seconds and UTC, when its status (True, False, Unknown) changes, and else the old one.
//  5. What is new is added, as far as the CRDs' limits leave room: 8 conditions, 64 listeners, 32 parents, 16 ancestors.
//  6. Defaults that the API server fills in are no difference.
//
// The status returned is the existing one when nothing differs; that costs no allocation. Otherwise it shares no memory
// with its inputs, so that a client may decode into it. Inputs are never written to. Existing may be nil. A RouteStatus
// or PolicyStatus is merged for want.Controller; without one nothing changes.
//
// Merge knows nothing of conflicts: write with the resourceVersion of the object that existing was read from, by Update
// or by [Patch], and after a conflict read and merge again. Server-side apply would take the lists of parents and
// ancestors from other controllers, since they are atomic.
func Merge[S Status](existing *S, want *Desired[S], now metav1.Time) (S, bool) {
	if existing == nil {
		existing = new(S)
	}
	if merged := merge(existing, want, now); merged != nil {
		return *merged, true
	}
	return *existing, false
}

// merge returns nil when nothing differs, as do the functions it calls.
func merge[S Status](existing *S, want *Desired[S], now metav1.Time) *S {
	if want == nil {
		return nil
	}
	m := merger{generation: want.Generation, owned: want.Owned, now: now}
	var merged any
	switch old := any(existing).(type) {
	case *gwv1.GatewayClassStatus:
		merged = mergeGatewayClass(&m, old, &any(want).(*Desired[gwv1.GatewayClassStatus]).Status)
	case *gwv1.GatewayStatus:
		merged = mergeGateway(&m, old, &any(want).(*Desired[gwv1.GatewayStatus]).Status)
	case *gwv1.ListenerSetStatus:
		merged = mergeListenerSet(&m, old, &any(want).(*Desired[gwv1.ListenerSetStatus]).Status)
	case *gwv1.RouteStatus:
		merged = mergeRoute(&m, old, any(want).(*Desired[gwv1.RouteStatus]))
	case *gwv1.PolicyStatus:
		merged = mergePolicy(&m, old, any(want).(*Desired[gwv1.PolicyStatus]))
	}
	status, _ := merged.(*S)
	return status
}

func mergeGatewayClass(m *merger, old, want *gwv1.GatewayClassStatus) *gwv1.GatewayClassStatus {
	if m.isNewer(old.Conditions, want.Conditions, classTypes[:]) {
		return nil
	}
	conditions, changed := m.conditions(old.Conditions, want.Conditions, classTypes[:])
	features := want.SupportedFeatures[:min(len(want.SupportedFeatures), maxFeatures)]
	if !changed && equalLists(old.SupportedFeatures, features) {
		return nil
	}
	merged := *old
	merged.Conditions, merged.SupportedFeatures = conditions, features
	return merged.DeepCopy()
}

func mergeGateway(m *merger, old, want *gwv1.GatewayStatus) *gwv1.GatewayStatus {
	if m.isNewer(old.Conditions, want.Conditions, gatewayTypes[:]) || isNewerListener(m, old.Listeners) {
		return nil
	}
	conditions, changed := m.conditions(old.Conditions, want.Conditions, gatewayTypes[:])
	listeners, changedListeners := mergeListeners(m, old.Listeners, want.Listeners)
	addresses := typedAddresses(want.Addresses)
	if !changed && !changedListeners && equalLists(old.Addresses, addresses) &&
		equalValue(old.AttachedListenerSets, want.AttachedListenerSets) {
		return nil
	}
	merged := *old
	merged.Conditions, merged.Listeners = conditions, listeners
	merged.Addresses, merged.AttachedListenerSets = addresses, want.AttachedListenerSets
	return merged.DeepCopy()
}

func mergeListenerSet(m *merger, old, want *gwv1.ListenerSetStatus) *gwv1.ListenerSetStatus {
	if m.isNewer(old.Conditions, want.Conditions, listenerSetTypes[:]) || isNewerListener(m, old.Listeners) {
		return nil
	}
	conditions, changed := m.conditions(old.Conditions, want.Conditions, listenerSetTypes[:])
	listeners, changedListeners := mergeListeners(m, old.Listeners, want.Listeners)
	if !changed && !changedListeners {
		return nil
	}
	merged := *old
	merged.Conditions, merged.Listeners = conditions, listeners
	return merged.DeepCopy()
}

func mergeRoute(m *merger, old *gwv1.RouteStatus, want *Desired[gwv1.RouteStatus]) *gwv1.RouteStatus {
	em := entryMerger[gwv1.RouteParentStatus]{
		merger: *m, controller: want.Controller, namespace: gwv1.Namespace(want.Namespace),
		types: parentTypes[:], limit: maxParents,
	}
	parents, changed := em.merge(old.Parents, want.Status.Parents)
	if !changed {
		return nil
	}
	merged := *old
	merged.Parents = parents
	return merged.DeepCopy()
}

func mergePolicy(m *merger, old *gwv1.PolicyStatus, want *Desired[gwv1.PolicyStatus]) *gwv1.PolicyStatus {
	em := entryMerger[gwv1.PolicyAncestorStatus]{
		merger: *m, controller: want.Controller, namespace: gwv1.Namespace(want.Namespace),
		types: ancestorTypes[:], limit: maxAncestors,
	}
	ancestors, changed := em.merge(old.Ancestors, want.Status.Ancestors)
	if !changed {
		return nil
	}
	merged := *old
	merged.Ancestors = ancestors
	return merged.DeepCopy()
}

// equalLists compares what is not merged but replaced. No list and an empty one are the same.
func equalLists[T any](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !reflect.DeepEqual(&a[i], &b[i]) { // by pointer: the elements stay where they are
			return false
		}
	}
	return true
}
