package segue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/server"
	"github.com/seguefeed/segue/stream"
)

// ServeOptions direct a server.
type ServeOptions struct {
	Dir    string // of what the server keeps: the event log and snapshots of the state; "" means segue-serve
	Models string // folder of versions of the recommender; "" makes pages from live counts alone
	Listen string // address; "" means 127.0.0.1:8087

	Stream stream.Config // Dir, OnAppend and From are set here
	HTTP   server.Config // Backend, Logger and Version are set here

	Explore, ExploreCap float64 // see server.EngineConfig
	NewShows            int
	Candidates          int

	Zone *time.Location // that days are cut in, of a database without impressions; nil means UTC

	SnapshotEvery  time.Duration // 0 means 5 minutes
	WarehouseEvery time.Duration // how long events gather before they go into the database; 0 means 10 seconds

	Logger   *slog.Logger // nil: none
	Progress Progress     // of the start
	// Started is told the address once the server answers.
	Started func(net.Addr)
}

// warehouseBatch is how many events go into the database at once, at most.
const warehouseBatch = 20_000

// Serve answers until ctx ends, then drains what is in flight, writes what is left and takes a snapshot. The database is held open for writing meanwhile:
// nobody else can open it. Memory: see package live for the state, and the models'.
func (s *Segue) Serve(ctx context.Context, opt ServeOptions) (err error) {
	if opt.Dir == "" {
		opt.Dir = "segue-serve"
	}
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1:8087"
	}
	if opt.SnapshotEvery == 0 {
		opt.SnapshotEvery = 5 * time.Minute
	}
	if opt.WarehouseEvery == 0 {
		opt.WarehouseEvery = 10 * time.Second
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if err := server.CheckAddress(opt.Listen, opt.HTTP.Keys); err != nil { // before anything takes long
		return err
	}
	r := &serving{s: s, opt: opt, log: opt.Logger}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.open(ctx); err != nil {
		return err
	}
	opt.HTTP.Backend, opt.HTTP.Logger, opt.HTTP.Version = r.engine, opt.Logger, Version
	h, err := server.New(opt.HTTP)
	if err != nil {
		return err
	}
	h.MountAs("/api/", server.GorseHandler(h.Backend()), server.Rules{Open: server.GorseOpen, Writes: server.GorseWrites,
		Refuse: func(w http.ResponseWriter, _ *http.Request) { server.GorseUnauthorized(w) }, BodyBytes: -1}) // its bulk routes bound themselves
	h.Mount("/", server.PagesHandler(h.Backend(), server.PagesConfig{Insight: r.engine, Keys: len(opt.HTTP.Keys) > 0, Location: r.zoneOf, Logger: opt.Logger}))
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", opt.Listen)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { r.intoWarehouse(work) })
	done.Go(func() { r.snapshots(work) })
	if opt.Started != nil {
		opt.Started(l.Addr())
	}
	err = h.Serve(ctx, l)
	stop()
	done.Wait()
	return err
}

// serving is a server's parts.
type serving struct {
	s      *Segue
	opt    ServeOptions
	log    *slog.Logger
	state  *live.State
	stream *stream.Log
	engine *server.Engine

	zoneOf *time.Location
	stored atomic.Uint64 // seq up to which the database has the events
	kept   atomic.Uint64 // and a snapshot
}

func (r *serving) stateDir() string { return filepath.Join(r.opt.Dir, "state") }

// open brings back the state, the log and the engine.
func (r *serving) open(ctx context.Context) error {
	zone, err := r.zone(ctx)
	if err != nil {
		return err
	}
	r.zoneOf = zone
	began := time.Now()
	r.state, err = live.Load(r.stateDir(), live.Config{Location: zone})
	loaded := err == nil
	switch {
	case errors.Is(err, live.ErrNoSnapshot):
		if r.state, err = r.fill(ctx, zone); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("serve: the snapshot of what was believed cannot be read; take %s away and it is made anew from the database and the event log: %w", r.stateDir(), err)
	}
	r.log.Info("the state is back", "users", r.state.UserCount(), "items", r.state.Catalogue().Len(), "took", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	stored, err := r.s.engine.LiveOffset(ctx)
	if err != nil {
		return err
	}
	err = r.openLog(ctx, stored)
	if loaded && r.state.Seq() < stored && errors.Is(err, stream.ErrTrimmed) {
		r.log.Warn("the snapshot is older than the event log; the state is made anew from the database", "snapshot", r.state.Seq(), "in_database", stored)
		if r.state, err = r.fill(ctx, zone); err != nil {
			return err
		}
		err = r.openLog(ctx, stored)
	}
	if err != nil {
		return err
	}
	r.stored.Store(stored)
	r.log.Info("the event log is open", "last", r.stream.Status().Last, "in_database", stored, "took", time.Since(began).Round(time.Millisecond))
	r.engine, err = server.NewEngine(server.EngineConfig{Log: r.stream, State: r.state, Models: r.opt.Models, Zone: zone, Explore: r.opt.Explore, ExploreCap: r.opt.ExploreCap,
		NewShows: r.opt.NewShows, Candidates: r.opt.Candidates, Logger: r.log, Lag: r.lag})
	return err
}

// openLog opens the event log, which tells the state what it does not know yet.
func (r *serving) openLog(ctx context.Context, stored uint64) error {
	c := r.opt.Stream
	if c.URL == "" {
		c.Dir = filepath.Join(r.opt.Dir, "events")
	}
	c.OnAppend, c.From, c.After, c.Logger = r.state.Apply, r.state.Seq()+1, max(stored, r.state.Seq()), r.log
	log, err := stream.Open(ctx, c)
	if errors.Is(err, stream.ErrOther) {
		return fmt.Errorf("serve: the database or the snapshot has events of another log; name the folder that it belongs to with --dir, or a new one, which counts on: %w", err)
	}
	if err == nil {
		r.stream = log
	}
	return err
}

// zone is that of the log; where there is none yet, the one that was asked for, or UTC.
func (r *serving) zone(ctx context.Context) (*time.Location, error) {
	held, err := r.s.engine.Zone(ctx)
	switch {
	case err != nil:
		return nil, err
	case held != nil && r.opt.Zone != nil && held.String() != r.opt.Zone.String():
		return nil, fmt.Errorf("serve: the database's days are those of %s, not of %s", held, r.opt.Zone)
	case held != nil:
		return held, nil
	case r.opt.Zone != nil:
		return r.opt.Zone, nil
	}
	return time.UTC, nil
}

// fill makes the state from the database: the first start. Events that the database has are not told again.
func (r *serving) fill(ctx context.Context, zone *time.Location) (*live.State, error) {
	offset, err := r.s.engine.LiveOffset(ctx)
	if err != nil {
		return nil, err
	}
	r.opt.Progress.tell(Step{Name: "serve: read users and cards", Unit: Steps})
	state := live.New(live.Config{Location: zone})
	if err := state.Fill(ctx, r.s.engine, offset, func(done, total int64) {
		r.opt.Progress.tell(Step{Name: "serve: read users and cards", Unit: Users, Done: done, Total: total})
	}); err != nil {
		return nil, err
	}
	return state, state.Save(r.stateDir())
}

func (r *serving) lag() int64 {
	last, stored := r.stream.Status().Last, r.stored.Load()
	return int64(last - min(stored, last))
}

// intoWarehouse brings events into the database, some at a time, each once: their offset goes with them.
func (r *serving) intoWarehouse(ctx context.Context) {
	wait := time.NewTimer(r.opt.WarehouseEvery)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			if err := r.drain(last); err != nil {
				r.log.Warn("not all events went into the database; the next start goes on with them", "behind", r.lag(), "error", err)
			}
			return
		case <-wait.C:
		}
		if err := r.drain(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("events could not go into the database; they stay in the event log", "behind", r.lag(), "error", err)
		}
		wait.Reset(r.opt.WarehouseEvery)
	}
}

// drain brings in all events that are there.
func (r *serving) drain(ctx context.Context) error {
	return r.stream.Read(ctx, r.stored.Load()+1, warehouseBatch, func(events []stream.Stored) error {
		batch, err := LiveBatch(events)
		if err != nil {
			return err
		}
		batch.Zone = r.zoneOf
		if err := r.s.engine.AppendLive(ctx, batch); err != nil {
			return err
		}
		r.stored.Store(batch.Last)
		return nil
	})
}

func (r *serving) snapshots(ctx context.Context) {
	t := time.NewTicker(r.opt.SnapshotEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := r.snapshot(); err != nil {
			r.log.Error("no snapshot could be taken; a restart will take longer", "error", err)
		}
		if err := r.trim(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("the event log could not be made shorter", "error", err)
		}
	}
}

func (r *serving) snapshot() error {
	began, seq := time.Now(), r.state.Seq()
	err := r.state.Save(r.stateDir())
	if err == nil {
		r.kept.Store(seq)
	}
	r.log.Info("snapshot", "seq", seq, "took", time.Since(began).Round(time.Millisecond))
	return err
}

// trim gives up events that the database and a snapshot have, once there are many: a log that fills up refuses events, and a long one makes a start slow, since
// all of it is checked. A cluster's log is not this server's alone, and stays.
func (r *serving) trim(ctx context.Context) error {
	s := r.stream.Status()
	if r.opt.Stream.URL != "" || s.Bytes < min(keepBytes, s.MaxBytes/2) {
		return nil
	}
	before := min(r.stored.Load(), r.kept.Load()) + 1
	if before <= s.First {
		return nil
	}
	err := r.stream.Trim(ctx, before)
	r.log.Info("events that the database has leave the event log", "before", before, "bytes", s.Bytes)
	return err
}

// keepBytes are of an event log that is left as it is.
const keepBytes = 1 << 30

// close ends what was opened, in the order in which nothing is lost.
func (r *serving) close() error {
	var err error
	if r.engine != nil {
		r.engine.Close()
	}
	if r.stream != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		err = r.stream.Close(ctx)
		err = errors.Join(err, r.snapshot())
	}
	return err
}
