package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/version"
)

func TestEnabledKinds(t *testing.T) {
	require.Zero(t, enabledKinds(""))
	require.Equal(t, version.Enabled{All: true}, enabledKinds("all"))
	require.Equal(t, version.Enabled{Kinds: []string{"Gateway", "HTTPRoute"}}, enabledKinds("Gateway,HTTPRoute"))
}

func TestClaims(t *testing.T) {
	require.Empty(t, claims(""))
	require.Equal(t, []gwv1.FeatureName{"GatewayInfrastructure", trustBundles}, claims("GatewayInfrastructure,ClusterTrustBundle"))
}

// TestTrustBundlesWhereServed: the API server is asked once, by whoever claims them, and the claim falls where it has none.
func TestTrustBundlesWhereServed(t *testing.T) {
	beta := trustBundle.WithVersion("v1beta1")
	serving := meta.NewDefaultRESTMapper([]schema.GroupVersion{beta.GroupVersion()})
	serving.Add(beta, meta.RESTScopeRoot)
	for _, tc := range []struct {
		name         string
		mapper       meta.RESTMapper
		claims, want []gwv1.FeatureName
		versions     []string
	}{
		{"served", serving, claims("A,ClusterTrustBundle"), claims("A,ClusterTrustBundle"), []string{"v1beta1"}},
		{"absent", meta.NewDefaultRESTMapper(nil), claims("A,ClusterTrustBundle"), claims("A"), nil},
		{"not claimed", nil, claims("A"), claims("A"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &watcher{mapper: tc.mapper, claims: tc.claims, log: slog.New(slog.DiscardHandler)}
			require.NoError(t, w.findTrustBundles())
			w.mapper = nil // which panics
			require.NoError(t, w.findTrustBundles())
			require.Equal(t, tc.want, w.claims)
			var versions []string
			for _, c := range w.bundles {
				versions = append(versions, c.Served()...)
			}
			require.Equal(t, tc.versions, versions)
		})
	}
}

func TestTransform(t *testing.T) {
	read := func(manifest string) any {
		objects, _ := version.Read([]byte(manifest))
		require.Len(t, objects, 1)
		out, err := transform(objects[0])
		require.NoError(t, err)
		return out
	}
	old := read(`{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: g, namespace: ns, managedFields: [{manager: m}]},
		spec: {from: [{group: g, kind: K, namespace: ns}], to: [{group: "", kind: Service}]}}`)
	require.IsType(t, &gwv1.ReferenceGrant{}, old)
	require.Empty(t, old.(*gwv1.ReferenceGrant).ManagedFields)

	crd := read(`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: c},
		spec: {group: g, names: {kind: K}, versions: [{name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}]}}`)
	got, err := version.ReadCRD(crd.(*unstructured.Unstructured))
	require.NoError(t, err)
	require.Equal(t, []string{"v1"}, got.Served())
	text, err := crd.(*unstructured.Unstructured).MarshalJSON()
	require.NoError(t, err)
	require.NotContains(t, string(text), "openAPIV3Schema")

	for _, served := range []string{"v1alpha1", "v1beta1", "v1"} {
		require.IsType(t, &certificatesv1beta1.ClusterTrustBundle{}, read(`{apiVersion: certificates.k8s.io/`+served+`, kind: ClusterTrustBundle, metadata: {name: b}, spec: {trustBundle: x}}`))
	}
	require.IsType(t, &unstructured.Unstructured{}, read(`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}}`))
}

func TestOnlyStatus(t *testing.T) {
	route := func(generation int64, version string) *gwv1.HTTPRoute {
		return &gwv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Generation: generation, ResourceVersion: version, UID: "u"}}
	}
	labelled, deleted, other := route(1, "2"), route(1, "2"), route(1, "2")
	labelled.Labels = map[string]string{"a": "b"}
	deleted.DeletionTimestamp = &metav1.Time{Time: metav1.Now().Time}
	other.UID = "v"

	require.True(t, onlyStatus(route(1, "1"), route(1, "2")))
	require.False(t, onlyStatus(route(1, "1"), route(2, "2")))
	require.False(t, onlyStatus(route(1, "1"), labelled))
	require.False(t, onlyStatus(route(1, "1"), deleted))
	require.False(t, onlyStatus(route(1, "1"), other))
	require.False(t, onlyStatus(&corev1.Secret{}, &corev1.Secret{}), "a Secret has no generation: any change counts")
}
