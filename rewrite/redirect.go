package rewrite

import (
	"strconv"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Redirect is a parsed HTTPRequestRedirectFilter. Redirects are comparable.
type Redirect struct {
	// Scheme of the Location, "http" or "https"; empty keeps that of the request.
	Scheme string
	// Hostname of the Location, without port; empty keeps that of the request.
	Hostname string
	// Path replaces the path or a part of it.
	Path Path
	// Port of the Location; 0 derives it from the scheme or the listener.
	Port uint32
	// StatusCode is 301, 302, 303, 307 or 308; 0 stands for 302, the default of the Gateway API.
	StatusCode int
}

// Origin is the listener that a redirected request came in by.
type Origin struct {
	// Scheme is "http" or "https", after the listener's protocol.
	Scheme string
	// Port is the port in the listener's spec, not the one that Envoy binds.
	Port uint32
}

// ParseRedirect reads an HTTPRequestRedirectFilter, and says what can never work. With errors the Redirect is zero
// and the rule must not be served.
func ParseRedirect(f *gwv1.HTTPRequestRedirectFilter) (Redirect, []Error) {
	if f == nil {
		return Redirect{}, []Error{{Detail: "must be set when the filter's type is RequestRedirect"}}
	}
	var r Redirect
	var errs, more []Error
	if f.Scheme != nil {
		r.Scheme = *f.Scheme
		if r.Scheme != "http" && r.Scheme != "https" {
			errs = append(errs, Error{Field: "scheme", Detail: "must be http or https"})
		}
	}
	r.Hostname, more = parseHostname(f.Hostname)
	errs = append(errs, more...)
	r.Path, more = parsePath(f.Path)
	errs = append(errs, more...)
	if f.Port != nil {
		if *f.Port < 1 || *f.Port > 65535 {
			errs = append(errs, Error{Field: "port", Detail: "must be between 1 and 65535"})
		} else {
			r.Port = uint32(*f.Port)
		}
	}
	if f.StatusCode != nil {
		r.StatusCode = *f.StatusCode
		switch r.StatusCode {
		case 301, 302, 303, 307, 308:
		default:
			errs = append(errs, Error{Field: "statusCode", Detail: "must be 301, 302, 303, 307 or 308"})
		}
	}
	if len(errs) > 0 {
		return Redirect{}, errs
	}
	return r, nil
}

// NeedsPrefix reports whether the redirect holds a ReplacePrefixMatch, which the Gateway API allows under a
// PathPrefix match only.
func (r Redirect) NeedsPrefix() bool { return r.Path.kind == prefixPath }

// PerMatch reports whether what Action returns depends on the match.
func (r Redirect) PerMatch() bool { return r.Path.kind == prefixPath }

// Location is the oracle: the status and the Location header that the client of a request gets that the match covers.
// A request whose path NormalizePath refuses gets 400 and no Location.
//
// The port follows HTTPRequestRedirectFilter: the filter's own, else the well-known one of the filter's scheme, else
// the listener's; it is left out where it is the well-known one of the resulting scheme. Where neither a hostname nor
// a port has to be written, the authority of the request is kept, with the port that the client used to come here.
func (r Redirect) Location(m Match, o Origin, q Request) (status int, location string) {
	target, ok := NormalizePath(q.Path)
	if !ok {
		return 400, ""
	}
	scheme := r.Scheme
	if scheme == "" {
		scheme = q.Scheme
	}
	return r.status(), scheme + "://" + r.authority(scheme, o, q) + r.target(m, target)
}

// target is the path and query of the Location. Other than before a backend, a "?" in a full path replaces the query,
// and a missing leading "/" is added.
func (r Redirect) target(m Match, target string) string {
	path, query := splitQuery(target)
	replaced := r.Path.replace(m, path)
	switch {
	case r.Path.kind == fullPath && strings.Contains(replaced, "?"):
		query = ""
	case replaced[0] != '/':
		replaced = "/" + replaced
	}
	return replaced + query
}

func (r Redirect) authority(scheme string, o Origin, q Request) string {
	port := r.explicitPort(o)
	if r.Hostname != "" {
		return withPort(r.Hostname, port)
	}
	host, clientPort := splitPort(q.Authority)
	if port != 0 || scheme != q.Scheme && clientPort == strconv.Itoa(int(wellKnownPort(q.Scheme))) {
		return withPort(host, port)
	}
	return q.Authority
}

// explicitPort is the port that has to be written into the Location, 0 for none.
func (r Redirect) explicitPort(o Origin) uint32 {
	scheme := r.Scheme
	if scheme == "" {
		scheme = o.Scheme
	}
	port := r.Port
	if port == 0 {
		port = o.Port
		if r.Scheme != "" {
			port = wellKnownPort(r.Scheme)
		}
	}
	if port != wellKnownPort(scheme) {
		return port
	}
	if r.Hostname != "" || o.Port == 80 || o.Port == 443 {
		return 0
	}
	return port // else the listener's port, which the client's Host header carries, would stay
}

func (r Redirect) status() int {
	if r.StatusCode == 0 {
		return 302
	}
	return r.StatusCode
}

func wellKnownPort(scheme string) uint32 {
	if scheme == "https" {
		return 443
	}
	return 80
}

func withPort(host string, port uint32) string {
	if port == 0 {
		return host
	}
	return host + ":" + strconv.FormatUint(uint64(port), 10)
}

// splitPort cuts the port off an authority; the ":" inside an IPv6 address is none.
func splitPort(authority string) (host, port string) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.HasPrefix(authority, "[") && authority[i-1] != ']' {
		return authority, ""
	}
	return authority[:i], authority[i+1:]
}
