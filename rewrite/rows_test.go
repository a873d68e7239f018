package rewrite_test

import (
	"strconv"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/rewrite"
)

// A row is a modifier, the Envoy fields that do it, and what they do to requests. The oracle runs all rows, and so does
// a real Envoy where there is one.
type row struct {
	name     string
	match    rewrite.Match
	rewrite  string    // an HTTPURLRewriteFilter in YAML
	redirect string    // or an HTTPRequestRedirectFilter
	regex    [2]string // or a pattern and its substitution, in the place of the filter's path
	listener string    // "https:443"; "http:80" if empty
	envoy    string    // the RouteAction or RedirectAction in prototext
	requests []outcome
	http2    map[string]string // what comes of requests over HTTP/2 that the oracle, which is for HTTP/1.1, gets wrong
}

// An outcome is a request as a URL, and what comes of it: the authority and target that the backend receives, or the
// status, with the Location of a redirect.
type outcome [2]string

func prefix(value string) rewrite.Match {
	return rewrite.Match{Type: gwv1.PathMatchPathPrefix, Value: value}
}

func exact(value string) rewrite.Match {
	return rewrite.Match{Type: gwv1.PathMatchExact, Value: value}
}

func regex(value string) rewrite.Match {
	return rewrite.Match{Type: gwv1.PathMatchRegularExpression, Value: value}
}

func rows() []row {
	var all []row
	for _, table := range [][]row{rewriteRows, redirectRows, portRows, normalizeRows, matchRows, regexRows} {
		all = append(all, table...)
	}
	return all
}

func (r row) subject(t *testing.T) subject {
	s := subject{match: r.match, origin: rewrite.Origin{Scheme: "http", Port: 80}}
	if r.listener != "" {
		scheme, port, _ := strings.Cut(r.listener, ":")
		n, err := strconv.ParseUint(port, 10, 16)
		require.NoError(t, err)
		s.origin = rewrite.Origin{Scheme: scheme, Port: uint32(n)}
	}
	path := rewrite.Path{}
	var errs []rewrite.Error
	if r.regex != [2]string{} {
		path, errs = rewrite.ReplaceRegex(r.regex[0], r.regex[1])
		require.Empty(t, errs)
	}
	if r.redirect != "" {
		var f gwv1.HTTPRequestRedirectFilter
		require.NoError(t, yaml.UnmarshalStrict([]byte(r.redirect), &f))
		redirect, errs := rewrite.ParseRedirect(&f)
		require.Empty(t, errs)
		if path != (rewrite.Path{}) {
			redirect.Path = path
		}
		s.redirect = &redirect
		return s
	}
	var f gwv1.HTTPURLRewriteFilter
	require.NoError(t, yaml.UnmarshalStrict([]byte(r.rewrite), &f))
	s.rewrite, errs = rewrite.ParseURLRewrite(&f)
	require.Empty(t, errs)
	if path != (rewrite.Path{}) {
		s.rewrite.Path = path
	}
	return s
}

func parseURL(t *testing.T, url string) rewrite.Request {
	scheme, rest, ok := strings.Cut(url, "://")
	i := strings.IndexByte(rest, '/')
	require.True(t, ok && i > 0, url)
	return rewrite.Request{Method: "GET", Scheme: scheme, Authority: rest[:i], Path: rest[i:]}
}

func (a answer) String() string {
	switch {
	case a.target != "" || a.host != "":
		return a.host + a.target
	case a.location != "":
		return strconv.Itoa(a.status) + " " + a.location
	default:
		return strconv.Itoa(a.status)
	}
}

func TestRowsByTheOracle(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			s := r.subject(t)
			e := envoy{subjects: []subject{s}}
			for _, o := range r.requests {
				require.Equal(t, o[1], e.expected(pair{request: parseURL(t, o[0])}).String(), o[0])
			}
			var want, got proto.Message = &routev3.RouteAction{}, &routev3.RouteAction{}
			if s.redirect != nil {
				want, got = &routev3.RedirectAction{}, s.redirect.Action(s.match, s.origin)
			} else {
				s.rewrite.Apply(got.(*routev3.RouteAction), s.match)
			}
			require.NoError(t, prototext.Unmarshal([]byte(r.envoy), want))
			require.True(t, proto.Equal(want, got), "want %v\n got %v", want, got)
		})
	}
}

func TestRowsByEnvoy(t *testing.T) {
	var subjects []subject
	for _, r := range rows() {
		subjects = append(subjects, r.subject(t))
	}
	e := startEnvoy(t, subjects)
	for version, send := range map[string]func(*testing.T, []pair){"HTTP/1.1": e.send, "HTTP/2": e.sendHTTP2} {
		for i, r := range rows() {
			t.Run(version+" "+r.name, func(t *testing.T) {
				var sent []pair
				for _, o := range r.requests {
					sent = append(sent, pair{subject: i, request: parseURL(t, o[0])})
				}
				send(t, sent)
				for i, o := range r.requests {
					want := o[1]
					if differs, ok := r.http2[o[0]]; ok && version == "HTTP/2" {
						want = differs
					}
					require.Equal(t, want, sent[i].got.String(), o[0])
				}
			})
		}
	}
}
