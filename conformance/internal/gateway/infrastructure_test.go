package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation"
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
