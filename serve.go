package segue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/internal/durable"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/server"
	"github.com/seguefeed/segue/stream"
)

const defaultListen = "127.0.0.1:8087"

// ServeOptions direct a server.
type ServeOptions struct {
	Dir    string // of what the server keeps: the event log and snapshots of the state; "" means segue-serve
	Models string // folder of versions of the recommender; "" makes pages from live counts alone
	// Activity is the file of a predictor that was trained on this database; "" gives no activity scores.
	Activity string
	Listen   string // address; "" means 127.0.0.1:8087

	// Stream says where events are kept and how long. Dir, OnAppend, From and After are set here; without a URL, events of MaxAge go once the database and a
	// snapshot have them.
	Stream stream.Config
	HTTP   server.Config // Backend, Logger and Version are set here

	Explore, ExploreCap float64 // see server.EngineConfig
	NewShows            int
	Candidates          int

	// Positive and Read are the types of feedback that count as a click and as an impression; see live.Config.
	Positive, Read []string

	Zone *time.Location // that days are cut in, of a database without impressions; nil means UTC

	SnapshotEvery  time.Duration // 0 means 5 minutes
	SnapshotEvents int           // since the last snapshot, after which one is taken before its time, but no sooner after it than twice what it took; 0 means 100,000
	WarehouseEvery time.Duration // how long events gather before they go into the database; 0 means 10 seconds
	Drain          time.Duration // how long, at the end, events go on into the database; what is left goes in at the next start. 0 means 5 seconds; below 0 none
	Threads        int           // that the database may use while it serves; 0 means half of the processors

	Logger   *slog.Logger // nil: none
	Progress Progress     // of the start
	// Started is told the address once the server answers.
	Started func(net.Addr)

	look time.Duration // between two looks at how many events the snapshot does not have; 0 means a second; tests make it shorter
}

// Serve answers until ctx ends, then drains what is in flight, writes what is left and takes a snapshot. The database is held open for writing meanwhile:
// nobody else can open it. Memory: see package live for the state, and the models'.
func (s *Segue) Serve(ctx context.Context, opt ServeOptions) (err error) {
	if opt.Dir == "" {
		opt.Dir = "segue-serve"
	}
	if opt.Listen == "" {
		opt.Listen = defaultListen
	}
	if opt.SnapshotEvery == 0 {
		opt.SnapshotEvery = 5 * time.Minute
	}
	if opt.SnapshotEvents == 0 {
		opt.SnapshotEvents = snapshotEvents
	}
	if opt.look == 0 {
		opt.look = time.Second
	}
	if opt.WarehouseEvery == 0 {
		opt.WarehouseEvery = 10 * time.Second
	}
	if opt.Drain == 0 {
		opt.Drain = 5 * time.Second
	}
	if opt.Threads == 0 {
		opt.Threads = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	predictor, err := opt.check(ctx)
	if err != nil { // before anything is made or takes long
		return err
	}
	r := &serving{s: s, opt: opt, log: opt.Logger, predictor: predictor, wanted: make(chan struct{}, 1)}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.lockDir(); err != nil {
		return err
	}
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
	history := server.NewHistory(h.Backend())
	h.Mount("/", server.PagesHandler(h.Backend(), server.PagesConfig{Insight: r.engine, Report: true, Keys: len(opt.HTTP.Keys) > 0, Activity: opt.Activity != "", History: history, Location: r.zoneOf, Logger: opt.Logger}))
	report := server.NewReport(h.Backend(), server.ReportConfig{Dir: filepath.Join(opt.Dir, "report"), Make: r.makeReport, Location: r.zoneOf, Logger: opt.Logger})
	defer report.Close()
	h.Mount("/report/", report)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", opt.Listen)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { r.intoWarehouse(work) })
	done.Go(func() { r.snapshots(work) })
	done.Go(func() { history.Keep(work) })
	if opt.Started != nil {
		opt.Started(l.Addr())
	}
	err = h.Serve(ctx, l)
	report.Close()
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

	predictor *activity.Predictor // nil: nobody is scored

	lock   *os.File // of the folder
	zoneOf *time.Location
	stored atomic.Uint64 // seq up to which the database has the events
	kept   atomic.Uint64 // seq up to which the snapshot has them
	wanted chan struct{} // a snapshot, before its time
	batch  uint64        // events that go into the database at once, at most; 0: warehouseBatch
	still  sync.Mutex    // held while the database changes, or is analysed: its questions are to be of one moment

	drainFails, snapshotFails, trimFails atomic.Pointer[string] // why the last of each did not go; nil: it did
	skipped                              atomic.Uint64          // events that the log gave up before the database had them
}

func (r *serving) config(zone *time.Location) live.Config {
	return live.Config{Location: zone, Positive: r.opt.Positive, Read: r.opt.Read}
}

func (r *serving) stateDir() string { return filepath.Join(r.opt.Dir, "state") }

// lockDir keeps the folder for this server: another one, of another database, would write its own state over the snapshot.
func (r *serving) lockDir() error {
	if err := os.MkdirAll(r.opt.Dir, 0o755); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	lock, err := durable.Lock(filepath.Join(r.opt.Dir, "lock"))
	if err != nil {
		return fmt.Errorf("serve: another server has the folder %s; stop it, or name another folder with --dir: %w", r.opt.Dir, err)
	}
	r.lock = lock
	return nil
}

// open brings back the model, the state and the log, all three at once: each is much of the time the work of one thread. What the log has that the state does not know is told once both
// are there.
func (r *serving) open(ctx context.Context) error {
	zone, err := r.zone(ctx)
	if err != nil {
		return err
	}
	r.zoneOf = zone
	config := server.EngineConfig{Models: r.opt.Models, Zone: zone, Explore: r.opt.Explore, ExploreCap: r.opt.ExploreCap, NewShows: r.opt.NewShows, Candidates: r.opt.Candidates, Logger: r.log,
		Lag: r.lag, Learned: filepath.Join(r.opt.Dir, "explored"), CardDays: r.cardDays, Amiss: r.amiss}
	config.Loading = config.LoadModels()
	defer func() { _ = config.Loading.Wait() }()
	began := time.Now()
	believing, stop := context.WithCancel(ctx)
	believed := make(chan struct{})
	defer func() {
		stop()
		<-believed
	}()
	var loaded bool // the state, from a snapshot
	var stored uint64
	var failed error
	go func() {
		defer close(believed)
		if loaded, failed = r.believe(believing, zone); failed == nil {
			stored, failed = r.s.engine.LiveOffset(believing)
		}
	}()
	err = r.openLog(ctx, func() (after, from uint64, err error) {
		<-believed
		if failed != nil {
			return 0, 0, failed
		}
		return max(stored, r.state.Seq()), r.state.Seq() + 1, nil
	})
	if err != nil && !errors.Is(err, stream.ErrTrimmed) {
		return err
	}
	<-believed
	if err != nil && loaded && r.state.Seq() < stored {
		r.log.Warn("the snapshot is older than the event log; the state is made anew from the database", "snapshot", r.state.Seq(), "in_database", stored)
		if r.state, err = r.fill(ctx, zone); err != nil {
			return err
		}
		err = r.openLog(ctx, begin(max(stored, r.state.Seq()), r.state.Seq()+1))
	}
	if errors.Is(err, stream.ErrTrimmed) {
		err = r.openRest(ctx, stored, err)
	}
	if err != nil {
		return err
	}
	r.stored.Store(stored)
	if err := r.checkDatabase(ctx); err != nil {
		return err
	}
	r.log.Info("the event log is open", "last", r.stream.Status().Last, "in_database", r.stored.Load(), "told", r.untold(), "took", time.Since(began).Round(time.Millisecond))
	if config.Activity, err = r.activity(ctx); err != nil {
		return err
	}
	config.Log, config.State = r.stream, r.state
	r.engine, err = server.NewEngine(config)
	return err
}

// believe brings back the state, and says whether it is that of a snapshot: else it is made anew from the database.
func (r *serving) believe(ctx context.Context, zone *time.Location) (loaded bool, err error) {
	began := time.Now()
	r.state, err = live.Load(r.stateDir(), r.config(zone))
	loaded = err == nil
	if loaded {
		r.kept.Store(r.state.Seq())
		again, err := r.outdated(ctx)
		if err != nil {
			return false, err
		}
		if again {
			r.log.Info("files were loaded into the database; the state is made anew from it")
			if r.state, err = r.fill(ctx, zone); err != nil {
				return false, err
			}
		}
	}
	switch {
	case errors.Is(err, live.ErrNoSnapshot), errors.Is(err, live.ErrVersion):
		if r.state, err = r.fill(ctx, zone); err != nil {
			return false, err
		}
	case err != nil:
		return false, fmt.Errorf("serve: the snapshot of what was believed cannot be read; take %s away and it is made anew from the database and the event log: %w", r.stateDir(), err)
	}
	if err := r.s.engine.Limit(ctx, r.opt.Threads); err != nil { // reading users took all; from now on pages come first
		return false, err
	}
	r.log.Info("the state is back", "users", r.state.UserCount(), "items", r.state.Catalogue().Len(), "took", time.Since(began).Round(time.Millisecond))
	return loaded, nil
}

// begin is for a log whose reader knows by now what it has.
func begin(after, from uint64) func() (uint64, uint64, error) {
	return func() (uint64, uint64, error) { return after, from, nil }
}

// openLog opens the event log, which tells the state what it does not know yet; see stream.Config.Begin.
func (r *serving) openLog(ctx context.Context, begin func() (after, from uint64, err error)) error {
	c := r.opt.Stream
	c.Dir = filepath.Join(r.opt.Dir, "events")
	if c.URL == "" {
		c.MaxAge = 0 // events leave the log by trim, which asks whether the database has them
	} else {
		c.Dir = filepath.Join(r.opt.Dir, "cluster") // of ids alone, so that a start need not read the last three million events for them
	}
	c.OnAppend, c.Begin, c.Logger = func(events []stream.Stored) { r.state.Apply(events) }, begin, r.log
	log, err := stream.Open(ctx, c)
	if errors.Is(err, stream.ErrOther) {
		return fmt.Errorf("serve: the database or the snapshot has events of another log; name the folder that it belongs to with --dir, or a new one, which counts on: %w", err)
	}
	if err == nil {
		r.stream = log
	}
	return err
}

// openRest opens an event log that has given up events which neither the snapshot nor the database has, with what is left of it, where losses are accepted.
func (r *serving) openRest(ctx context.Context, stored uint64, why error) error {
	if !r.opt.Stream.AcceptLoss {
		return fmt.Errorf("serve: the event log has given up events that neither the snapshot of what was believed nor the database has; name the database and the folder that belong to it, "+
			"or go on without them with --accept-loss: %w", why)
	}
	after := max(stored, r.state.Seq())
	if err := r.openLog(ctx, begin(after, 0)); err != nil { // to see where it begins
		return err
	}
	first := r.stream.Status().First
	if err := r.stream.Close(ctx); err != nil {
		return err
	}
	r.stream = nil
	r.log.Error("events are lost to what is believed; going on as told", "from", r.state.Seq()+1, "to", first-1)
	return r.openLog(ctx, begin(after, first))
}

// checkDatabase makes sure that the event log is the one whose events the database has, and still has what the database lacks: one that does not belong to the log,
// or an older copy, would lack it for ever.
func (r *serving) checkDatabase(ctx context.Context) error {
	stored := r.stored.Load()
	mark, err := r.s.engine.LiveMark(ctx)
	if err != nil {
		return err
	}
	last, err := r.event(ctx, stored)
	if err == nil && last != nil && last.Seq == stored && mark != 0 && mark != markOf(last) {
		return fmt.Errorf("serve: the database has events of another log up to %d; name the folder that it belongs to with --dir, or a new one, which counts on: %w", stored, stream.ErrOther)
	}
	switch _, err = r.event(ctx, stored+1); {
	case err == nil:
		return nil
	case !errors.Is(err, stream.ErrTrimmed):
		return fmt.Errorf("serve: %w", err)
	case !r.opt.Stream.AcceptLoss:
		return fmt.Errorf("serve: the database lacks events that the event log has given up; name the database that belongs to it, or go on without them with --accept-loss: %w", err)
	}
	r.skip()
	return nil
}

// event is the first of the event log from seq on; nil where there is none.
func (r *serving) event(ctx context.Context, seq uint64) (*stream.Stored, error) {
	var out *stream.Stored
	reached := errors.New("there it is")
	err := r.stream.Read(ctx, seq, 1, func(events []stream.Stored) error {
		out = &events[0]
		return reached
	})
	if errors.Is(err, reached) {
		err = nil
	}
	return out, err
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
	state := live.New(r.config(zone))
	if err := state.Fill(ctx, r.s.engine, offset, func(done, total int64) {
		r.opt.Progress.tell(Step{Name: "serve: read users and cards", Unit: Users, Done: done, Total: total})
	}); err != nil {
		return nil, err
	}
	if err := state.Save(r.stateDir()); err != nil {
		return nil, err
	}
	r.kept.Store(state.Seq())
	return state, r.note(ctx)
}
