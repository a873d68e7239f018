package traffic

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOK(t *testing.T) {
	check := OK("a", "b")
	for complaint, answer := range map[string]Answer{
		"":                {Status: 200, Service: "b"},
		"lost":            {Err: errors.New("reset")},
		"status 503":      {Status: 503},
		`answered by "c"`: {Status: 200, Service: "c"},
	} {
		require.Equal(t, complaint, strings.SplitN(check(0, answer), "\n", 2)[0])
	}
}

// TestLoad: every request is counted, lost ones too.
func TestLoad(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch served.Add(1) % 3 {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(`{"service":"a"}`))
		}
	}))
	defer server.Close()
	load := Start(server.Listener.Addr().String(), "http://any.example/", 2, OK("a"))
	require.Eventually(t, func() bool { return load.So().Total > 30 }, time.Minute, time.Millisecond)
	sum := load.Stop()
	require.Equal(t, sum.Total, sum.ByOutcome["200"]+sum.ByOutcome["503"]+sum.ByOutcome["error"])
	require.Equal(t, sum.WrongCount, sum.ByOutcome["503"]+sum.ByOutcome["error"])
	require.Positive(t, sum.ByOutcome["200"])
	require.Positive(t, sum.ByOutcome["503"])
	require.Positive(t, sum.ByOutcome["error"])
	require.Len(t, sum.Wrong, examples)
}
