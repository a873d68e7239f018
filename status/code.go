package status

import (
	"iter"
	"strconv"
)

// A Code names one kind of mistake. The comment of each says which condition it sets; the codes table says the same to
// the program.
//
// Several problems may set one condition. For ResolvedRefs the first problem gives the reason, so that the reader finds
// the first broken reference of the spec there; for every other condition the code declared first gives it. The message
// tells of all of them.
//
// The numbers are not stable between releases; a name is ([Code.String]).
type Code uint8

const (
	// ClassInvalidParameters: GatewayClass Accepted=False/InvalidParameters.
	ClassInvalidParameters Code = iota + 1
	// ClassUnsupportedVersion: GatewayClass SupportedVersion=False/UnsupportedVersion; Accepted stays.
	ClassUnsupportedVersion

	// GatewayInvalidParameters: Gateway Accepted=False/InvalidParameters.
	GatewayInvalidParameters
	// UnsupportedAddress: Gateway Accepted=False/UnsupportedAddress.
	UnsupportedAddress
	// AddressNotUsable: Gateway Programmed=False/AddressNotUsable; Accepted stays.
	AddressNotUsable
	// AddressNotAssigned: Gateway Programmed=False/AddressNotAssigned; Accepted stays.
	AddressNotAssigned
	// AddressesNotAssigned: Gateway AddressesAssigned=False/NotAssigned (GEP-5093).
	AddressesNotAssigned
	// AddressesPartiallyAssigned: Gateway AddressesAssigned=False/PartiallyAssigned (GEP-5093).
	AddressesPartiallyAssigned
	// InvalidClientCertificateRef: Gateway ResolvedRefs=False/InvalidClientCertificateRef.
	InvalidClientCertificateRef
	// ClientCertificateRefNotPermitted: Gateway ResolvedRefs=False/RefNotPermitted.
	ClientCertificateRefNotPermitted

	// ListenerHostnameConflict: listener Conflicted=True, Accepted and Programmed=False, all HostnameConflict.
	ListenerHostnameConflict
	// ListenerProtocolConflict: listener Conflicted=True, Accepted and Programmed=False, all ProtocolConflict.
	ListenerProtocolConflict
	// ListenerUnsupportedProtocol: listener Accepted=False/UnsupportedProtocol.
	ListenerUnsupportedProtocol
	// ListenerUnsupportedValue: listener Accepted=False/UnsupportedValue.
	ListenerUnsupportedValue
	// ListenerInvalidFilter: listener Accepted=False/InvalidListenerFilter (GEP-5224).
	ListenerInvalidFilter
	// ListenerPortUnavailable: listener Accepted=False/PortUnavailable.
	ListenerPortUnavailable
	// ListenerNoValidCACertificate: listener Accepted=False/NoValidCACertificate.
	ListenerNoValidCACertificate
	// ListenerInvalidCertificateRef: listener ResolvedRefs=False/InvalidCertificateRef.
	ListenerInvalidCertificateRef
	// ListenerInvalidCACertificateRef: listener ResolvedRefs=False/InvalidCACertificateRef.
	ListenerInvalidCACertificateRef
	// ListenerInvalidCACertificateKind: listener ResolvedRefs=False/InvalidCACertificateKind.
	ListenerInvalidCACertificateKind
	// ListenerInvalidFilterRef: listener ResolvedRefs=False/InvalidListenerFilterRef (GEP-5224).
	ListenerInvalidFilterRef
	// ListenerRefNotPermitted: listener ResolvedRefs=False/RefNotPermitted.
	ListenerRefNotPermitted
	// ListenerInvalidRouteKinds: listener ResolvedRefs=False/InvalidRouteKinds.
	ListenerInvalidRouteKinds
	// ListenerOverlappingCertificates: listener OverlappingTLSConfig=True/OverlappingCertificates; it keeps serving.
	ListenerOverlappingCertificates
	// ListenerOverlappingHostnames: listener OverlappingTLSConfig=True/OverlappingHostnames; it keeps serving.
	ListenerOverlappingHostnames

	// ListenerSetNotAllowed: ListenerSet Accepted and Programmed=False/NotAllowed.
	ListenerSetNotAllowed
	// ListenerSetParentNotAccepted: ListenerSet Accepted=False/ParentNotAccepted, Programmed=False/ParentNotProgrammed.
	ListenerSetParentNotAccepted

	// NoMatchingParent: route Accepted=False/NoMatchingParent.
	NoMatchingParent
	// NotAllowedByListeners: route Accepted=False/NotAllowedByListeners.
	NotAllowedByListeners
	// NoMatchingListenerHostname: route Accepted=False/NoMatchingListenerHostname.
	NoMatchingListenerHostname
	// UnsupportedValue: costs a rule (see ParentFacts.Dropped), reason UnsupportedValue.
	UnsupportedValue
	// IncompatibleFilters: costs a rule, reason IncompatibleFilters.
	IncompatibleFilters
	// RefNotPermitted: route ResolvedRefs=False/RefNotPermitted.
	RefNotPermitted
	// InvalidKind: route ResolvedRefs=False/InvalidKind.
	InvalidKind
	// BackendNotFound: route ResolvedRefs=False/BackendNotFound.
	BackendNotFound
	// UnsupportedProtocol: route ResolvedRefs=False/UnsupportedProtocol.
	UnsupportedProtocol

	// PolicyConflicted: policy Accepted=False/Conflicted.
	PolicyConflicted
	// PolicyNoValidCACertificate: policy Accepted=False/NoValidCACertificate.
	PolicyNoValidCACertificate
	// PolicyInvalid: policy Accepted=False/Invalid.
	PolicyInvalid
	// PolicyTargetNotFound: policy Accepted=False/TargetNotFound.
	PolicyTargetNotFound
	// PolicyInvalidCACertificateRef: policy ResolvedRefs=False/InvalidCACertificateRef.
	PolicyInvalidCACertificateRef
	// PolicyInvalidKind: policy ResolvedRefs=False/InvalidKind.
	PolicyInvalidKind
)

// String returns the name of the constant, or Code(N) for a number that is none.
func (c Code) String() string {
	if int(c) >= len(codes) || c == 0 {
		return "Code(" + strconv.Itoa(int(c)) + ")"
	}
	return codes[c].name
}

// Codes yields every code in the order of declaration.
func Codes() iter.Seq[Code] {
	return func(yield func(Code) bool) {
		for c := Code(1); int(c) < len(codes); c++ {
			if !yield(c) {
				return
			}
		}
	}
}
