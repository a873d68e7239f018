package status

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Facts are plain values. Problems come in the order of the spec they were found in, one for each place; what they do to
// the conditions follows from their codes, see [Code].

// Object names the object a status belongs to, and the generation it was computed from.
type Object struct {
	Kind       string // GatewayClass, Gateway, HTTPRoute, …
	Namespace  string // empty for cluster-scoped kinds
	Name       string
	Generation int64
}

// GatewayClassFacts is what was decided about a GatewayClass whose controllerName is ours.
type GatewayClassFacts struct {
	Object
	Problems []Problem
	Features []gwv1.FeatureName // claimed; any order
}

// GatewayFacts is what was decided about a Gateway of one of our classes.
type GatewayFacts struct {
	Object
	Problems  []Problem // of the Gateway itself, not of its listeners
	Listeners []ListenerFacts
	Addresses []gwv1.GatewayStatusAddress
	// AddressesDecided: it is decided which addresses the Gateway gets, and AddressesAssigned says so (GEP-5093, v1.7.0).
	AddressesDecided     bool
	AttachedListenerSets int32
	// InsecureFrontendValidation: some frontend validation runs in mode AllowInsecureFallback.
	InsecureFrontendValidation bool
}

// ListenerSetFacts is what was decided about a ListenerSet whose parent is one of our Gateways.
type ListenerSetFacts struct {
	Object
	Problems  []Problem
	Listeners []ListenerFacts
}

// ListenerFacts is what was decided about one listener of a Gateway or entry of a ListenerSet, in spec order.
type ListenerFacts struct {
	Name           gwv1.SectionName
	SupportedKinds []gwv1.RouteGroupKind
	AttachedRoutes int32
	Problems       []Problem
	// Serving: the data plane has configuration for it. False for a listener without any usable certificate.
	Serving bool
}

// RouteFacts is what was decided about a route of any kind, one ParentFacts per parentRef that is ours. A route without
// any still needs its facts, for entries that an earlier parentRef has left behind.
type RouteFacts struct {
	Object
	Controller gwv1.GatewayController
	Parents    []ParentFacts
}

// ParentFacts is what was decided about one parentRef.
type ParentFacts struct {
	Ref      gwv1.ParentReference // group and kind defaulted, the rest as in the spec
	Problems []Problem
	// Dropped holds the problems that cost whole rules, or hostnames (UnsupportedValue, IncompatibleFilters). They make Accepted
	// False when AllDropped is set, and PartiallyInvalid True otherwise.
	Dropped    []Problem
	AllDropped bool
}

// PolicyFacts is what was decided about a policy, one AncestorFacts per ancestor that is ours. A policy without any still
// needs its facts, as a route does.
type PolicyFacts struct {
	Object
	Controller gwv1.GatewayController
	Ancestors  []AncestorFacts
}

// AncestorFacts is what was decided about a policy below one ancestor.
type AncestorFacts struct {
	Ref      gwv1.ParentReference
	Problems []Problem
}
