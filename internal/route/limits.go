package route

import (
	"fmt"
	"math"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// limits are the timeouts and retries of a rule (GEP-1742, GEP-1731).
type limits struct {
	request *time.Duration
	backend *time.Duration
	retry   *retry
	// streams: no limit of Envoy's own choosing, since a stream may be long and silent.
	streams bool
}

type retry struct {
	attempts uint32
	codes    []uint32
	backoff  time.Duration // 0: Envoy's
}

const (
	// Envoy ends streams that are silent for longer, unless told otherwise.
	idleTimeout = 5 * time.Minute
	// How many times in a row Envoy may draw an endpoint that it has tried already.
	hostAttempts = 5
)

func (r *ruleResolver) resolveLimits(spec *ruleSpec) {
	if l := r.limitsOf(spec); l != (limits{}) {
		r.rule.limits = new(l)
	}
}

func (r *ruleResolver) limitsOf(spec *ruleSpec) limits {
	l := limits{streams: spec.grpc != nil}
	for i := range r.rule.backends {
		if b := r.rule.backends[i].backend; b != nil && b.Upgrades {
			l.streams = true
		}
	}
	if spec.http == nil {
		return l
	}
	if t := spec.http.Timeouts; t != nil {
		l.request = r.duration("timeouts.request", t.Request)
		l.backend = r.duration("timeouts.backendRequest", t.BackendRequest)
		if l.request != nil && l.backend != nil && *l.request > 0 && *l.backend > *l.request {
			r.drop(status.UnsupportedValue, "timeouts.backendRequest", "is longer than timeouts.request")
		}
	}
	if spec.http.Retry != nil {
		l.retry = r.resolveRetry(spec.http.Retry)
	}
	return l
}

func (r *ruleResolver) resolveRetry(spec *gwv1.HTTPRouteRetry) *retry {
	attempts := objects.Deref(spec.Attempts, 1)
	if attempts < 0 || attempts > math.MaxInt32 {
		r.drop(status.UnsupportedValue, "retry.attempts", fmt.Sprintf("%d is no number of attempts", attempts))
		return nil
	}
	out := &retry{attempts: uint32(attempts)}
	for i, code := range spec.Codes {
		if code < 400 || code > 599 {
			r.drop(status.UnsupportedValue, fmt.Sprintf("retry.codes[%d]", i), fmt.Sprintf("%d is no error", code))
			continue
		}
		out.codes = append(out.codes, uint32(code))
	}
	if d := r.duration("retry.backoff", spec.Backoff); d != nil {
		out.backoff = max(*d, time.Millisecond)
	}
	if attempts == 0 {
		return nil
	}
	return out
}

// duration parses a duration of GEP-2257: one to four numbers of up to five digits with the units h, m, s and ms.
func (r *ruleResolver) duration(field string, d *gwv1.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	parsed, ok := parseDuration(string(*d))
	if !ok {
		r.drop(status.UnsupportedValue, field, fmt.Sprintf("%q is no duration such as 500ms or 1m30s", strings.ToValidUTF8(string(*d), "\uFFFD")))
		return nil
	}
	return &parsed
}

func parseDuration(s string) (time.Duration, bool) {
	for i, parts := 0, 0; i < len(s); parts++ {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if digits := i - start; digits < 1 || digits > 5 || parts == 4 || i == len(s) {
			return 0, false
		}
		switch {
		case s[i] == 'm' && i+1 < len(s) && s[i+1] == 's':
			i += 2
		case s[i] == 'h' || s[i] == 'm' || s[i] == 's':
			i++
		default:
			return 0, false
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// apply writes timeouts and retries. Without any, Envoy's 15 seconds hold for a request that is no stream.
func (l *limits) apply(a *routev3.RouteAction) {
	if l == nil {
		return
	}
	var timeout *time.Duration
	zero := time.Duration(0)
	switch {
	case l.request != nil && l.backend != nil && l.retry == nil:
		timeout = l.request
		if *l.backend > 0 && (*l.request == 0 || *l.backend < *l.request) {
			timeout = l.backend
		}
	case l.request != nil:
		timeout = l.request
	case l.backend != nil && l.retry == nil:
		timeout = l.backend
	case l.backend != nil || l.streams:
		timeout = &zero
	}
	if timeout != nil {
		a.Timeout = durationpb.New(*timeout)
		if *timeout == 0 || *timeout > idleTimeout || l.streams {
			a.IdleTimeout = durationpb.New(0)
		}
	}
	if l.retry != nil {
		a.RetryPolicy = l.retry.policy(l.backend)
	}
}

// policy retries what never reached a backend and the listed codes, and no other error: the user chose the codes.
func (t *retry) policy(perTry *time.Duration) *routev3.RetryPolicy {
	p := &routev3.RetryPolicy{
		RetryOn:    "connect-failure,refused-stream",
		NumRetries: envoy.Uint32(t.attempts),
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: envoy.Any(&previoushostsv3.PreviousHostsPredicate{}),
			},
		}},
		HostSelectionRetryMaxAttempts: hostAttempts,
	}
	if len(t.codes) > 0 {
		p.RetryOn += ",retriable-status-codes"
		p.RetriableStatusCodes = t.codes
	}
	if perTry != nil && *perTry > 0 {
		p.RetryOn += ",reset" // what Envoy books a try that took too long as
		p.PerTryTimeout = durationpb.New(*perTry)
	}
	if t.backoff > 0 {
		p.RetryBackOff = &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: durationpb.New(t.backoff),
			MaxInterval:  durationpb.New(10 * t.backoff),
		}
	}
	return p
}
