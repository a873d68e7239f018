package rewrite

import "strings"

// NormalizePath says what Envoy makes of a request path (with its query, as received) when normalize_path is on,
// merge_slashes off and path_with_escaped_slashes_action KEEP_UNCHANGED. False means that Envoy answers 400.
//
//   - "." and ".." segments are resolved, also written as %2e or with path parameters ("..;x", but not "%2e%2e;x");
//     ".." at the root stays at the root
//   - "\" becomes "/"
//   - escaped unreserved characters (letters, digits, "-._~") are unescaped, all other escapes stay as they are, in
//     their case; bad escapes ("%zz") stay too
//   - characters that may not stand in a path are escaped
//   - empty segments ("//") stay, the query is left alone
//   - %00 in the path, "#" anywhere and bytes outside printable ASCII are refused; over HTTP/2 those above 0x7f are not,
//     but escaped in the path and left alone in the query
func NormalizePath(target string) (string, bool) {
	if !strings.HasPrefix(target, "/") {
		return "", false
	}
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return "", false
		}
	}
	path, query := splitQuery(target)
	path, ok := canonicalPath(path)
	if !ok {
		return "", false
	}
	return path + query, true
}

// The classes of the bytes of a path.
const (
	pass       = iota // stays as it is, escaped or not
	unreserved        // stays as it is, and is unescaped
	escape            // is escaped
)

// classOf gives the class of a byte; "." , "\" and "%" have rules of their own besides.
func classOf(c byte) int {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
		return unreserved
	case c <= ' ', c >= 0x7f, strings.IndexByte("\"#<>?\\^`{|}", c) >= 0:
		return escape
	default:
		return pass
	}
}

// canonicalPath normalises a path without query. False: it holds an escaped NUL.
func canonicalPath(path string) (string, bool) {
	if isCanonical(path) {
		return path, true
	}
	path = dropDotParameters(path)
	out := make([]byte, 0, len(path)+8)
	stray := -1 // where in out the last "%" went that starts no escape
	for i := 0; i < len(path); {
		if n := dotLen(path, i); n > 0 {
			i += n
			out, i = appendDot(out, path, i)
			continue
		}
		c := path[i]
		i++
		switch {
		case c == '\\':
			out = append(out, '/')
		case c == '%':
			v, ok := unhex(path, i)
			switch {
			case !ok:
				stray = len(out)
				out = append(out, '%')
			case v == 0:
				return "", false
			case classOf(v) == unreserved:
				i += 2
				out = append(out, v)
				out = guardNested(out, path, i, stray)
			default:
				out = append(out, '%', path[i], path[i+1])
				i += 2
			}
		case classOf(c) == escape:
			out = appendEscaped(out, c)
		default:
			out = append(out, c)
		}
	}
	return string(out), true
}

// isCanonical is the common case: nothing in the path needs a second look.
func isCanonical(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case c == '.' && path[max(i-1, 0)] == '/', c == '%', classOf(c) == escape:
			return false
		}
	}
	return true
}

// dropDotParameters makes "..;x" segments plain ".." ones. Envoy does so since 1.40, before it looks at escapes.
func dropDotParameters(path string) string {
	if !strings.Contains(path, ".;") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if name, _, _ := strings.Cut(s, ";"); name == "." || name == ".." {
			segments[i] = name
		}
	}
	return strings.Join(segments, "/")
}

// dotLen is the length of the dot at i, plain or escaped, 0 if there is none.
func dotLen(path string, i int) int {
	if i < len(path) && path[i] == '.' {
		return 1
	}
	if i+2 < len(path) && path[i] == '%' && path[i+1] == '2' && (path[i+2] == 'e' || path[i+2] == 'E') {
		return 3
	}
	return 0
}

// appendDot handles a dot that has just been read up to i: a "." segment, a ".." segment or part of a name.
func appendDot(out []byte, path string, i int) ([]byte, int) {
	if len(out) == 0 || out[len(out)-1] != '/' {
		return append(out, '.'), i
	}
	if n, ok := segmentEnd(path, i); ok {
		return out, i + n
	}
	if second := dotLen(path, i); second > 0 {
		if n, ok := segmentEnd(path, i+second); ok {
			parent := strings.LastIndexByte(string(out[:len(out)-1]), '/')
			return out[:max(parent, 0)+1], i + second + n
		}
	}
	return append(out, '.'), i
}

// segmentEnd reports whether a segment ends at i, and how long its separator is.
func segmentEnd(path string, i int) (int, bool) {
	if i == len(path) {
		return 0, true
	}
	return 1, path[i] == '/' || path[i] == '\\'
}

// guardNested keeps a character that was just unescaped from completing a stray "%" into an escape that was not there:
// "%%34%31" must not become "%41", and becomes "%2541". A ".." may have taken the stray "%" back.
func guardNested(out []byte, path string, i, stray int) []byte {
	if stray < 0 || stray >= len(out) || out[stray] != '%' {
		return out
	}
	switch len(out) - stray {
	case 2:
		if c := out[stray+1]; i < len(path) && hexDigit(c) >= 0 && hexDigit(path[i]) >= 0 {
			return append(out[:stray+1], '2', '5', c)
		}
	case 3:
		if a, b := out[stray+1], out[stray+2]; hexDigit(a) >= 0 && hexDigit(b) >= 0 {
			return append(out[:stray+1], '2', '5', a, b)
		}
	}
	return out
}

func unhex(s string, i int) (byte, bool) {
	if i+1 >= len(s) {
		return 0, false
	}
	hi, lo := hexDigit(s[i]), hexDigit(s[i+1])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}

func appendEscaped(out []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(out, '%', digits[c>>4], digits[c&15])
}
