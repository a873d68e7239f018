package testbed

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/cluster"
	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
)

// A Host describes one process of examples/controlplane.
type Host struct {
	// Name tells hosts apart, in the names of their logs.
	Name           string
	ControllerName gwv1.GatewayController
	// ClassName is the GatewayClass that the testbed creates for it.
	ClassName string
	// Number, from 0, chooses its ports.
	Number int
}

// DefaultHost is the host that the suite judges.
func DefaultHost() Host {
	return Host{Name: "controlplane", ControllerName: ControllerName, ClassName: ClassName}
}

func (h Host) xdsAddress() string { return fmt.Sprintf("%s:%d", sandbox.BridgeIP, 18000+h.Number) }

// MetricsURL is where it serves /metrics and /readyz.
func (h Host) MetricsURL() string { return fmt.Sprintf("http://127.0.0.1:%d", 18100+h.Number) }

// claims are the features that take more than the library. The host drops those that the release at hand does not know.
var claims = []string{
	"ClusterTrustBundle",               // the API server serves them (package cluster), the host watches them
	"GatewayAddressRoutability",        // the host says it of every address, as our Services tell it (package gateway)
	"GatewayAddressRoutabilityCluster", // we give cluster IPs to who asks for them, and lead them to Envoy (packages gateway, kubelet)
	"GatewayInfrastructure",            // we put it on all that we deploy for a Gateway (package gateway)
}

// NewHost returns the process of a host, not started yet.
func (b *Testbed) NewHost(h Host, flags ...string) *cluster.Process {
	return cluster.NewProcess(b.Cluster.Dir, h.Name, b.Programs.Host, append([]string{
		"--kubeconfig=" + b.Cluster.Kubeconfig,
		"--controller-name=" + string(h.ControllerName),
		"--enable=all",
		"--claim=" + strings.Join(claims, ","),
		"--xds-address=" + h.xdsAddress(),
		"--metrics-address=" + fmt.Sprintf("127.0.0.1:%d", 18100+h.Number),
	}, flags...)...)
}

// StartHost starts a host and waits until it is ready.
func StartHost(h Host, process *cluster.Process) error {
	if err := process.Start(); err != nil {
		return err
	}
	return process.WaitReady(func() error {
		response, err := http.Get(h.MetricsURL() + "/readyz")
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz answers %s", response.Status)
		}
		return nil
	})
}

// StopHost ends a host as an orchestrator would.
func StopHost(process *cluster.Process) error { return process.Signal(syscall.SIGTERM) }

// KeepLogs copies the logs of hosts out of the sandbox.
func (b *Testbed) KeepLogs(hosts ...*cluster.Process) error {
	for _, process := range hosts {
		content, err := os.ReadFile(process.LogPath())
		if err != nil {
			return err
		}
		path := filepath.Join(b.Evidence, filepath.Base(process.LogPath()))
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
		fmt.Println("log:", path)
	}
	return nil
}

// Metrics returns the host's metrics, each summed over its labels.
func (h Host) Metrics() (map[string]float64, error) {
	response, err := http.Get(h.MetricsURL() + "/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	for line := range strings.Lines(string(body)) {
		labelled, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		// Label values may hold spaces; ours hold none, and those of others do not matter here.
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			name, _, _ := strings.Cut(labelled, "{")
			sums[name] += number
		}
	}
	return sums, nil
}
