package sandbox_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
)

// role makes this test binary the program in the sandbox; its value, inherited, marks every process that it starts.
const role = "SANDBOX_TEST_MARK"

func TestMain(m *testing.M) {
	if mark := os.Getenv(role); mark != "" {
		os.Exit(sandbox.Main(func() ([]string, error) { return []string{"PREPARED=yes"}, nil }, inside))
	}
	os.Exit(m.Run())
}

// inside starts a process in a namespace, says what it sees and stays.
func inside() int {
	namespace, err := sandbox.NewNamespace(1, "pod-1", "10.244.1.1", "10.245.0.1")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var seen bytes.Buffer
	cmd := exec.Command("sh", "-c", "hostname; cat /proc/net/fib_trie; echo $PREPARED; exec sleep 1000")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if err := namespace.Do(cmd.Start); err != nil {
		fmt.Println(err)
		return 1
	}
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() && scanner.Text() != "yes" {
		fmt.Fprintln(&seen, scanner.Text())
	}
	_, refused := net.DialTimeout("tcp", "192.0.2.1:80", time.Second)
	fmt.Printf("pid %d, host pod-1: %t, both addresses: %t, outside: %v\nready\n", os.Getpid(), strings.HasPrefix(seen.String(), "pod-1\n"),
		strings.Contains(seen.String(), "10.244.1.1") && strings.Contains(seen.String(), "10.245.0.1"), refused)
	time.Sleep(time.Minute)
	return 0
}

// TestSIGKILL: nothing survives the death of the process outside, for root and for anyone.
func TestSIGKILL(t *testing.T) {
	users := map[string]*syscall.Credential{"me": nil}
	if os.Geteuid() == 0 {
		users["nobody"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for name, user := range users {
		t.Run(name, func(t *testing.T) {
			home, err := os.MkdirTemp("/tmp", "sandbox-test-")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, os.RemoveAll(home)) })
			require.NoError(t, os.Chmod(home, 0o777))
			binary := filepath.Join(home, "binary")
			self, err := os.ReadFile("/proc/self/exe")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(binary, self, 0o755))

			mark := fmt.Sprintf("mark-%d-%s", os.Getpid(), name)
			cmd := exec.Command(binary)
			cmd.Env = append(os.Environ(), role+"="+mark, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var said []string
			for scanner := bufio.NewScanner(stdout); scanner.Scan() && scanner.Text() != "ready"; {
				said = append(said, scanner.Text())
			}
			require.Equal(t, []string{"pid 1, host pod-1: true, both addresses: true, outside: dial tcp 192.0.2.1:80: connect: network is unreachable"}, said)
			require.Positive(t, marked(t, mark))

			require.NoError(t, cmd.Process.Kill())
			require.Error(t, cmd.Wait())
			require.Eventually(t, func() bool { return marked(t, mark) == 0 }, 10*time.Second, 10*time.Millisecond)
		})
	}
}

// marked counts processes with the mark in their environment.
func marked(t *testing.T, mark string) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	count := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && bytes.Contains(content, []byte(role+"="+mark)) {
			count++
		}
	}
	return count
}
