package translate_test

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
)

// expectation names what is checked; a field that is not written is not.
type expectation struct {
	Error       bool               `json:"error"`
	Status      int                `json:"status"`
	GRPCStatus  *int               `json:"grpcStatus"`
	Certificate string             `json:"certificate"`
	Requested   *bool              `json:"certificateRequested"`
	Response    map[string]*string `json:"responseHeaders"` // null: absent
	Cookie      string             `json:"cookie"`

	Backend  string             `json:"backend"` // none: Envoy answered by itself
	Endpoint string             `json:"endpoint"`
	SNI      string             `json:"sni"` // none: the backend got none
	Proto    string             `json:"proto"`
	Method   string             `json:"method"`
	Path     string             `json:"path"`
	Host     string             `json:"host"`
	Body     string             `json:"body"`
	Client   string             `json:"clientCertificate"` // none: the backend got none
	Headers  map[string]*string `json:"headers"`
	Attempts int                `json:"attempts"`

	Shares  map[string]float64 `json:"shares"`  // percent by backend, by status where Envoy answered, of error
	Mirrors map[string]float64 `json:"mirrors"` // percent of the requests that a backend gets a copy of

	Copies map[string]expectation `json:"copies"` // what a backend of mirrors receives
}

// check sends a request as often as it says, and holds what comes of it against the expectation.
func (s *site) check(t *testing.T, x exchange, request envoytest.Request) {
	sampled := x.Expect.Shares != nil || x.Expect.Mirrors != nil
	if x.Repeat == 0 && sampled {
		x.Repeat = 300
	}
	responses := make([]*envoytest.Response, max(x.Repeat, 1))
	for i := range responses {
		response, err := request.Do(t.Context())
		if x.Expect.Error {
			require.Error(t, err, "the request shall fail without an answer")
			continue
		}
		if x.Expect.Shares == nil {
			require.NoError(t, err)
		}
		responses[i] = response
		if x.Session != "" {
			x.persist(t, &request, responses[:i+1])
		}
		if x.Expect.Shares == nil && !x.Expect.meets(t, response, x.Proto) {
			return
		}
	}
	if x.Expect.Error {
		return
	}
	if x.Expect.Shares != nil {
		checkShares(t, x.Expect.Shares, countAnswers(responses), len(responses))
	}
	if x.Expect.Mirrors != nil {
		s.checkMirrors(t, x.Expect.Mirrors, responses)
	}
	for backend, want := range x.Expect.Copies {
		require.Contains(t, x.Expect.Mirrors, backend, "copies of what is not in mirrors")
		s.checkCopies(t, backend, want, responses)
	}
}

// persist lets the next request continue the session of the first answer, which later ones must come from.
func (x *exchange) persist(t *testing.T, request *envoytest.Request, responses []*envoytest.Response) {
	first, last := responses[0], responses[len(responses)-1]
	require.NotNil(t, last.Received, "no backend answered")
	require.Equal(t, first.Received.Backend, last.Received.Backend, "answer %d of the session", len(responses))
	if len(responses) > 1 {
		return
	}
	name, token := x.Session, first.Headers.Get(x.Session)
	if x.Session == "cookie" {
		token, _, _ = strings.Cut(first.Headers.Get("Set-Cookie"), ";")
	}
	require.NotEmpty(t, token, "a session")
	request.Headers.Set(name, token)
}

// cookieOf is a Set-Cookie header without the value.
func cookieOf(h http.Header) string {
	pair, attributes, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	name, _, _ := strings.Cut(pair, "=")
	return name + ";" + attributes
}

// meets checks one response. What is not written of its outcome is success.
func (e *expectation) meets(t *testing.T, r *envoytest.Response, proto string) bool {
	status := e.Status
	switch {
	case status == 0 && proto == "websocket":
		status = http.StatusSwitchingProtocols
	case status == 0:
		status = http.StatusOK
	}
	ok := assert.Equal(t, status, r.Status, "status")
	if grpcStatus := 0; proto == "grpc" && status == http.StatusOK {
		if e.GRPCStatus != nil {
			grpcStatus = *e.GRPCStatus
		}
		ok = assert.Equal(t, strconv.Itoa(grpcStatus), r.GRPCStatus, "grpcStatus") && ok
	}
	if e.Certificate != "" {
		ok = assert.Equal(t, e.Certificate, r.Certificate, "certificate") && ok
	}
	if e.Requested != nil {
		ok = assert.Equal(t, *e.Requested, r.CertificateRequested, "certificateRequested") && ok
	}
	ok = headersMeet(t, "responseHeaders", e.Response, r.Headers) && ok
	if e.Cookie != "" {
		ok = assert.Equal(t, e.Cookie, cookieOf(r.Headers), "cookie") && ok
	}
	if e.Backend == "none" {
		return assert.Nil(t, r.Received, "a backend answered") && ok
	}
	if !e.namesBackend() {
		return ok
	}
	return assert.NotNil(t, r.Received, "no backend answered") && e.meetsReceived(t, r.Received) && ok
}

func (e *expectation) namesBackend() bool {
	return e.Backend+e.Endpoint+e.SNI+e.Client+e.Proto+e.Method+e.Path+e.Host+e.Body != "" || len(e.Headers) > 0 || e.Attempts > 0
}

func (e *expectation) meetsReceived(t *testing.T, r *envoytest.Received) bool {
	service, endpoint, _ := strings.Cut(r.Backend, " ")
	ok := true
	for _, field := range []struct{ name, want, got string }{
		{"backend", e.Backend, service},
		{"endpoint", e.Endpoint, endpoint},
		{"sni", e.SNI, cmp.Or(r.SNI, "none")},
		{"proto", e.Proto, r.Proto},
		{"method", e.Method, r.Method},
		{"path", e.Path, r.Path},
		{"host", e.Host, r.Host},
		{"body", e.Body, r.Body},
		{"clientCertificate", e.Client, cmp.Or(r.Client, "none")},
	} {
		ok = (field.want == "" || assert.Equal(t, field.want, field.got, field.name)) && ok
	}
	if e.Attempts > 0 {
		ok = assert.Equal(t, e.Attempts, r.Attempt, "attempts") && ok
	}
	return headersMeet(t, "headers", e.Headers, r.Headers) && ok
}

func headersMeet(t *testing.T, what string, want map[string]*string, got http.Header) bool {
	ok := true
	for name, value := range want {
		lines := got.Values(name)
		if value == nil {
			ok = assert.Empty(t, lines, "%s: %s shall be absent", what, name) && ok
			continue
		}
		ok = assert.NotEmpty(t, lines, "%s: %s is absent", what, name) &&
			assert.Equal(t, *value, strings.Join(lines, ","), "%s: %s", what, name) && ok
	}
	return ok
}

// countAnswers counts responses by the Service that gave them, by status where none did, and as error without any.
func countAnswers(responses []*envoytest.Response) map[string]int {
	counts := map[string]int{}
	for _, r := range responses {
		key := "error"
		switch {
		case r == nil:
		case r.Received == nil:
			key = strconv.Itoa(r.Status)
		default:
			key, _, _ = strings.Cut(r.Received.Backend, " ")
		}
		counts[key]++
	}
	return counts
}

// checkShares allows what chance allows, see areShares.
func checkShares(t *testing.T, want map[string]float64, counts map[string]int, n int) {
	t.Helper()
	for key := range counts {
		require.Contains(t, want, key, "nobody expects an answer of this kind")
	}
	require.True(t, areShares(want, counts, n), "shares: want %v percent of %d, got %v", want, n, counts)
}

// areShares allows five standard deviations, which chance exceeds once in a million runs, and none at 0 and 100 percent.
func areShares(percent map[string]float64, counts map[string]int, n int) bool {
	for key := range percent {
		share := percent[key] / 100
		mean, deviation := float64(n)*share, math.Sqrt(float64(n)*share*(1-share))
		if math.Abs(float64(counts[key])-mean) > 5*deviation {
			return false
		}
	}
	return true
}

// checkMirrors waits for the copies, which arrive later than the answers.
func (s *site) checkMirrors(t *testing.T, want map[string]float64, responses []*envoytest.Response) {
	t.Helper()
	var counts map[string]int
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if counts = s.countCopies(t, responses); areShares(want, counts, len(responses)) {
			return
		}
	}
	require.Fail(t, "mirrors", "want copies of %v percent of %d requests, got %v", want, len(responses), counts)
}

// checkCopies holds what a backend received of the requests that another one answered against an expectation.
func (s *site) checkCopies(t *testing.T, backend string, want expectation, responses []*envoytest.Response) {
	t.Helper()
	for _, r := range responses {
		for _, received := range s.backends.Received(r.Received.Headers.Get("X-Request-Id")) {
			if service, _, _ := strings.Cut(received.Backend, " "); service == backend && !want.meetsReceived(t, &received) {
				return
			}
		}
	}
}

// countCopies counts what each backend received of the requests that another one answered.
func (s *site) countCopies(t *testing.T, responses []*envoytest.Response) map[string]int {
	counts := map[string]int{}
	for _, r := range responses {
		require.NotNil(t, r.Received, "no backend answered")
		for _, received := range s.backends.Received(r.Received.Headers.Get("X-Request-Id")) {
			if received.Backend != r.Received.Backend {
				service, _, _ := strings.Cut(received.Backend, " ")
				counts[service]++
			}
		}
	}
	return counts
}
