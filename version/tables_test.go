package version

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/consts"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// TestTablesHaveRequiredModule fails when a go.mod asks for a Gateway API that the tables do not have: add the release to
// internal/tables/gen and run go generate there.
func TestTablesHaveRequiredModule(t *testing.T) {
	require.Contains(t, Releases(), consts.BundleVersion, "the linked module")
	for _, file := range []string{"../go.mod", "../go170.mod"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		required := regexp.MustCompile(`sigs\.k8s\.io/gateway-api (v\S+)`).FindStringSubmatch(string(text))
		require.Len(t, required, 2, file)
		require.Contains(t, Releases(), required[1], file)
	}
}

// TestFeaturesAreTheSuites compares the table with the linked module's own list.
func TestFeaturesAreTheSuites(t *testing.T) {
	var want []Feature
	for f := range features.AllFeatures {
		want = append(want, Feature{Name: string(f.Name), Channel: Channel(f.Channel)})
	}
	require.ElementsMatch(t, want, Features(consts.BundleVersion))
	require.Nil(t, Features("v0.1.0"))
	require.Contains(t, Features("v1.0.0"), Feature{Name: "HTTPRouteRequestTimeout"})
	require.Contains(t, Features("v1.6.3"), Feature{Name: "HTTPRouteRetry", Channel: Experimental})
	require.False(t, slices.ContainsFunc(Features("v1.7.0"), func(f Feature) bool { return f.Name == "HTTPRouteRetry" }))
}

// TestSchemasAreTheGoTypes holds what decoding relies on: the linked release's schemas have the fields of the linked Go
// types, neither more nor fewer, so that what a schema lets through has a place.
func TestSchemasAreTheGoTypes(t *testing.T) {
	for _, crd := range CRDs(Bundle{consts.BundleVersion, Experimental}) {
		target, version := today(crd.GroupKind)
		if target == nil {
			require.Equal(t, "XTelemetryPolicy", crd.Kind, "every kind has a Go type, but for one of v1.7.0")
			continue
		}
		require.Contains(t, crd.Served(), version, crd.Kind)
		root := rootOf(linkedRelease(), crd.WithVersion(version))
		typ := reflect.TypeOf(target).Elem()
		for _, part := range []string{"spec", "status"} {
			if root.Field(part) != nil {
				compareFields(t, crd.Kind+"."+part, root.Field(part), fieldsOf(typ)[part])
			}
		}
	}
}

func compareFields(t *testing.T, path string, n *tables.Node, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Slice {
		require.Equal(t, "array", n.Type, path)
		compareFields(t, path+"[]", n.Items.Get(), typ.Elem())
		return
	}
	if typ.Kind() != reflect.Struct || n.Type != "object" {
		return
	}
	have := fieldsOf(typ)
	var names []string
	for _, f := range n.Fields {
		names = append(names, f.Name)
		require.Contains(t, have, f.Name, path)
		compareFields(t, path+"."+f.Name, f.Node.Get(), have[f.Name])
	}
	require.Len(t, have, len(names), "%s: %v", path, names)
}

// fieldsOf returns a struct's fields by JSON name.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "" && f.Anonymous:
			maps.Copy(out, fieldsOf(f.Type))
		case name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// TestChannels holds that the experimental channel has all of the standard one, with the same defaults: the decoder reads
// its schemas alone.
func TestChannels(t *testing.T) {
	for _, r := range tables.Releases() {
		for _, i := range r.Standard {
			standard := tables.Get(i)
			gk := schema.GroupKind{Group: standard.Group, Kind: standard.Kind}
			experimental := crdOf(&r, Experimental, gk)
			require.NotNil(t, experimental, "%s %s", r.Name, gk)
			for _, v := range standard.Versions {
				require.NotNil(t, experimental.Version(v.Name), "%s %s %s", r.Name, gk, v.Name)
				within(t, r.Name+" "+standard.Kind, v.Schema.Get(), experimental.Version(v.Name).Schema.Get())
			}
		}
	}
}

func within(t *testing.T, path string, small, large *tables.Node) {
	require.NotNil(t, large, path)
	require.Equal(t, small.Default, large.Default, path)
	for _, f := range small.Fields {
		within(t, path+"."+f.Name, f.Node.Get(), large.Field(f.Name))
	}
	if small.Items != 0 {
		within(t, path+"[]", small.Items.Get(), large.Items.Get())
	}
}

func TestCRDs(t *testing.T) {
	find := func(b Bundle, kind string) CRD {
		all := CRDs(b)
		i := slices.IndexFunc(all, func(c CRD) bool { return c.Kind == kind })
		require.GreaterOrEqual(t, i, 0)
		return all[i]
	}
	require.Nil(t, CRDs(Bundle{"v0.1.0", Standard}))
	require.Nil(t, CRDs(Bundle{"v1.0.0", "nightly"}))
	require.Equal(t, CRD{
		GroupKind: schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "TLSRoute"}, Plural: "tlsroutes", Namespaced: true,
		Versions: []CRDVersion{
			{Name: "v1", Served: true, Storage: true},
			{Name: "v1alpha2", Deprecated: true},
			{Name: "v1alpha3", Deprecated: true},
		},
		Bundle: Bundle{"v1.6.3", Standard},
	}, find(Bundle{"v1.6.3", Standard}, "TLSRoute"))
	grant := find(Bundle{"v1.7.0", Standard}, "ReferenceGrant")
	require.Equal(t, []string{"v1", "v1beta1"}, grant.Served())
	require.Equal(t, "v1beta1", grant.Storage(), "still, in v1.7.0")
	require.Equal(t, "v0.8.0", find(Bundle{"v0.8.1", Standard}, "Gateway").Bundle.Version, "what the CRDs of v0.8.1 say")
	require.False(t, find(Bundle{"v1.6.3", Standard}, "GatewayClass").Namespaced)
}
