package status

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Status is the status type of a kind. The route kinds embed RouteStatus in theirs (merge &route.Status.RouteStatus);
// every policy kind, also one of a host's own, has PolicyStatus.
type Status interface {
	gwv1.GatewayClassStatus | gwv1.GatewayStatus | gwv1.ListenerSetStatus | gwv1.RouteStatus | gwv1.PolicyStatus
}

// Desired is the status one object shall have: S is its status type without lastTransitionTimes, which only [Merge]
// can know. It is read-only and may be shared.
//
// A RouteStatus or PolicyStatus holds the entries of one controller, and of no other.
type Desired[S Status] struct {
	Object
	Controller gwv1.GatewayController // owner of the entries, for kinds whose status is shared between controllers
	// Owned names condition types, beyond those that this package knows for the kind, which are the controller's: one
	// that Status does not hold is deleted. For a host's own policy kinds; nil for all others.
	Owned  []string
	Status S
}

// Set is every desired status of one translation, each slice sorted by namespace and name.
type Set struct {
	GatewayClasses     []Desired[gwv1.GatewayClassStatus]
	Gateways           []Desired[gwv1.GatewayStatus]
	ListenerSets       []Desired[gwv1.ListenerSetStatus]
	HTTPRoutes         []Desired[gwv1.RouteStatus]
	GRPCRoutes         []Desired[gwv1.RouteStatus]
	TLSRoutes          []Desired[gwv1.RouteStatus]
	TCPRoutes          []Desired[gwv1.RouteStatus]
	UDPRoutes          []Desired[gwv1.RouteStatus]
	BackendTLSPolicies []Desired[gwv1.PolicyStatus]
}
