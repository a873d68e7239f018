package tables

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestShape holds what the readers of the table rely on.
func TestShape(t *testing.T) {
	for i, n := range nodes {
		for j, f := range n.Fields {
			require.NotNil(t, f.Node.Get())
			require.Less(t, int(f.Node), i, "node %d: what it is made of stands before it", i)
			if j > 0 {
				require.Less(t, n.Fields[j-1].Name, f.Name, "node %d: fields are sorted", i)
			}
			require.Same(t, f.Node.Get(), nodes[i].Field(f.Name))
		}
	}
	for _, c := range crds {
		storage := 0
		for _, v := range c.Versions {
			require.NotNil(t, v.Schema.Get(), "%s %s", c.Kind, v.Name)
			if v.Storage {
				storage++
			}
		}
		require.Equal(t, 1, storage, c.Kind)
	}
	require.NotEmpty(t, compiled())
	require.NotEmpty(t, releases)
	require.Nil(t, ID(0).Get())
	require.Nil(t, ID(65535).Get())
	require.Nil(t, (*Node)(nil).Field("spec"))
}
