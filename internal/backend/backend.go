// Package backend turns references to Services into Envoy clusters and load assignments.
//
//	backendRef ─ Resolve ─→ Backend{Cluster, Endpoints key}, or the problem with it
//	                           │ Backends unit: one per Service port and protocol
//	                           │     └ TLSPolicies unit: how connections to it are secured
//	                           └ Endpoints unit: one per Service port, shared by its clusters
package backend

import (
	"cmp"
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// Mode is the protocol that Envoy speaks to a backend.
type Mode string

// The modes a cluster can have.
const (
	HTTP1 Mode = "http1"
	HTTP2 Mode = "http2"
)

// Port is a port of a Service.
type Port struct {
	Service objects.ServiceID
	Number  int32
	UDP     bool // else TCP
}

func (p Port) service() objects.ServiceID { return p.Service }

func (p Port) protocol() corev1.Protocol {
	if p.UDP {
		return corev1.ProtocolUDP
	}
	return corev1.ProtocolTCP
}

// Key identifies a cluster: a Service port and how it is spoken to.
type Key struct {
	Port
	GRPC bool // always HTTP/2, as for GRPCRoutes
}

// Backend is a Service port that traffic can be sent to, or what the host resolves a reference of another kind to.
type Backend struct {
	Key
	Service objects.Name
	Mode    Mode
	Problem *status.Problem // set if it cannot be used; Field is relative to the reference
	// Cluster is nil for a backend with a problem, and for one whose TLS policy is not usable: it must not be reached.
	Cluster *clusterv3.Cluster
	// TLS is the policy for connections to the backend; nil for plaintext.
	TLS *TLSPolicy
	// Targeted: some BackendTLSPolicy names the Service, so that its status depends on who uses it.
	Targeted bool
	// Extension: it is no Service, but of a kind that the host resolves. Load is its load assignment, nil if its cluster
	// needs none.
	Extension bool
	Load      *endpointv3.ClusterLoadAssignment
	// Upgrades: the port's appProtocol says that it speaks WebSocket.
	Upgrades bool
}

// Backends resolves a Service port.
var Backends = objects.NewUnit("backend", func(r *objects.Reader, k Key) *Backend {
	service := r.ServiceName(k.Service)
	b := &Backend{Key: k, Service: service, Targeted: len(r.PoliciesOf(service)) > 0}
	port, problem := findPort(r, k.Port)
	if problem != nil {
		b.Problem = problem
		return b
	}
	b.Mode = HTTP1
	switch app := objects.Deref(port.AppProtocol, ""); {
	case k.GRPC || app == "kubernetes.io/h2c":
		b.Mode = HTTP2
	case app == "kubernetes.io/ws" || app == "kubernetes.io/wss":
		b.Upgrades = true
	}
	if b.Targeted {
		b.TLS = policyOf(r, service, port.Name)
	}
	if b.TLS == nil || b.TLS.Usable {
		b.Cluster = b.cluster(r, objects.Name{})
	}
	return b
}).PerService(Key.service)

// Presenting is a backend and the certificate that a Gateway's Envoy presents to it.
type Presenting struct {
	Key
	Certificate objects.Name // of a Secret
}

// PresentingClusters is the cluster of a backend that speaks TLS, by the same name, with a client certificate.
var PresentingClusters = objects.NewUnit("backend with client certificate", func(r *objects.Reader, k Presenting) *clusterv3.Cluster {
	return Backends.Get(r, k.Key).cluster(r, k.Certificate)
})

func (b *Backend) cluster(r *objects.Reader, certificate objects.Name) *clusterv3.Cluster {
	c := buildCluster(b, certificate)
	if r.Settings.OnCluster != nil {
		r.Settings.OnCluster(objects.Service, b.Service, r.Service(b.Service).Generation, c)
	}
	return c
}

// findPort finds the port of a Service, which may have one of each protocol with the same number.
func findPort(r *objects.Reader, p Port) (*corev1.ServicePort, *status.Problem) {
	name := r.ServiceName(p.Service)
	svc := r.Service(name)
	if svc == nil {
		return nil, noService(name)
	}
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil, &status.Problem{
			Code: status.InvalidKind, Field: "name",
			Detail: fmt.Sprintf("Service %q is of type ExternalName, which could name anything", name),
		}
	}
	var other *corev1.ServicePort
	for i := range svc.Spec.Ports {
		port := &svc.Spec.Ports[i]
		if port.Port != p.Number {
			continue
		}
		if cmp.Or(port.Protocol, corev1.ProtocolTCP) == p.protocol() {
			return port, nil
		}
		other = port
	}
	if other != nil {
		return nil, &status.Problem{
			Code: status.UnsupportedProtocol, Field: "port",
			Detail: fmt.Sprintf("port %d of Service %q is %s, not %s", p.Number, name, cmp.Or(other.Protocol, corev1.ProtocolTCP), p.protocol()),
		}
	}
	return nil, &status.Problem{Code: status.BackendNotFound, Field: "port", Detail: fmt.Sprintf("Service %q has no port %d", name, p.Number)}
}

func noService(name objects.Name) *status.Problem {
	return &status.Problem{Code: status.BackendNotFound, Field: "name", Detail: fmt.Sprintf("Service %q does not exist", name)}
}

// Resolve finds the backend that an HTTPRoute or GRPCRoute refers to, which is nil if the reference is not permitted or
// names no port of a Service. The problem with it, if any, has a field relative to the reference.
func Resolve(r *objects.Reader, from *objects.RouteKey, ref *gwv1.BackendObjectReference) (*Backend, *status.Problem) {
	return resolve(r, from, ref, from.Kind == objects.GRPCRoute)
}

// ResolveGRPC is Resolve for a backend that is spoken to with gRPC, whatever the route.
func ResolveGRPC(r *objects.Reader, from *objects.RouteKey, ref *gwv1.BackendObjectReference) (*Backend, *status.Problem) {
	return resolve(r, from, ref, true)
}

func resolve(r *objects.Reader, from *objects.RouteKey, ref *gwv1.BackendObjectReference, grpc bool) (*Backend, *status.Problem) {
	to, problem := targetOf(r, from, ref)
	if problem != nil {
		return nil, problem
	}
	kind := schema.GroupKind{Group: to.Group, Kind: to.Kind}
	if len(r.Settings.Backends) > 0 && r.Settings.Backends[kind] != nil {
		name := objects.Name{Namespace: to.Namespace, Name: to.Name}
		b := extensions.Get(r, extensionKey{GroupKind: kind, Name: name, Number: objects.Deref(ref.Port, 0), GRPC: grpc})
		return b, b.Problem
	}
	port, problem := servicePort(r, to, ref, false)
	if problem != nil {
		return nil, problem
	}
	b := Backends.Get(r, Key{Port: port, GRPC: grpc})
	return b, b.Problem
}

// ResolvePort is Resolve for a route that sends bytes or datagrams to the port as it is.
func ResolvePort(
	r *objects.Reader, from *objects.RouteKey, ref *gwv1.BackendObjectReference, udp bool,
) (Port, *status.Problem) {
	to, problem := targetOf(r, from, ref)
	if problem != nil {
		return Port{}, problem
	}
	port, problem := servicePort(r, to, ref, udp)
	if problem != nil {
		return port, problem
	}
	_, problem = findPort(r, port)
	return port, problem
}

// targetOf is what a reference names, if that is permitted. The order of the checks is that of the specification:
// permission first, so that a refused reference tells nothing about what exists elsewhere.
func targetOf(r *objects.Reader, from *objects.RouteKey, ref *gwv1.BackendObjectReference) (attach.Target, *status.Problem) {
	to := attach.Target{
		Group:     string(objects.Deref(ref.Group, "")),
		Kind:      string(objects.Deref(ref.Kind, gwv1.Kind(objects.Service))),
		Namespace: string(objects.Deref(ref.Namespace, gwv1.Namespace(from.Namespace))),
		Name:      string(ref.Name),
	}
	if !attach.Permitted(r, from.Kind, from.Namespace, to) {
		return to, &status.Problem{
			Code: status.RefNotPermitted, Field: "name",
			Detail: to.NotPermitted(),
		}
	}
	return to, nil
}

// servicePort reads a reference to a Service.
func servicePort(r *objects.Reader, to attach.Target, ref *gwv1.BackendObjectReference, udp bool) (Port, *status.Problem) {
	if to.Group != "" || to.Kind != string(objects.Service) {
		return Port{}, &status.Problem{
			Code: status.InvalidKind, Field: "kind", Detail: fmt.Sprintf("kind %q of group %q is not supported", to.Kind, to.Group),
		}
	}
	if ref.Port == nil {
		return Port{}, &status.Problem{Code: status.BackendNotFound, Field: "port", Detail: "a Service needs a port"}
	}
	name := objects.Name{Namespace: to.Namespace, Name: to.Name}
	id := r.ServiceID(name)
	if id == 0 {
		return Port{}, noService(name)
	}
	return Port{Service: id, Number: *ref.Port, UDP: udp}, nil
}
