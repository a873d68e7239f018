package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/kubelet"
)

func TestLabelValue(t *testing.T) {
	long := strings.Repeat("a", 253)
	for name, want := range map[string]string{
		"short.name":            "short.name",
		strings.Repeat("b", 63): strings.Repeat("b", 63),
	} {
		require.Equal(t, want, labelValue(name))
	}
	require.Empty(t, validation.IsValidLabelValue(labelValue(long)))
	require.NotEqual(t, labelValue(long), labelValue(long[1:]+"c"))
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
	pod := &corev1.Pod{}
	require.Empty(t, address(pod))
	pod.Status.PodIP = "10.244.1.3"
	require.Equal(t, []corev1.LoadBalancerIngress{{IP: "10.244.1.3"}}, address(pod))
	pod.ObjectMeta = metav1.ObjectMeta{Annotations: map[string]string{kubelet.ExtraIPAnnotation: "10.245.9.9"}}
	require.Equal(t, []corev1.LoadBalancerIngress{{IP: "10.245.9.9"}}, address(pod))
}

// TestDescribeService: a port is opened once, and what the API server has added to it stays, or it would be written for
// ever.
func TestDescribeService(t *testing.T) {
	gw := &gwv1.Gateway{ObjectMeta: metav1.ObjectMeta{Name: "gw"}, Spec: gwv1.GatewaySpec{Listeners: []gwv1.Listener{
		{Port: 80, Protocol: gwv1.HTTPProtocolType}, {Port: 80, Protocol: gwv1.HTTPProtocolType}, {Port: 53, Protocol: gwv1.UDPProtocolType},
	}}}
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "port-80-tcp", Port: 80, Protocol: corev1.ProtocolTCP, NodePort: 30000},
		{Name: "port-81-tcp", Port: 81, Protocol: corev1.ProtocolTCP},
	}}}
	describeService(service, gw)
	require.Equal(t, []corev1.ServicePort{
		{Name: "port-80-tcp", Port: 80, Protocol: corev1.ProtocolTCP, NodePort: 30000},
		{Name: "port-53-udp", Port: 53, Protocol: corev1.ProtocolUDP},
	}, service.Spec.Ports)
}

// TestBootstrap holds what the host's contract says about an Envoy.
func TestBootstrap(t *testing.T) {
	var got struct {
		Node             struct{ ID, Cluster string }
		DynamicResources struct {
			ADSConfig struct {
				APIType string `json:"api_type"`
			} `json:"ads_config"`
		} `json:"dynamic_resources"`
	}
	text := bootstrap("pod", "ns/gw", "10.244.0.1:18000")
	require.NoError(t, json.Unmarshal([]byte(text), &got))
	require.Equal(t, "pod", got.Node.ID)
	require.Equal(t, "ns/gw", got.Node.Cluster)
	require.Equal(t, "DELTA_GRPC", got.DynamicResources.ADSConfig.APIType)
	require.Contains(t, text, `"address":"10.244.0.1","port_value":18000`)
}
