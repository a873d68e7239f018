package secret

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// newCA returns a certificate in PEM.
func newCA(t *testing.T, name string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestReadBundle(t *testing.T) {
	a, b := newCA(t, "a"), newCA(t, "b")
	const begin = "-----BEGIN CERTIFICATE-----\n"
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	for _, row := range []struct {
		name, in, out, flaw string
	}{
		{name: "one", in: a, out: a},
		{name: "several", in: a + b + a, out: a + b + a},
		{name: "text around", in: "Root A\n" + a + "Root B\n" + b + "end", out: a + b},
		{name: "carriage returns", in: string(bytes.ReplaceAll([]byte(a), []byte("\n"), []byte("\r\n"))), out: a},
		{name: "byte order mark", in: "\ufeff" + a, out: a},
		{name: "key beside it", in: key + a, out: a},
		{name: "headers in a block", in: begin + "Name: a\n\n" + a[len(begin):], out: a},
		{name: "truncated block", in: a[:len(a)/2] + "\n" + b, out: b, flaw: "block 1 is damaged"},
		{name: "bad base64", in: a + begin + "AA*A\n-----END CERTIFICATE-----\n" + b, out: a + b, flaw: "block 2 is damaged"},
		{name: "no certificate in a block", in: a + begin + "AAAA\n-----END CERTIFICATE-----\n", out: a, flaw: "block 2: x509:"},
		{name: "no newline after a block", in: a[:len(a)-1] + b, out: a + b},
		{name: "empty", in: "", flaw: "holds no certificate"},
		{name: "text alone", in: "hello", flaw: "holds no certificate"},
		{name: "key alone", in: key, flaw: "holds no certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := readBundle([]byte(row.in))
			require.Equal(t, row.out, string(out))
			if row.flaw == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, row.flaw)
			}
		})
	}
}

func TestBundles(t *testing.T) {
	ca := newCA(t, "a")
	configMap := func(name string, data map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Data: data}
	}
	r := objects.NewReader(objects.NewIndex(&objects.Input{ConfigMaps: []*corev1.ConfigMap{
		configMap("good", map[string]string{"ca.crt": ca}),
		configMap("empty", nil),
		configMap("blank", map[string]string{"ca.crt": ""}),
	}}, &objects.IDs{}), &objects.Settings{})
	get := func(name string) Bundle { return Bundles.Get(r, objects.Name{Namespace: "ns", Name: name}) }

	require.Equal(t, Bundle{PEM: []byte(ca)}, get("good"))
	require.Equal(t, `ConfigMap "ns/empty" has no key "ca.crt"`, get("empty").Flaw)
	require.Equal(t, `ConfigMap "ns/blank": ca.crt: holds no certificate`, get("blank").Flaw)
	require.Equal(t, `ConfigMap "ns/gone" does not exist`, get("gone").Flaw)
	require.Empty(t, get("blank").PEM)
}
