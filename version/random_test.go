package version

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

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
