// This file takes batches of the live log in: what the events say goes to tables of their own (live_schema.sql), and what follows from them into the
// tables of loads, all in the transaction that moves the offset.

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// liveKnown is what appends keep between them: the ids that the database knows, some 60 bytes each beside their text, and the users who were deleted.
type liveKnown struct {
	users, creators, cards   *dimension
	songs, artists, contents *dictionary
	deleted                  map[uint64]int64 // by hash of the id: until when
}

// LiveOffset implements warehouse.Live.
func (e *Engine) LiveOffset(ctx context.Context) (uint64, error) {
	var has bool
	if err := e.db().QueryRowContext(ctx, "select count(*) > 0 from duckdb_tables() where table_name = 'live_offset'").Scan(&has); err != nil {
		return 0, fmt.Errorf("read the live offset of %s: %w", e.path, err)
	}
	if !has { // an older database that is open for reading only
		return 0, nil
	}
	return queryOne[uint64](ctx, e, "live_offset")
}

// LiveMark implements warehouse.Live.
func (e *Engine) LiveMark(ctx context.Context) (uint64, error) {
	mark, err := queryOne[int64](ctx, e, "live_mark")
	return uint64(mark), err
}

// AppendLive implements warehouse.Live.
func (e *Engine) AppendLive(ctx context.Context, batches iter.Seq2[warehouse.LiveBatch, error]) error {
	if e.cfg.ReadOnly {
		return fmt.Errorf("append live events to %s: it is open for reading only", e.path)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.mend()
	if err == nil {
		err = e.appendOn(ctx, batches)
	}
	if err != nil {
		e.live = nil // it may know ids that the database does not
		e.failed(err)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("append live events to %s: %w", e.path, err)
	}
	e.empty = false
	return nil
}

// appendOn appends on a connection of the pool.
func (e *Engine) appendOn(ctx context.Context, batches iter.Seq2[warehouse.LiveBatch, error]) error {
	conn, err := e.db().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		raw, err := rawOf(c)
		if err != nil {
			return err
		}
		if e.guest {
			stop := raw.stepAside()
			defer stop()
		}
		return e.appendLive(ctx, raw, batches)
	})
}

// checkLive finds what would make a batch wrong as a whole, and sets Last.
func checkLive(b *warehouse.LiveBatch) error {
	before := uint64(0)
	for i := range b.Rows {
		r := &b.Rows[i]
		both := r.Kind >= warehouse.LiveImpression && r.Kind <= warehouse.LiveFeedback
		switch {
		case r.Seq <= before:
			return fmt.Errorf("row %d: number %d after %d; ascending numbers from 1 are expected", i, r.Seq, before)
		case r.Seq > 1<<62:
			return fmt.Errorf("row %d: number %d is too large", i, r.Seq)
		case r.Kind < warehouse.LiveImpression || r.Kind > warehouse.LiveCardDeleted:
			return fmt.Errorf("event %d: there is no kind %d", r.Seq, r.Kind)
		case r.AtMS <= 0 || r.AtMS > 1<<43:
			return fmt.Errorf("event %d: %d is no moment in milliseconds since 1970", r.Seq, r.AtMS)
		case r.User == "" && (both || r.Kind <= warehouse.LiveUserDeleted):
			return fmt.Errorf("event %d: a user is expected", r.Seq)
		case r.Card == "" && (both || r.Kind >= warehouse.LiveCard):
			return fmt.Errorf("event %d: a card is expected", r.Seq)
		}
		before = r.Seq
	}
	switch {
	case b.Last == 0:
		b.Last = before
	case b.Last < before:
		return fmt.Errorf("the offset after the batch is %d, and its last event is %d", b.Last, before)
	}
	return nil
}

// liveAppend is one append.
type liveAppend struct {
	*load
	known        *liveKnown
	batches      iter.Seq2[warehouse.LiveBatch, error]
	offset, mark uint64 // of the last event that is in
	cal          *calendar
	tables       *liveTables    // nil before there are rows
	touched      map[int32]bool // users whose rows change
	spokenUsers  map[int32]bool
	spokenCards  map[int32]bool
	cutoff       map[int32]int64
	spoken       [2]int64 // rows of users and of cards
	empty        bool     // there are no impressions yet
}

func (e *Engine) appendLive(ctx context.Context, raw *rawConn, batches iter.Seq2[warehouse.LiveBatch, error]) (err error) {
	l := &load{engine: e, conn: raw, begun: time.Now().UTC()}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	stop := raw.interruptAfter(l.ctx)
	defer stop()
	if err := raw.exec("begin transaction"); err != nil {
		return err
	}
	a := &liveAppend{load: l, batches: batches, touched: map[int32]bool{}, spokenUsers: map[int32]bool{}, spokenCards: map[int32]bool{}, cutoff: map[int32]int64{}}
	if err = a.transaction(); err == nil {
		if stop() { // as in a load: a commit is not to be broken off
			err = raw.exec("commit")
		} else {
			err = context.Cause(l.ctx)
		}
	} else if cause := context.Cause(l.ctx); cause != nil {
		err = cause // what the engine met
	}
	if err != nil {
		stop()
		if rollback := raw.exec("rollback"); rollback != nil && !strings.Contains(rollback.Error(), "no transaction") {
			err = errors.Join(err, fmt.Errorf("undo the batch: %w", rollback))
		}
		return err
	}
	a.settle()
	return nil
}

func (a *liveAppend) transaction() error {
	err := a.conn.fetch("select coalesce(max(seq), 0)::ubigint from live_offset", func(c mapping.DataChunk, n int) error {
		a.offset = column[uint64](c, 0, n)[0]
		return nil
	})
	if err != nil {
		return err
	}
	before := a.offset
	if err := a.store(); err != nil {
		return err
	}
	if a.known != nil { // there were rows
		if err := a.follow(); err != nil {
			return err
		}
	}
	if a.offset == before {
		return nil
	}
	return a.setOffset()
}

// begin makes ready for the first rows.
func (a *liveAppend) begin(zone *time.Location) error {
	a.opt.Zone = zone
	if err := a.settleZone(); err != nil {
		return err
	}
	a.cal = newCalendar(a.opt.Zone)
	err := a.conn.fetch("select not exists (from impression_rows)", func(c mapping.DataChunk, n int) error {
		a.empty = column[bool](c, 0, n)[0]
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.recall(); err != nil {
		return err
	}
	if err := a.statement("live_temporary"); err != nil {
		return err
	}
	a.w = newWriter(a.ctx, a.conn, a.cancel)
	if err := a.openDimensions(); err != nil {
		return err
	}
	a.tables, err = openLive(a.w)
	return err
}

// follow derives what follows from the rows that were stored.
func (a *liveAppend) follow() error {
	if err := a.forget(); err != nil {
		return err
	}
	if err := a.statements("live_profiles", "live_traits"); err != nil {
		return err
	}
	t := newTeller(a.load, a.cal)
	t.cutoff = a.cutoff
	if err := t.tell(sortedIDs(a.touched)); err != nil {
		return err
	}
	if len(a.cutoff) > 0 {
		if err := a.statement("live_unname"); err != nil {
			return err
		}
	}
	return a.enterLive(t)
}

// recall reads the ids that the database knows, unless the append before left them.
func (a *liveAppend) recall() (err error) {
	if a.known = a.engine.live; a.known == nil {
		k := &liveKnown{deleted: map[uint64]int64{}}
		for _, d := range []struct {
			dst            **dictionary
			table, id, key string
		}{
			{&k.songs, "songs", "song_id", "song_key"}, {&k.artists, "artists", "artist_id", "artist_key"}, {&k.contents, "contents", "content_id::integer", "content_key"},
		} {
			if *d.dst, err = known(a.conn, d.table, d.id, d.key); err != nil {
				return err
			}
		}
		for _, d := range []struct {
			dst            **dimension
			table, id, key string
		}{
			{&k.users, "users", "user_id", "user_key"}, {&k.creators, "creators", "creator_id", "creator_key"}, {&k.cards, "cards", "card_id", "card_key"},
		} {
			ids, err := known(a.conn, d.table, d.id, d.key)
			if err != nil {
				return err
			}
			*d.dst = newDimension(ids)
		}
		err = a.conn.fetch("select key_hash, at_ms from live_deleted", func(c mapping.DataChunk, n int) error {
			at := column[int64](c, 1, n)
			for i, hash := range column[uint64](c, 0, n) {
				k.deleted[hash] = max(k.deleted[hash], at[i])
			}
			return nil
		})
		if err != nil {
			return err
		}
		a.known = k
	}
	k := a.known
	a.users, a.creators, a.cards, a.songs, a.artists, a.contents = k.users, k.creators, k.cards, k.songs, k.artists, k.contents
	return nil
}

// settle keeps the ids for the next append.
func (a *liveAppend) settle() {
	if a.known == nil {
		return
	}
	if len(a.cutoff) > 0 { // users have lost their ids
		a.engine.live = nil
		return
	}
	for _, d := range []*dictionary{a.users.dictionary, a.creators.dictionary, a.cards.dictionary, a.songs, a.artists, a.contents} {
		d.base = d.size()
	}
	for _, d := range []*dimension{a.users, a.creators, a.cards} {
		d.table = nil
	}
	a.engine.live = a.known
}

// forget takes out what deleted users did, and notes that they are.
func (a *liveAppend) forget() error {
	if len(a.cutoff) == 0 {
		return nil
	}
	w := newWriter(a.ctx, a.conn, a.cancel)
	users, err := w.open("live_gone_users", []mapping.Type{mapping.TypeInteger, mapping.TypeBigInt})
	if err != nil {
		_ = w.finish(a.ctx)
		return err
	}
	for _, user := range sortedIDs(a.cutoff) {
		put(users, 0, user)
		put(users, 1, a.cutoff[user])
		users.next()
	}
	if err := w.finish(a.ctx); err != nil {
		return err
	}
	return a.statement("live_forget")
}

// gone says whether what a user did at a time is of before she was deleted.
func (k *liveKnown) gone(user string, atMS int64) bool {
	if len(k.deleted) == 0 {
		return false
	}
	until, ok := k.deleted[xxhash.Sum64String(user)]
	return ok && atMS <= until
}

// enterLive enters the live log in the list of loads, and the zone in the settings.
func (a *liveAppend) enterLive(t *teller) error {
	listed := map[string]bool{}
	err := a.conn.fetch("select log_table from loads where load_id = 0", func(c mapping.DataChunk, n int) error {
		for _, name := range textColumn(c, 0, n) {
			listed[name] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	w := newWriter(a.ctx, a.conn, a.cancel)
	loads, settings, err := openLists(w)
	if err != nil {
		_ = w.finish(a.ctx)
		return err
	}
	lines := []struct {
		table  feedlog.Table
		rows   int64
		there  bool
		absent []feedlog.Role
	}{
		{feedlog.Impressions, t.appeared, len(a.touched) > 0, nil},
		{feedlog.Users, a.spoken[0], a.spoken[0] > 0, []feedlog.Role{feedlog.UserLevel}},
		{feedlog.Cards, a.spoken[1], a.spoken[1] > 0, nil},
		{feedlog.CardDays, 0, len(t.gains) > 0, nil}, // counted below
	}
	for _, line := range lines {
		if !line.there || listed[line.table.String()] {
			continue
		}
		f := loadedFile{TableLoad: warehouse.TableLoad{Table: line.table, Name: warehouse.LiveName}, head: "live", fingerprint: "live", absent: line.absent}
		first, end := int64(0), int64(0)
		if line.table == feedlog.Impressions {
			first, end = liveFirst, 1<<63-1
		}
		f.write(loads, 0, a.begun, first, end)
	}
	if a.empty {
		if err := a.conn.exec("delete from settings where name = 'zone'"); err != nil {
			_ = w.finish(a.ctx)
			return err
		}
		settings.text(0, "zone")
		settings.text(1, a.opt.Zone.String())
		settings.next()
	}
	if err := w.finish(a.ctx); err != nil {
		return err
	}
	for i, line := range lines {
		if line.there {
			if err := a.statement("live_count_loads", line.rows, a.begun.UnixMilli(), int64(i+1)); err != nil {
				return err
			}
		}
	}
	return a.statement("live_count_card_days")
}

func (a *liveAppend) setOffset() error {
	if err := a.conn.exec("delete from live_offset"); err != nil {
		return err
	}
	return a.conn.exec("insert into live_offset (seq, mark) values ($1, $2)", int64(a.offset), int64(a.mark))
}
