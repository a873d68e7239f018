package filter

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllBut(t *testing.T) {
	pattern := regexp.MustCompile("^(?:" + allBut(map[string]bool{"te": true, "test": true, "keep-alive": true, "k": true}) + ")$")
	for _, name := range []string{"t", "tes", "testy", "tee", "x", "ke", "keep", "keep-", "keep-aliv", "keep-alives", "keepalive", "x-te", "x:"} {
		require.True(t, pattern.MatchString(name), name)
	}
	for _, name := range []string{"te", "test", "keep-alive", "k", ":status", ":"} {
		require.False(t, pattern.MatchString(name), name)
	}
	require.True(t, regexp.MustCompile("^(?:"+allBut(nil)+")$").MatchString("any"))
}
