// Package figures measures, end to end, how long a change of a route takes until its status is right and until Envoy
// answers by it, and what that costs the host:
//
//	go test ./figures -v -timeout 1h
//
// The clock starts when the API server has acknowledged the change.
package figures_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

func TestMain(m *testing.M) { os.Exit(testbed.Main(m.Run)) }

const (
	changes   = 100
	creators  = 8
	clockTick = 100 // of /proc/<pid>/stat, per second, on every Linux that Go runs on
)

// TestFigures measures with more and more routes on one Gateway and prints a table.
func TestFigures(t *testing.T) {
	host := testbed.DefaultHost()
	b, err := testbed.Start(t.Context(), host)
	require.NoError(t, err)
	process := b.NewHost(host)
	require.NoError(t, testbed.StartHost(host, process))
	s := scene.New(t, b, "figures", host.ClassName)
	s.Backend(t, "a", 1)

	rows := []string{
		"| routes | status right p50 | p99 | Envoy answers by it p50 | p99 | translation mean | xDS per change | host CPU per change | host memory |",
		"|---|---|---|---|---|---|---|---|---|",
	}
	have := 0
	for _, routes := range []int{1, 1000, 5000} {
		create(t, s, have, routes)
		have = routes
		m := meter{host: host, pid: process.PID()}
		before := m.read(t)
		status, answer := measure(t, s, routes)
		after := m.read(t)
		rows = append(rows, fmt.Sprintf("| %d | %s | %s | %s | %s | %s | %.1f kB | %s | %d MB |", routes,
			percentile(status, 50), percentile(status, 99), percentile(answer, 50), percentile(answer, 99),
			seconds((after.translating-before.translating)/(after.translations-before.translations)),
			(after.sent-before.sent)/changes/1000, seconds((after.cpu-before.cpu)/changes), after.rss/1e6))
	}
	fmt.Println(strings.Join(rows, "\n"))
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Microsecond)
}

func name(i int) string { return fmt.Sprintf("route-%d", i) }

func hostname(i int) string { return name(i) + ".example" }

// create adds routes and waits until all are accepted and the last is served.
func create(t *testing.T, s *scene.Scene, from, to int) {
	t.Helper()
	var wg sync.WaitGroup
	for c := range creators {
		wg.Go(func() {
			for i := from + c; i < to; i += creators {
				if err := s.Bed.Client.Create(t.Context(), s.Route(name(i), hostname(i), "a")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := from; i < to; i++ {
		s.WaitRoute(t, name(i))
	}
	c := traffic.NewClient(s.Address + ":80")
	s.Wait(t, "the last route is served", func(context.Context) (bool, error) {
		a := c.Send("http://" + hostname(to-1) + "/")
		return a.Status == 200, a.Err
	})
	time.Sleep(2 * time.Second) // let the host finish, so that only the changes are measured
}

// measure changes routes one after another and returns how long their statuses and Envoy took.
func measure(t *testing.T, s *scene.Scene, routes int) (status, answer []time.Duration) {
	t.Helper()
	watcher, err := client.NewWithWatch(s.Bed.Cluster.Config, client.Options{Scheme: s.Bed.Client.Scheme()})
	require.NoError(t, err)
	events, err := watcher.Watch(t.Context(), &gwv1.HTTPRouteList{}, client.InNamespace(s.Namespace))
	require.NoError(t, err)
	defer events.Stop()
	c := traffic.NewClient(s.Address + ":80")
	for change := range changes {
		i := change * routes / changes
		route := s.Route(name(i), hostname(i), "a")
		require.NoError(t, s.Bed.Update(t.Context(), route, func() { scene.SetVersion(route, change, "a") }))
		written := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { answer = append(answer, awaitAnswer(t, c, i, change).Sub(written)) })
		status = append(status, awaitStatus(t, events, route).Sub(written))
		wg.Wait()
	}
	return status, answer
}

// awaitStatus returns when the route's status follows its generation, as a watch sees it.
func awaitStatus(t *testing.T, events watch.Interface, route *gwv1.HTTPRoute) time.Time {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case event, ok := <-events.ResultChan():
			require.True(t, ok, "the watch has ended")
			now, ok := event.Object.(*gwv1.HTTPRoute)
			if ok && now.Name == route.Name && now.Generation >= route.Generation && scene.Accepted(now) {
				return time.Now()
			}
		case <-deadline:
			require.Fail(t, "no status after a minute")
		}
	}
}

// awaitAnswer returns when Envoy has answered by a version of a route.
func awaitAnswer(t *testing.T, c *traffic.Client, route, version int) time.Time {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		a := c.Send("http://" + hostname(route) + "/")
		if a.Err == nil && a.Header.Get(scene.VersionHeader) == strconv.Itoa(version) {
			return a.End
		}
	}
	t.Errorf("%s does not answer by version %d after a minute", hostname(route), version)
	return time.Now()
}

func percentile(samples []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Round(100 * time.Microsecond)
}

// A meter reads what the host has cost so far.
type meter struct {
	host testbed.Host
	pid  int
}

type reading struct {
	translations, translating, sent float64
	cpu                             float64 // seconds
	rss                             int     // bytes, now
}

func (m meter) read(t *testing.T) reading {
	t.Helper()
	metrics, err := m.host.Metrics()
	require.NoError(t, err)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	require.NoError(t, err)
	// The second field, the name, may hold spaces; it ends with a parenthesis.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const utime, stime, rss = 11, 12, 21
	number := func(i int) int {
		n, err := strconv.Atoi(fields[i])
		require.NoError(t, err)
		return n
	}
	return reading{
		translations: metrics["controlplane_translation_seconds_count"],
		translating:  metrics["controlplane_translation_seconds_sum"],
		sent:         metrics["controlplane_xds_sent_bytes_total"],
		cpu:          float64(number(utime)+number(stime)) / clockTick,
		rss:          number(rss) * os.Getpagesize(),
	}
}
