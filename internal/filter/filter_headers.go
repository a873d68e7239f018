package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/status"
)

// modifyHeaders is a RequestHeaderModifier or ResponseHeaderModifier. Each header is in it once.
type modifyHeaders struct {
	set, add []gwv1.HTTPHeader
	remove   []string
	response bool
	hostname string // a set of the Host header, which is no header to Envoy
}

func resolveRequestHeaders(r *resolver, f *gwv1.HTTPRouteFilter) {
	r.resolveHeaders(f.RequestHeaderModifier, "requestHeaderModifier", false)
}

func resolveResponseHeaders(r *resolver, f *gwv1.HTTPRouteFilter) {
	r.resolveHeaders(f.ResponseHeaderModifier, "responseHeaderModifier", true)
}

func (r *resolver) resolveHeaders(f *gwv1.HTTPHeaderFilter, field string, response bool) {
	e := &modifyHeaders{remove: f.Remove, response: response}
	before := len(r.found.Dropped)
	for i, h := range f.Set {
		at := fmt.Sprintf("%s.set[%d]", field, i)
		if strings.EqualFold(string(h.Name), "Host") && !response {
			if e.hostname == "" {
				e.hostname = h.Value
			}
			if !hostValue(h.Value) {
				r.drop(status.UnsupportedValue, at+".value", fmt.Sprintf("%q is no host", h.Value))
			}
			continue
		}
		r.checkHeader(at, h)
		if !mentions(f.Set[:i], string(h.Name)) {
			e.set = append(e.set, h)
		}
	}
	for i, h := range f.Add {
		at := fmt.Sprintf("%s.add[%d]", field, i)
		r.checkHeader(at, h)
		if !mentions(f.Add[:i], string(h.Name)) {
			e.add = append(e.add, h)
		}
		if mentions(f.Set, string(h.Name)) {
			r.drop(status.UnsupportedValue, at+".name", fmt.Sprintf("header %q has another action in the same filter", h.Name))
		}
	}
	for i, name := range f.Remove {
		at := fmt.Sprintf("%s.remove[%d]", field, i)
		r.checkHeaderName(at, name)
		if mentions(f.Set, name) || mentions(f.Add, name) {
			r.drop(status.UnsupportedValue, at, fmt.Sprintf("header %q has another action in the same filter", name))
		}
	}
	if len(r.found.Dropped) == before {
		r.add(e)
	}
}

func (*modifyHeaders) Traits() Traits { return Weighted }

func (e *modifyHeaders) Apply(t *Target) {
	h := &t.Request
	if e.response {
		h = &t.Response
	}
	for _, name := range e.remove {
		h.remove(name)
	}
	for _, s := range e.set {
		h.set(string(s.Name), s.Value)
	}
	for _, a := range e.add {
		h.add(string(a.Name), a.Value)
	}
	if e.hostname != "" {
		t.rewriteHost(e.hostname)
	}
}

// mentions reports whether a list has a header. Of several entries with one name in a list the first counts, and two
// lists that name one header make a filter invalid (Gateway API, HTTPHeader and HTTPHeaderFilter).
func mentions(list []gwv1.HTTPHeader, name string) bool {
	for i := range list {
		if strings.EqualFold(string(list[i].Name), name) {
			return true
		}
	}
	return false
}

// framing headers describe the body or the connection that Envoy itself sends; a modified one would contradict it.
var framing = map[string]bool{
	"host": true, "content-length": true, "transfer-encoding": true, "connection": true, "upgrade": true,
	"te": true, "keep-alive": true,
}

func (r *resolver) checkHeader(field string, h gwv1.HTTPHeader) {
	r.checkHeaderName(field+".name", string(h.Name))
	if !headerValue(h.Value) {
		r.drop(status.UnsupportedValue, field+".value", "must be UTF-8 of at most 4096 bytes without control characters")
	}
}

func (r *resolver) checkHeaderName(field, name string) {
	if flaw := HeaderNameFlaw(name); flaw != "" {
		r.drop(status.UnsupportedValue, field, flaw)
	}
}

// HeaderNameFlaw is why a header cannot be written by that name; "" if it can.
func HeaderNameFlaw(name string) string {
	switch {
	case !envoy.Token(name) || len(name) > 256:
		return fmt.Sprintf("%q is no header name", strings.ToValidUTF8(name, "\uFFFD"))
	case framing[strings.ToLower(name)]:
		return fmt.Sprintf("header %q belongs to the connection and cannot be modified here", name)
	}
	return ""
}

// headerValue reports whether a value can be sent at all. Envoy takes most control characters, and then fails each
// request.
func headerValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
	}
	return len(v) <= 4096 && utf8.ValidString(v)
}

func hostValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c <= 0x20 || c >= 0x7f || strings.IndexByte("/?#@\\", c) >= 0 {
			return false
		}
	}
	return v != "" && len(v) <= 253
}

// headers composes modifications of one kind, level after level, into the single list that Envoy carries out: removals,
// then overwriting, then appending.
type headers struct {
	names []headerOps // in order of first mention
}

// headerOps is what happens to one header.
type headerOps struct {
	name    string
	removed bool // the original goes
	set     bool // value takes its place
	value   string
	added   []string
}

func (h *headers) of(name string) *headerOps {
	for i := range h.names {
		if strings.EqualFold(h.names[i].name, name) {
			return &h.names[i]
		}
	}
	h.names = append(h.names, headerOps{name: name})
	return &h.names[len(h.names)-1]
}

func (h *headers) remove(name string) {
	ops := h.of(name)
	*ops = headerOps{name: ops.name, removed: true}
}

func (h *headers) set(name, value string) {
	ops := h.of(name)
	*ops = headerOps{name: ops.name, set: true, value: value}
}

func (h *headers) add(name, value string) {
	ops := h.of(name)
	ops.added = append(ops.added, value)
}

func (h *headers) options() (add []*corev3.HeaderValueOption, remove []string) {
	for _, ops := range h.names {
		if ops.removed {
			remove = append(remove, ops.name)
		}
		if ops.set {
			add = append(add, headerOption(ops.name, literal(ops.value), corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD))
		}
		for _, v := range ops.added {
			add = append(add, headerOption(ops.name, literal(v), corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD))
		}
	}
	return add, remove
}

// literal escapes what Envoy would take for a command.
func literal(value string) string { return strings.ReplaceAll(value, "%", "%%") }
