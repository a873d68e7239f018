package secret

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// caKey is where a ConfigMap holds CA certificates (Gateway API, every caCertificateRefs field).
const caKey = "ca.crt"

// Bundle is the CA certificates of one object. Both fields are set for one of which only a part can be used.
type Bundle struct {
	PEM  []byte // every usable certificate
	Flaw string // why it, or a part of it, cannot be used, for the user
}

// Bundles reads the CA certificates of a ConfigMap.
var Bundles = objects.NewUnit("CA bundle", func(r *objects.Reader, name objects.Name) Bundle {
	m := r.ConfigMap(name)
	if m == nil {
		return Bundle{Flaw: fmt.Sprintf("ConfigMap %q does not exist", name)}
	}
	text, ok := m.Data[caKey]
	if !ok {
		return Bundle{Flaw: fmt.Sprintf("ConfigMap %q has no key %q", name, caKey)}
	}
	certs, err := readBundle([]byte(text))
	b := Bundle{PEM: certs}
	if err != nil {
		b.Flaw = fmt.Sprintf("ConfigMap %q: %s: %v", name, caKey, err)
	}
	return b
})

// TrustBundles reads the CA certificates of a ClusterTrustBundle. One that is damaged is not used at all (GEP-5075).
var TrustBundles = objects.NewUnit("trust bundle", func(r *objects.Reader, name string) Bundle {
	b := r.ClusterTrustBundle(name)
	if b == nil {
		return Bundle{Flaw: fmt.Sprintf("ClusterTrustBundle %q does not exist", name)}
	}
	certs, err := readBundle([]byte(b.Spec.TrustBundle))
	if err != nil {
		return Bundle{Flaw: fmt.Sprintf("ClusterTrustBundle %q: trustBundle: %v", name, err)}
	}
	return Bundle{PEM: certs}
})

// IsTrustBundle reports whether a reference is to a ClusterTrustBundle, which is in no namespace, in a cluster that has
// them.
func IsTrustBundle(r *objects.Reader, group, kind string) bool {
	return group == "certificates.k8s.io" && kind == "ClusterTrustBundle" && r.Settings.Claims("ClusterTrustBundle")
}

// ReadBundle reads the object that an element of a caCertificateRefs field names; false if it is of a kind that holds no
// CA certificates.
func ReadBundle(r *objects.Reader, group, kind string, name objects.Name) (Bundle, bool) {
	switch {
	case group == "" && kind == "ConfigMap":
		return Bundles.Get(r, name), true
	case IsTrustBundle(r, group, kind):
		return TrustBundles.Get(r, name.Name), true
	}
	return Bundle{}, false
}

// readBundle encodes every certificate anew, since Envoy refuses a whole bundle for one damaged block, or for headers in
// a block, that Go skips. The error is about the first block that was left out.
func readBundle(text []byte) (certs []byte, err error) {
	var out bytes.Buffer
	begin := []byte("-----BEGIN ")
	for i, part := range bytes.Split(text, begin) {
		if i == 0 {
			continue // what is before the first block
		}
		block, _ := pem.Decode(append(bytes.Clone(begin), part...))
		switch {
		case block == nil:
			err = cmp.Or(err, fmt.Errorf("block %d is damaged", i))
			continue
		case block.Type != "CERTIFICATE":
			continue
		}
		if _, bad := x509.ParseCertificate(block.Bytes); bad != nil {
			err = cmp.Or(err, fmt.Errorf("block %d: %w", i, bad))
			continue
		}
		if bad := pem.Encode(&out, &pem.Block{Type: block.Type, Bytes: block.Bytes}); bad != nil {
			err = cmp.Or(err, bad)
		}
	}
	if out.Len() == 0 {
		err = cmp.Or(err, fmt.Errorf("holds no certificate"))
	}
	return out.Bytes(), err
}

// Trust is the SDS secret of CA certificates.
func Trust(name string, certs []byte) *tlsv3.Secret {
	return &tlsv3.Secret{
		Name: name,
		Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: inline(certs)}},
	}
}
