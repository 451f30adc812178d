package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestRestart has the embedded server started anew while events are appended and read, as after a write that failed: callers are refused or served, readers are told
// that the log does not answer or get what there is, and every acknowledged event is there once.
func TestRestart(t *testing.T) {
	leaves(t)
	ctx := context.Background()
	cfg := Config{Dir: t.TempDir()}
	l, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	stop := make(chan struct{})
	acked := make([]map[string]uint64, 3)
	for c := range acked {
		acked[c] = map[string]uint64{}
		all.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				a, b := fmt.Sprint(c, "-", k, "a"), fmt.Sprint(c, "-", k, "b")
				switch seqs, err := l.Append(ctx, clicks(a, b)); {
				case err == nil:
					acked[c][a], acked[c][b] = seqs[0], seqs[1]
				case errors.Is(err, ErrRefused):
					time.Sleep(time.Millisecond)
				default:
					t.Errorf("%s: %v", a, err)
				}
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			var away *unavailableError
			if _, err := read(l, 0, 0); err != nil && !errors.As(err, &away) {
				t.Errorf("reading: %v", err)
			}
		}
	})
	for range 3 {
		was := l.conn.Load()
		was.nc.Close() // the write that is under way fails
		for tries := 0; l.conn.Load() == was || l.Status().Refusing != nil; tries++ {
			if tries == 3000 {
				t.Fatalf("not started anew; refusing: %v", l.Status().Refusing)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	close(stop)
	all.Wait()
	closed(t, l)
	if l, err = Open(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	there := map[string]uint64{}
	if err := l.Read(ctx, 0, 0, func(events []Stored) error {
		for _, e := range events {
			if before, twice := there[e.ID]; twice {
				t.Errorf("%s is there twice: %d and %d", e.ID, before, e.Seq)
			}
			there[e.ID] = e.Seq
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, own := range acked {
		for id, seq := range own {
			if there[id] != seq {
				t.Errorf("%s was acknowledged with seq %d and is at %d", id, seq, there[id])
			}
		}
	}
	closed(t, l)
}
