package goldentest

import (
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// Load reads files of multi-document YAML or JSON, with objects of any API version that package version knows. A document
// that would lose anything fails the test: an unknown kind or field, a value that does not fit.
func Load(tb testing.TB, paths ...string) *translate.Objects {
	tb.Helper()
	objects := &translate.Objects{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		decoded, report := version.Decode(data)
		if lost := report.Lost(); len(lost) > 0 {
			tb.Fatalf("%s:\n%s", path, lost)
		}
		for _, o := range decoded {
			if !add(objects, o.Object) {
				tb.Fatalf("%s: document %d (line %d): a %s is no input of a translation", path, o.Document, o.Line, o.GVK.Kind)
			}
		}
	}
	return objects
}

func add(objects *translate.Objects, o version.Resource) bool {
	switch o := o.(type) {
	case *gwv1.GatewayClass:
		objects.GatewayClasses = append(objects.GatewayClasses, o)
	case *gwv1.Gateway:
		objects.Gateways = append(objects.Gateways, o)
	case *gwv1.ListenerSet:
		objects.ListenerSets = append(objects.ListenerSets, o)
	case *gwv1.HTTPRoute:
		objects.HTTPRoutes = append(objects.HTTPRoutes, o)
	case *gwv1.GRPCRoute:
		objects.GRPCRoutes = append(objects.GRPCRoutes, o)
	case *gwv1.TLSRoute:
		objects.TLSRoutes = append(objects.TLSRoutes, o)
	case *gwv1.TCPRoute:
		objects.TCPRoutes = append(objects.TCPRoutes, o)
	case *gwv1.UDPRoute:
		objects.UDPRoutes = append(objects.UDPRoutes, o)
	case *gwv1.ReferenceGrant:
		objects.ReferenceGrants = append(objects.ReferenceGrants, o)
	case *gwv1.BackendTLSPolicy:
		objects.BackendTLSPolicies = append(objects.BackendTLSPolicies, o)
	case *corev1.Service:
		objects.Services = append(objects.Services, o)
	case *discoveryv1.EndpointSlice:
		objects.EndpointSlices = append(objects.EndpointSlices, o)
	case *corev1.Secret:
		objects.Secrets = append(objects.Secrets, o)
	case *corev1.ConfigMap:
		objects.ConfigMaps = append(objects.ConfigMaps, o)
	case *corev1.Namespace:
		objects.Namespaces = append(objects.Namespaces, o)
	default:
		return false
	}
	return true
}
