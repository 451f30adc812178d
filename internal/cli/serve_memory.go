// How much rubbish may lie about while a feed is served. Most of the heap is a state without pointers that lives for ever: waiting until it has doubled, as
// Go does, would take as much memory again, and collecting after each megabyte would take time where the state is small.

package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	servingRubbish = 256 << 20 // bytes
	leastPercent   = 10
	mostPercent    = 100
	// servingIdle are bytes that may be held for nothing beside what is alive and rubbish. Go by itself keeps a tenth of the heap after a moment that took more.
	servingIdle = 64 << 20
	// heldPart of its limit of memory is what Go holds before it gives idle memory back (runtime/mgcscavenge.go, reduceExtraPercent).
	heldPart = .95
)

// bounds of the collector.
type bounds struct {
	percent int   // GOGC
	limit   int64 // GOMEMLIMIT
}

// keepSmall sets the collector by what is alive, now and then, until ctx ends.
func keepSmall(ctx context.Context) {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	var set bounds
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		next := boundsFor(memoryNow())
		if next.percent != set.percent {
			debug.SetGCPercent(next.percent)
		}
		if next.limit > set.limit || next.limit < set.limit-servingIdle/2 { // each setting stops all goroutines for a moment
			debug.SetMemoryLimit(next.limit)
			set.limit = next.limit
		}
		set.percent = next.percent
	}
}

// memoryNow is what the last collection found alive, and what Go holds beside objects, but for what it could give back, in bytes.
func memoryNow() (alive, beside uint64) {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	alive, beside = s[0].Value.Uint64(), s[1].Value.Uint64()
	for _, heap := range s[2:] {
		beside -= min(heap.Value.Uint64(), beside)
	}
	return alive, beside
}

// boundsFor is how much of what is alive may be rubbish beside it, and how much may be held with that before memory goes back to the system.
func boundsFor(alive, beside uint64) bounds {
	percent := min(max(servingRubbish*100/max(alive, 1), leastPercent), mostPercent)
	held := float64(alive+alive*percent/100) + float64(beside) + servingIdle
	return bounds{int(percent), int64(held / heldPart)}
}
