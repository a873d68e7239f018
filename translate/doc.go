// Package translate turns Gateway API objects into Envoy configuration and status conditions: pure functions, for a
// control plane to embed.
//
//	Objects ── index ──→ by kind and name
//	                        │ read through one recording reader
//	                     resolve ──→ listeners, attachments, rules, backends, certificates; problems
//	                        │        every look-up and every judgement that can fail, once
//	                     build ────→ Envoy messages; looks nothing up, cannot fail
//	                        │
//	                     assemble ─→ Result.Gateways: per Gateway, sorted and complete
//	                        │
//	                     status ───→ Result.Statuses: what each object's status shall say
//
// It holds no Kubernetes client, reads no clock, opens no file or socket, logs nothing and keeps no state. The host owns
// all of those:
//
//	objs := &translate.Objects{Gateways: …, HTTPRoutes: …, Services: …}  // what its informers hold
//	res, err := translate.Translate(objs, translate.Options{ControllerName: "example.com/gateway"})
//	for _, g := range res.Gateways { … }                                 // one xDS snapshot each
//	for _, d := range res.Statuses.HTTPRoutes { … status.Merge … }       // one status write each, or none
//
// # What bad input gets
//
// A user's mistake is never an error or a panic. It is a condition on the object that holds it, and costs only the rule,
// listener or backend that it is in; what remains serves. It fails closed: a rule that cannot be carried out answers 500,
// a share of traffic whose backend is invalid does too, a listener whose certificate is broken has no filter chain. No
// input yields a resource that Envoy refuses. None of this needs an API server: what its validation would refuse is
// refused here again, and what it would default is defaulted.
//
// # What a host adds
//
// Options.Filters, Options.Backends and Options.Parameters resolve references to kinds of the host's own, see
// [FilterResolver], [BackendResolver] and [ParametersResolver]; Options.Hooks change what is finished. All are called in process and must be pure.
//
// # Experimental fields
//
// ExternalAuth filters (GEP-1494) fail closed: while the auth server is away requests get 403, and one whose reference does
// not resolve costs the rule. A body longer than forwardBody.maxSize gets 413. Sessions (GEP-1619) persist to an endpoint of
// one backend, by a cookie or header of Envoy's; a rule with several backends, or with an absoluteTimeout and no permanent
// cookie, cannot have them and answers 500.
//
// # Names
//
// Every resource says by its name where it came from; [ParseRouteName] reads those of routes, which %ROUTE_NAME% writes
// into access logs. No name changes with the content of its resource, and no generation is in any Envoy message: an edit
// that means nothing sends nothing.
package translate
