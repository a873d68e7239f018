package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatewayxds/gatewayxds/status"
)

// Result is what one set of objects means. It is read-only: messages may be shared between Gateways, and by later
// results of the same Translator. Every slice is sorted.
type Result struct {
	// Gateways holds one entry for each Gateway whose class is ours, by namespace and name; also for those that cannot
	// serve, so that a host sees an Envoy to be emptied.
	Gateways []GatewayResources
	// Statuses is the status each object shall have; hand it to status.Merge.
	Statuses status.Set
}

// GatewayResources is the Envoy configuration of one Gateway: one xDS snapshot. It is complete: every name that a
// resource mentions is among the others, so that nothing waits for a resource that never comes. Publish clusters and
// endpoints before listeners and routes, and remove in reverse.
type GatewayResources struct {
	Gateway    types.NamespacedName
	Generation int64 // of the Gateway object

	Infrastructure Infrastructure

	Listeners []*listenerv3.Listener              // LDS; routes by RDS, certificates by SDS, all over ADS
	Routes    []*routev3.RouteConfiguration       // RDS
	Clusters  []*clusterv3.Cluster                // CDS
	Endpoints []*endpointv3.ClusterLoadAssignment // EDS
	Secrets   []*tlsv3.Secret                     // SDS; private keys inside
}
