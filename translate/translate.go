package translate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/xds"
)

// Translate turns objects into Envoy configuration and statuses.
//
//  1. The objects are indexed by kind and name.
//  2. Everything that can fail is resolved once: which Gateways are ours, their listeners and conflicts, which route
//     attaches where, backends, certificates. A user's mistake becomes a problem of the object that holds it.
//  3. What was resolved is built into Envoy messages, which looks nothing up and cannot fail.
//  4. The messages of each Gateway are collected, sorted and complete.
//  5. The problems become the statuses of all objects that are ours.
//
// The same objects give the same bytes, in whatever order they come. The error is about the Options, never about
// objects, whose Spec may be anything: nothing panics, and what cannot work fails closed. Neither objects nor options are
// changed, and both may be used by other goroutines meanwhile.
func Translate(objs *Objects, opts Options) (*Result, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	return run(objects.NewReader(index(objs), opts.settings())), nil
}

// run asks the units for everything.
func run(r *objects.Reader) *Result {
	res := &Result{}
	for _, name := range r.Gateways() {
		gateway := attach.Gateways.Get(r, name)
		if gateway == nil {
			continue
		}
		out := xds.Assemble(r, name)
		res.Gateways = append(res.Gateways, GatewayResources{
			Gateway:    name,
			Generation: gateway.Object.Generation,

			Infrastructure: infrastructure(r.Settings, gateway),

			Listeners: out.Listeners,
			Routes:    out.Routes,
			Clusters:  out.Clusters,
			Endpoints: out.Endpoints,
			Secrets:   out.Secrets,
		})
	}
	res.Statuses = statuses(r)
	return res
}

func index(o *Objects) *objects.Index {
	if o == nil {
		o = &Objects{}
	}
	in := objects.Input(*o)
	return objects.NewIndex(&in, &objects.IDs{})
}

// settings are the options as units see them.
func (o *Options) settings() *objects.Settings {
	s := &objects.Settings{
		Controller:      o.ControllerName,
		Features:        o.Features,
		Addresses:       o.Addresses,
		AddressTypes:    o.AddressTypes,
		BindAddress:     o.BindAddress,
		BindToAddresses: o.BindToAddresses,
		PortOffset:      o.PrivilegedPortOffset,
		SystemCABundle:  o.SystemCABundle,
		Parameters:      o.Parameters,
	}
	if s.BindAddress == "" {
		s.BindAddress = "0.0.0.0"
	}
	if s.Features == nil {
		s.Features = SupportedFeatures()
	}
	o.extend(s)
	if hook := o.Hooks.Listener; hook != nil {
		s.OnListener = func(gateway objects.Name, generation int64, envoy *listenerv3.Listener) {
			hook(Origin{Kind: string(objects.Gateway), Namespace: gateway.Namespace, Name: gateway.Name, Generation: generation}, envoy)
		}
	}
	if hook := o.Hooks.Route; hook != nil {
		s.OnRoute = func(r *objects.Route, rule, match int, envoy *routev3.Route) {
			hook(originOf(r, rule, match), envoy)
		}
	}
	if hook := o.Hooks.Cluster; hook != nil {
		s.OnCluster = func(kind objects.Kind, name objects.Name, generation int64, envoy *clusterv3.Cluster) {
			hook(Origin{Kind: string(kind), Namespace: name.Namespace, Name: name.Name, Generation: generation}, envoy)
		}
	}
	return s
}
