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

// mutate returns a copy of objects after the changes that a tape describes: values are emptied, unset, set, doubled,
// exchanged with others of their type, and made nasty.
func mutate(objects *translate.Objects, changes []byte) *translate.Objects {
	mutant := deepCopy(objects)
	for t := tape(changes); len(t) > 0; {
		var all []reflect.Value
		sites(reflect.ValueOf(mutant).Elem(), &all)
		if site := all[t.choose(len(all))]; t.choose(4) == 0 {
			exchange := all[t.choose(len(all))]
			if exchange.Type() == site.Type() {
				site.Set(exchange)
			}
		} else {
			change(site, &t)
		}
	}
	return deepCopy(mutant) // values that were exchanged are shared no more
}

func deepCopy(objects *translate.Objects) *translate.Objects {
	out := *objects
	for _, kind := range slicesOf(&out) {
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

// sites appends every value below v that can be changed.
func sites(v reflect.Value, all *[]reflect.Value) {
	if !v.CanSet() {
		return
	}
	*all = append(*all, v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			sites(v.Elem(), all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Status" && name != "TypeMeta" && name != "ManagedFields" {
				sites(v.Field(i), all)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			sites(v.Index(i), all)
		}
	}
}

func change(v reflect.Value, t *tape) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			change(v.Elem(), t)
		} else {
			v.SetZero()
		}
	case reflect.Slice:
		changeSlice(v, t)
	case reflect.Map:
		changeMap(v, t)
	case reflect.String:
		if s := nasty[t.choose(len(nasty))]; t.choose(4) == 0 {
			v.SetString(v.String() + s)
		} else {
			v.SetString(s)
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(numbers[t.choose(len(numbers))])
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		v.SetZero()
	}
}

func changeSlice(v reflect.Value, t *tape) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.SetBytes([]byte(nasty[t.choose(len(nasty))]))
		return
	}
	n := v.Len()
	switch t.choose(4) {
	case 0:
		v.SetZero()
	case 1:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case 2:
		if n > 0 {
			v.Set(reflect.Append(v, v.Index(t.choose(n))))
		}
	case 3:
		if n > 0 {
			i := t.choose(n)
			v.Set(reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, n)))
		}
	}
}

func changeMap(v reflect.Value, t *tape) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	value := reflect.New(v.Type().Elem()).Elem()
	change(value, t)
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	if i := t.choose(len(keys) + 1); i < len(keys) {
		v.SetMapIndex(keys[i], value)
		return
	}
	key := reflect.New(v.Type().Key()).Elem()
	change(key, t)
	v.SetMapIndex(key, value)
}
