package translate

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Options is what a host decides about a translation. Only ControllerName is required.
type Options struct {
	// ControllerName selects the GatewayClasses that are ours, and owns our entries in shared statuses: a domain-prefixed
	// path such as example.com/gateway-controller.
	ControllerName gwv1.GatewayController

	// Addresses holds, per Gateway, the addresses that the host's network has given it. They go into its status; a
	// Gateway without any is not Programmed. A requested address (spec.addresses) that is missing here is not usable.
	//
	// A host that claims GatewayAddressRoutability says with each address what it has (GEP-5093, Go types of v1.7.0):
	// Cluster for a ClusterIP, testing.x-k8s.io/sentinel where the conformance suite asks for that, a value of its own,
	// or none. The status then shows the addresses that were asked for, and the condition AddressesAssigned once the
	// Gateway has an entry here, be it an empty one.
	Addresses map[types.NamespacedName][]gwv1.GatewayStatusAddress
	// AddressTypes lists the types of spec.addresses that the host can serve. Empty: IPAddress.
	AddressTypes []gwv1.AddressType

	// BindAddress is the IP address that Envoy's listeners bind; :: is every address of both families. Empty:
	// 0.0.0.0.
	BindAddress string
	// BindToAddresses makes the listeners of each Gateway bind its own IP addresses of Addresses instead, so that the
	// Envoys of several Gateways can share a machine. A Gateway without an IP address then gets no listeners.
	BindToAddresses bool
	// PrivilegedPortOffset is added to the bound port of listeners below 1024, for an Envoy without the right to bind
	// those. Redirects still name the port of the listener.
	PrivilegedPortOffset uint32

	// SystemCABundle is the file, as Envoy finds it, of the CA certificates that a BackendTLSPolicy with
	// wellKnownCACertificates System trusts. Envoy refuses clusters that name a file which is not there. Empty: there is
	// none, such policies are invalid.
	SystemCABundle string

	// Parameters judges the parametersRef of GatewayClasses and of Gateways (spec.infrastructure), by the kind that it
	// names. A reference of another kind is not supported. What the parameters say is for the host to read and apply.
	Parameters map[schema.GroupKind]ParametersResolver

	// Filters resolves the ExtensionRef filters of HTTPRoutes and GRPCRoutes, and Backends the backendRefs of other kinds
	// than Service, by the kind that they name. References of kinds without a resolver are not resolved: they fail.
	Filters  map[schema.GroupKind]FilterResolver
	Backends map[schema.GroupKind]BackendResolver
	// HTTPFilters are put into every listener's chain, before the router and after the library's own, for filters that
	// need one instance for all routes. What they do on a route, FilterEffect.PerFilter says; one that shall do nothing
	// elsewhere is Disabled here. They should not change while Gateways serve: that drains all connections.
	HTTPFilters []*hcmv3.HttpFilter

	// Features is claimed in GatewayClass status. Nil: all of SupportedFeatures. A feature that depends on what the
	// cluster or the host has is served only where it is claimed (see Feature.Host): ClusterTrustBundle, without which
	// references to one are of an invalid kind, GatewayAddressRoutability and GatewayAddressRoutabilityCluster.
	Features []gwv1.FeatureName

	// Hooks may change finished resources.
	Hooks Hooks
}

// ParametersResolver says what is wrong with a reference to parameters, for the user: that they do not exist or make no
// sense; "" if they can be used. Namespace is that of the Gateway, or the one that a GatewayClass names, empty for a
// cluster-scoped kind. It must be pure: what it knows may change from one translation to the next, not within one.
type ParametersResolver = func(namespace, name string) (flaw string)

// Hooks see every finished resource once, together with the object it came from, and may change it. They must be pure:
// the same arguments make the same change. A nil hook costs nothing. What a hook writes is not validated again.
type Hooks struct {
	Listener func(Origin, *listenerv3.Listener)
	Route    func(Origin, *routev3.Route)
	Cluster  func(Origin, *clusterv3.Cluster)
}

// Origin is where a resource came from.
type Origin struct {
	// Kind is Gateway for a listener, HTTPRoute or GRPCRoute for a route and the rule of a filter, Service or one of
	// Options.Backends for a cluster.
	Kind       string
	Namespace  string
	Name       string
	Generation int64
	Rule       int // of a route: index in spec.rules
	Match      int // of a route: index in the rule's matches
}

func (o *Options) check() error {
	domain, path, ok := strings.Cut(string(o.ControllerName), "/")
	if !ok || domain == "" || path == "" {
		return fmt.Errorf("translate: Options.ControllerName %q is not a domain-prefixed path", o.ControllerName)
	}
	if o.BindAddress != "" {
		if _, err := netip.ParseAddr(o.BindAddress); err != nil {
			return fmt.Errorf("translate: Options.BindAddress: %w", err)
		}
	}
	if o.PrivilegedPortOffset > 65535-1023 {
		return fmt.Errorf("translate: Options.PrivilegedPortOffset %d leaves the range of ports", o.PrivilegedPortOffset)
	}
	if !utf8.ValidString(o.SystemCABundle) {
		return fmt.Errorf("translate: Options.SystemCABundle %q is not UTF-8", o.SystemCABundle)
	}
	if o.Backends[schema.GroupKind{Kind: "Service"}] != nil {
		return errors.New("translate: Options.Backends cannot resolve Services, which the library does")
	}
	return nil
}
