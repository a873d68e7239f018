package ads

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// A watch is one stream waiting for news of one type; it ends with the first response. go-control-plane's server opens
// the next one when Envoy has answered, so that no stream has two unanswered responses of a type.
type watch struct {
	stream       *stream
	request      *cache.DeltaRequest
	subscription cache.Subscription
	out          chan cache.DeltaResponse // has room for a response of every type
}

// response is the change of one type for one stream.
type response struct {
	request *cache.DeltaRequest
	message *discoveryv3.DeltaDiscoveryResponse
	known   map[string]string // what the stream knows afterwards: name → version
}

func (r *response) GetDeltaDiscoveryResponse() (*discoveryv3.DeltaDiscoveryResponse, error) {
	return r.message, nil
}
func (r *response) GetDeltaRequest() *discoveryv3.DeltaDiscoveryRequest { return r.request }
func (r *response) GetSystemVersion() (string, error)                   { return "", nil }
func (r *response) GetResponseVersion() string                          { return "" }
func (r *response) GetNextVersionMap() map[string]string                { return r.known }
func (r *response) GetReturnedResources() map[string]string             { return r.known }
func (r *response) GetContext() context.Context                         { return context.Background() }

// answer sends what the stream does not know yet of c and may know now. It reports whether it sent anything, and whether
// it kept something back for later.
func (w *watch) answer(c config, now time.Time) (sent, kept bool) {
	t := w.request.GetTypeUrl()
	if slices.Contains(naming, t) && !w.stream.mayName(c, now) {
		return false, true
	}
	r := &response{
		request: w.request,
		message: &discoveryv3.DeltaDiscoveryResponse{TypeUrl: t},
		known:   map[string]string{},
	}
	returned := w.subscription.ReturnedResources()
	wanted := w.subscription.SubscribedResources()
	for _, name := range slices.Sorted(maps.Keys(c[t])) {
		if _, ok := wanted[name]; !ok && !w.subscription.IsWildcard() {
			continue
		}
		r.known[name] = c[t][name].GetVersion()
		if returned[name] != r.known[name] {
			r.message.Resources = append(r.message.Resources, c[t][name].Resource)
		}
	}
	keep := slices.Contains(named, t) && !w.stream.mayLose(c)
	for _, name := range slices.Sorted(maps.Keys(returned)) {
		if _, ok := c[t][name]; ok {
			continue
		}
		if keep {
			r.known[name], kept = returned[name], true
		} else {
			r.message.RemovedResources = append(r.message.RemovedResources, name)
		}
	}
	// Envoy waits for an answer to its first question of a wildcard type, be it that there is nothing.
	first := w.subscription.IsWildcard() && w.request.GetResponseNonce() == ""
	if len(r.message.GetResources())+len(r.message.GetRemovedResources()) == 0 && !first {
		return false, kept
	}
	w.out <- r
	return true, kept
}

// configWatcher is what go-control-plane's server asks for resources.
type configWatcher struct{ *Server }

func (s configWatcher) CreateDeltaWatch(req *cache.DeltaRequest, sub cache.Subscription, out chan cache.DeltaResponse) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &watch{request: req, subscription: sub, out: out}
	for _, st := range s.streams {
		if st.request == req { // received just before, by the same goroutine
			w.stream = st
		}
	}
	if w.stream == nil {
		return nil, errors.New("ads: a request of no stream")
	}
	n := s.node(w.stream.gateway)
	if n.offer != nil {
		sent, kept := w.answer(n.offer, time.Now())
		n.busy = n.busy || kept
		if sent {
			return nil, nil
		}
	}
	n.watches[w] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(n.watches, w)
	}, nil
}

func (s configWatcher) CreateWatch(*cache.Request, cache.Subscription, chan cache.Response) (func(), error) {
	return nil, errors.New("ads: only the delta protocol is served")
}
