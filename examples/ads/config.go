package ads

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/gatewayxds/gatewayxds/translate"
)

// config is a set of resources by type URL and name.
type config map[resource.Type]map[string]item

// item is one resource, encoded once for all Envoys. Its version is a hash of what makes it worth sending again.
type item struct {
	*discoveryv3.Resource
	unwanted time.Time // since when nothing names it; zero while something does
}

func newConfig(gw *translate.GatewayResources) (config, error) {
	c := config{}
	for typeURL, messages := range map[resource.Type][]types.Resource{
		resource.ListenerType: messages(gw.Listeners),
		resource.RouteType:    messages(gw.Routes),
		resource.ClusterType:  messages(gw.Clusters),
		resource.EndpointType: messages(gw.Endpoints),
		resource.SecretType:   messages(gw.Secrets),
	} {
		c[typeURL] = make(map[string]item, len(messages))
		for _, m := range messages {
			name := cache.GetResourceName(m)
			content, err := cache.MarshalResource(m)
			if err != nil {
				return nil, fmt.Errorf("ads: Gateway %s: %s: %w", gw.Gateway, name, err)
			}
			c[typeURL][name] = item{Resource: &discoveryv3.Resource{
				Name: name, Version: version(content), Resource: &anypb.Any{TypeUrl: typeURL, Value: content},
			}}
		}
	}
	c.tieEndpoints(gw.Clusters)
	return c, nil
}

// tieEndpoints makes the version of endpoints depend on the clusters that use them. Envoy holds a new or changed cluster
// back until its endpoints arrive, but does not ask again for a name that it knows. Endpoints of no cluster are dropped:
// Envoy would never ask for them.
func (c config) tieEndpoints(clusters []*clusterv3.Cluster) {
	users := map[string][]byte{}
	for _, cl := range clusters { // sorted, so that the hash is stable
		if cl.GetType() != clusterv3.Cluster_EDS {
			continue
		}
		name := cl.GetEdsClusterConfig().GetServiceName()
		if name == "" {
			name = cl.GetName()
		}
		users[name] = append(users[name], c[resource.ClusterType][cl.GetName()].GetVersion()...)
	}
	endpoints := c[resource.EndpointType]
	for name, it := range endpoints {
		if users[name] == nil {
			delete(endpoints, name)
			continue
		}
		it.Version = version(append(users[name], it.GetVersion()...))
	}
}

func messages[M types.Resource](in []M) []types.Resource {
	out := make([]types.Resource, len(in))
	for i, m := range in {
		out[i] = m
	}
	return out
}

func version(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:16])
}
