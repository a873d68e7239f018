package envoytest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// patience bounds one request; it is long, so that only a request that hangs meets it.
const patience = 20 * time.Second

// Request is one request to an Envoy.
type Request struct {
	Addr string // where the Envoy listens
	TLS  bool   // certificates are accepted whatever they say
	SNI  string // with TLS
	// Certificate is shown when the listener asks for one, whichever CAs it names; nil for none.
	Certificate *tls.Certificate
	Proto       string      // h1 (also when empty), h2, grpc, websocket or udp; of udp only Addr and Body count
	Method      string      // empty: GET, or POST for grpc
	Host        string      // empty: Addr
	Path        string      // and query; sent byte for byte
	Headers     http.Header // one line each
	Body        string
}

// Response is the answer to a [Request].
type Response struct {
	Status      int // 200 for udp
	Headers     http.Header
	Received    *Received // nil when no backend answered
	GRPCStatus  string    // from header or trailer
	Certificate string    // first DNS name, else the common name, of the certificate that the listener showed
	// CertificateRequested: the listener asked for a client certificate.
	CertificateRequested bool
}

// Do sends a request over a connection of its own.
func (r Request) Do(ctx context.Context) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch r.Proto {
	case "websocket":
		return r.upgrade(ctx)
	case "udp":
		return r.datagram(ctx)
	}
	request, err := r.build(ctx)
	if err != nil {
		return nil, err
	}
	var requested atomic.Bool
	transport := r.transport(&requested)
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	response := r.response(answer, body)
	response.CertificateRequested = requested.Load()
	return response, nil
}

func (r Request) transport(requested *atomic.Bool) *http.Transport {
	protocols := new(http.Protocols)
	switch h2 := r.Proto == "h2" || r.Proto == "grpc"; {
	case h2 && r.TLS:
		protocols.SetHTTP2(true)
	case h2:
		protocols.SetUnencryptedHTTP2(true)
	default:
		protocols.SetHTTP1(true)
	}
	return &http.Transport{
		Protocols:          protocols,
		DisableCompression: true,
		TLSClientConfig:    r.tlsConfig(requested),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, r.Addr)
		},
	}
}

func (r Request) tlsConfig(requested *atomic.Bool) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, ServerName: r.SNI,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			requested.Store(true)
			if r.Certificate == nil {
				return &tls.Certificate{}, nil
			}
			return r.Certificate, nil
		},
	}
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	target := &url.URL{Scheme: "http", Host: r.Addr, Opaque: r.Path}
	if r.TLS {
		target.Scheme = "https"
	}
	if path, query, _ := strings.Cut(r.Path, "?"); strings.HasPrefix(path, "//") { // which Opaque takes for a host
		target.Opaque, target.RawPath, target.RawQuery = "", path, query
		target.Path, _ = url.PathUnescape(path)
	}
	request := (&http.Request{Method: r.Method, URL: target, Host: r.Host, Header: r.Headers.Clone()}).WithContext(ctx)
	if request.Header == nil {
		request.Header = http.Header{}
	}
	body := []byte(r.Body)
	if r.Proto == "grpc" {
		if request.Method == "" {
			request.Method = http.MethodPost
		}
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
		body = frame(body)
	}
	if len(body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(body))
		request.ContentLength = int64(len(body))
	}
	return request, nil
}

func (r Request) response(answer *http.Response, body []byte) *Response {
	out := &Response{Status: answer.StatusCode, Headers: answer.Header, GRPCStatus: answer.Header.Get("Grpc-Status")}
	if out.GRPCStatus == "" {
		out.GRPCStatus = answer.Trailer.Get("Grpc-Status")
	}
	if r.Proto == "grpc" {
		body = unframe(body)
	}
	var received Received
	if json.Unmarshal(body, &received) == nil && received.Backend != "" {
		out.Received = &received
	}
	if answer.TLS != nil {
		out.Certificate = certificateName(answer.TLS)
	}
	return out
}

func certificateName(state *tls.ConnectionState) string {
	leaf := state.PeerCertificates[0]
	if len(leaf.DNSNames) > 0 {
		return leaf.DNSNames[0]
	}
	return leaf.Subject.CommonName
}

// upgrade opens a websocket, and does not return without error unless a word sent over it came back.
func (r Request) upgrade(ctx context.Context) (*Response, error) {
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	head := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
	maps.Copy(head, r.Headers)
	if r.Host == "" {
		r.Host = r.Addr
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", r.Path, r.Host)
	_ = head.Write(&b)
	b.WriteString("\r\n")
	if _, err := conn.Write(b.Bytes()); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return r.response(answer, nil), nil
	}
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("word\n")); err != nil {
		return nil, err
	}
	if word, err := in.ReadString('\n'); err != nil || word != "word\n" {
		return nil, errors.Join(fmt.Errorf("websocket: sent %q, got %q", "word\n", word), err)
	}
	return r.response(answer, line), nil
}

// silence is how long an answer to a datagram may take before it is taken for lost.
const silence = 2 * time.Second

// datagram sends one datagram and waits for one.
func (r Request) datagram(ctx context.Context) (*Response, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", r.Addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(silence)); err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(r.Body)); err != nil {
		return nil, err
	}
	buffer := make([]byte, 64<<10)
	n, err := conn.Read(buffer)
	if err != nil {
		return nil, err
	}
	return r.response(&http.Response{StatusCode: http.StatusOK}, buffer[:n]), nil
}

func (r Request) dial(ctx context.Context) (net.Conn, error) {
	if r.TLS {
		return (&tls.Dialer{Config: r.tlsConfig(new(atomic.Bool))}).DialContext(ctx, "tcp", r.Addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", r.Addr)
}
