// Command conformance runs the official Gateway API conformance suite, from nothing to its report, in one go:
//
//	go run ./cmd/conformance                          v1.6.3, whole, compared with reports/v1.6.3.yaml
//	go run ./cmd/conformance -version v1.7.0          with the toolchain that v1.7.0 needs
//	go run ./cmd/conformance -version all -update     both, and the reports are what they say now
//	go run ./cmd/conformance -test HTTPRouteMatching  single tests, with short timeouts
//	go run ./cmd/conformance -quick                   a choice of tests that takes a minute
//	go run ./cmd/conformance -table                   the reports as a table
//
// A whole run ends with our own tests of what the version's features promise and no test of the suite covers.
//
// It ends with an error when something that passes in the report does not pass now. What a failing test left behind lies
// in the directory that is printed. Arguments after the flags go to the suite's test binary.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/report"
)

// A version of the suite is a module file, and the toolchain that it asks for.
type version struct {
	name, modFile, toolchain string
	own                      string // package of our own tests, if any
}

var versions = []version{
	{name: "v1.6.3", modFile: "go.mod", toolchain: "auto"},
	{name: "v1.7.0", modFile: "go170.mod", toolchain: "go1.27.0", own: "./claims"},
}

// quickTimeouts let a failing test fail in seconds. A whole run has the suite's own.
const quickTimeouts = "NamespacesMustBeReady:30;MaxTimeToConsistency:10;GatewayMustHaveAddress:10;" +
	"GatewayMustHaveCondition:10;GatewayStatusMustHaveListeners:10;GatewayListenersMustHaveConditions:10;" +
	"HTTPRouteMustHaveCondition:10;RouteMustHaveParents:10;LatestObservedGenerationSet:10"

// quickTests touch every part in under a minute.
const quickTests = "GatewayModifyListeners,GatewaySecretReferenceGrantSpecific,GRPCRouteHeaderMatching,GRPCRouteWeight," +
	"HTTPRouteCORS,HTTPRouteHTTPSListener,HTTPRouteMatching,HTTPRouteReferenceGrant,HTTPRouteRequestMirror," +
	"HTTPRouteRewritePath,HTTPRouteTimeoutRequest,HTTPRouteWeight,ListenerSetHTTPRouting,TCPRouteWeightedRouting," +
	"TLSRouteSimpleSameNamespace,UDPRoute"

var (
	chosen = flag.String("version", "v1.6.3", "version of the Gateway API: v1.6.3, v1.7.0 or all")
	test   = flag.String("test", "", "run only these tests, comma-separated short names, and write no report")
	quick  = flag.Bool("quick", false, "run a choice of tests, as with -test")
	update = flag.Bool("update", false, "replace the committed reports")
	table  = flag.Bool("table", false, "print the committed reports as a table and run nothing")
)

func init() {
	runtime.LockOSThread() // the suite ends with the thread that starts it
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run() error {
	if _, err := os.Stat(filepath.Join("tools", "kubernetes", "go.mod")); err != nil {
		return fmt.Errorf("run this in the directory of the conformance module: %w", err)
	}
	if *table {
		return printTable()
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("tie this process to its parent: %w", err)
	}
	if *quick {
		*test = quickTests
	}
	var errs []error
	known := false
	for _, v := range versions {
		if *chosen != v.name && *chosen != "all" {
			continue
		}
		known = true
		if err := v.run(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.name, err))
		}
	}
	if !known {
		return fmt.Errorf("no version %q", *chosen)
	}
	return errors.Join(errs...)
}

// run runs the suite once, and our own tests.
func (v version) run() error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	binary := filepath.Join(cache, "gatewayxds", "suite-"+v.name+".test")
	fmt.Fprintf(os.Stderr, "conformance: building the suite of %s\n", v.name)
	if err := v.command("go", "test", "-c", "-modfile="+v.modFile, "-o", binary, ".").Run(); err != nil {
		return fmt.Errorf("build the suite: %w", err)
	}
	if *test != "" {
		single := "TestConformance/^(" + strings.ReplaceAll(*test, ",", "|") + ")$"
		args := []string{"-test.v", "-test.run", single, "-timeout-config-overrides", quickTimeouts}
		return v.command(binary, append(args, flag.Args()...)...).Run()
	}
	scratch, err := os.MkdirTemp("", "gatewayxds-report-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	written := filepath.Join(scratch, v.name+".yaml")
	args := []string{"-test.v", "-test.run", "TestConformance", "-test.timeout", "1h", "-report-output", written}
	err = v.judge(written, v.command(binary, append(args, flag.Args()...)...).Run())
	return errors.Join(err, v.runOwn())
}

func (v version) runOwn() error {
	if v.own == "" {
		return nil
	}
	if err := v.command("go", "test", "-count=1", "-v", "-modfile="+v.modFile, v.own).Run(); err != nil {
		return fmt.Errorf("%s: %w", v.own, err)
	}
	return nil
}

// judge compares a new report with the committed one, or replaces that.
func (v version) judge(written string, outcome error) error {
	now, err := report.Read(written)
	if err != nil {
		return errors.Join(outcome, err)
	}
	if outcome != nil && len(report.Failures(now)) == 0 {
		return fmt.Errorf("the suite did not come to its end: %w", outcome)
	}
	for _, name := range report.Failures(now) {
		fmt.Fprintln(os.Stderr, "conformance:", v.name, "fails", name)
	}
	fmt.Print(report.Table(now))
	committed := filepath.Join("reports", v.name+".yaml")
	if *update {
		content, err := os.ReadFile(written)
		if err != nil {
			return err
		}
		return os.WriteFile(committed, content, 0o644)
	}
	before, err := report.Read(committed)
	if err != nil {
		return err
	}
	if worse := report.Regressions(before, now); len(worse) > 0 {
		return fmt.Errorf("worse than %s:\n%s", committed, strings.Join(worse, "\n"))
	}
	return nil
}

// command is a program that shows what it writes, knows the version's toolchain, and ends with this process.
func (v version) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN="+v.toolchain)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func printTable() error {
	var all []*conformancev1.ConformanceReport
	for _, v := range versions {
		r, err := report.Read(filepath.Join("reports", v.name+".yaml"))
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	fmt.Print(report.Table(all...))
	return nil
}
