package claims_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	der, key := newCertificate(t, name, nil)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{certificate: certificate, key: key}
}

// pem is the authority's certificate, as bundles hold it.
func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// issue returns a certificate for a host name, or for a client that calls itself so.
func (a authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	der, key := newCertificate(t, name, &a)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// newCertificate is signed by the issuer; without one it is an authority's and signs itself.
func newCertificate(t *testing.T, name string, issuer *authority) ([]byte, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if issuer == nil {
		template.IsCA, template.KeyUsage, template.DNSNames, template.ExtKeyUsage = true, x509.KeyUsageCertSign, nil, nil
		issuer = &authority{certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, key.Public(), issuer.key)
	require.NoError(t, err)
	return der, key
}
