package backend

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
	"github.com/gatewayxds/gatewayxds/status"
)

// TLSPolicy is a BackendTLSPolicy with everything about it decided but who uses its Services (GEP-1897).
type TLSPolicy struct {
	Object   *gwv1.BackendTLSPolicy
	Problems []status.Problem
	// Trust is the SDS secret of the CA certificates; nil for a policy that trusts those of Envoy's own system, or that
	// is not usable.
	Trust *tlsv3.Secret
	// Usable is false for a policy without CA certificates or a name to verify: its backends get no connection at all,
	// rather than one that is not secured as the policy says.
	Usable bool

	hostname string
	names    []altName
	system   string // file of CA certificates, instead of Trust
}

// altName is a subject alternative name, one of which the backend's certificate must hold.
type altName struct {
	kind  tlsv3.SubjectAltNameMatcher_SanType
	value string
}

// TLSPolicies is nil for a policy that does not exist.
var TLSPolicies = objects.NewUnit("BackendTLSPolicy", func(r *objects.Reader, name objects.Name) *TLSPolicy {
	object := r.Policy(name)
	if object == nil {
		return nil
	}
	p := &TLSPolicy{Object: object, Usable: true}
	for i := range object.Spec.TargetRefs {
		p.resolveTarget(r, i)
	}
	p.resolveNames()
	p.resolveTrust(r)
	return p
})

// PolicyOf finds the policy for a port of a Service; nil if there is none or no such port. Targeted says whether some
// policy names the Service.
func PolicyOf(r *objects.Reader, p Port) (policy *TLSPolicy, targeted bool) {
	service := r.ServiceName(p.Service)
	if len(r.PoliciesOf(service)) == 0 {
		return nil, false
	}
	port, problem := findPort(r, p)
	if problem != nil {
		return nil, true
	}
	return policyOf(r, service, port.Name), true
}

// policyOf finds the policy for a port of a Service, given the port's name; nil if there is none. A policy for the port
// precedes one for the whole Service, whatever their age.
func policyOf(r *objects.Reader, service objects.Name, port string) *TLSPolicy {
	policies := sections.Get(r, service)
	p := cmp.Or(policies[port], policies[""])
	if p == nil {
		return nil
	}
	return TLSPolicies.Get(r, objects.Name{Namespace: p.Namespace, Name: p.Name})
}

// sections is which policy each section of a Service has, "" being the whole: the first that names it.
var sections = objects.NewUnit("policies of Service", func(r *objects.Reader, service objects.Name) map[string]*gwv1.BackendTLSPolicy {
	out := map[string]*gwv1.BackendTLSPolicy{}
	for _, p := range r.PoliciesOf(service) {
		for i := range p.Spec.TargetRefs {
			ref := &p.Spec.TargetRefs[i]
			section := string(objects.Deref(ref.SectionName, ""))
			if isService(ref) && string(ref.Name) == service.Name && out[section] == nil {
				out[section] = p
			}
		}
	}
	return out
})

func isService(ref *gwv1.LocalPolicyTargetReferenceWithSectionName) bool {
	return ref.Group == "" && ref.Kind == gwv1.Kind(objects.Service)
}

// Name identifies the policy.
func (p *TLSPolicy) Name() string { return p.Object.Namespace + "/" + p.Object.Name }

func (p *TLSPolicy) problem(code status.Code, field, detail string) {
	p.Problems = append(p.Problems, status.Problem{Code: code, Field: "spec." + field, Detail: detail})
}

// refuse is for problems that leave nothing to secure a connection with.
func (p *TLSPolicy) refuse(code status.Code, field, detail string) {
	p.problem(code, "validation."+field, detail)
	p.Usable = false
}

// resolveTarget reports a target that is not there, or that an older policy has. A target of another kind is no business
// of ours.
func (p *TLSPolicy) resolveTarget(r *objects.Reader, i int) {
	ref := &p.Object.Spec.TargetRefs[i]
	if !isService(ref) {
		return
	}
	field := fmt.Sprintf("targetRefs[%d]", i)
	service := objects.Name{Namespace: p.Object.Namespace, Name: string(ref.Name)}
	section := string(objects.Deref(ref.SectionName, ""))
	if first := sections.Get(r, service)[section]; first != p.Object {
		p.problem(status.PolicyConflicted, field, fmt.Sprintf("BackendTLSPolicy %q has this target already", first.Name))
	}
	svc := r.Service(service)
	if svc == nil {
		p.problem(status.PolicyTargetNotFound, field+".name", fmt.Sprintf("Service %q does not exist", service))
		return
	}
	if section == "" || slices.ContainsFunc(svc.Spec.Ports, func(port corev1.ServicePort) bool { return port.Name == section }) {
		return
	}
	p.problem(status.PolicyTargetNotFound, field+".sectionName", fmt.Sprintf("Service %q has no port %q", service, section))
}

// resolveNames decides what the backend's certificate must say: one of subjectAltNames or, without any, the hostname.
func (p *TLSPolicy) resolveNames() {
	v := &p.Object.Spec.Validation
	hostname, ok := attach.NormalizeHostname(string(v.Hostname))
	if !ok || hostname[0] == '*' {
		p.refuse(status.PolicyInvalid, "hostname", fmt.Sprintf("%q is not a DNS name", v.Hostname))
		return
	}
	p.hostname = hostname
	if len(v.SubjectAltNames) == 0 {
		p.names = []altName{{tlsv3.SubjectAltNameMatcher_DNS, hostname}}
	}
	for i, san := range v.SubjectAltNames {
		field := fmt.Sprintf("subjectAltNames[%d]", i)
		switch san.Type {
		case gwv1.HostnameSubjectAltNameType:
			name, ok := attach.NormalizeHostname(string(san.Hostname))
			if !ok {
				p.refuse(status.PolicyInvalid, field+".hostname", fmt.Sprintf("%q is not a DNS name", san.Hostname))
				continue
			}
			p.names = append(p.names, altName{tlsv3.SubjectAltNameMatcher_DNS, name})
		case gwv1.URISubjectAltNameType:
			if !isURI(string(san.URI)) {
				p.refuse(status.PolicyInvalid, field+".uri", fmt.Sprintf("%q is not a URI with a scheme", san.URI))
				continue
			}
			p.names = append(p.names, altName{tlsv3.SubjectAltNameMatcher_URI, string(san.URI)})
		default:
			p.refuse(status.PolicyInvalid, field+".type", fmt.Sprintf("type %q is not supported", san.Type))
		}
	}
}

// isURI accepts absolute URIs, which consist of visible ASCII characters.
func isURI(s string) bool {
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && len(s) > len(u.Scheme)+1
}

// resolveTrust finds the CA certificates. Valid references are used beside invalid ones.
func (p *TLSPolicy) resolveTrust(r *objects.Reader) {
	v := &p.Object.Spec.Validation
	known := objects.Deref(v.WellKnownCACertificates, "")
	switch {
	case known != "" && len(v.CACertificateRefs) > 0:
		p.refuse(status.PolicyInvalid, "wellKnownCACertificates", "excludes caCertificateRefs")
		return
	case known == gwv1.WellKnownCACertificatesSystem && r.Settings.SystemCABundle != "":
		p.system = r.Settings.SystemCABundle
		return
	case known != "":
		p.refuse(status.PolicyInvalid, "wellKnownCACertificates", fmt.Sprintf("CA certificates %q are not available", known))
		return
	case len(v.CACertificateRefs) == 0:
		p.refuse(status.PolicyInvalid, "caCertificateRefs", "neither these nor wellKnownCACertificates are set")
		return
	}
	var certs []byte
	for i, ref := range v.CACertificateRefs {
		field := fmt.Sprintf("validation.caCertificateRefs[%d]", i)
		name := objects.Name{Namespace: p.Object.Namespace, Name: string(ref.Name)}
		bundle, ok := secret.ReadBundle(r, string(ref.Group), string(ref.Kind), name)
		if !ok {
			p.problem(status.PolicyInvalidKind, field+".kind", fmt.Sprintf("kind %q of group %q is not supported", ref.Kind, ref.Group))
			continue
		}
		if bundle.Flaw != "" {
			p.problem(status.PolicyInvalidCACertificateRef, field, bundle.Flaw)
		}
		certs = append(certs, bundle.PEM...)
	}
	if len(certs) == 0 {
		p.refuse(status.PolicyNoValidCACertificate, "caCertificateRefs", "no reference is valid")
		return
	}
	p.Trust = secret.Trust(envoy.PolicyTrust(p.Object.Namespace, p.Object.Name), certs)
}

// TransportSocket secures connections as a usable policy says. Alpn is the one protocol to offer, or "". The certificate
// is that of a Secret, presented to backends that ask for one; none for the zero Name.
func (p *TLSPolicy) TransportSocket(alpn string, certificate objects.Name) *corev3.TransportSocket {
	common := &tlsv3.CommonTlsContext{}
	validation := &tlsv3.CertificateValidationContext{}
	for _, n := range p.names {
		validation.MatchTypedSubjectAltNames = append(validation.MatchTypedSubjectAltNames, &tlsv3.SubjectAltNameMatcher{
			SanType: n.kind,
			Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: n.value}},
		})
	}
	if p.system != "" {
		validation.TrustedCa = &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: p.system}}
		common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: validation}
	} else {
		common.ValidationContextType = envoy.TrustedBy(p.Trust.GetName(), validation)
	}
	if certificate != (objects.Name{}) {
		common.TlsCertificateSdsSecretConfigs = []*tlsv3.SdsSecretConfig{
			envoy.SDS(envoy.Secret(certificate.Namespace, certificate.Name)),
		}
	}
	if alpn != "" {
		common.AlpnProtocols = []string{alpn}
	}
	return envoy.TLSSocket(&tlsv3.UpstreamTlsContext{CommonTlsContext: common, Sni: p.hostname})
}
