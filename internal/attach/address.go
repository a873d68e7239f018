package attach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// maxAddresses is how many addresses the API lets a Gateway ask for.
const maxAddresses = 16

// resolveAddresses compares the addresses that the user asks for with those that the host has given. Each request needs
// one of its own. Where the host claims routability, what nobody asked for is not reported, and a Gateway is programmed
// with a part of its addresses (GEP-5093), unless one that it names is not to be had.
func (g *Gateway) resolveAddresses(r *objects.Reader) {
	given, decided := r.Settings.Addresses[g.Name()]
	routable := r.Settings.Routable()
	g.AddressesDecided = routable && decided
	for i := range given {
		g.Addresses = append(g.Addresses, g.reported(r, &given[i]))
	}
	wants := g.Object.Spec.Addresses
	met := g.meetAddresses(r, wants)
	unmet := status.AddressesPartiallyAssigned
	if !slices.Contains(met, true) {
		unmet = status.AddressesNotAssigned
	}
	for i := range wants {
		if !met[i] {
			g.unmetAddress(r, i, &wants[i], unmet)
		}
	}
	switch {
	case len(g.Addresses) == 0:
		g.problem(status.AddressNotAssigned, "", "no address has been assigned yet")
		if g.AddressesDecided && len(wants) == 0 {
			g.problem(status.AddressesNotAssigned, "", "no address has been assigned")
		}
	case r.Settings.BindToAddresses && len(g.IPs()) == 0:
		g.problem(status.AddressNotAssigned, "", "no IP address to listen on has been assigned yet")
	}
}

// reported is an address as the status shows it. A claim of routability obliges to say that of every address.
func (g *Gateway) reported(r *objects.Reader, given *gwv1.GatewayStatusAddress) gwv1.GatewayStatusAddress {
	kind := objects.Deref(given.Type, gwv1.IPAddressType)
	out := gwv1.GatewayStatusAddress{Type: &kind, Value: given.Value}
	if r.Settings.Routable() {
		routability := objects.Routability(given)
		if routability == routabilityCluster && !r.Settings.Claims("GatewayAddressRoutabilityCluster") {
			routability = ""
		}
		objects.SetRoutability(&out, routability)
	}
	return out
}

// meetAddresses tells which requests are met, each by an address of its own, as many as can be. Addresses that meet none
// are dropped where routability is claimed.
func (g *Gateway) meetAddresses(r *objects.Reader, wants []gwv1.GatewaySpecAddress) []bool {
	owner := map[int]int{} // of an address: the request that it meets
	var meet func(i int, tried map[int]bool) bool
	meet = func(i int, tried map[int]bool) bool {
		for j := range g.Addresses {
			if tried[j] || !fits(r, &wants[i], &g.Addresses[j]) {
				continue
			}
			tried[j] = true
			if other, taken := owner[j]; !taken || meet(other, tried) {
				owner[j] = i
				return true
			}
		}
		return false
	}
	met := make([]bool, len(wants))
	for _, named := range [...]bool{true, false} { // an address that one names is its
		for i := range min(len(wants), maxAddresses) {
			if (wants[i].Value != "") == named {
				met[i] = meet(i, map[int]bool{})
			}
		}
	}
	if r.Settings.Routable() && len(wants) > 0 {
		var kept []gwv1.GatewayStatusAddress
		for j := range g.Addresses {
			if _, ok := owner[j]; ok {
				kept = append(kept, g.Addresses[j])
			}
		}
		g.Addresses = kept
	}
	return met
}

// The values of routability that mean something. Others are a host's own.
const (
	routabilityCluster  = "Cluster"
	routabilityTesting  = "testing.x-k8s.io/" // reserved, but for the sentinel
	routabilitySentinel = "testing.x-k8s.io/sentinel"
)

// fits reports whether an address is what a request asks for.
func fits(r *objects.Reader, want *gwv1.GatewaySpecAddress, have *gwv1.GatewayStatusAddress) bool {
	kind := objects.Deref(want.Type, gwv1.IPAddressType)
	if !supportsAddress(r.Settings.AddressTypes, kind) || *have.Type != kind || want.Value != "" && want.Value != have.Value {
		return false
	}
	if !r.Settings.Routable() {
		return true
	}
	wanted, is := objects.WantedRoutability(want), objects.Routability(have)
	switch {
	case wanted == "":
		return is == "" || is == routabilityCluster
	case strings.HasPrefix(wanted, routabilityTesting) && wanted != routabilitySentinel:
		return false
	}
	return wanted == is
}

// unmetAddress reports a request that no address meets, with the code that says how many of them there are.
func (g *Gateway) unmetAddress(r *objects.Reader, i int, want *gwv1.GatewaySpecAddress, code status.Code) {
	field := fmt.Sprintf("spec.addresses[%d]", i)
	kind := objects.Deref(want.Type, gwv1.IPAddressType)
	routability := ""
	if r.Settings.Routable() {
		routability = objects.WantedRoutability(want)
	}
	what := fmt.Sprintf("no address of type %q", kind)
	if routability != "" {
		what += fmt.Sprintf(" with routability %q", routability)
	}
	detail := what + " has been assigned yet"
	if want.Value != "" {
		detail = fmt.Sprintf("address %q cannot be used", want.Value)
		if routability != "" {
			detail += fmt.Sprintf(" with routability %q", routability)
		}
	}
	if g.AddressesDecided {
		g.problem(code, field, detail)
	}
	switch {
	case !supportsAddress(r.Settings.AddressTypes, kind):
		g.problem(status.UnsupportedAddress, field+".type", fmt.Sprintf("addresses of type %q are not supported", kind))
	case want.Value != "" && routability == "":
		g.problem(status.AddressNotUsable, field+".value", detail)
	case !g.AddressesDecided || code == status.AddressesNotAssigned:
		g.problem(status.AddressNotAssigned, field, detail)
	}
}

// Listens reports whether the Gateway's Envoy has an address to listen on.
func (g *Gateway) Listens(s *objects.Settings) bool {
	return g.Accepted() && (!s.BindToAddresses || len(g.IPs()) > 0)
}

// IPs are the IP addresses among those that the host has given, each once.
func (g *Gateway) IPs() []netip.Addr {
	var ips []netip.Addr
	for _, a := range g.Addresses {
		if *a.Type != gwv1.IPAddressType {
			continue
		}
		ip, err := netip.ParseAddr(a.Value)
		if ip = ip.Unmap(); err == nil && ip.Zone() == "" && !slices.Contains(ips, ip) {
			ips = append(ips, ip)
		}
	}
	return ips
}

func supportsAddress(types []gwv1.AddressType, kind gwv1.AddressType) bool {
	if len(types) == 0 {
		return kind == gwv1.IPAddressType
	}
	return slices.Contains(types, kind)
}
