package attach

import (
	"fmt"
	"slices"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
	"github.com/gatewayxds/gatewayxds/status"
)

// ClientValidation is what an HTTPS listener demands of clients' certificates (GEP-91).
type ClientValidation struct {
	// Trust is the SDS secret of the CA certificates; nil if no reference is valid: then nobody can be let in.
	Trust *tlsv3.Secret
	// Fallback lets in clients without a valid certificate too. All are asked for one.
	Fallback bool

	problems []status.Problem // of each listener that it applies to
}

// resolveFrontend gives the HTTPS listeners the validation of their port, or else the default one. The two are not
// merged: a port without validation has none.
func (g *Gateway) resolveFrontend(r *objects.Reader) {
	if g.Object.Spec.TLS == nil || g.Object.Spec.TLS.Frontend == nil {
		return
	}
	spec := g.Object.Spec.TLS.Frontend
	every := g.resolveValidation(r, spec.Default.Validation, "spec.tls.frontend.default.validation", "default")
	ports := map[int32]*ClientValidation{}
	for i := range spec.PerPort {
		p := &spec.PerPort[i]
		if _, ok := ports[p.Port]; !ok { // the API server admits a port once only
			field := fmt.Sprintf("spec.tls.frontend.perPort[%d].tls.validation", i)
			ports[p.Port] = g.resolveValidation(r, p.TLS.Validation, field, fmt.Sprint(p.Port))
		}
	}
	for _, l := range g.Listeners {
		if l.Protocol != gwv1.HTTPSProtocolType {
			continue
		}
		v, ok := ports[l.Port]
		if !ok {
			v = every
		}
		if v == nil {
			continue
		}
		l.Clients = v
		l.Problems = append(l.Problems, v.problemsOf(l, g)...)
	}
}

// resolveValidation is nil where no validation is asked for. The scope is part of the name of its secret.
func (g *Gateway) resolveValidation(r *objects.Reader, spec *gwv1.FrontendTLSValidation, field, scope string) *ClientValidation {
	if spec == nil {
		return nil
	}
	v := &ClientValidation{Fallback: spec.Mode == gwv1.AllowInsecureFallback}
	g.InsecureFrontend = g.InsecureFrontend || v.Fallback
	var certs []byte
	for i := range spec.CACertificateRefs {
		certs = append(certs, v.resolveCA(r, g.Object.Namespace, &spec.CACertificateRefs[i], fmt.Sprintf("%s.caCertificateRefs[%d]", field, i))...)
	}
	if len(certs) == 0 {
		v.problem(status.ListenerNoValidCACertificate, field+".caCertificateRefs", "no reference is valid")
		return v
	}
	v.Trust = secret.Trust(envoy.ClientTrust(g.Object.Namespace, g.Object.Name, scope), certs)
	return v
}

// problemsOf are the problems as a listener reports them: in an object that is not the Gateway they say whose they are.
func (v *ClientValidation) problemsOf(l *Listener, g *Gateway) []status.Problem {
	if l.Owner.Kind == objects.Gateway {
		return v.problems
	}
	out := slices.Clone(v.problems)
	for i := range out {
		p := &out[i]
		p.Field, p.Detail = "", fmt.Sprintf("Gateway %q: %s: %s", g.Object.Name, p.Field, p.Detail)
	}
	return out
}

func (v *ClientValidation) problem(code status.Code, field, detail string) {
	v.problems = append(v.problems, status.Problem{Code: code, Field: field, Detail: detail})
}

// resolveCA is the certificates that a reference of a Gateway leads to.
func (v *ClientValidation) resolveCA(r *objects.Reader, namespace string, ref *gwv1.ObjectReference, field string) []byte {
	to := Target{
		Group:     string(ref.Group),
		Kind:      string(ref.Kind),
		Namespace: string(objects.Deref(ref.Namespace, gwv1.Namespace(namespace))),
		Name:      string(ref.Name),
	}
	if secret.IsTrustBundle(r, to.Group, to.Kind) {
		if ref.Namespace != nil {
			v.problem(status.ListenerInvalidCACertificateRef, field+".namespace", "a ClusterTrustBundle is in no namespace")
			return nil
		}
	} else if !Permitted(r, objects.Gateway, namespace, to) {
		v.problem(status.ListenerRefNotPermitted, field, to.NotPermitted())
		return nil
	}
	bundle, ok := secret.ReadBundle(r, to.Group, to.Kind, objects.Name{Namespace: to.Namespace, Name: to.Name})
	if !ok {
		v.problem(status.ListenerInvalidCACertificateKind, field+".kind",
			fmt.Sprintf("kind %q of group %q is not supported, use a ConfigMap", to.Kind, to.Group))
		return nil
	}
	if bundle.Flaw != "" {
		v.problem(status.ListenerInvalidCACertificateRef, field, bundle.Flaw)
	}
	return bundle.PEM
}
