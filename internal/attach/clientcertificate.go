package attach

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
	"github.com/gatewayxds/gatewayxds/status"
)

// resolveClientCertificate finds the certificate that the Gateway presents to backends (GEP-3155). Without a valid one it
// presents none, and those that insist on one refuse it.
func (g *Gateway) resolveClientCertificate(r *objects.Reader) {
	spec := g.Object.Spec.TLS
	if spec == nil || spec.Backend == nil || spec.Backend.ClientCertificateRef == nil {
		return
	}
	const field = "spec.tls.backend.clientCertificateRef"
	ref := spec.Backend.ClientCertificateRef
	to := Target{
		Group:     string(objects.Deref(ref.Group, "")),
		Kind:      string(objects.Deref(ref.Kind, "Secret")),
		Namespace: string(objects.Deref(ref.Namespace, gwv1.Namespace(g.Object.Namespace))),
		Name:      string(ref.Name),
	}
	if !Permitted(r, objects.Gateway, g.Object.Namespace, to) {
		g.problem(status.ClientCertificateRefNotPermitted, field,
			fmt.Sprintf("no ReferenceGrant in namespace %q permits %s %q", to.Namespace, to.Kind, to.Name))
		return
	}
	if to.Group != "" || to.Kind != "Secret" {
		g.problem(status.InvalidClientCertificateRef, field, fmt.Sprintf("kind %q of group %q is not supported, use a Secret", to.Kind, to.Group))
		return
	}
	name := objects.Name{Namespace: to.Namespace, Name: to.Name}
	if cert := secret.Certificates.Get(r, name); cert.Flaw != "" {
		g.problem(status.InvalidClientCertificateRef, field, cert.Flaw)
		return
	}
	g.ClientCertificate = name
}
