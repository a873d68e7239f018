package status

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The condition types that the controller of a kind owns: what a merge deletes when it is no longer desired. All other
// types belong to someone else.
var (
	classTypes       = [...]string{accepted, supportedVersion}
	gatewayTypes     = [...]string{accepted, programmed, resolvedRefs, insecureFrontend, addressesAssigned}
	listenerTypes    = [...]string{accepted, programmed, resolvedRefs, conflicted, overlappingTLSConfig}
	listenerSetTypes = [...]string{accepted, programmed}
	parentTypes      = [...]string{accepted, resolvedRefs, partiallyInvalid}
	ancestorTypes    = [...]string{accepted, resolvedRefs}
)

// MergeConditions is [Merge] for the conditions of a status that is none of the [Status] types, such as XMesh's or one
// of a host's own kinds. It returns the conditions to write and whether they differ from the existing ones; if not, they
// are the existing ones. A type is the caller's when it is in want or in owned.
//
// When an existing condition of the caller has an observedGeneration above generation, nothing changes. The result
// shares no memory with want, but does with existing.
func MergeConditions(existing, want []metav1.Condition, generation int64, owned []string, now metav1.Time) ([]metav1.Condition, bool) {
	m := merger{generation: generation, owned: owned, now: now}
	if m.isNewer(existing, want, nil) {
		return existing, false
	}
	return m.conditions(existing, want, nil)
}

// merger holds what all conditions of one merge have in common.
type merger struct {
	generation int64    // the status was computed from
	owned      []string // types beyond those of the kind
	now        metav1.Time
}

// conditions merges one list of conditions. Conditions of others stay as and where they are; ours are updated in place,
// or left out; new ones come last, as long as there is room.
func (m *merger) conditions(existing, want []metav1.Condition, types []string) ([]metav1.Condition, bool) {
	merged := rebuild(existing)
	for i := range existing {
		old := &existing[i]
		w := indexOf(want, old.Type)
		switch {
		case w < 0 && !m.owns(old.Type, types):
			merged.keep(i)
		case w < 0 || indexOf(existing[:i], old.Type) >= 0:
			continue
		default:
			if next := m.transition(old, &want[w]); next == *old {
				merged.keep(i)
			} else {
				merged.add(next)
			}
		}
	}
	for i := range want {
		w := &want[i]
		isNew := indexOf(existing, w.Type) < 0 && indexOf(want[:i], w.Type) < 0
		if isNew && len(merged.list()) < maxConditions {
			merged.add(m.transition(&metav1.Condition{}, w))
		}
	}
	return merged.done()
}

// transition returns the condition to write over old. Its lastTransitionTime is new only when its status is.
func (m *merger) transition(old, want *metav1.Condition) metav1.Condition {
	next := *want
	if next.Status == "" {
		next.Status = metav1.ConditionUnknown
	}
	if next.Reason == "" {
		next.Reason = reasonUnspecified
	}
	next.Message = bounded(next.Message)
	next.ObservedGeneration = m.generation
	next.LastTransitionTime = old.LastTransitionTime
	if next.Status != old.Status || old.LastTransitionTime.IsZero() {
		next.LastTransitionTime.Time = m.now.UTC().Truncate(time.Second) // what its JSON holds
	}
	return next
}

// isNewer tells whether a condition of ours was computed from a later generation than want was.
func (m *merger) isNewer(existing, want []metav1.Condition, types []string) bool {
	return slices.ContainsFunc(existing, func(c metav1.Condition) bool {
		return c.ObservedGeneration > m.generation && (m.owns(c.Type, types) || indexOf(want, c.Type) >= 0)
	})
}

func (m *merger) owns(conditionType string, types []string) bool {
	return slices.Contains(types, conditionType) || slices.Contains(m.owned, conditionType)
}

func indexOf(conditions []metav1.Condition, conditionType string) int {
	for i := range conditions {
		if conditions[i].Type == conditionType {
			return i
		}
	}
	return -1
}
