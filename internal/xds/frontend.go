package xds

import (
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
)

// validateClients makes a listener ask for client certificates. Envoy asks nobody unless it knows CA certificates, so
// they stay when any certificate will do.
func validateClients(context *tlsv3.DownstreamTlsContext, v *attach.ClientValidation) {
	rest := &tlsv3.CertificateValidationContext{}
	if v.Fallback {
		rest.TrustChainVerification = tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED
	}
	context.CommonTlsContext.ValidationContextType = envoy.TrustedBy(v.Trust.GetName(), rest)
	context.RequireClientCertificate = envoy.Bool(!v.Fallback)
}
