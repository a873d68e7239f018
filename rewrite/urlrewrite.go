package rewrite

import (
	"regexp"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// URLRewrite is a parsed HTTPURLRewriteFilter. The zero URLRewrite changes nothing. URLRewrites are comparable.
type URLRewrite struct {
	// Hostname replaces the whole authority, its port included; empty keeps it.
	Hostname string
	// Path replaces the path or a part of it.
	Path Path
}

// Request is what matters of an HTTP request to a modifier.
type Request struct {
	// Method in upper case. No modifier looks at it.
	Method string
	// Scheme is "http" or "https": how the request reached the listener.
	Scheme string
	// Authority is the Host header or :authority, with its port if it has one.
	Authority string
	// Path is the request target with its query, as received.
	Path string
}

// ParseURLRewrite reads an HTTPURLRewriteFilter, and says what can never work: what the validation rules of the
// Gateway API refuse, and what would not survive on the wire. With errors the URLRewrite is zero and the rule must
// not be served. It accepts every filter that a cluster accepts, except for paths that hold control characters or "#".
func ParseURLRewrite(f *gwv1.HTTPURLRewriteFilter) (URLRewrite, []Error) {
	if f == nil {
		return URLRewrite{}, []Error{{Detail: "must be set when the filter's type is URLRewrite"}}
	}
	hostname, errs := parseHostname(f.Hostname)
	path, pathErrs := parsePath(f.Path)
	errs = append(errs, pathErrs...)
	if path.kind != regexPath && strings.Contains(path.value, "#") {
		errs = append(errs, Error{Field: path.field(), Detail: `must not contain "#": a request to a backend has no fragment`})
	}
	if len(errs) > 0 {
		return URLRewrite{}, errs
	}
	return URLRewrite{Hostname: hostname, Path: path}, nil
}

// NeedsPrefix reports whether the rewrite is a ReplacePrefixMatch, which the Gateway API allows under a PathPrefix
// match only.
func (u URLRewrite) NeedsPrefix() bool { return u.Path.kind == prefixPath }

// PerMatch reports whether what Apply sets can depend on the match, so that matches of a rule may need RouteActions of
// their own; Path.SameFor tells which.
func (u URLRewrite) PerMatch() bool { return u.Path.kind == prefixPath }

// Rewrite is the oracle: what the backend receives of a request that the match covers. The path comes out
// normalised; a request whose path NormalizePath refuses reaches no backend and comes back as it is.
func (u URLRewrite) Rewrite(m Match, r Request) Request {
	target, ok := NormalizePath(r.Path)
	if !ok {
		return r
	}
	path, query := splitQuery(target)
	r.Path = u.Path.replace(m, path) + query
	if u.Hostname != "" {
		r.Authority = u.Hostname
	}
	return r
}

// preciseHostname is the pattern of PreciseHostname.
var preciseHostname = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

func parseHostname(h *gwv1.PreciseHostname) (string, []Error) {
	if h == nil || *h == "" {
		return "", nil
	}
	if len(*h) > 253 || !preciseHostname.MatchString(string(*h)) {
		return "", []Error{{Field: "hostname", Detail: "must be a DNS name in lower case, without wildcard or port, of at most 253 characters"}}
	}
	return string(*h), nil
}
