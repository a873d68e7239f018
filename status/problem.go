package status

import (
	"strings"
	"unicode/utf8"
)

// Problem is one mistake of a user, found in one place. What it does to a condition follows from its [Code] alone.
type Problem struct {
	Code   Code
	Field  string // as the user writes it: spec.rules[0].backendRefs[1].name; empty for the object as a whole
	Detail string // what is wrong, what would be right
}

// more ends a message that does not say everything.
const more = " …"

// messageOf lists the problems that set one condition, those of the winning reason first, in their order otherwise. It
// ends soon after maxMessage.
func messageOf(conditionType, reason string, problems []Problem) string {
	var b strings.Builder
	for _, winners := range [...]bool{true, false} {
		for _, p := range problems {
			e, ok := p.Code.effect(conditionType)
			if !ok || winners != (e.reason == reason) {
				continue
			}
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			if p.Field != "" {
				b.WriteString(p.Field)
				b.WriteString(": ")
			}
			b.WriteString(p.Detail)
			if b.Len() > maxMessage {
				return b.String()
			}
		}
	}
	return b.String()
}

// bounded makes s a message that every CRD accepts and that survives JSON unchanged. It allocates only when it must cut
// or repair.
func bounded(s string) string {
	if len(s) <= maxMessage && utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= maxMessage {
		return s
	}
	end := maxMessage - len(more)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
