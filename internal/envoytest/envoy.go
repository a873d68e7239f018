package envoytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
)

// startup is how long an Envoy may take from its start until it serves.
const startup = 30 * time.Second

// Envoy is a running Envoy.
type Envoy struct {
	admin     string
	listeners map[listener]string
}

// listener is what a listener of a bootstrap was made for.
type listener struct {
	protocol corev3.SocketAddress_Protocol
	port     uint32
}

// Start runs an Envoy until the test ends, and returns when it serves. Every listener of b is moved to a free port of
// the loopback interface; [Envoy.Addr] tells where it is. If the test fails, its log shows Envoy's.
func Start(tb testing.TB, b *bootstrapv3.Bootstrap) *Envoy {
	tb.Helper()
	b = proto.CloneOf(b)
	listeners := map[string]listener{}
	for _, l := range b.GetStaticResources().GetListeners() {
		socket := l.GetAddress().GetSocketAddress()
		listeners[l.GetName()] = listener{protocol: socket.GetProtocol(), port: socket.GetPortValue()}
		l.Address = loopback()
		l.GetAddress().GetSocketAddress().Protocol = socket.GetProtocol()
		l.AdditionalAddresses = nil
	}
	adminFile := filepath.Join(tb.TempDir(), "admin")
	cmd := exec.Command(Binary(tb), "-c", write(tb, b), "--concurrency", "1", "--disable-hot-restart",
		"--admin-address-path", adminFile, "-l", "warning")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if tb.Failed() {
			tb.Logf("Envoy's log:\n%s", log.String())
		}
	})
	e := &Envoy{listeners: map[listener]string{}}
	if err := e.await(adminFile, exited); err != nil {
		tb.Fatal(err)
	}
	e.locate(tb, listeners)
	return e
}

// await returns when Envoy says that it is live, and that is after its listeners are bound.
func (e *Envoy) await(adminFile string, exited <-chan struct{}) error {
	for deadline := time.Now().Add(startup); time.Now().Before(deadline); {
		select {
		case <-exited:
			return fmt.Errorf("envoy ended before it served")
		case <-time.After(10 * time.Millisecond):
		}
		if e.admin == "" {
			address, _ := os.ReadFile(adminFile)
			e.admin = strings.TrimSpace(string(address))
			continue
		}
		if _, err := e.Admin("/ready"); err == nil {
			return nil
		}
	}
	return fmt.Errorf("envoy does not serve after %v", startup)
}

func (e *Envoy) locate(tb testing.TB, listeners map[string]listener) {
	tb.Helper()
	body, err := e.Admin("/listeners?format=json")
	if err != nil {
		tb.Fatal(err)
	}
	var list struct {
		Listeners []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    uint32 `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		tb.Fatalf("listeners: %v\n%s", err, body)
	}
	for _, l := range list.Listeners {
		e.listeners[listeners[l.Name]] = fmt.Sprintf("%s:%d", l.Address.Socket.Address, l.Address.Socket.Port)
	}
}

// Addr returns the address at which the listener of a TCP port of the bootstrap can be reached, "" if there is none.
func (e *Envoy) Addr(port uint32) string {
	return e.listeners[listener{corev3.SocketAddress_TCP, port}]
}

// UDPAddr is Addr for a port of UDP.
func (e *Envoy) UDPAddr(port uint32) string {
	return e.listeners[listener{corev3.SocketAddress_UDP, port}]
}

// Admin returns what the admin interface answers to a GET: /config_dump, /stats?filter=…, and so on.
func (e *Envoy) Admin(path string) ([]byte, error) {
	answer, err := http.Get("http://" + e.admin + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, body)
	}
	return body, err
}
