package attach

import (
	"github.com/gatewayxds/gatewayxds/internal/objects"
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
	from := objects.Parent{Kind: objects.Gateway, Name: g.Name()}
	name, permitted, flaw := resolveCertificateRef(r, from, ref)
	switch {
	case !permitted:
		g.problem(status.ClientCertificateRefNotPermitted, field, flaw)
		return
	case flaw != "":
		g.problem(status.InvalidClientCertificateRef, field, flaw)
		return
	}
	g.ClientCertificate = name
}
