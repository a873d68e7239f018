package translate_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// exchange is one entry of a requests.yaml: a request and what comes of it. testdata/README.md describes the fields.
type exchange struct {
	Name    string            `json:"name"`
	To      string            `json:"to"` // [namespace/]gateway:port
	SNI     *string           `json:"sni"`
	Proto   string            `json:"proto"`
	Method  string            `json:"method"`
	Host    string            `json:"host"`
	Path    string            `json:"path"`
	Headers map[string]values `json:"headers"`
	Body    string            `json:"body"`
	Repeat  int               `json:"repeat"`
	Session string            `json:"session"`           // cookie, or the name of a header
	Client  string            `json:"clientCertificate"` // [namespace/]secret
	Expect  expectation       `json:"expect"`
}

// values is one string or a list of them.
type values []string

func (v *values) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*[]string)(v)); err == nil {
		return nil
	}
	*v = values{""}
	return json.Unmarshal(text, &(*v)[0])
}

// site is what the requests of one case go to.
type site struct {
	c        goldentest.Case
	backends *envoytest.Backends
	moved    map[netip.AddrPort]netip.AddrPort
	envoys   map[types.NamespacedName]*envoytest.Envoy
}

// newSite starts the backends of a case.
func newSite(t *testing.T, c goldentest.Case) *site {
	s := &site{
		c: c, backends: envoytest.NewBackends(),
		moved: map[netip.AddrPort]netip.AddrPort{}, envoys: map[types.NamespacedName]*envoytest.Envoy{},
	}
	s.startBackends(t)
	return s
}

// checkRequests sends the requests of a case, if it has any, and returns the Envoys that it started for them.
func checkRequests(t *testing.T, c goldentest.Case) map[types.NamespacedName]*envoytest.Envoy {
	text, err := os.ReadFile(filepath.Join(c.Dir, "requests.yaml"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var exchanges []exchange
	require.NoError(t, yaml.UnmarshalStrict(text, &exchanges), "requests.yaml")
	require.NotEmpty(t, exchanges, "requests.yaml")
	s := newSite(t, c)
	for _, x := range exchanges {
		request := s.request(t, x)
		t.Run(x.Name, func(t *testing.T) { s.check(t, x, request) })
	}
	return s.envoys
}

// refused is a block reserved for documentation: an endpoint in it refuses connections.
var refused = netip.MustParsePrefix("192.0.2.0/24")

// startBackends runs a backend for each endpoint of the input, named after the Service and the endpoint.
func (s *site) startBackends(t *testing.T) {
	for _, slice := range s.c.Objects.EndpointSlices {
		service := slice.Labels["kubernetes.io/service-name"]
		if slice.Namespace != "default" {
			service = slice.Namespace + "/" + service
		}
		for _, endpoint := range slice.Endpoints {
			for _, address := range endpoint.Addresses {
				ip, err := netip.ParseAddr(address)
				if err != nil {
					continue
				}
				for _, port := range slice.Ports {
					if port.Port != nil {
						s.startBackend(t, service, netip.AddrPortFrom(ip, uint16(*port.Port)), slice.Annotations[certificateAnnotation])
					}
				}
			}
		}
	}
}

// certificateAnnotation names, on an EndpointSlice, the Secret of the certificate with which its endpoints speak TLS.
const certificateAnnotation = "test/certificate"

func (s *site) startBackend(t *testing.T, service string, endpoint netip.AddrPort, certificate string) {
	switch _, started := s.moved[endpoint]; {
	case started:
	case refused.Contains(endpoint.Addr()):
		s.moved[endpoint] = netip.MustParseAddrPort("127.0.0.1:1")
	default:
		s.moved[endpoint] = s.backends.Start(t, service+" "+endpoint.String(), s.certificate(t, certificate))
	}
}

// certificate reads a Secret; nil for "".
func (s *site) certificate(t *testing.T, name string) *tls.Certificate {
	if name == "" {
		return nil
	}
	if !strings.Contains(name, "/") {
		name = "default/" + name
	}
	for _, secret := range s.c.Objects.Secrets {
		if name == secret.Namespace+"/"+secret.Name {
			pair, err := tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"])
			require.NoError(t, err, "Secret %s", name)
			return &pair
		}
	}
	require.Fail(t, "no such Secret", "%s", name)
	return nil
}

// target reads where a request goes; what is not written is the first Gateway and its first listener.
func (s *site) target(t *testing.T, x exchange) (gateway translate.GatewayResources, port uint32) {
	require.NotEmpty(t, x.Name, "a request needs a name")
	name, text, _ := strings.Cut(x.To, ":")
	if name != "" && !strings.Contains(name, "/") {
		name = "default/" + name
	}
	for _, g := range s.c.Objects.Gateways {
		if name != "" && name != g.Namespace+"/"+g.Name {
			continue
		}
		for _, resources := range s.c.Result.Gateways {
			if resources.Gateway != (types.NamespacedName{Namespace: g.Namespace, Name: g.Name}) {
				continue
			}
			if text == "" {
				return resources, uint32(g.Spec.Listeners[0].Port)
			}
			number, err := strconv.ParseUint(text, 10, 16)
			require.NoError(t, err, "%s: to: %q", x.Name, x.To)
			return resources, uint32(number)
		}
	}
	require.Fail(t, "no such Gateway", "%s: to: %q", x.Name, x.To)
	return translate.GatewayResources{}, 0
}

func (s *site) request(t *testing.T, x exchange) envoytest.Request {
	gateway, port := s.target(t, x)
	if port < 1024 {
		port += s.c.Options.PrivilegedPortOffset
	}
	envoy := s.envoy(t, gateway)
	r := envoytest.Request{
		Addr: envoy.Addr(port), TLS: expectsTLS(gateway.Listeners, port),
		Proto: x.Proto, Method: x.Method, Host: x.Host, Path: x.Path, Headers: http.Header{}, Body: x.Body,
		Certificate: s.certificate(t, x.Client),
	}
	if x.Proto == "udp" {
		r.Addr = envoy.UDPAddr(port)
	}
	for name, list := range x.Headers {
		for _, value := range list {
			r.Headers.Add(name, value)
		}
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if r.TLS {
		r.SNI = strings.Split(x.Host, ":")[0]
	}
	if x.SNI != nil {
		r.SNI = *x.SNI
	}
	return r
}

// expectsTLS: Envoy looks for TLS on a port.
func expectsTLS(listeners []*listenerv3.Listener, port uint32) bool {
	return slices.ContainsFunc(listeners, func(l *listenerv3.Listener) bool {
		return l.GetAddress().GetSocketAddress().GetPortValue() == port &&
			slices.ContainsFunc(l.GetListenerFilters(), func(f *listenerv3.ListenerFilter) bool {
				return f.GetName() == "envoy.filters.listener.tls_inspector"
			})
	})
}

// envoy returns the Envoy of a Gateway, started with its first request.
func (s *site) envoy(t *testing.T, gateway translate.GatewayResources) *envoytest.Envoy {
	if s.envoys[gateway.Gateway] == nil {
		bootstrap, err := envoytest.Bootstrap(configOf(gateway).WithEndpoints(s.moved))
		require.NoError(t, err)
		s.envoys[gateway.Gateway] = envoytest.Start(t, bootstrap)
	}
	return s.envoys[gateway.Gateway]
}
