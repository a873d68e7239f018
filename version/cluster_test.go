package version

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestReadCRD reads a bundle's own CRDs, as a cluster would have them, and compares with the tables.
func TestReadCRD(t *testing.T) {
	dir, err := moduleDir("sigs.k8s.io/gateway-api@v1.5.1")
	if err != nil {
		notChecked(t, "ReadCRD against a bundle's CRDs, since the module cannot be had: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "config/crd/experimental/*.yaml"))
	require.NoError(t, err)
	var have []CRD
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		us, _ := Read(text)
		for _, u := range us {
			if c, err := ReadCRD(u); err == nil {
				have = append(have, c)
			}
		}
	}
	require.ElementsMatch(t, CRDs(Bundle{"v1.5.1", Experimental}), have)
}

func TestReadCRDRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"{apiVersion: v1, kind: Service}": "v1 Service is no CustomResourceDefinition",
		"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}}":                                      "CustomResourceDefinition x names no group and kind",
		"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {group: g, names: 7, versions: {a: b}}, status: []}": "names no group and kind",
	} {
		_, err := ReadCRD(mustRead(t, []byte(in)))
		require.ErrorContains(t, err, want)
	}
}

func TestBundleOf(t *testing.T) {
	have := CRDs(Bundle{"v1.6.3", Standard})
	b, err := BundleOf(have)
	require.NoError(t, err)
	require.Equal(t, Bundle{"v1.6.3", Standard}, b)

	have = append(have, CRDs(Bundle{"v1.6.3", Experimental})[0])
	b, err = BundleOf(append(have, only(CRDs(Bundle{"v1.3.0", Experimental}), "XListenerSet")...))
	require.NoError(t, err, "a kind left behind")
	require.Equal(t, Bundle{"v1.6.3", Experimental}, b)

	have[1].Bundle.Version, have[2].Bundle.Version, have[3].Bundle.Version = "", "v1.5.1", "v1.99.0"
	_, err = BundleOf(have)
	require.EqualError(t, err, "no single known bundle: GRPCRoute says nothing; Gateway says v1.5.1, not v1.6.3 as those before; GatewayClass says v1.99.0, which is not known")
	_, err = BundleOf(nil)
	require.Error(t, err)
}

// TestHandMadeObjects: a host's own unstructured objects may hold what no decoder makes.
func TestHandMadeObjects(t *testing.T) {
	odd := map[string]any{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"metadata": map[string]any{"name": "g", "labels": map[string]string{"a": "b"}},
		"spec": map[string]any{"listeners": []any{
			map[string]any{"name": "a", "port": 80, "protocol": "HTTP"},
			map[string]any{"name": "b", "port": int32(81), "protocol": "HTTP"},
		}},
	}
	o, report := Convert(&unstructured.Unstructured{Object: odd})
	require.NotNil(t, o.Object, report.String())
	require.Equal(t, map[string]string{"a": "b"}, o.Object.GetLabels())
	require.Equal(t, 80, odd["spec"].(map[string]any)["listeners"].([]any)[0].(map[string]any)["port"], "Convert changes nothing")
	require.Len(t, Preflight(nil, Bundle{"v1.6.3", Standard}, []*unstructured.Unstructured{{Object: odd}}), 2)

	odd["spec"].(map[string]any)["gatewayClassName"] = struct{}{}
	o, report = Convert(&unstructured.Unstructured{Object: odd})
	require.Nil(t, o.Object)
	require.Equal(t, "spec.gatewayClassName", report.Only(Invalid)[0].Field)
	o, report = Convert(&unstructured.Unstructured{})
	require.Nil(t, o.Object)
	require.Len(t, report, 1)
	Preflight(nil, Bundle{"v1.6.3", Standard}, []*unstructured.Unstructured{{}, {Object: map[string]any{"spec": 1}}})
}

func TestRestoreNames(t *testing.T) {
	const in = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{group: gateway.networking.x-k8s.io, kind: XListenerSet, name: s}, {name: g}]}
status: {parents: [{parentRef: {group: gateway.networking.x-k8s.io, kind: XListenerSet, name: s}, controllerName: example.com/c, conditions: []}]}
`
	o := decodeOne(t, in)
	for release, want := range map[string]int{"v1.4.1": 2, "v1.5.0": 0, "v1.2.1": 0} {
		content, _, err := generic(o)
		require.NoError(t, err)
		require.Equal(t, "ListenerSet", valueAt(content, "status.parents[0].parentRef.kind"))
		require.Equal(t, want, RestoreNames(content, CRDs(Bundle{release, Experimental})), release)
		if want > 0 {
			require.Equal(t, "XListenerSet", valueAt(content, "status.parents[0].parentRef.kind"))
			require.Equal(t, "gateway.networking.x-k8s.io", valueAt(content, "spec.parentRefs[0].group"))
			require.Equal(t, "Gateway", valueAt(content, "spec.parentRefs[1].kind"))
		}
	}
	// A cluster with both names has the new one for what is written.
	content, _, _ := generic(o)
	require.Zero(t, RestoreNames(content, append(CRDs(Bundle{"v1.4.1", Experimental}), CRDs(Bundle{"v1.6.3", Standard})...)))
	require.Zero(t, RestoreNames(nil, nil))
}
