package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Desired returns the status of a route: one entry per parent, each with Accepted and ResolvedRefs, the latter also when
// the former is False, and with PartiallyInvalid when some but not all rules were dropped (GEP-1364). Without parents
// it has no entries, and merging it removes those the controller has left behind.
//
// A route without problems costs one allocation if it has one parent, and two whatever the number of its parents.
func (f RouteFacts) Desired() Desired[gwv1.RouteStatus] {
	parents, conditions := roomFor(min(len(f.Parents), maxParents))
	for i := range parents {
		start := len(conditions)
		conditions = f.Parents[i].appendConditions(conditions, f.Generation)
		parents[i] = gwv1.RouteParentStatus{
			ParentRef:      f.Parents[i].Ref,
			ControllerName: f.Controller,
			Conditions:     conditions[start:len(conditions):len(conditions)],
		}
	}
	return Desired[gwv1.RouteStatus]{
		Object: f.Object, Controller: f.Controller,
		Status: gwv1.RouteStatus{Parents: parents},
	}
}

// roomFor is room for the entries of n parents and their usual conditions.
func roomFor(n int) ([]gwv1.RouteParentStatus, []metav1.Condition) {
	if n != 1 {
		return make([]gwv1.RouteParentStatus, n), make([]metav1.Condition, 0, 2*n)
	}
	room := &struct {
		parents    [1]gwv1.RouteParentStatus
		conditions [2]metav1.Condition
	}{}
	return room.parents[:], room.conditions[:0]
}

func (p *ParentFacts) appendConditions(conditions []metav1.Condition, generation int64) []metav1.Condition {
	acceptance := p.acceptance()
	resolution := judgeOr(resolvedRefs, p.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.RouteReasonResolvedRefs), "All references are resolved.",
	})
	conditions = append(conditions,
		acceptance.condition(accepted, generation),
		resolution.condition(resolvedRefs, generation))
	if len(p.Dropped) > 0 && acceptance.isTrue() {
		conditions = append(conditions, p.partialInvalidity().condition(partiallyInvalid, generation))
	}
	return conditions
}

// acceptance judges a route's Accepted: what keeps it from attaching comes before what is wrong with its rules.
func (p *ParentFacts) acceptance() verdict {
	otherwise := verdict{metav1.ConditionTrue, string(gwv1.RouteReasonAccepted), "The route is accepted."}
	if p.AllDropped {
		otherwise = judgeOr(accepted, p.Dropped, verdict{
			metav1.ConditionFalse, string(gwv1.RouteReasonUnsupportedValue), "No rule of the route can be used.",
		})
	}
	return judgeOr(accepted, p.Problems, otherwise)
}

// partialInvalidity has the one reason that the specification names, and a message with the prefix it demands.
func (p *ParentFacts) partialInvalidity() verdict {
	reason := string(gwv1.RouteReasonUnsupportedValue)
	return verdict{metav1.ConditionTrue, reason, "Dropped Rule: " + messageOf(accepted, reason, p.Dropped)}
}
