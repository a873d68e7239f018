package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/ads"
	"github.com/gatewayxds/gatewayxds/internal/envoytest"
)

// log collects what run prints.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs standalone on dir until the test ends.
func start(t *testing.T, dir string) *log {
	t.Helper()
	envoy := envoytest.Binary(t)
	out := &log{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, dir, envoy, 0, out) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		if t.Failed() {
			t.Logf("output:\n%s", out)
		}
	})
	return out
}

// backend answers 200 to everything, over HTTP/1.1 and over HTTP/2 without TLS, and returns its port.
func backend(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func gatewayYAML(port int) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: any
  listeners: [{name: http, port: %d, protocol: HTTP}]
`, port)
}

func serviceYAML(name, appProtocol string, ports ...int) string {
	out := fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: %s}
spec: {ports: [{port: 80%s}]}
`, name, appProtocol)
	for i, port := range ports {
		out += fmt.Sprintf(`---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %s-%d, labels: {kubernetes.io/service-name: %s}}
addressType: IPv4
ports: [{port: %d}]
endpoints: [{addresses: [127.0.0.1]}]
`, name, i, name, port)
	}
	return out
}

// routeYAML answers with the header x-step, so that a client sees which configuration served it.
func routeYAML(name, path, service string, step int) string {
	return fmt.Sprintf(`---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [{name: web}]
  rules:
  - matches: [{path: {type: PathPrefix, value: %s}}]
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-step, value: "%d"}]}}]
    backendRefs: [{name: %s, port: 80}]
`, name, path, step, service)
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
}

// load sends requests from several clients until stop is called, which returns how many there were and what went wrong.
func load(t *testing.T, url string) (stop func() (int64, []string)) {
	t.Helper()
	var count atomic.Int64
	var mu sync.Mutex
	var wrong []string
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	for i := range 4 {
		client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
		clients.Go(func() {
			for ctx.Err() == nil {
				count.Add(1)
				resp, err := client.Get(url)
				what := ""
				if err != nil {
					what = err.Error()
				} else {
					body, _ := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						what = fmt.Sprintf("%s %s (x-step %s)", resp.Status, body, resp.Header.Get("x-step"))
					}
				}
				if what != "" {
					mu.Lock()
					wrong = append(wrong, what)
					mu.Unlock()
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() (int64, []string) {
		cancel()
		clients.Wait()
		return count.Load(), wrong
	}
}

// await returns when url is answered with 200 by the configuration of step.
func await(t *testing.T, url string, step int) {
	t.Helper()
	require.Eventually(t, func() bool {
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK && resp.Header.Get("x-step") == fmt.Sprint(step)
	}, 20*time.Second, 20*time.Millisecond, "step %d is not in force", step)
}

// changes returns what makes step i of a directory in which routes, Services and endpoints change all the time.
func changes(t *testing.T, dir string, port int) func(i int) {
	backends := []int{backend(t), backend(t), backend(t)}
	return func(i int) {
		a, b := backends[i%3], backends[(i+1)%3]
		service := fmt.Sprintf("svc-%d", i/3) // a new Service every third step: a new cluster, and an old one to remove
		protocol := ""
		if i%2 == 1 {
			protocol = ", appProtocol: kubernetes.io/h2c" // a new cluster for endpoints that Envoy has already
		}
		services := serviceYAML(service, protocol, a, b)
		if i%5 == 0 {
			services = serviceYAML(service, protocol, a)
		}
		routes := routeYAML("main", "/", service, i)
		for extra := range i % 4 { // other routes come and go
			routes += routeYAML(fmt.Sprintf("extra-%d", extra), fmt.Sprintf("/extra/%d", extra), service, i)
		}
		write(t, dir, "all.yaml", gatewayYAML(port)+services+routes)
	}
}

// steps is how often routes, Services and endpoints change in TestNoRequestIsDropped.
const steps = 60

func TestNoRequestIsDropped(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	change := changes(t, dir, port)
	change(0)
	out := start(t, dir)
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	await(t, url, 0)

	stop := load(t, url)
	for i := 1; i <= steps; i++ {
		change(i)
		await(t, url, i)
	}
	requests, wrong := stop()
	t.Logf("%d requests during %d changes, %d not answered with 200", requests, steps, len(wrong))
	require.Empty(t, wrong)
	require.NotContains(t, out.String(), "!", "nothing was refused, nothing was wrong")
}

// restarts is how often the host ends, misses three changes and starts again in TestRestartOfTheHostDropsNothing.
const restarts = 8

func TestRestartOfTheHostDropsNothing(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	change := changes(t, dir, port)
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	out := &log{}
	processes := &envoys{binary: envoytest.Binary(t), xds: fmt.Sprintf("127.0.0.1:%d", freePort(t)), out: out}
	ctx, cancel := context.WithCancel(context.Background())
	defer processes.wait()
	defer cancel()

	// live is one life of the host.
	live := func(i int) {
		change(i)
		l, err := net.Listen("tcp", processes.xds)
		require.NoError(t, err)
		life, end := context.WithCancel(ctx)
		defer end()
		s := &server{out: out, xds: ads.New(ads.Hooks{}), envoys: processes}
		served := make(chan error, 1)
		go func() { served <- s.xds.Serve(life, l) }()
		require.NoError(t, s.update(ctx, dir))
		await(t, url, i)
		end()
		require.NoError(t, <-served)
	}
	live(0)
	stop := load(t, url)
	for i := 1; i <= restarts; i++ {
		live(3 * i)
	}
	requests, wrong := stop()
	t.Logf("%d requests during %d restarts, %d not answered with 200", requests, restarts, len(wrong))
	require.Empty(t, wrong)
}

func TestStatusesArePrintedAsTheyChange(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	write(t, dir, "gateway.yaml", gatewayYAML(port))
	write(t, dir, "route.yaml", routeYAML("main", "/", "echo", 1))
	out := start(t, dir)
	says := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(out.String(), text) }, 20*time.Second, 20*time.Millisecond, text)
	}
	says(fmt.Sprintf("Gateway default/web listens on 127.0.0.1:%d", port))
	says("BackendNotFound")

	write(t, dir, "service.yaml", serviceYAML("echo", "", backend(t)))
	await(t, fmt.Sprintf("http://127.0.0.1:%d/", port), 1)
	says("HTTPRoute default/main  parent web  -       True      -           True")

	write(t, dir, "route.yaml", "kind: HTTPRoute\n  metadata: broken")
	says("route.yaml: document 1")
	await(t, fmt.Sprintf("http://127.0.0.1:%d/", port), 1)

	require.NoError(t, os.Remove(filepath.Join(dir, "route.yaml")))
	says("gone: HTTPRoute default/main parent web")
}

func TestBundledExample(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no Envoy shall start
	s := &server{out: &out, xds: ads.New(ads.Hooks{}), envoys: &envoys{out: &out}}
	require.NoError(t, s.update(ctx, "example"))
	require.Contains(t, out.String(), "Gateway default/web listens on 127.0.0.1:8080")
	require.NotContains(t, out.String(), "!")
}

func TestEnvoyIsStartedAgain(t *testing.T) {
	var starts atomic.Int32
	script := filepath.Join(t.TempDir(), "envoy")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho started\nexit 3\n"), 0o700))
	out := &log{}
	e := &envoys{binary: script, xds: "127.0.0.1:1", out: out}
	ctx, cancel := context.WithCancel(t.Context())
	e.group.Go(func() { e.keep(ctx, "default/web") })
	require.Eventually(t, func() bool {
		starts.Store(int32(strings.Count(out.String(), "started")))
		return starts.Load() >= 2
	}, 20*time.Second, 20*time.Millisecond)
	cancel()
	e.wait()
	require.Contains(t, out.String(), "! Envoy of Gateway default/web ended (exit status 3)")
}

func TestAddressesStay(t *testing.T) {
	gateway := func(name string) *gwv1.Gateway {
		return &gwv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
	}
	values := func(a addresses) map[string]string {
		out := map[string]string{}
		for name, list := range a {
			out[name.Name] = list[0].Value
		}
		return out
	}
	first := addresses(nil).next([]*gwv1.Gateway{gateway("m"), gateway("k")})
	require.Equal(t, map[string]string{"k": "127.0.0.1", "m": "127.0.0.2"}, values(first))
	second := first.next([]*gwv1.Gateway{gateway("a"), gateway("m"), gateway("z")})
	require.Equal(t, map[string]string{"a": "127.0.0.1", "m": "127.0.0.2", "z": "127.0.0.3"}, values(second))
}
