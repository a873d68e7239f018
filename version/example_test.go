package version_test

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/version"
)

// A manifest from a cluster of v1.0: the policy's one target and its TLS settings have moved since.
func ExampleDecode() {
	objects, report := version.Decode([]byte(`
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: BackendTLSPolicy
metadata: {name: db, namespace: apps}
spec:
  targetRef: {group: "", kind: Service, name: db}
  tls: {wellKnownCACerts: System, hostname: db.example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: apps}
spec: {hostname: [web.example.com], rules: []}
`))
	policy := objects[0].Object.(*gwv1.BackendTLSPolicy)
	fmt.Println(policy.Spec.TargetRefs[0].Name, policy.Spec.Validation.Hostname)
	fmt.Print(report)
	// Output:
	// db db.example.com
	// document 1 (line 2): BackendTLSPolicy apps/db: Converted: gateway.networking.k8s.io/v1alpha2 BackendTLSPolicy → gateway.networking.k8s.io/v1 BackendTLSPolicy
	// document 1 (line 2): BackendTLSPolicy apps/db: spec.targetRef: Renamed: → spec.targetRefs[0]
	// document 1 (line 2): BackendTLSPolicy apps/db: spec.tls.wellKnownCACerts: Renamed: → spec.validation.wellKnownCACertificates
	// document 1 (line 2): BackendTLSPolicy apps/db: spec.tls.hostname: Renamed: → spec.validation.hostname
	// document 2 (line 9): HTTPRoute apps/web: spec.hostname: Unknown: no release has this field; did you mean hostnames?
}

// A host that must hold back when anything was lost.
func ExampleReport_Lost() {
	_, report := version.Decode([]byte(`{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"edge"},"spec":{"gatewayclassName":"example"}}`))
	if lost := report.Lost(); len(lost) > 0 {
		fmt.Print(lost)
	}
	// Output:
	// document 1 (line 1): Gateway edge: spec.gatewayclassName: Unknown: no release has this field; did you mean gatewayClassName?
}

func ExampleEncode() {
	objects, _ := version.Decode([]byte("{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: example.com/c}}"))
	o := objects[0]
	old := o.GVK
	old.Version = "v1beta1"
	text, report := version.Encode(o, old)
	fmt.Printf("%s%s", text, report)
	// Output:
	// apiVersion: gateway.networking.k8s.io/v1beta1
	// kind: GatewayClass
	// metadata:
	//   name: c
	// spec:
	//   controllerName: example.com/c
	// GatewayClass c: Converted: gateway.networking.k8s.io/v1 GatewayClass → gateway.networking.k8s.io/v1beta1 GatewayClass
}

// A host on a cluster that has v1.0 experimental, with a switch for each kind.
func ExampleWatch() {
	have := version.CRDs(version.Bundle{Version: "v1.0.0", Channel: version.Experimental}) // a host reads the cluster's own, by ReadCRD
	plan := version.Watch(have, version.Enabled{Kinds: []string{"Gateway", "GRPCRoute", "ListenerSet"}})
	for _, gvk := range plan.Watch {
		fmt.Println("watch", gvk.GroupVersion(), gvk.Kind)
	}
	for _, u := range plan.Unwatched {
		if u.Kind == "Gateway" || u.Kind == "ListenerSet" || u.Kind == "HTTPRoute" {
			fmt.Println("not", u.Version, u.Kind, u.Reason+":", u.Detail)
		}
	}
	// Output:
	// watch v1 ConfigMap
	// watch v1 Namespace
	// watch v1 Secret
	// watch v1 Service
	// watch discovery.k8s.io/v1 EndpointSlice
	// watch gateway.networking.k8s.io/v1alpha2 GRPCRoute
	// watch gateway.networking.k8s.io/v1 Gateway
	// not v1beta1 Gateway OtherVersion: the same objects are watched as v1
	// not v1 HTTPRoute NotEnabled: the host has not enabled HTTPRoute
	// not v1beta1 HTTPRoute NotEnabled: the host has not enabled HTTPRoute
	// not v1 ListenerSet NotInstalled: the cluster has no such kind
}

// What "kubectl get crd,gateways … -o yaml" of a cluster says about an upgrade.
func ExamplePreflight() {
	objects, _ := version.Read([]byte(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: tlsroutes.gateway.networking.k8s.io
  annotations:
    gateway.networking.k8s.io/bundle-version: v1.3.0
    gateway.networking.k8s.io/channel: experimental
spec:
  group: gateway.networking.k8s.io
  names: {kind: TLSRoute, plural: tlsroutes}
  scope: Namespaced
  versions: [{name: v1alpha2, served: true, storage: true}]
status: {storedVersions: [v1alpha2]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: {name: db, namespace: apps}
spec: {rules: [{backendRefs: [{name: db, port: 443}]}]}
`))
	crd, err := version.ReadCRD(objects[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range version.Preflight([]version.CRD{crd}, version.Bundle{Version: "v1.7.0", Channel: version.Standard}, objects[1:]) {
		fmt.Println(f)
	}
	// Output:
	// TLSRoute: Unserved: v1.7.0/standard does not serve v1alpha2; read and write v1
	// TLSRoute apps/db: Unserved: v1.7.0/standard does not serve v1alpha2; write it as v1
	// TLSRoute apps/db: spec.hostnames: Rejected: is required
}
