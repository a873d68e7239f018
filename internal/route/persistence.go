package route

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	statefulsessionv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/stateful_session/v3"
	cookiev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/stateful_session/cookie/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/stateful_session/header/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/type/http/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/filter"
	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// persistence sends the requests of a session to one endpoint (GEP-1619). It is the last filter of the route's own chain;
// nil for a rule without.
type persistence struct{ config *anypb.Any }

func (p *persistence) apply(t *filter.Target) {
	if p != nil {
		t.AddFilter("envoy.filters.http.stateful_session", p.config)
	}
}

// resolvePersistence refuses what a token of Envoy's cannot do: it holds an endpoint, and Envoy reads it after it has drawn
// a backend by weight, so that sessions would break between backends; and it says nothing about its age. Since blocks of
// settings have other names in other releases, problems with them are those of the whole.
func (r *ruleResolver) resolvePersistence(spec *ruleSpec) {
	if spec.persistence == nil {
		return
	}
	p, err := objects.ReadSessionPersistence(spec.persistence)
	if err != nil {
		r.refusePersistence("", err.Error())
		return
	}
	if len(r.rule.backends) > 1 {
		r.refusePersistence("", "needs a rule with one backend: a session cannot persist across several")
	}
	var state *corev3.TypedExtensionConfig
	switch kind := objects.Deref(p.Type, gwv1.CookieBasedSessionPersistence); kind {
	case gwv1.CookieBasedSessionPersistence:
		state = r.cookieState(&p)
	case gwv1.HeaderBasedSessionPersistence:
		state = r.headerState(&p)
	default:
		r.refusePersistence("type", fmt.Sprintf("type %q is not supported", strings.ToValidUTF8(string(kind), "\uFFFD")))
	}
	if state == nil {
		return
	}
	r.rule.persistence = &persistence{envoy.Any(&statefulsessionv3.StatefulSession{SessionState: state})}
}

func (r *ruleResolver) refusePersistence(field, detail string) {
	at := "sessionPersistence"
	if field != "" {
		at += "." + field
	}
	r.drop(status.UnsupportedValue, at, detail)
}

func (r *ruleResolver) cookieState(p *objects.SessionPersistence) *corev3.TypedExtensionConfig {
	if p.Header != nil {
		r.refusePersistence("", "type Cookie has no settings of a header")
	}
	c := cmp.Or(p.Cookie, p.CookieConfig, &objects.SessionCookie{})
	cookie := &httpv3.Cookie{
		Name: cmp.Or(c.Name, p.SessionName, r.sessionName()),
		Path: cmp.Or(c.Path, "/"),
		Ttl:  durationpb.New(0), // until the client ends the session
	}
	if !envoy.Token(cookie.Name) || len(cookie.Name) > 256 {
		r.refusePersistence("", fmt.Sprintf("%q is no name of a cookie", cookie.Name))
	}
	if !cookiePath(cookie.Path) {
		r.refusePersistence("", `the path must be ASCII without control characters or ";", and begin with "/"`)
	}
	switch lifetime := objects.Deref(c.LifetimeType, gwv1.SessionCookieLifetimeType); lifetime {
	case gwv1.SessionCookieLifetimeType:
		r.refuseTimeout(p)
	case gwv1.PermanentCookieLifetimeType:
		d := r.duration("sessionPersistence.absoluteTimeout", p.AbsoluteTimeout)
		switch {
		case p.AbsoluteTimeout == nil, d != nil && *d <= 0:
			r.refusePersistence("absoluteTimeout", "must be longer than 0 for a permanent cookie")
		case d != nil:
			cookie.Ttl = durationpb.New((*d + time.Second - 1).Truncate(time.Second)) // cookies count in seconds
		}
	default:
		r.refusePersistence("", fmt.Sprintf("lifetimeType %q is not supported", strings.ToValidUTF8(string(lifetime), "\uFFFD")))
	}
	return envoy.Extension("envoy.http.stateful_session.cookie", &cookiev3.CookieBasedSessionState{Cookie: cookie})
}

func (r *ruleResolver) headerState(p *objects.SessionPersistence) *corev3.TypedExtensionConfig {
	if p.Cookie != nil || p.CookieConfig != nil {
		r.refusePersistence("", "type Header has no settings of a cookie")
	}
	r.refuseTimeout(p)
	name := cmp.Or(p.SessionName, r.sessionName())
	if p.Header != nil {
		name = cmp.Or(p.Header.Name, name)
	}
	if flaw := filter.HeaderNameFlaw(name); flaw != "" {
		r.refusePersistence("", flaw)
	}
	return envoy.Extension("envoy.http.stateful_session.header", &headerv3.HeaderBasedSessionState{Name: name})
}

func (r *ruleResolver) refuseTimeout(p *objects.SessionPersistence) {
	if p.AbsoluteTimeout != nil {
		r.refusePersistence("absoluteTimeout", "is supported for permanent cookies only")
	}
}

// sessionName is a name of the rule's own, so that sessions of rules do not meet. It stays when other rules come and go if
// the rule has a name itself.
func (r *ruleResolver) sessionName() string {
	from := fmt.Sprintf("%s/%s/%s/%d", r.route.Kind, r.route.Namespace, r.route.Name, r.index)
	if name := r.ruleName(); name != "" {
		from = fmt.Sprintf("%s/%s/%s/rule/%s", r.route.Kind, r.route.Namespace, r.route.Name, name)
	}
	sum := sha256.Sum256([]byte(from))
	return "session-" + hex.EncodeToString(sum[:8])
}

func (r *ruleResolver) ruleName() gwv1.SectionName {
	if r.route.HTTP != nil {
		return objects.Deref(r.route.HTTP.Spec.Rules[r.index].Name, "")
	}
	return objects.Deref(r.route.GRPC.Spec.Rules[r.index].Name, "")
}

// cookiePath reports whether s is an absolute path that fits the attribute of a cookie (RFC 6265, path-value).
func cookiePath(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f || s[i] == ';' {
			return false
		}
	}
	return strings.HasPrefix(s, "/") && len(s) <= 1024
}
