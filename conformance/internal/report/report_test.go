package report_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/report"
)

func oneProfile(failed, skipped, features []string) *conformancev1.ConformanceReport {
	return &conformancev1.ConformanceReport{
		GatewayAPIVersion: "v1.6.3",
		ProfileReports: []conformancev1.ProfileReport{{
			Name: "GATEWAY-HTTP",
			Core: conformancev1.Status{FailedTests: failed, Statistics: conformancev1.Statistics{Passed: 30, Failed: uint32(len(failed))}},
			Extended: &conformancev1.ExtendedStatus{
				Status:            conformancev1.Status{SkippedTests: skipped},
				SupportedFeatures: features, UnsupportedFeatures: []string{"HTTPRouteTime"},
			},
		}},
	}
}

func TestRegressions(t *testing.T) {
	for name, test := range map[string]struct {
		before, now *conformancev1.ConformanceReport
		want        []string
	}{
		"same":      {oneProfile([]string{"A"}, nil, nil), oneProfile([]string{"A"}, nil, nil), nil},
		"better":    {oneProfile([]string{"A"}, nil, nil), oneProfile(nil, nil, []string{"F"}), nil},
		"fails":     {oneProfile([]string{"A"}, nil, nil), oneProfile([]string{"A", "B"}, nil, nil), []string{"GATEWAY-HTTP: B fails now"}},
		"skipped":   {oneProfile(nil, nil, nil), oneProfile(nil, []string{"C"}, nil), []string{"GATEWAY-HTTP: C is skipped now"}},
		"unclaimed": {oneProfile(nil, nil, []string{"F"}), oneProfile(nil, nil, nil), []string{"GATEWAY-HTTP: F is not claimed any more"}},
		"profile":   {oneProfile(nil, nil, nil), &conformancev1.ConformanceReport{}, []string{"profile GATEWAY-HTTP is not reported any more"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, report.Regressions(test.before, test.now))
		})
	}
}

func TestTable(t *testing.T) {
	two := oneProfile([]string{"A"}, nil, []string{"F"})
	two.ProfileReports = append(two.ProfileReports, conformancev1.ProfileReport{Name: "GATEWAY-GRPC"})
	require.Equal(t, ""+
		"| Gateway API | Profile | Core passed | failed | Extended passed | failed | Extended features |\n"+
		"|---|---|---|---|---|---|---|\n"+
		"| v1.6.3 | GATEWAY-GRPC | 0 | 0 | 0 | 0 | 0 of 0 |\n"+
		"| v1.6.3 | GATEWAY-HTTP | 30 | 1 | 0 | 0 | 1 of 2 |\n",
		report.Table(two))
}
