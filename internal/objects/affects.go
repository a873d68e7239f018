package objects

import (
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Affects lists the look-ups whose answer an object is part of: a run that made none of them cannot depend on it.
func Affects(o any) []Read {
	switch o := o.(type) {
	case *gwv1.GatewayClass:
		return []Read{{TableClasses, Name{Name: o.Name}}, {TableAllClasses, Name{}}}
	case *gwv1.Gateway:
		return []Read{{TableGateways, nameOf(o)}, {TableAllGateways, Name{}}}
	case *gwv1.ListenerSet:
		return []Read{{TableListenerSets, nameOf(o)}, {TableSetsBy, ListenerSetParent(o)}, {TableAllListenSets, Name{}}}
	case *gwv1.HTTPRoute:
		return routeReads(TableHTTPRoutes, nameOf(o), o.Spec.ParentRefs)
	case *gwv1.GRPCRoute:
		return routeReads(TableGRPCRoutes, nameOf(o), o.Spec.ParentRefs)
	case *gwv1.TLSRoute:
		return routeReads(TableTLSRoutes, nameOf(o), o.Spec.ParentRefs)
	case *gwv1.TCPRoute:
		return routeReads(TableTCPRoutes, nameOf(o), o.Spec.ParentRefs)
	case *gwv1.UDPRoute:
		return routeReads(TableUDPRoutes, nameOf(o), o.Spec.ParentRefs)
	case *gwv1.ReferenceGrant:
		return []Read{{TableGrantsBy, Name{Namespace: o.Namespace}}}
	case *gwv1.BackendTLSPolicy:
		reads := []Read{{TablePolicies, nameOf(o)}, {TableAllPolicies, Name{}}}
		for _, target := range PolicyTargets(o) {
			reads = append(reads, Read{TablePoliciesBy, target})
		}
		return reads
	case *corev1.Service:
		return []Read{{TableServices, nameOf(o)}}
	case *discoveryv1.EndpointSlice:
		return []Read{{TableSlicesBy, Name{Namespace: o.Namespace, Name: o.Labels[discoveryv1.LabelServiceName]}}}
	case *corev1.Secret:
		return []Read{{TableSecrets, nameOf(o)}}
	case *corev1.ConfigMap:
		return []Read{{TableConfigMaps, nameOf(o)}}
	case *certificatesv1beta1.ClusterTrustBundle:
		return []Read{{TableTrustBundles, Name{Name: o.Name}}}
	case *corev1.Namespace:
		return []Read{{TableNamespaces, Name{Name: o.Name}}}
	}
	return nil
}

func routeReads(t Table, name Name, refs []gwv1.ParentReference) []Read {
	reads := []Read{{t, name}, {TableAllRoutes, Name{}}}
	r := &Route{RouteKey: RouteKey{Namespace: name.Namespace}, ParentRefs: refs}
	for i := range refs {
		parent, ok := ParentOf(r, i)
		switch {
		case !ok:
		case parent.Kind == ListenerSet:
			reads = append(reads, Read{TableRoutesBySet, parent.Name})
		default:
			reads = append(reads, Read{TableRoutesBy, parent.Name})
		}
	}
	return reads
}

func nameOf[T object](o T) Name { return Name{Namespace: o.GetNamespace(), Name: o.GetName()} }
