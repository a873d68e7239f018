// Package attach decides which listeners a Gateway has, which of them conflict, and which routes may attach to which.
//
//	Gateway ─ Gateways unit ─→ Gateway{Listeners, how they validate clients, the certificate for backends}
//	                                  ↑
//	Route × parentRef ─ Attachments unit ─→ Attachment{Bound: listener + hostnames}
package attach

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/labels"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// Listener is a listener of a Gateway or entry of a ListenerSet with everything about it decided.
type Listener struct {
	Index    int // among those of the Gateway
	Owner    objects.Parent
	Name     gwv1.SectionName
	Port     int32
	Protocol gwv1.ProtocolType
	Hostname string // normalized; "" for every name
	Kinds    []gwv1.RouteGroupKind
	// Certificates names the Secrets that hold a usable certificate, in the order of the spec.
	Certificates []objects.Name
	// Clients is how clients are validated; nil if they are not.
	Clients *ClientValidation
	// Filters are what requests pass before they are routed, all of them checked but for their backends.
	Filters  []objects.ListenerFilter
	Place    int // among those of its owner
	Problems []status.Problem
	// Accepted is false for a listener that has no place in the data plane: unsupported, contradictory or conflicted.
	Accepted bool

	from     gwv1.FromNamespaces
	selector labels.Selector // of route namespaces, for from Selector; nil admits none
	spec     *gwv1.Listener
	protocol protocol
	mode     gwv1.TLSModeType // of a protocol with TLS
}

// ListenerKey is a listener by its place among a Gateway's.
type ListenerKey struct {
	Gateway objects.Name
	Index   int
}

// Serving reports whether the listener gets configuration: it is accepted and, where it terminates TLS, has a
// certificate to do so, and CA certificates if it has to validate those of clients.
func (l *Listener) Serving() bool {
	return l.Accepted && (!l.Terminates() || len(l.Certificates) > 0) && (l.Clients == nil || l.Clients.Trust != nil)
}

// Terminates reports whether the listener ends TLS connections itself.
func (l *Listener) Terminates() bool {
	switch l.Protocol {
	case gwv1.HTTPSProtocolType:
		return true
	case gwv1.TLSProtocolType:
		return l.mode == gwv1.TLSModeTerminate
	default:
		return false
	}
}

// Transport is that of the listener's port, "tcp" or "udp".
func (l *Listener) Transport() string { return l.protocol.transport }

// A protocol says what a listener's protocol means for routes and ports.
type protocol struct {
	kinds     []objects.Kind // routes that may attach
	transport string         // listeners of different transports never meet
	group     string         // listeners of one group may share a port if their hostnames differ
	hostnames bool           // clients name the host they want
	tls       bool
}

var (
	httpKinds = []objects.Kind{objects.HTTPRoute, objects.GRPCRoute}
	protocols = map[gwv1.ProtocolType]protocol{
		gwv1.HTTPProtocolType:  {kinds: httpKinds, transport: "tcp", group: "HTTP", hostnames: true},
		gwv1.HTTPSProtocolType: {kinds: httpKinds, transport: "tcp", group: "TLS", hostnames: true, tls: true},
		gwv1.TLSProtocolType:   {kinds: []objects.Kind{objects.TLSRoute}, transport: "tcp", group: "TLS", hostnames: true, tls: true},
		gwv1.TCPProtocolType:   {kinds: []objects.Kind{objects.TCPRoute}, transport: "tcp", group: "TCP"},
		gwv1.UDPProtocolType:   {kinds: []objects.Kind{objects.UDPRoute}, transport: "udp", group: "UDP"},
	}
)

// resolveListener judges one listener by itself; conflicts with others come later.
func resolveListener(r *objects.Reader, owner objects.Parent, spec *gwv1.Listener) *Listener {
	l := &Listener{Owner: owner, Name: spec.Name, Port: spec.Port, Protocol: spec.Protocol, Accepted: true, spec: spec}
	p, ok := protocols[spec.Protocol]
	if !ok {
		l.refuse(status.ListenerUnsupportedProtocol, "protocol", fmt.Sprintf("protocol %q is not supported", spec.Protocol))
		return l
	}
	l.protocol = p
	if !utf8.ValidString(string(spec.Name)) {
		l.refuse(status.ListenerUnsupportedValue, "name", "is not valid UTF-8")
	}
	if spec.Port < 1 || spec.Port > 65535 {
		l.refuse(status.ListenerUnsupportedValue, "port", fmt.Sprintf("%d is not a port", spec.Port))
	}
	if h := objects.Deref(spec.Hostname, ""); h != "" && !p.hostnames {
		l.refuse(status.ListenerUnsupportedValue, "hostname", fmt.Sprintf("clients of protocol %s name no host", spec.Protocol))
	} else if h != "" {
		if l.Hostname, ok = NormalizeHostname(string(h)); !ok {
			l.Hostname = strings.ToLower(string(h)) // conflicts with its like, and not with "every name"
			l.refuse(status.ListenerUnsupportedValue, "hostname", noHostname(h))
		}
	}
	l.resolveKinds()
	l.resolveNamespaces()
	l.resolveTLS(r)
	l.resolveFilters()
	return l
}

func (l *Listener) problem(code status.Code, field, detail string) {
	l.Problems = append(l.Problems, status.Problem{Code: code, Field: field, Detail: detail})
}

func (l *Listener) refuse(code status.Code, field, detail string) {
	l.problem(code, field, detail)
	l.Accepted = false
}

// resolveKinds intersects allowedRoutes.kinds with what the protocol can carry.
func (l *Listener) resolveKinds() {
	group := gwv1.Group(gwv1.GroupName)
	add := func(k objects.Kind) {
		l.Kinds = append(l.Kinds, gwv1.RouteGroupKind{Group: &group, Kind: gwv1.Kind(k)})
	}
	if l.spec.AllowedRoutes == nil || len(l.spec.AllowedRoutes.Kinds) == 0 {
		for _, k := range l.protocol.kinds {
			add(k)
		}
		return
	}
	for i, want := range l.spec.AllowedRoutes.Kinds {
		kind := objects.Kind(want.Kind)
		switch {
		case objects.Deref(want.Group, gwv1.GroupName) != gwv1.GroupName || !slices.Contains(l.protocol.kinds, kind):
			l.problem(status.ListenerInvalidRouteKinds, fmt.Sprintf("allowedRoutes.kinds[%d]", i),
				fmt.Sprintf("kind %q does not fit protocol %s", want.Kind, l.Protocol))
		case !l.allowsKind(kind):
			add(kind)
		}
	}
}

func (l *Listener) allowsKind(kind objects.Kind) bool {
	for i := range l.Kinds {
		if string(l.Kinds[i].Kind) == string(kind) {
			return true
		}
	}
	return false
}

func (l *Listener) resolveNamespaces() {
	l.from = gwv1.NamespacesFromSame
	if l.spec.AllowedRoutes == nil || l.spec.AllowedRoutes.Namespaces == nil {
		return
	}
	ns := l.spec.AllowedRoutes.Namespaces
	l.from = objects.Deref(ns.From, gwv1.NamespacesFromSame)
	l.selector = selectorOf(ns.Selector)
}

// allowsNamespace reports whether routes of a namespace may attach. A selector that is missing or malformed admits none.
func (l *Listener) allowsNamespace(r *objects.Reader, namespace string) bool {
	switch l.from {
	case gwv1.NamespacesFromAll:
		return true
	case gwv1.NamespacesFromSame:
		return namespace == l.Owner.Namespace
	case gwv1.NamespacesFromSelector:
		return selects(r, l.selector, namespace)
	default:
		return false
	}
}

// resolveTLS finds the certificates of a listener that terminates TLS.
func (l *Listener) resolveTLS(r *objects.Reader) {
	tls := l.spec.TLS
	if !l.protocol.tls {
		if tls != nil {
			l.refuse(status.ListenerUnsupportedValue, "tls", fmt.Sprintf("protocol %s carries no TLS", l.Protocol))
		}
		return
	}
	l.mode = gwv1.TLSModeTerminate
	if tls != nil {
		l.mode = objects.Deref(tls.Mode, gwv1.TLSModeTerminate)
	}
	switch {
	case l.mode == gwv1.TLSModePassthrough && l.Protocol == gwv1.TLSProtocolType:
		return
	case l.mode != gwv1.TLSModeTerminate:
		l.refuse(status.ListenerUnsupportedValue, "tls.mode", fmt.Sprintf("mode %q does not fit protocol %s", l.mode, l.Protocol))
		return
	case tls == nil || len(tls.CertificateRefs) == 0:
		l.problem(status.ListenerInvalidCertificateRef, "tls.certificateRefs", "a listener that terminates TLS needs a certificate")
		return
	}
	for i := range l.spec.TLS.CertificateRefs {
		l.resolveCertificate(r, i, &l.spec.TLS.CertificateRefs[i])
	}
}

func (l *Listener) resolveCertificate(r *objects.Reader, i int, ref *gwv1.SecretObjectReference) {
	field := fmt.Sprintf("tls.certificateRefs[%d]", i)
	name, permitted, flaw := resolveCertificateRef(r, l.Owner, ref)
	switch {
	case !permitted:
		l.problem(status.ListenerRefNotPermitted, field, flaw)
		return
	case flaw != "":
		l.problem(status.ListenerInvalidCertificateRef, field, flaw)
		return
	}
	if slices.Contains(l.Certificates, name) {
		return // named twice
	}
	l.Certificates = append(l.Certificates, name)
}
