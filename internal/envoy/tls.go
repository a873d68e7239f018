package envoy

import (
	"crypto/sha256"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rawbufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
)

// SDS says that a secret is found on the aggregated stream.
func SDS(name string) *tlsv3.SdsSecretConfig {
	return &tlsv3.SdsSecretConfig{Name: name, SdsConfig: ADS()}
}

// TrustedBy validates peers by the CA certificates of an SDS secret and the rest of a validation context. Rotated CAs
// then change the secret alone: nothing drains, and what the context says beside them is never without them.
func TrustedBy(secret string, rest *tlsv3.CertificateValidationContext) *tlsv3.CommonTlsContext_CombinedValidationContext {
	return &tlsv3.CommonTlsContext_CombinedValidationContext{
		CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
			DefaultValidationContext:         rest,
			ValidationContextSdsSecretConfig: SDS(secret),
		},
	}
}

// TLSSocket is the transport socket of an upstream or downstream TLS context.
func TLSSocket(context proto.Message) *corev3.TransportSocket {
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: Any(context)},
	}
}

// PlaintextSocket is the transport socket of connections without TLS.
func PlaintextSocket() *corev3.TransportSocket {
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.raw_buffer",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: Any(&rawbufferv3.RawBuffer{})},
	}
}

// RefusingSocket is the transport socket of connections that must not come about: it trusts the one certificate whose
// hash is zero.
func RefusingSocket() *corev3.TransportSocket {
	return TLSSocket(&tlsv3.UpstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
			VerifyCertificateHash: []string{strings.Repeat("0", sha256.Size*2)},
		}},
	}})
}
