package rewrite

import (
	"regexp"
	"regexp/syntax"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Apply sets the fields of a RouteAction that do what Rewrite says: at most one of prefix_rewrite, regex_rewrite and
// path_rewrite (Envoy ≥ 1.37), and host_rewrite_literal. What it replaces takes the place of what an earlier Apply set;
// what it keeps, and all other fields, it leaves alone. What a rewrite sets depends on the match when PerMatch says so.
func (u URLRewrite) Apply(a *routev3.RouteAction, m Match) {
	if u.Hostname != "" {
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: u.Hostname}
	}
	if u.Path.kind == keepPath {
		return
	}
	a.PathRewrite = ""
	if u.Path.kind == fullPath {
		a.PathRewrite = strings.ReplaceAll(u.Path.value, "%", "%%") // a formatter
	}
	a.PrefixRewrite, a.RegexRewrite = u.Path.fields(m)
}

// Action returns the redirect that does what Location says, for a route of the given match on the given listener.
func (r Redirect) Action(m Match, o Origin) *routev3.RedirectAction {
	a := &routev3.RedirectAction{
		HostRedirect: r.Hostname,
		PortRedirect: r.explicitPort(o),
		ResponseCode: responseCode(r.status()),
	}
	if r.Scheme != "" {
		a.SchemeRewriteSpecifier = &routev3.RedirectAction_SchemeRedirect{SchemeRedirect: r.Scheme}
	}
	prefix, regex := r.Path.fields(m)
	switch {
	case r.Path.kind == fullPath: // literal, other than a RouteAction's path_rewrite
		a.PathRewriteSpecifier = &routev3.RedirectAction_PathRedirect{PathRedirect: r.Path.value}
	case prefix != "":
		a.PathRewriteSpecifier = &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: prefix}
	case regex != nil:
		a.PathRewriteSpecifier = &routev3.RedirectAction_RegexRewrite{RegexRewrite: regex}
	}
	return a
}

// responseCode is Envoy's name for a status; its own default would be 301.
func responseCode(status int) routev3.RedirectAction_RedirectResponseCode {
	switch status {
	case 301:
		return routev3.RedirectAction_MOVED_PERMANENTLY
	case 303:
		return routev3.RedirectAction_SEE_OTHER
	case 307:
		return routev3.RedirectAction_TEMPORARY_REDIRECT
	case 308:
		return routev3.RedirectAction_PERMANENT_REDIRECT
	default:
		return routev3.RedirectAction_FOUND
	}
}

// fields are the prefix_rewrite or regex_rewrite of a path that is not replaced as a whole.
func (p Path) fields(m Match) (prefixRewrite string, regexRewrite *matcherv3.RegexMatchAndSubstitute) {
	prefix, ok := m.prefix()
	switch {
	case p.kind == regexPath:
		return "", substitution(RegexMatcher(p.pattern), p.value)
	case p.kind != prefixPath || !ok:
		return "", nil
	case prefix == "" && p.value == "":
		return "", nil
	case prefix == "":
		return p.value + "/", nil
	case p.value == "": // prefix_rewrite "/" would leave "//rest"
		return "", substitution(sizedMatcher("^"+regexp.QuoteMeta(prefix)+"/*", len(prefix)+3), "/")
	default:
		return p.value, nil
	}
}

func substitution(pattern *matcherv3.RegexMatcher, by string) *matcherv3.RegexMatchAndSubstitute {
	return &matcherv3.RegexMatchAndSubstitute{Pattern: pattern, Substitution: by}
}

// Apply sets the path specifier of a RouteMatch that covers the paths which Covers says.
func (m Match) Apply(r *routev3.RouteMatch) {
	if prefix, ok := m.SeparatedPrefix(); ok {
		r.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: prefix}
		return
	}
	switch m.Type {
	case gwv1.PathMatchExact:
		r.PathSpecifier = &routev3.RouteMatch_Path{Path: m.Value}
	case gwv1.PathMatchRegularExpression:
		r.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: RegexMatcher(m.Value)}
	case gwv1.PathMatchPathPrefix, "":
		r.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: "/"}
	default:
		r.PathSpecifier = &routev3.RouteMatch_Path{} // no path is empty
	}
}

// SeparatedPrefix is the path_separated_prefix that Apply sets, if that is the path specifier of the match: for a caller
// that has room for it already.
func (m Match) SeparatedPrefix() (string, bool) {
	prefix, ok := m.prefix()
	return prefix, ok && prefix != ""
}

// The program sizes at which a matcher brings its own limit, and that limit.
const (
	smallProgram   = 50
	allowedProgram = 1_000_000
)

// RegexMatcher returns a matcher for a pattern that CheckRegex accepts. Envoy refuses patterns of a program size above
// 100, and the whole RouteConfiguration with them, unless its bootstrap raises re2.max_program_size.error_level or the
// matcher has a limit of its own. That field is deprecated, and Envoy logs so, but it is the only way that needs no
// bootstrap; so it is set where the pattern is anything but small.
func RegexMatcher(pattern string) *matcherv3.RegexMatcher {
	tree, err := syntax.Parse(latin1(pattern), syntax.Perl)
	if err != nil {
		return sizedMatcher(pattern, 0)
	}
	return sizedMatcher(pattern, programSize(tree))
}

func sizedMatcher(pattern string, size int) *matcherv3.RegexMatcher {
	r := &matcherv3.RegexMatcher{Regex: pattern}
	if size > smallProgram {
		//nolint:staticcheck // SA1019: deprecated; RegexMatcher says why it is needed
		r.EngineType = &matcherv3.RegexMatcher_GoogleRe2{GoogleRe2: &matcherv3.RegexMatcher_GoogleRE2{
			MaxProgramSize: wrapperspb.UInt32(allowedProgram),
		}}
	}
	return r
}
