// How much rubbish may lie about while a feed is served. Most of the heap is a state without pointers that lives for ever: waiting until it has doubled, as
// Go does, would take as much memory again, and collecting after each megabyte would take time where the state is small.

package cli

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	servingRubbish = 256 << 20 // bytes
	leastPercent   = 10
	mostPercent    = 100
)

// keepSmall sets the collector by what is alive, now and then, until ctx ends.
func keepSmall(ctx context.Context) {
	t := time.NewTicker(15 * time.Second)
	defer t.Stop()
	percent := servingGC
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		alive := m.NextGC * 100 / uint64(100+percent)
		if next := rubbishPercent(alive); next != percent {
			percent = next
			debug.SetGCPercent(percent)
		}
	}
}

// rubbishPercent is how much of what is alive may be rubbish beside it.
func rubbishPercent(alive uint64) int {
	return int(min(max(servingRubbish*100/max(alive, 1), leastPercent), mostPercent))
}
