package rewrite

import (
	"strings"
	"unicode/utf8"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Error says at configuration time what can never work, and how to put it right.
type Error struct {
	// Field is the path of the offending field relative to the filter (or, for a path match, to the match),
	// as the user writes it: "path.replacePrefixMatch". It is empty for the filter as a whole.
	Field string
	// Detail is one sentence: what is wrong, what would be right.
	Detail string
}

// Match is the path match of the rule entry that a modifier runs under. The zero Match stands for no path match:
// it covers every path and has no prefix to replace.
type Match struct {
	// Type is Exact, PathPrefix or RegularExpression. A type that is none of them covers nothing.
	Type gwv1.PathMatchType
	// Value is what NormalizeMatch returned, without the trailing "/" of a prefix unless it is "/" itself;
	// for RegularExpression the pattern as written.
	Value string
}

// Covers reports whether the match holds for a request path as Envoy sees it: normalised (NormalizePath), with or
// without a query. A prefix covers whole path elements only: "/a" covers "/a" and "/a/b", not "/ab"
// (HTTPPathMatch). A pattern has to match the whole path; one that CheckRegex refuses covers nothing.
func (m Match) Covers(path string) bool {
	path, _ = splitQuery(path)
	switch m.Type {
	case gwv1.PathMatchExact:
		return path == m.Value
	case gwv1.PathMatchPathPrefix:
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(m.Value, "/"))
		return ok && (rest == "" || rest[0] == '/')
	case gwv1.PathMatchRegularExpression:
		return matchesWhole(m.Value, path)
	default:
		return m.Type == ""
	}
}

// prefix is P of the modifiers' rules: the replaced prefix, "" for "/", and whether there is one at all.
func (m Match) prefix() (string, bool) {
	return strings.TrimSuffix(m.Value, "/"), m.Type == gwv1.PathMatchPathPrefix
}

// validMatch reports whether a path consists of what the validation rules of HTTPPathMatch allow in Exact and
// PathPrefix values: the characters of pchar and "/" (RFC 3986), and escapes.
func validMatch(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
		case strings.IndexByte("-/._~!$&'()*+,;=:@", c) >= 0:
		case c == '%' && i+2 < len(path) && hexDigit(path[i+1]) >= 0 && hexDigit(path[i+2]) >= 0:
			i += 2
		default:
			return false
		}
	}
	return path != ""
}

// NormalizeMatch brings the value of an Exact or PathPrefix match into the form in which requests arrive at the
// route table, so that it can match at all: Envoy normalises every request path first (NormalizePath), and a rule for
// "/a b", "/~%75ser" or "/x/../y" as written would never see a request. What the validation rules of HTTPPathMatch
// refuse and normalisation does not put right is an Error (Field "value"), and the value is returned as it came.
func NormalizeMatch(value string) (string, []Error) {
	if isPlain(value) {
		return value, nil
	}
	refuse := func(detail string) (string, []Error) {
		return value, []Error{{Field: "value", Detail: detail}}
	}
	switch {
	case !strings.HasPrefix(value, "/"):
		return refuse(`must be an absolute path: start it with "/"`)
	case !utf8.ValidString(value):
		return refuse("must be valid UTF-8")
	case strings.ContainsFunc(value, isControl):
		return refuse("must not contain control characters")
	case strings.ContainsAny(value, "?#"):
		return refuse(`must not contain "?" or "#": a path match sees neither query nor fragment`)
	}
	path, ok := canonicalPath(value)
	switch {
	case !ok:
		return refuse("must not contain %00: such requests are refused")
	case strings.Contains(path, "//"):
		return refuse(`must not contain "//"`)
	case strings.Contains(strings.ToLower(path), "%2f"):
		return refuse("must not contain %2F: it is neither a separator nor part of a name")
	case !validMatch(path):
		return refuse(`must consist of letters, digits, the characters -/._~!$&'()*+,;=:@ and %XX escapes`)
	}
	return path, nil
}

// isPlain reports whether a path is of the usual sort, in which there is nothing to normalise or to refuse: letters,
// digits, "-" and "_" between single slashes.
func isPlain(path string) bool {
	slash := false
	for i := range len(path) {
		c := path[i]
		switch {
		case c == '/':
			if slash {
				return false
			}
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_':
		default:
			return false
		}
		slash = c == '/'
	}
	return path != "" && path[0] == '/'
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// splitQuery cuts a request target before the "?" of its query, which stays with the second half.
func splitQuery(target string) (path, query string) {
	if i := strings.IndexByte(target, '?'); i >= 0 {
		return target[:i], target[i:]
	}
	return target, ""
}
