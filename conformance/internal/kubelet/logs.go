package kubelet

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/cert"
)

// A logBuffer keeps the lines that a process writes, with the time of each.
type logBuffer struct {
	mu      sync.Mutex
	partial []byte
	lines   []logLine
}

type logLine struct {
	at   time.Time
	text []byte // with its newline
}

// Write implements io.Writer.
func (b *logBuffer) Write(written []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.partial = append(b.partial, written...)
	for {
		end := bytes.IndexByte(b.partial, '\n') + 1
		if end == 0 {
			return len(written), nil
		}
		b.lines = append(b.lines, logLine{time.Now(), bytes.Clone(b.partial[:end])})
		b.partial = b.partial[end:]
	}
}

// since returns the lines written at or after t.
func (b *logBuffer) since(t time.Time) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	var text []byte
	for _, line := range b.lines {
		if !line.at.Before(t) {
			text = append(text, line.text...)
		}
	}
	return text
}

// serve answers the API server's questions for logs, on a free port of 127.0.0.1, and returns the port.
func (k *Kubelet) serve() (int32, error) {
	certificate, key, err := cert.GenerateSelfSignedCertKey(nodeName, []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return 0, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return 0, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return 0, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serveLogs)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until the sandbox ends
	return int32(listener.Addr().(*net.TCPAddr).Port), nil
}

func (k *Kubelet) serveLogs(w http.ResponseWriter, r *http.Request) {
	var since time.Time
	if text := r.URL.Query().Get("sinceTime"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	for _, uid := range k.named(types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("pod")}) {
		k.mu.Lock()
		p, ok := k.pods[uid]
		k.mu.Unlock()
		if !ok {
			continue
		}
		if _, err := w.Write(p.log.since(since)); err != nil {
			return // the reader has gone
		}
		return
	}
	http.Error(w, fmt.Sprintf("no such pod: %s", r.URL.Path), http.StatusNotFound)
}
