package status

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Desired returns the status of a GatewayClass: Accepted, SupportedVersion, and the features by name, each once, the
// first 64 of them.
func (f GatewayClassFacts) Desired() Desired[gwv1.GatewayClassStatus] {
	acceptance := judgeOr(accepted, f.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.GatewayClassReasonAccepted), "The GatewayClass is accepted.",
	})
	version := judgeOr(supportedVersion, f.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.GatewayClassReasonSupportedVersion), "The installed Gateway API version is supported.",
	})
	return Desired[gwv1.GatewayClassStatus]{Object: f.Object, Status: gwv1.GatewayClassStatus{
		Conditions: []metav1.Condition{
			acceptance.condition(accepted, f.Generation),
			version.condition(supportedVersion, f.Generation),
		},
		SupportedFeatures: supportedFeatures(f.Features),
	}}
}

func supportedFeatures(names []gwv1.FeatureName) []gwv1.SupportedFeature {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	features := make([]gwv1.SupportedFeature, min(len(names), maxFeatures))
	for i := range features {
		features[i].Name = names[i]
	}
	return features
}

// Desired returns the status of a Gateway: its own Accepted, Programmed and ResolvedRefs follow from its problems and
// from its listeners, AddressesAssigned is there once it is decided (GEP-5093), InsecureFrontendValidationMode only when
// it is true (GEP-91).
func (f GatewayFacts) Desired() Desired[gwv1.GatewayStatus] {
	listeners, tally := listenerStatuses(f.Listeners, f.Generation)
	acceptance := judgeOr(accepted, f.Problems, tally.acceptance())
	conditions := []metav1.Condition{
		acceptance.condition(accepted, f.Generation),
		f.programming(acceptance, tally).condition(programmed, f.Generation),
		judgeOr(resolvedRefs, f.Problems, tally.resolution()).condition(resolvedRefs, f.Generation),
	}
	if f.AddressesDecided {
		conditions = append(conditions, judgeOr(addressesAssigned, f.Problems, verdict{
			metav1.ConditionTrue, reasonAddressesAssigned, "All requested addresses are assigned.",
		}).condition(addressesAssigned, f.Generation))
	}
	if f.InsecureFrontendValidation {
		conditions = append(conditions, verdict{
			metav1.ConditionTrue, string(gwv1.GatewayReasonConfigurationChanged),
			"Client certificates are not enforced: a frontend validation has mode AllowInsecureFallback.",
		}.condition(insecureFrontend, f.Generation))
	}
	attached := f.AttachedListenerSets
	return Desired[gwv1.GatewayStatus]{Object: f.Object, Status: gwv1.GatewayStatus{
		Addresses:            typedAddresses(f.Addresses),
		Conditions:           conditions,
		Listeners:            listeners,
		AttachedListenerSets: &attached,
	}}
}

// programming judges a Gateway's Programmed: an address that cannot be had is named even when no listener serves yet.
func (f GatewayFacts) programming(acceptance verdict, tally listenerTally) verdict {
	if !acceptance.isTrue() {
		return verdict{metav1.ConditionFalse, string(gwv1.GatewayReasonInvalid), "The Gateway is not accepted."}
	}
	if tally.programmed == 0 {
		return judgeOr(programmed, f.Problems, verdict{
			metav1.ConditionFalse, string(gwv1.GatewayReasonInvalid), "No listener is programmed.",
		})
	}
	return judgeOr(programmed, f.Problems, verdict{
		metav1.ConditionTrue, string(gwv1.GatewayReasonProgrammed), "The Gateway is programmed.",
	})
}

func (t listenerTally) acceptance() verdict {
	switch {
	case t.total == 0:
		return verdict{metav1.ConditionFalse, string(gwv1.GatewayReasonListenersNotValid), "The Gateway has no listeners."}
	case t.accepted == 0:
		return verdict{metav1.ConditionFalse, string(gwv1.GatewayReasonListenersNotValid), "No listener is accepted."}
	case len(t.rejected) > 0:
		return verdict{
			metav1.ConditionTrue, string(gwv1.GatewayReasonListenersNotValid),
			"Some listeners are not accepted: " + strings.Join(t.rejected, ", ") + ".",
		}
	}
	return verdict{metav1.ConditionTrue, string(gwv1.GatewayReasonAccepted), "The Gateway is accepted."}
}

func (t listenerTally) resolution() verdict {
	if len(t.unresolved) > 0 {
		return verdict{
			metav1.ConditionFalse, string(gwv1.GatewayReasonListenersNotResolved),
			"Some listeners have unresolved references: " + strings.Join(t.unresolved, ", ") + ".",
		}
	}
	return verdict{metav1.ConditionTrue, string(gwv1.GatewayReasonResolvedRefs), "All references are resolved."}
}

// typedAddresses gives every address the type the CRD would default it to: readers skip an address without one, and a
// default set by the API server must not look like a difference.
func typedAddresses(addresses []gwv1.GatewayStatusAddress) []gwv1.GatewayStatusAddress {
	addresses = addresses[:min(len(addresses), maxAddresses)]
	isUntyped := func(a gwv1.GatewayStatusAddress) bool { return a.Type == nil }
	if !slices.ContainsFunc(addresses, isUntyped) {
		return addresses
	}
	addresses = slices.Clone(addresses)
	for i := range addresses {
		if isUntyped(addresses[i]) {
			ip := gwv1.IPAddressType
			addresses[i].Type = &ip
		}
	}
	return addresses
}
