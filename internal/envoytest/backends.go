package envoytest

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Received is a request as a backend saw it.
type Received struct {
	Backend string      `json:"backend"`
	SNI     string      `json:"sni"`    // of TLS
	Client  string      `json:"client"` // first DNS name, else the common name, of the client certificate
	Proto   string      `json:"proto"`  // HTTP/1.1, HTTP/2.0 or UDP
	Method  string      `json:"method"`
	Path    string      `json:"path"` // and query, byte for byte
	Host    string      `json:"host"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
	// Attempt counts the requests with one x-request-id, at all backends, from 1: retries, and mirrored copies.
	Attempt int `json:"attempt"`
}

// Backends are small servers that answer every request with what they [Received], as JSON. Each speaks HTTP/1.1, HTTP/2
// by prior knowledge, websocket (the JSON on a line, then an echo of what the client sends) and gRPC (the JSON in a
// message, whatever the method; but Envoy's external authorization is answered in its own messages), all that without
// TLS and with it, by a certificate for its name; and it answers datagrams on the same port of UDP. Request headers ask
// for another behaviour:
//
//	x-echo-status: 500,reset,200   the status of the first, second, … attempt, the last one for all after it;
//	                               reset ends the connection instead
//	x-echo-delay: 300ms            wait before the answer
//	x-echo-headers: a=1,b=2        headers of the answer
//	x-echo-grpc-status: 5          status of a gRPC answer
//
// As servers of net/http they refuse a path with a broken escape, such as /%zz, with 400.
type Backends struct {
	mu       sync.Mutex
	received map[string][]Received // by x-request-id
}

// NewBackends returns backends of which none is started.
func NewBackends() *Backends { return &Backends{received: map[string][]Received{}} }

// Start runs a backend until the test ends and returns its address, on the loopback interface. Without a certificate it
// makes one for the first word of its name. It asks clients for one, and accepts any, and none.
func (b *Backends) Start(tb testing.TB, name string, certificate *tls.Certificate) netip.AddrPort {
	tb.Helper()
	listener, datagrams := listen(tb)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, name) }),
		Protocols:   protocols,
		ConnContext: withConn,
	}
	go func() {
		_ = server.Serve(eitherListener{Listener: listener, name: strings.Fields(name)[0], certificate: certificate})
	}()
	go answerDatagrams(datagrams, name)
	tb.Cleanup(func() { _, _ = server.Close(), datagrams.Close() })
	return netip.MustParseAddrPort(listener.Addr().String())
}

// listen takes a port that is free for both TCP and UDP.
func listen(tb testing.TB) (net.Listener, net.PacketConn) {
	tb.Helper()
	var err error
	for range 10 {
		var listener net.Listener
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			continue
		}
		var datagrams net.PacketConn
		if datagrams, err = net.ListenPacket("udp", listener.Addr().String()); err == nil {
			return listener, datagrams
		}
		_ = listener.Close()
	}
	tb.Fatal(err)
	return nil, nil
}

func answerDatagrams(conn net.PacketConn, name string) {
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		answer, _ := json.Marshal(Received{Backend: name, Proto: "UDP", Body: string(buffer[:n])})
		_, _ = conn.WriteTo(answer, from)
	}
}

// Received returns the requests with an x-request-id that any backend has seen up to now, in order.
func (b *Backends) Received(id string) []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Received(nil), b.received[id]...)
}

func (b *Backends) note(r *http.Request, name string) Received {
	body, _ := io.ReadAll(r.Body)
	if isGRPC(r) {
		body = unframe(body)
	}
	got := Received{
		Backend: name, SNI: sniOf(r.Context()), Client: clientOf(r.Context()), Proto: r.Proto, Method: r.Method, Path: r.RequestURI, Host: r.Host,
		Headers: r.Header.Clone(), Body: string(body),
	}
	id := r.Header.Get("X-Request-Id")
	b.mu.Lock()
	defer b.mu.Unlock()
	got.Attempt = len(b.received[id]) + 1
	b.received[id] = append(b.received[id], got)
	return got
}

func (b *Backends) answer(w http.ResponseWriter, r *http.Request, name string) {
	if r.Header.Get("Upgrade") == "websocket" {
		b.answerWebsocket(w, r, name)
		return
	}
	if r.URL.Path == checkPath {
		answerCheck(w, r, name)
		return
	}
	got := b.note(r, name)
	if delay, err := time.ParseDuration(r.Header.Get("X-Echo-Delay")); err == nil {
		time.Sleep(delay)
	}
	for pair := range strings.SplitSeq(r.Header.Get("X-Echo-Headers"), ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			w.Header().Add(name, value)
		}
	}
	status := statusOf(r.Header.Get("X-Echo-Status"), got.Attempt)
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	body, _ := json.Marshal(got)
	if isGRPC(r) && status == http.StatusOK {
		answerGRPC(w, r, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// statusOf reads an x-echo-status for one attempt; 0 for a reset.
func statusOf(list string, attempt int) int {
	if list == "" {
		return http.StatusOK
	}
	statuses := strings.Split(list, ",")
	status, _ := strconv.Atoi(strings.TrimSpace(statuses[min(attempt, len(statuses))-1]))
	return status
}

func answerGRPC(w http.ResponseWriter, r *http.Request, message []byte) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(frame(message))
	status := r.Header.Get("X-Echo-Grpc-Status")
	if status == "" {
		status = "0"
	}
	w.Header().Set("Grpc-Status", status)
}

func isGRPC(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// frame returns a message in the framing of gRPC: a flag and the length before it.
func frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// unframe returns the message of a body that has one.
func unframe(body []byte) []byte {
	return body[min(len(frame(nil)), len(body)):]
}

func (b *Backends) answerWebsocket(w http.ResponseWriter, r *http.Request, name string) {
	body, _ := json.Marshal(b.note(r, name))
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + string(body) + "\n")
	_ = rw.Flush()
	_, _ = io.Copy(conn, rw)
}
