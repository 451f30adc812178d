package stream

// The suite that the log passes wherever it is kept: in files by the server of this process, on a server by URL, and in a cluster of three.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func click(id string) Event {
	return Event{ID: id, Kind: Click, AtMS: 1, User: "u", Item: "i"}
}

func clicks(ids ...string) (events []Event) {
	for _, id := range ids {
		events = append(events, click(id))
	}
	return events
}

// numbered are n clicks with ids of their own.
func numbered(prefix string, n int) (events []Event) {
	for k := range n {
		events = append(events, click(fmt.Sprintf("%s%d", prefix, k)))
	}
	return events
}

// host is where a log is kept: its settings lead to the same log each time.
type host struct {
	cfg  func(Config) Config
	stop func() // the server by URL; nil where it is embedded
}

// leaves fails the test when goroutines are left behind at its end.
func leaves(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if t.Failed() {
			return // it may not have come to closing
		}
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func embeddedHost(t *testing.T) host {
	dir := t.TempDir()
	return host{cfg: func(c Config) Config {
		c.Dir = dir
		return c
	}}
}

func serverHost(t *testing.T) host {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	stop := sync.OnceFunc(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	t.Cleanup(stop)
	url := s.ClientURL()
	return host{stop: stop, cfg: func(c Config) Config {
		c.URL = url
		return c
	}}
}

func (h host) open(t *testing.T, c Config) *Log {
	t.Helper()
	l, err := Open(context.Background(), h.cfg(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func closed(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func appended(t *testing.T, l *Log, events []Event, want string) {
	t.Helper()
	seqs, err := l.Append(context.Background(), events)
	if got := strings.Trim(fmt.Sprint(seqs), "[]"); err != nil || got != want {
		t.Fatalf("seqs %v, error %v; want %s", seqs, err, want)
	}
}

// read gives "seq id" of all that is read from from on.
func read(l *Log, from uint64, batch int) (got []string, err error) {
	err = l.Read(context.Background(), from, batch, func(events []Stored) error {
		if batch > 0 && len(events) > batch {
			return fmt.Errorf("%d events at once; at most %d are asked for", len(events), batch)
		}
		for _, e := range events {
			got = append(got, fmt.Sprint(e.Seq, " ", e.ID))
		}
		return nil
	})
	return got, err
}

func has(t *testing.T, l *Log, from uint64, want ...string) {
	t.Helper()
	got, err := read(l, from, 2)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("read from %d: %v, error %v; want %v", from, got, err, want)
	}
}

func TestEmbedded(t *testing.T) { suite(t, embeddedHost) }
func TestServer(t *testing.T)   { suite(t, serverHost) }

// TestNoPort: the embedded server listens nowhere.
func TestNoPort(t *testing.T) {
	l := embeddedHost(t).open(t, Config{})
	if s := l.server.nats; s.Addr() != nil || s.MonitorAddr() != nil || s.ClusterAddr() != nil || s.ProfilerAddr() != nil {
		t.Errorf("it listens at %v %v %v %v", s.Addr(), s.MonitorAddr(), s.ClusterAddr(), s.ProfilerAddr())
	}
}

// TestConfig: settings that cannot be.
func TestConfig(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []Config{{}, {Dir: dir, Name: "a.b"}, {Dir: dir, Name: "../x"}, {Dir: dir, Replicas: 3}, {Dir: dir, MaxBytes: -1}, {Dir: dir, MaxAge: -1}, {Dir: dir, MaxPending: -1}, {Dir: dir, Window: -1},
		{Dir: dir, Window: 1 << 31}, {URL: "nats://127.0.0.1:1"}, {URL: "nats://127.0.0.1:1", Replicas: 7}, {Dir: dir, Timeout: -1}, {Dir: dir, MaxBytes: 5},
		{Dir: dir, Credentials: "file"}, {Dir: dir, URL: " ,"}, {URL: "nats://127.0.0.1:1", Credentials: filepath.Join(dir, "gone")}} {
		if l, err := Open(context.Background(), c); err == nil {
			l.Close(context.Background())
			t.Errorf("%+v: opens", c)
		}
	}
}

func suite(t *testing.T, where func(*testing.T) host) {
	for name, test := range map[string]func(*testing.T, host){"once": once, "whole": whole, "many at once": manyAtOnce, "follow": follow, "trim": trim, "since": since, "full": full, "busy": busy,
		"on append": onAppend, "closed": closedLog, "bad event": badEvent, "unknown": unknown, "window": window, "large": large, "cancelled": cancelled} {
		t.Run(name, func(t *testing.T) {
			leaves(t)
			test(t, where(t))
		})
	}
}

// once: an id counts once: within an Append, between them and after a restart; its seq is the first one's.
func once(t *testing.T, h host) {
	l := h.open(t, Config{})
	has(t, l, 0)
	if s := l.Status(); s.First != 1 || s.Last != 0 || s.Refusing != nil {
		t.Errorf("status of an empty log: %+v", s)
	}
	appended(t, l, clicks("a", "b", "a"), "1 2 1")
	appended(t, l, clicks("b"), "2")
	appended(t, l, clicks("c"), "3")
	closed(t, l)
	l = h.open(t, Config{})
	appended(t, l, clicks("d", "b", "d", "c"), "4 2 4 3")
	want := []string{"1 a", "2 b", "3 c", "4 d"}
	for from := range uint64(6) {
		has(t, l, from, want[min(max(from, 1)-1, 4):]...)
	}
	if s := l.Status(); s.Last != 4 || s.IDs != 4 || s.Pending != 0 || len(s.Lost) != 0 {
		t.Errorf("status: %+v", s)
	}
}

// whole: an event comes back as it was given, whatever its fields.
func whole(t *testing.T, h host) {
	l := h.open(t, Config{})
	slot, value, age, kind := 3, 2.5, 30, 1
	events := []Event{
		{ID: "1", Kind: Served, AtMS: 5, User: "ü<>&\u2028\"", Request: "r", Page: &Page{Model: "m", Seed: 1<<64 - 1, Columns: 2, Cards: []ServedCard{{Item: "x", Score: -1e-300, Propensity: .1, Explored: true, By: "p"}}}},
		{ID: "2", Kind: View, AtMS: 6, User: "u", Item: "i", Slot: &slot, Value: &value, Comment: "c"},
		{ID: "3", Kind: Swipe, AtMS: 7, User: "u", Item: "i", From: "f", Type: "t", Replace: true},
		{ID: "4", Kind: User, AtMS: 8, User: "u", Profile: &Profile{Gender: "g", Age: &age, Province: "p", Months: &slot, Follows: &age, Labels: []byte(`{"a":[1,"\n"]}`)}},
		{ID: "5", Kind: Item, AtMS: 9, Item: "i", Card: &Card{Creator: "c", Content: "o", Song: "s", Artist: "a", Talk: "t", Type: &kind, PublishedMS: 4, Categories: []string{"k", "l"}, Hidden: true, Labels: []byte(`"x"`)}},
	}
	appended(t, l, events, "1 2 3 4 5")
	var got []Event
	if err := l.Read(context.Background(), 1, 0, func(s []Stored) error {
		for _, e := range s {
			got = append(got, e.Event)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for k := range events {
		events[k].Version = Version
		if diff := differs(got[k], events[k]); diff != "" {
			t.Error(diff)
		}
	}
}

// manyAtOnce: 16 callers append 40 events each, singly, among them ids that others append too; each id is there once and its seq is what was said.
func manyAtOnce(t *testing.T, h host) {
	l := h.open(t, Config{})
	var mu sync.Mutex
	said := map[string]uint64{}
	var all sync.WaitGroup
	for c := range 16 {
		all.Go(func() {
			for k := range 40 {
				id := fmt.Sprint(k, "-", c%4) // 160 ids, each by 4 callers
				seqs, err := l.Append(context.Background(), clicks(id))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if before, ok := said[id]; ok && before != seqs[0] {
					t.Errorf("%s: seq %d and %d", id, before, seqs[0])
				}
				said[id] = seqs[0]
				mu.Unlock()
			}
		})
	}
	all.Wait()
	got, err := read(l, 0, 7)
	if err != nil || len(got) != 160 {
		t.Fatalf("%d events, error %v; want 160", len(got), err)
	}
	for k, g := range got {
		var seq uint64
		var id string
		fmt.Sscan(g, &seq, &id)
		if seq != uint64(k+1) || said[id] != seq {
			t.Errorf("%s: seq %d was said; %d is expected", g, said[id], k+1)
		}
	}
}

// follow: what is there, then what comes; one that never returns holds up neither Append nor other followers.
func follow(t *testing.T, h host) {
	l := h.open(t, Config{})
	appended(t, l, clicks("a", "b"), "1 2")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got := make(chan string, 10000)
	ended := make(chan error, 2)
	release := make(chan struct{})
	go func() {
		ended <- l.Follow(ctx, 2, func(s []Stored) error {
			for _, e := range s {
				got <- fmt.Sprint(e.Seq, " ", e.ID)
			}
			return nil
		})
	}()
	go func() {
		ended <- l.Follow(ctx, 0, func([]Stored) error {
			<-release
			return errors.New("enough")
		})
	}()
	for k := range 500 {
		appended(t, l, clicks(fmt.Sprint(k)), fmt.Sprint(k+3))
	}
	if first := <-got; first != "2 b" {
		t.Errorf("the first is %q, want 2 b", first)
	}
	for k := range 500 {
		if g, want := <-got, fmt.Sprintf("%d %d", k+3, k); g != want {
			t.Fatalf("%q, want %q", g, want)
		}
	}
	close(release)
	if err := <-ended; err == nil || err.Error() != "enough" {
		t.Errorf("the slow one ended with %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the other ended with %v", err)
	}
	go func() { ended <- l.Follow(context.Background(), 503, func([]Stored) error { return nil }) }()
	closed(t, l)
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("Follow of a log that is closed: %v", err)
	}
}

// onAppend: told in order, without gaps and before Append returns; From tells of what was there.
func onAppend(t *testing.T, h host) {
	var mu sync.Mutex
	next, seen := uint64(1), map[string]bool{}
	told := func(events []Stored) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			if e.Seq != next {
				t.Errorf("told of seq %d, want %d", e.Seq, next)
			}
			next, seen[e.ID] = e.Seq+1, true
		}
	}
	l := h.open(t, Config{OnAppend: told})
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			for k := range 20 {
				id := fmt.Sprint(c, "-", k)
				if _, err := l.Append(context.Background(), clicks(id)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				if !seen[id] {
					t.Errorf("%s: acknowledged before it was told", id)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	closed(t, l)
	for _, from := range []uint64{1, 2, 100, 160, 161, 162} { // 8 x 20 = 160 events
		next = min(from, 161)
		l = h.open(t, Config{OnAppend: told, From: from})
		if next != 161 {
			t.Errorf("from %d: told up to %d, want 160", from, next-1)
		}
		closed(t, l)
	}
}

// closedLog: a log that is closed says so, and a directory is one log's.
func closedLog(t *testing.T, h host) {
	l := h.open(t, Config{})
	ctx := context.Background()
	if c := h.cfg(Config{}); c.Dir != "" {
		if _, err := Open(ctx, c); !errors.Is(err, ErrInUse) {
			t.Errorf("the second: %v, want ErrInUse", err)
		}
	}
	closed(t, l)
	closed(t, l)
	if _, err := l.Append(ctx, clicks("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("Append: %v", err)
	}
	if _, err := read(l, 0, 0); !errors.Is(err, ErrClosed) {
		t.Errorf("Read: %v", err)
	}
	if err := l.Follow(ctx, 0, func([]Stored) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("Follow: %v", err)
	}
	if err := l.Trim(ctx, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("Trim: %v", err)
	}
}

// badEvent: one that cannot be taken, and nothing of its Append is stored.
func badEvent(t *testing.T, h host) {
	l := h.open(t, Config{})
	bad := click("b")
	bad.Item = ""
	_, err := l.Append(context.Background(), []Event{click("a"), bad})
	var field *FieldError
	if !errors.Is(err, ErrEvent) || !errors.As(err, &field) || field.Field != "item" || !strings.Contains(err.Error(), "event 1") {
		t.Errorf("error %v; one of event 1's item is expected", err)
	}
	has(t, l, 0)
}

// unknown: what this program does not know is an error that names the seq.
func unknown(t *testing.T, h host) {
	for _, c := range []struct{ name, first, count, data, says string }{
		{"field", "3", "2", `{"v":1,"id":"x","kind":"like","at_ms":1,"user":"u","item":"i"}` + "\n" + `{"v":1,"id":"y","kind":"like","at_ms":1,"user":"u","item":"i","mood":1}`, "seq 4 (message 2): mood: no field"},
		{"version", "3", "1", `{"v":9,"id":"x","kind":"like","at_ms":1,"mood":1}`, "seq 3 (message 2): v: schema version 9"},
		{"kind", "3", "1", `{"v":1,"id":"x","kind":"sing","at_ms":1}`, `seq 3 (message 2): kind: "sing"`},
		{"count", "3", "2", `{"v":1,"id":"x","kind":"like","at_ms":1,"user":"u","item":"i"}`, "message 2: 1 events from seq 3 on; 2"},
		{"header", "x", "2", ``, "message 2: header Segue-First"},
	} {
		l := h.open(t, Config{Name: c.name})
		appended(t, l, clicks("a", "b"), "1 2")
		m := &nats.Msg{Subject: subjectOf(c.name), Data: []byte(c.data), Header: nats.Header{firstHeader: {c.first}, countHeader: {c.count}}}
		if _, err := l.conn.Load().nc.RequestMsg(m, time.Minute); err != nil {
			t.Fatal(err)
		}
		got, err := read(l, 0, 0)
		before := "[1 a 2 b]"
		if c.name == "field" { // the first of the two can be read
			before = "[1 a 2 b 3 x]"
		}
		if all := fmt.Sprint(got); err == nil || !strings.Contains(err.Error(), c.says) || all != "[]" && all != before {
			t.Errorf("%s: %v, error %v; want %q", c.name, got, err, c.says)
		}
		closed(t, l)
	}
}

// cancelled: a context that has ended.
func cancelled(t *testing.T, h host) {
	l := h.open(t, Config{})
	appended(t, l, clicks("a"), "1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Append(ctx, clicks("b")); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Append: %v", err)
	}
	if err := l.Read(ctx, 0, 0, func([]Stored) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if err := l.Follow(ctx, 0, func([]Stored) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Follow: %v", err)
	}
	if _, err := Open(ctx, h.cfg(Config{Name: "other"})); err == nil {
		t.Error("Open with a context that has ended works")
	}
}
