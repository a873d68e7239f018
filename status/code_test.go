package status

import (
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestEveryCodeHasARow(t *testing.T) {
	names := map[string]bool{}
	for code := range Codes() {
		row := codes[code]
		require.NotEmpty(t, row.name, "code %d", code)
		require.NotEmpty(t, row.effects, row.name)
		require.False(t, names[row.name], "%s: two codes have this name", row.name)
		names[row.name] = true
		require.Equal(t, row.name, code.String())
	}
	require.Equal(t, "Code(0)", Code(0).String())
	require.Equal(t, "Code(255)", Code(255).String())
}

func TestRouteWithoutProblemAllocatesTwice(t *testing.T) {
	facts := RouteFacts{Parents: []ParentFacts{{Ref: gwv1.ParentReference{Name: "gw"}}}}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { facts.Desired() }), 2.0)
}
