package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
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
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.96.0.1", ClusterIPs: []string{"10.96.0.1"}},
			Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}},
		}
	}
	inside := func(name, gateway string, ips ...string) *corev1.Service {
		out := service(name, gateway)
		out.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: ips[0], ClusterIPs: ips}
		return out
	}
	said := inside("e", "web", "10.96.0.5")
	said.Annotations = map[string]string{routabilityAnnotation: "testing.x-k8s.io/sentinel"}
	services := []*corev1.Service{
		said,
		inside("0", "web", "10.96.0.4", "fd00:96::4"),
		inside("1", "web", corev1.ClusterIPNone),
		inside("2", "", "10.96.0.6"),
		service("b", "web", corev1.LoadBalancerIngress{Hostname: "lb.example.com"}),
		service("a", "web", corev1.LoadBalancerIngress{IP: "10.0.0.1"}, corev1.LoadBalancerIngress{IP: "fd00::1"}),
		service("c", "pending"),
		service("d", "", corev1.LoadBalancerIngress{IP: "10.0.0.9"}),
		service("f", "unknown", corev1.LoadBalancerIngress{IP: "10.0.0.8"}),
	}
	objs := &translate.Objects{Services: services, Gateways: []*gwv1.Gateway{
		{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "web"}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "pending"}},
		{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "unknown"}},
	}}
	web := types.NamespacedName{Namespace: "infra", Name: "web"}
	balanced := []gwv1.GatewayStatusAddress{
		address(gwv1.IPAddressType, "10.0.0.1", ""), address(gwv1.IPAddressType, "fd00::1", ""),
		address(gwv1.HostnameAddressType, "lb.example.com", ""),
	}
	require.Equal(t, map[types.NamespacedName][]gwv1.GatewayStatusAddress{web: balanced}, addresses(objs, false))
	require.Equal(t, map[types.NamespacedName][]gwv1.GatewayStatusAddress{web: append(balanced,
		address(gwv1.IPAddressType, "10.96.0.4", "Cluster"), address(gwv1.IPAddressType, "fd00:96::4", "Cluster"),
		address(gwv1.IPAddressType, "10.96.0.5", "testing.x-k8s.io/sentinel"),
	)}, addresses(objs, true))
}

// TestAddressesOfLongNames: such a Gateway's Service has a hash in its label.
func TestAddressesOfLongNames(t *testing.T) {
	objs := &translate.Objects{}
	want := map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, name := range []string{strings.Repeat("a", 64), strings.Repeat("a", 253)} {
		objs.Gateways = append(objs.Gateways, &gwv1.Gateway{
			ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: name, UID: types.UID(name)},
			Spec:       gwv1.GatewaySpec{GatewayClassName: "class"},
		})
	}
	objs.GatewayClasses = []*gwv1.GatewayClass{{ObjectMeta: metav1.ObjectMeta{Name: "class"}, Spec: gwv1.GatewayClassSpec{ControllerName: "example.com/c"}}}
	result, err := translate.Translate(objs, translate.Options{ControllerName: "example.com/c"})
	require.NoError(t, err)
	for i, gw := range result.Gateways {
		ip := "10.0.0." + strconv.Itoa(i)
		objs.Services = append(objs.Services, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: gw.Infrastructure.Name, Labels: gw.Infrastructure.Labels},
			Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: ip}}}},
		})
		want[types.NamespacedName{Namespace: "infra", Name: gw.Gateway.Name}] = []gwv1.GatewayStatusAddress{address(gwv1.IPAddressType, ip, "")}
	}
	require.Len(t, want, 2)
	require.Equal(t, want, addresses(objs, false))
}

// TestRoutability: an address says it where the linked Gateway API can.
func TestRoutability(t *testing.T) {
	text, err := json.Marshal(address(gwv1.IPAddressType, "10.96.0.4", "Cluster"))
	require.NoError(t, err)
	if consts.BundleVersion == "v1.6.3" {
		require.JSONEq(t, `{"type":"IPAddress","value":"10.96.0.4"}`, string(text))
	} else {
		require.JSONEq(t, `{"type":"IPAddress","value":"10.96.0.4","routability":"Cluster"}`, string(text))
	}
}

func TestFeaturesAreThoseOfTheCluster(t *testing.T) {
	installed := func(release string, channel version.Channel) version.Bundle {
		return version.Bundle{Version: release, Channel: channel}
	}
	claims := []gwv1.FeatureName{"GatewayInfrastructure", trustBundles, "Nonsense"}
	old := features(installed("v1.6.3", version.Experimental), claims)
	require.Contains(t, old, gwv1.FeatureName("HTTPRouteRetry"))
	require.Contains(t, old, gwv1.FeatureName("GatewayInfrastructure"))
	require.NotContains(t, old, trustBundles)
	require.NotContains(t, old, gwv1.FeatureName("Nonsense"))

	today := features(installed("v1.7.0", version.Experimental), claims)
	require.NotContains(t, today, gwv1.FeatureName("HTTPRouteRetry"))
	require.Contains(t, today, trustBundles)
	standard := features(installed("v1.7.0", version.Standard), claims)
	require.Contains(t, standard, gwv1.FeatureName("GatewayInfrastructure"))
	require.NotContains(t, standard, trustBundles)

	require.Equal(t, translate.SupportedFeatures(), features(installed("a release of tomorrow", version.Standard), nil))
}
