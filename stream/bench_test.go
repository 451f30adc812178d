package stream

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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

// filled is a directory with a log of so many clicks, in groups of 1,000, that was closed.
func filled(b *testing.B, events int) Config {
	b.Helper()
	cfg := Config{Dir: b.TempDir()}
	l, err := Open(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	for k := 0; k < events; k += MaxGroup {
		batch := make([]Event, MaxGroup)
		for n := range batch {
			batch[n] = benchClick(int64(k + n))
		}
		if _, err := l.Append(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	return cfg
}

// BenchmarkOpen is from start to ready, the files checked: closed before; as after a crash, when the server reads its files anew; and without the ids'
// files, when the ids are read from the log.
func BenchmarkOpen(b *testing.B) {
	const events = 1_000_000
	cfg := filled(b, events)
	for _, c := range []struct {
		name string
		gone string
	}{{"closed", ""}, {"crashed", filepath.Join(blocksDir(cfg.Dir, DefaultName), "index.db")}, {"no id files", filepath.Join(cfg.Dir, "ids")}} {
		b.Run(fmt.Sprintf("events=%d/%s", events, c.name), func(b *testing.B) {
			for range b.N {
				if c.gone != "" {
					os.RemoveAll(c.gone)
				}
				l, err := Open(context.Background(), cfg)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s := l.Status()
				if err := l.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(s.Bytes)/1e6, "MB")
				b.StartTimer()
			}
		})
	}
}

// BenchmarkRead is of all of a log; ns/op is of one event.
func BenchmarkRead(b *testing.B) {
	const events = 200_000
	l, err := Open(context.Background(), filled(b, events))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(context.Background())
	b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
		n := 0
		for n < b.N {
			if err := l.Read(context.Background(), 0, 0, func(events []Stored) error {
				n += len(events)
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	})
}
