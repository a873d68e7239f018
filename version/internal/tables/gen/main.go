// Command gen writes the tables of package tables from the Gateway API's own releases.
//
//	gen -write generated.go    write the table
//	gen -check generated.go    fail unless the file is what would be written
//
// It reads each release's module through the go command, so that what it reads is what go.sum would accept.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
)

// modulePath is the module whose releases are tabulated.
const modulePath = "sigs.k8s.io/gateway-api"

// toolchain is a Go version that is new enough for every release: the go command refuses to fetch a module that needs a
// newer one.
const toolchain = "go1.27.0+auto"

// releaseNames are the releases, oldest first. Add a new one at the end and run go generate.
var releaseNames = []string{
	"v0.8.0", "v0.8.1", "v1.0.0", "v1.1.0", "v1.1.1", "v1.2.0", "v1.2.1", "v1.3.0", "v1.4.0", "v1.4.1", "v1.5.0", "v1.5.1",
	"v1.6.0", "v1.6.1", "v1.6.2", "v1.6.3", "v1.7.0",
}

func main() {
	write := flag.String("write", "", "`file` to write")
	check := flag.String("check", "", "`file` to compare with")
	flag.Parse()
	if err := run(*write, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(write, check string) error {
	want, err := generate()
	if err != nil {
		return err
	}
	if write != "" {
		return os.WriteFile(write, want, 0o644)
	}
	have, err := os.ReadFile(check)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s is not what the releases say: run go generate ./version/internal/tables", check)
	}
	return nil
}

// generate returns the source text of the table.
func generate() ([]byte, error) {
	t := newTable()
	for _, name := range releaseNames {
		dir, err := download(name)
		if err != nil {
			return nil, err
		}
		if err := t.addRelease(name, dir); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t.source()
}

// download returns the directory of a release in the module cache.
func download(release string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", modulePath+"@"+release)
	cmd.Dir = os.TempDir() // outside any module: the release need not fit this one
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr == nil && module.Error != "" {
		return "", errors.New(module.Error)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s@%s: %w: %s", modulePath, release, err, exit.Stderr)
	}
	return module.Dir, err
}
