// Package sandbox runs a test binary inside Linux namespaces of its own, without root: what it starts can reach nothing
// outside, nothing outside can collide with it, and all of it ends when the test process does, also by SIGKILL.
//
//	go test ── Main (outside) ── clone ──► Main (inside, PID 1, root of its own user namespace)
//	             waits                        network: lo and a bridge │ mounts: /proc, a tmpfs at Dir
package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dir is the private tmpfs of the sandbox. It is gone with it.
var Dir = os.Getenv(dirVariable)

// dirVariable tells the process inside that it is inside, and where its tmpfs lies.
const dirVariable = "GATEWAYXDS_SANDBOX_DIR"

func init() {
	// A parent-death signal belongs to the thread that started the child. The main goroutine starts the sandbox, so it
	// must stay on the thread that lives as long as the process.
	runtime.LockOSThread()
}

// Main runs inside in a sandbox and returns its exit status. It must be called from the main goroutine, as TestMain is.
// The first call, outside, runs prepare, which may use the network and whose environment variables ("K=V") reach the
// inside; it then starts the same binary with the same arguments again.
func Main(prepare func() ([]string, error), inside func() int) int {
	if Dir != "" {
		if err := enter(); err != nil {
			fmt.Fprintln(os.Stderr, "conformance:", err)
			return 1
		}
		return inside()
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "conformance: tie this process to its parent:", err)
		return 1
	}
	env, err := prepare()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		return 1
	}
	status, err := start(env)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		return 1
	}
	return status
}

// start runs this binary again in new namespaces and waits for it.
func start(env []string) (int, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return 0, fmt.Errorf("find the user's cache directory: %w", err)
	}
	dir := filepath.Join(cache, "gatewayxds", "run") // only a mount point: every sandbox mounts its own tmpfs there
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	env = append(append(os.Environ(), env...), dirVariable+"="+dir)

	cmd := command(env, syscall.CLONE_NEWUSER)
	err = cmd.Start()
	if err != nil && os.Geteuid() == 0 {
		cmd = command(env, 0) // user namespaces are switched off, but root needs none
		err = cmd.Start()
	}
	if err != nil {
		return 0, unavailable(err)
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// command is this binary in new namespaces.
func command(env []string, extra uintptr) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: extra | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig: syscall.SIGKILL, // to PID 1 of the PID namespace: the kernel then ends every process in it
	}
	if extra&syscall.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// enter finishes the sandbox from the inside.
func enter() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return unavailable(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return unavailable(err)
	}
	if err := unix.Mount("tmpfs", Dir, "tmpfs", 0, "mode=0755"); err != nil {
		return unavailable(err)
	}
	if err := os.Setenv("TMPDIR", Dir); err != nil {
		return err
	}
	return createBridge()
}

// unavailable is the one sentence for a machine that cannot hold a sandbox.
func unavailable(err error) error {
	return fmt.Errorf("this machine does not let an ordinary user create namespaces (%w): allow unprivileged user "+
		"namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0) or run as root", err)
}
