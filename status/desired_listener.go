package status

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// listenerTally is what a Gateway or a ListenerSet must know of its listeners to judge itself.
type listenerTally struct {
	total, accepted, programmed int
	rejected                    []string // names of listeners whose Accepted is not True
	unresolved                  []string // names of listeners whose ResolvedRefs is not True
	invalid                     []string // names of listeners that are not both accepted and programmed
}

// listenerStatuses returns one status per name, in spec order, at most as many as the CRD admits, and their tally.
func listenerStatuses(facts []ListenerFacts, generation int64) ([]gwv1.ListenerStatus, listenerTally) {
	var tally listenerTally
	statuses := make([]gwv1.ListenerStatus, 0, min(len(facts), maxListeners))
	for i := range facts {
		f := &facts[i]
		named := func(s gwv1.ListenerStatus) bool { return s.Name == f.Name }
		if len(statuses) == maxListeners || slices.ContainsFunc(statuses, named) {
			continue
		}
		statuses = append(statuses, f.status(generation, &tally))
	}
	return statuses, tally
}

// status returns the listener's status and counts it. Conflicted is always said; OverlappingTLSConfig only when it is true.
func (f *ListenerFacts) status(generation int64, tally *listenerTally) gwv1.ListenerStatus {
	acceptance := judgeOr(accepted, f.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.ListenerReasonAccepted), "The listener is accepted.",
	})
	programming := f.programming(acceptance)
	resolution := judgeOr(resolvedRefs, f.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.ListenerReasonResolvedRefs), "All references are resolved.",
	})
	conflict := judgeOr(conflicted, f.Problems, verdict{
		metav1.ConditionFalse, string(gwv1.ListenerReasonNoConflicts), "The listener conflicts with no other.",
	})
	conditions := []metav1.Condition{
		acceptance.condition(accepted, generation),
		programming.condition(programmed, generation),
		resolution.condition(resolvedRefs, generation),
		conflict.condition(conflicted, generation),
	}
	if overlap, ok := judge(overlappingTLSConfig, f.Problems); ok {
		conditions = append(conditions, overlap.condition(overlappingTLSConfig, generation))
	}
	tally.count(f.Name, acceptance.isTrue(), programming.isTrue(), resolution.isTrue())
	return gwv1.ListenerStatus{
		Name:           f.Name,
		SupportedKinds: groupedKinds(f.SupportedKinds),
		AttachedRoutes: f.AttachedRoutes,
		Conditions:     conditions,
	}
}

// programming judges a listener's Programmed. A listener stays accepted when only its references are broken, yet without
// any usable certificate it serves nothing.
func (f *ListenerFacts) programming(acceptance verdict) verdict {
	otherwise := verdict{metav1.ConditionTrue, string(gwv1.ListenerReasonProgrammed), "The listener is programmed."}
	switch {
	case !acceptance.isTrue():
		otherwise = verdict{metav1.ConditionFalse, string(gwv1.ListenerReasonInvalid), "The listener is not accepted."}
	case !f.Serving:
		otherwise = verdict{metav1.ConditionFalse, string(gwv1.ListenerReasonInvalid), "The listener has nothing it could serve with."}
	}
	return judgeOr(programmed, f.Problems, otherwise)
}

func (t *listenerTally) count(name gwv1.SectionName, accepted, programmed, resolved bool) {
	t.total++
	if accepted {
		t.accepted++
	} else {
		t.rejected = append(t.rejected, string(name))
	}
	if programmed {
		t.programmed++
	}
	if !resolved {
		t.unresolved = append(t.unresolved, string(name))
	}
	if !accepted || !programmed {
		t.invalid = append(t.invalid, string(name))
	}
}

// groupedKinds is never nil, for an empty list says "none", and gives every kind the group the CRD would default it to.
func groupedKinds(kinds []gwv1.RouteGroupKind) []gwv1.RouteGroupKind {
	grouped := make([]gwv1.RouteGroupKind, min(len(kinds), maxKinds))
	for i := range grouped {
		grouped[i] = kinds[i]
		if grouped[i].Group == nil {
			group := gwv1.Group(gwv1.GroupName)
			grouped[i].Group = &group
		}
	}
	return grouped
}

// Desired returns the status of a ListenerSet. An entry is valid when it is accepted and programmed; one valid entry is
// enough for both conditions to be True. A ListenerSet that its Gateway does not admit gets no entries (GEP-1713).
func (f ListenerSetFacts) Desired() Desired[gwv1.ListenerSetStatus] {
	var listeners []gwv1.ListenerStatus
	var tally listenerTally
	if !slices.ContainsFunc(f.Problems, func(p Problem) bool { return p.Code == ListenerSetNotAllowed }) {
		listeners, tally = listenerStatuses(f.Listeners, f.Generation)
	}
	acceptance := judgeOr(accepted, f.Problems, tally.setAcceptance())
	programming := judgeOr(programmed, f.Problems, tally.setProgramming(acceptance))
	entries := make([]gwv1.ListenerEntryStatus, len(listeners))
	for i := range listeners {
		entries[i] = gwv1.ListenerEntryStatus(listeners[i])
	}
	return Desired[gwv1.ListenerSetStatus]{Object: f.Object, Status: gwv1.ListenerSetStatus{
		Conditions: []metav1.Condition{
			acceptance.condition(accepted, f.Generation),
			programming.condition(programmed, f.Generation),
		},
		Listeners: entries,
	}}
}

func (t listenerTally) setAcceptance() verdict {
	switch len(t.invalid) {
	case t.total:
		return verdict{metav1.ConditionFalse, string(gwv1.ListenerSetReasonListenersNotValid), "No listener is valid."}
	case 0:
		return verdict{metav1.ConditionTrue, string(gwv1.ListenerSetReasonAccepted), "The ListenerSet is accepted."}
	}
	return verdict{
		metav1.ConditionTrue, string(gwv1.ListenerSetReasonListenersNotValid),
		"Some listeners are not valid: " + strings.Join(t.invalid, ", ") + ".",
	}
}

// setProgramming is True/Programmed whenever the set is accepted: that needs a programmed entry already.
func (t listenerTally) setProgramming(acceptance verdict) verdict {
	switch {
	case acceptance.isTrue():
		return verdict{metav1.ConditionTrue, string(gwv1.ListenerSetReasonProgrammed), "The ListenerSet is programmed."}
	case t.total == len(t.invalid):
		return verdict{metav1.ConditionFalse, string(gwv1.ListenerSetReasonListenersNotValid), "No listener is valid."}
	}
	return verdict{metav1.ConditionFalse, string(gwv1.ListenerSetReasonInvalid), "The ListenerSet is not accepted."}
}
