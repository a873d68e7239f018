package goldentest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/gatewayxds/gatewayxds/translate"
)

const updateFlag = "update"

func init() {
	if flag.Lookup(updateFlag) == nil {
		flag.Bool(updateFlag, false, "write the golden files instead of comparing with them")
	}
}

func updating() bool { return flag.Lookup(updateFlag).Value.String() == "true" }

const (
	xdsFile    = "xds.yaml"
	statusFile = "status.yaml"
)

// Compare fails the test for each difference between a result and the golden files xds.yaml and status.yaml of a
// directory, and shows it as a unified diff. With the flag -update it writes the files.
func Compare(tb testing.TB, dir string, result *translate.Result) {
	tb.Helper()
	xds, err := renderResources(result)
	if err != nil {
		tb.Fatalf("%s: %v", dir, err)
	}
	statuses, err := renderStatuses(&result.Statuses)
	if err != nil {
		tb.Fatalf("%s: %v", dir, err)
	}
	compareFile(tb, filepath.Join(dir, xdsFile), xds)
	compareFile(tb, filepath.Join(dir, statusFile), statuses)
}

func compareFile(tb testing.TB, path, got string) {
	tb.Helper()
	golden, err := os.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		tb.Fatal(err)
	}
	if !missing && string(golden) == got {
		return
	}
	if updating() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	if missing {
		tb.Errorf("%s is missing; go test -update writes it", path)
		return
	}
	tb.Errorf("%s: the result differs; go test -update writes it:\n%s", path, diff(string(golden), got))
}

func diff(golden, got string) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(golden), B: difflib.SplitLines(got),
		FromFile: "golden", ToFile: "result", Context: 5,
	})
	if err != nil {
		return err.Error()
	}
	return text
}
