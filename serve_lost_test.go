package segue

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/server"
	"github.com/seguefeed/segue/stream"
)

// trimmedLog serves a new database until the event log has given events up, and gives the number of events sent.
func trimmedLog(t *testing.T, dir string, opt ServeOptions) (sent int) {
	t.Helper()
	said := &servedHere{t: t}
	opt.Logger = slog.New(slog.NewTextHandler(said, nil))
	v := serve(t, emptyDatabase(t, filepath.Join(dir, "first")), opt)
	v.until("the event log gives events up", func() bool {
		v.send(20)
		return strings.Contains(said.log(), "has given up events")
	})
	v.until("all events go into the database", func() bool { return v.offset() == uint64(v.sent) })
	v.stop()
	return v.sent
}

// A database that lacks events which the log has given up is not served as if it had all: an older copy, or another one.
func TestServeAnotherDatabase(t *testing.T) {
	dir := t.TempDir()
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: 10 * time.Millisecond, SnapshotEvery: 10 * time.Millisecond, Stream: stream.Config{MaxBytes: 100_000}}
	sent := trimmedLog(t, dir, opt)
	other := emptyDatabase(t, dir)
	opt.Listen = "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // should it serve
	defer cancel()
	err := other.Serve(ctx, opt)
	if err == nil || !errors.Is(err, stream.ErrTrimmed) || !strings.Contains(err.Error(), "--accept-loss") {
		t.Fatalf("with a database that lacks what the log has given up: %v", err)
	}
	opt.Stream.AcceptLoss = true
	v := serve(t, other, opt)
	defer v.stop()
	v.sent = sent
	v.until("an event is taken", func() bool { return v.send(20) < 300 })
	v.until("what is left goes into the database", func() bool { return v.offset() == uint64(v.sent) })
	if n := impressions(t, other); n == 0 || n >= int64(v.sent) {
		t.Errorf("%d impressions of %d; those that the log still had are expected", n, v.sent)
	}
}

// Events leave the log at their age, but none before the database has it.
func TestServeAge(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: time.Hour, SnapshotEvery: 10 * time.Millisecond, Drain: -1, Stream: stream.Config{MaxAge: time.Second}}
	v := serve(t, s, opt)
	for range 5 {
		v.send(20)
	}
	time.Sleep(2500 * time.Millisecond) // they are older now, and the database has none
	v.stop()
	said := &servedHere{t: t}
	opt.WarehouseEvery, opt.Logger = 10*time.Millisecond, slog.New(slog.NewTextHandler(said, nil))
	v = serve(t, s, opt)
	v.sent = 100
	v.until("all go into the database", func() bool { return v.offset() == 100 })
	if n := impressions(t, s); n != 100 {
		t.Errorf("the database has %d impressions of 100", n)
	}
	v.until("an event is taken", func() bool { return v.send(1) < 300 }) // the last group stays, whatever its age
	v.until("the log gives up the others", func() bool { return strings.Contains(said.log(), "first=101") })
	v.stop()
	l, err := stream.Open(t.Context(), stream.Config{Dir: filepath.Join(opt.Dir, "events")})
	if err != nil {
		t.Fatal(err)
	}
	if s := l.Status(); s.First != 101 || s.Last != 101 {
		t.Errorf("the log has events %d to %d; it is to have given up those of an age", s.First, s.Last)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// Settings that cannot be are errors that name them, and leave nothing behind.
func TestServeSettings(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	key := []server.Key{{Name: "a", Role: server.RoleRead, Secret: "sixteen-bytes-of-it"}}
	for want, opt := range map[string]ServeOptions{
		"SnapshotEvery: -1ns": {SnapshotEvery: -1}, "SnapshotEvents: -1": {SnapshotEvents: -1}, "WarehouseEvery: -1ns": {WarehouseEvery: -1}, "Threads: -1": {Threads: -1},
		"Explore: 1.1": {Explore: 1.1}, "Explore: NaN": {Explore: math.NaN()}, "ExploreCap: 2": {ExploreCap: 2}, "ExploreCap: -1": {ExploreCap: -1}, "NewShows: -1": {NewShows: -1}, "Candidates: -4": {Candidates: -4},
		"Limits.InFlight: -1": {HTTP: server.Config{Limits: server.Limits{InFlight: -1}}}, `Origins: "foo"`: {HTTP: server.Config{Origins: []string{"foo"}}}, "Profile: ": {HTTP: server.Config{Profile: true, Keys: key}},
		"Keys[1].Secret: 5 bytes": {HTTP: server.Config{Keys: append(key, server.Key{Name: "b", Role: server.RoleRead, Secret: "short"})}},
		"MaxBytes: 5;":            {Stream: stream.Config{MaxBytes: 5}}, "MaxAge: -1h": {Stream: stream.Config{MaxAge: -time.Hour}}, "Replicas: 3": {Stream: stream.Config{Replicas: 3}},
		"Credentials: they": {Stream: stream.Config{Credentials: "file"}}, "Credentials: open": {Stream: stream.Config{URL: "nats://127.0.0.1:1", Credentials: filepath.Join(dir, "gone")}}, "URL: number 1": {Stream: stream.Config{URL: "nats://:"}},
		`Positive: "read"`: {Positive: []string{"like", "read"}}, `Positive: "look"`: {Positive: []string{"look"}, Read: []string{"look"}}, `Listen: "nonsense"`: {Listen: "nonsense"}, `Listen: "127.0.0.1:99999"`: {Listen: "127.0.0.1:99999"},
		"Activity: load the predictor": {Activity: filepath.Join(dir, "gone")},
	} {
		opt.Dir, opt.Started = filepath.Join(dir, "serve"), func(net.Addr) { t.Errorf("it serves with %+v", opt) }
		if opt.Listen == "" {
			opt.Listen = "127.0.0.1:0"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := s.Serve(ctx, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; %q is expected in it", err, want)
		}
		cancel()
		if _, err := os.Stat(opt.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s: the folder is there: %v", want, err)
		}
	}
}

// A database that has events of another log is refused, also where that one has as many.
func TestServeAnotherLog(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, sent int) (*Segue, ServeOptions) {
		s := emptyDatabase(t, filepath.Join(dir, name))
		opt := ServeOptions{Dir: filepath.Join(dir, name, "serve"), WarehouseEvery: 10 * time.Millisecond}
		v := serve(t, s, opt)
		v.sent = sent // the number of the first event is part of its id
		v.send(20)
		v.until("events go into the database", func() bool { return v.offset() == 20 })
		v.send(5)
		v.stop()
		return s, opt
	}
	one, _ := run("one", 0)
	_, two := run("two", 1000)
	two.Listen = "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := one.Serve(ctx, two); !errors.Is(err, stream.ErrOther) {
		t.Errorf("the database of one log with another: %v", err)
	}
}
