// Package rewrite is the small language of the path, host and redirect modifiers of the Gateway API: what a URLRewrite
// or RequestRedirect filter does to a request, and the Envoy fields that do the same. One parsed value has both halves,
// and a differential test against a real Envoy holds them together.
//
//	HTTPURLRewriteFilter          ParseURLRewrite   ┌────────────┐  Apply    routev3.RouteAction
//	HTTPRequestRedirectFilter ──► ParseRedirect ──► │ URLRewrite │ ────────► routev3.RedirectAction     the Envoy half
//	a host's own modifiers        ReplaceRegex …    │ Redirect   │  Action
//	                                   │            └────────────┘
//	                                   ▼              ▲      │
//	                                []Error         Match    └──────────────► what the backend receives, the oracle:
//	                           what can never work    ▲        Rewrite        which Location the client gets
//	                                                  │        Location
//	HTTPPathMatch ──────────────► NormalizeMatch ─────┘
//
// A translator parses a filter once per rule, reports its errors, and calls Apply or Action for each match of the rule.
// Everybody else can ask the oracle: a dry run, an admission check, a test, documentation.
//
// # Glossary
//
//   - Target: what stands in the request line, path and query. A path ends before the first "?".
//   - Normal form: the path as Envoy sees it after its normalize_path (NormalizePath). Matches and modifiers only ever
//     meet normal forms, so the values of matches have to be brought into it too (NormalizeMatch).
//   - Match: the path match of the one rule entry that the modifier runs under. ReplacePrefixMatch depends on it.
//   - P and R: the prefix of the match and the value of ReplacePrefixMatch, each without its trailing "/".
//   - Origin: scheme and spec port of the listener, which the port of a redirect may come from.
//   - Oracle: pure functions on strings that say what Envoy will do.
//
// # Rules
//
//	ReplaceFullPath F       path = F, the query stays
//	ReplacePrefixMatch R    path = R + what follows P; an empty R strips P and all "/" after it
//	                        P is "/": path = R + path
//	hostname                authority = hostname, without port
//	redirect port           the filter's, else the well-known one of its scheme, else the listener's;
//	                        left out where it is the well-known one of the resulting scheme
//
// Values are literal: no "%", "\1", "$1" or "*" in them means anything. Values that are well meant but cannot stand in a
// request line (spaces, characters outside ASCII) are percent-encoded; those that are not (control characters) are
// refused.
//
// # What is assumed of Envoy
//
// The connection manager has normalize_path and use_remote_address on, merge_slashes off, and
// path_with_escaped_slashes_action KEEP_UNCHANGED. The oracle is exact for Envoy 1.40, HTTP/1.1 and targets in origin form,
// which start with "/"; Envoy turns the absolute form into it first, and "OPTIONS *" matches no route. HTTP/2 differs in
// bytes outside ASCII only. Older Envoys differ in path parameters of dot segments, and know path_rewrite since 1.37. A
// redirect of a gRPC request is answered as a gRPC status instead.
//
// # Extension points
//
// Hosts that offer more than the Gateway API does, as annotations or policies of their own, make the same values by
// hand: ReplaceRegex gives a Path that puts capture groups into a substitution, and the fields of URLRewrite and
// Redirect are open. Matches of type RegularExpression are checked by CheckRegex and built by Match.Apply or
// RegexMatcher, which also keeps Envoy's limit on the size of patterns from refusing a whole route table. They have the
// same oracle and are part of the same differential test.
package rewrite
