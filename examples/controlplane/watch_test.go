package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllertest"
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

// fakeCache gives the informers that it is told of, and for any other kind one that is filled with nothing.
type fakeCache struct {
	cache.Cache
	informers map[schema.GroupVersionKind]fakeInformer
	unserved  schema.GroupVersionKind
}

type fakeInformer struct {
	*controllertest.FakeInformer
	store toolscache.Store
}

func (i fakeInformer) GetStore() toolscache.Store { return i.store }

func newFakeInformer(objects ...any) fakeInformer {
	out := fakeInformer{controllertest.NewFakeInformer(), toolscache.NewStore(toolscache.MetaNamespaceKeyFunc)}
	for _, o := range objects {
		_ = out.store.Add(o)
	}
	return out
}

func (c *fakeCache) GetInformer(_ context.Context, obj client.Object, _ ...cache.InformerGetOption) (cache.Informer, error) {
	gvk := obj.GetObjectKind().GroupVersionKind()
	if gvk == c.unserved {
		return nil, &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
	}
	if inf, ok := c.informers[gvk]; ok {
		return inf, nil
	}
	inf := newFakeInformer()
	inf.Synced()
	return inf, nil
}

func (c *fakeCache) RemoveInformer(context.Context, client.Object) error { return nil }

// TestKindMovesToAnotherVersion: while the new version's cache is not filled, or the API server does not serve it yet, the
// old one's objects are there.
func TestKindMovesToAnotherVersion(t *testing.T) { synctest.Test(t, kindMoves) }

func kindMoves(t *testing.T) {
	kind := schema.GroupKind{Group: gwv1.GroupName, Kind: "BackendTLSPolicy"}
	before, after := kind.WithVersion("v1alpha3"), kind.WithVersion("v1")
	serving := func(gvk schema.GroupVersionKind) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "backendtlspolicies." + gvk.Group},
			"spec": map[string]any{
				"group": gvk.Group, "names": map[string]any{"kind": gvk.Kind},
				"versions": []any{map[string]any{"name": gvk.Version, "served": true}},
			},
		}}
	}
	policy := &gwv1.BackendTLSPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: "u", ResourceVersion: "1"}}
	old, moved, crds := newFakeInformer(policy), newFakeInformer(policy), newFakeInformer(serving(before))
	old.Synced()
	crds.Synced()
	fake := &fakeCache{informers: map[schema.GroupVersionKind]fakeInformer{before: old, after: moved, crdKind: crds}}
	changes := atomic.Int32{}
	w := &watcher{
		cache: fake, scheme: runtime.NewScheme(), enabled: enabledKinds("BackendTLSPolicy"), log: slog.New(slog.DiscardHandler),
		changed: func() { changes.Add(1) }, informers: map[schema.GroupVersionKind]toolscache.SharedIndexInformer{},
	}
	update := func() bool {
		filled, err := w.update(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, w.objects().BackendTLSPolicies)
		return filled
	}
	require.True(t, update())

	require.NoError(t, crds.store.Update(serving(after)))
	fake.unserved = after
	update()
	require.NotContains(t, w.informers, after)
	fake.unserved = schema.GroupVersionKind{}
	require.False(t, update())
	require.Contains(t, w.informers, before)
	require.Contains(t, w.informers, after)

	time.Sleep(time.Minute)
	heard := changes.Load()
	moved.Synced()
	time.Sleep(time.Minute)
	require.Greater(t, changes.Load(), heard, "that it is filled makes the next update")
	require.True(t, update())
	require.NotContains(t, w.informers, before)
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
