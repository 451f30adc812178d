// This file is the load: it decodes the files, gives ids their integers, and appends everything in one
// transaction, so that the database holds all of a load or none of it.

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// errNotGrouped says that a user came back after another: the load starts again and sorts.
var errNotGrouped = errors.New("the impressions are not grouped by user")

// Load implements warehouse.Loader.
func (e *Engine) Load(ctx context.Context, inputs []warehouse.Input, opt warehouse.LoadOptions) (report warehouse.LoadReport, err error) {
	if e.cfg.ReadOnly {
		return report, fmt.Errorf("load into %s: it is open for reading only", e.path)
	}
	if len(inputs) == 0 {
		return report, errors.New("load: no files were given")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	begun := time.Now()
	// The C interface needs a handle of its own, and a file has one owner at a time.
	if err := e.db().Close(); err != nil {
		return report, fmt.Errorf("load into %s: %w", e.path, err)
	}
	e.live = nil
	defer func() {
		if again := e.connect(context.WithoutCancel(ctx)); again != nil && err == nil {
			err = again
		}
	}()
	told, skip := 0, 0
	if reject := opt.Reject; reject != nil {
		// A second attempt meets the rejects of the first again, in the same order.
		opt.Reject = func(t feedlog.Table, bad *feedlog.RowError) error {
			if skip > 0 {
				skip--
				return nil
			}
			told++
			return reject(t, bad)
		}
	}
	for _, staged := range []bool{false, true} {
		skip = told
		l := &load{engine: e, opt: opt, inputs: slices.Clone(inputs), staged: staged, begun: begun.UTC()}
		report, err = l.run(ctx)
		if !errors.Is(err, errNotGrouped) {
			break
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		return warehouse.LoadReport{}, err
	}
	e.empty = false
	report.Seconds = time.Since(begun).Seconds()
	return report, nil
}

// load is one attempt.
type load struct {
	engine *Engine
	opt    warehouse.LoadOptions
	inputs []warehouse.Input
	staged bool // sort impressions by user on disk

	ctx    context.Context
	cancel context.CancelCauseFunc
	conn   *rawConn
	w      *writer
	id     uint16
	begun  time.Time

	users    *dimension
	creators *dimension
	cards    *dimension
	songs    *dictionary
	artists  *dictionary
	contents *dictionary

	removed         bool  // impressions of an earlier load were taken out
	live            bool  // there are live events
	firstImpression int64 // id of the first of this load
	visits          *visits
	stages          *stages
	seen            bitset // users whose rows have passed
	swipes          int64

	month       time.Time // its first day; zero when nothing needs one
	firstDay    int32     // the same as a day number, moved by the load's shift
	cardDays    *table
	creatorDays *table

	loaded []loadedFile
}

// loadedFile is one line of the table of loads.
type loadedFile struct {
	warehouse.TableLoad
	head, fingerprint string
	absent            []feedlog.Role
}

func (l *load) run(ctx context.Context) (report warehouse.LoadReport, err error) {
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	if l.conn, err = openRaw(l.engine.path, l.engine.settings()); err != nil {
		return report, l.engine.explainOpen(err)
	}
	defer l.conn.close()
	// A statement of the engine that takes long is broken off when the load is cancelled.
	stop := l.conn.interruptAfter(l.ctx)
	defer stop()

	// While rows are appended the decoders need the other processors, and the engine's own threads would only wait for each other.
	if err := l.conn.exec("set threads = 1"); err != nil {
		return report, fmt.Errorf("load into %s: %w", l.engine.path, err)
	}
	if err := l.conn.exec("begin transaction"); err != nil {
		return report, fmt.Errorf("load into %s: %w", l.engine.path, err)
	}
	if err = l.transaction(); err == nil {
		l.step("commit")
		// The engine cannot break a commit off: one that is interrupted says so and is in all the same. So it is not, and a
		// cancellation that comes now is too late.
		if stop() {
			err = l.conn.exec("commit")
		} else {
			err = context.Cause(l.ctx)
		}
	}
	if err != nil {
		stop()
		if rollback := l.conn.exec("rollback"); rollback != nil && !strings.Contains(rollback.Error(), "no transaction") {
			return report, errors.Join(err, fmt.Errorf("undo the load: %w", rollback))
		}
		return report, err
	}
	for _, f := range l.loaded {
		report.Tables = append(report.Tables, f.TableLoad)
	}
	// From here on the load is in; what follows only makes the file smaller.
	if l.ctx.Err() == nil {
		l.step("checkpoint")
		_ = l.conn.exec("checkpoint")
	}
	return report, nil
}

// transaction does the work between begin and commit.
func (l *load) transaction() error {
	if err := l.begin(); err != nil {
		return err
	}
	l.w = newWriter(l.ctx, l.conn, l.cancel)
	err := l.read()
	if err != nil {
		l.cancel(err)
		err = context.Cause(l.ctx) // what the engine met, if it was the engine that broke the reading off
	}
	if l.stages != nil {
		l.stages.remove()
	}
	l.step("flush")
	if finished := l.w.finish(l.ctx); err == nil {
		err = finished
	}
	if err != nil {
		return err
	}
	return l.end()
}

// begin finds what earlier loads left: the next id of a load, the ids of users and cards, and whether a file is new.
func (l *load) begin() error {
	l.step("prepare")
	// Before an earlier load is taken out: a number is never given twice, since the newest row of a user is the one with the highest.
	err := l.conn.fetch("select coalesce(max(load_id), 0)::integer from loads", func(c mapping.DataChunk, n int) error {
		l.id = uint16(column[int32](c, 0, n)[0]) + 1
		return nil
	})
	if err != nil {
		return err
	}
	err = l.conn.fetch("select exists (from live_offset)", func(c mapping.DataChunk, n int) error {
		l.live = column[bool](c, 0, n)[0]
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.recognise(); err != nil {
		return err
	}
	if err := l.settleZone(); err != nil {
		return err
	}
	if err := l.settleShift(); err != nil {
		return err
	}
	for _, d := range []struct {
		dst            **dictionary
		table, id, key string
	}{
		{&l.songs, "songs", "song_id", "song_key"}, {&l.artists, "artists", "artist_id", "artist_key"},
		{&l.contents, "contents", "content_id::integer", "content_key"},
	} {
		if *d.dst, err = known(l.conn, d.table, d.id, d.key); err != nil {
			return err
		}
	}
	users, err := known(l.conn, "users", "user_id", "user_key")
	if err != nil {
		return err
	}
	creators, err := known(l.conn, "creators", "creator_id", "creator_key")
	if err != nil {
		return err
	}
	cards, err := known(l.conn, "cards", "card_id", "card_key")
	if err != nil {
		return err
	}
	l.users, l.creators, l.cards = newDimension(users), newDimension(creators), newDimension(cards)
	if l.staged {
		if l.stages, err = newStages(filepath.Join(l.engine.tempDir(), "stages")); err != nil {
			return err
		}
	}
	return nil
}

// read decodes every input and appends its rows.
func (l *load) read() error {
	nextID := int64(0)
	err := l.conn.fetch("select coalesce(max(impression_id) + 1, 0)::bigint from impression_rows where impression_id < 1::bigint << 40", func(c mapping.DataChunk, n int) error {
		nextID = column[int64](c, 0, n)[0]
		return nil
	})
	if err != nil {
		return err
	}
	if nextID == 0 { // totals of loads that were taken out
		if err := l.statement("load_clear_totals"); err != nil {
			return err
		}
	}
	l.firstImpression = nextID
	if l.visits, err = newVisits(l.w, l.id, nextID, newCalendar(l.opt.Zone), nextID == 0 && !l.live); err != nil {
		return err
	}
	l.visits.shift = int32(l.opt.ShiftDays)
	order := map[feedlog.Table]int{}
	for i, t := range feedlog.Tables {
		order[t] = i
	}
	sort.SliceStable(l.inputs, func(i, j int) bool { return order[l.inputs[i].Table] < order[l.inputs[j].Table] })
	if err := l.openDimensions(); err != nil {
		return err
	}
	dated := sort.Search(len(l.inputs), func(i int) bool { return order[l.inputs[i].Table] > order[feedlog.Impressions] })
	for _, in := range l.inputs[:dated] {
		if err := l.input(in); err != nil {
			return err
		}
	}
	if l.stages != nil {
		l.step("sort by user")
		if err := l.stages.replay(l.visits, l.ctx.Err); err != nil {
			return err
		}
	}
	l.visits.flush()
	// Day numbers and card ages need the month, which the impressions tell.
	if err := l.findMonth(); err != nil {
		return err
	}
	if err := l.openDays(); err != nil {
		return err
	}
	for _, in := range l.inputs[dated:] {
		if err := l.input(in); err != nil {
			return err
		}
	}
	l.step("write what was mentioned")
	return l.writeMentioned()
}

// findMonth settles the month that day numbers count in: the one that was said, or the one most impressions are in.
func (l *load) findMonth() error {
	l.month = l.opt.Month
	if l.month.IsZero() {
		byMonth := map[time.Time]int64{}
		for day, n := range l.visits.months {
			byMonth[monthOf(day-l.visits.shift)] += n // the file's own
		}
		for m, n := range byMonth {
			if best := byMonth[l.month]; n > best || n == best && m.Before(l.month) {
				l.month = m
			}
		}
	}
	if l.month.IsZero() {
		for _, in := range l.inputs {
			if in.Table == feedlog.CardDays || in.Table == feedlog.CreatorDays || in.Table == feedlog.Cards {
				return fmt.Errorf("%s: its days count within a month, and no impressions tell which: say it with --month, as in --month 2019-11", in.Name)
			}
		}
		return nil
	}
	l.firstDay = dayNumber(l.month.Year(), l.month.Month(), 1) + l.visits.shift
	return nil
}

func (l *load) step(name string) { l.tell(warehouse.LoadProgress{Step: name}) }

func (l *load) tell(p warehouse.LoadProgress) {
	if l.opt.Progress != nil {
		l.opt.Progress(p)
	}
}

// bitset is a set of small integers.
type bitset []uint64

func (b *bitset) add(i int32) {
	for int(i)/64 >= len(*b) {
		*b = append(*b, make([]uint64, max(1024, len(*b)))...)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b bitset) has(i int32) bool { return int(i)/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }
