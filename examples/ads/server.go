package ads

import (
	"context"
	"net"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/delta/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"

	"github.com/gatewayxds/gatewayxds/translate"
)

// tick is how often Grace and Patience are looked at while a Gateway has something left to do.
const tick = 200 * time.Millisecond

// Hooks tell a host what happens, for its logs and metrics. They run on the streams' goroutines and must not block. Nil
// hooks are skipped. The gateway is "namespace/name".
type Hooks struct {
	// Sent: one response went to one Envoy. resources counts those added or changed, size is in bytes.
	Sent func(gateway, typeURL string, resources, size int)
	// Refused: Envoy did not accept a response (NACK); reason is its own words. It keeps what it had.
	Refused func(gateway, typeURL, reason string)
}

// Server holds the configuration of every Gateway and serves it. Use [New].
type Server struct {
	hooks Hooks
	kick  chan struct{} // Envoy answered something

	mu      sync.Mutex
	nodes   map[string]*node
	streams map[int64]*stream
}

// New returns a Server that holds nothing yet: an Envoy that connects waits for the first Publish.
func New(hooks Hooks) *Server {
	return &Server{
		hooks:   hooks,
		kick:    make(chan struct{}, 1),
		nodes:   map[string]*node{},
		streams: map[int64]*stream{},
	}
}

// Publish makes gateways the whole of what is served. The Envoys of a Gateway that is no longer among them are emptied.
// It does not wait for any Envoy, and does not keep gateways but the messages inside.
func (s *Server) Publish(gateways []translate.GatewayResources) error {
	want := make(map[string]config, len(gateways))
	for i := range gateways {
		c, err := newConfig(&gateways[i])
		if err != nil {
			return err
		}
		want[gateways[i].Gateway.String()] = c
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range want {
		s.node(name)
	}
	now := time.Now()
	for name, n := range s.nodes {
		n.want = want[name]
		s.advance(name, n, now)
	}
	return nil
}

// Serve answers Envoys on l until ctx ends, then closes their streams and returns.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(64<<20), // an Envoy that reconnects lists all that it holds
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, &service{delta: delta.NewServer(ctx, configWatcher{s}, serverv3.CallbackFuncs{
		DeltaStreamOpenFunc:     s.opened,
		DeltaStreamClosedFunc:   s.closed,
		StreamDeltaRequestFunc:  s.received,
		StreamDeltaResponseFunc: s.sending,
	})})
	go func() {
		s.run(ctx)
		server.GracefulStop() // ctx has ended the streams
	}()
	return server.Serve(l)
}

// service is ADS without its state-of-the-world half: that cannot say what has been answered resource by resource.
type service struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	delta delta.Server
}

func (s *service) DeltaAggregatedResources(str discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	return s.delta.DeltaStreamHandler(str, resource.AnyType)
}

// run takes the Gateways that have something left to do further, whenever Envoy answers or time has passed.
func (s *Server) run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-ticker.C:
		}
		s.mu.Lock()
		for name, n := range s.nodes {
			if n.busy {
				s.advance(name, n, time.Now())
			}
		}
		s.mu.Unlock()
	}
}

// node returns the state of a Gateway, be it only that an Envoy waits for it. The caller holds mu.
func (s *Server) node(name string) *node {
	n := s.nodes[name]
	if n == nil {
		n = &node{watches: map[*watch]struct{}{}}
		s.nodes[name] = n
	}
	return n
}

// advance makes the offer of a Gateway what it shall be now, and tells its Envoys. The caller holds mu.
func (s *Server) advance(name string, n *node, now time.Time) {
	connected := false
	for _, st := range s.streams {
		connected = connected || st.gateway == name
	}
	if n.want == nil && !connected {
		delete(s.nodes, name)
		return
	}
	n.step(now)
	for _, t := range order {
		for w := range n.watches {
			if w.request.GetTypeUrl() != t {
				continue
			}
			sent, kept := w.answer(n.offer, now)
			if sent {
				delete(n.watches, w)
			}
			n.busy = n.busy || kept
		}
	}
}

func (s *Server) opened(_ context.Context, id int64, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[id] = newStream()
	return nil
}

func (s *Server) closed(id int64, _ *corev3.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, id)
	s.wake()
}

func (s *Server) received(id int64, req *discoveryv3.DeltaDiscoveryRequest) error {
	s.mu.Lock()
	st := s.streams[id]
	answered := st.receive(req)
	gateway := st.gateway
	s.mu.Unlock()

	if reason := req.GetErrorDetail(); reason != nil && s.hooks.Refused != nil {
		s.hooks.Refused(gateway, req.GetTypeUrl(), reason.GetMessage())
	}
	if answered {
		s.wake()
	}
	return nil
}

func (s *Server) sending(id int64, _ *discoveryv3.DeltaDiscoveryRequest, resp *discoveryv3.DeltaDiscoveryResponse) {
	s.mu.Lock()
	st := s.streams[id]
	st.send(resp)
	gateway := st.gateway
	s.mu.Unlock()

	if s.hooks.Sent != nil {
		s.hooks.Sent(gateway, resp.GetTypeUrl(), len(resp.GetResources()), proto.Size(resp))
	}
}

func (s *Server) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}
