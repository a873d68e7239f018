package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Desired returns the status of a policy: one entry per ancestor, each with Accepted and ResolvedRefs (GEP-713,
// GEP-1897). Without ancestors it has no entries, and merging it removes those the controller has left behind.
func (f PolicyFacts) Desired() Desired[gwv1.PolicyStatus] {
	n := min(len(f.Ancestors), maxAncestors)
	ancestors := make([]gwv1.PolicyAncestorStatus, n)
	conditions := make([]metav1.Condition, 0, 2*n)
	for i := range ancestors {
		problems := f.Ancestors[i].Problems
		acceptance := judgeOr(accepted, problems, verdict{
			metav1.ConditionTrue, string(gwv1.PolicyReasonAccepted), "The policy is accepted.",
		})
		resolution := judgeOr(resolvedRefs, problems, verdict{
			metav1.ConditionTrue, string(gwv1.BackendTLSPolicyReasonResolvedRefs), "All references are resolved.",
		})
		conditions = append(conditions,
			acceptance.condition(accepted, f.Generation),
			resolution.condition(resolvedRefs, f.Generation))
		ancestors[i] = gwv1.PolicyAncestorStatus{
			AncestorRef:    f.Ancestors[i].Ref,
			ControllerName: f.Controller,
			Conditions:     conditions[2*i : 2*i+2 : 2*i+2],
		}
	}
	return Desired[gwv1.PolicyStatus]{
		Object: f.Object, Controller: f.Controller,
		Status: gwv1.PolicyStatus{Ancestors: ancestors},
	}
}
