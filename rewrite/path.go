package rewrite

import (
	"strings"
	"unicode/utf8"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Path says what happens to the path of a request. The zero Path keeps it. Paths are comparable: equal Paths do
// the same. Make one from a filter (ParseURLRewrite, ParseRedirect) or by ReplaceFullPath, ReplacePrefixMatch or
// ReplaceRegex.
type Path struct {
	kind  pathKind
	value string // full: the path; prefix: the replacement without trailing "/" ("" strips); regex: the substitution

	pattern string // regex only
}

type pathKind uint8

const (
	keepPath pathKind = iota
	fullPath
	prefixPath
	regexPath
)

// ReplaceFullPath replaces the whole path; the query stays. The value is brought into the form that can stand in a
// request line: a missing leading "/" is added ("" is "/"), spaces and characters outside ASCII are percent-encoded.
// A "?" in the value is taken as it is: before a backend the request's own query follows it, in a redirect it replaces
// that query. Errors have an empty Field.
func ReplaceFullPath(value string) (Path, []Error) {
	value, errs := cleanPath(value)
	if errs != nil {
		return Path{}, errs
	}
	return Path{kind: fullPath, value: value}, nil
}

// ReplacePrefixMatch replaces the prefix that a PathPrefix match matched, by the rules of HTTPPathModifier: whole path
// elements, a trailing "/" of either side is ignored, "" and "/" strip the prefix. The value is brought into form as
// that of ReplaceFullPath is. Under a match of another type the path stays as it is; see URLRewrite.NeedsPrefix.
// Errors have an empty Field.
func ReplacePrefixMatch(value string) (Path, []Error) {
	value, errs := cleanPath(value)
	if errs != nil {
		return Path{}, errs
	}
	return Path{kind: prefixPath, value: strings.TrimRight(value, "/")}, nil
}

// ReplaceRegex replaces every match of the RE2 pattern in the path (without its query) by the substitution, in which
// \1 … \9 are capture groups, \0 is the whole match and \\ a backslash. It is no part of the Gateway API but an
// extension point for hosts that offer it, and acts under any match. Nothing checks the result, which only a request
// can tell: a pattern should be anchored and its result start with "/". Errors have the Field "pattern" or
// "substitution".
func ReplaceRegex(pattern, substitution string) (Path, []Error) {
	errs := CheckRegex(pattern)
	if errs == nil {
		errs = checkSubstitution(pattern, substitution)
	}
	if errs != nil {
		return Path{}, errs
	}
	return Path{kind: regexPath, pattern: pattern, value: substitution}, nil
}

// parsePath reads the "path" field of a filter; fields in errors are relative to the filter.
func parsePath(m *gwv1.HTTPPathModifier) (Path, []Error) {
	if m == nil {
		return Path{}, nil
	}
	full, prefix := m.ReplaceFullPath, m.ReplacePrefixMatch
	var value, other *string
	var parse func(string) (Path, []Error)
	var field, otherField string
	switch m.Type {
	case gwv1.FullPathHTTPPathModifier:
		value, other, parse = full, prefix, ReplaceFullPath
		field, otherField = "path.replaceFullPath", "path.replacePrefixMatch"
	case gwv1.PrefixMatchHTTPPathModifier:
		value, other, parse = prefix, full, ReplacePrefixMatch
		field, otherField = "path.replacePrefixMatch", "path.replaceFullPath"
	default:
		return Path{}, []Error{{Field: "path.type", Detail: "must be ReplaceFullPath or ReplacePrefixMatch"}}
	}
	if other != nil {
		return Path{}, []Error{{Field: otherField, Detail: "must not be set when type is " + string(m.Type)}}
	}
	if value == nil {
		return Path{}, []Error{{Field: field, Detail: "must be set when type is " + string(m.Type)}}
	}
	path, errs := parse(*value)
	for i := range errs {
		errs[i].Field = field
	}
	return path, errs
}

// cleanPath brings a replacement into the form in which it may stand in a request line.
func cleanPath(value string) (string, []Error) {
	if isPlain(value) {
		return value, nil
	}
	switch {
	case !utf8.ValidString(value):
		return "", []Error{{Detail: "must be valid UTF-8"}}
	case strings.ContainsFunc(value, isControl):
		return "", []Error{{Detail: "must not contain control characters"}}
	}
	clean := make([]byte, 0, len(value)+1)
	if !strings.HasPrefix(value, "/") {
		clean = append(clean, '/')
	}
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f {
			clean = appendEscaped(clean, c)
		} else {
			clean = append(clean, c)
		}
	}
	return string(clean), nil
}

// replace is the oracle: the new path of a request with the given normalised path (without query).
func (p Path) replace(m Match, path string) string {
	switch p.kind {
	case fullPath:
		return p.value
	case prefixPath:
		return p.replacePrefix(m, path)
	case regexPath:
		return replaceAll(p.pattern, p.value, path)
	default:
		return path
	}
}

func (p Path) replacePrefix(m Match, path string) string {
	prefix, ok := m.prefix()
	if !ok || !m.Covers(path) {
		return path
	}
	rest := path[len(prefix):]
	if p.value != "" {
		return p.value + rest
	}
	if prefix == "" {
		return path
	}
	return "/" + strings.TrimLeft(rest, "/")
}

// SameFor reports whether the Envoy fields of the modifier are the same under both matches, so that routes of the two can
// share them.
func (p Path) SameFor(a, b Match) bool {
	if p.kind != prefixPath || a == b {
		return true
	}
	prefixA, okA := a.prefix()
	prefixB, okB := b.prefix()
	return okA && okB && p.value != "" && prefixA != "" && prefixB != ""
}

// field is the field of a filter that the path was read from.
func (p Path) field() string {
	if p.kind == prefixPath {
		return "path.replacePrefixMatch"
	}
	return "path.replaceFullPath"
}
