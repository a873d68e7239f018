package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gatewayxds/gatewayxds/examples/internal/manifests"
)

// interval is how often the directory is looked at. Polling sees what file notifications miss: mounted volumes, symbolic
// links, editors that rename.
const interval = 100 * time.Millisecond

// follow sends for the first look at dir and for each change of a file in it, once the files have held still for an
// interval: whoever writes a file in several steps is not read in between.
func follow(ctx context.Context, dir string) <-chan struct{} {
	changes := make(chan struct{})
	go func() {
		var seen, settled string
		for {
			now := fingerprint(dir)
			if now == seen && now != settled {
				select {
				case changes <- struct{}{}:
				case <-ctx.Done():
					return
				}
				settled = now
			}
			seen = now
			select {
			case <-ctx.Done():
				return
			case <-time.After(interval):
			}
		}
	}()
	return changes
}

// fingerprint changes with the names, sizes and times of the files, and is never empty.
func fingerprint(dir string) string {
	var b strings.Builder
	names, err := manifests.Files(dir)
	fmt.Fprintln(&b, err)
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
