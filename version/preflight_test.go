package version

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func preflightText(t *testing.T, have []CRD, to Bundle, objects string) []string {
	t.Helper()
	us, report := Read([]byte(objects))
	require.Empty(t, report)
	var out []string
	for _, f := range Preflight(have, to, us) {
		out = append(out, f.String())
	}
	return out
}

// stored returns a bundle's CRDs as a cluster has them, each having stored its storage version and no other.
func stored(b Bundle) []CRD {
	out := CRDs(b)
	for i := range out {
		out[i].Stored = []string{out[i].Storage()}
	}
	return out
}

func only(have []CRD, kinds ...string) []CRD {
	var out []CRD
	for _, c := range have {
		for _, k := range kinds {
			if c.Kind == k {
				out = append(out, c)
			}
		}
	}
	return out
}

func TestPreflightSameBundle(t *testing.T) {
	for _, release := range Releases() {
		for _, ch := range []Channel{Standard, Experimental} {
			for _, f := range Preflight(stored(Bundle{release, ch}), Bundle{release, ch}, nil) {
				require.Fail(t, f.String())
			}
		}
	}
}

func TestPreflightStoredVersions(t *testing.T) {
	require.Equal(t, []string{
		"GRPCRoute: status.storedVersions: Refused: objects may be stored as v1alpha2, which v1.2.1/standard does not have; " +
			"go by v1.1.1/standard, which has both it and v1: write every object once there, then take v1alpha2 out of storedVersions",
		"GRPCRoute: Unserved: v1.2.1/standard does not serve v1alpha2; read and write v1",
	}, preflightText(t, only(stored(Bundle{"v1.0.0", Experimental}), "GRPCRoute"), Bundle{"v1.2.1", Standard}, ""))
	require.Equal(t, []string{
		"BackendTLSPolicy: status.storedVersions: Refused: objects may be stored as v1alpha2, which v1.1.1/experimental does not have; " +
			"no release has both it and v1alpha3: save the objects, delete the CRD, and create them anew",
		"BackendTLSPolicy: Unserved: v1.1.1/experimental does not serve v1alpha2; read and write v1alpha3",
	}, preflightText(t, only(stored(Bundle{"v1.0.0", Experimental}), "BackendTLSPolicy"), Bundle{"v1.1.1", Experimental}, ""))
}

func TestPreflightSafeUpgrades(t *testing.T) {
	have := only(stored(Bundle{"v1.6.3", Standard}), "GatewayClass")
	require.Contains(t, preflightText(t, have, Bundle{"v1.6.3", Experimental}, "")[0], "denies experimental CRDs in the place of standard ones")
	require.Contains(t, preflightText(t, have, Bundle{"v1.5.1", Standard}, "")[0], "denies CRDs before v1.6.0")
	require.Empty(t, preflightText(t, have, Bundle{"v1.7.0", Standard}, ""))
	have = only(stored(Bundle{"v1.6.3", Experimental}), "GatewayClass")
	require.Empty(t, preflightText(t, have, Bundle{"v1.5.1", Standard}, ""))
	require.Contains(t, preflightText(t, have, Bundle{"v1.4.1", Standard}, "")[0], "denies CRDs before v1.5.0")
	have = only(stored(Bundle{"v1.4.1", Standard}), "GatewayClass")
	require.Empty(t, preflightText(t, have, Bundle{"v1.3.0", Experimental}, ""), "v1.4 had no policy yet")
}

func TestPreflightObjects(t *testing.T) {
	const objects = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: example
  backendTLS: {clientCertificateRef: {name: client}}
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    tls:
      certificateRefs: [{name: cert}]
      frontendValidation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XListenerSet
metadata: {name: team, namespace: apps}
spec: {parentRef: {name: edge}, listeners: [{name: a, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: {name: tls, namespace: apps}
spec: {rules: [{backendRefs: [{name: web, port: 443}]}, {backendRefs: [{name: web, port: 443}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: apps}
spec:
  parentRefs: [{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: team}]
  rules: [{retry: {codes: [503]}}]
---
apiVersion: v1
kind: Service
metadata: {name: passed-over}
`
	have := only(stored(Bundle{"v1.3.0", Experimental}), "Gateway", "HTTPRoute", "TLSRoute", "XListenerSet")
	found := preflightText(t, have, Bundle{"v1.7.0", Standard}, objects)
	require.Equal(t, strings.TrimSpace(`
TLSRoute: Unserved: v1.7.0/standard does not serve v1alpha2; read and write v1
XListenerSet: Unmanaged: v1.7.0/standard has no such kind; it is ListenerSet.gateway.networking.k8s.io now
Gateway infra/edge: spec.backendTLS: Pruned: the new schema does not have this field; write instead: spec.backendTLS → spec.tls.backend
Gateway infra/edge: spec.listeners: Unchecked: a new rule: tls mode must be set for protocol TLS
Gateway infra/edge: spec.listeners[0].tls.frontendValidation: Pruned: the new schema does not have this field; write instead: spec.listeners[0].tls.frontendValidation → spec.tls.frontend.perPort[0]: it now holds for all HTTPS listeners of port 443
XListenerSet apps/team: Unmanaged: v1.7.0/standard has no such kind; it is ListenerSet.gateway.networking.k8s.io now
TLSRoute apps/tls: Unserved: v1.7.0/standard does not serve v1alpha2; write it as v1
TLSRoute apps/tls: spec.hostnames: Rejected: is required
TLSRoute apps/tls: spec.rules: Rejected: has 2 items, at most 1 are allowed
HTTPRoute apps/web: spec.parentRefs: Unchecked: a new rule: sectionName must be specified when parentRefs includes 2 or more references to the same parent
HTTPRoute apps/web: spec.parentRefs: Unchecked: a new rule: sectionName must be unique when parentRefs includes 2 or more references to the same parent
HTTPRoute apps/web: spec.parentRefs[0]: Unmanaged: refers to XListenerSet: v1.7.0/standard has no such kind; it is ListenerSet.gateway.networking.k8s.io now
HTTPRoute apps/web: spec.rules[0].retry.attempts: Redefaulted: is not set; the default becomes 1, it had no default
`), strings.Join(found, "\n"))
}

// TestPreflightDowngrade: the standard channel of an older release has neither the kind, nor the field, nor the value.
func TestPreflightDowngrade(t *testing.T) {
	const objects = `
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: tcp}
spec: {rules: [{backendRefs: [{name: db, port: 5432}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  rules:
  - name: first
    filters:
    - {type: CORS, cors: {allowOrigins: ["*"]}}
    - {type: RequestRedirect, requestRedirect: {statusCode: 308}}
`
	have := only(stored(Bundle{"v1.7.0", Experimental}), "HTTPRoute", "TCPRoute")
	require.Equal(t, []string{
		"HTTPRoute: Refused: the ValidatingAdmissionPolicy safe-upgrades.gateway.networking.k8s.io denies CRDs before v1.5.0; delete it first",
		"TCPRoute: Unmanaged: v1.2.1/standard has no such kind",
		"TCPRoute tcp: Unmanaged: v1.2.1/standard has no such kind",
		`HTTPRoute web: spec.rules[0].filters[0].type: Rejected: must be one of "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "ExtensionRef", not "CORS"`,
		"HTTPRoute web: spec.rules[0].filters[1].requestRedirect.statusCode: Rejected: must be one of 301, 302, not 308",
		"HTTPRoute web: spec.rules[0].filters[0].cors: Pruned: the new schema does not have this field",
		"HTTPRoute web: spec.rules[0].name: Pruned: the new schema does not have this field",
	}, preflightText(t, have, Bundle{"v1.2.1", Standard}, objects))
}

func TestPreflightUnknownBundles(t *testing.T) {
	require.Contains(t, preflightText(t, nil, Bundle{"v9.0.0", Standard}, "")[0], "the tables do not hold v9.0.0/standard")
	require.Contains(t, preflightText(t, nil, Bundle{"v1.6.3", "nightly"}, "")[0], "the tables do not hold v1.6.3/nightly")
	have := only(CRDs(Bundle{"v1.6.3", Standard}), "HTTPRoute")
	have[0].Bundle = Bundle{} // a CRD without annotations
	found := preflightText(t, have, Bundle{"v1.7.0", Standard}, `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {hostnames: ["UPPER.example.com"]}
`)
	require.Len(t, found, 2, strings.Join(found, "\n"))
	require.Contains(t, found[0], "the tables have no schema of what the cluster has")
	require.Contains(t, found[1], `spec.hostnames[0]: Rejected: "UPPER.example.com" does not match`)
}
