package versiontables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/gateway-api/pkg/consts"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/version"
)

// A served version of a kind, as the API server sees it.
type served struct {
	name       string // HTTPRoute v1
	apiVersion string
	kind       string
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
}

// readCRDs returns the served versions of the linked module's experimental CRDs.
func readCRDs(t *testing.T) []served {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "config", "crd", "experimental", "*.yaml"))
	require.NoError(t, err)
	var all []served
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, doc := range bytes.Split(text, []byte("\n---")) {
			var crd apiextensionsv1.CustomResourceDefinition
			if yaml.Unmarshal(doc, &crd) != nil || crd.Kind != "CustomResourceDefinition" {
				continue
			}
			for _, v := range crd.Spec.Versions {
				var props apiextensions.JSONSchemaProps
				require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, &props, nil))
				structural, err := structuralschema.NewStructural(&props)
				require.NoError(t, err)
				validator, _, err := validation.NewSchemaValidator(&props)
				require.NoError(t, err)
				all = append(all, served{crd.Spec.Names.Kind + " " + v.Name, crd.Spec.Group + "/" + v.Name, crd.Spec.Names.Kind, structural, validator})
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}

// TestDecodeIsTheAPIServers: what the API server would store of a random object, and what Decode makes of it, are the same
// to the Go type.
func TestDecodeIsTheAPIServers(t *testing.T) {
	compared, refused := 0, 0
	for _, s := range readCRDs(t) {
		for seed := range 300 {
			object := randomObject(rand.New(rand.NewPCG(7, uint64(seed))), s)
			raw, err := json.Marshal(object)
			require.NoError(t, err)
			objects, report := version.Decode(raw)
			if len(objects) == 0 {
				require.NotEmpty(t, validation.ValidateCustomResource(nil, stored(object, s), s.validator), "%s: %s\n%s", s.name, raw, report)
				refused++
				continue
			}
			have := objects[0].Object
			if _, ok := have.(*unstructured.Unstructured); ok {
				continue // XTelemetryPolicy
			}
			want := reflect.New(reflect.TypeOf(have).Elem()).Interface()
			kept := stored(object, s)
			kept["apiVersion"], kept["kind"] = have.GetObjectKind().GroupVersionKind().GroupVersion().String(), have.GetObjectKind().GroupVersionKind().Kind
			text, err := json.Marshal(kept)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, want))
			if !equality.Semantic.DeepEqual(want, have) {
				require.Equal(t, want, have, "%s: %s", s.name, raw)
			}
			compared++
		}
	}
	require.Greater(t, compared, 1000)
	t.Logf("%d objects compared, %d refused by both", compared, refused)
}

// TestPreflightIsTheAPIServers: an object has a Rejected finding exactly where the API server's validation complains.
// CEL rules are neither's to judge here, and combinations of schemas (oneOf) are a rule to Preflight.
func TestPreflightIsTheAPIServers(t *testing.T) {
	to := version.Bundle{Version: consts.BundleVersion, Channel: version.Experimental}
	valid, invalid := 0, 0
	for _, s := range readCRDs(t) {
		for seed := range 300 {
			object := randomObject(rand.New(rand.NewPCG(9, uint64(seed))), s)
			object = stored(object, s)
			errs := validation.ValidateCustomResource(nil, object, s.validator)
			errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
			var want []string
			for _, e := range errs {
				if !strings.Contains(e.Detail, "oneOf") && !strings.Contains(e.Detail, "anyOf") && !strings.Contains(e.Detail, "type ipv") {
					want = append(want, where(e))
				}
			}
			var have []string
			for _, f := range version.Preflight(nil, to, []*unstructured.Unstructured{{Object: object}}) {
				if f.Effect == version.Rejected {
					have = append(have, f.Field)
				}
			}
			slices.Sort(want)
			slices.Sort(have)
			raw, err := json.Marshal(object)
			require.NoError(t, err)
			require.Equal(t, slices.Compact(want), slices.Compact(have), "%s: %s\n%s", s.name, raw, errs.ToAggregate())
			if len(want) > 0 {
				invalid++
			} else {
				valid++
			}
		}
	}
	require.Greater(t, valid, 100)
	require.Greater(t, invalid, 100)
	t.Logf("%d objects valid, %d invalid", valid, invalid)
}

func where(e *field.Error) string { return strings.TrimPrefix(e.Field, "<nil>.") }

// stored returns what the API server makes of an object before it validates it.
func stored(object map[string]any, s served) map[string]any {
	object = runtime.DeepCopyJSON(object)
	pruning.Prune(object, s.structural, true)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	status, had := object["status"]
	defaulting.Default(object, s.structural)
	if delete(object, "status"); had {
		object["status"] = status
	}
	return object
}

// randomObject makes an object of a version: mostly of the right types, sometimes with members that the schema does not
// have, null, and values out of bounds.
func randomObject(r *rand.Rand, s served) map[string]any {
	o := map[string]any{"apiVersion": s.apiVersion, "kind": s.kind, "metadata": map[string]any{"name": "a", "namespace": "b"}}
	spec := s.structural.Properties["spec"]
	o["spec"] = randomValue(r, &spec)
	return o
}

func randomValue(r *rand.Rand, s *structuralschema.Structural) any {
	if s.ValueValidation != nil && len(s.ValueValidation.Enum) > 0 && r.IntN(20) > 0 {
		return s.ValueValidation.Enum[r.IntN(len(s.ValueValidation.Enum))].Object
	}
	switch s.Type {
	case "object":
		return randomMembers(r, s)
	case "array":
		list := []any{}
		for range r.IntN(3) {
			list = append(list, randomValue(r, s.Items))
		}
		return list
	case "integer":
		return int64([...]int{0, 1, 80, 200, 500, 70000, -1}[r.IntN(7)])
	case "boolean":
		return r.IntN(2) == 0
	}
	return [...]string{"a", "b.example.com", "/p", "10s", "example.com/a", "not valid!", ""}[r.IntN(7)]
}

func randomMembers(r *rand.Rand, s *structuralschema.Structural) map[string]any {
	o := map[string]any{}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		member := s.Properties[name]
		required := s.ValueValidation != nil && slices.Contains(s.ValueValidation.Required, name)
		switch n := r.IntN(40); {
		case n == 0:
			o[name] = nil
		case n < 20 || (required && n < 39):
			o[name] = randomValue(r, &member)
		}
	}
	if s.AdditionalProperties != nil {
		for i := range r.IntN(3) {
			o[fmt.Sprintf("example.com/k%d", i)] = randomValue(r, s.AdditionalProperties.Structural)
		}
	} else if r.IntN(30) == 0 {
		o["unknown"] = "x"
	}
	return o
}
