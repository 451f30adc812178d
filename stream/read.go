package stream

// Reading: ranges of the log are asked for by seq, a batch at a time, so that a reader leaves nothing behind in the log and a slow one holds up
// nobody: what it has not asked for stays where it is.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// maxFetchBytes bounds what one batch of a reader takes in memory.
const maxFetchBytes = 4 << 20

// Read hands to f the events from seq from (0: the first) to the last at the time of the call, in order, up to batch (0: MaxAppend) at once. What f
// returns ends it. It fails with ErrTrimmed when events from from on are no longer kept, and with a DamageError, after the events before, when some
// are lost that Status does not name. Memory: one batch, at most 4 MiB and an event. What f is given is its own.
func (l *Log) Read(ctx context.Context, from uint64, batch int, f func([]Stored) error) error {
	info, err := l.info(ctx)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	from, err = start(from, info.State.FirstSeq)
	if err != nil {
		return err
	}
	return l.span(ctx, from, info.State.LastSeq, batch, f)
}

// Follow is Read, and then waits for more: it ends with an error, that of f, of ctx or ErrClosed. A slow f holds up nobody else.
func (l *Log) Follow(ctx context.Context, from uint64, f func([]Stored) error) error {
	info, err := l.info(ctx)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if from, err = start(from, info.State.FirstSeq); err != nil {
		return err
	}
	for {
		l.mu.Lock()
		last, changed := l.last, l.changed
		l.mu.Unlock()
		if from <= last {
			if err := l.span(ctx, from, last, MaxAppend, f); err != nil {
				return err
			}
			from = last + 1
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.quit:
			return ErrClosed
		}
	}
}

func start(from, first uint64) (uint64, error) {
	switch {
	case from <= 1:
		return max(first, 1), nil
	case from < first:
		return 0, fmt.Errorf("%w: from seq %d; the first kept is %d", ErrTrimmed, from, first)
	}
	return from, nil
}

// span hands the events of seqs from to last to f.
func (l *Log) span(ctx context.Context, from, last uint64, batch int, f func([]Stored) error) error {
	if batch <= 0 || batch > MaxAppend {
		batch = MaxAppend
	}
	stale := 0
	for from <= last {
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := l.fetch(ctx, from, batch, last)
		if err != nil {
			return err
		}
		done, gap := 0, error(nil)
		for k := range events {
			if events[k].Seq != from {
				if gap = l.missing(ctx, Range{from, events[k].Seq - 1}); gap != nil {
					break
				}
			}
			done, from = k+1, events[k].Seq+1
		}
		if done > 0 {
			stale = 0
			if err := f(events[:done:done]); err != nil {
				return err
			}
		}
		if gap != nil {
			return gap
		}
		if len(events) > 0 {
			continue
		}
		// The log has nothing from here on, though it has events up to last: they are damaged, or a replica that lags was asked.
		if l.known(Range{from, last}) {
			return nil
		}
		if stale++; stale < 20 && l.server == nil || stale < 3 {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		next := l.readable(ctx, from, last)
		if err := l.missing(ctx, Range{from, next - 1}); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// missing is why the log has no events of r; nil if that is known.
func (l *Log) missing(ctx context.Context, r Range) error {
	if l.known(r) {
		return nil
	}
	info, err := l.info(ctx)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if first := info.State.FirstSeq; first > r.From {
		return fmt.Errorf("%w: seq %d; the first kept is %d", ErrTrimmed, r.From, first)
	}
	return l.damaged(r, "the log does not give them")
}

// readable is the first seq after from that can be read, found by asking for the next thousand; last+1 if there is none.
func (l *Log) readable(ctx context.Context, from, last uint64) uint64 {
	for seq := from + 1; seq <= min(last, from+1000); seq++ {
		if events, err := l.fetch(ctx, seq, 1, last); err == nil && len(events) > 0 {
			return events[0].Seq
		}
	}
	return last + 1
}

// known says whether all of r is among what is known to be lost.
func (l *Log) known(r Range) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lost, func(lost Range) bool { return lost.From <= r.From && r.To <= lost.To })
}

// join sorts ranges and joins those that touch.
func join(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int {
		if a.From < b.From {
			return -1
		}
		return 1
	})
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && r.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// fetch asks for the events from seq from on, up to n of them and not beyond last. None: the log has none that can be read.
func (l *Log) fetch(ctx context.Context, from uint64, n int, last uint64) ([]Stored, error) {
	at := l.conn.Load()
	if at == nil {
		return nil, ErrClosed
	}
	n = int(min(uint64(n), last-from+1))
	inbox := at.nc.NewRespInbox()
	sub, err := at.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	defer sub.Unsubscribe()
	if err := sub.SetPendingLimits(-1, -1); err != nil { // n and maxFetchBytes bound it
		return nil, fmt.Errorf("stream: %w", err)
	}
	ask, err := json.Marshal(map[string]any{"seq": from, "batch": n, "max_bytes": maxFetchBytes})
	if err != nil {
		return nil, err
	}
	if err := at.nc.PublishRequest("$JS.API.DIRECT.GET."+l.cfg.Name, inbox, ask); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	ctx, stop := context.WithTimeoutCause(ctx, l.cfg.Timeout, errors.New("stream: the log does not answer"))
	defer stop()
	events := make([]Stored, 0, n)
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return nil, fmt.Errorf("stream: reading from seq %d: %w", from, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
		case "204", "404": // the end, none
			return events, nil
		default:
			return nil, fmt.Errorf("stream: reading from seq %d: the log answers %s %s", from, status, m.Header.Get("Description"))
		}
		e, err := stored(m)
		if err != nil {
			return nil, err
		}
		if e.Seq <= last {
			events = append(events, e)
		}
	}
}

func stored(m *nats.Msg) (Stored, error) {
	seq, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil {
		return Stored{}, fmt.Errorf("stream: a message without a seq: %w", err)
	}
	e, err := DecodeEvent(m.Data)
	if err != nil {
		return Stored{}, fmt.Errorf("stream: seq %d: %w", seq, err)
	}
	return Stored{seq, e}, nil
}
