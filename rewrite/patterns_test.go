package rewrite_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// TestEnvoyLoadsPatterns starts an Envoy with odd patterns, patterns just below the size from which on a matcher has a
// limit of its own, and just below the size that is refused: none of them may keep Envoy from loading the rest.
func TestEnvoyLoadsPatterns(t *testing.T) {
	patterns := []string{
		strings.Repeat("a{1000}", 9),
		strings.Repeat(".{1000}", 4),
		"/" + strings.Repeat("a", 9_990),
		"/" + strings.Repeat("(", 990) + "a" + strings.Repeat(")", 990),
		"/" + strings.Repeat("(?:", 990) + "a" + strings.Repeat(")*", 990),
	}
	for _, unit := range []string{"a", ".", `\w`, "[^/]", `\pL`, "a?", ".*", "(a)", "(a|b)*", "(?:a|[b-d])?", "(?i)k", "[a-c]{2}", `\B`} {
		n := 1
		for n < 100 && rewrite.RegexMatcher(strings.Repeat(unit, n+1)).EngineType == nil {
			n++
		}
		patterns = append(patterns, strings.Repeat(unit, n))
	}
	patterns = append(patterns, `[[:^alpha:]]`, `\07\101\377\x7f\x{0041}`, `\a\f\v\t\_\-`, `(?s-i:a)(?U)a*`, `a{,3}`, `a{2`, `[]a]`, `[--/]`, `[\d-z]`, `(?P<n>a)(?<n>b)`,
		`\pZ\p{Zs}\P{^Lu}`, `é[é-ï](?i:é)(?i)\xe9`, `a{0}`, `(){1000}`, `(a{2}){500}`, `\Q`, `\Qa`, `(?:)`, `|`, `^*\b+$*`, `(?m)^$`, `\z`, `(?)`)
	g := generator{rand.New(rand.NewPCG(*seed, 1))}
	for len(patterns) < 3_000 {
		if soup := g.soup(); rewrite.CheckRegex(soup) == nil {
			patterns = append(patterns, soup)
		}
	}
	subjects := []subject{{origin: rewrite.Origin{Scheme: "https", Port: 443}}}
	for _, p := range patterns {
		require.Empty(t, rewrite.CheckRegex(p), "%.40s", p)
		path, errs := rewrite.ReplaceRegex(p, "/")
		require.Empty(t, errs)
		subjects = append(subjects, subject{
			match: regex(p), rewrite: rewrite.URLRewrite{Path: path}, origin: rewrite.Origin{Scheme: "http", Port: 80},
		})
	}
	startEnvoy(t, subjects)
}

// soup makes patterns of the characters that mean something in patterns; most of them are not valid.
func (g generator) soup() string {
	const characters = `\\\\\\pPxQEbBdDsSwWAzCnrtk0123789(((())))[[[]]]{{}}^$|*+?.,:-<>=!iUsmaLNZ&_%/"'#`
	var b strings.Builder
	for range 1 + g.IntN(10) {
		if g.chance(30) {
			b.WriteString(g.oneOf("a", "é", `\pl`, `\P`+g.printable(1), `\p{L`, "^L}", `\x{ff}`, "(?", "(?P<a>", "[:alpha:]", "[[:", `\p{`, `\x{`, `\Q`, `\E`, "{2}", "{1,", "[^", "[a-"))
			continue
		}
		b.WriteByte(characters[g.IntN(len(characters))])
	}
	return b.String()
}
