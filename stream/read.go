package stream

// Reading: messages are asked for by number, some at a time, so that a reader leaves nothing behind in the log and a slow one holds up
// nobody: what it has not asked for stays where it is.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxFetchBytes bounds what one batch of a reader takes in memory.
const maxFetchBytes = 4 << 20

// Read hands to f the events from seq from (0: the first that is kept) to the last at the time of the call, in order, up to batch at once (0: those that were
// written together). What f returns ends it. It fails with ErrTrimmed when events from from on are no longer kept, and with a DamageError, after the events
// before, when some are lost that Status does not name. Memory: twice MaxGroupBytes, and the events
// of a batch. What f is given is its own.
func (l *Log) Read(ctx context.Context, from uint64, batch int, f func([]Stored) error) error {
	info, err := l.info(ctx)
	if err != nil {
		return l.unavailable(err)
	}
	msg, err := l.locate(ctx, from, info.State)
	if err != nil {
		return err
	}
	_, err = l.span(ctx, place{msg, from}, info.State.LastSeq, batch, f)
	return err
}

// Follow is Read, and then waits for more, also through times when the log does not answer: it ends with an error, that of f, of ctx, ErrClosed,
// ErrTrimmed or ErrDamaged. A slow f holds up nobody else.
func (l *Log) Follow(ctx context.Context, from uint64, f func([]Stored) error) error {
	var at place
	for {
		l.mu.Lock()
		last, changed := l.lastMsg, l.changed
		l.mu.Unlock()
		err := error(nil)
		if at.msg == 0 {
			at, err = l.begin(ctx, from)
		}
		if err == nil && at.msg <= last {
			at, err = l.span(ctx, at, last, 0, f)
		}
		var away *unavailableError
		switch {
		case errors.As(err, &away):
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			case <-l.quit:
				return ErrClosed
			}
			continue
		case err != nil:
			return err
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

func (l *Log) begin(ctx context.Context, from uint64) (place, error) {
	info, err := l.info(ctx)
	if err != nil {
		return place{}, l.unavailable(err)
	}
	msg, err := l.locate(ctx, from, info.State)
	if err != nil {
		return place{}, err
	}
	return place{msg, from}, nil
}

// place is where a reader is: the message that comes next, and the event; event 0 takes what comes.
type place struct{ msg, event uint64 }

// unavailableError is of a log that does not answer now.
type unavailableError struct{ reason error }

func (e *unavailableError) Error() string {
	return "stream: the log does not answer: " + e.reason.Error()
}
func (e *unavailableError) Unwrap() error { return e.reason }

func (l *Log) unavailable(err error) error {
	select {
	case <-l.quit:
		return ErrClosed
	default:
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
		return err
	}
	return &unavailableError{reason(err)}
}

// locate finds the message that has the event of seq, or would have it next.
func (l *Log) locate(ctx context.Context, seq uint64, state jetstream.StreamState) (uint64, error) {
	if state.Msgs == 0 {
		l.mu.Lock()
		last := l.last
		l.mu.Unlock()
		if seq > 0 && seq <= last {
			return 0, fmt.Errorf("%w: from seq %d; none is kept", ErrTrimmed, seq)
		}
		return state.LastSeq + 1, nil
	}
	lo, hi := state.FirstSeq, state.LastSeq
	if seq == 0 {
		return lo, nil
	}
	switch head, err := l.head(ctx, lo, hi); {
	case err != nil:
		return 0, err
	case head == nil:
		return lo, nil // the reader will see
	case seq < head.first && l.known(Range{seq, head.first - 1}):
		return lo, nil
	case seq < head.first:
		return 0, fmt.Errorf("%w: from seq %d; the first kept is %d", ErrTrimmed, seq, head.first)
	}
	for lo < hi {
		mid := lo + (hi-lo+1)/2
		switch head, err := l.head(ctx, mid, hi); {
		case err != nil:
			return 0, err
		case head == nil || head.first > seq:
			hi = mid - 1
		case seq <= head.first+uint64(head.count)-1:
			return head.msg, nil
		default:
			lo = head.msg
		}
	}
	if head, err := l.head(ctx, lo, lo); err == nil && head != nil && head.first+uint64(head.count) <= seq {
		return lo + 1, nil
	}
	return lo, nil
}

// head is the first group from message msg on, without its events; nil if there is none up to last.
func (l *Log) head(ctx context.Context, msg, last uint64) (*group, error) {
	groups, err := l.fetch(ctx, msg, last, 1, false)
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	return &groups[0], nil
}

// fetchGroups is how many messages are asked for at once; maxFetchBytes ends it earlier.
const fetchGroups = 500

// span hands the events from at on, of messages up to last, to f, and says where it ended.
func (l *Log) span(ctx context.Context, at place, last uint64, batch int, f func([]Stored) error) (place, error) {
	asked := 0
	for at.msg <= last {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		groups, err := l.fetch(ctx, at.msg, last, fetchGroups, true)
		if err != nil {
			return at, err
		}
		if at, err = l.hand(ctx, at, groups, batch, f); err != nil {
			return at, err
		}
		if len(groups) > 0 {
			asked = 0
			continue
		}
		// The log gives no message from here on, though it has some up to last: they are damaged, or a replica that lags was asked.
		if asked++; asked < 20 && l.cfg.URL != "" || asked < 3 {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return at, ctx.Err()
			}
			continue
		}
		msg, event := l.readable(ctx, at.msg, last)
		if err := l.missing(ctx, at.msg, Range{max(at.event, 1), event - 1}); err != nil {
			return at, err
		}
		at = place{msg, event}
	}
	return at, nil
}

// hand hands the events of groups to f, from at on, and says where it ended. It reads a batch when it is its turn: readers that rest between batches rest from reading too.
func (l *Log) hand(ctx context.Context, at place, groups []group, batch int, f func([]Stored) error) (place, error) {
	next, events := at, []Stored(nil)
	flush := func() error {
		if len(events) == 0 {
			return nil
		}
		if err := f(events); err != nil {
			return err
		}
		at.event, events = next.event, nil
		return nil
	}
	for k := range groups {
		g := &groups[k]
		if g.msg > next.msg && g.first > next.event && next.event > 0 {
			if gap := l.missing(ctx, next.msg, Range{next.event, g.first - 1}); gap != nil {
				if err := flush(); err != nil {
					return at, err
				}
				return next, gap
			}
		}
		for g.skip(next.event); g.left() > 0; {
			n := g.left()
			if batch > 0 {
				n = min(n, batch-len(events))
			}
			more, err := g.next(n)
			if len(more) > 0 {
				events, next.event = append(events, more...), more[len(more)-1].Seq+1
			}
			if err != nil || batch == 0 || len(events) == batch {
				if failed := flush(); failed != nil {
					return at, failed
				}
			}
			if err != nil {
				return at, fmt.Errorf("stream: stream %q: %w", l.cfg.Name, err)
			}
		}
		next.msg = g.msg + 1
	}
	if err := flush(); err != nil {
		return at, err
	}
	return next, nil
}

// missing is why the log does not give the events of r, from message msg on; nil if that is known.
func (l *Log) missing(ctx context.Context, msg uint64, r Range) error {
	if r.To < r.From || l.known(r) {
		return nil
	}
	info, err := l.info(ctx)
	if err != nil {
		return l.unavailable(err)
	}
	if info.State.FirstSeq > msg {
		return fmt.Errorf("%w: seq %d to %d", ErrTrimmed, r.From, r.To)
	}
	return l.damaged(r, "the log does not give them")
}

// readable finds the first message and event after msg that can be read, among the next thousand; past the log's end if there is none.
func (l *Log) readable(ctx context.Context, msg, last uint64) (uint64, uint64) {
	for m := msg + 1; m <= min(last, msg+1000); m++ {
		if head, err := l.head(ctx, m, last); err == nil && head != nil {
			return head.msg, head.first
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return last + 1, l.last + 1
}

// known says whether all of r is among what is known to be lost.
func (l *Log) known(r Range) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.memo.Lost, func(lost Range) bool { return lost.From <= r.From && r.To <= lost.To })
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

// group is a message of the log: events, a line each.
type group struct {
	msg, first uint64
	count      int
	data       []byte // the lines that are not read; nil if they were not asked for
	read       int    // lines
}

func (g *group) left() int { return g.count - g.read }

// skip passes over events before seq.
func (g *group) skip(seq uint64) {
	for ; g.left() > 0 && g.first+uint64(g.read) < seq; g.read++ {
		_, g.data, _ = bytes.Cut(g.data, newline)
	}
}

// next reads n more events. An error is of the one after those that it gives.
func (g *group) next(n int) ([]Stored, error) {
	events := make([]Stored, 0, n)
	for range n {
		line, rest, _ := bytes.Cut(g.data, newline)
		seq := g.first + uint64(g.read)
		e, err := DecodeEvent(line)
		if err != nil {
			return events, fmt.Errorf("seq %d (message %d): %w", seq, g.msg, err)
		}
		events, g.data = append(events, Stored{seq, e}), rest
		g.read++
	}
	return events, nil
}

var newline = []byte("\n")

// Since is the seq of the first event that was stored at a time or later; the one after the last where none was.
func (l *Log) Since(ctx context.Context, at time.Time) (uint64, error) {
	groups, err := l.get(ctx, fmt.Sprintf(`{"start_time":%q,"batch":1}`, at.UTC().Format(time.RFC3339Nano)), math.MaxUint64, 1, false)
	if err != nil {
		return 0, err
	}
	if len(groups) == 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.last + 1, nil
	}
	return groups[0].first, nil
}

// fetch asks for up to n messages from msg on and not beyond last. None: the log has none that can be read.
func (l *Log) fetch(ctx context.Context, msg, last uint64, n int, events bool) ([]group, error) {
	n = int(min(uint64(n), last-msg+1))
	return l.get(ctx, fmt.Sprintf(`{"seq":%d,"batch":%d,"max_bytes":%d}`, msg, n, maxFetchBytes), last, n, events)
}

// get asks for messages, n at most, and gives those up to last.
func (l *Log) get(ctx context.Context, ask string, last uint64, n int, events bool) ([]group, error) {
	at := l.conn.Load()
	if at == nil {
		return nil, ErrClosed
	}
	inbox := at.nc.NewRespInbox()
	sub, err := at.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, l.unavailable(err)
	}
	defer sub.Unsubscribe()
	if err := sub.SetPendingLimits(-1, -1); err != nil { // n and maxFetchBytes bound it
		return nil, l.unavailable(err)
	}
	if err := at.nc.PublishRequest("$JS.API.DIRECT.GET."+l.cfg.Name, inbox, []byte(ask)); err != nil {
		return nil, l.unavailable(err)
	}
	ctx, stop := context.WithTimeoutCause(ctx, l.cfg.Timeout, fmt.Errorf("no answer within %v", l.cfg.Timeout))
	defer stop()
	groups := make([]group, 0, n)
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return nil, l.unavailable(err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
		case "204", "404": // the end, none
			return groups, nil
		default:
			return nil, l.unavailable(fmt.Errorf("status %s %s", status, m.Header.Get("Description")))
		}
		g, err := readGroup(m.Header.Get("Nats-Sequence"), m.Header.Get(firstHeader), m.Header.Get(countHeader), m.Data)
		if err != nil {
			return nil, fmt.Errorf("stream: stream %q: %w", l.cfg.Name, err)
		}
		if !events {
			g.data = nil
		}
		if g.msg <= last {
			groups = append(groups, g)
		}
	}
}

// readGroup reads a message as far as its events; its errors name the message. None of its numbers overflows.
func readGroup(msg, first, count string, data []byte) (g group, err error) {
	if g.msg, err = strconv.ParseUint(msg, 10, 64); err != nil {
		return g, fmt.Errorf("a message without its number: %w", err)
	}
	if g.first, err = strconv.ParseUint(first, 10, 64); err != nil {
		return g, fmt.Errorf("message %d: header %s: %w", g.msg, firstHeader, err)
	}
	if g.count, err = strconv.Atoi(count); err != nil || g.count < 1 || g.count > MaxGroup || g.first < 1 || g.first > math.MaxUint64-MaxGroup {
		return g, fmt.Errorf("message %d: seq %q and %q events; a seq and 1 to %d are expected", g.msg, first, count, MaxGroup)
	}
	if lines := bytes.Count(data, newline) + 1; lines != g.count {
		return g, fmt.Errorf("message %d: %d events from seq %d on; %d are expected", g.msg, lines, g.first, g.count)
	}
	g.data = data
	return g, nil
}
