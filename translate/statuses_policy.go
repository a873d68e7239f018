package translate

import (
	"slices"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/xds"
	"github.com/gatewayxds/gatewayxds/status"
)

// policyStatuses gives a BackendTLSPolicy one ancestor for each of our Gateways with an accepted route that names one of
// its Services. A policy that no route reaches has a status too, without entries: it may have had one.
var policyStatuses = objects.NewUnit("BackendTLSPolicy status", func(r *objects.Reader, name objects.Name) *status.Desired[gwv1.PolicyStatus] {
	policy := backend.TLSPolicies.Get(r, name)
	if policy == nil {
		return nil
	}
	facts := status.PolicyFacts{
		Object: status.Object{
			Kind: "BackendTLSPolicy", Namespace: name.Namespace, Name: name.Name, Generation: policy.Object.Generation,
		},
		Controller: r.Settings.Controller,
	}
	var gateways []objects.Name
	for _, service := range objects.PolicyTargets(policy.Object) {
		gateways = append(gateways, gatewaysOf.Get(r, struct{}{})[service]...)
	}
	slices.SortFunc(gateways, objects.CompareNames)
	for _, gateway := range slices.Compact(gateways) {
		facts.Ancestors = append(facts.Ancestors, status.AncestorFacts{Ref: gatewayRef(gateway), Problems: policy.Problems})
	}
	d := facts.Desired()
	return &d
})

// gatewaysOf lists our Gateways under each Service that a policy targets and an accepted route of theirs names.
var gatewaysOf = objects.NewUnit("Gateways of Services", func(r *objects.Reader, _ struct{}) map[objects.Name][]objects.Name {
	out := map[objects.Name][]objects.Name{}
	for _, gateway := range r.Gateways() {
		if attach.Gateways.Get(r, gateway) == nil {
			continue
		}
		for service := range xds.BindingsOf.Get(r, gateway).Targets {
			out[service] = append(out[service], gateway)
		}
	}
	return out
})

func gatewayRef(name objects.Name) gwv1.ParentReference {
	group, kind, namespace := gwv1.Group(gwv1.GroupName), gwv1.Kind(objects.Gateway), gwv1.Namespace(name.Namespace)
	return gwv1.ParentReference{Group: &group, Kind: &kind, Namespace: &namespace, Name: gwv1.ObjectName(name.Name)}
}
