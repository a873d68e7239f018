package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// TestNameLabel: it finds the objects of a Gateway, however long its name and whatever its spec.infrastructure says.
func TestNameLabel(t *testing.T) {
	scheme := runtime.NewScheme()
	require.NoError(t, corev1.AddToScheme(scheme))
	require.NoError(t, gwv1.Install(scheme))
	i := &Infrastructure{client: fake.NewClientBuilder().WithScheme(scheme).Build()}
	for _, name := range []string{"gw", strings.Repeat("a", 253)} {
		gw := &gwv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name)}}
		gw.Spec.Infrastructure = &gwv1.GatewayInfrastructure{
			Labels: map[gwv1.LabelKey]gwv1.LabelValue{gwv1.GatewayNameLabelKey: "other", "team": "a"},
		}
		services, err := i.services(t.Context(), gw)
		require.NoError(t, err)
		require.Len(t, services, 1)
		label := translate.GatewayNameLabel(name)
		require.Equal(t, map[string]string{gwv1.GatewayNameLabelKey: label, "team": "a"}, services[0].Labels)
		require.Equal(t, map[string]string{gwv1.GatewayNameLabelKey: label}, services[0].Spec.Selector)
	}
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
