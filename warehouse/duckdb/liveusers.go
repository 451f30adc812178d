// This file writes anew what follows from the rows of users whose events came: it reads all of their rows, those of files and those of the live
// log, lets the code of a load derive the rest from them, and writes what differs from what is stored.

package duckdb

import (
	"fmt"
	"slices"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// rowsAMB is about how many rows are read at a time, of as many users as have them, for each MB that the engine may hold: it has those of a table in memory together,
// some 60 bytes each, and the program those of all, some 70. What the engine appends in the transaction takes room beside. The fewer times the better: the engine looks
// at the whole live log each time. A variable for its test.
var rowsAMB = 4096.

// told is what visits found of one user.
type told struct {
	sessions []session
	days     []toldDay
	total    userTotal
}

type toldDay struct {
	day int32
	userDay
}

// cardDay is a key of card_days.
type cardDay struct{ card, day int32 }

// cardDayGain are its columns of counts, in their order.
type cardDayGain [8]int32

// teller tells users anew, within the transaction of a connection.
type teller struct {
	l        *load // its connection, context and statements
	cal      *calendar
	fold     *folder
	cutoff   map[int32]int64 // users whose rows up to a time go
	gains    map[cardDay]*cardDayGain
	appeared int64 // impressions of the live log, less those that went

	rows, live int64 // impressions there are, and those of them of the live log

	changes []change // that were found and are not made
	changed int      // rows of them
}

func newTeller(l *load, cal *calendar) *teller {
	return &teller{l: l, cal: cal, fold: newFolder(cal), gains: map[cardDay]*cardDayGain{}}
}

// tell tells the users of the table live_touched, whose ids users are in ascending order.
func (t *teller) tell(users []int32) error {
	err := t.l.conn.fetch("select (select count(*) from impression_rows), (select coalesce(sum(input_rows), 0)::bigint from loads where load_id = 0 and log_table = 'impression_data')",
		func(c mapping.DataChunk, n int) error {
			t.rows, t.live = column[int64](c, 0, n)[0], column[int64](c, 1, n)[0]
			return nil
		})
	if err != nil {
		return err
	}
	parts, err := t.parts(users)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := t.l.ctx.Err(); err != nil {
			return err
		}
		if err := t.part(part); err != nil {
			return err
		}
		if t.changed >= changedTogether {
			if err := t.change(); err != nil {
				return err
			}
		}
	}
	if err := t.change(); err != nil {
		return err
	}
	return t.addCardDays()
}

// changedTogether is about how many rows are changed at a time, at some 100 bytes each: to find those that go, the engine looks at all that there are. A variable for its test.
var changedTogether = 1 << 18

// parts are the users, as many at a time as are told together.
func (t *teller) parts(users []int32) (parts [][]int32, err error) {
	if len(users) == 0 {
		return nil, nil
	}
	q, err := text("live_weights")
	if err != nil {
		return nil, err
	}
	from, at, rows := 0, 0, int64(0)
	err = t.l.conn.fetch(q, func(c mapping.DataChunk, n int) error {
		weights := column[int64](c, 1, n)
		for i, user := range column[int32](c, 0, n) {
			if at == len(users) || users[at] != user {
				return fmt.Errorf("the engine weighs user %d, who was not asked for", user)
			}
			if weight := weights[i] + rowsBeside; rows > 0 && float64(rows+weight) > rowsAMB*float64(t.l.engine.cfg.MemoryMB) {
				parts, from, rows = append(parts, users[from:at]), at, weight
			} else {
				rows += weight
			}
			at++
		}
		return t.l.ctx.Err()
	})
	if err == nil && at != len(users) {
		err = fmt.Errorf("the engine weighs %d of %d users", at, len(users))
	}
	return append(parts, users[from:]), err
}

// rowsBeside are those of a user's sessions, days and totals.
const rowsBeside = 8

// change is a user's rows that differ from what is stored.
type change struct {
	user     int32
	ids      []int64
	rows     []shown // their swipes are in list
	list     []swiped
	sessions []session
	days     []toldDay
	follows  []followed
	total    userTotal
	seen     bool // has rows at all
}

// part finds what changes of some users.
func (t *teller) part(users []int32) error {
	s, err := t.read(users)
	if err != nil {
		return err
	}
	gone := newWriter(t.l.ctx, t.l.conn, t.l.cancel)
	out, err := openGone(gone)
	if err != nil {
		_ = gone.finish(t.l.ctx)
		return err
	}
	v := &visits{cal: t.cal, months: map[int32]int64{}, kept: &told{}}
	for k, user := range users {
		c := t.user(v, s, k, user, out)
		t.changes = append(t.changes, c)
		t.changed += len(c.rows) + len(c.list) + len(c.sessions) + len(c.days) + len(c.follows) + 1
		t.l.conn.rest()
	}
	return gone.finish(t.l.ctx)
}

// change takes out what goes of the users whose changes were found, and appends what is new.
func (t *teller) change() error {
	if len(t.changes) == 0 {
		return nil
	}
	if err := t.l.statement("live_remove"); err != nil {
		return err
	}
	if err := t.l.statement("live_remove_totals", int64(t.changes[0].user), int64(t.changes[len(t.changes)-1].user)); err != nil {
		return err
	}
	err := t.write(t.changes)
	clear(t.changes) // lets go of their rows
	t.changes, t.changed = t.changes[:0], 0
	return err
}

// user finds what changes of the k-th user of s.
func (t *teller) user(v *visits, s *stored, k int, user int32, out *goneTables) change {
	v.user = user
	v.rows, v.list = v.rows[:0], v.list[:0]
	*v.kept = told{sessions: v.kept.sessions[:0], days: v.kept.days[:0]}
	c := change{user: user}
	old := s.rows[s.rowsOf[k]:s.rowsOf[k+1]]
	var ids []int64
	byID := make(map[int64]*storedRow, len(old))
	cutoff, cut := t.cutoff[user]
	for i := range old {
		r := &old[i]
		byID[r.id] = r
		if r.id >= liveFirst || cut && r.atMS <= cutoff {
			continue
		}
		row := r.shown
		row.seq, row.firstAt = int32(len(v.rows)), int32(len(v.list))
		v.list = append(v.list, r.of(s.list)...)
		v.rows = append(v.rows, row)
		ids = append(ids, r.id)
	}
	t.fold.fold(s.events[s.eventsOf[k]:s.eventsOf[k+1]])
	ids = t.fold.into(v, ids)
	if len(v.rows) > 0 {
		v.derive()
		c.seen, c.total = true, v.kept.total
	}
	for i := range v.rows {
		r := &v.rows[i]
		id := ids[r.seq]
		have := byID[id]
		delete(byID, id)
		if have != nil && sameRow(&have.shown, r) && slices.EqualFunc(have.of(s.list), r.of(v.list), sameSwipe) {
			continue
		}
		if have != nil {
			t.goes(out, s, have)
		}
		row := *r
		row.firstAt = int32(len(c.list))
		c.list = append(c.list, r.of(v.list)...)
		c.ids, c.rows = append(c.ids, id), append(c.rows, row)
		if id >= liveFirst {
			t.appeared++
			t.gain(r, v.list, 1)
		}
	}
	for i := range old {
		if have := byID[old[i].id]; have != nil {
			t.goes(out, s, have)
		}
	}
	differing(s.sessions[s.sessionsOf[k]:s.sessionsOf[k+1]], v.kept.sessions, func(x session) int64 { return x.startMS },
		func(x session) { out.session(user, x.startMS) },
		func(x session) { c.sessions = append(c.sessions, x) })
	differing(s.days[s.daysOf[k]:s.daysOf[k+1]], v.kept.days, func(x toldDay) int64 { return int64(x.day) },
		func(x toldDay) { out.day(user, x.day) },
		func(x toldDay) { c.days = append(c.days, x) })
	differing(s.follows[s.followsOf[k]:s.followsOf[k+1]], t.fold.follows, func(x followed) int64 { return int64(x.card) },
		func(x followed) { out.follow(user, x.card); t.at(x.card, x.day)[7]-- },
		func(x followed) { c.follows = append(c.follows, x); t.at(x.card, x.day)[7]++ })
	return c
}

// of are the swipes of an impression, in the list that it names its part of.
func (r *shown) of(list []swiped) []swiped { return list[r.firstAt : r.firstAt+max(r.swipes, 0)] }

// goes takes an impression with its swipes out.
func (t *teller) goes(out *goneTables, s *stored, r *storedRow) {
	put(out.impressions, 0, r.id)
	out.impressions.next()
	if r.id >= liveFirst {
		t.appeared--
		t.gain(&r.shown, s.list, -1)
	}
}

// differing compares what is stored with what is found: what is stored and not found as it is goes, and what is found and not so stored comes. Keys of
// what is stored may repeat, where loads of files brought a day in two halves; such rows go all at once, since they are taken out by their key.
func differing[T comparable](old, found []T, key func(T) int64, goes, comes func(T)) {
	have := make(map[int64][]T, len(old))
	for _, x := range old {
		have[key(x)] = append(have[key(x)], x)
	}
	same := make(map[int64]bool, len(old))
	for _, x := range found {
		h := have[key(x)]
		if len(h) == 1 && h[0] == x {
			same[key(x)] = true
			continue
		}
		comes(x)
	}
	for _, x := range old {
		if !same[key(x)] {
			goes(x)
		}
	}
}

func sameRow(a, b *shown) bool {
	return a.atMS == b.atMS && a.card == b.card && a.position == b.position && a.dt == b.dt && a.flags == b.flags && sameFloat(a.view, b.view) &&
		a.swipes == b.swipes && a.repNo == b.repNo && a.depth == b.depth && a.dayDp == b.dayDp
}

func sameSwipe(a, b swiped) bool {
	return a.atMS == b.atMS && a.card == b.card && a.position == b.position && a.flags == b.flags && sameFloat(a.view, b.view)
}

// sameFloat takes NaN for null.
func sameFloat(a, b float32) bool { return a == b || a != a && b != b }

// at are the gains of a card on a day.
func (t *teller) at(card, day int32) *cardDayGain {
	key := cardDay{card, day}
	if t.gains[key] == nil {
		t.gains[key] = &cardDayGain{}
	}
	return t.gains[key]
}

// gain counts an impression of the live log and its swipes by, 1 or -1, times. What was done on a card that was swiped to counts to that card and the day of the
// swipe; being swiped to is no impression.
func (t *teller) gain(r *shown, list []swiped, by int32) {
	add := func(g *cardDayGain, f flags) {
		for i, bit := range [...]flags{clicked, liked, commented, shared, viewedComments, visitedCreator} {
			if f.has(bit) {
				g[1+i] += by
			}
		}
	}
	day, _ := t.cal.local(r.atMS)
	g := t.at(r.card, day)
	g[0] += by
	add(g, r.flags)
	for i := range max(r.swipes, 0) {
		if s := &list[r.firstAt+i]; s.flags != 0 {
			day, _ := t.cal.local(s.atMS)
			add(t.at(s.card, day), s.flags)
		}
	}
}

// goneTables are the rows that go.
type goneTables struct{ impressions, sessions, days, follows *table }

func openGone(w *writer) (*goneTables, error) {
	g := &goneTables{}
	for _, o := range []struct {
		dst   **table
		name  string
		types []mapping.Type
	}{
		{&g.impressions, "live_gone_impressions", []mapping.Type{mapping.TypeBigInt}},
		{&g.sessions, "live_gone_sessions", []mapping.Type{mapping.TypeInteger, mapping.TypeBigInt}},
		{&g.days, "live_gone_days", []mapping.Type{mapping.TypeInteger, mapping.TypeDate}},
		{&g.follows, "live_gone_follows", []mapping.Type{mapping.TypeInteger, mapping.TypeInteger}},
	} {
		var err error
		if *o.dst, err = w.open(o.name, o.types); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *goneTables) session(user int32, startMS int64) { pair(g.sessions, user, startMS) }
func (g *goneTables) day(user, day int32)               { pair(g.days, user, day) }
func (g *goneTables) follow(user, card int32)           { pair(g.follows, user, card) }

func pair[T any](t *table, user int32, v T) {
	put(t, 0, user)
	put(t, 1, v)
	t.next()
}

// write appends what is new.
func (t *teller) write(changes []change) error {
	w := newWriter(t.l.ctx, t.l.conn, t.l.cancel)
	v, err := newVisits(w, 0, 0, t.cal, true)
	if err != nil {
		_ = w.finish(t.l.ctx)
		return err
	}
	follows, err := w.open("live_follows", []mapping.Type{mapping.TypeInteger, mapping.TypeInteger, mapping.TypeDate})
	if err != nil {
		_ = w.finish(t.l.ctx)
		return err
	}
	for i := range changes {
		t.l.conn.rest()
		c := &changes[i]
		v.user, v.list = c.user, c.list
		for k := range c.rows {
			v.write(c.ids[k], &c.rows[k])
		}
		for k := range c.sessions {
			v.writeSession(&c.sessions[k])
		}
		for k := range c.days {
			v.writeDay(c.days[k].day, &c.days[k].userDay)
		}
		if c.seen {
			v.writeTotal(&c.total)
		}
		for _, f := range c.follows {
			put(follows, 0, c.user)
			put(follows, 1, f.card)
			put(follows, 2, f.day)
			follows.next()
		}
	}
	return w.finish(t.l.ctx)
}

// addCardDays writes the gains of card days.
func (t *teller) addCardDays() error {
	if len(t.gains) == 0 {
		return nil
	}
	w := newWriter(t.l.ctx, t.l.conn, t.l.cancel)
	i := mapping.TypeInteger
	days, err := w.open("live_card_days", []mapping.Type{i, mapping.TypeDate, i, i, i, i, i, i, i, i})
	if err != nil {
		_ = w.finish(t.l.ctx)
		return err
	}
	for key, g := range t.gains {
		if *g == (cardDayGain{}) {
			continue
		}
		put(days, 0, key.card)
		put(days, 1, key.day)
		for i, n := range g {
			put(days, 2+i, n)
		}
		days.next()
	}
	if err := w.finish(t.l.ctx); err != nil {
		return err
	}
	return t.l.statement("live_add_card_days")
}
