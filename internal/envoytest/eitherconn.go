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
	name string
}

func (l eitherListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &eitherConn{Conn: c, name: l.name}, nil
}

// eitherConn finds out with its first byte whether the client speaks TLS.
type eitherConn struct {
	net.Conn // for all but reading and writing
	name     string

	once   sync.Once
	stream net.Conn
	sni    string
}

// tlsHandshake is the first byte of a TLS connection. No HTTP request begins with it.
const tlsHandshake = 0x16

func (c *eitherConn) Read(p []byte) (int, error) {
	c.once.Do(func() {
		first := make([]byte, 1)
		n, _ := io.ReadFull(c.Conn, first)
		c.stream = prefixedConn{Conn: c.Conn, Reader: io.MultiReader(bytes.NewReader(first[:n]), c.Conn)}
		if first[0] == tlsHandshake {
			c.stream = tls.Server(c.stream, &tls.Config{NextProtos: []string{"h2", "http/1.1"}, GetCertificate: c.certificate})
		}
	})
	return c.stream.Read(p)
}

func (c *eitherConn) Write(p []byte) (int, error) { return c.stream.Write(p) }

// certificate makes a certificate for the name of the backend.
func (c *eitherConn) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.sni = hello.ServerName
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

// sniOf returns the server name that the client of a request named, "" without TLS.
func sniOf(ctx context.Context) string {
	c, _ := ctx.Value(connKey{}).(*eitherConn)
	if c == nil {
		return ""
	}
	return c.sni
}
