package translate

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// FilterResolver says what an ExtensionRef filter does, or what is wrong with the reference, for the user: that the object
// does not exist or makes no sense; "" if it can be used. A rule with a flawed filter answers 500 to every request, and a
// backendRef to its share. The object is in the namespace of the route; from is the rule that holds the filter, or the
// backendRef that does, with Match 0.
//
// A resolver must be pure: what it knows may change from one translation to the next, not within one. It may be called
// any number of times.
type FilterResolver = func(ref types.NamespacedName, from Origin) (effect FilterEffect, flaw string)

// FilterEffect is what a filter does to the requests of its rule or backendRef. Fields may be combined; none is an effect,
// too. The library changes no message of it, and does not validate them: what Envoy refuses there costs the whole route
// table. A cluster that they name is for the host to provide.
type FilterEffect struct {
	// HTTPFilters run for these requests alone, in this order: after those of filters that stand before in the list of the
	// rule, the backendRef's after the rule's, and before Options.HTTPFilters. Names are free.
	HTTPFilters []*corev3.TypedExtensionConfig
	// PerFilter configures filters of Options.HTTPFilters for these requests, by the name that they have there.
	PerFilter map[string]*anypb.Any
	// Route changes each Envoy route of the rule or backendRef when all else is in it, but before Hooks.Route. In a rule
	// with several backends a backendRef's makes one Envoy route of each.
	Route func(*routev3.Route)
}

// BackendResolver finds the backend that a backendRef of an HTTPRoute or GRPCRoute names, or one in a filter of these, or
// says what is wrong with the reference, for the user; "" if it can be used. The port is 0 if the reference has none. It is
// asked only about what the reference may name: within the namespace of the route, or by a ReferenceGrant.
//
// A resolver must be pure: what it knows may change from one translation to the next, not within one.
type BackendResolver = func(ref types.NamespacedName, port int32) (backend Backend, flaw string)

// Backend is where traffic for a backendRef goes that names no Service.
type Backend struct {
	// HTTP2: it speaks HTTP/2 without being asked, as a Service port with appProtocol kubernetes.io/h2c does. GRPCRoutes
	// always speak HTTP/2.
	HTTP2 bool
	// Endpoints may come in any order. Without any, requests get 503.
	Endpoints []netip.AddrPort
	// Cluster is merged over the cluster that a Service would have: its set fields count. The name stays the library's. One
	// of a type other than EDS, such as STRICT_DNS with a load assignment of its own, finds its endpoints by itself. Nil: no
	// change. It is not validated.
	Cluster *clusterv3.Cluster
}

// extend passes the host's resolvers on to the units.
func (o *Options) extend(s *objects.Settings) {
	s.HTTPFilters = o.HTTPFilters
	for kind, resolve := range o.Filters {
		if s.Filters == nil {
			s.Filters = map[schema.GroupKind]func(objects.Name, *objects.Route, int) (objects.FilterEffect, string){}
		}
		s.Filters[kind] = func(name objects.Name, r *objects.Route, rule int) (objects.FilterEffect, string) {
			effect, flaw := resolve(name, originOf(r, rule, 0))
			return objects.FilterEffect(effect), flaw
		}
	}
	for kind, resolve := range o.Backends {
		if s.Backends == nil {
			s.Backends = map[schema.GroupKind]func(objects.Name, int32) (objects.ExtensionBackend, string){}
		}
		s.Backends[kind] = func(name objects.Name, port int32) (objects.ExtensionBackend, string) {
			backend, flaw := resolve(name, port)
			return objects.ExtensionBackend(backend), flaw
		}
	}
}

func originOf(r *objects.Route, rule, match int) Origin {
	return Origin{
		Kind: string(r.Kind), Namespace: r.Namespace, Name: r.Name, Generation: r.Meta.Generation,
		Rule: rule, Match: match,
	}
}
