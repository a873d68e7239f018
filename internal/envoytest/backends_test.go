package envoytest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBackendSpeaksEverything(t *testing.T) {
	addr := NewBackends().Start(t, "blue 10.0.0.1:80", nil).String()
	for name, r := range map[string]Request{
		"h1":                 {},
		"h2":                 {Proto: "h2"},
		"grpc":               {Proto: "grpc"},
		"websocket":          {Proto: "websocket"},
		"udp":                {Proto: "udp", Body: "in"},
		"h1 over TLS":        {TLS: true, SNI: "a.example.com"},
		"h2 over TLS":        {TLS: true, SNI: "a.example.com", Proto: "h2"},
		"grpc over TLS":      {TLS: true, SNI: "a.example.com", Proto: "grpc"},
		"websocket over TLS": {TLS: true, SNI: "a.example.com", Proto: "websocket"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Addr, r.Path = addr, "/"
			answer, err := r.Do(t.Context())
			require.NoError(t, err)
			require.NotNil(t, answer.Received)
			require.Equal(t, "blue 10.0.0.1:80", answer.Received.Backend)
			require.Equal(t, r.SNI, answer.Received.SNI)
			require.Equal(t, r.Body, answer.Received.Body)
			want := map[string]string{"": "HTTP/1.1", "websocket": "HTTP/1.1", "h2": "HTTP/2.0", "grpc": "HTTP/2.0", "udp": "UDP"}
			require.Equal(t, want[r.Proto], answer.Received.Proto)
			if r.TLS && r.Proto != "websocket" {
				require.Equal(t, "blue", answer.Certificate)
			}
		})
	}
	_, err := Request{Addr: addr, Path: "/", Headers: http.Header{"X-Echo-Status": {"reset"}}}.Do(t.Context())
	require.Error(t, err)
}
