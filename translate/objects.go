package translate

import (
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Objects is the input: what the caches of informers hold, in any order. It is read-only to the library, which keeps
// pointers into it in its results; a host replaces an object, it never edits one. Nil entries are skipped. A kind may
// be left empty. Namespace and name identify an object; of two with the same identity the one with the greater UID,
// then the greater resourceVersion is used. One whose name is not UTF-8 is skipped.
type Objects struct {
	GatewayClasses     []*gwv1.GatewayClass
	Gateways           []*gwv1.Gateway
	ListenerSets       []*gwv1.ListenerSet
	HTTPRoutes         []*gwv1.HTTPRoute
	GRPCRoutes         []*gwv1.GRPCRoute
	TLSRoutes          []*gwv1.TLSRoute
	TCPRoutes          []*gwv1.TCPRoute
	UDPRoutes          []*gwv1.UDPRoute
	ReferenceGrants    []*gwv1.ReferenceGrant
	BackendTLSPolicies []*gwv1.BackendTLSPolicy
	Services           []*corev1.Service
	EndpointSlices     []*discoveryv1.EndpointSlice
	Secrets            []*corev1.Secret
	ConfigMaps         []*corev1.ConfigMap
	// ClusterTrustBundles count where Options.Features claims them: not every cluster has their API. A host that watches
	// certificates.k8s.io/v1, whose objects look the same, copies them into this type.
	ClusterTrustBundles []*certificatesv1beta1.ClusterTrustBundle
	Namespaces          []*corev1.Namespace
}

// Add puts an object into the slice of its kind; false if translation does not look at objects of its kind.
func (o *Objects) Add(object any) bool {
	switch x := object.(type) {
	case *gwv1.GatewayClass:
		o.GatewayClasses = append(o.GatewayClasses, x)
	case *gwv1.Gateway:
		o.Gateways = append(o.Gateways, x)
	case *gwv1.ListenerSet:
		o.ListenerSets = append(o.ListenerSets, x)
	case *gwv1.HTTPRoute:
		o.HTTPRoutes = append(o.HTTPRoutes, x)
	case *gwv1.GRPCRoute:
		o.GRPCRoutes = append(o.GRPCRoutes, x)
	case *gwv1.TLSRoute:
		o.TLSRoutes = append(o.TLSRoutes, x)
	case *gwv1.TCPRoute:
		o.TCPRoutes = append(o.TCPRoutes, x)
	case *gwv1.UDPRoute:
		o.UDPRoutes = append(o.UDPRoutes, x)
	case *gwv1.ReferenceGrant:
		o.ReferenceGrants = append(o.ReferenceGrants, x)
	case *gwv1.BackendTLSPolicy:
		o.BackendTLSPolicies = append(o.BackendTLSPolicies, x)
	case *corev1.Service:
		o.Services = append(o.Services, x)
	case *discoveryv1.EndpointSlice:
		o.EndpointSlices = append(o.EndpointSlices, x)
	case *corev1.Secret:
		o.Secrets = append(o.Secrets, x)
	case *corev1.ConfigMap:
		o.ConfigMaps = append(o.ConfigMaps, x)
	case *certificatesv1beta1.ClusterTrustBundle:
		o.ClusterTrustBundles = append(o.ClusterTrustBundles, x)
	case *corev1.Namespace:
		o.Namespaces = append(o.Namespaces, x)
	default:
		return false
	}
	return true
}
