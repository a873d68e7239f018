package claims_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/cluster"
	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// newBundle creates a ClusterTrustBundle.
func newBundle(t *testing.T, s *scene.Scene, name, pem string) *certificatesv1beta1.ClusterTrustBundle {
	t.Helper()
	bundle := &certificatesv1beta1.ClusterTrustBundle{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: certificatesv1beta1.ClusterTrustBundleSpec{TrustBundle: pem},
	}
	s.Create(t, bundle)
	t.Cleanup(func() {
		require.NoError(t, client.IgnoreNotFound(bed.Client.Delete(context.Background(), bundle)))
	})
	return bundle
}

func setBundle(t *testing.T, s *scene.Scene, bundle *certificatesv1beta1.ClusterTrustBundle, pem string) {
	t.Helper()
	scene.Update(t, s, bundle, func(b *certificatesv1beta1.ClusterTrustBundle) { b.Spec.TrustBundle = pem })
}

// TestBackendTrust: a backend's certificate is judged by the ClusterTrustBundle that its BackendTLSPolicy names, as that
// is now. Without the bundle nothing reaches the backend, and the policy says why.
func TestBackendTrust(t *testing.T) {
	s := scene.New(t, bed, "backend-trust", host.ClassName)
	ours, others := newAuthority(t, "ours"), newAuthority(t, "others")
	const name, url = "backend-trust", "http://secure.example/"
	bundle := newBundle(t, s, name, ours.pem())
	c := newSecureBackend(t, s, "secure.example", name, ours.issue(t, "secure.example"))
	good := []string{"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"}

	awaitOutcome(t, s, c, url, "200 secure")
	awaitPolicy(t, s, good...)
	setBundle(t, s, bundle, others.pem())
	awaitOutcome(t, s, c, url, "503")
	awaitPolicy(t, s, good...)
	setBundle(t, s, bundle, others.pem()+ours.pem())
	awaitOutcome(t, s, c, url, "200 secure")
	require.NoError(t, bed.Client.Delete(t.Context(), bundle))
	awaitOutcome(t, s, c, url, "500")
	awaitPolicy(t, s, "Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef")
	newBundle(t, s, name, ours.pem())
	awaitOutcome(t, s, c, url, "200 secure")
	awaitPolicy(t, s, good...)
}

// TestFrontendTrust: a client's certificate is judged by the ClusterTrustBundle that the Gateway names. Without the bundle
// the listener serves nobody, and says why.
func TestFrontendTrust(t *testing.T) {
	const name, url = "frontend-trust", "https://a.example/"
	s := scene.New(t, bed, name, host.ClassName, gwv1.Listener{
		Name: "https", Port: 443, Protocol: gwv1.HTTPSProtocolType,
		TLS: &gwv1.ListenerTLSConfig{CertificateRefs: []gwv1.SecretObjectReference{{Name: "server"}}},
	})
	certificate, key, err := cert.GenerateSelfSignedCertKey("a.example", nil, nil)
	require.NoError(t, err)
	s.Create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "server"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key},
	})
	s.Backend(t, "a", 1)
	s.Create(t, s.Route("route", "a.example", "a"))
	ours, others := newAuthority(t, "ours"), newAuthority(t, "others")
	bundle := newBundle(t, s, name, ours.pem())
	gw := &gwv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: scene.GatewayName}}
	scene.Update(t, s, gw, func(gw *gwv1.Gateway) {
		gw.Spec.TLS = &gwv1.GatewayTLSConfig{Frontend: &gwv1.FrontendTLSConfig{Default: gwv1.TLSConfig{
			Validation: &gwv1.FrontendTLSValidation{CACertificateRefs: []gwv1.ObjectReference{
				{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle", Name: name},
			}},
		}}}
	})

	clients := map[string]*traffic.Client{
		"ours":   traffic.NewClient(s.Address+":443", ours.issue(t, "client")),
		"others": traffic.NewClient(s.Address+":443", others.issue(t, "client")),
		"nobody": traffic.NewClient(s.Address + ":443"),
	}
	await := func(served ...string) {
		t.Helper()
		for who, c := range clients {
			want := "error"
			if slices.Contains(served, who) {
				want = "200 a"
			}
			awaitOutcome(t, s, c, url, want)
		}
	}
	await("ours")
	awaitListener(t, s, scene.GatewayName, "https", "Accepted=True/Accepted", "Programmed=True/Programmed", "ResolvedRefs=True/ResolvedRefs")
	setBundle(t, s, bundle, others.pem())
	await("others")
	setBundle(t, s, bundle, others.pem()+ours.pem())
	await("ours", "others")
	require.NoError(t, bed.Client.Delete(t.Context(), bundle))
	await()
	awaitListener(t, s, scene.GatewayName, "https", "Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef")
	newBundle(t, s, name, ours.pem())
	await("ours")
	awaitListener(t, s, scene.GatewayName, "https", "Accepted=True/Accepted", "Programmed=True/Programmed", "ResolvedRefs=True/ResolvedRefs")
}

// TestTrustBundlesAbsent: where the API server has no ClusterTrustBundles, the host says that it lacks the feature, and
// does all else.
func TestTrustBundlesAbsent(t *testing.T) {
	restart := func(flags ...string) {
		require.NoError(t, testbed.StopHost(hostProcess))
		require.NoError(t, bed.Cluster.APIServer.Signal(syscall.SIGKILL))
		require.NoError(t, bed.Cluster.APIServer.Start(flags...))
		require.NoError(t, bed.Cluster.WaitReady())
		require.NoError(t, testbed.StartHost(host, hostProcess))
	}
	restart("--runtime-config=" + cluster.TrustBundles + "=false")
	awaitClaims(t, map[gwv1.FeatureName]bool{"ClusterTrustBundle": false, "GatewayAddressRoutability": true})

	s := scene.New(t, bed, "trust-bundles-absent", host.ClassName)
	s.Backend(t, "a", 1)
	s.Create(t, s.Route("route", "a.example", "a"))
	awaitOutcome(t, s, traffic.NewClient(s.Address+":80"), "http://a.example/", "200 a")
	secure := newSecureBackend(t, s, "secure.example", "anyone", newAuthority(t, "anyone").issue(t, "secure.example"))
	awaitPolicy(t, s, "Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidKind")
	awaitOutcome(t, s, secure, "http://secure.example/", "500")

	restart()
	awaitClaims(t, map[gwv1.FeatureName]bool{"ClusterTrustBundle": true, "GatewayAddressRoutability": true})
}

// newSecureBackend serves HTTPS for a host, calling itself "secure", behind a Service that a BackendTLSPolicy lets be
// reached by TLS only, trusting a ClusterTrustBundle, and a route. The client reaches it through the scene's Gateway.
func newSecureBackend(t *testing.T, s *scene.Scene, hostname, bundle string, certificate tls.Certificate) *traffic.Client {
	t.Helper()
	const name = "secure"
	listener, err := tls.Listen("tcp", sandbox.BridgeIP+":0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	require.NoError(t, err)
	serve(t, s, name, listener, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"service": %q}`, name) })
	s.Create(t, &gwv1.BackendTLSPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name},
		Spec: gwv1.BackendTLSPolicySpec{
			TargetRefs: []gwv1.LocalPolicyTargetReferenceWithSectionName{{
				LocalPolicyTargetReference: gwv1.LocalPolicyTargetReference{Kind: "Service", Name: name},
			}},
			Validation: gwv1.BackendTLSPolicyValidation{
				Hostname: gwv1.PreciseHostname(hostname),
				CACertificateRefs: []gwv1.LocalObjectReference{
					{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle", Name: gwv1.ObjectName(bundle)},
				},
			},
		},
	})
	s.Create(t, s.Route(name, hostname, name))
	return traffic.NewClient(s.Address + ":80")
}

// awaitPolicy waits for conditions of the secure backend's policy.
func awaitPolicy(t *testing.T, s *scene.Scene, want ...string) {
	t.Helper()
	s.Wait(t, fmt.Sprint("the policy has ", want), func(ctx context.Context) (bool, error) {
		var policy gwv1.BackendTLSPolicy
		if err := bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: "secure"}, &policy); err != nil {
			return false, err
		}
		if len(policy.Status.Ancestors) != 1 {
			return false, fmt.Errorf("%d ancestors", len(policy.Status.Ancestors))
		}
		err := lacks(policy.Status.Ancestors[0].Conditions, policy.Generation, want...)
		return err == nil, err
	})
}
