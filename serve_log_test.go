package segue

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seguefeed/segue/stream"
)

// serving of a test: a server in this process over a database of its own.
type servedHere struct {
	t    *testing.T
	dir  string
	opt  ServeOptions
	url  string
	said bytes.Buffer
	mu   sync.Mutex // of said
	stop func()
}

func (s *servedHere) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

func (s *servedHere) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// start opens the database and serves it until stop.
func (s *servedHere) start() {
	s.t.Helper()
	db, err := Open(context.Background(), Config{Path: filepath.Join(s.dir, "feed.duckdb")})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan net.Addr, 1), make(chan error, 1)
	opt := s.opt
	opt.Dir, opt.Listen, opt.Logger, opt.Started = filepath.Join(s.dir, "serve"), "127.0.0.1:0", slog.New(slog.NewTextHandler(s, nil)), func(at net.Addr) { started <- at }
	go func() { ended <- db.Serve(ctx, opt) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	}
	select {
	case at := <-started:
		s.url = "http://" + at.String()
	case err := <-ended:
		cancel()
		db.Close()
		s.t.Fatalf("it does not start: %v\n%s", err, s.log())
	}
}

// post sends events until they are acknowledged: a log that is full is trimmed before long.
func (s *servedHere) post(events []stream.Event) (refused int) {
	s.t.Helper()
	body, err := json.Marshal(events)
	if err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; refused++ {
		r, err := http.Post(s.url+"/v1/events", "application/json", bytes.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		text, _ := io.ReadAll(r.Body)
		r.Body.Close()
		switch {
		case r.StatusCode == http.StatusOK:
			return refused
		case r.StatusCode != http.StatusServiceUnavailable || time.Now().After(end):
			s.t.Fatalf("%s: %s", r.Status, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// impressions are those that a user is told to have.
func (s *servedHere) impressions(user string) int {
	s.t.Helper()
	r, err := http.Get(s.url + "/v1/users/" + user)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	var u struct{ Impressions int }
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		s.t.Fatal(err)
	}
	return u.Impressions
}

// inDatabase are the events that the database has.
func (s *servedHere) inDatabase() int {
	s.t.Helper()
	db, err := Open(context.Background(), Config{Path: filepath.Join(s.dir, "feed.duckdb"), ReadOnly: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.SQL(context.Background(), "select count(*), count(distinct seq) from live_events")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	v, err := rows.Values()
	if err != nil || fmt.Sprint(v[0]) != fmt.Sprint(v[1]) {
		s.t.Fatalf("%v: %v", v, err)
	}
	var n int
	fmt.Sscan(fmt.Sprint(v[0]), &n)
	return n
}

// TestServeKeepsTheLogShort sends far more than the event log has room for: it is trimmed as events go into the database and a snapshot. Then the server is started
// on what an accident may leave: without the snapshot, with an old one, and without the log. Whatever was acknowledged is there each time.
func TestServeKeepsTheLogShort(t *testing.T) {
	s := &servedHere{t: t, dir: t.TempDir(), opt: ServeOptions{SnapshotEvery: 60 * time.Millisecond, WarehouseEvery: 40 * time.Millisecond, Stream: stream.Config{MaxBytes: 600 << 10}}}
	const users, size = 20, 500
	sent := 0
	// Each user sees each card once an hour, so that no impression is another one told again.
	batch := func() (events []stream.Event) {
		for range size {
			hour, rest := sent/(users*50), sent%(users*50)
			events = append(events, stream.Event{ID: fmt.Sprint("e", sent), Kind: stream.Impression, AtMS: time.Now().Add(time.Duration(hour-100) * time.Hour).UnixMilli(), User: fmt.Sprint("u", rest%users),
				Item: fmt.Sprint("card ", rest/users), Request: fmt.Sprint("page ", hour, " of a name that takes some room ", strings.Repeat(".", 100))})
			sent++
		}
		return events
	}
	right := func(when string) {
		t.Helper()
		for u := range users {
			if n := s.impressions(fmt.Sprint("u", u)); n != sent/users {
				t.Errorf("%s: u%d has %d impressions; %d were sent", when, u, n, sent/users)
			}
		}
	}
	state := filepath.Join(s.dir, "serve", "state")

	s.start()
	s.post(batch())
	s.post(batch())
	right("at first")
	s.stop()
	old := filepath.Join(s.dir, "old state")
	if err := os.CopyFS(old, os.DirFS(state)); err != nil {
		t.Fatal(err)
	}
	s.start()
	for range 18 {
		s.post(batch())
	}
	right("after many")
	s.stop()
	if !strings.Contains(s.log(), "leave the event log") {
		t.Errorf("the log of 600 KB was never trimmed of %d events", sent)
	}

	for name, spoil := range map[string]func() error{
		"as it was":             func() error { return nil },
		"without the snapshot":  func() error { return os.RemoveAll(state) },
		"with an old snapshot":  func() error { return os.RemoveAll(state) },
		"without the log":       func() error { return os.RemoveAll(filepath.Join(s.dir, "serve", "events")) },
		"without log and state": func() error { return os.RemoveAll(filepath.Join(s.dir, "serve")) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if name == "with an old snapshot" {
			if err := os.CopyFS(state, os.DirFS(old)); err != nil {
				t.Fatal(err)
			}
		}
		s.start()
		if anew := strings.Contains(s.log(), "made anew from the database"); name == "with an old snapshot" && !anew {
			t.Errorf("%s: %s", name, s.log())
		}
		right(name)
		s.post(batch())
		s.post(batch())
		right(name + ", and more")
		s.stop()
		if n := s.inDatabase(); n != sent {
			t.Errorf("%s: %d events are in the database; %d were acknowledged", name, n, sent)
		}
	}
}
