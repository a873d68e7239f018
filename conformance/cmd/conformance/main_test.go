package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/gateway-api/conformance/tests"
)

// TestQuickTests: go test runs nothing, and passes, for a name that does not exist.
func TestQuickTests(t *testing.T) {
	names := map[string]bool{}
	for _, test := range tests.ConformanceTests {
		names[test.ShortName] = true
	}
	for name := range strings.SplitSeq(quickTests, ",") {
		require.True(t, names[name], name)
	}
}
