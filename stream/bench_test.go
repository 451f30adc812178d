package stream

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
)

func benchPage(k int64) Event {
	e := Event{ID: "page-" + strconv.FormatInt(k, 10), Kind: Served, AtMS: 1_700_000_000_000, User: "user-123456", Request: "r-" + strconv.FormatInt(k, 10), Page: &Page{Model: "v1", Columns: 2}}
	for c := range 20 {
		e.Page.Cards = append(e.Page.Cards, ServedCard{Item: fmt.Sprintf("card-%06d", c), Score: .123456789, Propensity: .9, By: "popular"})
	}
	return e
}

func benchClick(k int64) Event {
	slot := 3
	return Event{ID: "click-" + strconv.FormatInt(k, 10), Kind: Click, AtMS: 1_700_000_000_000, User: "user-123456", Item: "card-123456", Request: "r-" + strconv.FormatInt(k, 10), Slot: &slot}
}

// BenchmarkAppend is of durable events: ns/op is of an Append of so many events, by so many callers at once.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		callers, batch int
		kind           string
		make           func(int64) Event
	}{{1, 1, "click", benchClick}, {64, 1, "click", benchClick}, {1, 100, "click", benchClick}, {4, 100, "click", benchClick}, {1, 1000, "click", benchClick}, {4, 100, "page of 20", benchPage}} {
		b.Run(fmt.Sprintf("callers=%d/batch=%d/%s", c.callers, c.batch, c.kind), func(b *testing.B) {
			ctx := context.Background()
			l, err := Open(ctx, Config{Dir: b.TempDir(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close(ctx)
			var n atomic.Int64
			b.SetParallelism((c.callers + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					events := make([]Event, c.batch)
					for k := range events {
						events[k] = c.make(n.Add(1))
					}
					if _, err := l.Append(ctx, events); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N*c.batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
