package filter

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
	"github.com/gatewayxds/gatewayxds/status"
)

const (
	corsFilter        = "envoy.filters.http.cors"
	defaultCORSMaxAge = 5 // seconds, from the API
)

type cors struct{ policy *anypb.Any }

// origin is what an element of allowOrigins may be besides "*".
var origin = regexp.MustCompile(`^(https?)://(\*|(?:\*\.)?(?:[a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+)(:[0-9]{1,5})?$`)

func resolveCORS(r *resolver, f *gwv1.HTTPRouteFilter) {
	before := len(r.found.Dropped)
	policy := &corsv3.CorsPolicy{
		MaxAge: strconv.Itoa(int(cmp.Or(f.CORS.MaxAge, defaultCORSMaxAge))),
		// A preflight of a foreign origin is answered here; a backend's answer would tell it about the request.
		ForwardNotMatchingPreflights: envoy.Bool(false),
	}
	for i, o := range f.CORS.AllowOrigins {
		matchers, ok := originMatchers(string(o))
		if !ok {
			r.drop(status.UnsupportedValue, fmt.Sprintf("cors.allowOrigins[%d]", i), fmt.Sprintf("%q is no origin", strings.ToValidUTF8(string(o), "\uFFFD")))
		}
		policy.AllowOriginStringMatch = append(policy.AllowOriginStringMatch, matchers...)
	}
	if objects.Deref(f.CORS.AllowCredentials, false) {
		policy.AllowCredentials = envoy.Bool(true)
	}
	if f.CORS.MaxAge < 0 {
		r.drop(status.UnsupportedValue, "cors.maxAge", "must not be negative")
	}
	starAlone(r, "allowOrigins", f.CORS.AllowOrigins)
	starAlone(r, "allowMethods", f.CORS.AllowMethods)
	starAlone(r, "allowHeaders", f.CORS.AllowHeaders)
	policy.AllowMethods = corsList(r, "allowMethods", f.CORS.AllowMethods)
	policy.AllowHeaders = corsList(r, "allowHeaders", f.CORS.AllowHeaders)
	policy.ExposeHeaders = corsList(r, "exposeHeaders", f.CORS.ExposeHeaders)
	if policy.AllowCredentials != nil { // with them a star is no more than a name, and the API forbids to send it
		names := strings.Split(policy.ExposeHeaders, ", ")
		policy.ExposeHeaders = strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == "*" }), ", ")
	}
	if len(r.found.Dropped) == before {
		r.add(cors{envoy.Any(policy)})
	}
}

// corsList joins methods or header names; "*" is one of the characters that names may consist of.
func corsList[S ~string](r *resolver, field string, list []S) string {
	var b strings.Builder
	for i, s := range list {
		if !envoy.Token(string(s)) || len(s) > 256 {
			r.drop(status.UnsupportedValue, fmt.Sprintf("cors.%s[%d]", field, i), fmt.Sprintf("%q is no name", strings.ToValidUTF8(string(s), "\uFFFD")))
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// starAlone refuses a "*" beside others: neither of the two could be what is meant.
func starAlone[S ~string](r *resolver, field string, list []S) {
	if len(list) > 1 && slices.Contains(list, "*") {
		r.drop(status.UnsupportedValue, "cors."+field, `"*" stands for all and must stand alone`)
	}
}

// originMatchers matches an origin with its port, or the default port of its scheme written out or not. A "*" in front
// stands for one or more labels, and never for a character that could end the host.
func originMatchers(o string) ([]*matcherv3.StringMatcher, bool) {
	if o == "*" {
		return []*matcherv3.StringMatcher{exact("*")}, true // any origin to Envoy's filter
	}
	part := origin.FindStringSubmatch(o)
	if part == nil || len(o) > 253 {
		return nil, false
	}
	scheme, host, port := part[1], part[2], part[3]
	written := ":80"
	if scheme == "https" {
		written = ":443"
	}
	if !strings.HasPrefix(host, "*") {
		if port != "" && port != written {
			return []*matcherv3.StringMatcher{exact(o)}, true
		}
		bare := scheme + "://" + host
		return []*matcherv3.StringMatcher{exact(bare), exact(bare + written)}, true
	}
	pattern := scheme + "://[^/:]+" + regexp.QuoteMeta(host[1:])
	if port == "" || port == written {
		pattern += "(" + written + ")?"
	} else {
		pattern += port
	}
	return []*matcherv3.StringMatcher{{
		MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: rewrite.RegexMatcher(pattern)},
	}}, true
}

func exact(s string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s}}
}

func (cors) Traits() Traits { return Weighted | Preflight }

func (e cors) Apply(t *Target) { t.perFilter(corsFilter, e.policy) }
