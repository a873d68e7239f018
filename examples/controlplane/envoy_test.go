package main

import (
	"os"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3" // named in envoy.yaml
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"                           // likewise
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"
)

// TestBootstrap: envoy.yaml has only fields that Envoy knows, and asks this program's delta ADS.
func TestBootstrap(t *testing.T) {
	text, err := os.ReadFile("envoy.yaml")
	require.NoError(t, err)
	text, err = yaml.YAMLToJSONStrict(text)
	require.NoError(t, err)
	var bootstrap bootstrapv3.Bootstrap
	require.NoError(t, protojson.Unmarshal(text, &bootstrap))
	require.NoError(t, bootstrap.ValidateAll())

	source, clusters := bootstrap.DynamicResources.AdsConfig, bootstrap.StaticResources.Clusters
	require.Equal(t, corev3.ApiConfigSource_DELTA_GRPC, source.ApiType)
	require.Len(t, clusters, 1)
	require.Equal(t, clusters[0].Name, source.GrpcServices[0].GetEnvoyGrpc().ClusterName)
}
