package claims_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
	"github.com/gatewayxds/gatewayxds/conformance/internal/scene"
	"github.com/gatewayxds/gatewayxds/conformance/internal/traffic"
)

// Where the addresses of pods and of Services lie.
const (
	pods     = "10.244.0.0/16"
	services = sandbox.ServiceRange
)

// What a Gateway says of its addresses.
const (
	programmed  = "Programmed=True/Programmed"
	unassigned  = "Programmed=False/AddressNotAssigned"
	assigned    = "AddressesAssigned=True/AddressesAssigned"
	partly      = "AddressesAssigned=False/PartiallyAssigned"
	notAssigned = "AddressesAssigned=False/NotAssigned"
)

// requests are what a Gateway may ask for in spec.addresses, and what it gets: per address the routability, quoted, and a
// range that holds the address.
var requests = []struct {
	name, asked string
	want        []string
	conditions  []string
	message     string // part of that of AddressesAssigned
}{
	{"nothing", `[]`, []string{`"" ` + pods}, []string{programmed, assigned}, ""},
	{"any", `[{}]`, []string{`"" ` + pods}, []string{programmed, assigned}, ""},
	{"empty", `[{routability: ""}]`, []string{`"" ` + pods}, []string{programmed, assigned}, ""},
	{"static", `[{value: 10.245.7.7}]`, []string{`"" 10.245.7.7/32`}, []string{programmed, assigned}, ""},
	{"cluster", `[{routability: Cluster}]`, []string{`"Cluster" ` + services}, []string{programmed, assigned}, ""},
	{"both", `[{}, {routability: Cluster}]`, []string{`"" ` + pods, `"Cluster" ` + services}, []string{programmed, assigned}, ""},
	{"both-ways", `[{routability: Cluster}, {}]`, []string{`"" ` + pods, `"Cluster" ` + services}, []string{programmed, assigned}, ""},
	{"two", `[{routability: Cluster}, {routability: Cluster}]`, []string{`"Cluster" ` + services, `"Cluster" ` + services}, []string{programmed, assigned}, ""},
	{"static-cluster", `[{value: 10.96.77.7, routability: Cluster}]`, []string{`"Cluster" 10.96.77.7/32`}, []string{programmed, assigned}, ""},
	{"sentinel", `[{routability: testing.x-k8s.io/sentinel}]`, []string{`"testing.x-k8s.io/sentinel" ` + services}, []string{programmed, assigned}, ""},
	{"static-outside", `[{value: 203.0.113.9, routability: Cluster}]`, nil, []string{unassigned, notAssigned}, `spec.addresses[0]: address "203.0.113.9" cannot be used`},
	{"part", `[{value: 203.0.113.9, routability: Cluster}, {}]`, []string{`"" ` + pods}, []string{programmed, partly}, `spec.addresses[0]: address "203.0.113.9" cannot be used`},
	{"unknown", `[{routability: example.com/other}]`, nil, []string{unassigned, notAssigned}, `with routability "example.com/other"`},
	{"reserved", `[{routability: testing.x-k8s.io/other}]`, nil, []string{unassigned, notAssigned}, `with routability "testing.x-k8s.io/other"`},
}

// TestRoutability: a Gateway gets the addresses that it asks for and no other (GEP-5093), each is served, and one of the
// cluster is that of a Service and is reached from pods too.
func TestRoutability(t *testing.T) {
	s := scene.New(t, bed, "routability", host.ClassName)
	s.Backend(t, "a", 1)
	for _, tc := range requests {
		t.Run(tc.name, func(t *testing.T) {
			newGateway(t, s, tc.name, tc.asked)
			got := awaitAddresses(t, s, tc.name, tc.want, tc.conditions...)
			if tc.message != "" {
				require.Contains(t, got.message("AddressesAssigned"), tc.message)
			}
			for _, a := range got.Addresses {
				awaitOutcome(t, s, traffic.NewClient(a.Value+":80"), "http://"+tc.name+".example/", "200 a")
				if *a.Routability == "Cluster" {
					requireClusterIP(t, s, tc.name, a.Value)
					awaitOutcome(t, s, inPod(t, s, "a", a.Value+":80"), "http://"+tc.name+".example/", "200 a")
				}
			}
		})
	}
}

// TestRoutabilityChanged: who asks for a cluster IP from now on is not reached by a load balancer any more.
func TestRoutabilityChanged(t *testing.T) {
	s := scene.New(t, bed, "routability-changed", host.ClassName)
	s.Backend(t, "a", 1)
	newGateway(t, s, "gw", `[]`)
	awaitAddresses(t, s, "gw", []string{`"" ` + pods}, programmed, assigned)
	for _, step := range []struct{ asked, want string }{
		{`[{routability: Cluster}]`, `"Cluster" ` + services},
		{`[{routability: Cluster, value: 10.96.88.8}]`, `"Cluster" 10.96.88.8/32`},
		{`[{value: 10.245.8.8}]`, `"" 10.245.8.8/32`},
	} {
		change := newManifest(t, s, "gw", step.asked)
		s.Wait(t, "the Gateway asks for "+step.asked, func(ctx context.Context) (bool, error) {
			return true, bed.Client.Patch(ctx, change.DeepCopy(), client.RawPatch("application/merge-patch+json", encoded(t, change)))
		})
		got := awaitAddresses(t, s, "gw", []string{step.want}, programmed, assigned)
		awaitOutcome(t, s, traffic.NewClient(got.Addresses[0].Value+":80"), "http://gw.example/", "200 a")
		want := corev1.ServiceTypeLoadBalancer
		if strings.Contains(step.want, "Cluster") {
			want = corev1.ServiceTypeClusterIP
		}
		require.Equal(t, []corev1.ServiceType{want}, serviceTypes(t, s, "gw"))
	}
}

// newGateway creates a Gateway that asks for addresses, a list in YAML, and a route to backend a.
func newGateway(t *testing.T, s *scene.Scene, name, addresses string) {
	t.Helper()
	create(t, "%s", encoded(t, newManifest(t, s, name, addresses)))
	route := s.Route(name, name+".example", "a")
	route.Spec.ParentRefs[0].Name = gwv1.ObjectName(name)
	s.Create(t, route)
}

// newManifest is a Gateway in the form that the API server knows, whatever the Go types have.
func newManifest(t *testing.T, s *scene.Scene, name, addresses string) *unstructured.Unstructured {
	t.Helper()
	text := fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: %s, name: %s}
spec:
  gatewayClassName: %s
  listeners: [{name: http, port: 80, protocol: HTTP}]
  addresses: %s
`, s.Namespace, name, host.ClassName, addresses)
	manifest := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &manifest.Object))
	return manifest
}

func encoded(t *testing.T, manifest *unstructured.Unstructured) []byte {
	t.Helper()
	text, err := manifest.MarshalJSON()
	require.NoError(t, err)
	return text
}

// gatewayStatus is read as the API server has it.
type gatewayStatus struct {
	Addresses []struct {
		Type, Value string
		Routability *string // which a claim obliges to set
	}
	Conditions []metav1.Condition
}

func (g gatewayStatus) message(kind string) string {
	for _, c := range g.Conditions {
		if c.Type == kind {
			return c.Message
		}
	}
	return ""
}

// differs says how the addresses are not those wanted.
func (g gatewayStatus) differs(want []string) error {
	ok := len(g.Addresses) == len(want)
	var got []string
	for i, a := range g.Addresses {
		if a.Routability == nil {
			return fmt.Errorf("address %s says no routability", a.Value)
		}
		routability, within, _ := strings.Cut(want[min(i, len(want)-1)], " ")
		ok = ok && a.Type == "IPAddress" && fmt.Sprintf("%q", *a.Routability) == routability &&
			netip.MustParsePrefix(within).Contains(netip.MustParseAddr(a.Value))
		got = append(got, fmt.Sprintf("%q %s", *a.Routability, a.Value))
	}
	if !ok {
		return fmt.Errorf("addresses %q", got)
	}
	return nil
}

// awaitAddresses waits for the addresses and conditions of a Gateway as it is now.
func awaitAddresses(t *testing.T, s *scene.Scene, name string, want []string, conditions ...string) gatewayStatus {
	t.Helper()
	var got gatewayStatus
	s.Wait(t, fmt.Sprint("Gateway ", name, " has ", want, conditions), func(ctx context.Context) (bool, error) {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(schema.GroupVersionKind{Group: gwv1.GroupName, Version: "v1", Kind: "Gateway"})
		if err := bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, object); err != nil {
			return false, err
		}
		text, err := json.Marshal(object.Object["status"])
		if err != nil {
			return false, err
		}
		got = gatewayStatus{}
		if err := json.Unmarshal(text, &got); err != nil {
			return false, err
		}
		err = errors.Join(got.differs(want), lacks(got.Conditions, object.GetGeneration(), conditions...))
		return err == nil, err
	})
	return got
}

// inPod is a client in the network of a backend's pod.
func inPod(t *testing.T, s *scene.Scene, backend, address string) *traffic.Client {
	t.Helper()
	var list corev1.PodList
	require.NoError(t, bed.Client.List(t.Context(), &list, client.InNamespace(s.Namespace), client.MatchingLabels{"app": backend}))
	require.Len(t, list.Items, 1)
	return traffic.NewClientOver(func(ctx context.Context) (conn net.Conn, err error) {
		inside := bed.Kubelet.Inside(client.ObjectKeyFromObject(&list.Items[0]), func() error {
			conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
			return nil
		})
		return conn, errors.Join(inside, err)
	})
}

// requireClusterIP holds that an address is the cluster IP of a Service of the Gateway.
func requireClusterIP(t *testing.T, s *scene.Scene, name, ip string) {
	t.Helper()
	for _, service := range servicesOf(t, s, name) {
		if service.Spec.ClusterIP == ip {
			return
		}
	}
	require.Fail(t, "no Service has it", ip)
}

func serviceTypes(t *testing.T, s *scene.Scene, name string) (types []corev1.ServiceType) {
	t.Helper()
	for _, service := range servicesOf(t, s, name) {
		types = append(types, service.Spec.Type)
	}
	return types
}

func servicesOf(t *testing.T, s *scene.Scene, name string) []corev1.Service {
	t.Helper()
	var list corev1.ServiceList
	require.NoError(t, bed.Client.List(t.Context(), &list, client.InNamespace(s.Namespace), client.MatchingLabels{gwv1.GatewayNameLabelKey: name}))
	return list.Items
}
