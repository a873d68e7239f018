package translate_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const readme = "../README.md"

// TestReadmeConformance: the table in the README is what the committed reports say.
func TestReadmeConformance(t *testing.T) {
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	block := regexp.MustCompile(`(?s)(<!-- conformance: [^\n]*\n).*?(<!-- /conformance -->)`)
	want := block.ReplaceAll(text, []byte("${1}"+conformanceTable(t)+"${2}"))
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		require.NoError(t, os.WriteFile(readme, want, 0o644))
		return
	}
	require.Equal(t, string(want), string(text), "go test -run TestReadme -update writes it")
}

func conformanceTable(t *testing.T) string {
	type result struct {
		Statistics          struct{ Failed, Passed, Skipped int }
		SupportedFeatures   []string
		UnsupportedFeatures []string
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
			Profiles          []struct {
				Name           string
				Core, Extended result
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &report))
		for _, p := range report.Profiles {
			core, extended := p.Core.Statistics, p.Extended.Statistics
			fmt.Fprintf(&b, "| %s | %s | %d/%d | %d/%d | %d | %d | %s |\n", report.GatewayAPIVersion, p.Name,
				core.Passed, core.Failed, extended.Passed, extended.Failed, core.Skipped+extended.Skipped,
				len(p.Extended.SupportedFeatures), strings.Join(p.Extended.UnsupportedFeatures, ", "))
		}
	}
	return b.String()
}

// TestReadmeExample: the program in the README compiles.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	code := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, code)
	dir, err := os.MkdirTemp(".", "readme")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "host.go"), code[1], 0o600))
	out, err := exec.Command("go", "build", "./"+dir).CombinedOutput()
	require.NoError(t, err, string(out))
}
