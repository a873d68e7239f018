package filter

import (
	"maps"
	"slices"
	"strings"
)

// allBut is a regular expression for the names of all headers but those of a set, and no pseudo header.
func allBut(names map[string]bool) string {
	return leave(slices.Sorted(maps.Keys(names)), ":")
}

// leave matches all that is none of the names, which are sorted, and does not begin with one of the characters. RE2 has
// no "not", so it spells out where a text may leave the last name that it begins as.
func leave(names []string, first string) string {
	var ways []string
	if len(names) > 0 && names[0] == "" {
		names = names[1:]
	} else {
		ways = append(ways, "") // ends before any name does
	}
	for len(names) > 0 {
		c, n := names[0][0], 0
		var rest []string
		for ; n < len(names) && names[n][0] == c; n++ {
			rest = append(rest, names[n][1:])
		}
		names = names[n:]
		escaped := string(c)
		if c == '-' {
			escaped = `\-`
		}
		first += escaped
		ways = append(ways, escaped+leave(rest, ""))
	}
	others := ".+"
	if first != "" {
		others = "[^" + first + "].*"
	}
	return "(?:" + strings.Join(append(ways, others), "|") + ")"
}
