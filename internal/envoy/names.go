// Package envoy holds what every room that builds Envoy configuration shares: each xDS name, the one Any marshaller and
// the sources that resources refer each other by.
//
// Names are made to be read back: a route's name says which match of which rule of which object it is, a cluster's
// which port of which Service. Their parts are joined by "/", which a part itself may hold only escaped where names that
// differ must not become one. No name holds a content hash or a generation, so that an edit of the content changes the
// resource and never its name.
package envoy

import (
	"strconv"
	"strings"
)

// Listener names the Envoy listener of a Gateway's port. Port and transport are part of it, so that no name ever
// changes its address.
func Listener(namespace, gateway string, port int32, transport string) string {
	return namespace + "/" + gateway + "/" + strconv.Itoa(int(port)) + "/" + transport
}

// FilterChain names the filter chain of a listener of a Gateway or entry of a ListenerSet.
func FilterChain(kind, namespace, name, section string) string {
	return strings.ToLower(kind) + "/" + part(namespace) + "/" + part(name) + "/" + part(section)
}

// ListenerFilter names a filter of a listener by its place.
func ListenerFilter(chain string, index int) string { return chain + "/filter/" + strconv.Itoa(index) }

// Cluster names a port of a Service and the protocol it is spoken to with.
func Cluster(namespace, service string, port int32, mode string) string {
	return Endpoints(namespace, service, port) + "/" + mode
}

// StreamCluster names the cluster that the backends of a TLSRoute, TCPRoute or UDPRoute share, and its load assignment. It
// begins with a kind, which no namespace is called: those have no upper case.
func StreamCluster(kind, namespace, name string, tls bool) string {
	s := kind + "/" + part(namespace) + "/" + part(name)
	if tls {
		s += "/tls"
	}
	return s
}

// ExtensionCluster names a backend that is no Service, and its load assignment. It
// begins with a kind, too.
func ExtensionCluster(kind, namespace, name string, port int32, mode string) string {
	return part(kind) + "/" + Cluster(namespace, name, port, mode)
}

// Locality names the place of one of several backends in a load assignment. What an invalid one refers to is not in it,
// since that may be no name at all.
func Locality(index int, valid bool, namespace, service string, port int32) string {
	if !valid {
		return strconv.Itoa(index) + "/" + NoCluster
	}
	return strconv.Itoa(index) + "/" + Endpoints(namespace, service, port)
}

// Endpoints names the load assignment of a port of a Service; clusters of all modes share it.
func Endpoints(namespace, service string, port int32) string {
	return part(namespace) + "/" + part(service) + "/" + strconv.Itoa(int(port))
}

// Secret names the certificate and key of a Secret.
func Secret(namespace, name string) string { return part(namespace) + "/" + part(name) }

// part escapes the "/" of a name that no API server has seen: it must not take the place of another one.
func part(name string) string {
	if !strings.ContainsAny(name, "%/") {
		return name
	}
	return strings.NewReplacer("%", "%25", "/", "%2F").Replace(name)
}

// PolicyTrust names the CA certificates that a BackendTLSPolicy refers to.
func PolicyTrust(namespace, name string) string {
	return "backendtlspolicy/" + part(namespace) + "/" + part(name)
}

// ClientTrust names the CA certificates for clients of a Gateway's ports, the scope being one port or "default".
func ClientTrust(namespace, gateway, scope string) string {
	return "gateway/" + part(namespace) + "/" + part(gateway) + "/frontend/" + scope
}

// NoCluster is the name of a cluster that never exists: the target of a share of traffic whose backend is invalid.
const NoCluster = "backend-not-valid"

// AppendRoutePrefix appends what the names of all Envoy routes made from one route begin with.
func AppendRoutePrefix(b []byte, kind, namespace, name string) []byte {
	b = append(append(b, kind...), '/')
	b = append(append(b, namespace...), '/')
	b = append(b, name...)
	return append(b, "/rule/"...)
}

// AppendRoute appends the name of the Envoy route made from one match of one rule of a route.
func AppendRoute(b, prefix []byte, rule, match int) []byte {
	b = strconv.AppendInt(append(b, prefix...), int64(rule), 10)
	return strconv.AppendInt(append(b, "/match/"...), int64(match), 10)
}
