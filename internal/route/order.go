package route

import (
	"cmp"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Order is what a match's precedence depends on besides hostname, age and position.
type Order struct {
	pathLen   int32 // characters of the path, or of the gRPC service
	methodLen int32 // characters of the gRPC method
	headers   int32 // distinct names
	params    int32
	path      pathRank
	method    bool
}

// pathRank orders the kinds of path matches. Where a regular expression stands is left open by the specification.
type pathRank uint8

const (
	exactPath pathRank = iota
	regexPath
	prefixPath
)

// Compare is the one order in which the entries of a virtual host are tried: the first that differs decides. It is that
// of the Gateway API (HTTPRouteRule.Matches, GRPCRouteRule.Matches; GEP-1324 for the hostname), and total: no two
// entries of a virtual host are equal.
//
//  1. the more specific hostname of the route itself: exact, then more characters, then none
//  2. exact paths, then regular expressions, then prefixes
//  3. the longer path, or gRPC service, then the longer gRPC method
//  4. a method match, 5. more header matches, 6. more query parameter matches
//  7. the older route, 8. by "namespace/name", 9. the earlier rule, 10. the earlier match
func Compare(a, b *Entry) int {
	if c := CompareHostKeys(a.Original, b.Original); c != 0 {
		return c
	}
	if c := compareOrders(&a.Built.match.order, &b.Built.match.order); c != 0 {
		return c
	}
	if a.Route != b.Route {
		return objects.CompareRoutes(a.Route, b.Route)
	}
	if c := cmp.Compare(a.Built.rule, b.Built.rule); c != 0 {
		return c
	}
	return cmp.Compare(a.Built.match.index, b.Built.match.index)
}

func compareOrders(a, b *Order) int {
	if c := cmp.Compare(a.path, b.path); c != 0 {
		return c
	}
	if c := cmp.Compare(b.pathLen, a.pathLen); c != 0 {
		return c
	}
	if c := cmp.Compare(b.methodLen, a.methodLen); c != 0 {
		return c
	}
	if a.method != b.method {
		if a.method {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(b.headers, a.headers); c != 0 {
		return c
	}
	return cmp.Compare(b.params, a.params)
}

// CompareHostKeys orders the keys of hostnames, the most specific first: exact names, then wildcards, the longer first,
// then none.
func CompareHostKeys(a, b string) int {
	if a == b {
		return 0
	}
	if c := cmp.Compare(hostKeyRank(a), hostKeyRank(b)); c != 0 {
		return c
	}
	if c := cmp.Compare(len(b), len(a)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func hostKeyRank(h string) int {
	switch {
	case h == "":
		return 2
	case h[0] == '.': // a wildcard
		return 1
	}
	return 0
}
