package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

func TestEverySourceFillsItsField(t *testing.T) {
	var objs translate.Objects
	for _, s := range allSources {
		s.load(&objs, []any{s.object})
	}
	require.Len(t, objs.HTTPRoutes, 1)
	require.Len(t, objs.Namespaces, 1)
	require.Len(t, allSources, 15, "as many as Objects has fields")
}

func TestEnabledSources(t *testing.T) {
	kinds := func(list string) (out []string) {
		sources, err := enabledSources(list)
		require.NoError(t, err)
		for _, s := range sources {
			out = append(out, s.kind)
		}
		return out
	}
	require.Empty(t, kinds(""))
	require.Len(t, kinds("all"), len(allSources))
	require.Equal(t, []string{"Gateway", "HTTPRoute", "Service", "EndpointSlice", "Secret", "ConfigMap", "Namespace"},
		kinds("HTTPRoute,Gateway"))

	_, err := enabledSources("Gateway,Ingress")
	require.ErrorContains(t, err, `"Ingress"`)
	_, err = enabledSources("Secret")
	require.Error(t, err)
}

func TestServedKinds(t *testing.T) {
	crd := func(group, kind, version string, served, established bool) *apiextensionsv1.CustomResourceDefinition {
		c := &apiextensionsv1.CustomResourceDefinition{Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: version, Served: served}},
		}}
		if established {
			c.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{
				Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue,
			}}
		}
		return c
	}
	served := servedKinds([]any{
		crd(gwv1.GroupName, "Gateway", "v1", true, true),
		crd("networking.istio.io", "Gateway", "v1", true, true),
		crd("example.com", "HTTPRoute", "v1", true, true),
		crd(gwv1.GroupName, "TLSRoute", "v1alpha2", true, true),
		crd(gwv1.GroupName, "UDPRoute", "v1", false, true),
		crd(gwv1.GroupName, "TCPRoute", "v1", true, false),
	})
	for kind, want := range map[string]bool{"Gateway": true, "HTTPRoute": false, "TLSRoute": false, "UDPRoute": false, "TCPRoute": false} {
		require.Equal(t, want, served[kind], kind)
	}
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
