package objects

import (
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Table is one way to look objects up.
type Table string

// The tables of an Index. Those named …By list objects; the rest hold one object per name.
const (
	TableClasses       Table = "GatewayClass"
	TableGateways      Table = "Gateway"
	TableListenerSets  Table = "ListenerSet"
	TableServices      Table = "Service"
	TableSecrets       Table = "Secret"
	TableConfigMaps    Table = "ConfigMap"
	TableTrustBundles  Table = "ClusterTrustBundle"
	TableNamespaces    Table = "Namespace"
	TablePolicies      Table = "BackendTLSPolicy"
	TableHTTPRoutes    Table = "HTTPRoute"
	TableGRPCRoutes    Table = "GRPCRoute"
	TableTLSRoutes     Table = "TLSRoute"
	TableTCPRoutes     Table = "TCPRoute"
	TableUDPRoutes     Table = "UDPRoute"
	TableRoutesBy      Table = "routes by Gateway"
	TableRoutesBySet   Table = "routes by ListenerSet"
	TableSetsBy        Table = "ListenerSets by Gateway"
	TableSlicesBy      Table = "EndpointSlices by Service"
	TableGrantsBy      Table = "ReferenceGrants by namespace"
	TablePoliciesBy    Table = "BackendTLSPolicies by Service"
	TableAllClasses    Table = "all GatewayClasses"
	TableAllGateways   Table = "all Gateways"
	TableAllRoutes     Table = "all routes"
	TableAllListenSets Table = "all ListenerSets"
	TableAllPolicies   Table = "all BackendTLSPolicies"
)

// Read is one look-up: a table and the key asked for, found or not.
type Read struct {
	Table Table
	Name  Name
}

// Reader is how every step looks at the input. It is not safe for concurrent use.
type Reader struct {
	Settings *Settings

	index *Index
	memo  []any // of each unit, by its number

	namespace string // whose Services these are
	services  map[string]ServiceID

	trace *Trace // nil unless the caller wants to know what was read
}

// NewReader returns a reader that records nothing.
func NewReader(ix *Index, s *Settings) *Reader {
	return &Reader{index: ix, Settings: s, memo: make([]any, units.Load())}
}

// NewTracingReader returns a reader that records what every unit reads.
func NewTracingReader(ix *Index, s *Settings) (*Reader, *Trace) {
	r, t := NewReader(ix, s), &Trace{}
	r.trace = t
	return r, t
}

func (r *Reader) read(t Table, name Name) {
	if r.trace != nil {
		r.trace.read(Read{Table: t, Name: name})
	}
}

// GatewayClass is nil if there is none.
func (r *Reader) GatewayClass(name string) *gwv1.GatewayClass {
	r.read(TableClasses, Name{Name: name})
	return r.index.classes[name]
}

// GatewayClasses are the names of all classes, sorted.
func (r *Reader) GatewayClasses() []string {
	r.read(TableAllClasses, Name{})
	return r.index.classNames
}

// Gateway is nil if there is none.
func (r *Reader) Gateway(name Name) *gwv1.Gateway {
	r.read(TableGateways, name)
	return r.index.gateways[name]
}

// Gateways are the names of all Gateways, sorted.
func (r *Reader) Gateways() []Name {
	r.read(TableAllGateways, Name{})
	return r.index.gatewayNames
}

// ListenerSet is nil if there is none.
func (r *Reader) ListenerSet(name Name) *gwv1.ListenerSet {
	r.read(TableListenerSets, name)
	return r.index.listenerSets[name]
}

// ListenerSetsOf lists what wants to join a Gateway, in order of precedence.
func (r *Reader) ListenerSetsOf(gateway Name) []*gwv1.ListenerSet {
	r.read(TableSetsBy, gateway)
	return r.index.setsByGateway[gateway]
}

// Route is nil if there is none.
func (r *Reader) Route(id RouteID) *Route {
	if r.trace != nil {
		k := r.index.ids.routeKeys[id]
		r.read(Table(k.Kind), Name{Namespace: k.Namespace, Name: k.Name})
	}
	return r.index.routes[id]
}

// Routes are all routes, sorted by kind, namespace and name.
func (r *Reader) Routes() []RouteID {
	r.read(TableAllRoutes, Name{})
	return r.index.routeIDs
}

// RoutesOf lists the routes with a parentRef that names the parent, in order of precedence.
func (r *Reader) RoutesOf(p Parent) []*Route {
	if p.Kind == ListenerSet {
		r.read(TableRoutesBySet, p.Name)
	} else {
		r.read(TableRoutesBy, p.Name)
	}
	return r.index.routesBy[p]
}

// Grants lists the ReferenceGrants that may permit a reference, by where it comes from.
func (r *Reader) Grants(c Crossing) []*gwv1.ReferenceGrant {
	r.read(TableGrantsBy, Name{Namespace: c.To})
	return r.index.grants[c]
}

// Policies are the names of all BackendTLSPolicies, sorted.
func (r *Reader) Policies() []Name {
	r.read(TableAllPolicies, Name{})
	return r.index.policyNames
}

// Policy is a BackendTLSPolicy, or nil.
func (r *Reader) Policy(name Name) *gwv1.BackendTLSPolicy {
	r.read(TablePolicies, name)
	return r.index.policies[name]
}

// PoliciesOf lists the BackendTLSPolicies that target a Service, in order of precedence.
func (r *Reader) PoliciesOf(service Name) []*gwv1.BackendTLSPolicy {
	r.read(TablePoliciesBy, service)
	return r.index.policiesBy[service]
}

// Service is nil if there is none.
func (r *Reader) Service(name Name) *corev1.Service {
	r.read(TableServices, name)
	return r.index.services[name]
}

// ServiceName is what the number stands for.
func (r *Reader) ServiceName(id ServiceID) Name { return r.index.ids.names[id] }

// ServiceID is the number of a Service, which may be gone; 0 if there never was one, nor a policy that targets it.
func (r *Reader) ServiceID(name Name) ServiceID {
	r.read(TableServices, name)
	r.read(TablePoliciesBy, name)
	if name.Namespace != r.namespace || r.services == nil { // most references are to the namespace of the one before
		r.namespace, r.services = name.Namespace, r.index.ids.services[name.Namespace]
	}
	return r.services[name.Name]
}

// EndpointSlicesOf lists the slices of a Service.
func (r *Reader) EndpointSlicesOf(service Name) []*discoveryv1.EndpointSlice {
	r.read(TableSlicesBy, service)
	return r.index.slicesBy[service]
}

// Secret is nil if there is none.
func (r *Reader) Secret(name Name) *corev1.Secret {
	r.read(TableSecrets, name)
	return r.index.secrets[name]
}

// ConfigMap is nil if there is none.
func (r *Reader) ConfigMap(name Name) *corev1.ConfigMap {
	r.read(TableConfigMaps, name)
	return r.index.configMaps[name]
}

// ClusterTrustBundle is nil if there is none.
func (r *Reader) ClusterTrustBundle(name string) *certificatesv1beta1.ClusterTrustBundle {
	r.read(TableTrustBundles, Name{Name: name})
	return r.index.trustBundles[name]
}

// NamespaceLabels are the labels of a namespace; false if it is not in the input.
func (r *Reader) NamespaceLabels(name string) (map[string]string, bool) {
	r.read(TableNamespaces, Name{Name: name})
	ns, ok := r.index.namespaces[name]
	if !ok {
		return nil, false
	}
	return ns.Labels, true
}
