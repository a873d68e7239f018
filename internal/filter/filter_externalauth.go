package filter

import (
	"fmt"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extauthzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
	"github.com/gatewayxds/gatewayxds/status"
)

const extAuthzFilter = "envoy.filters.http.ext_authz"

// authTimeout is how long a decision may take. The API has no field for it, and Envoy's 200 ms are short for a decision
// that needs a login service of its own.
const authTimeout = 5 * time.Second

// externalAuth asks a backend whether a request may pass (GEP-1494). It is a filter of the route's own chain: what a
// route can override in an ext_authz filter of the listener's chain leaves out which headers are sent.
type externalAuth struct{ config *anypb.Any }

func resolveExternalAuth(r *resolver, f *gwv1.HTTPRouteFilter) {
	if config := r.authConfig(f.ExternalAuth); config != nil {
		r.add(externalAuth{envoy.Any(config)})
	}
}

// authConfig is nil, with a problem, for what cannot be carried out, and where the server cannot be asked.
func (r *resolver) authConfig(spec *gwv1.HTTPExternalAuthFilter) *extauthzv3.ExtAuthz {
	before := len(r.found.Dropped)
	// Nobody passes for an error of the auth server, nor with headers that it has broken.
	config := &extauthzv3.ExtAuthz{TransportApiVersion: corev3.ApiVersion_V3, ValidateMutations: true}
	if spec.ForwardBody != nil && spec.ForwardBody.MaxSize > 0 {
		// A longer body is refused with 413: a decision about a part of it would let the rest pass unseen.
		config.WithRequestBody = &extauthzv3.BufferSettings{MaxRequestBytes: uint32(spec.ForwardBody.MaxSize)}
	}
	var b *backend.Backend
	switch spec.ExternalAuthProtocol {
	case gwv1.HTTPRouteExternalAuthGRPCProtocol:
		b = r.authServer(spec, backend.ResolveGRPC)
		r.grpcAuth(config, spec, b)
	case gwv1.HTTPRouteExternalAuthHTTPProtocol:
		b = r.authServer(spec, backend.Resolve)
		r.httpAuth(config, spec, b)
	default:
		r.drop(status.UnsupportedValue, "externalAuth.protocol", fmt.Sprintf("protocol %q is not supported", spec.ExternalAuthProtocol))
	}
	if b == nil || len(r.found.Dropped) > before {
		return nil
	}
	r.set.Asks = append(r.set.Asks, b)
	return config
}

type resolveBackend func(*objects.Reader, *objects.RouteKey, *gwv1.BackendObjectReference) (*backend.Backend, *status.Problem)

// authServer is nil, and the rule fails, if the server cannot be asked.
func (r *resolver) authServer(spec *gwv1.HTTPExternalAuthFilter, resolve resolveBackend) *backend.Backend {
	b, problem := resolve(r.Reader, r.from, &spec.BackendRef)
	if b != nil && b.Targeted {
		r.found.Targets = append(r.found.Targets, b.Service)
	}
	if problem != nil {
		r.unresolved(problem.Code, "externalAuth.backendRef."+problem.Field, problem.Detail)
	}
	if problem != nil || b.Cluster == nil {
		r.set.Failed = true
		return nil
	}
	return b
}

func (r *resolver) grpcAuth(config *extauthzv3.ExtAuthz, spec *gwv1.HTTPExternalAuthFilter, b *backend.Backend) {
	if spec.HTTPAuthConfig != nil {
		r.drop(status.UnsupportedValue, "externalAuth.http", "excludes protocol GRPC")
	}
	if spec.GRPCAuthConfig != nil {
		config.AllowedHeaders = r.headerNames("externalAuth.grpc.allowedHeaders", spec.GRPCAuthConfig.AllowedRequestHeaders, true)
	}
	if b == nil {
		return
	}
	service := &corev3.GrpcService_EnvoyGrpc{ClusterName: b.Cluster.Name}
	if host, ok := attach.NormalizeHostname(b.Service.Name + "." + b.Service.Namespace); ok {
		service.Authority = host // the default, the cluster's name, is no host
	}
	config.Services = &extauthzv3.ExtAuthz_GrpcService{GrpcService: &corev3.GrpcService{
		TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: service},
		Timeout:         durationpb.New(authTimeout),
	}}
}

func (r *resolver) httpAuth(config *extauthzv3.ExtAuthz, spec *gwv1.HTTPExternalAuthFilter, b *backend.Backend) {
	if spec.GRPCAuthConfig != nil {
		r.drop(status.UnsupportedValue, "externalAuth.grpc", "excludes protocol HTTP")
	}
	service := &extauthzv3.HttpService{AuthorizationResponse: &extauthzv3.AuthorizationResponse{
		AllowedUpstreamHeaders: everyHeader,
	}}
	if http := spec.HTTPAuthConfig; http != nil {
		service.PathPrefix = r.authPath(http.Path)
		config.AllowedHeaders = r.headerNames("externalAuth.http.allowedHeaders", http.AllowedRequestHeaders, true)
		if names := r.headerNames("externalAuth.http.allowedResponseHeaders", http.AllowedResponseHeaders, false); names != nil {
			service.AuthorizationResponse.AllowedUpstreamHeaders = names
		}
	}
	if b == nil {
		return
	}
	service.ServerUri = &corev3.HttpUri{
		Uri:              "http://ext-authz", // Envoy wants one, and sends the request's own host
		HttpUpstreamType: &corev3.HttpUri_Cluster{Cluster: b.Cluster.Name},
		Timeout:          durationpb.New(authTimeout),
	}
	config.Services = &extauthzv3.ExtAuthz_HttpService{HttpService: service}
}

// authPath is what is put before the path of a request, which begins with "/" itself.
func (r *resolver) authPath(path string) string {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return ""
	}
	normal, errs := rewrite.NormalizeMatch("/" + strings.TrimPrefix(path, "/"))
	for _, e := range errs {
		r.drop(status.UnsupportedValue, "externalAuth.http.path", e.Detail)
	}
	return normal
}

// headerNames matches the headers of a list, nil for an empty one. Host and Content-Length of a request are always sent.
func (r *resolver) headerNames(field string, names []string, request bool) *matcherv3.ListStringMatcher {
	if len(names) == 0 {
		return nil
	}
	out := &matcherv3.ListStringMatcher{}
	for i, name := range names {
		name = strings.ToLower(name)
		if !request || name != "host" && name != "content-length" {
			r.checkHeaderName(fmt.Sprintf("%s[%d]", field, i), name)
		}
		out.Patterns = append(out.Patterns, exact(name))
	}
	return out
}

// everyHeader is all headers of an auth server's answer that may go into the request: Host may not (Gateway API,
// HTTPAuthConfig), and what describes the answer's own body and connection must not.
var everyHeader = &matcherv3.ListStringMatcher{Patterns: []*matcherv3.StringMatcher{{
	MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: rewrite.RegexMatcher(allBut(framing))},
}}}

// Traits: each weighted cluster can have a chain of its own.
func (externalAuth) Traits() Traits { return Weighted }

func (e externalAuth) Apply(t *Target) { t.AddFilter(extAuthzFilter, e.config) }
