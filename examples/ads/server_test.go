package ads

import (
	"context"
	"net"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/gatewayxds/gatewayxds/translate"
)

type stub = discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient

// serve starts s and returns a way to open streams to it.
func serve(t *testing.T, s *Server) func() stub {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, conn.Close())
	})
	return func() stub {
		str, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
		require.NoError(t, err)
		return str
	}
}

// ask sends req as an Envoy of the Gateway and returns the answer.
func ask(t *testing.T, str stub, req *discoveryv3.DeltaDiscoveryRequest) *discoveryv3.DeltaDiscoveryResponse {
	t.Helper()
	req.Node = &corev3.Node{Id: "pod", Cluster: gateway.String()}
	require.NoError(t, str.Send(req))
	resp, err := str.Recv()
	require.NoError(t, err)
	require.Equal(t, req.GetTypeUrl(), resp.GetTypeUrl())
	return resp
}

func names(resp *discoveryv3.DeltaDiscoveryResponse) []string {
	var out []string
	for _, r := range resp.GetResources() {
		out = append(out, r.GetName())
	}
	return out
}

// accept sends the ACK of a response.
func accept(t *testing.T, str stub, resp *discoveryv3.DeltaDiscoveryResponse) {
	t.Helper()
	require.NoError(t, str.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce()}))
}

// load gets clusters and endpoints onto a new stream, as Envoy does before anything else.
func load(t *testing.T, str stub, known map[string]string) (clusters *discoveryv3.DeltaDiscoveryResponse) {
	t.Helper()
	clusters = ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.ClusterType, InitialResourceVersions: known})
	accept(t, str, clusters)
	accept(t, str, ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.EndpointType, ResourceNamesSubscribe: []string{"svc"}}))
	return clusters
}

func TestReconnectGetsOnlyWhatChanged(t *testing.T) {
	s := New(Hooks{})
	open := serve(t, s)
	require.NoError(t, s.Publish([]translate.GatewayResources{resources("a", "b")}))
	first := load(t, open(), nil)
	require.Equal(t, []string{"a", "b"}, names(first))

	known := map[string]string{"gone": "1"}
	for _, r := range first.GetResources() {
		known[r.GetName()] = r.GetVersion()
	}
	known["b"] = "an older one"
	str := open()
	again := load(t, str, known)
	require.Equal(t, []string{"b"}, names(again))
	require.Empty(t, again.GetRemovedResources(), "Envoy may still run routes that name it")

	accept(t, str, ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.ListenerType}))
	accept(t, str, ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.RouteType, ResourceNamesSubscribe: []string{"r"}}))
	last, err := str.Recv()
	require.NoError(t, err)
	require.Equal(t, resource.ClusterType, last.GetTypeUrl())
	require.Equal(t, []string{"gone"}, last.GetRemovedResources())
}

func TestGatewayThatIsGoneIsEmptied(t *testing.T) {
	s := New(Hooks{})
	open := serve(t, s)
	require.NoError(t, s.Publish([]translate.GatewayResources{resources("a")}))
	str := open()
	load(t, str, nil)
	first := ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.ListenerType})
	require.Equal(t, []string{"l"}, names(first))

	require.NoError(t, s.Publish(nil))
	resp := ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.ListenerType, ResponseNonce: first.GetNonce()})
	require.Equal(t, []string{"l"}, resp.GetRemovedResources())
}

func TestRefusalReachesTheHost(t *testing.T) {
	refused := make(chan string, 1)
	s := New(Hooks{Refused: func(gateway, typeURL, reason string) { refused <- gateway + " " + typeURL + " " + reason }})
	str := serve(t, s)()
	require.NoError(t, s.Publish([]translate.GatewayResources{resources("a")}))
	load(t, str, nil)
	resp := ask(t, str, &discoveryv3.DeltaDiscoveryRequest{TypeUrl: resource.RouteType, ResourceNamesSubscribe: []string{"r"}})
	require.NoError(t, str.Send(&discoveryv3.DeltaDiscoveryRequest{
		TypeUrl: resource.RouteType, ResponseNonce: resp.GetNonce(), ErrorDetail: &status.Status{Message: "bad regex"},
	}))
	select {
	case got := <-refused:
		require.Equal(t, "infra/web "+resource.RouteType+" bad regex", got)
	case <-time.After(10 * time.Second):
		t.Fatal("no refusal")
	}
}

func TestStateOfTheWorldIsNotServed(t *testing.T) {
	s := New(Hooks{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = s.Serve(ctx, l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	str, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	require.NoError(t, err)
	_, err = str.Recv()
	require.ErrorContains(t, err, "Unimplemented")
}
