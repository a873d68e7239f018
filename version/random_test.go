package version

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// TestEveryVersion makes objects of every version of every kind of every release from its own schema, fields old and new,
// and holds that each loads with nothing lost, and comes back from Encode as the same object.
func TestEveryVersion(t *testing.T) {
	perVersion := 12
	if testing.Short() {
		perVersion = 2
	}
	count := 0
	for _, release := range tables.Releases() {
		for _, i := range release.Experimental {
			crd := tables.Get(i)
			for _, v := range crd.Versions {
				for seed := range perVersion {
					name := fmt.Sprintf("%s %s %s %d", release.Name, crd.Kind, v.Name, seed)
					r := rand.New(rand.NewPCG(uint64(count), uint64(seed)))
					in := randomObject(r, crd, v)
					objects, report := Decode(in)
					require.Len(t, objects, 1, "%s\n%s\n%s", name, in, report)
					checkNothingLost(t, in, objects, report)
					checkRoundTrip(t, objects[0])
					again, _ := Convert(mustRead(t, in))
					require.Equal(t, objects[0].Object, again.Object, name)
					count++
				}
			}
		}
	}
	t.Logf("%d objects", count)
}

// TestBrokenObjects puts values of wrong types into such objects, wherever: nothing panics, and what still loads has
// lost nothing.
func TestBrokenObjects(t *testing.T) {
	perVersion := 15
	if testing.Short() {
		perVersion = 4
	}
	loaded, refused := 0, 0
	for _, release := range tables.Releases() {
		for _, i := range release.Experimental {
			crd := tables.Get(i)
			for _, v := range crd.Versions {
				for seed := range perVersion {
					r := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
					u := mustRead(t, randomObject(r, crd, v))
					for range 1 + r.IntN(3) {
						u.Object["spec"] = broken(r, u.Object["spec"])
					}
					Preflight(CRDs(Bundle{release.Name, Experimental}), Bundle{"v1.7.0", Experimental}, []*unstructured.Unstructured{u})
					in, err := json.Marshal(u.Object)
					require.NoError(t, err)
					objects, report := Decode(in)
					if len(objects) == 0 {
						require.NotEmpty(t, report.Only(Invalid), "%s", in)
						refused++
						continue
					}
					checkNothingLost(t, in, objects, report)
					Encode(objects[0], objects[0].GVK)
					loaded++
				}
			}
		}
	}
	t.Logf("%d loaded, %d refused", loaded, refused)
}

// broken replaces some value in another by one of any type, at a depth that is random too.
func broken(r *rand.Rand, v any) any {
	if r.IntN(4) > 0 {
		switch v := v.(type) {
		case map[string]any:
			if len(v) > 0 {
				name := sortedKeys(v)[r.IntN(len(v))]
				v[name] = broken(r, v[name])
				return v
			}
		case []any:
			if len(v) > 0 {
				i := r.IntN(len(v))
				v[i] = broken(r, v[i])
				return append(v, deepCopy(v[i])) // two alike are compared with each other
			}
		}
	}
	return [...]any{nil, true, int64(7), 1.5, "x", "", []any{}, []any{nil}, map[string]any{}, map[string]any{"a": nil}}[r.IntN(10)]
}

func randomObject(r *rand.Rand, crd *tables.CRD, v tables.Version) []byte {
	root := v.Schema.Get()
	o := map[string]any{
		"apiVersion": crd.Group + "/" + v.Name, "kind": crd.Kind,
		"metadata": map[string]any{"name": "a", "namespace": "b"},
		"spec":     randomValue(r, root.Field("spec")),
	}
	out, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return out
}

// randomValue makes a value of a schema's type. The members that are required are there and about half of the others.
func randomValue(r *rand.Rand, n *tables.Node) any {
	if len(n.Enum) > 0 {
		var v any
		if err := json.Unmarshal([]byte(n.Enum[r.IntN(len(n.Enum))]), &v); err != nil {
			panic(err)
		}
		return v
	}
	switch n.Type {
	case "object":
		o := map[string]any{}
		for _, f := range n.Fields {
			if slices.Contains(n.Required, f.Name) || r.IntN(2) == 0 {
				o[f.Name] = randomValue(r, f.Node.Get())
			}
		}
		if n.Values != 0 {
			for i := range r.IntN(3) {
				o[fmt.Sprintf("example.com/k%d", i)] = randomValue(r, n.Values.Get())
			}
		}
		return o
	case "array":
		list := []any{}
		for range 1 + r.IntN(2) { // an empty list with a default is not written by its Go type, and so comes back as the default
			list = append(list, randomValue(r, n.Items.Get()))
		}
		return list
	case "integer":
		return r.IntN(100)
	case "boolean":
		return r.IntN(2) == 0
	case "string":
		if n.Format == "date-time" {
			return "2024-01-02T03:04:05Z"
		}
		return [...]string{"a", "b", "Gateway", "XListenerSet", "gateway.networking.x-k8s.io", ""}[r.IntN(6)]
	}
	return r.IntN(5)
}
