package stream

// The log as a whole: its opening and closing, and what it says of itself. config.go has its settings, writer.go appends, read.go reads, ids.go remembers ids,
// server.go runs the embedded server, blocks.go looks for damage in its files.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seguefeed/segue/internal/durable"
)

// Status is what a Log says of itself. First and Bytes may be a second old.
type Status struct {
	First, Last uint64 // seqs; First is Last+1 when the log is empty
	Bytes       int64
	MaxBytes    int64
	Pending     int     // events that wait to be written
	IDs         int     // remembered
	Refusing    error   // why new events are refused; nil if they are not
	Lost        []Range // what damage took, within First to Last
}

// Log is an open log. Its methods may be called by many at once. Goroutines: two of its own, those of its NATS connection and of the embedded server.
type Log struct {
	cfg    Config
	log    *slog.Logger
	lock   *os.File
	server *embedded // nil with URL; the writer's, once the log is open
	ids    *idTable
	kept   *idFiles // nil when ids are not kept in files

	queue   chan *request
	pending atomic.Int64
	wake    chan struct{} // another process appended

	patience, tries int // of the writer: ticks until the embedded server is started anew once more, and how often it was without a write since

	quit    chan struct{}
	done    chan struct{}
	closing sync.RWMutex // held for reading while a request is put in the queue
	closed  bool

	checking   sync.WaitGroup // of checkOn
	conn       atomic.Pointer[link]
	groupBytes atomic.Int64 // that a group has at most

	mu       sync.Mutex
	last     uint64 // event of the log
	lastMsg  uint64 // message of it; written by the writer alone
	changed  chan struct{}
	state    jetstream.StreamState
	first    uint64 // event of message firstMsg
	firstMsg uint64
	refusing error
	hold     bool // refuse at once, until healed
	memo     memo
}

// link is a connection and what hangs on it; a Log has another one after the embedded server was started anew.
type link struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
}

// Open opens the log, or makes it. ctx bounds the opening.
func Open(ctx context.Context, cfg Config) (_ *Log, err error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	l := &Log{cfg: cfg, log: cfg.Logger, queue: make(chan *request, cfg.MaxPending), wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
		changed: make(chan struct{}), ids: newIDTable(cfg.Window)}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("stream: %w", err)
		}
		if l.lock, err = durable.Lock(filepath.Join(cfg.Dir, "lock")); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInUse, cfg.Dir, err)
		}
		if l.memo, err = readMemo(l.memoFile()); err != nil {
			return nil, fmt.Errorf("stream: %w", err)
		}
		if cfg.MaxAge > 0 && !l.memo.Aged {
			l.memo.Aged = true
			if err := l.memo.write(l.memoFile()); err != nil {
				return nil, fmt.Errorf("stream: %w", err)
			}
		}
	}
	var whole *wholeFiles
	if cfg.URL == "" { // before the server starts, which cuts off what it cannot read
		if l.kept, err = openIDFiles(filepath.Join(cfg.Dir, "ids", cfg.Name), 0, cfg.Window, l.ids); err != nil {
			return nil, fmt.Errorf("stream: %w", err)
		}
		acked, front := l.ids.last(), l.memo.front()
		if front == 0 { // all may have been dropped
			acked = 0
		}
		whole = readWhole(filepath.Join(cfg.Dir, cfg.Name+".whole.json"))
		lost, err := checkBlocks(cfg.Dir, cfg.Name, l.memo.Lost, whole, front, acked, cfg.AcceptLoss)
		if err != nil {
			return nil, err
		}
		if len(lost) > 0 {
			l.accepted(lost)
		}
	}
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	if cfg.Begin != nil {
		if l.cfg.After, l.cfg.From, err = cfg.Begin(); err != nil {
			return nil, err
		}
	}
	if err := l.recall(ctx); err != nil {
		return nil, err
	}
	if err := l.measure(ctx); err != nil {
		return nil, err
	}
	if whole != nil {
		l.checking.Add(1)
		go l.checkOn(whole)
	}
	go l.run()
	return l, nil
}

// recall brings last and ids up to the log's end, and tells OnAppend from From on.
func (l *Log) recall(ctx context.Context) error {
	info, err := l.info(ctx)
	if err != nil {
		return fmt.Errorf("stream: %s: %w", l.where(), err)
	}
	if l.cfg.URL != "" && l.cfg.Dir != "" {
		if l.kept, err = openIDFiles(filepath.Join(l.cfg.Dir, "ids", l.cfg.Name), info.Created.UnixNano(), l.cfg.Window, l.ids); err != nil {
			return fmt.Errorf("stream: %w", err)
		}
	}
	if err := l.findLast(ctx, info.State); err != nil {
		return err
	}
	last := l.last
	from := l.ids.last() + 1
	if window := uint64(l.cfg.Window); last > window {
		from = max(from, last-window+1)
	}
	tell := l.cfg.From
	if l.cfg.OnAppend == nil || tell == 0 {
		tell = last + 1
	}
	if tell <= last {
		if _, err := l.begin(ctx, tell); err != nil {
			return err
		}
	}
	begin, err := l.begin(ctx, min(from, tell))
	if errors.Is(err, ErrTrimmed) {
		begin, err = l.begin(ctx, 0)
	}
	if err != nil {
		return err
	}
	// One reads and decodes, another remembers and tells: each is half of what a start after a crash waits for.
	read, done := make(chan []Stored, 16), make(chan struct{})
	go func() {
		defer close(done)
		for events := range read {
			l.remember(after(events, from))
			if told := after(events, tell); len(told) > 0 {
				l.cfg.OnAppend(told)
			}
		}
	}()
	_, err = l.span(ctx, begin, info.State.LastSeq, 0, func(events []Stored) error {
		read <- events
		return nil
	})
	close(read)
	<-done
	return err
}

// findLast finds the seq of the log's last event.
func (l *Log) findLast(ctx context.Context, state jetstream.StreamState) error {
	l.lastMsg = state.LastSeq
	if state.Msgs > 0 {
		head, err := l.head(ctx, state.LastSeq, state.LastSeq)
		if err != nil {
			return err
		}
		if head != nil {
			l.last = head.first + uint64(head.count) - 1
		}
	}
	known := l.ids.last()
	if l.last == 0 && known == 0 {
		l.last = state.LastSeq * MaxGroup // all have been dropped: a seq that none of them can have had
	}
	if known > l.last {
		lost := Range{l.last + 1, known}
		l.last = known
		if (state.Msgs > 0 || !l.memo.Aged) && !l.known(lost) {
			return l.damaged(lost, "events were acknowledged that the log does not have")
		}
	}
	switch {
	case l.cfg.After <= l.last:
	case l.last == 0 && state.LastSeq == 0:
		l.last = l.cfg.After
		if l.cfg.URL == "" { // what is before is not missed
			l.memo.Trimmed = max(l.memo.Trimmed, l.cfg.After+1)
			if err := l.memo.write(l.memoFile()); err != nil {
				return fmt.Errorf("stream: %w", err)
			}
		}
	default:
		return fmt.Errorf("%w: %s: it ends with event %d, and events up to %d were read before", ErrOther, l.where(), l.last, l.cfg.After)
	}
	return nil
}

// after is the part of events, ascending by seq, from seq on.
func after(events []Stored, seq uint64) []Stored {
	for k := range events {
		if events[k].Seq >= seq {
			return events[k:]
		}
	}
	return nil
}

// damaged is nil when losses are accepted: then the range is noted.
func (l *Log) damaged(r Range, why string) error {
	e := &DamageError{Lost: []Range{r}, Where: l.where(), Why: why}
	if !l.cfg.AcceptLoss {
		return e
	}
	l.log.Error("events are lost; going on as told", "where", e.Where, "why", why, "from", r.From, "to", r.To)
	l.accepted(e.Lost)
	return nil
}

// accepted notes what is lost, for later starts too.
func (l *Log) accepted(lost []Range) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.memo.Lost = join(append(l.memo.Lost, lost...))
	if l.cfg.Dir != "" {
		if err := l.memo.write(l.memoFile()); err != nil {
			l.log.Error("losses that were accepted are not noted; the next start will ask again", "reason", err)
		}
	}
}

func (l *Log) memoFile() string { return filepath.Join(l.cfg.Dir, l.cfg.Name+".json") }

func (l *Log) where() string {
	if l.cfg.URL != "" {
		return fmt.Sprintf("stream %q of the cluster", l.cfg.Name)
	}
	return l.cfg.Dir
}

// Status says how the log is.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{First: l.first, Last: l.last, Bytes: int64(l.state.Bytes), MaxBytes: l.cfg.MaxBytes, Pending: int(l.pending.Load()), IDs: l.ids.len(), Refusing: l.refusing}
	for _, r := range l.memo.Lost {
		if r.To >= s.First {
			s.Lost = append(s.Lost, r)
		}
	}
	return s
}

// Trim gives up events before seq, as far as whole groups of them allow: their readers have them elsewhere. The last group always stays.
func (l *Log) Trim(ctx context.Context, seq uint64) error {
	info, err := l.info(ctx)
	if err != nil {
		return l.unavailable(err)
	}
	msg, err := l.locate(ctx, seq, info.State)
	switch {
	case errors.Is(err, ErrTrimmed):
		return nil
	case err != nil:
		return err
	}
	at := l.conn.Load()
	if at == nil {
		return ErrClosed
	}
	if msg = min(msg, info.State.LastSeq); msg > info.State.FirstSeq {
		if err := l.trimmed(seq); err != nil {
			return err
		}
		if err := at.stream.Purge(ctx, jetstream.WithPurgeSequence(msg)); err != nil {
			return fmt.Errorf("stream: giving up events before seq %d: %w", seq, err)
		}
	}
	return l.measure(ctx)
}

// trimmed notes what is about to be given up.
func (l *Log) trimmed(seq uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.memo.Trimmed = max(l.memo.Trimmed, min(seq, l.last))
	if l.cfg.Dir == "" {
		return nil
	}
	if err := l.memo.write(l.memoFile()); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

// Close writes what waits, and closes the log. Appends that come later fail with ErrClosed, as do reads that go on. When ctx ends first, what waits
// is given up: its Appends fail.
func (l *Log) Close(ctx context.Context) error {
	l.closing.Lock()
	was := l.closed
	l.closed = true
	l.closing.Unlock()
	if was {
		<-l.done
		return nil
	}
	close(l.quit)
	var err error
	select {
	case <-l.done:
	case <-ctx.Done():
		err = ctx.Err()
		if at := l.conn.Load(); at != nil {
			at.nc.Close() // ends the write that is under way
		}
		<-l.done
	}
	return errors.Join(err, l.release())
}

func (l *Log) release() error {
	l.checking.Wait()
	var err error
	if at := l.conn.Swap(nil); at != nil {
		at.nc.Close()
	}
	if l.server != nil {
		l.server.stop()
	}
	if l.kept != nil {
		err = l.kept.close()
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}
