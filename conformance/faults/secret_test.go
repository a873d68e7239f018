package faults_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// newTLSScene has an HTTPS listener besides the plain one, its Secret, and a route to backend a for both.
func newTLSScene(t *testing.T, namespace string) (*scene.Scene, *corev1.Secret) {
	t.Helper()
	const name = "certificate"
	s := scene.New(t, bed, namespace, host.ClassName, gwv1.Listener{
		Name: "https", Port: 443, Protocol: gwv1.HTTPSProtocolType,
		TLS: &gwv1.ListenerTLSConfig{CertificateRefs: []gwv1.SecretObjectReference{{Name: name}}},
	})
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}, Type: corev1.SecretTypeTLS, Data: newCertificate(t),
	}
	s.Create(t, secret)
	s.Backend(t, "a", 1)
	s.Create(t, s.Route("route", "a.example", "a"))
	awaitService(t, s, "a.example", "a")
	awaitTLS(t, s, true)
	return s, secret
}

// newCertificate is the data of a TLS Secret.
func newCertificate(t *testing.T) map[string][]byte {
	t.Helper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("a.example", nil, nil)
	require.NoError(t, err)
	return map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key}
}

// TestSecretRotated: a new certificate is served to new connections and costs those that are open nothing.
func TestSecretRotated(t *testing.T) {
	s, secret := newTLSScene(t, "secret-rotated")
	load := traffic.Start(s.Address+":443", "https://a.example/", clients, func(client int, a traffic.Answer) string {
		if a.Err == nil && a.Closing {
			return "the connection is drained"
		}
		return traffic.OK("a")(client, a)
	})
	const rotations = 20
	for range rotations {
		data := newCertificate(t)
		leaf, _ := pem.Decode(data[corev1.TLSCertKey])
		require.NoError(t, bed.Update(t.Context(), secret, func() { secret.Data = data }))
		s.Wait(t, "the new certificate is served", func(context.Context) (bool, error) {
			conn, err := tls.Dial("tcp", s.Address+":443", &tls.Config{ServerName: "a.example", InsecureSkipVerify: true})
			if err != nil {
				return false, err
			}
			served := conn.ConnectionState().PeerCertificates[0].Raw
			return bytes.Equal(served, leaf.Bytes), conn.Close()
		})
	}
	sum := load.Stop()
	t.Logf("%d certificates, HTTPS meanwhile: %s", rotations, sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
}

// TestSecretBroken: a certificate that turns into rubbish is reported on its listener, leaves the others alone, and
// serves again when it is repaired.
func TestSecretBroken(t *testing.T) {
	s, secret := newTLSScene(t, "secret-broken")
	certificate := secret.Data[corev1.TLSCertKey]
	load := traffic.Start(s.Address+":80", "http://a.example/", clients, traffic.OK("a"))
	const times = 3
	for range times {
		require.NoError(t, bed.Update(t.Context(), secret, func() { secret.Data[corev1.TLSCertKey] = []byte("Hello world") }))
		awaitListener(t, s, "https", metav1.ConditionFalse)
		awaitTLS(t, s, false)
		require.NoError(t, bed.Update(t.Context(), secret, func() { secret.Data[corev1.TLSCertKey] = certificate }))
		awaitListener(t, s, "https", metav1.ConditionTrue)
		awaitTLS(t, s, true)
	}
	sum := load.Stop()
	t.Logf("broken and repaired %d times, plain HTTP meanwhile: %s", times, sum)
	require.Zero(t, sum.WrongCount, sum.Wrong)
}

// awaitListener waits for a listener's Programmed condition.
func awaitListener(t *testing.T, s *scene.Scene, name gwv1.SectionName, want metav1.ConditionStatus) {
	t.Helper()
	s.Wait(t, fmt.Sprintf("listener %s is programmed: %s", name, want), func(ctx context.Context) (bool, error) {
		var gw gwv1.Gateway
		err := bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: scene.GatewayName}, &gw)
		for _, listener := range gw.Status.Listeners {
			for _, c := range listener.Conditions {
				if listener.Name == name && c.Type == string(gwv1.ListenerConditionProgrammed) {
					return c.Status == want, err
				}
			}
		}
		return false, err
	})
}

// awaitTLS waits until a TLS handshake with the Gateway succeeds, or fails.
func awaitTLS(t *testing.T, s *scene.Scene, want bool) {
	t.Helper()
	s.Wait(t, fmt.Sprintf("a handshake succeeds: %t", want), func(context.Context) (bool, error) {
		conn, err := tls.Dial("tcp", s.Address+":443", &tls.Config{ServerName: "a.example", InsecureSkipVerify: true})
		if err == nil {
			err = conn.Close()
		}
		return (err == nil) == want, nil
	})
}
