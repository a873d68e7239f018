package backend

import (
	"cmp"
	"net/netip"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Endpoints is the load assignment of a Service port. Without ready endpoints it is empty and never nil, so that no
// cluster waits for it.
var Endpoints = objects.NewUnit("endpoints", func(r *objects.Reader, p Port) *endpointv3.ClusterLoadAssignment {
	service := r.ServiceName(p.Service)
	cla := &endpointv3.ClusterLoadAssignment{ClusterName: envoy.Endpoints(service.Namespace, service.Name, p.Number)}
	port, problem := findPort(r, p)
	if problem != nil {
		return cla
	}
	addrs := addresses(r.EndpointSlicesOf(service), port, preferredFamily(r.Service(service)))
	if len(addrs) == 0 {
		return cla
	}
	lb := make([]*endpointv3.LbEndpoint, len(addrs))
	for i, a := range addrs {
		lb[i] = LbEndpoint(a)
	}
	cla.Endpoints = []*endpointv3.LocalityLbEndpoints{{LbEndpoints: lb}}
	return cla
}).PerService(Port.service)

func preferredFamily(svc *corev1.Service) discoveryv1.AddressType {
	if len(svc.Spec.IPFamilies) > 0 && svc.Spec.IPFamilies[0] == corev1.IPv6Protocol {
		return discoveryv1.AddressTypeIPv6
	}
	return discoveryv1.AddressTypeIPv4
}

// addresses are the endpoints to use: one family only, since a dual-stack Service has a slice per family for the same
// pods; ready ones or, if there are none, those that still serve while they terminate (KEP-1669).
func addresses(list []*discoveryv1.EndpointSlice, port *corev1.ServicePort, family discoveryv1.AddressType) []netip.AddrPort {
	other := discoveryv1.AddressTypeIPv4
	if family == other {
		other = discoveryv1.AddressTypeIPv6
	}
	for _, want := range []func(*discoveryv1.EndpointConditions) bool{ready, draining} {
		for _, f := range []discoveryv1.AddressType{family, other} {
			if addrs := collect(list, port, f, want); len(addrs) > 0 {
				return addrs
			}
		}
	}
	return nil
}

func ready(c *discoveryv1.EndpointConditions) bool { return objects.Deref(c.Ready, true) }

func draining(c *discoveryv1.EndpointConditions) bool {
	return objects.Deref(c.Serving, false) && objects.Deref(c.Terminating, false)
}

func collect(
	list []*discoveryv1.EndpointSlice, port *corev1.ServicePort, family discoveryv1.AddressType,
	want func(*discoveryv1.EndpointConditions) bool,
) []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, slice := range list {
		number, ok := slicePort(slice, port)
		if !ok || slice.AddressType != family {
			continue
		}
		for i := range slice.Endpoints {
			ep := &slice.Endpoints[i]
			if len(ep.Addresses) == 0 || !want(&ep.Conditions) {
				continue
			}
			// All addresses of an endpoint are fungible (EndpointSlice API); the first is the one consumers use.
			if addr, err := netip.ParseAddr(ep.Addresses[0]); err == nil && addr.Zone() == "" {
				addrs = append(addrs, netip.AddrPortFrom(addr.Unmap(), number))
			}
		}
	}
	slices.SortFunc(addrs, compareEndpoints)
	return slices.Compact(addrs)
}

// slicePort is the number that a Service port has on the endpoints of a slice; ports are told apart by name.
func slicePort(slice *discoveryv1.EndpointSlice, port *corev1.ServicePort) (uint16, bool) {
	for i := range slice.Ports {
		p := &slice.Ports[i]
		if objects.Deref(p.Name, "") != port.Name ||
			objects.Deref(p.Protocol, corev1.ProtocolTCP) != cmp.Or(port.Protocol, corev1.ProtocolTCP) {
			continue
		}
		if n := objects.Deref(p.Port, 0); n > 0 && n <= 65535 {
			return uint16(n), true
		}
	}
	return 0, false
}

// endpointBlock is what each of thousands of endpoints needs, in one allocation.
type endpointBlock struct {
	lb         endpointv3.LbEndpoint
	identifier endpointv3.LbEndpoint_Endpoint
	endpoint   endpointv3.Endpoint
	address    corev3.Address
	kind       corev3.Address_SocketAddress
	socket     corev3.SocketAddress
	port       corev3.SocketAddress_PortValue
}

// LbEndpoint is an endpoint at an address.
func LbEndpoint(a netip.AddrPort) *endpointv3.LbEndpoint {
	b := &endpointBlock{}
	b.port.PortValue = uint32(a.Port())
	b.socket.Address, b.socket.PortSpecifier = a.Addr().String(), &b.port
	b.kind.SocketAddress = &b.socket
	b.address.Address = &b.kind
	b.endpoint.Address = &b.address
	b.identifier.Endpoint = &b.endpoint
	b.lb.HostIdentifier = &b.identifier
	return &b.lb
}
