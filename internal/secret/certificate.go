// Package secret decides which certificates, keys and CA bundles Envoy will take, which is less than Go takes.
package secret

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Certificate is what a Secret holds for a listener.
type Certificate struct {
	Secret *tlsv3.Secret // nil if there is a flaw
	Names  []string      // DNS names that it is for, lower-case
	Flaw   string        // why it cannot be used, for the user
}

// Certificates reads the certificate chain and key of a Secret (type kubernetes.io/tls, which is not insisted on).
var Certificates = objects.NewUnit("secret", func(r *objects.Reader, name objects.Name) Certificate {
	s := r.Secret(name)
	if s == nil {
		return Certificate{Flaw: fmt.Sprintf("Secret %q does not exist", name)}
	}
	p, err := readPair(s.Data[corev1.TLSCertKey], s.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return Certificate{Flaw: fmt.Sprintf("Secret %q: %v", name, err)}
	}
	return Certificate{Names: p.names, Secret: &tlsv3.Secret{
		Name: envoy.Secret(name.Namespace, name.Name),
		Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
			CertificateChain: inline(p.chain),
			PrivateKey:       inline(p.key),
		}},
	}}
})

// pair is a certificate chain and its key in PEM, and the DNS names that the certificate is for.
type pair struct {
	chain, key []byte
	names      []string
}

func inline(b []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
}

// readPair checks a PEM certificate chain and its key as BoringSSL and Envoy would, and returns both encoded anew, since
// Envoy refuses a whole resource for one damaged block, or for headers in a block, that Go skips.
func readPair(certPEM, keyPEM []byte) (*pair, error) {
	if len(certPEM) == 0 || len(keyPEM) == 0 {
		return nil, fmt.Errorf("tls.crt and tls.key must both be there")
	}
	both, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		// What stands behind a second colon are the words of a parser, which change with every Go.
		words := strings.SplitN(err.Error(), ": ", 3)
		return nil, fmt.Errorf("tls.crt and tls.key are not a matching pair: %s", strings.Join(words[:min(len(words), 2)], ": "))
	}
	// Go passes over a block that it cannot read, which would leave clients without an intermediate.
	if n := bytes.Count(certPEM, []byte("-----BEGIN CERTIFICATE-----")); n != len(both.Certificate) {
		return nil, fmt.Errorf("tls.crt: only %d of %d certificates can be read", len(both.Certificate), n)
	}
	var p pair
	var buf bytes.Buffer
	for i, der := range both.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("tls.crt: certificate %d: %w", i+1, err)
		}
		if i == 0 {
			if err := checkLeaf(cert); err != nil {
				return nil, fmt.Errorf("tls.crt: %w", err)
			}
			for _, name := range cert.DNSNames {
				p.names = append(p.names, strings.ToLower(name))
			}
		}
		if err := pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return nil, fmt.Errorf("tls.crt: %w", err)
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(both.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("tls.key: %w", err)
	}
	p.chain, p.key = buf.Bytes(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return &p, nil
}

// checkLeaf refuses what Envoy refuses of a certificate that Go accepts.
func checkLeaf(cert *x509.Certificate) error {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return fmt.Errorf("an RSA key of %d bits is too short, 2048 are needed", key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if c := key.Curve; c != elliptic.P256() && c != elliptic.P384() && c != elliptic.P521() {
			return fmt.Errorf("curve %s is not supported, use P-256, P-384 or P-521", c.Params().Name)
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("keys of type %T are not supported", key)
	}
	if cert.Subject.CommonName == "" &&
		len(cert.DNSNames)+len(cert.IPAddresses)+len(cert.URIs) == 0 { // Envoy counts no address of mail
		return fmt.Errorf("the certificate names no server: it has neither a common name nor a subject alternative name that is a DNS name, an IP address or a URI")
	}
	return nil
}
