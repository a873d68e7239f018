// Package faults breaks things while requests run: what nobody's suite has. Each test says what it counted.
package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/cluster"
	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
)

// Two hosts share the cluster: the one under test, and a neighbour with another controller name.
var (
	host      = testbed.DefaultHost()
	neighbour = testbed.Host{Name: "neighbour", ControllerName: "gatewayxds.dev/neighbour", ClassName: "neighbour", Number: 1}

	bed           *testbed.Testbed
	hostProcess   *cluster.Process
	neighbourhood *cluster.Process
)

func TestMain(m *testing.M) {
	os.Exit(testbed.Main(func() int {
		if err := start(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "faults:", err)
			return 1
		}
		status := m.Run()
		if status != 0 {
			if err := bed.KeepLogs(hostProcess, neighbourhood); err != nil {
				fmt.Fprintln(os.Stderr, "faults:", err)
			}
		}
		return status
	}))
}

func start(ctx context.Context) error {
	var err error
	if bed, err = testbed.Start(ctx, host, neighbour); err != nil {
		return err
	}
	hostProcess, neighbourhood = bed.NewHost(host), bed.NewHost(neighbour)
	return errors.Join(testbed.StartHost(host, hostProcess), testbed.StartHost(neighbour, neighbourhood))
}

// envoyOf is the pod of a Gateway's Envoy.
func envoyOf(t *testing.T, namespace, name string) types.NamespacedName {
	t.Helper()
	var pods corev1.PodList
	require.NoError(t, bed.Client.List(t.Context(), &pods, client.InNamespace(namespace),
		client.MatchingLabels{gwv1.GatewayNameLabelKey: name}))
	require.Len(t, pods.Items, 1)
	return client.ObjectKeyFromObject(&pods.Items[0])
}

// metric is the sum of a metric of a host over all its labels.
func metric(t *testing.T, h testbed.Host, name string) float64 {
	t.Helper()
	metrics, err := h.Metrics()
	require.NoError(t, err)
	return metrics[name]
}

// steady waits until a host has written no status for a second.
func steady(t *testing.T, s *scene.Scene, h testbed.Host) {
	t.Helper()
	writes, since := -1.0, time.Now()
	s.Wait(t, h.Name+" writes no status", func(context.Context) (bool, error) {
		if now := metric(t, h, statusWrites); now != writes {
			writes, since = now, time.Now()
		}
		return time.Since(since) > time.Second, nil
	})
}

// Metrics of the host.
const (
	statusWrites = "controlplane_status_writes_total"
	translations = "controlplane_translation_seconds_count"
	refusals     = "controlplane_xds_refusals_total"
)

// reread is a route as the API server has it.
func reread(t *testing.T, key client.ObjectKey) *gwv1.HTTPRoute {
	t.Helper()
	route := &gwv1.HTTPRoute{}
	require.NoError(t, bed.Client.Get(t.Context(), key, route))
	return route
}
