package main

import (
	"context"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
	"github.com/gatewayxds/gatewayxds/translate"
)

var classKey = key{kind: "GatewayClass", NamespacedName: types.NamespacedName{Name: "ours"}}

// writer returns a statusWriter whose cache holds cached while the API server holds stored.
func writer(t *testing.T, cached, stored *gwv1.GatewayClass) (*statusWriter, client.Client) {
	t.Helper()
	api := apiServer(t, stored)
	set := &status.Set{GatewayClasses: []status.Desired[gwv1.GatewayClassStatus]{{
		Object: status.Object{Kind: "GatewayClass", Name: "ours", Generation: 1},
		Status: gwv1.GatewayClassStatus{Conditions: []metav1.Condition{{
			Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted", ObservedGeneration: 1,
		}}},
	}}}
	w := newStatusWriter(api, &watcher{}, slog.New(slog.DiscardHandler))
	w.lookup = cacheOf(cached)
	w.want(&translate.Objects{GatewayClasses: []*gwv1.GatewayClass{cached}}, set)
	return w, api
}

func apiServer(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, gwv1.Install(scheme))
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(objects...).Build()
}

func cacheOf(objects ...client.Object) func(key) (client.Object, schema.GroupVersionKind) {
	return func(k key) (client.Object, schema.GroupVersionKind) {
		for _, o := range objects {
			if keyOf(o) == k {
				return o, schema.GroupVersionKind{Group: gwv1.GroupName, Version: "v1", Kind: k.kind}
			}
		}
		return nil, schema.GroupVersionKind{}
	}
}

func class(generation int64, resourceVersion string, conditions ...metav1.Condition) *gwv1.GatewayClass {
	return &gwv1.GatewayClass{
		ObjectMeta: metav1.ObjectMeta{Name: "ours", Generation: generation, ResourceVersion: resourceVersion},
		Status:     gwv1.GatewayClassStatus{Conditions: conditions},
	}
}

func TestStaleCacheIsNoLostUpdate(t *testing.T) {
	foreign := metav1.Condition{Type: "example.com/Audited", Status: metav1.ConditionTrue, Reason: "Yes", LastTransitionTime: metav1.Now().Rfc3339Copy()}
	w, api := writer(t, class(1, "5"), class(1, "7", foreign))
	conflicts := testutil.ToFloat64(statusWrites.WithLabelValues("GatewayClass", "conflict"))
	require.NoError(t, w.write(t.Context(), classKey))
	require.Equal(t, conflicts+1, testutil.ToFloat64(statusWrites.WithLabelValues("GatewayClass", "conflict")))

	var got gwv1.GatewayClass
	require.NoError(t, api.Get(t.Context(), classKey.NamespacedName, &got))
	require.Len(t, got.Status.Conditions, 2)
	require.Equal(t, foreign.Type, got.Status.Conditions[0].Type)
	require.Equal(t, "Accepted", got.Status.Conditions[1].Type)

	before := got.ResourceVersion
	w.lookup = cacheOf(&got)
	require.NoError(t, w.write(t.Context(), classKey))
	require.NoError(t, api.Get(t.Context(), classKey.NamespacedName, &got))
	require.Equal(t, before, got.ResourceVersion, "what is right is not written again")
}

// TestFutileWrite: what the API server drops, as a CRD does with fields that are newer than it, is not written again until
// something has changed.
func TestFutileWrite(t *testing.T) {
	stored := class(1, "7")
	w, api := writer(t, stored, stored)
	w.want(&translate.Objects{GatewayClasses: []*gwv1.GatewayClass{stored}}, &status.Set{GatewayClasses: []status.Desired[gwv1.GatewayClassStatus]{{
		Object: status.Object{Kind: "GatewayClass", Name: "ours", Generation: 1},
		Status: gwv1.GatewayClassStatus{SupportedFeatures: []gwv1.SupportedFeature{{Name: "Novelty"}}},
	}}})
	patches := 0
	drops := func(ctx context.Context, c client.Client, _ string, obj client.Object, _ client.Patch, _ ...client.SubResourcePatchOption) error {
		patches++
		return c.Get(ctx, client.ObjectKeyFromObject(obj), obj)
	}
	w.client = interceptor.NewClient(api.(client.WithWatch), interceptor.Funcs{SubResourcePatch: drops})
	for range 3 {
		require.NoError(t, w.write(t.Context(), classKey))
	}
	require.Equal(t, 1, patches)

	changed := class(1, "7")
	changed.Labels = map[string]string{"a": "b"}
	require.NoError(t, api.Update(t.Context(), changed))
	w.lookup = cacheOf(changed)
	for range 3 {
		require.NoError(t, w.write(t.Context(), classKey))
	}
	require.Equal(t, 2, patches)
}

func TestNewerObjectWaitsForItsTranslation(t *testing.T) {
	stored := class(2, "7")
	w, api := writer(t, stored, stored)
	require.NoError(t, w.write(t.Context(), classKey))
	var got gwv1.GatewayClass
	require.NoError(t, api.Get(t.Context(), classKey.NamespacedName, &got))
	require.Empty(t, got.Status.Conditions)
}

func TestForgottenObjectIsLeftAlone(t *testing.T) {
	stored := class(1, "7")
	w, api := writer(t, stored, stored)
	w.want(&translate.Objects{GatewayClasses: []*gwv1.GatewayClass{stored}}, &status.Set{})
	require.NoError(t, w.write(t.Context(), classKey))
	var got gwv1.GatewayClass
	require.NoError(t, api.Get(t.Context(), classKey.NamespacedName, &got))
	require.Empty(t, got.Status.Conditions)
}

func TestRouteThatLeftLosesOurEntryOnly(t *testing.T) {
	entry := func(controller gwv1.GatewayController) gwv1.RouteParentStatus {
		return gwv1.RouteParentStatus{
			ParentRef: gwv1.ParentReference{Name: "gw"}, ControllerName: controller,
			Conditions: []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted", ObservedGeneration: 3}},
		}
	}
	route := &gwv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "left", Generation: 3}}
	route.Status.Parents = []gwv1.RouteParentStatus{entry("example.com/other"), entry("example.com/ours")}
	foreign := &gwv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "foreign", Generation: 3}}
	foreign.Status.Parents = []gwv1.RouteParentStatus{entry("example.com/other")}
	api := apiServer(t, route, foreign)
	stored := &gwv1.HTTPRoute{}
	require.NoError(t, api.Get(t.Context(), keyOf(route).NamespacedName, stored))
	w := newStatusWriter(api, &watcher{}, slog.New(slog.DiscardHandler))
	w.lookup = cacheOf(stored)
	objs := &translate.Objects{HTTPRoutes: []*gwv1.HTTPRoute{route, foreign}}
	result, err := translate.Translate(objs, translate.Options{ControllerName: "example.com/ours"})
	require.NoError(t, err)
	w.want(objs, &result.Statuses)
	require.Equal(t, 1, w.queue.Len(), "only the route that has an entry of ours")
	require.NoError(t, w.write(t.Context(), keyOf(route)))

	var got gwv1.HTTPRoute
	require.NoError(t, api.Get(t.Context(), keyOf(route).NamespacedName, &got))
	require.Len(t, got.Status.Parents, 1)
	require.Equal(t, gwv1.GatewayController("example.com/other"), got.Status.Parents[0].ControllerName)
}
