package evidence

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCopySince(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	require.NoError(t, os.WriteFile(from, []byte(""+
		`{"time":"2026-01-02T03:04:05.6Z","msg":"before"}`+"\n"+
		"its second line\n"+
		`{"time":"2026-01-02T03:04:07.1Z","msg":"after"}`+"\n"+
		"its stack\n"), 0o644))
	require.NoError(t, copySince(from, to, time.Date(2026, 1, 2, 3, 4, 7, 900e6, time.UTC)))
	content, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, `{"time":"2026-01-02T03:04:07.1Z","msg":"after"}`+"\nits stack\n", string(content),
		"the second in which the test began belongs to it")
}
