package attach

import (
	"fmt"
	"net/netip"
	"slices"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// Class is a GatewayClass of our controller.
type Class struct {
	Object   *gwv1.GatewayClass
	Problems []status.Problem
}

// Classes is nil for a class that does not exist or is another controller's.
var Classes = objects.NewUnit("class", func(r *objects.Reader, name string) *Class {
	class := r.GatewayClass(name)
	if class == nil || class.Spec.ControllerName != r.Settings.Controller {
		return nil
	}
	c := &Class{Object: class}
	if ref := class.Spec.ParametersRef; ref != nil {
		namespace := string(objects.Deref(ref.Namespace, ""))
		if flaw := r.Settings.JudgeParameters(ref.Group, ref.Kind, namespace, ref.Name); flaw != "" {
			c.Problems = append(c.Problems, status.Problem{Code: status.ClassInvalidParameters, Field: "spec.parametersRef", Detail: flaw})
		}
	}
	return c
})

// Gateway is a Gateway of one of our classes with its listeners decided.
type Gateway struct {
	Object    *gwv1.Gateway
	Problems  []status.Problem
	Addresses []gwv1.GatewayStatusAddress
	// Listeners are the Gateway's own, in the order of the spec, then those of its ListenerSets.
	Listeners []*Listener
	// Sets are the ListenerSets that name the Gateway, admitted or not, in order of precedence.
	Sets []*ListenerSet
	// ClientCertificate names the Secret of the certificate to present to backends; zero if there is none to present.
	ClientCertificate objects.Name
	// InsecureFrontend: some validation of client certificates lets in clients without a valid one.
	InsecureFrontend bool
}

// Own are the listeners of the Gateway's own spec.
func (g *Gateway) Own() []*Listener { return g.Listeners[:len(g.Object.Spec.Listeners)] }

// Accepted reports whether the Gateway itself may have a data plane, whatever its listeners are.
func (g *Gateway) Accepted() bool {
	for _, p := range g.Problems {
		if p.Code == status.GatewayInvalidParameters || p.Code == status.UnsupportedAddress {
			return false
		}
	}
	return true
}

// Gateways is nil for a Gateway that does not exist or is not of our classes.
var Gateways = objects.NewUnit("listeners", func(r *objects.Reader, name objects.Name) *Gateway {
	gw := r.Gateway(name)
	if gw == nil {
		return nil
	}
	class := Classes.Get(r, string(gw.Spec.GatewayClassName))
	if class == nil {
		return nil
	}
	g := &Gateway{Object: gw}
	g.resolveParameters(r, class)
	g.resolveAddresses(r)
	g.resolveListeners(r)
	g.resolveFrontend(r)
	g.resolveClientCertificate(r)
	return g
})

func (g *Gateway) problem(code status.Code, field, detail string) {
	g.Problems = append(g.Problems, status.Problem{Code: code, Field: field, Detail: detail})
}

func (g *Gateway) resolveParameters(r *objects.Reader, class *Class) {
	if len(class.Problems) > 0 {
		g.problem(status.GatewayInvalidParameters, "spec.gatewayClassName",
			fmt.Sprintf("GatewayClass %q is not accepted: its parameters are not valid", class.Object.Name))
	}
	infra := g.Object.Spec.Infrastructure
	if infra == nil || infra.ParametersRef == nil {
		return
	}
	ref := infra.ParametersRef
	if flaw := r.Settings.JudgeParameters(ref.Group, ref.Kind, g.Object.Namespace, ref.Name); flaw != "" {
		g.problem(status.GatewayInvalidParameters, "spec.infrastructure.parametersRef", flaw)
	}
}

// resolveAddresses compares the addresses that the user asks for with those that the host has given.
func (g *Gateway) resolveAddresses(r *objects.Reader) {
	given := r.Settings.Addresses[objects.Name{Namespace: g.Object.Namespace, Name: g.Object.Name}]
	for _, a := range given {
		kind := objects.Deref(a.Type, gwv1.IPAddressType)
		g.Addresses = append(g.Addresses, gwv1.GatewayStatusAddress{Type: &kind, Value: a.Value})
	}
	for i, want := range g.Object.Spec.Addresses {
		field := fmt.Sprintf("spec.addresses[%d]", i)
		kind := objects.Deref(want.Type, gwv1.IPAddressType)
		if !supportsAddress(r.Settings.AddressTypes, kind) {
			g.problem(status.UnsupportedAddress, field+".type", fmt.Sprintf("addresses of type %q are not supported", kind))
			continue
		}
		met := slices.ContainsFunc(g.Addresses, func(a gwv1.GatewayStatusAddress) bool {
			return *a.Type == kind && (want.Value == "" || a.Value == want.Value)
		})
		switch {
		case met:
		case want.Value == "":
			g.problem(status.AddressNotAssigned, field, fmt.Sprintf("no address of type %q has been assigned yet", kind))
		default:
			g.problem(status.AddressNotUsable, field+".value", fmt.Sprintf("address %q cannot be used", want.Value))
		}
	}
	switch {
	case len(g.Addresses) == 0:
		g.problem(status.AddressNotAssigned, "", "no address has been assigned yet")
	case r.Settings.BindToAddresses && len(g.IPs()) == 0:
		g.problem(status.AddressNotAssigned, "", "no IP address to listen on has been assigned yet")
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

func (g *Gateway) resolveListeners(r *objects.Reader) {
	taken := newPorts()
	owner := objects.Parent{Kind: objects.Gateway, Name: objects.Name{Namespace: g.Object.Namespace, Name: g.Object.Name}}
	g.Listeners = resolveListeners(r, owner, g.Object.Spec.Listeners, taken)
	g.resolveListenerSets(r, taken)
	taken.refuseUnavailable(g.Listeners, r.Settings)
	reportOverlaps(g.Listeners)
	for i, l := range g.Listeners {
		l.Index = i
	}
	placeProblems(g.Own())
	for _, s := range g.Sets {
		placeProblems(s.Listeners)
	}
}

// resolveListeners resolves the listeners of one object, and their conflicts with those that took a place before.
func resolveListeners(r *objects.Reader, owner objects.Parent, specs []gwv1.Listener, taken *ports) []*Listener {
	listeners := make([]*Listener, len(specs))
	names := make(map[gwv1.SectionName]int, len(specs))
	for i := range specs {
		listeners[i] = resolveListener(r, owner, &specs[i])
		names[specs[i].Name]++
	}
	for _, l := range listeners {
		if names[l.Name] > 1 {
			l.refuse(status.ListenerUnsupportedValue, "name", fmt.Sprintf("another listener has the name %q too", l.Name))
		}
	}
	taken.resolveConflicts(listeners)
	return listeners
}

// placeProblems puts the place of each listener before the fields of its problems.
func placeProblems(listeners []*Listener) {
	for i, l := range listeners {
		for j := range l.Problems {
			l.Problems[j].Field = fmt.Sprintf("spec.listeners[%d].%s", i, l.Problems[j].Field)
		}
	}
}
