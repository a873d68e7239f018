package faults_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// clients is how many connections carry requests at once.
const clients = 4

// TestEnvoyKilled: an Envoy that comes back knows nothing, and must not answer before it knows everything: requests are
// refused or served, never answered 404.
func TestEnvoyKilled(t *testing.T) {
	s := scene.New(t, bed, "envoy-killed", host.ClassName)
	s.Backend(t, "a", 1)
	s.Create(t, s.Route("route", "a.example", "a"))
	s.WaitRoute(t, "route")
	awaitService(t, s, "a.example", "a")

	load := traffic.Start(s.Address+":80", "http://a.example/", clients, func(_ int, a traffic.Answer) string {
		if a.Err == nil && a.Status == 404 {
			return "404"
		}
		return ""
	})
	const kills = 5
	for range kills {
		before := load.So().ByOutcome["200"]
		require.NoError(t, bed.Kubelet.Kill(envoyOf(t, s.Namespace, scene.GatewayName)))
		s.Wait(t, "requests are served again", func(context.Context) (bool, error) {
			return load.So().ByOutcome["200"] > before+20, nil
		})
	}
	sum := load.Stop()
	t.Logf("%d kills: %s", kills, sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
	require.NotZero(t, sum.ByOutcome["error"], "no request met a killed Envoy: this proves nothing")
}

// TestHostKilled: Envoys serve on while there is no host, and a new host catches up with what has changed meanwhile
// without taking away what is served.
func TestHostKilled(t *testing.T) {
	s := scene.New(t, bed, "host-killed", host.ClassName)
	s.Backend(t, "a", 1)
	s.Backend(t, "b", 1)
	s.Create(t, s.Route("still", "still.example", "a"))
	s.WaitRoute(t, "still")
	awaitService(t, s, "still.example", "a")

	const kills, changes = 3, 20
	load := traffic.Start(s.Address+":80", "http://still.example/", clients, traffic.OK("a"))
	for k := range kills {
		for c := range changes {
			if c == changes/2 {
				require.NoError(t, hostProcess.Signal(syscall.SIGKILL))
			}
			name := fmt.Sprintf("new-%d-%d", k, c)
			s.Create(t, s.Route(name, name+".example", "b"))
		}
		require.NoError(t, testbed.StartHost(host, hostProcess))
		for c := range changes {
			name := fmt.Sprintf("new-%d-%d", k, c)
			s.WaitRoute(t, name)
			awaitService(t, s, name+".example", "b")
		}
	}
	sum := load.Stop()
	t.Logf("%d kills, %d routes created meanwhile, all served: %s", kills, kills*changes, sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
}

// TestHostStopped: a host that is asked to end and its successor lose no request either.
func TestHostStopped(t *testing.T) {
	s := scene.New(t, bed, "host-stopped", host.ClassName)
	s.Backend(t, "a", 1)
	s.Create(t, s.Route("still", "still.example", "a"))
	s.WaitRoute(t, "still")
	awaitService(t, s, "still.example", "a")

	load := traffic.Start(s.Address+":80", "http://still.example/", clients, traffic.OK("a"))
	started := time.Now()
	require.NoError(t, testbed.StopHost(hostProcess))
	stopped := time.Since(started)
	require.NoError(t, testbed.StartHost(host, hostProcess))
	s.Create(t, s.Route("next", "next.example", "a"))
	awaitService(t, s, "next.example", "a")
	sum := load.Stop()
	t.Logf("the host ended %s after SIGTERM: %s", stopped.Round(time.Millisecond), sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
}

// TestAPIServerRestarted: the host outlives its API server and watches on when it is back.
func TestAPIServerRestarted(t *testing.T) {
	s := scene.New(t, bed, "api-server-restarted", host.ClassName)
	s.Backend(t, "a", 1)
	s.Backend(t, "b", 1)
	s.Create(t, s.Route("still", "still.example", "a"))
	s.WaitRoute(t, "still")
	awaitService(t, s, "still.example", "a")
	pid := hostProcess.PID()

	load := traffic.Start(s.Address+":80", "http://still.example/", clients, traffic.OK("a", "b"))
	const restarts = 2
	for range restarts {
		require.NoError(t, bed.Cluster.APIServer.Signal(syscall.SIGKILL))
		require.NoError(t, bed.Cluster.APIServer.Start())
		require.NoError(t, bed.Cluster.WaitReady())
	}
	s.Wait(t, "a change is written", func(context.Context) (bool, error) {
		route := s.Route("still", "still.example", "b")
		return true, bed.Update(t.Context(), route, func() { route.Spec.Rules[0].BackendRefs[0].Name = "b" })
	})
	written := time.Now()
	s.WaitRoute(t, "still")
	awaitService(t, s, "still.example", "b")
	sum := load.Stop()
	t.Logf("%d restarts, a change after them in force after %s: %s", restarts, time.Since(written).Round(time.Millisecond), sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
	require.Equal(t, pid, hostProcess.PID())
	require.NoError(t, syscall.Kill(pid, 0), "the host has not outlived its API server")
}

// awaitService waits until the scene's Gateway answers for a host from a backend.
func awaitService(t *testing.T, s *scene.Scene, hostname string, service string) {
	t.Helper()
	c := traffic.NewClient(s.Address + ":80")
	s.Wait(t, hostname+" is served by "+service, func(context.Context) (bool, error) {
		a := c.Send("http://" + hostname + "/")
		if a.Err == nil && a.Service != service {
			a.Err = fmt.Errorf("status %d from %q", a.Status, a.Service)
		}
		return a.Err == nil, a.Err
	})
}
