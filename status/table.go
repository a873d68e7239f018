package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The condition types. A type of the same meaning has the same text on every kind.
const (
	accepted             = string(gwv1.GatewayConditionAccepted)
	programmed           = string(gwv1.GatewayConditionProgrammed)
	resolvedRefs         = string(gwv1.GatewayConditionResolvedRefs)
	supportedVersion     = string(gwv1.GatewayClassConditionStatusSupportedVersion)
	insecureFrontend     = string(gwv1.GatewayConditionInsecureFrontendValidationMode)
	addressesAssigned    = "AddressesAssigned" // since Gateway API v1.7; owned, so that it does not outlive a downgrade
	conflicted           = string(gwv1.ListenerConditionConflicted)
	overlappingTLSConfig = string(gwv1.ListenerConditionOverlappingTLSConfig)
	partiallyInvalid     = string(gwv1.RouteConditionPartiallyInvalid)
)

const (
	// The specification names this reason without a Go constant.
	reasonParentNotProgrammed = "ParentNotProgrammed"
	// The reasons of AddressesAssigned have Go constants since v1.7.0 only.
	reasonAddressesAssigned = "AddressesAssigned"
	reasonPartiallyAssigned = "PartiallyAssigned"
	reasonNotAssigned       = "NotAssigned"
	// GEP-5224 names these without Go constants.
	reasonInvalidListenerFilter    = "InvalidListenerFilter"
	reasonInvalidListenerFilterRef = "InvalidListenerFilterRef"
	// reasonUnspecified stands for the reason that a host gave none of; the CRDs demand one.
	reasonUnspecified = "Unspecified"
)

// effect is what a Code does to one condition.
type effect struct {
	condition string
	status    metav1.ConditionStatus
	reason    string
}

// codes tells what each Code does. A test holds that every Code has its row.
var codes = [...]struct {
	name    string
	effects []effect
}{
	ClassInvalidParameters:           {"ClassInvalidParameters", []effect{{accepted, metav1.ConditionFalse, string(gwv1.GatewayClassReasonInvalidParameters)}}},
	ClassUnsupportedVersion:          {"ClassUnsupportedVersion", []effect{{supportedVersion, metav1.ConditionFalse, string(gwv1.GatewayClassReasonUnsupportedVersion)}}},
	GatewayInvalidParameters:         {"GatewayInvalidParameters", []effect{{accepted, metav1.ConditionFalse, string(gwv1.GatewayReasonInvalidParameters)}}},
	UnsupportedAddress:               {"UnsupportedAddress", []effect{{accepted, metav1.ConditionFalse, string(gwv1.GatewayReasonUnsupportedAddress)}}},
	AddressNotUsable:                 {"AddressNotUsable", []effect{{programmed, metav1.ConditionFalse, string(gwv1.GatewayReasonAddressNotUsable)}}},
	AddressNotAssigned:               {"AddressNotAssigned", []effect{{programmed, metav1.ConditionFalse, string(gwv1.GatewayReasonAddressNotAssigned)}}},
	AddressesNotAssigned:             {"AddressesNotAssigned", []effect{{addressesAssigned, metav1.ConditionFalse, reasonNotAssigned}}},
	AddressesPartiallyAssigned:       {"AddressesPartiallyAssigned", []effect{{addressesAssigned, metav1.ConditionFalse, reasonPartiallyAssigned}}},
	InvalidClientCertificateRef:      {"InvalidClientCertificateRef", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.GatewayReasonInvalidClientCertificateRef)}}},
	ClientCertificateRefNotPermitted: {"ClientCertificateRefNotPermitted", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.GatewayReasonRefNotPermitted)}}},
	ListenerHostnameConflict: {"ListenerHostnameConflict", []effect{
		{conflicted, metav1.ConditionTrue, string(gwv1.ListenerReasonHostnameConflict)},
		{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonHostnameConflict)},
		{programmed, metav1.ConditionFalse, string(gwv1.ListenerReasonHostnameConflict)},
	}},
	ListenerProtocolConflict: {"ListenerProtocolConflict", []effect{
		{conflicted, metav1.ConditionTrue, string(gwv1.ListenerReasonProtocolConflict)},
		{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonProtocolConflict)},
		{programmed, metav1.ConditionFalse, string(gwv1.ListenerReasonProtocolConflict)},
	}},
	ListenerUnsupportedProtocol:      {"ListenerUnsupportedProtocol", []effect{{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonUnsupportedProtocol)}}},
	ListenerUnsupportedValue:         {"ListenerUnsupportedValue", []effect{{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonUnsupportedValue)}}},
	ListenerInvalidFilter:            {"ListenerInvalidFilter", []effect{{accepted, metav1.ConditionFalse, reasonInvalidListenerFilter}}},
	ListenerInvalidFilterRef:         {"ListenerInvalidFilterRef", []effect{{resolvedRefs, metav1.ConditionFalse, reasonInvalidListenerFilterRef}}},
	ListenerPortUnavailable:          {"ListenerPortUnavailable", []effect{{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonPortUnavailable)}}},
	ListenerNoValidCACertificate:     {"ListenerNoValidCACertificate", []effect{{accepted, metav1.ConditionFalse, string(gwv1.ListenerReasonNoValidCACertificate)}}},
	ListenerInvalidCertificateRef:    {"ListenerInvalidCertificateRef", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.ListenerReasonInvalidCertificateRef)}}},
	ListenerInvalidCACertificateRef:  {"ListenerInvalidCACertificateRef", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.ListenerReasonInvalidCACertificateRef)}}},
	ListenerInvalidCACertificateKind: {"ListenerInvalidCACertificateKind", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.ListenerReasonInvalidCACertificateKind)}}},
	ListenerRefNotPermitted:          {"ListenerRefNotPermitted", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.ListenerReasonRefNotPermitted)}}},
	ListenerInvalidRouteKinds:        {"ListenerInvalidRouteKinds", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.ListenerReasonInvalidRouteKinds)}}},
	ListenerOverlappingHostnames:     {"ListenerOverlappingHostnames", []effect{{overlappingTLSConfig, metav1.ConditionTrue, string(gwv1.ListenerReasonOverlappingHostnames)}}},
	ListenerOverlappingCertificates:  {"ListenerOverlappingCertificates", []effect{{overlappingTLSConfig, metav1.ConditionTrue, string(gwv1.ListenerReasonOverlappingCertificates)}}},
	ListenerSetNotAllowed: {"ListenerSetNotAllowed", []effect{
		{accepted, metav1.ConditionFalse, string(gwv1.ListenerSetReasonNotAllowed)},
		{programmed, metav1.ConditionFalse, string(gwv1.ListenerSetReasonNotAllowed)},
	}},
	ListenerSetParentNotAccepted: {"ListenerSetParentNotAccepted", []effect{
		{accepted, metav1.ConditionFalse, string(gwv1.ListenerSetReasonParentNotAccepted)},
		{programmed, metav1.ConditionFalse, reasonParentNotProgrammed},
	}},
	NoMatchingParent:              {"NoMatchingParent", []effect{{accepted, metav1.ConditionFalse, string(gwv1.RouteReasonNoMatchingParent)}}},
	NotAllowedByListeners:         {"NotAllowedByListeners", []effect{{accepted, metav1.ConditionFalse, string(gwv1.RouteReasonNotAllowedByListeners)}}},
	NoMatchingListenerHostname:    {"NoMatchingListenerHostname", []effect{{accepted, metav1.ConditionFalse, string(gwv1.RouteReasonNoMatchingListenerHostname)}}},
	UnsupportedValue:              {"UnsupportedValue", []effect{{accepted, metav1.ConditionFalse, string(gwv1.RouteReasonUnsupportedValue)}}},
	IncompatibleFilters:           {"IncompatibleFilters", []effect{{accepted, metav1.ConditionFalse, string(gwv1.RouteReasonIncompatibleFilters)}}},
	RefNotPermitted:               {"RefNotPermitted", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.RouteReasonRefNotPermitted)}}},
	InvalidKind:                   {"InvalidKind", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.RouteReasonInvalidKind)}}},
	BackendNotFound:               {"BackendNotFound", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.RouteReasonBackendNotFound)}}},
	UnsupportedProtocol:           {"UnsupportedProtocol", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.RouteReasonUnsupportedProtocol)}}},
	PolicyConflicted:              {"PolicyConflicted", []effect{{accepted, metav1.ConditionFalse, string(gwv1.PolicyReasonConflicted)}}},
	PolicyNoValidCACertificate:    {"PolicyNoValidCACertificate", []effect{{accepted, metav1.ConditionFalse, string(gwv1.BackendTLSPolicyReasonNoValidCACertificate)}}},
	PolicyInvalid:                 {"PolicyInvalid", []effect{{accepted, metav1.ConditionFalse, string(gwv1.PolicyReasonInvalid)}}},
	PolicyTargetNotFound:          {"PolicyTargetNotFound", []effect{{accepted, metav1.ConditionFalse, string(gwv1.PolicyReasonTargetNotFound)}}},
	PolicyInvalidCACertificateRef: {"PolicyInvalidCACertificateRef", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.BackendTLSPolicyReasonInvalidCACertificateRef)}}},
	PolicyInvalidKind:             {"PolicyInvalidKind", []effect{{resolvedRefs, metav1.ConditionFalse, string(gwv1.BackendTLSPolicyReasonInvalidKind)}}},
}

// invalid is the effect of a number that is no Code: a mistake of the caller shall show, not vanish.
var invalid = effect{accepted, metav1.ConditionFalse, string(gwv1.PolicyReasonInvalid)}

// effect returns what c does to a condition type, if anything.
func (c Code) effect(conditionType string) (effect, bool) {
	if c == 0 || int(c) >= len(codes) {
		return invalid, conditionType == invalid.condition
	}
	for _, e := range codes[c].effects {
		if e.condition == conditionType {
			return e, true
		}
	}
	return effect{}, false
}
