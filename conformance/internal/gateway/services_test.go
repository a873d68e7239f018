package gateway

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/consts"
)

// TestWanted: a Gateway that asks for nothing but cluster IPs is not exposed by a load balancer.
func TestWanted(t *testing.T) {
	kinds := func(addresses string) (out []string) {
		gw := &gwv1.Gateway{}
		require.NoError(t, json.Unmarshal([]byte(`{"spec": {"addresses": `+addresses+`}}`), gw))
		for _, s := range wanted(gw) {
			out = append(out, string(s.kind)+" "+s.ip+" "+s.routability)
		}
		return out
	}
	const balancer = "LoadBalancer  "
	require.Equal(t, []string{balancer}, kinds(`[]`))
	require.Equal(t, []string{balancer}, kinds(`[{"value": "10.245.9.9"}]`))
	mixed := `[{"routability": "Cluster", "value": "10.96.7.7"}, {}, {"routability": "testing.x-k8s.io/sentinel"}, {"routability": "example.com/other"}]`
	if consts.BundleVersion == "v1.6.3" { // whose Go types do not have it
		require.Equal(t, []string{balancer}, kinds(mixed))
		return
	}
	require.Equal(t, []string{"ClusterIP 10.96.7.7 ", "ClusterIP  testing.x-k8s.io/sentinel", "ClusterIP  ", balancer}, kinds(mixed))
	require.Equal(t, []string{"ClusterIP  "}, kinds(`[{"routability": "Cluster"}]`))
}

func TestRequested(t *testing.T) {
	ip, name := gwv1.IPAddressType, gwv1.HostnameAddressType
	for _, test := range []struct {
		addresses []gwv1.GatewaySpecAddress
		want      string
	}{
		{nil, ""},
		{[]gwv1.GatewaySpecAddress{{Type: &ip}}, ""},
		{[]gwv1.GatewaySpecAddress{{Type: &ip, Value: "198.51.100.7"}}, ""},
		{[]gwv1.GatewaySpecAddress{{Type: &name, Value: "10.245.9.9"}}, ""},
		{[]gwv1.GatewaySpecAddress{{Type: &ip, Value: "198.51.100.7"}, {Value: "10.245.9.9"}}, "10.245.9.9"},
	} {
		require.Equal(t, test.want, requested(&gwv1.Gateway{Spec: gwv1.GatewaySpec{Addresses: test.addresses}}))
	}
}

func TestAddress(t *testing.T) {
	gw, pod := &gwv1.Gateway{}, &corev1.Pod{}
	require.Empty(t, address(gw, pod))
	pod.Status.PodIP = "10.244.1.3"
	require.Equal(t, []corev1.LoadBalancerIngress{{IP: "10.244.1.3"}}, address(gw, pod))
	gw.Spec.Addresses = []gwv1.GatewaySpecAddress{{Value: "10.245.9.9"}}
	require.Equal(t, []corev1.LoadBalancerIngress{{IP: "10.245.9.9"}}, address(gw, pod))
}

// TestDescribe: a port is opened once, and what the API server has added to it stays, or it would be written for
// ever.
func TestDescribe(t *testing.T) {
	gw := &gwv1.Gateway{ObjectMeta: metav1.ObjectMeta{Name: "gw"}, Spec: gwv1.GatewaySpec{Listeners: []gwv1.Listener{
		{Port: 80, Protocol: gwv1.HTTPProtocolType}, {Port: 80, Protocol: gwv1.HTTPProtocolType}, {Port: 53, Protocol: gwv1.UDPProtocolType},
	}}}
	object := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "port-80-tcp", Port: 80, Protocol: corev1.ProtocolTCP, NodePort: 30000},
		{Name: "port-81-tcp", Port: 81, Protocol: corev1.ProtocolTCP},
	}}}
	service{kind: corev1.ServiceTypeLoadBalancer}.describe(object, gw)
	require.Equal(t, []corev1.ServicePort{
		{Name: "port-80-tcp", Port: 80, Protocol: corev1.ProtocolTCP, NodePort: 30000},
		{Name: "port-53-udp", Port: 53, Protocol: corev1.ProtocolUDP},
	}, object.Spec.Ports)
}
