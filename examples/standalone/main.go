// Command standalone makes a running Envoy out of a directory of Gateway API YAML, with no Kubernetes at all:
//
//	go run . DIR          (go run . example)
//
//	DIR ──manifests──► translate ──Gateways──► ads.Server ──delta ADS──► an Envoy for each Gateway
//	 └── looked at ten times a second          └─Statuses──► standard output, as they change
//
// Backends are Services with EndpointSlices that hold their addresses. Gateways get 127.0.0.1, 127.0.0.2 and so on. Without
// the right to bind ports below 1024, 10000 is added to those. A change of a file is in force in less than a second, and
// costs no request; a file that can no longer be read keeps its last content.
//
// Envoy is $ENVOY, or envoy in PATH, or what the tests of this project have installed in the user's cache.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/ads"
	"github.com/gatewayxds/gatewayxds/examples/internal/manifests"
	"github.com/gatewayxds/gatewayxds/examples/internal/table"
	"github.com/gatewayxds/gatewayxds/translate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	offset := uint(0)
	if os.Geteuid() != 0 {
		offset = 10000
	}
	flag.UintVar(&offset, "port-offset", offset, "added to listener ports below 1024")
	flag.Usage = func() {
		say(flag.CommandLine.Output(), "usage: standalone [flags] DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	envoy, err := findEnvoy()
	if err == nil {
		err = run(ctx, flag.Arg(0), envoy, uint32(offset), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves dir until ctx ends. The error is about what has to work at all: dir itself, a port for ADS.
func run(ctx context.Context, dir, envoy string, portOffset uint32, out io.Writer) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	out = &lockedWriter{w: out}
	s := &server{
		out: out,
		xds: ads.New(ads.Hooks{Refused: func(gateway, typeURL, reason string) {
			say(out, "! Envoy of Gateway %s refused %s: %s", gateway, typeURL, reason)
		}}),
		envoys:     &envoys{binary: envoy, xds: listener.Addr().String(), out: out},
		portOffset: portOffset,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer s.envoys.wait()
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- s.xds.Serve(ctx, listener) }()

	changes := follow(ctx, dir)
	for {
		select {
		case <-changes:
			if err := s.update(ctx, dir); err != nil {
				say(out, "! %v", err)
			}
		case err := <-served:
			return err
		}
	}
}

// server is what is in force.
type server struct {
	out        io.Writer
	xds        *ads.Server
	envoys     *envoys
	portOffset uint32

	reader    manifests.Reader
	addresses addresses
	problems  []string
	rows      []table.Row
	sockets   []string
}

// update reads dir and puts what it says in force.
func (s *server) update(ctx context.Context, dir string) error {
	set, err := s.reader.Read(dir)
	if err != nil {
		return err
	}
	s.addresses = s.addresses.next(set.Objects.Gateways)
	result, err := translate.Translate(set.Objects, translate.Options{
		ControllerName:       set.Controller,
		Addresses:            s.addresses,
		BindToAddresses:      true,
		PrivilegedPortOffset: s.portOffset,
		Features:             translate.SupportedFeatures("ClusterTrustBundle"), // files can hold them
	})
	if err != nil {
		return err
	}
	if err := s.xds.Publish(result.Gateways); err != nil {
		return err
	}
	s.report(set, result)
	s.envoys.set(ctx, result.Gateways)
	return nil
}

// addresses give each Gateway a loopback address of its own, which it keeps while it exists.
type addresses map[types.NamespacedName][]gwv1.GatewayStatusAddress

// next returns the addresses of gateways; those that a has are kept, the lowest that are free go to the others.
func (a addresses) next(gateways []*gwv1.Gateway) addresses {
	out, taken := addresses{}, map[string]bool{}
	var missing []types.NamespacedName
	for _, gw := range gateways {
		name := types.NamespacedName{Namespace: gw.Namespace, Name: gw.Name}
		if old, ok := a[name]; ok {
			out[name], taken[old[0].Value] = old, true
		} else {
			missing = append(missing, name)
		}
	}
	slices.SortFunc(missing, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	kind := gwv1.IPAddressType
	address := netip.MustParseAddr("127.0.0.1")
	for _, name := range slices.Compact(missing) {
		for ; taken[address.String()]; address = address.Next() {
		}
		taken[address.String()] = true
		out[name] = []gwv1.GatewayStatusAddress{{Type: &kind, Value: address.String()}}
	}
	return out
}

// report prints what is new since the last time.
func (s *server) report(set *manifests.Set, result *translate.Result) {
	for _, p := range set.Problems {
		if !slices.Contains(s.problems, p) {
			say(s.out, "! %s", p)
		}
	}
	s.problems = set.Problems

	rows := table.Rows(&result.Statuses)
	text := func(r table.Row) string { return fmt.Sprint(r) }
	var changed []table.Row
	for _, r := range rows {
		if !slices.ContainsFunc(s.rows, func(old table.Row) bool { return text(old) == text(r) }) {
			changed = append(changed, r)
		}
	}
	if len(changed) > 0 {
		_ = table.Write(s.out, changed)
	}
	for _, old := range s.rows {
		if !slices.ContainsFunc(rows, func(r table.Row) bool { return r.Object == old.Object && r.Part == old.Part }) {
			say(s.out, "gone: %s", strings.TrimSuffix(old.Object+" "+old.Part, " "))
		}
	}
	s.rows = rows

	var sockets []string
	for _, g := range result.Gateways {
		for _, l := range g.Listeners {
			a := l.GetAddress().GetSocketAddress()
			sockets = append(sockets, fmt.Sprintf("Gateway %s listens on %s:%d", g.Gateway, a.GetAddress(), a.GetPortValue()))
		}
	}
	if !slices.Equal(s.sockets, sockets) {
		say(s.out, "%s", strings.Join(sockets, "\n"))
	}
	s.sockets = sockets
}

// say prints a line. That nobody can read it is no reason to stop serving.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

// lockedWriter lets several goroutines write lines.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
