package attach

import (
	"fmt"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// A hostname is lower-case: an exact name, "*.suffix" for one or more labels before the suffix, or "" for every name.

// NormalizeHostname lowers the case of a hostname of the API; false if it is no DNS name, with or without a leading
// "*." label. Every name that Envoy would refuse or read as another pattern is one of those.
func NormalizeHostname(s string) (string, bool) {
	name := strings.TrimPrefix(s, "*.")
	if len(s) > 253 || name == "" {
		return "", false
	}
	start, upper := 0, false
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			switch c := name[i]; {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
			case 'A' <= c && c <= 'Z':
				upper = true
			default:
				return "", false
			}
			continue
		}
		label := name[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		start = i + 1
	}
	if upper {
		s = strings.ToLower(s)
	}
	return s, true
}

// RefusedHostnames are the hostnames of a route that are no DNS names, and meet no listener.
func RefusedHostnames(route *objects.Route) []status.Problem {
	var problems []status.Problem
	for i, h := range route.Hostnames {
		if _, ok := NormalizeHostname(string(h)); !ok {
			problems = append(problems, status.Problem{
				Code: status.UnsupportedValue, Field: fmt.Sprintf("spec.hostnames[%d]", i), Detail: noHostname(h),
			})
		}
	}
	return problems
}

func noHostname(h gwv1.Hostname) string {
	return fmt.Sprintf("%q is not a DNS name, nor one after \"*.\"", h)
}

// Covers reports whether every name that b stands for is one that a stands for.
func Covers(a, b string) bool {
	if a == "" || a == b {
		return true
	}
	if b == "" || !strings.HasPrefix(a, "*") {
		return false
	}
	return len(b) > len(a)-1 && strings.HasSuffix(b, a[1:])
}

// intersect is the more specific of two hostnames, if one covers the other.
func intersect(a, b string) (string, bool) {
	switch {
	case Covers(a, b):
		return b, true
	case Covers(b, a):
		return a, true
	}
	return "", false
}

// HostKey is a hostname as a key: a wildcard is its suffix with the dot, so that the wildcards above a name are parts of
// it, and looking them up allocates nothing.
func HostKey(h string) string { return strings.TrimPrefix(h, "*") }

// Wider calls yield with the key of each hostname that covers h, from h itself to "", the most specific first, until it
// is told to stop.
func Wider(h string, yield func(key string) bool) {
	key := HostKey(h)
	for key != "" {
		if !yield(key) {
			return
		}
		i := strings.IndexByte(key[1:], '.')
		if i < 0 {
			break
		}
		key = key[i+1:]
	}
	yield("")
}
