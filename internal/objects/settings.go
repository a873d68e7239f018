package objects

import (
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Settings is what the host decided, as far as units need it. It is constant over the life of a reader.
type Settings struct {
	Controller   gwv1.GatewayController
	Features     []gwv1.FeatureName
	Addresses    map[Name][]gwv1.GatewayStatusAddress
	AddressTypes []gwv1.AddressType

	BindAddress     string
	BindToAddresses bool
	PortOffset      uint32 // added to ports below 1024
	SystemCABundle  string // file of CA certificates on Envoy's side; "" if there is none

	// Parameters says what is wrong with a reference to parameters of a kind; "" if nothing is.
	Parameters map[schema.GroupKind]func(namespace, name string) string

	// Filters and Backends resolve references to other kinds; they say what is wrong, "" if nothing is.
	Filters  map[schema.GroupKind]func(name Name, r *Route, rule int) (FilterEffect, string)
	Backends map[schema.GroupKind]func(name Name, port int32) (ExtensionBackend, string)
	// HTTPFilters are put before the router, into the chain of every listener.
	HTTPFilters []*hcmv3.HttpFilter

	// The hooks of the host; nil where it has none.
	OnRoute    func(r *Route, rule, match int, envoy *routev3.Route)
	OnListener func(gateway Name, generation int64, envoy *listenerv3.Listener)
	OnCluster  func(kind Kind, name Name, generation int64, envoy *clusterv3.Cluster)
}

// Claims reports whether the host claims a feature: where a feature depends on what the cluster has, it says so by that.
func (s *Settings) Claims(feature gwv1.FeatureName) bool { return slices.Contains(s.Features, feature) }

// Routable reports whether addresses have a routability: the host claims it, and the linked Gateway API can say it.
func (s *Settings) Routable() bool { return HasRoutability() && s.Claims("GatewayAddressRoutability") }

// Bound is the port that Envoy binds for a port of a listener.
func (s *Settings) Bound(port int32) uint32 {
	if port < 1024 {
		return uint32(port) + s.PortOffset
	}
	return uint32(port)
}

// JudgeParameters is what is wrong with a reference to parameters, for the user; "" if nothing is.
func (s *Settings) JudgeParameters(group gwv1.Group, kind gwv1.Kind, namespace, name string) string {
	judge := s.Parameters[schema.GroupKind{Group: string(group), Kind: string(kind)}]
	if judge == nil {
		return fmt.Sprintf("parameters of kind %q are not supported", kind)
	}
	return judge(namespace, name)
}
