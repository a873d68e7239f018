// Package ads serves the Envoy configuration of Gateways over delta ADS, in an order that drops no request. It is what
// the hosts in this directory share, and small enough to copy.
//
//	translate.Result.Gateways ──Publish──► wanted ──step──► offered ──answer──► go-control-plane ──delta ADS──► Envoy
//	                                                                   ▲                                      │
//	                                                                   └────── what it has answered ◄─────────┘
//
// Envoy applies each type of resource by itself, so a route may reach it before the cluster that it names is warm, or
// after that cluster is gone; either answers 503. Hence two rules, make before break, kept for each Envoy by itself:
//
//   - Listeners and routes are sent once Envoy has answered the clusters and endpoints that they name, or has not
//     answered within [Patience].
//   - A cluster, its endpoints or a secret that nothing names any more is removed [Grace] after that, and not while
//     Envoy has yet to answer the routes that stopped naming it, or refuses them. That holds for an Envoy that brings
//     it along from before a restart of the host, too.
//
// Versions are hashes of content: what has not changed is not sent, neither on a change elsewhere nor on a reconnect.
//
// An Envoy says which Gateway it serves in its bootstrap: node.cluster is "namespace/name". Several Envoys may say the
// same. It must use one ADS stream with api_type DELTA_GRPC for everything.
package ads
