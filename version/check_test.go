package version

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCheck: one row for each sort of constraint that the releases' schemas have.
func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct{ spec, want string }{
		"required":           {`{rules: [{backendRefs: [{port: 80}]}]}`, "spec.rules[0].backendRefs[0].name: is required"},
		"required, defaults": {`{rules: [{backendRefs: [{name: a}]}]}`, ""},
		"enum":               {`{rules: [{matches: [{path: {type: Glob}}]}]}`, `spec.rules[0].matches[0].path.type: must be one of "Exact", "PathPrefix", "RegularExpression", not "Glob"`},
		"pattern":            {`{hostnames: [A.example.com]}`, `spec.hostnames[0]: "A.example.com" does not match ^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`},
		"characters":         {`{rules: [{backendRefs: [{name: ""}]}]}`, "spec.rules[0].backendRefs[0].name: has 0 characters, at least 1 are needed"},
		"minimum":            {`{parentRefs: [{name: a, port: 0}]}`, "spec.parentRefs[0].port: must be at least 1, not 0"},
		"maximum":            {`{rules: [{backendRefs: [{name: a, weight: 1000001}]}]}`, "spec.rules[0].backendRefs[0].weight: must be at most 1000000, not 1000001"},
		"a whole number":     {`{rules: [{backendRefs: [{name: a, weight: 1.0}]}]}`, ""},
		"items":              {`{rules: []}`, "spec.rules: has 0 items, at least 1 are needed"},
		"keys of a list": {
			`{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}, {name: a, value: c}]}}]}]}`,
			"spec.rules[0].filters[0].requestHeaderModifier.set[1]: has the same name as an item before",
		},
		"a set": {
			`{rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a, b, a]}}]}]}`,
			"spec.rules[0].filters[0].requestHeaderModifier.remove[2]: has the same value as an item before",
		},
		"type": {`{hostnames: a}`, "spec.hostnames: must be a list, not a string"},
	} {
		t.Run(name, func(t *testing.T) {
			u := mustRead(t, []byte("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: "+tt.spec+"}"))
			have := ""
			check(rootOf(releaseOf("v1.6.3"), u.GroupVersionKind()), u.Object, func(field, detail string) { have += field + ": " + detail })
			require.Equal(t, tt.want, have)
		})
	}
}
