package version

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestDecodeKinds(t *testing.T) {
	for apiVersionKind, want := range map[[2]string]Resource{
		{"gateway.networking.k8s.io/v1", "GatewayClass"}:           &gwv1.GatewayClass{},
		{"gateway.networking.k8s.io/v1beta1", "Gateway"}:           &gwv1.Gateway{},
		{"gateway.networking.k8s.io/v1", "ListenerSet"}:            &gwv1.ListenerSet{},
		{"gateway.networking.k8s.io/v1beta1", "HTTPRoute"}:         &gwv1.HTTPRoute{},
		{"gateway.networking.k8s.io/v1alpha2", "GRPCRoute"}:        &gwv1.GRPCRoute{},
		{"gateway.networking.k8s.io/v1alpha3", "TLSRoute"}:         &gwv1.TLSRoute{},
		{"gateway.networking.k8s.io/v1alpha2", "TCPRoute"}:         &gwv1.TCPRoute{},
		{"gateway.networking.k8s.io/v1alpha2", "UDPRoute"}:         &gwv1.UDPRoute{},
		{"gateway.networking.k8s.io/v1beta1", "ReferenceGrant"}:    &gwv1.ReferenceGrant{},
		{"gateway.networking.k8s.io/v1alpha3", "BackendTLSPolicy"}: &gwv1.BackendTLSPolicy{},
		{"v1", "Service"}:                        &corev1.Service{},
		{"v1", "Secret"}:                         &corev1.Secret{},
		{"v1", "ConfigMap"}:                      &corev1.ConfigMap{},
		{"v1", "Namespace"}:                      &corev1.Namespace{},
		{"discovery.k8s.io/v1", "EndpointSlice"}: &discoveryv1.EndpointSlice{},
		{"example.com/v1", "Widget"}:             &unstructured.Unstructured{},
	} {
		t.Run(apiVersionKind[1], func(t *testing.T) {
			objects, report := Decode(fmt.Appendf(nil, "apiVersion: %s\nkind: %s\nmetadata: {name: a}\n", apiVersionKind[0], apiVersionKind[1]))
			require.Len(t, objects, 1, report.String())
			require.IsType(t, want, objects[0].Object)
			require.Equal(t, "a", objects[0].Object.GetName())
			require.Equal(t, schema.FromAPIVersionAndKind(apiVersionKind[0], apiVersionKind[1]), objects[0].GVK)
		})
	}
}

func TestDecodeStream(t *testing.T) {
	const in = "# the reason for this case\n" + // 1
		"---\n" +
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: one}\n" + // 3
		"---\n# nothing\n--- # two\n" + // 6
		"apiVersion: v1\n" + // 9
		"kind: Namespace\n" +
		"metadata: {name: two\n" +
		"---\n" +
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: three}}\n- 7\n" + // 13
		"...\n" +
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"four"}}` + "\n" + // 19
		`{"apiVersion":"v1","kind":"NamespaceList","items":[{"metadata":{"name":"five"}}]}` + "\n" +
		"---\n- a\n---\nfoo: bar\n"
	objects, report := Decode([]byte(in))
	var names []string
	for _, o := range objects {
		names = append(names, fmt.Sprint(o.Document, " ", o.Line, " ", o.Object.GetName()))
	}
	require.Equal(t, []string{"1 3 one", "3 13 three", "4 19 four", "5 20 five"}, names)
	var invalid []string
	for _, e := range report.Only(Invalid) {
		invalid = append(invalid, fmt.Sprint(e.Document, " ", e.Line, " ", e.Field))
	}
	require.Equal(t, []string{"2 9 ", "3 13 items[1]", "6 22 ", "7 24 "}, invalid, report.String())
}

func mustRead(t *testing.T, in []byte) *unstructured.Unstructured {
	t.Helper()
	us, report := Read(in)
	require.Len(t, us, 1, report.String())
	return us[0]
}
