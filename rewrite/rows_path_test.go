package rewrite_test

import (
	"strings"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// normalizeRows are what Envoy does to every path before it looks for a route.
var normalizeRows = []row{
	{
		name:    "normalize: dot segments are resolved",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a/./b", "x/a/b"},
			{"http://x/a/../b", "x/b"},
			{"http://x/a/b/..", "x/a/"},
			{"http://x/a/.", "x/a/"},
			{"http://x/../../a", "x/a"},
			{"http://x/a/%2e%2E/b", "x/b"},
			{"http://x/a/.%2e/b", "x/b"},
			{`http://x/a/b\..\c`, "x/a/c"},
			{"http://x/a//../b", "x/a/b"},
			{"http://x/a/.../b", "x/a/.../b"},
			{"http://x/a/..b/.c", "x/a/..b/.c"},
			{"http://x/a..", "x/a.."},
			{"http://x/?/a/../b", "x/?/a/../b"},
		},
	}, {
		name:    "normalize: path parameters of dot segments are dropped",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a/b/..;/c", "x/a/c"},
			{"http://x/a/b/..;p=/c", "x/a/c"},
			{`http://x/a/b/..;\c`, "x/a/"},
			{"http://x/a/.;p/c", "x/a/c"},
			{"http://x/a/b/..;p", "x/a/"},
			{"http://x/a/b/..;?p/..;/c", "x/a/?p/..;/c"},
			{"http://x/a/b;/c;p", "x/a/b;/c;p"},
			{"http://x/a/...;/c", "x/a/...;/c"},
		},
	}, {
		name:    "normalize: but not where the dots or the semicolon are escaped",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a/b/%2e%2e;/c", "x/a/b/..;/c"},
			{"http://x/a/b/..%3b/c", "x/a/b/..%3b/c"},
			{`http://x/a\..;/c`, "x/a/..;/c"},
		},
	}, {
		name:    "normalize: escapes of unreserved characters are undone, others stay as they are",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/%61%7E%2d%5f%39", "x/a~-_9"},
			{"http://x/%2F%2f%5C%5c", "x/%2F%2f%5C%5c"},
			{"http://x/%25%24%2b%3f%23%20%7f%c3%A9", "x/%25%24%2b%3f%23%20%7f%c3%A9"},
			{"http://x/%2541", "x/%2541"},
			{"http://x/?%61", "x/?%61"},
		},
	}, {
		name:    "normalize: bad escapes stay and never become good ones",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/%", "x/%"},
			{"http://x/%zz%4", "x/%zz%4"},
			{"http://x/%%41", "x/%A"},
			{"http://x/%%34%31", "x/%2541"},
			{"http://x/%%341", "x/%2541"},
			{"http://x/%4%31", "x/%2541"},
			{"http://x/%%7a%7a", "x/%zz"},
		},
	}, {
		name:    "normalize: a dot segment takes a stray percent sign back",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/aa%/../ab%63%64e", "x/abcde"},
			{"http://x/aa%/../ab%63%64g", "x/abcdg"},
		},
	}, {
		name:    "normalize: what may not stand in a path is escaped",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/\"<>^`{|}", "x/%22%3C%3E%5E%60%7B%7C%7D"},
			{"http://x/!$&'()*+,;=:@[]", "x/!$&'()*+,;=:@[]"},
			{`http://x/a\b`, "x/a/b"},
			{"http://x/?\"<>\\^`{|}", "x/?\"<>\\^`{|}"},
		},
	}, {
		name:    "normalize: refused requests",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a%00b", "400"},
			{"http://x/a#b", "400"},
			{"http://x/?a#b", "400"},
			{"http://x/\x7f", "400"},
			{"http://x/\x01", "400"},
			{"http://x/?%00", "x/?%00"},
		},
	}, {
		name:    "normalize: HTTP/1.1 refuses what is not ASCII",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/é", "400"},
			{"http://x/?\xff", "400"},
		},
		http2: map[string]string{
			"http://x/é":     "x/%C3%A9",
			"http://x/?\xff": "x/?\xff",
		},
	}, {
		name:    "normalize: empty segments stay",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x//", "x//"},
			{"http://x//a///b//", "x//a///b//"},
		},
	}, {
		name:    "normalize: long paths",
		match:   prefix("/"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/" + strings.Repeat("a/../", 2000), "x/"},
			{"http://x/" + strings.Repeat("%61", 5000), "x/" + strings.Repeat("a", 5000)},
		},
	},
}

var matchRows = []row{
	{
		name:    "match: a prefix covers whole elements",
		match:   prefix("/a"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a", "x/a"},
			{"http://x/a/", "x/a/"},
			{"http://x/a/b", "x/a/b"},
			{"http://x/a?b", "x/a?b"},
			{"http://x/%61//", "x/a//"},
			{"http://x/ab", "404"},
			{"http://x/a;b", "404"},
			{"http://x/a%2Fb", "404"},
			{"http://x/A", "404"},
			{"http://x/b/../a", "x/a"},
			{"http://x/a/..", "404"},
		},
	}, {
		name:    "match: exact",
		match:   exact("/a"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a?b", "x/a?b"},
			{"http://x/a/", "404"},
			{"http://x/A", "404"},
			{"http://x/a%2F", "404"},
		},
	}, {
		name:    "match: a pattern covers the whole path without the query",
		match:   regex("/a|/b.*"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a?b", "x/a?b"},
			{"http://x/bc/d", "x/bc/d"},
			{"http://x/ac", "404"},
		},
	}, {
		name:    "match: the shorter alternative does not hide the whole match",
		match:   regex("(?:/a|/ab)+?"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/ab", "x/ab"},
			{"http://x/ab/a/ab", "x/ab/a/ab"},
			{"http://x/abc", "404"},
		},
	}, {
		name:    "match: a large pattern exceeds Envoy's default program size",
		match:   regex("/[a-z0-9]{1,200}"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/" + strings.Repeat("a1", 100), "x/" + strings.Repeat("a1", 100)},
			{"http://x/" + strings.Repeat("a1", 101), "404"},
		},
	}, {
		name:    "match: an open quote covers the rest of the pattern",
		match:   regex(`/\Qa.*`),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a.*", "x/a.*"},
			{"http://x/ab", "404"},
		},
	}, {
		name:    "match: none covers everything",
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}`,
		requests: []outcome{
			{"http://x/a?b", "x/a?b"},
		},
	}, {
		name:    "match: a type of the future covers nothing",
		match:   rewrite.Match{Type: "PathSuffix", Value: "/a"},
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a", "404"},
			{"http://x/", "404"},
		},
	},
}

var regexRows = []row{
	{
		name:  "regex: capture groups",
		match: prefix("/service"),
		regex: [2]string{`^/service/([^/]+)(/.*)$`, `\2/instance/\1`},
		envoy: `regex_rewrite: {pattern: {regex: "^/service/([^/]+)(/.*)$"} substitution: "\\2/instance/\\1"}`,
		requests: []outcome{
			{"http://x/service/foo/v1/api?q=1", "x/v1/api/instance/foo?q=1"},
			{"http://x/service/foo", "x/service/foo"},
		},
	}, {
		name:  "regex: every match is replaced",
		match: prefix("/"),
		regex: [2]string{`o`, `<\0>`},
		envoy: `regex_rewrite: {pattern: {regex: "o"} substitution: "<\\0>"}`,
		requests: []outcome{
			{"http://x/foo/o?o", "x/f<o><o>/<o>?o"},
		},
	}, {
		name:  "regex: empty matches",
		match: prefix("/"),
		regex: [2]string{`b*`, `-`},
		envoy: `regex_rewrite: {pattern: {regex: "b*"} substitution: "-"}`,
		requests: []outcome{
			{"http://x/abbc", "x-/-a-c-"},
		},
	}, {
		name:  "regex: a group that took no part is empty",
		match: prefix("/"),
		regex: [2]string{`^/(a)?(b)?`, `/[\1\2]`},
		envoy: `regex_rewrite: {pattern: {regex: "^/(a)?(b)?"} substitution: "/[\\1\\2]"}`,
		requests: []outcome{
			{"http://x/bc", "x/[b]c"},
			{"http://x/c", "x/[]c"},
		},
	}, {
		name:  "regex: dollars and percent signs are no references",
		match: prefix("/"),
		regex: [2]string{`^/(.*)$`, `/$1/%1/\\1`},
		envoy: `regex_rewrite: {pattern: {regex: "^/(.*)$"} substitution: "/$1/%1/\\\\1"}`,
		requests: []outcome{
			{"http://x/a", `x/$1/%1/\1`},
		},
	}, {
		name:  "regex: what leaves nothing replaces nothing",
		match: prefix("/"),
		regex: [2]string{`^/a.*`, ``},
		envoy: `regex_rewrite: {pattern: {regex: "^/a.*"}}`,
		requests: []outcome{
			{"http://x/abc?q", "x/abc?q"},
			{"http://x/b", "x/b"},
		},
	}, {
		name:  "regex: nothing adds a leading slash before a backend",
		match: prefix("/"),
		regex: [2]string{`^/a`, ``},
		envoy: `regex_rewrite: {pattern: {regex: "^/a"}}`,
		requests: []outcome{
			{"http://x/abc?q", "xbc?q"},
		},
	}, {
		name:    "regex: host and path",
		match:   exact("/a"),
		rewrite: `{hostname: to}`,
		regex:   [2]string{`a`, `b`},
		envoy:   `host_rewrite_literal: "to" regex_rewrite: {pattern: {regex: "a"} substitution: "b"}`,
		requests: []outcome{
			{"http://x/a", "to/b"},
		},
	}, {
		name:  "regex: characters outside ASCII never match a path byte",
		match: prefix("/"),
		regex: [2]string{`[^\x00-\x7f]|é`, `x`},
		envoy: `regex_rewrite: {pattern: {regex: "[^\\x00-\\x7f]|é"} substitution: "x"}`,
		requests: []outcome{
			{"http://x/%C3%A9", "x/%C3%A9"},
		},
	}, {
		name:     "regex: a redirect gets a leading slash",
		match:    prefix("/"),
		redirect: `{}`,
		regex:    [2]string{`^/([^/]+)/`, `\1-`},
		envoy:    `regex_rewrite: {pattern: {regex: "^/([^/]+)/"} substitution: "\\1-"} response_code: FOUND`,
		requests: []outcome{
			{"http://x/a/b?q", "302 http://x/a-b?q"},
			{"http://x/b", "302 http://x/b"},
		},
	}, {
		name:     "regex: a redirect that leaves nothing replaces nothing",
		match:    prefix("/"),
		redirect: `{}`,
		regex:    [2]string{`.*`, ``},
		envoy:    `regex_rewrite: {pattern: {regex: ".*"}} response_code: FOUND`,
		requests: []outcome{
			{"http://x/a?q", "302 http://x/a?q"},
		},
	}, {
		name:  "regex: a question mark in the substitution starts a query of its own",
		match: prefix("/"),
		regex: [2]string{`^/user/(.*)`, `/get?user=\1`},
		envoy: `regex_rewrite: {pattern: {regex: "^/user/(.*)"} substitution: "/get?user=\\1"}`,
		requests: []outcome{
			{"http://x/user/a", "x/get?user=a"},
			{"http://x/user/a?b", "x/get?user=a?b"},
		},
	},
}
