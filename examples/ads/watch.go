package ads

import (
	"context"
	"errors"
	"maps"
	"slices"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// A watch is one stream waiting for news of one type; it ends with the first response. go-control-plane's server opens
// the next one when Envoy has answered, so that no stream has two unanswered responses of a type.
type watch struct {
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

// answer sends what the watch's stream does not know yet of c, and reports whether there was anything to say.
func (w *watch) answer(c config) bool {
	items := c[w.request.GetTypeUrl()]
	r := &response{
		request: w.request,
		message: &discoveryv3.DeltaDiscoveryResponse{TypeUrl: w.request.GetTypeUrl()},
		known:   map[string]string{},
	}
	returned := w.subscription.ReturnedResources()
	wanted := w.subscription.SubscribedResources()
	for _, name := range slices.Sorted(maps.Keys(items)) {
		if _, ok := wanted[name]; !ok && !w.subscription.IsWildcard() {
			continue
		}
		r.known[name] = items[name].GetVersion()
		if returned[name] != r.known[name] {
			r.message.Resources = append(r.message.Resources, items[name].Resource)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(returned)) {
		if _, ok := items[name]; !ok {
			r.message.RemovedResources = append(r.message.RemovedResources, name)
		}
	}
	// Envoy waits for an answer to its first question of a wildcard type, be it that there is nothing.
	first := w.subscription.IsWildcard() && w.request.GetResponseNonce() == ""
	if len(r.message.GetResources())+len(r.message.GetRemovedResources()) == 0 && !first {
		return false
	}
	w.out <- r
	return true
}

// configWatcher is what go-control-plane's server asks for resources.
type configWatcher struct{ *Server }

func (s configWatcher) CreateDeltaWatch(req *cache.DeltaRequest, sub cache.Subscription, out chan cache.DeltaResponse) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(req.GetNode().GetCluster())
	w := &watch{request: req, subscription: sub, out: out}
	if n.sent != nil && w.answer(n.sent) {
		return nil, nil
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
