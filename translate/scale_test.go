package translate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
)

// manyListeners is one Gateway with n HTTPS listeners, each with its hostname, certificate and route: in ListenerSets
// of 64, the most that the CRD allows.
func manyListeners(tb testing.TB, n int) *translate.Objects {
	objs := benchInput(n)
	gw := objs.Gateways[0]
	gw.Spec.AllowedListeners = &gwv1.AllowedListeners{Namespaces: &gwv1.ListenerNamespaces{From: ptr(gwv1.NamespacesFromAll)}}
	for i, r := range objs.HTTPRoutes {
		name := fmt.Sprintf("cert-%05d", i)
		objs.Secrets = append(objs.Secrets, selfSigned(tb, name, string(r.Spec.Hostnames[0])))
		if i%64 == 0 {
			set := &gwv1.ListenerSet{ObjectMeta: benchMeta("default", fmt.Sprintf("set-%05d", i), 7, i)}
			set.Spec.ParentRef.Name = "gw"
			objs.ListenerSets = append(objs.ListenerSets, set)
		}
		set := objs.ListenerSets[len(objs.ListenerSets)-1]
		set.Spec.Listeners = append(set.Spec.Listeners, gwv1.ListenerEntry{
			Name: gwv1.SectionName(name), Port: 443, Protocol: gwv1.HTTPSProtocolType, Hostname: &r.Spec.Hostnames[0],
			TLS: &gwv1.ListenerTLSConfig{CertificateRefs: []gwv1.SecretObjectReference{{Name: gwv1.ObjectName(name)}}},
		})
		r.Spec.ParentRefs[0].Kind, r.Spec.ParentRefs[0].Name = ptr(gwv1.Kind("ListenerSet")), gwv1.ObjectName(set.Name)
	}
	return objs
}

func selfSigned(tb testing.TB, name, host string) *corev1.Secret {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(tb, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	return &corev1.Secret{ObjectMeta: benchMeta("default", name, 8, 0), Data: map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}}
}

// TestManyHTTPSListeners: one Envoy takes hundreds of HTTPS listeners of one Gateway, each with its own certificate, and
// keeps them apart. The log says how long it takes to load.
func TestManyHTTPSListeners(t *testing.T) {
	const n = 500
	res, err := translate.Translate(manyListeners(t, n), benchOptions)
	require.NoError(t, err)
	require.Equal(t, n, len(res.Gateways[0].Listeners[0].GetFilterChains()))
	bootstrap, err := envoytest.SharingBootstrap(configOf(res.Gateways[0]), t.TempDir())
	require.NoError(t, err)
	started := time.Now()
	envoy := envoytest.Start(t, bootstrap)
	t.Logf("Envoy is live with %d HTTPS listeners after %s", n, time.Since(started).Round(time.Millisecond))

	ask := func(sni, host string) *envoytest.Response {
		response, err := envoytest.Request{Addr: envoy.Addr(443), TLS: true, SNI: sni, Host: host, Path: "/"}.Do(t.Context())
		require.NoError(t, err)
		return response
	}
	last := fmt.Sprintf("host-%05d.example.com", n-1)
	require.Equal(t, 404, ask(last, last).Status, "no rule of the route matches")
	require.Equal(t, 421, ask("host-00000.example.com", last).Status, "the host is another listener's")
}

func BenchmarkTranslateHTTPSListeners(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("listeners=%d", n), func(b *testing.B) {
			objs := manyListeners(b, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := translate.Translate(objs, benchOptions); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
