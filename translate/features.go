package translate

import (
	"slices"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Feature is a feature of the Gateway API, as its conformance suites name them, and what this library makes of it.
type Feature struct {
	Name gwv1.FeatureName
	// Unsupported says in a sentence why the library does not have the feature; empty: it has it.
	Unsupported string
	// Host says what the host has to do for a feature that the library cannot give alone: the host claims it
	// (Options.Features) when it does so. Empty: nothing.
	Host string

	linked func() bool // whether the linked Gateway API has the fields; nil where every release has
}

const mesh = "mesh (GAMMA) is out of scope: the library configures gateways"

// features is every feature that the suites of the supported releases know, sorted by name. What is claimed in statuses
// and what the README says come from here.
var features = [...]Feature{
	{Name: "BackendTLSPolicy"},
	{Name: "BackendTLSPolicySANValidation"},
	{Name: "ClusterTrustBundle", Host: "puts the ClusterTrustBundles of the cluster into Objects"},
	{Name: "GRPCRoute"},
	{Name: "GRPCRouteNamedRouteRule"},
	{Name: "GRPCRouteRequestHeaderModifier"},
	{Name: "Gateway"},
	{Name: "GatewayAddressEmpty"},
	{Name: "GatewayAddressRoutability", Host: "says the routability of the addresses that it gives (v1.7.0 linked)", linked: objects.HasRoutability},
	{Name: "GatewayAddressRoutabilityCluster", Host: "gives addresses of the cluster to those who ask for them (v1.7.0 linked)", linked: objects.HasRoutability},
	{Name: "GatewayBackendClientCertificate"},
	{Name: "GatewayFrontendClientCertificateValidation"},
	{Name: "GatewayFrontendClientCertificateValidationInsecureFallback"},
	{Name: "GatewayHTTPListenerIsolation"},
	{Name: "GatewayHTTPSListenerDetectMisdirectedRequests"},
	{Name: "GatewayInfrastructure", Host: "puts on the objects that it deploys for a Gateway what GatewayResources.Infrastructure says"},
	{Name: "GatewayListenerFilters", linked: objects.HasListenerFilters},
	{Name: "GatewayPort8080"},
	{Name: "GatewayRouteHostnameIntersectionPrecedence"},
	{Name: "GatewayStaticAddresses"},
	{Name: "HTTPRoute"},
	{Name: "HTTPRoute303RedirectStatusCode"},
	{Name: "HTTPRoute307RedirectStatusCode"},
	{Name: "HTTPRoute308RedirectStatusCode"},
	{Name: "HTTPRouteBackendProtocolH2C"},
	{Name: "HTTPRouteBackendProtocolWebSocket"},
	{Name: "HTTPRouteBackendRequestHeaderModification"},
	{Name: "HTTPRouteBackendTimeout"},
	{Name: "HTTPRouteBackendURLRewrite"},
	{Name: "HTTPRouteCORS"},
	{Name: "HTTPRouteDestinationPortMatching"},
	{Name: "HTTPRouteHostRewrite"},
	{Name: "HTTPRouteMethodMatching"},
	{Name: "HTTPRouteNamedRouteRule"},
	{Name: "HTTPRouteParentRefPort"},
	{Name: "HTTPRoutePathRedirect"},
	{Name: "HTTPRoutePathRewrite"},
	{Name: "HTTPRoutePortRedirect"},
	{Name: "HTTPRouteQueryParamMatching"},
	{Name: "HTTPRouteRequestMirror"},
	{Name: "HTTPRouteRequestMultipleMirrors"},
	{Name: "HTTPRouteRequestPercentageMirror"},
	{Name: "HTTPRouteRequestTimeout"},
	{Name: "HTTPRouteResponseHeaderModification"},
	{Name: "HTTPRouteRetry"},
	{Name: "HTTPRouteRetryBackendTimeout"},
	{Name: "HTTPRouteRetryCodes"},
	{Name: "HTTPRouteRetryConnectionError"},
	{Name: "HTTPRouteSchemeRedirect"},
	{Name: "ListenerSet"},
	{Name: "Mesh", Unsupported: mesh},
	{Name: "MeshClusterIPMatching", Unsupported: mesh},
	{Name: "MeshConsumerRoute", Unsupported: mesh},
	{Name: "MeshHTTPRouteBackendRequestHeaderModification", Unsupported: mesh},
	{Name: "MeshHTTPRouteNamedRouteRule", Unsupported: mesh},
	{Name: "MeshHTTPRouteQueryParamMatching", Unsupported: mesh},
	{Name: "MeshHTTPRouteRedirectPath", Unsupported: mesh},
	{Name: "MeshHTTPRouteRedirectPort", Unsupported: mesh},
	{Name: "MeshHTTPRouteRewritePath", Unsupported: mesh},
	{Name: "MeshHTTPRouteSchemeRedirect", Unsupported: mesh},
	{Name: "ReferenceGrant"},
	{Name: "TCPRoute"},
	{Name: "TLSRoute"},
	{Name: "TLSRouteModeMixed"},
	{Name: "TLSRouteModeTerminate"},
	{Name: "UDPRoute"},
}

// Features lists every feature name that the suites of Gateway API v1.6.3 and v1.7.0 know, supported or not, sorted. The
// caller owns the slice.
func Features() []Feature { return slices.Clone(features[:]) }

// SupportedFeatures lists, by name, the features of the Gateway API that this library gives alone, and those of host, for
// which the host does its part (Feature.Host), in the words of every release: a host claims those that the installed
// release knows (version.Features). A feature whose fields the linked Gateway API lacks is left out. The caller owns the
// slice.
func SupportedFeatures(host ...gwv1.FeatureName) []gwv1.FeatureName {
	names := make([]gwv1.FeatureName, 0, len(features))
	for _, f := range features {
		if f.Unsupported == "" && (f.Host == "" || slices.Contains(host, f.Name)) && (f.linked == nil || f.linked()) {
			names = append(names, f.Name)
		}
	}
	return names
}
