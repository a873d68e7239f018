package version

import (
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwxv1alpha1 "sigs.k8s.io/gateway-api/apisx/v1alpha1"
)

const (
	gatewayGroup      = gwv1.GroupName
	experimentalGroup = gwxv1alpha1.GroupName
)

// Resource is what every object that this package reads or writes is: a pointer to a Kubernetes API type.
type Resource interface {
	metav1.Object
	runtime.Object
}

// today returns a new, empty object of the Go type that holds a kind today and that type's API version; nil for a kind
// that has none. Successor kinds are resolved before it is asked.
func today(gk schema.GroupKind) (Resource, string) {
	switch gk.Group {
	case gatewayGroup:
		return todayGateway(gk.Kind), "v1"
	case experimentalGroup:
		return todayExperimental(gk.Kind), "v1alpha1"
	case corev1.GroupName:
		return todayCore(gk.Kind), "v1"
	case discoveryv1.GroupName:
		if gk.Kind == "EndpointSlice" {
			return &discoveryv1.EndpointSlice{}, "v1"
		}
	case certificatesv1beta1.GroupName:
		if gk.Kind == trustBundle {
			return &certificatesv1beta1.ClusterTrustBundle{}, "v1beta1"
		}
	}
	return nil, ""
}

// trustBundle is a kind whose versions all have one shape. The Go type of v1 came with Kubernetes v1.37, later than the
// oldest module that this package compiles with.
const trustBundle = "ClusterTrustBundle"

// reads tells whether a version of a kind is read as today's.
func reads(gvk, today schema.GroupVersionKind) bool {
	switch {
	case isGatewayGroup(gvk.Group):
		return known(gvk)
	case gvk.Group == certificatesv1beta1.GroupName && gvk.Kind == trustBundle:
		return gvk.Version == "v1" || gvk.Version == "v1beta1" || gvk.Version == "v1alpha1"
	}
	return gvk == today
}

func todayGateway(kind string) Resource {
	switch kind {
	case "GatewayClass":
		return &gwv1.GatewayClass{}
	case "Gateway":
		return &gwv1.Gateway{}
	case "ListenerSet":
		return &gwv1.ListenerSet{}
	case "HTTPRoute":
		return &gwv1.HTTPRoute{}
	case "GRPCRoute":
		return &gwv1.GRPCRoute{}
	case "TLSRoute":
		return &gwv1.TLSRoute{}
	case "TCPRoute":
		return &gwv1.TCPRoute{}
	case "UDPRoute":
		return &gwv1.UDPRoute{}
	case "ReferenceGrant":
		return &gwv1.ReferenceGrant{}
	case "BackendTLSPolicy":
		return &gwv1.BackendTLSPolicy{}
	}
	return nil
}

// todayExperimental leaves out XTelemetryPolicy: its Go type came with v1.7.0, later than the oldest module that this
// package compiles with.
func todayExperimental(kind string) Resource {
	switch kind {
	case "XBackendTrafficPolicy":
		return &gwxv1alpha1.XBackendTrafficPolicy{}
	case "XBackend":
		return &gwxv1alpha1.XBackend{}
	case "XMesh":
		return &gwxv1alpha1.XMesh{}
	}
	return nil
}

func todayCore(kind string) Resource {
	switch kind {
	case "Service":
		return &corev1.Service{}
	case "Secret":
		return &corev1.Secret{}
	case "ConfigMap":
		return &corev1.ConfigMap{}
	case "Namespace":
		return &corev1.Namespace{}
	}
	return nil
}
