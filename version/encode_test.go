package version

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

func decodeOne(t *testing.T, in string) Object {
	t.Helper()
	objects, report := Decode([]byte(in))
	require.Len(t, objects, 1, report.String())
	return objects[0]
}

func TestEncodeOldPolicy(t *testing.T) {
	o := decodeOne(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: "", kind: Service, name: a}, {group: "", kind: Service, name: b}]
  validation: {wellKnownCACertificates: System, hostname: a.example.com, subjectAltNames: [{type: Hostname, hostname: b.example.com}]}
`)
	out, report := Encode(o, gatewayKind("v1alpha2", "BackendTLSPolicy"))
	require.Equal(t, strings.TrimPrefix(`
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: BackendTLSPolicy
metadata:
  name: p
spec:
  targetRef:
    group: ""
    kind: Service
    name: a
  tls:
    hostname: a.example.com
    wellKnownCACerts: System
`, "\n"), string(out))
	require.Equal(t, strings.TrimPrefix(`
BackendTLSPolicy p: Converted: gateway.networking.k8s.io/v1 BackendTLSPolicy → gateway.networking.k8s.io/v1alpha2 BackendTLSPolicy
BackendTLSPolicy p: spec.targetRefs[0]: Renamed: → spec.targetRef
BackendTLSPolicy p: spec.targetRefs[1]: Dropped: only one target can be written
BackendTLSPolicy p: spec.validation.wellKnownCACertificates: Renamed: → spec.tls.wellKnownCACerts
BackendTLSPolicy p: spec.validation.hostname: Renamed: → spec.tls.hostname
BackendTLSPolicy p: spec.validation: Dropped: v1alpha2 of BackendTLSPolicy has no such field in v1.0.0
`, "\n"), report.String())
}

func TestEncodeOldKind(t *testing.T) {
	o := decodeOne(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: s}
spec: {parentRef: {name: edge}, listeners: [{name: a, port: 80, protocol: HTTP}]}
`)
	out, report := Encode(o, schema.GroupVersionKind{Group: "gateway.networking.x-k8s.io", Version: "v1alpha1", Kind: "XListenerSet"})
	require.Equal(t, Report{}, append(Report{}, report.Lost()...))
	again := decodeOne(t, string(out))
	require.Equal(t, o.Object, again.Object)
}

func TestEncodeReportsWhatTheVersionRefuses(t *testing.T) {
	o := decodeOne(t, `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: {name: r}
spec: {rules: [{backendRefs: [{name: a, port: 443}]}, {backendRefs: [{name: a, port: 443}]}]}
`)
	_, report := Encode(o, gatewayKind("v1alpha2", "TLSRoute"))
	require.Empty(t, report.Lost(), "as it was read")
	out, report := Encode(o, gatewayKind("v1", "TLSRoute"))
	require.NotEmpty(t, out)
	require.Equal(t, "TLSRoute r: spec.hostnames: Invalid: is required\nTLSRoute r: spec.rules: Invalid: has 2 items, at most 1 are allowed\n",
		report.Lost().String())
}

// TestEncodeKeepsTheRest: a field of a newer release survives a read and a write by a host that does not know it.
func TestEncodeKeepsTheRest(t *testing.T) {
	o := decodeOne(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, unknown: {deep: [1]}}
spec: {rules: [{name: a, future: {b: [1, 2]}}], other: true}
`)
	require.Len(t, o.Rest, 3)
	text, _, err := generic(o)
	require.NoError(t, err)
	require.Equal(t, []any{int64(1), int64(2)}, valueAt(text, "spec.rules[0].future.b"))
	require.Equal(t, true, valueAt(text, "spec.other"))
	require.Equal(t, []any{int64(1)}, valueAt(text, "metadata.unknown.deep"))
	_, report := Encode(o, o.GVK)
	require.Len(t, report.Only(Dropped), 2, "the schema of %s has neither: %s", consts.BundleVersion, report)
}

func TestEncodeRefusals(t *testing.T) {
	route := decodeOne(t, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n")
	service := decodeOne(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n")
	for name, tt := range map[string]struct {
		object Object
		gvk    schema.GroupVersionKind
		detail string
	}{
		"nothing":         {Object{}, gatewayKind("v1", "HTTPRoute"), "no object"},
		"another kind":    {route, gatewayKind("v1", "Gateway"), "cannot be written as Gateway"},
		"no such version": {route, gatewayKind("v1alpha3", "HTTPRoute"), "no release has v1alpha3 of HTTPRoute"},
		"core":            {service, schema.GroupVersionKind{Version: "v2", Kind: "Service"}, "no release has v2 of Service"},
	} {
		t.Run(name, func(t *testing.T) {
			out, report := Encode(tt.object, tt.gvk)
			require.Nil(t, out)
			require.Len(t, report, 1)
			require.Equal(t, Invalid, report[0].What)
			require.Contains(t, report[0].Detail, tt.detail)
		})
	}
	out, report := Encode(service, service.GVK)
	require.NotEmpty(t, out)
	require.Empty(t, report)
}

func gatewayKind(version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: version, Kind: kind}
}
