package rewrite_test

var redirectRows = []row{
	{
		name:     "an empty redirect goes to itself with 302",
		match:    prefix("/"),
		redirect: `{}`,
		envoy:    `response_code: FOUND`,
		requests: []outcome{
			{"http://x/a?b", "302 http://x/a?b"},
			{"http://x:8080/a", "302 http://x:8080/a"},
			{"http://[2001:db8::1]:8080/a", "302 http://[2001:db8::1]:8080/a"},
		},
	}, {
		name:     "status 301",
		match:    prefix("/"),
		redirect: `{hostname: to, statusCode: 301}`,
		envoy:    `host_redirect: "to" response_code: MOVED_PERMANENTLY`,
		requests: []outcome{{"http://x/a", "301 http://to/a"}},
	}, {
		name:     "status 303",
		match:    prefix("/"),
		redirect: `{hostname: to, statusCode: 303}`,
		envoy:    `host_redirect: "to" response_code: SEE_OTHER`,
		requests: []outcome{{"http://x/a", "303 http://to/a"}},
	}, {
		name:     "status 307",
		match:    prefix("/"),
		redirect: `{hostname: to, statusCode: 307}`,
		envoy:    `host_redirect: "to" response_code: TEMPORARY_REDIRECT`,
		requests: []outcome{{"http://x/a", "307 http://to/a"}},
	}, {
		name:     "status 308",
		match:    prefix("/"),
		redirect: `{hostname: to, statusCode: 308}`,
		envoy:    `host_redirect: "to" response_code: PERMANENT_REDIRECT`,
		requests: []outcome{{"http://x/a", "308 http://to/a"}},
	}, {
		name:     "a full path",
		match:    prefix("/full"),
		redirect: `{path: {type: ReplaceFullPath, replaceFullPath: /new}}`,
		envoy:    `path_redirect: "/new" response_code: FOUND`,
		requests: []outcome{
			{"http://x/full/path", "302 http://x/new"},
			{"http://x/full?a=b", "302 http://x/new?a=b"},
		},
	}, {
		name:     "an empty full path is the root",
		match:    prefix("/full"),
		redirect: `{path: {type: ReplaceFullPath, replaceFullPath: ""}}`,
		envoy:    `path_redirect: "/" response_code: FOUND`,
		requests: []outcome{
			{"http://x/full/path?q", "302 http://x/?q"},
		},
	}, {
		name:     "a question mark in a full path replaces the query",
		match:    prefix("/full"),
		redirect: `{path: {type: ReplaceFullPath, replaceFullPath: "/new?c=d"}}`,
		envoy:    `path_redirect: "/new?c=d" response_code: FOUND`,
		requests: []outcome{
			{"http://x/full", "302 http://x/new?c=d"},
			{"http://x/full?a=b", "302 http://x/new?c=d"},
		},
	}, {
		name:     "a fragment is the client's",
		match:    prefix("/full"),
		redirect: `{path: {type: ReplaceFullPath, replaceFullPath: "/new#part"}}`,
		envoy:    `path_redirect: "/new#part" response_code: FOUND`,
		requests: []outcome{
			{"http://x/full", "302 http://x/new#part"},
		},
	}, {
		name:     "nothing in a full path is special",
		match:    prefix("/a"),
		redirect: `{path: {type: ReplaceFullPath, replaceFullPath: '//y/%20%REQ(:path)%/100%/\1/$1'}}`,
		envoy:    `path_redirect: "//y/%20%REQ(:path)%/100%/\\1/$1" response_code: FOUND`,
		requests: []outcome{
			{"http://x/a", `302 http://x//y/%20%REQ(:path)%/100%/\1/$1`},
		},
	}, {
		name:     "a prefix",
		match:    prefix("/original"),
		redirect: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /replacement}}`,
		envoy:    `prefix_rewrite: "/replacement" response_code: FOUND`,
		requests: []outcome{
			{"http://x/original", "302 http://x/replacement"},
			{"http://x/original/lemon?q=/original", "302 http://x/replacement/lemon?q=/original"},
			{"http://x/original/%2F%c3%A9", "302 http://x/replacement/%2F%c3%A9"},
			{"http://x/originals", "404"},
		},
	}, {
		name:     "an empty replacement strips the prefix",
		match:    prefix("/foo.*"),
		redirect: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}`,
		envoy:    `regex_rewrite: {pattern: {regex: "^/foo\\.\\*/*"} substitution: "/"} response_code: FOUND`,
		requests: []outcome{
			{"http://x/foo.*", "302 http://x/"},
			{"http://x/foo.*?q", "302 http://x/?q"},
			{"http://x/foo.*//bar/foo", "302 http://x/bar/foo"},
		},
	}, {
		name:     "the root is replaced by a prefix",
		match:    prefix("/"),
		redirect: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /foo}}`,
		envoy:    `prefix_rewrite: "/foo/" response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 http://x/foo/"},
			{"http://x/bar?q", "302 http://x/foo/bar?q"},
		},
	}, {
		name:     "the root is replaced by the root",
		match:    prefix("/"),
		redirect: `{path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}`,
		envoy:    `response_code: FOUND`,
		requests: []outcome{
			{"http://x//bar?q", "302 http://x//bar?q"},
		},
	}, {
		name:     "everything at once",
		match:    prefix("/a"),
		redirect: `{scheme: https, hostname: y.z, port: 8443, statusCode: 308, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}`,
		envoy:    `scheme_redirect: "https" host_redirect: "y.z" port_redirect: 8443 prefix_rewrite: "/b" response_code: PERMANENT_REDIRECT`,
		requests: []outcome{
			{"http://x/a/c?d", "308 https://y.z:8443/b/c?d"},
		},
	},
}

// portRows are the port rules of HTTPRequestRedirectFilter.
var portRows = []row{
	{
		name:     "port on 80: hostname alone",
		match:    prefix("/"),
		redirect: `{hostname: to}`,
		envoy:    `host_redirect: "to" response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 http://to/"},
			{"http://x:80/", "302 http://to/"},
		},
	}, {
		name:     "port on 80: scheme https drops the old scheme's port",
		match:    prefix("/"),
		redirect: `{scheme: https}`,
		envoy:    `scheme_redirect: "https" response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 https://x/"},
			{"http://x:80/", "302 https://x/"},
			{"http://[::1]:80/", "302 https://[::1]/"},
			{"http://[::1]/", "302 https://[::1]/"},
			{"http://x:8080/", "302 https://x:8080/"},
		},
	}, {
		name:     "port on 80: scheme http keeps the authority",
		match:    prefix("/"),
		redirect: `{scheme: http}`,
		envoy:    `scheme_redirect: "http" response_code: FOUND`,
		requests: []outcome{
			{"http://x:80/", "302 http://x:80/"},
		},
	}, {
		name:     "port on 80: port 443 without scheme stays",
		match:    prefix("/"),
		redirect: `{port: 443}`,
		envoy:    `port_redirect: 443 response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 http://x:443/"},
			{"http://[::1]:80/", "302 http://[::1]:443/"},
		},
	}, {
		name:     "port on 80: port 443 with scheme https is left out",
		match:    prefix("/"),
		redirect: `{port: 443, scheme: https, hostname: to}`,
		envoy:    `scheme_redirect: "https" host_redirect: "to" response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 https://to/"},
		},
	}, {
		name:     "port on 80: port 8080",
		match:    prefix("/"),
		redirect: `{port: 8080}`,
		envoy:    `port_redirect: 8080 response_code: FOUND`,
		requests: []outcome{
			{"http://x/", "302 http://x:8080/"},
			{"http://x:80/", "302 http://x:8080/"},
		},
	}, {
		name:     "port on 8080: hostname alone takes the listener's port",
		match:    prefix("/"),
		listener: "http:8080",
		redirect: `{hostname: to}`,
		envoy:    `host_redirect: "to" port_redirect: 8080 response_code: FOUND`,
		requests: []outcome{
			{"http://x:8080/", "302 http://to:8080/"},
			{"http://x/", "302 http://to:8080/"},
		},
	}, {
		name:     "port on 8080: scheme https has to write 443",
		match:    prefix("/"),
		listener: "http:8080",
		redirect: `{scheme: https}`,
		envoy:    `scheme_redirect: "https" port_redirect: 443 response_code: FOUND`,
		requests: []outcome{
			{"http://x:8080/", "302 https://x:443/"},
		},
	}, {
		name:     "port on 8080: scheme http has to write 80",
		match:    prefix("/"),
		listener: "http:8080",
		redirect: `{scheme: http}`,
		envoy:    `scheme_redirect: "http" port_redirect: 80 response_code: FOUND`,
		requests: []outcome{
			{"http://x:8080/", "302 http://x:80/"},
		},
	}, {
		name:     "port on 8080: scheme https with a hostname leaves it out",
		match:    prefix("/"),
		listener: "http:8080",
		redirect: `{scheme: https, hostname: to}`,
		envoy:    `scheme_redirect: "https" host_redirect: "to" response_code: FOUND`,
		requests: []outcome{
			{"http://x:8080/", "302 https://to/"},
		},
	}, {
		name:     "port on 8080: port 80 has to be written",
		match:    prefix("/"),
		listener: "http:8080",
		redirect: `{port: 80}`,
		envoy:    `port_redirect: 80 response_code: FOUND`,
		requests: []outcome{
			{"http://x:8080/", "302 http://x:80/"},
		},
	}, {
		name:     "port on https 443: hostname alone",
		match:    prefix("/"),
		listener: "https:443",
		redirect: `{hostname: to}`,
		envoy:    `host_redirect: "to" response_code: FOUND`,
		requests: []outcome{
			{"https://x/", "302 https://to/"},
			{"https://x:443/", "302 https://to/"},
		},
	}, {
		name:     "port on https 443: scheme http drops the old scheme's port",
		match:    prefix("/"),
		listener: "https:443",
		redirect: `{scheme: http}`,
		envoy:    `scheme_redirect: "http" response_code: FOUND`,
		requests: []outcome{
			{"https://x:443/", "302 http://x/"},
			{"https://x:80/", "302 http://x:80/"},
		},
	}, {
		name:     "port on https 443: scheme https keeps the authority",
		match:    prefix("/"),
		listener: "https:443",
		redirect: `{scheme: https}`,
		envoy:    `scheme_redirect: "https" response_code: FOUND`,
		requests: []outcome{
			{"https://x:443/", "302 https://x:443/"},
		},
	}, {
		name:     "port on https 443: port 80 stays",
		match:    prefix("/"),
		listener: "https:443",
		redirect: `{port: 80}`,
		envoy:    `port_redirect: 80 response_code: FOUND`,
		requests: []outcome{
			{"https://x/", "302 https://x:80/"},
		},
	}, {
		name:     "port on https 8443: nothing set",
		match:    prefix("/"),
		listener: "https:8443",
		redirect: `{}`,
		envoy:    `port_redirect: 8443 response_code: FOUND`,
		requests: []outcome{
			{"https://x:8443/", "302 https://x:8443/"},
			{"https://x/", "302 https://x:8443/"},
		},
	}, {
		name:     "port on http 443: the listener's port is not that of its scheme",
		match:    prefix("/"),
		listener: "http:443",
		redirect: `{hostname: to}`,
		envoy:    `host_redirect: "to" port_redirect: 443 response_code: FOUND`,
		requests: []outcome{
			{"http://x:443/", "302 http://to:443/"},
		},
	},
}
