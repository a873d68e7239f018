package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verdict is the state of one condition.
type verdict struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

// judge returns what the problems make of a condition type; false when none of them touches it.
func judge(conditionType string, problems []Problem) (verdict, bool) {
	var (
		winner effect
		code   Code
		found  bool
	)
	for _, p := range problems {
		e, ok := p.Code.effect(conditionType)
		if !ok || found && (conditionType == resolvedRefs || p.Code >= code) {
			continue
		}
		winner, code, found = e, p.Code, true
	}
	if !found {
		return verdict{}, false
	}
	return verdict{winner.status, winner.reason, messageOf(conditionType, winner.reason, problems)}, true
}

// judgeOr is judge with the verdict for a condition that no problem touches.
func judgeOr(conditionType string, problems []Problem, otherwise verdict) verdict {
	if v, ok := judge(conditionType, problems); ok {
		return v
	}
	return otherwise
}

func (v verdict) isTrue() bool { return v.status == metav1.ConditionTrue }

// condition is the verdict as the API has it, without the lastTransitionTime, which only a merge can know.
func (v verdict) condition(conditionType string, generation int64) metav1.Condition {
	return metav1.Condition{
		Type:               conditionType,
		Status:             v.status,
		ObservedGeneration: generation,
		Reason:             v.reason,
		Message:            bounded(v.message),
	}
}
