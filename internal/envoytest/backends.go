package envoytest

import (
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
	Proto   string      `json:"proto"` // HTTP/1.1 or HTTP/2.0
	Method  string      `json:"method"`
	Path    string      `json:"path"` // and query, byte for byte
	Host    string      `json:"host"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
	// Attempt counts the requests with one x-request-id, at all backends, from 1: retries, and mirrored copies.
	Attempt int `json:"attempt"`
}

// Backends are small servers that answer every request with what they [Received], as JSON. Each speaks HTTP/1.1, HTTP/2
// without TLS, websocket (the JSON on a line, then an echo of what the client sends) and gRPC (the JSON in a message,
// whatever the method). Request headers ask for another behaviour:
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

// Start runs a backend until the test ends and returns its address, on the loopback interface.
func (b *Backends) Start(tb testing.TB, name string) netip.AddrPort {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, name) }),
		Protocols: protocols,
	}
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() { _ = server.Close() })
	return netip.MustParseAddrPort(listener.Addr().String())
}

// Received returns the requests with an x-request-id that any backend has seen up to now, in order.
func (b *Backends) Received(id string) []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Received(nil), b.received[id]...)
}

func (b *Backends) note(r *http.Request, name string) Received {
	body, _ := io.ReadAll(r.Body)
	got := Received{
		Backend: name, Proto: r.Proto, Method: r.Method, Path: r.RequestURI, Host: r.Host,
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
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") && status == http.StatusOK {
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
	_, _ = w.Write(Frame(message))
	status := r.Header.Get("X-Echo-Grpc-Status")
	if status == "" {
		status = "0"
	}
	w.Header().Set("Grpc-Status", status)
}

// Frame returns a message in the framing of gRPC.
func Frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
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
