// Package conformance runs the official Gateway API suite against this library inside a real host, a real Kubernetes
// control plane and real Envoys, on one machine, without Docker and without root:
//
//	cd conformance && go test .
//
// What runs, all of it in namespaces of its own that die with the test process:
//
//	etcd ── kube-apiserver ── kube-controller-manager            real, built from source
//	             │        │
//	        kubelet      examples/controlplane ── delta ADS ──┐   the host, the same binary anyone runs
//	   (the stand-in)     objects in, statuses out            │
//	             │                                            │
//	        pods: echo servers, and one Envoy per Gateway ◄───┘   real processes, a network namespace each
//	             ▲
//	        the official suite, unmodified                        sends the requests, reads the statuses
//
// The kubelet is the only stand-in: it runs the images that the suite names as plain processes, serves their logs and
// reports their status. Everything else is the program that it claims to be.
//
// # The host
//
// The host is a program; nothing of it is linked in here. It is started with
//
//	controlplane --kubeconfig FILE --controller-name NAME --enable all --xds-address IP:PORT --metrics-address IP:PORT
//
// and is ready when GET http://METRICS-ADDRESS/readyz answers 200; its metrics are at /metrics there. It ends on SIGTERM.
// Two facts about the world reach it through the API and through xDS, as they would in any cluster:
//
//   - The addresses of a Gateway are those in status.loadBalancer.ingress (ip: IPAddress, hostname: Hostname) of the
//     Services in its namespace that carry the label gateway.networking.k8s.io/gateway-name with its name (GEP-1762).
//   - An Envoy belongs to the Gateway that its bootstrap names in node.cluster as "namespace/name"; node.id is the name
//     of its pod. It asks for everything over one delta ADS stream. Its listeners bind 0.0.0.0 and the Gateway's own
//     ports, since every Envoy has a network namespace to itself.
//
// The other half of a gateway controller, deploying Envoys, is not the library's business and lives here
// (infrastructure.go): for every Gateway of the class a ServiceAccount, a Pod that runs Envoy and a Service, owned by the
// Gateway and labelled with its name.
package conformance
