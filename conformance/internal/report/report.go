// Package report reads the suite's reports, compares them and tabulates them.
package report

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/yaml"
)

// Read reads a report of the suite.
func Read(path string) (*conformancev1.ConformanceReport, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	report := &conformancev1.ConformanceReport{}
	if err := yaml.UnmarshalStrict(content, report); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return report, nil
}

// Regressions says, one sentence each, in what now is worse than before: a test fails or is skipped that did not and
// was not, a feature is no longer claimed, a profile is gone.
func Regressions(before, now *conformancev1.ConformanceReport) []string {
	var worse []string
	for _, old := range before.ProfileReports {
		i := slices.IndexFunc(now.ProfileReports, func(p conformancev1.ProfileReport) bool { return p.Name == old.Name })
		if i < 0 {
			worse = append(worse, fmt.Sprintf("profile %s is not reported any more", old.Name))
			continue
		}
		profile := now.ProfileReports[i]
		oldTests, oldFeatures := extended(old)
		tests, features := extended(profile)
		for _, part := range []struct {
			verb        string
			before, now []string
		}{
			{"fails now", old.Core.FailedTests, profile.Core.FailedTests},
			{"is skipped now", old.Core.SkippedTests, profile.Core.SkippedTests},
			{"fails now", oldTests.FailedTests, tests.FailedTests},
			{"is skipped now", oldTests.SkippedTests, tests.SkippedTests},
			{"is not claimed any more", features, oldFeatures}, // the other way round: what is missing now
		} {
			for _, name := range part.now {
				if !slices.Contains(part.before, name) {
					worse = append(worse, fmt.Sprintf("%s: %s %s", old.Name, name, part.verb))
				}
			}
		}
	}
	slices.Sort(worse)
	return slices.Compact(worse)
}

// extended returns the extended part of a profile, which may be missing, and its claimed features.
func extended(profile conformancev1.ProfileReport) (conformancev1.Status, []string) {
	if profile.Extended == nil {
		return conformancev1.Status{}, nil
	}
	return profile.Extended.Status, profile.Extended.SupportedFeatures
}

// Failures lists the failed tests of a report.
func Failures(report *conformancev1.ConformanceReport) []string {
	var failed []string
	for _, profile := range report.ProfileReports {
		tests, _ := extended(profile)
		failed = append(failed, slices.Concat(profile.Core.FailedTests, tests.FailedTests)...)
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}

// Table is the reports as a Markdown table, a row per version and profile; the suite writes profiles in any order.
func Table(reports ...*conformancev1.ConformanceReport) string {
	var table strings.Builder
	table.WriteString("| Gateway API | Profile | Core passed | failed | Extended passed | failed | Extended features |\n")
	table.WriteString("|---|---|---|---|---|---|---|\n")
	for _, report := range reports {
		byName := func(a, b conformancev1.ProfileReport) int { return cmp.Compare(a.Name, b.Name) }
		for _, profile := range slices.SortedFunc(slices.Values(report.ProfileReports), byName) {
			tests, features := extended(profile)
			all := len(features)
			if profile.Extended != nil {
				all += len(profile.Extended.UnsupportedFeatures)
			}
			fmt.Fprintf(&table, "| %s | %s | %d | %d | %d | %d | %d of %d |\n", report.GatewayAPIVersion, profile.Name,
				profile.Core.Passed, profile.Core.Failed,
				tests.Passed, tests.Failed, len(features), all)
		}
	}
	return table.String()
}
