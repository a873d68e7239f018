package translate_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"
	suite "sigs.k8s.io/gateway-api/pkg/features"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// releases are those whose suites the library answers to.
var releases = []string{"v1.6.3", "v1.7.0"}

// lacks: the linked release has no fields for a feature.
func lacks(name gwv1.FeatureName) bool {
	return consts.BundleVersion == "v1.6.3" &&
		slices.Contains([]gwv1.FeatureName{"GatewayListenerFilters", "GatewayAddressRoutability", "GatewayAddressRoutabilityCluster"}, name)
}

// TestEveryFeatureIsDecided: a feature of a suite is either supported or argued out, and no other is.
func TestEveryFeatureIsDecided(t *testing.T) {
	known := map[gwv1.FeatureName]bool{}
	for _, release := range releases {
		require.NotEmpty(t, version.Features(release), release)
		for _, f := range version.Features(release) {
			known[gwv1.FeatureName(f.Name)] = true
		}
	}
	for f := range suite.AllFeatures { // of the linked release
		known[gwv1.FeatureName(f.Name)] = true
	}
	decided := map[gwv1.FeatureName]bool{}
	for _, f := range translate.Features() {
		require.True(t, known[f.Name], "no suite knows %s", f.Name)
		require.False(t, decided[f.Name], "%s is there twice", f.Name)
		decided[f.Name] = true
		claimed := slices.Contains(translate.SupportedFeatures(), f.Name)
		require.Equal(t, f.Unsupported == "" && f.Host == "" && !lacks(f.Name), claimed, f.Name)
		claimed = slices.Contains(translate.SupportedFeatures(f.Name, "Nonsense"), f.Name)
		require.Equal(t, f.Unsupported == "" && !lacks(f.Name), claimed, f.Name)
		require.True(t, f.Unsupported == "" || f.Host == "", f.Name)
	}
	for name := range known {
		require.True(t, decided[name], "%s is neither supported nor argued out: give it a row in features.go", name)
	}
	require.True(t, slices.IsSortedFunc(translate.Features(), func(a, b translate.Feature) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}))
}
