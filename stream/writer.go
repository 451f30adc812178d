package stream

// Appending: one goroutine gathers what callers want written, leaves out what is there already, and writes the rest as one message of the log, a
// group, which costs the disk one sync for all of them. (JetStream's atomic batches have a message for each event, and many syncs: see
// docs/ARCHITECTURE.md.) Every group says which message it expects to be the log's last, so that the ids known here are all there are: another
// writer's group, or one of ours that was given up and arrived late, makes it fail, and what came between is read first.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// request is an Append, or a part of one that fits into a group.
type request struct {
	events []Event
	ids    []eventID
	data   [][]byte
	bytes  int
	seqs   []uint64
	fresh  int // events that the log did not have
	err    error
	done   chan struct{}
}

// Append writes events and returns once they are synced to disk (in a cluster: by a majority of the replicas, if its servers sync). Up to MaxGroup
// events of MaxGroupBytes are written all or none; more are written in such parts, in order, and after an error the first of these may be stored. The
// seqs are in the order of events; that of an event whose id is among those remembered (Config.Window) is the first one's, which stays the only one,
// unless damage took it. What the events point to must not be changed after. An error of ErrEvent is of an event, and nothing is stored. After one of
// ErrRefused, and after that of ctx, the events may or may not be stored: append them again, with the same ids.
func (l *Log) Append(ctx context.Context, events []Event) ([]uint64, error) {
	seqs, _, err := l.AppendNew(ctx, events)
	return seqs, err
}

// AppendNew is Append, and says how many of the events are new: the ids of the others were there before, or stand earlier in events.
func (l *Log) AppendNew(ctx context.Context, events []Event) (seqs []uint64, fresh int, err error) {
	if len(events) == 0 {
		return nil, 0, ctx.Err()
	}
	parts, err := l.parts(events)
	if err != nil {
		return nil, 0, err
	}
	if err := l.refuses(); err != nil {
		return nil, 0, err
	}
	if err := l.enqueue(parts, len(events)); err != nil {
		return nil, 0, err
	}
	for _, r := range parts {
		select {
		case <-r.done:
			if r.err != nil {
				return nil, 0, r.err
			}
			seqs, fresh = append(seqs, r.seqs...), fresh+r.fresh
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("stream: the events may be stored or not: %w", ctx.Err())
		}
	}
	return seqs, fresh, nil
}

// parts checks and encodes events.
func (l *Log) parts(events []Event) ([]*request, error) {
	var parts []*request
	var r *request
	most := int(l.groupBytes.Load())
	for k := range events {
		e := events[k]
		data, err := encode(&e)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", k, err)
		}
		if r == nil || len(r.events) == MaxGroup || r.bytes+len(data) >= most {
			n := min(len(events)-k, MaxGroup)
			r = &request{events: make([]Event, 0, n), ids: make([]eventID, 0, n), data: make([][]byte, 0, n), done: make(chan struct{})}
			parts = append(parts, r)
		}
		r.events, r.ids, r.data, r.bytes = append(r.events, e), append(r.ids, idOf(e.ID)), append(r.data, data), r.bytes+len(data)+1
	}
	for _, r := range parts {
		r.seqs = make([]uint64, len(r.events))
	}
	return parts, nil
}

func (l *Log) enqueue(parts []*request, events int) error {
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return ErrClosed
	}
	n := int64(events)
	if waiting := l.pending.Add(n); waiting > int64(l.cfg.MaxPending) {
		l.pending.Add(-n)
		return fmt.Errorf("%w: %d; with %d more there would be above %d", ErrBusy, waiting-n, n, l.cfg.MaxPending)
	}
	for _, r := range parts {
		l.queue <- r // has room: each holds at least one of MaxPending events
	}
	return nil
}

// refuses is the error while new events are refused without a try.
func (l *Log) refuses() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold {
		return l.refusing
	}
	return nil
}

// refuse notes and returns why events are refused. Hold refuses all that come until the log is healed.
func (l *Log) refuse(hold bool, why error) error {
	err := reason(why)
	if !errors.Is(err, ErrRefused) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	l.mu.Lock()
	news := l.refusing == nil
	l.refusing, l.hold = err, hold
	l.mu.Unlock()
	if news {
		l.log.Error("new events are refused", "reason", why)
	}
	return err
}

func (l *Log) accept() {
	l.mu.Lock()
	was := l.refusing
	l.refusing, l.hold = nil, false
	l.mu.Unlock()
	if was != nil {
		l.log.Info("new events are taken again")
	}
}

// run is the goroutine that writes.
func (l *Log) run() {
	defer close(l.done)
	looks := time.NewTicker(tick)
	defer looks.Stop()
	var next *request // did not fit into the batch before
	for {
		if next == nil {
			select {
			case next = <-l.queue:
			case <-l.wake:
				l.look()
				continue
			case <-looks.C:
				l.look()
				continue
			case <-l.quit:
				select {
				case next = <-l.queue:
				default:
					return
				}
			}
		}
		batch := []*request{next}
		batch, next = l.gather(batch)
		l.finish(batch, l.write(batch))
	}
}

// gather adds to batch what waits, as far as it fits, and returns what did not.
func (l *Log) gather(batch []*request) ([]*request, *request) {
	events, size, most := len(batch[0].events), batch[0].bytes, int(l.groupBytes.Load())
	for {
		select {
		case r := <-l.queue:
			if events+len(r.events) > MaxGroup || size+r.bytes > most {
				return batch, r
			}
			events, size = events+len(r.events), size+r.bytes
			batch = append(batch, r)
		default:
			return batch, nil
		}
	}
}

func (l *Log) finish(batch []*request, err error) {
	for _, r := range batch {
		r.err = err
		l.pending.Add(-int64(len(r.events)))
		close(r.done)
	}
}

// write writes the events of batch that are new, and fills in the seqs of all.
func (l *Log) write(batch []*request) error {
	if err := l.refuses(); err != nil {
		return err
	}
	for range 100 {
		fresh, data := l.fresh(batch)
		if len(fresh) == 0 {
			return nil
		}
		switch err := l.publish(fresh[0].Seq, data); {
		case errors.Is(err, errBehind):
			if err := l.catchUp(); err != nil {
				return l.refuse(true, err)
			}
		case err != nil:
			return err
		default:
			l.accept()
			l.patience, l.tries = 0, 0
			l.learn(l.lastMsg+1, fresh)
			l.tellOthers()
			return nil
		}
	}
	return l.refuse(false, errors.New("other writers were always faster"))
}

// fresh gives the events of batch that are not in the log the seqs that they will have if no one else writes, and all of batch theirs.
func (l *Log) fresh(batch []*request) (fresh []Stored, data [][]byte) {
	l.mu.Lock()
	next := l.last + 1
	l.mu.Unlock()
	var twice map[eventID]uint64
	if len(batch) > 1 || len(batch[0].events) > 1 {
		twice = map[eventID]uint64{}
	}
	for _, r := range batch {
		r.fresh = 0
		for k, id := range r.ids {
			if seq, ok := l.ids.find(id); ok && !l.known(Range{seq, seq}) { // one that is lost may come again
				r.seqs[k] = seq
				continue
			}
			if seq, ok := twice[id]; ok {
				r.seqs[k] = seq
				continue
			}
			r.seqs[k] = next
			if twice != nil {
				twice[id] = next
			}
			fresh, data = append(fresh, Stored{next, r.events[k]}), append(data, r.data[k])
			r.fresh++
			next++
		}
	}
	return fresh, data
}

// learn takes a group into account that is in the log since now.
func (l *Log) learn(msg uint64, events []Stored) {
	l.remember(events)
	if l.cfg.OnAppend != nil {
		l.cfg.OnAppend(events)
	}
	l.mu.Lock()
	l.last, l.lastMsg = events[len(events)-1].Seq, msg
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
}

// tellOthers wakes the other processes that have the stream open; those that do not hear it look within a second anyway.
func (l *Log) tellOthers() {
	if at := l.conn.Load(); at != nil && l.server == nil {
		if err := at.nc.Publish(wakeOf(l.cfg.Name), nil); err != nil {
			l.log.Debug("other processes are not woken", "error", err)
		}
	}
}

// remember keeps the ids of events, in memory and in the files, of which it can do without.
func (l *Log) remember(events []Stored) {
	for k := range events {
		l.ids.add(idOf(events[k].ID), events[k].Seq)
	}
	if l.kept == nil || len(events) == 0 {
		return
	}
	if err := l.kept.add(events); err != nil {
		l.log.Warn("ids are not kept in a file; the next start reads them from the log", "reason", err)
	}
}

// errBehind says that the log has events that we have not seen.
var errBehind = errors.New("stream: another writer was faster")

// publish writes a group, if the log's last message is the one that we take for it.
func (l *Log) publish(first uint64, data [][]byte) error {
	at := l.conn.Load()
	if at == nil {
		return ErrClosed
	}
	m := &nats.Msg{Subject: subjectOf(l.cfg.Name), Data: bytes.Join(data, []byte("\n")), Header: nats.Header{
		"Nats-Expected-Last-Sequence": {strconv.FormatUint(l.lastMsg, 10)}, firstHeader: {strconv.FormatUint(first, 10)}, countHeader: {strconv.Itoa(len(data))}}}
	answer, err := l.ask(at, m)
	if err != nil {
		return l.refuse(true, err)
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	if err := json.Unmarshal(answer, &ack); err != nil {
		return l.refuse(true, fmt.Errorf("the log's answer cannot be read: %w", err))
	}
	switch {
	case ack.Error != nil && (ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return errBehind
	case ack.Error != nil && ack.Error.ErrorCode == codeStoreFailed: // full
		return l.refuse(false, ack.Error)
	case ack.Error != nil:
		return l.refuse(true, ack.Error)
	case ack.Seq != l.lastMsg+1:
		return l.refuse(true, fmt.Errorf("the log's last message is said to be %d; %d is expected", ack.Seq, l.lastMsg+1))
	}
	return nil
}

const codeStoreFailed = 10077

// The headers of a group, whose data are events in JSON, one a line.
const (
	firstHeader = "Segue-First" // seq of the first event
	countHeader = "Segue-Count" // events
)

// ask sends m and waits for the answer, no longer than Timeout, nor much longer than it takes the embedded server to say that something is wrong.
func (l *Log) ask(at *link, m *nats.Msg) ([]byte, error) {
	ctx, stop := context.WithTimeoutCause(context.Background(), l.cfg.Timeout, fmt.Errorf("no answer within %v", l.cfg.Timeout))
	defer stop()
	if l.server != nil {
		var ended func()
		ctx, ended = l.server.untilTrouble(ctx)
		defer ended()
	}
	answer, err := at.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	return answer.Data, nil
}
