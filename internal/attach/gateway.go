package attach

import (
	"fmt"

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
	// AddressesDecided: the host has decided about addresses, and its status says how (GEP-5093).
	AddressesDecided bool
	// Listeners are the Gateway's own, in the order of the spec, then those of its ListenerSets.
	Listeners []*Listener
	// Sets are the ListenerSets that name the Gateway, admitted or not, in order of precedence.
	Sets   []*ListenerSet
	byName map[objects.Name]*ListenerSet
	// ClientCertificate names the Secret of the certificate to present to backends; zero if there is none to present.
	ClientCertificate objects.Name
	// InsecureFrontend: some validation of client certificates lets in clients without a valid one.
	InsecureFrontend bool
}

// Name of the Gateway.
func (g *Gateway) Name() objects.Name {
	return objects.Name{Namespace: g.Object.Namespace, Name: g.Object.Name}
}

// Own are the listeners of the Gateway's own spec.
func (g *Gateway) Own() []*Listener { return g.Listeners[:len(g.Object.Spec.Listeners)] }

// of are the listeners of the Gateway itself or of one of its ListenerSets.
func (g *Gateway) of(parent objects.Parent) []*Listener {
	if parent.Kind == objects.Gateway {
		return g.Own()
	}
	if s := g.byName[parent.Name]; s != nil {
		return s.Listeners
	}
	return nil
}

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

func (g *Gateway) resolveListeners(r *objects.Reader) {
	taken := newPorts()
	owner := objects.Parent{Kind: objects.Gateway, Name: g.Name()}
	g.Listeners = resolveListeners(r, owner, g.Object.Spec.Listeners, taken)
	g.resolveListenerSets(r, taken)
	taken.refuseUnavailable(g.Listeners, r.Settings)
	reportOverlaps(r, g.Listeners)
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
		l.Place = i
		for j := range l.Problems {
			l.Problems[j].Field = fmt.Sprintf("spec.listeners[%d].%s", i, l.Problems[j].Field)
		}
	}
}
