package ads

import (
	"maps"
	"slices"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

const (
	// Patience is how long listeners and routes wait for an Envoy that does not answer.
	Patience = 5 * time.Second
	// Grace is how long a cluster outlives the last route that names it: requests on connections of a draining listener
	// may still be on their way to it.
	Grace = 10 * time.Second
)

var (
	// named resources are mentioned by others: they are added before those and removed after.
	named = []resource.Type{resource.ClusterType, resource.EndpointType, resource.SecretType}
	// naming resources mention others.
	naming = []resource.Type{resource.ListenerType, resource.RouteType}
	// order is that in which a change is sent.
	order = slices.Concat(named, naming)
	// awaited are the named types that Envoy asks for before anything mentions them.
	awaited = []resource.Type{resource.ClusterType, resource.EndpointType}
)

// node is one Gateway: what its Envoys shall have, and what they are offered.
type node struct {
	want    config              // nil: no such Gateway
	offer   config              // want, and what was wanted until lately; nil until the first Publish
	watches map[*watch]struct{} // of all its Envoys
	busy    bool                // time or an answer will change what is offered or sent
}

// step makes the offer what it shall be now.
func (n *node) step(now time.Time) {
	next := config{}
	for _, t := range order {
		next[t] = map[string]item{}
		maps.Copy(next[t], n.want[t])
	}
	n.busy = false
	for _, t := range named {
		for name, it := range n.offer[t] {
			if _, wanted := n.want[t][name]; wanted {
				continue
			}
			if it.unwanted.IsZero() {
				it.unwanted = now
			}
			if now.Before(it.unwanted.Add(Grace)) {
				next[t][name] = it
				n.busy = true
			}
		}
	}
	n.offer = next
}

// stream is one connected Envoy, as far as it has told us.
type stream struct {
	gateway  string
	request  *discoveryv3.DeltaDiscoveryRequest             // the last one
	answered map[resource.Type]map[string]string            // name → version that it has accepted or refused
	refused  map[resource.Type]bool                         // its last answer was a refusal
	pending  map[string]*discoveryv3.DeltaDiscoveryResponse // by nonce; without the resources themselves
	waiting  time.Time                                      // since when listeners and routes are held back; zero when they are not
}

func newStream() *stream {
	return &stream{
		answered: map[resource.Type]map[string]string{},
		refused:  map[resource.Type]bool{},
		pending:  map[string]*discoveryv3.DeltaDiscoveryResponse{},
	}
}

// send notes a response that Envoy will answer.
func (st *stream) send(resp *discoveryv3.DeltaDiscoveryResponse) {
	note := &discoveryv3.DeltaDiscoveryResponse{RemovedResources: resp.GetRemovedResources()}
	for _, r := range resp.GetResources() {
		note.Resources = append(note.Resources, &discoveryv3.Resource{Name: r.GetName(), Version: r.GetVersion()})
	}
	st.pending[resp.GetNonce()] = note
}

// receive takes what a request says and reports whether that changes what Envoy has answered.
func (st *stream) receive(req *discoveryv3.DeltaDiscoveryRequest) bool {
	st.request = req
	if cluster := req.GetNode().GetCluster(); cluster != "" { // only the first request of a stream names the node
		st.gateway = cluster
	}
	t := req.GetTypeUrl()
	first := st.answered[t] == nil
	if first {
		st.answered[t] = map[string]string{}
		maps.Copy(st.answered[t], req.GetInitialResourceVersions()) // of an Envoy that was connected before
	}
	note, ok := st.pending[req.GetResponseNonce()]
	if !ok {
		return first
	}
	delete(st.pending, req.GetResponseNonce())
	st.refused[t] = req.GetErrorDetail() != nil
	for _, r := range note.GetResources() {
		st.answered[t][r.GetName()] = r.GetVersion()
	}
	for _, name := range note.GetRemovedResources() {
		delete(st.answered[t], name)
	}
	return true
}

// has reports whether Envoy has answered all of these types in c.
func (st *stream) has(c config, kinds []resource.Type) bool {
	for _, t := range kinds {
		for name, it := range c[t] {
			if st.answered[t][name] != it.GetVersion() {
				return false
			}
		}
	}
	return true
}

// mayName reports whether Envoy may be told resources that name those of c: it has answered them, or taken too long.
func (st *stream) mayName(c config, now time.Time) bool {
	switch {
	case st.has(c, awaited):
		st.waiting = time.Time{}
		return true
	case st.waiting.IsZero():
		st.waiting = now
	}
	return !now.Before(st.waiting.Add(Patience))
}

// mayLose reports whether Envoy may be told to remove what c does not have: it runs the routes of c, which do not name it.
func (st *stream) mayLose(c config) bool {
	return st.has(c, naming) && !st.refused[resource.ListenerType] && !st.refused[resource.RouteType]
}
