package translate_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

const readme = "../README.md"

// TestReadmeTables: the tables in the README are what the committed reports and the table of features say.
func TestReadmeTables(t *testing.T) {
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	want := text
	for name, table := range map[string]string{"conformance": conformanceTable(t), "features": featureTable()} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + `: [^\n]*\n).*?(<!-- /` + name + ` -->)`)
		require.Len(t, block.FindAll(want, -1), 1, name)
		want = block.ReplaceAll(want, []byte("${1}"+table+"${2}"))
	}
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		require.NoError(t, os.WriteFile(readme, want, 0o644))
		return
	}
	require.True(t, string(want) == string(text), "the reports say something else; go test ./translate -run TestReadme -update writes it")
}

func conformanceTable(t *testing.T) string {
	type result struct {
		Statistics          struct{ Failed, Passed, Skipped int }
		SupportedFeatures   []string
		UnsupportedFeatures []string
	}
	type profile struct {
		Name           string
		Core, Extended result
	}
	var b strings.Builder
	b.WriteString("| suite | profile | core passed/failed | extended passed/failed | skipped | Extended features | not supported |\n|---|---|---|---|---|---|---|\n")
	reports, err := filepath.Glob("../conformance/reports/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, reports)
	for _, path := range reports {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var report struct {
			GatewayAPIVersion string
			Profiles          []profile
		}
		require.NoError(t, yaml.Unmarshal(text, &report))
		slices.SortFunc(report.Profiles, func(a, b profile) int { return cmp.Compare(a.Name, b.Name) }) // the suite has no order
		for _, p := range report.Profiles {
			core, extended := p.Core.Statistics, p.Extended.Statistics
			fmt.Fprintf(&b, "| %s | %s | %d/%d | %d/%d | %d | %d | %s |\n", report.GatewayAPIVersion, p.Name,
				core.Passed, core.Failed, extended.Passed, extended.Failed, core.Skipped+extended.Skipped,
				len(p.Extended.SupportedFeatures), strings.Join(p.Extended.UnsupportedFeatures, ", "))
		}
	}
	return b.String()
}

// featureTable has a row per feature, and one for all of mesh.
func featureTable() string {
	var b strings.Builder
	b.WriteString("| feature | since | supported |\n|---|---|---|\n")
	mesh := 0
	for _, f := range translate.Features() {
		supported := cmp.Or(f.Unsupported, "yes")
		if f.Host != "" {
			supported = "yes, if the host " + f.Host
		}
		if strings.HasPrefix(string(f.Name), "Mesh") {
			if mesh++; mesh == 1 {
				fmt.Fprintf(&b, "| Mesh, Mesh… | %s | %s |\n", span(f.Name), supported)
			}
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Name, span(f.Name), supported)
	}
	return b.String()
}

// span is the releases whose suites know a feature.
func span(name gwv1.FeatureName) string {
	var first, last string
	for _, release := range version.Releases() {
		for _, f := range version.Features(release) {
			if f.Name == string(name) {
				first, last = cmp.Or(first, release), release
			}
		}
	}
	if all := version.Releases(); last != all[len(all)-1] {
		return first + " – " + last
	}
	return first
}

// TestReadmeExamples: the programs in the README compile.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1)
	require.NotEmpty(t, programs)
	dir, err := os.MkdirTemp(".", "readme")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	for i, code := range programs {
		of := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.Mkdir(of, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(of, "host.go"), code[1], 0o600))
	}
	out, err := exec.Command("go", "vet", "./"+dir+"/...").CombinedOutput()
	require.NoError(t, err, string(out))
}
