package envoytest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"time"
)

// eitherListener accepts connections with TLS and without it on one port.
type eitherListener struct {
	net.Listener
	name        string
	certificate *tls.Certificate // nil: made for the name
}

func (l eitherListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &eitherConn{Conn: c, eitherListener: l}, nil
}

// eitherConn finds out with its first byte whether the client speaks TLS.
type eitherConn struct {
	net.Conn // for all but reading and writing
	eitherListener

	once   sync.Once
	stream net.Conn
	tls    *tls.Conn // the stream, if the client speaks it
}

// tlsHandshake is the first byte of a TLS connection. No HTTP request begins with it.
const tlsHandshake = 0x16

func (c *eitherConn) Read(p []byte) (int, error) {
	c.once.Do(func() {
		first := make([]byte, 1)
		n, _ := io.ReadFull(c.Conn, first)
		c.stream = prefixedConn{Conn: c.Conn, Reader: io.MultiReader(bytes.NewReader(first[:n]), c.Conn)}
		if first[0] == tlsHandshake {
			c.tls = tls.Server(c.stream, &tls.Config{
				NextProtos: []string{"h2", "http/1.1"}, GetCertificate: c.show, ClientAuth: tls.RequestClientCert,
			})
			c.stream = c.tls
		}
	})
	return c.stream.Read(p)
}

func (c *eitherConn) Write(p []byte) (int, error) { return c.stream.Write(p) }

// show returns the certificate of the backend.
func (c *eitherConn) show(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.certificate != nil {
		return c.certificate, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{c.name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

type prefixedConn struct {
	net.Conn
	io.Reader
}

func (c prefixedConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// stateOf returns the TLS of a request's connection; nil without.
func stateOf(ctx context.Context) *tls.ConnectionState {
	c, _ := ctx.Value(connKey{}).(*eitherConn)
	if c == nil || c.tls == nil {
		return nil
	}
	state := c.tls.ConnectionState()
	return &state
}

// sniOf returns the server name that the client of a request named, "" without TLS.
func sniOf(ctx context.Context) string {
	if state := stateOf(ctx); state != nil {
		return state.ServerName
	}
	return ""
}

// clientOf returns the name in the certificate of the client of a request, "" without.
func clientOf(ctx context.Context) string {
	if state := stateOf(ctx); state != nil && len(state.PeerCertificates) > 0 {
		return certificateName(state)
	}
	return ""
}
