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

// node is one Gateway: what its Envoys shall have, and what they have been sent.
type node struct {
	watches map[*watch]struct{} // of all its Envoys
	want    config              // nil: no such Gateway
	sent    config              // nil: nothing was ever sent, not even an empty configuration
	waiting time.Time           // since when listeners and routes have been held back; zero when they are not
	busy    bool                // there is something left to do: sent is not yet want
}

// step returns what to send now, and sets busy and waiting. streams are the connected Envoys of this Gateway.
func (n *node) step(streams []*stream, now time.Time) config {
	next := config{}
	for _, t := range named {
		next[t] = map[string]item{}
		maps.Copy(next[t], n.want[t])
	}

	hold := n.sent != nil && !n.answered(awaited, streams)
	switch {
	case !hold:
		n.waiting = time.Time{}
	case n.waiting.IsZero():
		n.waiting = now
	default:
		hold = now.Before(n.waiting.Add(Patience))
	}
	from := n.want
	if hold {
		from = n.sent
	}
	for _, t := range naming {
		next[t] = from[t]
	}

	n.busy = hold
	release := !hold && n.answered(naming, streams) && !refusing(streams)
	for _, t := range named {
		for name, it := range n.sent[t] {
			if _, wanted := n.want[t][name]; wanted {
				continue
			}
			if it.unwanted.IsZero() {
				it.unwanted = now
			}
			if release && !now.Before(it.unwanted.Add(Grace)) {
				continue
			}
			next[t][name] = it
			n.busy = true
		}
	}
	return next
}

// answered reports whether every stream has answered all that is wanted of these types, by accepting or refusing it.
func (n *node) answered(kinds []resource.Type, streams []*stream) bool {
	for _, st := range streams {
		for _, t := range kinds {
			for name, it := range n.want[t] {
				if st.answered[t][name] != it.GetVersion() {
					return false
				}
			}
		}
	}
	return true
}

// refusing reports whether some Envoy refused the last listeners or routes that it got, and so runs older ones.
func refusing(streams []*stream) bool {
	for _, st := range streams {
		for _, t := range naming {
			if st.refused[t] {
				return true
			}
		}
	}
	return false
}

// stream is what one connected Envoy has told us.
type stream struct {
	gateway  string
	answered map[resource.Type]map[string]string            // name → version
	refused  map[resource.Type]bool                         // its last answer was a refusal
	pending  map[string]*discoveryv3.DeltaDiscoveryResponse // by nonce; without the resources themselves
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
	if cluster := req.GetNode().GetCluster(); cluster != "" { // only the first request of a stream names the node
		st.gateway = cluster
	}
	t := req.GetTypeUrl()
	if st.answered[t] == nil {
		st.answered[t] = map[string]string{}
		maps.Copy(st.answered[t], req.GetInitialResourceVersions()) // of an Envoy that was connected before
	}
	note, ok := st.pending[req.GetResponseNonce()]
	if !ok {
		return false
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
