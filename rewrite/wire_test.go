package rewrite_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// answer is what came of a request: what the backend received, or what the client got instead.
type answer struct {
	status   int
	location string // of a redirect
	target   string // of the request line that the backend read
	host     string // that the backend read
}

// pair is a request to a subject, and what Envoy made of it.
type pair struct {
	subject int
	request rewrite.Request
	got     answer
}

// expected is the oracle's answer.
func (e *envoy) expected(p pair) answer {
	s := e.subjects[p.subject]
	normal, ok := rewrite.NormalizePath(p.request.Path)
	switch {
	case !ok:
		return answer{status: 400}
	case !s.match.Covers(normal):
		return answer{status: 404}
	case s.redirect != nil:
		status, location := s.redirect.Location(s.match, s.origin, p.request)
		return answer{status: status, location: location}
	default:
		r := s.rewrite.Rewrite(s.match, p.request)
		return answer{status: 200, target: r.Path, host: r.Authority}
	}
}

// send puts all pairs on the wire, byte by byte as they are, and fills in what came back.
func (e *envoy) send(t *testing.T, pairs []pair) {
	const connections = 16
	var wg sync.WaitGroup
	for _, scheme := range []string{"http", "https"} {
		work := make(chan *pair, connections)
		for range connections {
			wg.Go(func() {
				if err := e.sendOver(scheme, work); err != nil {
					t.Errorf("sending: %v", err)
					for range work { // let the others finish
					}
				}
			})
		}
		wg.Go(func() {
			for i := range pairs {
				if e.scheme(pairs[i]) == scheme {
					work <- &pairs[i]
				}
			}
			close(work)
		})
	}
	wg.Wait()
}

func (e *envoy) scheme(p pair) string { return e.subjects[p.subject].origin.Scheme }

// sendOver keeps one connection alive, but Envoy closes it after each 400.
func (e *envoy) sendOver(scheme string, work <-chan *pair) error {
	var conn net.Conn
	var in *bufio.Reader
	for p := range work {
		if conn == nil {
			var err error
			if conn, err = e.dial(scheme); err != nil {
				return err
			}
			in = bufio.NewReader(conn)
		}
		closed, err := p.exchange(conn, in)
		if closed || err != nil {
			conn.Close()
			conn = nil
		}
		if err != nil {
			return fmt.Errorf("%+v: %w", p.request, err)
		}
	}
	if conn != nil {
		conn.Close()
	}
	return nil
}

// exchange sends the request and reads the answer.
func (p *pair) exchange(conn net.Conn, in *bufio.Reader) (closed bool, err error) {
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return false, err
	}
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nhost: %s\r\nx-subject: s%d\r\nx-forwarded-proto: ftp\r\n\r\n",
		p.request.Method, p.request.Path, p.request.Authority, p.subject); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, err
	}
	return res.Close, p.read(res)
}

func (p *pair) read(res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	p.got = answer{status: res.StatusCode, location: res.Header.Get("Location")}
	if res.Header.Get("x-echo") != "" {
		p.got.target, p.got.host, _ = strings.Cut(string(body), "\n")
	}
	return nil
}

// sendHTTP2 sends pairs as HTTP/2 requests. Envoy's codec ends the connection at bytes that its HTTP/1 codec answers
// with 400, which is noted as such. Go's client cannot send targets that start with "//"; they go out as HTTP/1.
func (e *envoy) sendHTTP2(t *testing.T, pairs []pair) {
	transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	transport.Protocols.SetHTTP2(true)
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	for i := range pairs {
		p := &pairs[i]
		if strings.HasPrefix(p.request.Path, "//") {
			e.send(t, pairs[i:i+1])
			continue
		}
		res, err := transport.RoundTrip(&http.Request{
			Method: p.request.Method,
			URL:    &url.URL{Scheme: e.scheme(*p), Host: e.addr[e.scheme(*p)], Opaque: p.request.Path},
			Host:   p.request.Authority,
			Header: http.Header{"x-subject": {"s" + strconv.Itoa(p.subject)}},
		})
		if err != nil {
			p.got = answer{status: http.StatusBadRequest}
			continue
		}
		require.NoError(t, p.read(res), p.request)
		res.Body.Close()
	}
}

func (e *envoy) dial(scheme string) (net.Conn, error) {
	if scheme == "https" {
		return tls.Dial("tcp", e.addr[scheme], &tls.Config{InsecureSkipVerify: true})
	}
	return net.Dial("tcp", e.addr[scheme])
}

// startEcho runs a backend that reads requests byte by byte, with no HTTP library that would judge or repair them, and
// answers with the target and the Host that it read.
func startEcho(t *testing.T) (port int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	})
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	return listener.Addr().(*net.TCPAddr).Port
}

func echo(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 1<<16)
	for {
		target, host, err := readHead(in)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nx-echo: 1\r\ncontent-length: %d\r\n\r\n%s\n%s", len(target)+1+len(host), target, host); err != nil {
			return
		}
	}
}

func readHead(in *bufio.Reader) (target, host string, err error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	_, target, _ = strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
	target, ok := strings.CutSuffix(target, " HTTP/1.1")
	if !ok {
		return "", "", errors.New("no request line: " + line)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		if line == "\r\n" {
			return target, host, nil
		}
		if value, ok := strings.CutPrefix(line, "host: "); ok {
			host = strings.TrimSuffix(value, "\r\n")
		}
	}
}
