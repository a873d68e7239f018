// Package filter holds the filters of routes and backendRefs, one file each.
//
//	HTTPRouteFilter ─ Resolve ─→ Effect (nothing left to look up, nothing left to fail) ─ Apply ─→ Target
//
// A filter is added with a file of its own, a line in the table below and a directory in testdata.
package filter

import (
	"fmt"

	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	filterchainv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/filter_chain/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/backend"
	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
	"github.com/gatewayxds/gatewayxds/status"
)

// Effect is a resolved filter.
type Effect interface {
	// Apply writes the filter into a route, or one of its weighted clusters.
	Apply(*Target)
	// Traits says where the effect fits and what it depends on.
	Traits() Traits
}

// perMatch is an effect that depends on the path match.
type perMatch interface {
	// sameFor reports whether it does the same under both matches.
	sameFor(a, b rewrite.Match) bool
}

// Traits are the properties of an effect that decide how routes are built.
type Traits uint8

const (
	// Weighted effects fit into one of several weighted clusters; others need a route of their own.
	Weighted Traits = 1 << iota
	// PerOrigin effects depend on the listener's scheme and port.
	PerOrigin
	// Terminal effects answer the request.
	Terminal
	// Opaque effects may write any field of a route, which then shares nothing with others.
	Opaque
	// Preflight effects answer CORS preflights, which have a method of their own.
	Preflight
)

// Set is the resolved filters of one rule or backendRef.
type Set struct {
	Effects []Effect
	Traits  Traits // of any effect
	// Uses are the backends that effects send requests to, when they are forwarded.
	Uses []*backend.Backend
	// Asks are the backends that effects ask before anything is done with a request.
	Asks []*backend.Backend
	// Failed: a reference that must not be skipped did not resolve, the rule answers an error.
	Failed bool

	room [1]Effect // enough for most lists
}

// Found is what came to light about the filters of a list. Fields of problems are relative to the list's owner.
type Found struct {
	// Targets are the Services that the filters name and policies target.
	Targets []objects.Name
	// Unresolved references; the rule is served without them, or fails when the Set says so.
	Unresolved []status.Problem
	// Dropped problems cost the rule.
	Dropped []status.Problem
}

// workshop is what one reader's resolving of lists shares.
type workshop struct {
	sets     objects.Pool[Set]
	rewrites objects.Pool[urlRewrite]
	resolver resolver // its room is used again
}

var workshops = objects.NewLocal[workshop]()

// SameFor reports whether all effects do the same under both matches, so that their routes can share an action.
func (s *Set) SameFor(a, b rewrite.Match) bool {
	for _, e := range s.Effects {
		if e, ok := e.(perMatch); ok && !e.sameFor(a, b) {
			return false
		}
	}
	return true
}

// A kind is a row of the table of filters.
type kind struct {
	name gwv1.HTTPRouteFilterType
	grpc bool // GRPCRoutes have it too
	many bool // may stand in one list several times
	// field reports whether the filter's own field is set.
	field   func(*gwv1.HTTPRouteFilter) bool
	resolve func(*resolver, *gwv1.HTTPRouteFilter)
}

// kinds are the filters there are. Their order is no order of execution: Envoy decides the requests' fate in its
// filter chain (see HTTPFilters), and modifies headers and paths in its router.
var kinds = []kind{
	{
		name: gwv1.HTTPRouteFilterRequestHeaderModifier, grpc: true,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.RequestHeaderModifier != nil },
		resolve: resolveRequestHeaders,
	},
	{
		name: gwv1.HTTPRouteFilterResponseHeaderModifier, grpc: true,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.ResponseHeaderModifier != nil },
		resolve: resolveResponseHeaders,
	},
	{
		name: gwv1.HTTPRouteFilterRequestMirror, grpc: true, many: true,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.RequestMirror != nil },
		resolve: resolveMirror,
	},
	{
		name:    gwv1.HTTPRouteFilterRequestRedirect,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.RequestRedirect != nil },
		resolve: resolveRedirect,
	},
	{
		name:    gwv1.HTTPRouteFilterURLRewrite,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.URLRewrite != nil },
		resolve: resolveURLRewrite,
	},
	{
		name:    gwv1.HTTPRouteFilterCORS,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.CORS != nil },
		resolve: resolveCORS,
	},
	{
		name:    gwv1.HTTPRouteFilterExternalAuth,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.ExternalAuth != nil },
		resolve: resolveExternalAuth,
	},
	{
		name: gwv1.HTTPRouteFilterExtensionRef, grpc: true, many: true,
		field:   func(f *gwv1.HTTPRouteFilter) bool { return f.ExtensionRef != nil },
		resolve: resolveExtension,
	},
}

// HTTPFilters is Envoy's chain of HTTP filters, the same for every listener, so that no route ever changes a listener.
// What only some routes need, they bring along: see Target.AddFilter. The host's come last.
func HTTPFilters(hosts []*hcmv3.HttpFilter) []*hcmv3.HttpFilter {
	ofRoutes := httpFilter(chainFilter, envoy.Any(&filterchainv3.FilterChainConfig{}))
	ofRoutes.Disabled = true // but for routes with a chain
	list := []*hcmv3.HttpFilter{
		httpFilter(corsFilter, envoy.Any(&corsv3.Cors{})), // first: a preflight carries no credentials
		ofRoutes,
	}
	list = append(list, hosts...)
	return append(list, httpFilter("envoy.filters.http.router", envoy.Any(&routerv3.Router{})))
}

// resolver is the state of resolving one list of filters.
type resolver struct {
	*objects.Reader
	from     *objects.RouteKey
	route    *objects.Route
	rule     int
	prefixes bool // every match of the rule is of a path prefix
	set      *Set
	found    Found
	index    int // of the filter at hand; -1 for the list
}

// None is the set of an empty list. It is never written to.
var None Set

// Resolve resolves the filters of a rule of a route, or of a backendRef of it.
func Resolve(r *objects.Reader, route *objects.Route, rule int, filters []gwv1.HTTPRouteFilter, prefixes bool) (*Set, Found) {
	shop := workshops.Get(r)
	set := shop.sets.One()
	set.Effects = set.room[:0]
	res := &shop.resolver
	*res = resolver{Reader: r, from: &route.RouteKey, route: route, rule: rule, prefixes: prefixes, set: set}
	for i := range filters {
		f := &filters[i]
		res.index = i
		k := res.kindOf(f)
		switch {
		case k == nil:
		case has(filters[:i], f.Type) && !k.many:
			res.drop(status.IncompatibleFilters, "type", fmt.Sprintf("filter type %s may stand here once only", f.Type))
		default:
			k.resolve(res, f)
		}
	}
	if has(filters, gwv1.HTTPRouteFilterRequestRedirect) && has(filters, gwv1.HTTPRouteFilterURLRewrite) {
		res.index = -1
		res.drop(status.IncompatibleFilters, "", "a request cannot be both redirected and rewritten")
	}
	return set, res.found
}

func has(filters []gwv1.HTTPRouteFilter, name gwv1.HTTPRouteFilterType) bool {
	for i := range filters {
		if filters[i].Type == name {
			return true
		}
	}
	return false
}

// kindOf finds the row of a filter; nil, with a problem, if it has none or contradicts itself.
func (r *resolver) kindOf(f *gwv1.HTTPRouteFilter) *kind {
	var found *kind
	for i := range kinds {
		k := &kinds[i]
		switch {
		case k.name == f.Type && (k.grpc || r.from.Kind == objects.HTTPRoute):
			found = k
		case k.field(f):
			r.drop(status.UnsupportedValue, "", fmt.Sprintf("a filter of type %q holds the field of %s", f.Type, k.name))
			return nil
		}
	}
	if found == nil {
		r.drop(status.UnsupportedValue, "type", fmt.Sprintf("filter type %q is not supported", f.Type))
		return nil
	}
	if !found.field(f) {
		r.drop(status.UnsupportedValue, "", fmt.Sprintf("a filter of type %s lacks its field", f.Type))
		return nil
	}
	return found
}

func (r *resolver) add(e Effect) {
	r.set.Effects = append(r.set.Effects, e)
	r.set.Traits |= e.Traits()
}

func (r *resolver) problem(code status.Code, field, detail string) status.Problem {
	at := "filters"
	if r.index >= 0 {
		at = fmt.Sprintf("filters[%d]", r.index)
	}
	if field != "" {
		at += "." + field
	}
	return status.Problem{Code: code, Field: at, Detail: detail}
}

func (r *resolver) drop(code status.Code, field, detail string) {
	r.found.Dropped = append(r.found.Dropped, r.problem(code, field, detail))
}

func (r *resolver) unresolved(code status.Code, field, detail string) {
	r.found.Unresolved = append(r.found.Unresolved, r.problem(code, field, detail))
}

// dropAll reports what the rewrite package found; the field is that of the filter.
func (r *resolver) dropAll(field string, errs []rewrite.Error) {
	for _, e := range errs {
		f := field
		if e.Field != "" {
			f += "." + e.Field
		}
		r.drop(status.UnsupportedValue, f, e.Detail)
	}
}

// needsPrefix refuses a ReplacePrefixMatch whose rule has anything but path prefixes to replace.
func (r *resolver) needsPrefix(field string) {
	if !r.prefixes {
		r.drop(status.IncompatibleFilters, field+".path.type",
			"ReplacePrefixMatch needs every match of the rule to be a PathPrefix")
	}
}
