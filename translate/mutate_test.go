package translate_test

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/gatewayxds/gatewayxds/translate"
)

// nasty are strings that mean something somewhere in a specification, or break something in an implementation.
var nasty = []string{
	"", "a", "*", "*.", ".", "-", "default", "gw", "http", "blue", "cert", "route",
	"a.example.com", "A.Example.COM", "*.example.com", "a.*.com", "a.example.com.", "a.example.com:80", "xn--nxasmq6b",
	"/", "//", "/a/", "/../a", "/./a", "/a%2Fb", "/%zz", "/a b", "/é", "/a?b", "/a#b", "a", "\\a",
	"(", "a{1000}", "\\x{100}", "(?i)a", "(?P<n>a)", "[[:alpha:]]+", ".*", "\\1", "$1", "%", "%%", "%REQ(a)%", "{a}",
	"Host", ":path", ":method", "a b", "a:b", "Connection", "Transfer-Encoding", "x-envoy-max-retries", "a\r\nb: c", "a\tb", "\x00", "\xff\xfe",
	"0s", "1ms", "1s", "1h", "-1s", "1.5s", "1x", "99999h59m59s999ms", "100000h",
	"HTTP", "HTTPS", "TLS", "TCP", "UDP", "GRPC", "PathPrefix", "Exact", "RegularExpression", "ReplaceFullPath", "ReplacePrefixMatch",
	"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "CORS", "ExtensionRef", "ExternalAuth",
	"Terminate", "Passthrough", "All", "Same", "Selector", "None", "GET", "get", "CONNECT",
	"Gateway", "Service", "Secret", "HTTPRoute", "GRPCRoute", "gateway.networking.k8s.io", "example.com/gateway-controller",
	"kubernetes.io/h2c", "kubernetes.io/ws", "ExternalName", "IPAddress", "Hostname", "IPv4", "IPv6", "FQDN",
	"10.0.0.1", "0.0.0.0", "256.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0",
	"https://a.example.com", "https://*.example.com", "null", "é日本",
	strings.Repeat("a", 64), strings.Repeat("a", 10000), "/" + strings.Repeat("a", 10000), strings.Repeat("a.", 200) + "com",
}

var numbers = []int64{0, 1, -1, 2, 80, 99, 200, 301, 443, 499, 600, 1000, 8080, 65535, 65536, 1_000_000, math.MaxInt32, math.MinInt32}

// tape is the source of every choice of a mutation; at its end all choices are 0.
type tape []byte

func (t *tape) next() int {
	if len(*t) == 0 {
		return 0
	}
	b := (*t)[0]
	*t = (*t)[1:]
	return int(b)
}

func (t *tape) choose(n int) int {
	if n < 2 {
		return 0
	}
	return (t.next()<<8 | t.next()) % n
}

// mutate returns a copy of objects after the changes that a tape describes: values are set to others, or exchanged with
// others of their type.
func mutate(objects *translate.Objects, changes []byte) *translate.Objects {
	mutant := deepCopy(objects)
	for t := tape(changes); len(t) > 0; {
		all := placesOf(mutant)
		value, other := all[t.choose(len(all))].value, all[t.choose(len(all))].value
		switch how := t.choose(4); {
		case how == 0 && other.Type() == value.Type():
			value.Set(other)
		case how == 1 && value.Kind() == reflect.String:
			value.SetString(value.String() + nasty[t.choose(len(nasty))])
		default:
			assign(value, t.choose(alternatives(value)))
		}
	}
	return deepCopy(mutant) // values that were exchanged are shared no more
}

func deepCopy(objects *translate.Objects) *translate.Objects {
	out := *objects
	for _, kind := range slicesOf(&out) {
		if kind.IsNil() {
			continue
		}
		list := reflect.MakeSlice(kind.Type(), kind.Len(), kind.Len())
		for i := range kind.Len() {
			if object := kind.Index(i); !object.IsNil() {
				list.Index(i).Set(object.MethodByName("DeepCopy").Call(nil)[0])
			}
		}
		kind.Set(list)
	}
	return &out
}

// place is a value that can be changed, and the field it is of: HTTPRoutes.Spec.Rules.Matches.
type place struct {
	field string
	value reflect.Value
}

func placesOf(objects *translate.Objects) []place {
	var all []place
	appendPlaces(&all, "", reflect.ValueOf(objects).Elem())
	return all
}

// untouched fields are none of a translation's business.
var untouched = []string{
	"Status", "TypeMeta", "ManagedFields", "OwnerReferences", "Finalizers", "SelfLink", "GenerateName",
	"DeletionTimestamp", "DeletionGracePeriodSeconds", "Annotations",
}

func appendPlaces(all *[]place, field string, v reflect.Value) {
	if !v.CanSet() {
		return
	}
	*all = append(*all, place{field, v})
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			appendPlaces(all, field+"*", v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; !slices.Contains(untouched, name) {
				appendPlaces(all, field+"."+name, v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				appendPlaces(all, field+"[]", v.Index(i))
			}
		}
	}
}

// alternatives is how many values assign has for v.
func alternatives(v reflect.Value) int {
	switch v.Kind() {
	case reflect.String:
		return len(nasty)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return len(numbers)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return len(nasty)
		}
		return 4
	case reflect.Map:
		return 1 + len(nasty)
	default:
		return 1
	}
}

// assign gives v one of its alternatives; a nil pointer becomes one to a zero value, any other nil.
func assign(v reflect.Value, alternative int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		} else {
			v.SetZero()
		}
	case reflect.String:
		v.SetString(nasty[alternative])
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(numbers[alternative])
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		assignSlice(v, alternative)
	case reflect.Map:
		assignMap(v, alternative)
	default:
		v.SetZero()
	}
}

func assignSlice(v reflect.Value, alternative int) {
	n := v.Len()
	switch {
	case v.Type().Elem().Kind() == reflect.Uint8:
		v.SetBytes([]byte(nasty[alternative]))
	case alternative == 0 || n == 0:
		v.SetZero()
	case alternative == 1:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case alternative == 2:
		v.Set(reflect.AppendSlice(v, v.Slice(0, n)))
	default:
		v.Set(v.Slice(1, n))
	}
}

// assignMap empties a map, or sets its first value, or that of a nasty key, to something nasty. Keys are strings.
func assignMap(v reflect.Value, alternative int) {
	if alternative == 0 {
		v.SetZero()
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	text := reflect.ValueOf(nasty[alternative-1])
	key := text.Convert(v.Type().Key())
	if keys := v.MapKeys(); alternative%2 == 0 && len(keys) > 0 {
		key = slices.MinFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	}
	if elem := v.Type().Elem(); text.CanConvert(elem) { // a string, or bytes
		v.SetMapIndex(key, text.Convert(elem))
	} else {
		v.SetMapIndex(key, reflect.Zero(elem))
	}
}
