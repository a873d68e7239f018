package rewrite_test

import "strings"

var rewriteRows = []row{
	{
		name:    "an empty filter changes nothing",
		match:   prefix("/a"),
		rewrite: `{}`,
		requests: []outcome{
			{"http://x/a/b?c=d", "x/a/b?c=d"},
			{"http://X.y:81/a", "X.y:81/a"},
		},
	}, {
		name:    "the hostname replaces the whole authority",
		match:   prefix("/"),
		rewrite: `{hostname: one.example.org}`,
		envoy:   `host_rewrite_literal: "one.example.org"`,
		requests: []outcome{
			{"http://x/a?b", "one.example.org/a?b"},
			{"http://x:8080/a", "one.example.org/a"},
			{"http://[::1]:8080/a", "one.example.org/a"},
		},
	}, {
		name:    "an empty hostname is none",
		match:   prefix("/"),
		rewrite: `{hostname: ""}`,
		requests: []outcome{
			{"http://x:80/a", "x:80/a"},
		},
	}, {
		name:    "the full path is replaced and the query stays",
		match:   prefix("/full/one"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: /one}}`,
		envoy:   `path_rewrite: "/one"`,
		requests: []outcome{
			{"http://x/full/one/two", "x/one"},
			{"http://x/full/one?a=b", "x/one?a=b"},
			{"http://x/full/one/?", "x/one?"},
		},
	}, {
		name:    "an empty full path is the root",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: ""}}`,
		envoy:   `path_rewrite: "/"`,
		requests: []outcome{
			{"http://x/a/b", "x/"},
			{"http://x/a?b", "x/?b"},
		},
	}, {
		name:    "a full path without leading slash gets one",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: b/c}}`,
		envoy:   `path_rewrite: "/b/c"`,
		requests: []outcome{
			{"http://x/a", "x/b/c"},
		},
	}, {
		name:    "a question mark in a full path does not swallow the query",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: "/b?c=d"}}`,
		envoy:   `path_rewrite: "/b?c=d"`,
		requests: []outcome{
			{"http://x/a", "x/b?c=d"},
			{"http://x/a?e", "x/b?c=d?e"},
		},
	}, {
		name:    "nothing in a full path is special",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: '/%20%REQ(:path)%/100%/\1/$1/.*/%2F/..'}}`,
		envoy:   `path_rewrite: "/%%20%%REQ(:path)%%/100%%/\\1/$1/.*/%%2F/.."`,
		requests: []outcome{
			{"http://x/a/b", `x/%20%REQ(:path)%/100%/\1/$1/.*/%2F/..`},
		},
	}, {
		name:    "what cannot stand in a request line is encoded",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplaceFullPath, replaceFullPath: "/a b/é/日本"}}`,
		envoy:   `path_rewrite: "/a%%20b/%%C3%%A9/%%E6%%97%%A5%%E6%%9C%%AC"`,
		requests: []outcome{
			{"http://x/a", "x/a%20b/%C3%A9/%E6%97%A5%E6%9C%AC"},
		},
	}, {
		name:    "the prefix is replaced and the rest stays",
		match:   prefix("/prefix/one"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /one}}`,
		envoy:   `prefix_rewrite: "/one"`,
		requests: []outcome{
			{"http://x/prefix/one", "x/one"},
			{"http://x/prefix/one/", "x/one/"},
			{"http://x/prefix/one/two", "x/one/two"},
			{"http://x/prefix/one//two", "x/one//two"},
			{"http://x/prefix/one?a=/prefix/one", "x/one?a=/prefix/one"},
			{"http://x/prefix/one/prefix/one", "x/one/prefix/one"},
			{"http://x/prefix/onetwo", "404"},
			{"http://x/prefix/one%2Ftwo", "404"},
			{"http://x/prefix/one/%2F/%2f", "x/one/%2F/%2f"},
		},
	}, {
		name:    "a trailing slash of the replacement is ignored",
		match:   prefix("/foo"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /xyz/}}`,
		envoy:   `prefix_rewrite: "/xyz"`,
		requests: []outcome{
			{"http://x/foo", "x/xyz"},
			{"http://x/foo/", "x/xyz/"},
			{"http://x/foo/bar", "x/xyz/bar"},
		},
	}, {
		name:    "an empty replacement strips the prefix",
		match:   prefix("/foo"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}`,
		envoy:   `regex_rewrite: {pattern: {regex: "^/foo/*"} substitution: "/"}`,
		requests: []outcome{
			{"http://x/foo", "x/"},
			{"http://x/foo/", "x/"},
			{"http://x/foo?q", "x/?q"},
			{"http://x/foo/bar", "x/bar"},
			{"http://x/foo//bar", "x/bar"},
			{"http://x/foo/foo/bar?a=//b", "x/foo/bar?a=//b"},
			{"http://x/foo//", "x/"},
		},
	}, {
		name:    "a slash strips the prefix",
		match:   prefix("/foo"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}`,
		envoy:   `regex_rewrite: {pattern: {regex: "^/foo/*"} substitution: "/"}`,
		requests: []outcome{
			{"http://x/foo", "x/"},
			{"http://x/foo/bar", "x/bar"},
		},
	}, {
		name:    "a stripped prefix is no pattern",
		match:   prefix(`/a.b/(c)*+$`),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}`,
		envoy:   `regex_rewrite: {pattern: {regex: "^/a\\.b/\\(c\\)\\*\\+\\$/*"} substitution: "/"}`,
		requests: []outcome{
			{"http://x/a.b/(c)*+$/d", "x/d"},
			{"http://x/axb/c/d", "404"},
		},
	}, {
		name:    "a long stripped prefix exceeds Envoy's default program size",
		match:   prefix("/" + strings.Repeat("long", 250)),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}`,
		envoy: `regex_rewrite: {
			pattern: {google_re2: {max_program_size: {value: 1000000}} regex: "^/` + strings.Repeat("long", 250) + `/*"}
			substitution: "/"
		}`,
		requests: []outcome{
			{"http://x/" + strings.Repeat("long", 250) + "/d", "x/d"},
		},
	}, {
		name:    "the root is replaced by a prefix",
		match:   prefix("/"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /foo}}`,
		envoy:   `prefix_rewrite: "/foo/"`,
		requests: []outcome{
			{"http://x/", "x/foo/"},
			{"http://x/?q", "x/foo/?q"},
			{"http://x/bar", "x/foo/bar"},
			{"http://x//bar", "x/foo//bar"},
		},
	}, {
		name:    "the root is replaced by the root",
		match:   prefix("/"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}`,
		requests: []outcome{
			{"http://x/", "x/"},
			{"http://x//bar", "x//bar"},
		},
	}, {
		name:    "nothing in a prefix replacement is special",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: '/%20%REQ(:path)%/100%/\1/$1/.*'}}`,
		envoy:   `prefix_rewrite: "/%20%REQ(:path)%/100%/\\1/$1/.*"`,
		requests: []outcome{
			{"http://x/a/b", `x/%20%REQ(:path)%/100%/\1/$1/.*/b`},
		},
	}, {
		name:    "a prefix replacement without leading slash gets one",
		match:   prefix("/a"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: "b c//"}}`,
		envoy:   `prefix_rewrite: "/b%20c"`,
		requests: []outcome{
			{"http://x/a/d", "x/b%20c/d"},
		},
	}, {
		name:    "hostname and path together",
		match:   prefix("/a"),
		rewrite: `{hostname: to, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}`,
		envoy:   `host_rewrite_literal: "to" prefix_rewrite: "/b"`,
		requests: []outcome{
			{"http://x:80/a/c", "to/b/c"},
		},
	}, {
		name:    "there is no prefix to replace under an exact match",
		match:   exact("/a"),
		rewrite: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}`,
		requests: []outcome{
			{"http://x/a", "x/a"},
		},
	},
}
