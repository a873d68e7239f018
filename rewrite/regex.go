package rewrite

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxProgram bounds the size of a compiled pattern, in the instructions that programSize counts. Envoy 1.40 compiles
// far larger ones, but each of its workers pays for them in memory, and RE2 is slow where its budget is spent.
const maxProgram = 10_000

// CheckRegex says why a pattern cannot work as Envoy's safe_regex: RE2 as Envoy builds it reads bytes, not
// characters, and knows none above \xff; Go's syntax is RE2's but for that. Patterns that compile to an excessive size
// are refused too.
// Errors have the Field "pattern".
func CheckRegex(pattern string) []Error {
	refuse := func(detail string) []Error { return []Error{{Field: "pattern", Detail: detail}} }
	if pattern == "" {
		return refuse("must not be empty")
	}
	if !utf8.ValidString(pattern) {
		return refuse("must be valid UTF-8")
	}
	tree, err := syntax.Parse(latin1(pattern), syntax.Perl)
	if err != nil {
		return refuse("is no valid RE2 expression: " + unlatin1(strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
	}
	if esc := foreignEscape(pattern); esc != "" {
		return refuse("must not use " + esc + ": Envoy matches byte by byte")
	}
	if programSize(tree) > maxProgram {
		return refuse(fmt.Sprintf("is too large: it compiles to more than %d instructions", maxProgram))
	}
	return nil
}

// checkSubstitution says why Envoy would not carry out a substitution: RE2 leaves the path alone, without a word, when
// a group does not exist.
func checkSubstitution(pattern, substitution string) []Error {
	refuse := func(detail string) []Error { return []Error{{Field: "substitution", Detail: detail}} }
	switch {
	case !utf8.ValidString(substitution):
		return refuse("must be valid UTF-8")
	case strings.ContainsFunc(substitution, func(r rune) bool { return isControl(r) || r == ' ' || r >= utf8.RuneSelf }):
		return refuse("must consist of printable ASCII characters without spaces")
	}
	groups := compile(pattern).NumSubexp()
	for i := 0; i < len(substitution); i++ {
		if substitution[i] != '\\' {
			continue
		}
		i++
		switch {
		case i < len(substitution) && substitution[i] == '\\':
		case i == len(substitution) || substitution[i] < '0' || substitution[i] > '9':
			return refuse(`must have a digit or another "\" after each "\"`)
		case int(substitution[i]-'0') > groups:
			return refuse(fmt.Sprintf("must not use group \\%c: the pattern has %d", substitution[i], groups))
		}
	}
	return nil
}

// replaceAll is RE2's GlobalReplace, but for Envoy's rule that nothing is replaced where nothing would be left.
func replaceAll(pattern, substitution, path string) string {
	re := compile(pattern)
	if re == nil {
		return path
	}
	subject := latin1(path)
	var out strings.Builder
	end := 0
	for _, loc := range re.FindAllStringSubmatchIndex(subject, -1) {
		out.WriteString(subject[end:loc[0]])
		expand(&out, substitution, subject, loc)
		end = loc[1]
	}
	out.WriteString(subject[end:])
	if out.Len() == 0 {
		return path
	}
	return unlatin1(out.String())
}

// expand writes a substitution that checkSubstitution accepted.
func expand(out *strings.Builder, substitution, subject string, loc []int) {
	for i := 0; i < len(substitution); i++ {
		c := substitution[i]
		if c != '\\' {
			out.WriteByte(c)
			continue
		}
		i++
		if c = substitution[i]; c == '\\' {
			out.WriteByte(c)
			continue
		}
		if from, to := loc[2*(c-'0')], loc[2*(c-'0')+1]; from >= 0 {
			out.WriteString(subject[from:to])
		}
	}
}

// matchesWhole reports whether the pattern matches all of the path, as Envoy's safe_regex has to.
func matchesWhole(pattern, path string) bool {
	re := compile(pattern)
	if re == nil {
		return false
	}
	re.Longest() // the longest match from the start is the whole path if any match is
	subject := latin1(path)
	loc := re.FindStringIndex(subject)
	return loc != nil && loc[0] == 0 && loc[1] == len(subject)
}

// compile compiles a pattern in the form that reads bytes; nil if it does not compile.
func compile(pattern string) *regexp.Regexp {
	re, err := regexp.Compile(latin1(pattern))
	if err != nil {
		return nil
	}
	return re
}

// programSize estimates the size of RE2's program, which repeats what is counted and has an instruction for each range of
// bytes in a class. Anything above maxProgram is maxProgram+1.
func programSize(tree *syntax.Regexp) int {
	var size int
	switch tree.Op {
	case syntax.OpLiteral:
		size = len(tree.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		size = 2
	case syntax.OpCharClass:
		for i := 2; i < len(tree.Rune) && tree.Rune[i] <= 0xff; i += 2 {
			size++
		}
		size++
	case syntax.OpCapture:
		size = 2
	case syntax.OpConcat, syntax.OpRepeat:
		size = 0
	default:
		size = 1
	}
	for _, sub := range tree.Sub {
		size = min(size+programSize(sub), maxProgram+1)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min+1, tree.Max)
	}
	return min(size, maxProgram+1)
}

// foreignEscape finds an escape that Go understands and Envoy's RE2 does not: a character above \xff, or a Unicode
// class by other than its short name in its proper case.
func foreignEscape(pattern string) string {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		i++
		rest := pattern[i+1:]
		arg, _, braced := strings.Cut(rest, "}")
		arg, opened := strings.CutPrefix(arg, "{")
		switch c := pattern[i]; {
		case c == 'Q':
			_, rest, _ = strings.Cut(rest, `\E`)
			return foreignEscape(rest)
		case c == 'x' && opened && braced:
			if r, err := strconv.ParseUint(arg, 16, 32); err == nil && r > 0xff {
				return `\x{` + arg + "}"
			}
		case (c == 'p' || c == 'P') && opened && braced:
			if name := strings.TrimPrefix(arg, "^"); !isCategory(name) {
				return `\` + string(c) + "{" + arg + "}"
			}
		case (c == 'p' || c == 'P') && rest != "" && !isCategory(rest[:1]):
			return `\` + string(c) + rest[:1]
		}
	}
	return ""
}

// isCategory knows the general categories that RE2 has under their one and two letter names.
func isCategory(name string) bool {
	if name == "" || len(name) > 2 {
		return false
	}
	sub, ok := map[byte]string{'C': "cfos", 'L': "lmotu", 'M': "cen", 'N': "dlo", 'P': "cdefios", 'S': "ckmo", 'Z': "lps"}[name[0]]
	return ok && (len(name) == 1 || strings.IndexByte(sub, name[1]) >= 0)
}

// latin1 turns each byte into the character of that number, so that Go's regexp reads bytes as Envoy's RE2 does.
func latin1(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func unlatin1(s string) string {
	if isASCII(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
