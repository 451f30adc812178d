// Pages that were served, on their way into the event log. A page does not wait for that: its event is handed over and written with others, so that a
// crash can lose the last ten milliseconds of served pages, never an event that a client sent and saw acknowledged.

package server

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/stream"
)

const (
	journalRoom  = 8192 // pages waiting; some 2 KB each
	journalBatch = 200
	// journalGather is how long a page waits for others: a write of one costs as much as a write of many, and syncs that others wait for.
	journalGather = 10 * time.Millisecond
)

// appender is the event log.
type appender interface {
	Append(ctx context.Context, events []stream.Event) ([]uint64, error)
}

// journal writes served pages.
type journal struct {
	log     appender
	logger  *slog.Logger
	waiting chan stream.Event
	lost    atomic.Uint64 // pages that found no room, or were refused
	wg      sync.WaitGroup
	mu      sync.RWMutex // of closed
	closed  bool
}

func newJournal(log appender, logger *slog.Logger) *journal {
	j := &journal{log: log, logger: logger, waiting: make(chan stream.Event, journalRoom)}
	j.wg.Go(j.write)
	return j
}

// add hands over a page. Where there is no room it is counted as lost: pages go on.
func (j *journal) add(e stream.Event) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		j.lost.Add(1)
		return
	}
	select {
	case j.waiting <- e:
	default:
		j.lost.Add(1)
	}
}

// write ends once waiting is closed and empty.
func (j *journal) write() {
	var warned time.Time
	batch := make([]stream.Event, 0, journalBatch)
	for e := range j.waiting {
		batch = append(batch[:0], e)
		if len(j.waiting) < journalBatch {
			time.Sleep(journalGather)
		}
	more:
		for len(batch) < journalBatch {
			select {
			case e, ok := <-j.waiting:
				if !ok {
					break more
				}
				batch = append(batch, e)
			default:
				break more
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := j.log.Append(ctx, append([]stream.Event(nil), batch...)) // the log keeps what it is given
		cancel()
		if err != nil {
			j.lost.Add(uint64(len(batch)))
			if time.Since(warned) > 10*time.Second {
				warned = time.Now()
				j.logger.Error("served pages could not be logged", "pages", len(batch), "error", err)
			}
		}
	}
}

// close writes what is left.
func (j *journal) close() {
	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.waiting)
	}
	j.mu.Unlock()
	j.wg.Wait()
}
