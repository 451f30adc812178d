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
	t := time.NewTimer(startingTime)
	defer t.Stop()
	var set bounds
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			t.Reset(time.Second)
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

// memory is what Go holds, in bytes.
type memory struct {
	alive  uint64 // as the last collection found it
	heap   uint64 // objects, alive or not
	beside uint64 // beside them, but for what could be given back
}

func memoryNow() memory {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	m := memory{alive: s[0].Value.Uint64(), heap: s[1].Value.Uint64(), beside: s[2].Value.Uint64()}
	for _, other := range []uint64{m.heap, s[3].Value.Uint64(), s[4].Value.Uint64()} {
		m.beside -= min(other, m.beside)
	}
	return m
}

// boundsFor is how much of what is alive may be rubbish beside it, and how much may be held with that before memory goes back to the system. A heap that has grown
// beyond that is one whose last collection was before: what of it is alive the next will tell, and until then a limit below it would have one after the other.
func boundsFor(m memory) bounds {
	percent := min(max(servingRubbish*100/max(m.alive, 1), leastPercent), mostPercent)
	held := m.alive + m.alive*percent/100
	if m.heap > held {
		held = m.heap + servingRubbish
	}
	return bounds{int(percent), int64(float64(held+m.beside+servingIdle) / heldPart)}
}
