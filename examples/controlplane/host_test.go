package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

func TestDebounce(t *testing.T) {
	for _, tc := range []struct {
		name    string
		changes []time.Duration // after the first
		want    time.Duration   // from the first change to the translation
	}{
		{name: "one change is not kept waiting", want: quiet},
		{name: "a burst is one change", changes: []time.Duration{quiet / 2, quiet}, want: 2 * quiet},
		{name: "a burst without end waits no longer than atMost", changes: every(quiet/2, 2*atMost), want: atMost},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				h := &host{changed: make(chan struct{}, 1)}
				start := time.Now()
				go func() {
					h.change()
					for _, at := range tc.changes {
						time.Sleep(time.Until(start.Add(at)))
						h.change()
					}
				}()
				require.True(t, debounce(ctx, h.changed, quiet, atMost))
				require.Equal(t, tc.want, time.Since(start))
				cancel()
				require.False(t, debounce(ctx, make(chan struct{}), quiet, atMost))
				time.Sleep(2 * atMost) // the burst ends
			})
		})
	}
}

func every(step, until time.Duration) (out []time.Duration) {
	for at := step; at < until; at += step {
		out = append(out, at)
	}
	return out
}

func TestAddresses(t *testing.T) {
	service := func(name, gateway string, ingress ...corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: name, Labels: map[string]string{gwv1.GatewayNameLabelKey: gateway}},
			Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}},
		}
	}
	got := addresses([]*corev1.Service{
		service("b", "web", corev1.LoadBalancerIngress{Hostname: "lb.example.com"}),
		service("a", "web", corev1.LoadBalancerIngress{IP: "10.0.0.1"}, corev1.LoadBalancerIngress{IP: "fd00::1"}),
		service("c", "pending"),
		service("d", "", corev1.LoadBalancerIngress{IP: "10.0.0.9"}),
	})
	require.Equal(t, map[types.NamespacedName][]gwv1.GatewayStatusAddress{
		{Namespace: "infra", Name: "web"}: {
			address(gwv1.IPAddressType, "10.0.0.1"), address(gwv1.IPAddressType, "fd00::1"),
			address(gwv1.HostnameAddressType, "lb.example.com"),
		},
	}, got)
}

func TestFeaturesAreThoseOfTheRelease(t *testing.T) {
	old := features("v1.6.3", "GatewayInfrastructure,Nonsense")
	require.Contains(t, old, gwv1.FeatureName("HTTPRouteRetry"))
	require.Contains(t, old, gwv1.FeatureName("GatewayInfrastructure"))
	require.NotContains(t, old, gwv1.FeatureName("Nonsense"))

	require.NotContains(t, features("v1.7.0", ""), gwv1.FeatureName("HTTPRouteRetry"))
	require.Equal(t, translate.SupportedFeatures(), features("a release of tomorrow", ""))
}
