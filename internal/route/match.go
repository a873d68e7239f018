package route

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/rewrite"
)

// match is one match of a rule, checked. What it matches besides the path is read from the spec when it is built.
type match struct {
	path  rewrite.Match
	http  *gwv1.HTTPRouteMatch // nil for a gRPC match, and for a rule without matches
	grpc  *gwv1.GRPCRouteMatch
	order Order
	index int32
}

// flaw is what makes a match unusable; the field is relative to the match.
type flaw struct{ field, detail string }

var everyPath = rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: "/"}

func (m *match) resolveHTTP(i int, spec *gwv1.HTTPRouteMatch) *flaw {
	m.index, m.http, m.path = int32(i), spec, everyPath
	if spec.Path != nil {
		if f := m.resolvePath(spec.Path); f != nil {
			return f
		}
	}
	m.order = pathOrder(m.path)
	if spec.Method != nil {
		if !envoy.Token(string(*spec.Method)) {
			return &flaw{"method", "is no HTTP method"}
		}
		m.order.method = true
	}
	for j := range spec.Headers {
		h := &spec.Headers[j]
		regex := objects.Deref(h.Type, gwv1.HeaderMatchExact)
		if f := checkValueMatch("headers", j, string(h.Name), h.Value, string(regex)); f != nil {
			return f
		}
		if !repeatsHeader(spec.Headers, j) {
			m.order.headers++
		}
	}
	for j := range spec.QueryParams {
		p := &spec.QueryParams[j]
		regex := objects.Deref(p.Type, gwv1.QueryParamMatchExact)
		if f := checkValueMatch("queryParams", j, string(p.Name), p.Value, string(regex)); f != nil {
			return f
		}
		if !repeatsParam(spec.QueryParams, j) {
			m.order.params++
		}
	}
	return nil
}

// resolvePath brings a path into the form in which Envoy compares it.
func (m *match) resolvePath(p *gwv1.HTTPPathMatch) *flaw {
	m.path = rewrite.Match{
		Type:  objects.Deref(p.Type, gwv1.PathMatchPathPrefix),
		Value: objects.Deref(p.Value, "/"),
	}
	var errs []rewrite.Error
	switch m.path.Type {
	case gwv1.PathMatchExact, gwv1.PathMatchPathPrefix:
		m.path.Value, errs = rewrite.NormalizeMatch(m.path.Value)
	case gwv1.PathMatchRegularExpression:
		errs = rewrite.CheckRegex(m.path.Value)
	default:
		return &flaw{"path.type", fmt.Sprintf("%q is not supported", m.path.Type)}
	}
	if len(errs) > 0 {
		return &flaw{"path.value", errs[0].Detail}
	}
	if m.path.Type == gwv1.PathMatchPathPrefix && len(m.path.Value) > 1 {
		m.path.Value = strings.TrimSuffix(m.path.Value, "/")
	}
	return nil
}

func pathOrder(m rewrite.Match) Order {
	o := Order{path: prefixPath, pathLen: runes(m.Value)}
	switch m.Type {
	case gwv1.PathMatchExact:
		o.path = exactPath
	case gwv1.PathMatchRegularExpression:
		o.path = regexPath
	default:
	}
	return o
}

// runes counts the characters of a value, which fits no object if they are more.
func runes(s string) int32 { return int32(utf8.RuneCountInString(s)) }

// maxName is the API's limit to names of headers and query parameters; Envoy has one of 1024 for the latter.
const maxName = 256

// checkValueMatch checks a header or query parameter match; both have the same types.
func checkValueMatch(list string, i int, name, value, kind string) *flaw {
	at := func(field string) string { return fmt.Sprintf("%s[%d].%s", list, i, field) }
	switch {
	case !envoy.Token(name) || len(name) > maxName:
		return &flaw{at("name"), "is no name of up to 256 characters that a request can hold"}
	case kind == string(gwv1.HeaderMatchRegularExpression):
		if errs := rewrite.CheckRegex(value); len(errs) > 0 {
			return &flaw{at("value"), errs[0].Detail}
		}
	case kind != string(gwv1.HeaderMatchExact):
		return &flaw{at("type"), fmt.Sprintf("%q is not supported", kind)}
	case !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\r\n"):
		return &flaw{at("value"), "is not text that a request can hold"}
	}
	return nil
}

// repeatsHeader reports whether an earlier match has the same header name: only the first counts.
func repeatsHeader(list []gwv1.HTTPHeaderMatch, j int) bool {
	for i := range j {
		if strings.EqualFold(string(list[i].Name), string(list[j].Name)) {
			return true
		}
	}
	return false
}

func repeatsParam(list []gwv1.HTTPQueryParamMatch, j int) bool {
	for i := range j {
		if list[i].Name == list[j].Name {
			return true
		}
	}
	return false
}

func repeatsGRPCHeader(list []gwv1.GRPCHeaderMatch, j int) bool {
	for i := range j {
		if strings.EqualFold(string(list[i].Name), string(list[j].Name)) {
			return true
		}
	}
	return false
}

// The names of gRPC services and methods, as the CRD demands them of exact matches.
var (
	grpcService = regexp.MustCompile(`^\.?[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*$`)
	grpcMethod  = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)
)

func (m *match) resolveGRPC(i int, spec *gwv1.GRPCRouteMatch) *flaw {
	m.index, m.grpc, m.path, m.order = int32(i), spec, everyPath, pathOrder(everyPath)
	if spec.Method != nil {
		if f := m.resolveGRPCMethod(spec.Method); f != nil {
			return f
		}
	}
	for j := range spec.Headers {
		h := &spec.Headers[j]
		kind := objects.Deref(h.Type, gwv1.GRPCHeaderMatchExact)
		if f := checkValueMatch("headers", j, string(h.Name), h.Value, string(kind)); f != nil {
			return f
		}
		if !repeatsGRPCHeader(spec.Headers, j) {
			m.order.headers++
		}
	}
	return nil
}

// resolveGRPCMethod turns service and method into a match of the path, which is /service/method.
func (m *match) resolveGRPCMethod(g *gwv1.GRPCMethodMatch) *flaw {
	service, method := objects.Deref(g.Service, ""), objects.Deref(g.Method, "")
	if service == "" && method == "" {
		return &flaw{"method", "needs a service, a method or both"}
	}
	m.order.pathLen, m.order.methodLen = 1+runes(service), runes(method)
	switch kind := objects.Deref(g.Type, gwv1.GRPCMethodMatchExact); kind {
	case gwv1.GRPCMethodMatchExact:
		switch {
		case service != "" && !grpcService.MatchString(service):
			return &flaw{"method.service", "is no name of a gRPC service"}
		case method != "" && !grpcMethod.MatchString(method):
			return &flaw{"method.method", "is no name of a gRPC method"}
		case service != "" && method != "":
			m.path = rewrite.Match{Type: gwv1.PathMatchExact, Value: "/" + service + "/" + method}
			m.order = pathOrder(m.path)
		case service != "":
			m.path = rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: "/" + service}
		default:
			m.path = rewrite.Match{Type: gwv1.PathMatchRegularExpression, Value: "/[^/]+/" + regexp.QuoteMeta(method)}
		}
		return nil
	case gwv1.GRPCMethodMatchRegularExpression:
		pattern, f := grpcPattern(service, method)
		m.path = rewrite.Match{Type: gwv1.PathMatchRegularExpression, Value: pattern}
		return f
	default:
		return &flaw{"method.type", fmt.Sprintf("%q is not supported", kind)}
	}
}

// grpcPattern joins the patterns of service and method. Each is checked by itself, so that a bracket of one cannot reach
// into the other.
func grpcPattern(service, method string) (string, *flaw) {
	var pattern strings.Builder
	for _, part := range []struct{ field, pattern string }{{"method.service", service}, {"method.method", method}} {
		if part.pattern == "" {
			pattern.WriteString("/[^/]+")
			continue
		}
		if errs := rewrite.CheckRegex(part.pattern); len(errs) > 0 {
			return "", &flaw{part.field, errs[0].Detail}
		}
		pattern.WriteString("/(" + part.pattern + ")")
	}
	if errs := rewrite.CheckRegex(pattern.String()); len(errs) > 0 {
		return "", &flaw{"method", errs[0].Detail}
	}
	return pattern.String(), nil
}
