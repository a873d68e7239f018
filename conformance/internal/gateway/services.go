package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// routabilityAnnotation tells the host where the addresses of a Service are reachable from.
const routabilityAnnotation = "gatewayxds.example/routability"

// sentinel is a routability that means nothing; who claims the feature has to serve and report it (GEP-5093).
const sentinel = "testing.x-k8s.io/sentinel"

// requestable holds the load balancers' addresses that a Gateway may ask for in spec.addresses; pods have theirs
// elsewhere.
var requestable = netip.MustParsePrefix("10.245.0.0/16")

// A service is what a Gateway needs a Service for.
type service struct {
	suffix      string // of its name
	kind        corev1.ServiceType
	ip          string // the cluster IP to ask for, if any
	routability string // to be said by annotation; empty: what its type says
}

// wanted are the services of a Gateway: a load balancer unless each of its addresses is to have a routability, and a
// cluster IP for each that is. An address that is not to be had so gets one all the same, for the host to judge.
func wanted(gw *gwv1.Gateway) []service {
	var all []service
	balanced := len(gw.Spec.Addresses) == 0
	for i, address := range gw.Spec.Addresses {
		asked := routability(address)
		if asked == "" {
			balanced = true
			continue
		}
		// Its name tells what was asked for: another request makes another Service, since a cluster IP stays for life.
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", i, address.Value, asked))
		one := service{suffix: "-" + hex.EncodeToString(sum[:5]), kind: corev1.ServiceTypeClusterIP, ip: address.Value}
		if asked == sentinel {
			one.routability = asked
		}
		all = append(all, one)
	}
	if balanced {
		all = append(all, service{kind: corev1.ServiceTypeLoadBalancer})
	}
	return all
}

// routability is read by its name in JSON: the Go types have it since Gateway API v1.7.0.
func routability(address gwv1.GatewaySpecAddress) string {
	var asked struct{ Routability string }
	text, err := json.Marshal(address)
	if err == nil {
		err = json.Unmarshal(text, &asked)
	}
	if err != nil {
		panic(err) // strings always encode
	}
	return asked.Routability
}

// services brings the Services of a Gateway to what it wants, and returns them.
func (i *Infrastructure) services(ctx context.Context, gw *gwv1.Gateway) ([]*corev1.Service, error) {
	var all []*corev1.Service
	for _, want := range wanted(gw) {
		object, err := i.service(ctx, gw, want)
		if apierrors.IsInvalid(err) { // the cluster IP is none, or another's
			want.ip = ""
			object, err = i.service(ctx, gw, want)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, object)
	}
	var have corev1.ServiceList
	if err := i.client.List(ctx, &have, client.InNamespace(gw.Namespace)); err != nil {
		return nil, err
	}
	for n := range have.Items {
		old := &have.Items[n]
		if metav1.IsControlledBy(old, gw) && !slices.ContainsFunc(all, func(s *corev1.Service) bool { return s.Name == old.Name }) {
			if err := i.client.Delete(ctx, old); client.IgnoreNotFound(err) != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (i *Infrastructure) service(ctx context.Context, gw *gwv1.Gateway, want service) (*corev1.Service, error) {
	object := &corev1.Service{ObjectMeta: i.meta(gw)}
	object.Name += want.suffix
	return object, i.update(ctx, gw, object, func() { want.describe(object, gw) })
}

// describe opens the ports of the Gateway's listeners.
func (s service) describe(object *corev1.Service, gw *gwv1.Gateway) {
	object.Spec.Type = s.kind
	if s.kind == corev1.ServiceTypeLoadBalancer {
		object.Spec.AllocateLoadBalancerNodePorts = new(bool)
	}
	if object.ResourceVersion == "" {
		object.Spec.ClusterIP = s.ip
	}
	if s.routability != "" {
		object.Annotations[routabilityAnnotation] = s.routability
	}
	object.Spec.Selector = map[string]string{gwv1.GatewayNameLabelKey: translate.GatewayNameLabel(gw.Name)}
	var ports []corev1.ServicePort
	seen := map[corev1.ServicePort]bool{}
	for _, listener := range gw.Spec.Listeners {
		protocol := corev1.ProtocolTCP
		if listener.Protocol == gwv1.UDPProtocolType {
			protocol = corev1.ProtocolUDP
		}
		key := corev1.ServicePort{Port: listener.Port, Protocol: protocol}
		if seen[key] {
			continue
		}
		seen[key] = true
		name := fmt.Sprintf("port-%d-%s", listener.Port, map[corev1.Protocol]string{"TCP": "tcp", "UDP": "udp"}[protocol])
		ports = append(ports, corev1.ServicePort{Name: name, Port: key.Port, Protocol: protocol})
	}
	for i := range ports { // what the API server has defaulted must not look like a change
		for _, old := range object.Spec.Ports {
			if old.Name == ports[i].Name {
				ports[i] = old
			}
		}
	}
	object.Spec.Ports = ports
}

// requested is the load balancer's address that the Gateway asks for and can have, or empty.
func requested(gw *gwv1.Gateway) string {
	for _, address := range gw.Spec.Addresses {
		if address.Type != nil && *address.Type != gwv1.IPAddressType || routability(address) != "" {
			continue
		}
		if ip, err := netip.ParseAddr(address.Value); err == nil && requestable.Contains(ip) {
			return address.Value
		}
	}
	return ""
}

// extraIPs are the addresses that the Gateway's pod has besides its own.
func extraIPs(gw *gwv1.Gateway, services []*corev1.Service) []string {
	var ips []string
	if ip := requested(gw); ip != "" {
		ips = append(ips, ip)
	}
	for _, service := range services {
		if service.Spec.Type == corev1.ServiceTypeClusterIP {
			ips = append(ips, service.Spec.ClusterIP)
		}
	}
	return ips
}

// balance says of a load balancer where it is reached: at the pod, once that runs.
func (i *Infrastructure) balance(ctx context.Context, service *corev1.Service, gw *gwv1.Gateway, pod *corev1.Pod) error {
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return nil
	}
	ingress := address(gw, pod)
	old := service.Status.LoadBalancer.Ingress
	if len(old) == len(ingress) && (len(ingress) == 0 || old[0].IP == ingress[0].IP) {
		return nil
	}
	service.Status.LoadBalancer.Ingress = ingress
	return i.client.Status().Update(ctx, service)
}

// address is where the pod can be reached, once it runs.
func address(gw *gwv1.Gateway, pod *corev1.Pod) []corev1.LoadBalancerIngress {
	ip := pod.Status.PodIP
	if ip == "" {
		return nil
	}
	if asked := requested(gw); asked != "" {
		ip = asked
	}
	return []corev1.LoadBalancerIngress{{IP: ip}}
}
