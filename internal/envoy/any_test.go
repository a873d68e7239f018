package envoy

import (
	"testing"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/stretchr/testify/require"
)

// TestAnyFailsClosed: what cannot be marshalled is unreadable, not empty.
func TestAnyFailsClosed(t *testing.T) {
	packed := Any(&tlsv3.UpstreamTlsContext{Sni: "\xff"})
	require.Equal(t, "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", packed.TypeUrl)
	_, err := packed.UnmarshalNew()
	require.Error(t, err)
}
