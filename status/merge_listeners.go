package status

import (
	"slices"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// listenerStatus is the status of a listener of a Gateway or of a ListenerSet: the same fields under other tags.
type listenerStatus interface {
	gwv1.ListenerStatus | gwv1.ListenerEntryStatus
}

// mergeListeners returns the desired listeners in their order, each with the conditions that others have added to it.
// Listeners that are not desired go, with all their conditions: the status shall have those of the spec and no other.
func mergeListeners[L listenerStatus](m *merger, existing, want []L) ([]L, bool) {
	merged := rebuild(existing)
	for i := range want[:min(len(want), maxListeners)] {
		next := gwv1.ListenerStatus(want[i])
		if indexOfListener(want[:i], next.Name) >= 0 {
			continue
		}
		at := indexOfListener(existing, next.Name)
		var old gwv1.ListenerStatus
		if at >= 0 {
			old = gwv1.ListenerStatus(existing[at])
		}
		var changed bool
		next.Conditions, changed = m.conditions(old.Conditions, next.Conditions, listenerTypes[:])
		if at < 0 || changed || old.AttachedRoutes != next.AttachedRoutes ||
			!slices.EqualFunc(old.SupportedKinds, next.SupportedKinds, equalKind) {
			merged.add(L(next))
		} else {
			merged.keep(at)
		}
	}
	return merged.done()
}

// isNewerListener tells whether a condition of ours on any listener was computed from a later generation than want was.
func isNewerListener[L listenerStatus](m *merger, existing []L) bool {
	return slices.ContainsFunc(existing, func(l L) bool {
		return m.isNewer(gwv1.ListenerStatus(l).Conditions, nil, listenerTypes[:])
	})
}

func indexOfListener[L listenerStatus](listeners []L, name gwv1.SectionName) int {
	return slices.IndexFunc(listeners, func(l L) bool { return gwv1.ListenerStatus(l).Name == name })
}

// equalKind takes a missing group for the default that the API server writes in its place.
func equalKind(a, b gwv1.RouteGroupKind) bool {
	return a.Kind == b.Kind && valueOr(a.Group, gwv1.GroupName) == valueOr(b.Group, gwv1.GroupName)
}

// valueOr returns what p points to, or the default when it is nil.
func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
