// This file reads what the database holds of users who are to be told anew.

package duckdb

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// storedRow is a row of impression_rows; its swipes are in stored.list.
type storedRow struct {
	id int64
	shown
}

// stored is what the database holds of some users: the k-th of them has rows[rowsOf[k]:rowsOf[k+1]] and so on.
type stored struct {
	rows     []storedRow
	list     []swiped
	sessions []session
	days     []toldDay
	follows  []followed
	events   []liveEvent

	rowsOf, sessionsOf, daysOf, followsOf, eventsOf []int
}

// bounds counts rows by user, to find where those of each begin.
type bounds struct {
	users []int32
	of    []int
	who   []int32 // by row: whose of users it is
}

func newBounds(users []int32) *bounds { return &bounds{users: users, of: make([]int, len(users)+1)} }

// add counts one row.
func (b *bounds) add(user int32) {
	k := 0
	if n := len(b.who); n > 0 && b.users[b.who[n-1]] == user {
		k = int(b.who[n-1])
	} else {
		k, _ = slices.BinarySearch(b.users, user)
	}
	b.who = append(b.who, int32(k))
	b.of[k+1]++
}

func (b *bounds) sums() {
	for k := range b.users {
		b.of[k+1] += b.of[k]
	}
}

// gather brings rows, which b counted in their order, together by user, in place and in no order for each: rows of the live log stand in the order of time, and for the
// engine to put many in order takes more memory than they do.
func gather[T any](rows []T, b *bounds) {
	next := slices.Clone(b.of)
	for k := range b.users {
		for at := next[k]; at < b.of[k+1]; at = next[k] {
			w := b.who[at]
			if int(w) != k {
				to := next[w]
				rows[at], rows[to] = rows[to], rows[at]
				b.who[at], b.who[to] = b.who[to], w
			}
			next[w]++
		}
	}
}

// each runs sql/NAME.sql for the users, or sql/NAME_of.sql for each of them, and hands its rows, chunk by chunk, to each; it returns where the rows of each user begin.
func (t *teller) each(name string, users []int32, each func(c mapping.DataChunk, n int)) (*bounds, error) {
	b := newBounds(users)
	args := [][]int64{{int64(users[0]), int64(users[len(users)-1])}}
	if t.oneByOne(len(users)) {
		name += "_of"
		args = args[:0]
		for _, user := range users {
			args = append(args, []int64{int64(user)})
		}
	}
	q, err := text(name)
	if err != nil {
		return nil, err
	}
	err = t.l.conn.fetchEach(q, func(c mapping.DataChunk, n int) error {
		for _, user := range column[int32](c, 0, n) {
			b.add(user)
		}
		each(c, n)
		t.l.conn.rest()
		return t.l.ctx.Err()
	}, args)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", name, err)
	}
	b.sums()
	return b, nil
}

// readOneNS is what it takes, besides looking for the blocks that hold her, to read the rows of one user with a query of her own for each table. A variable for its test.
var readOneNS = 4e6

// oneByOne says whether the rows of so many users are found faster by queries of their own than by one for all, which reads all there is. Measured on logs of 8 and of
// 55 million impressions: 25 nanoseconds an impression for all, and for one user .28 nanoseconds an impression to pass over the blocks that do not hold her. Rows of the
// live log stand in the order of time, so that a query for one user looks at the users of all of them.
func (t *teller) oneByOne(users int) bool {
	return float64(users)*(readOneNS+.28*float64(t.rows)+2.5*float64(t.live)) < 25*float64(t.rows)
}

// read reads all rows of the users, who are in ascending order.
func (t *teller) read(users []int32) (*stored, error) {
	s := &stored{}
	swipes := &swipeReader{s: s}
	for _, r := range []struct {
		name string
		each func(c mapping.DataChunk, n int)
		of   *[]int
		then func(b *bounds)
	}{
		{"live_old_impressions", s.addImpressions, &s.rowsOf, s.gatherImpressions},
		{"live_old_swipes", swipes.add, nil, nil},
		{"live_old_sessions", s.addSessions, &s.sessionsOf, nil},
		{"live_old_days", s.addDays, &s.daysOf, nil},
		{"live_old_follows", s.addFollows, &s.followsOf, nil},
		{"live_events", s.addEvents, &s.eventsOf, func(b *bounds) { gather(s.events, b) }},
	} {
		b, err := t.each(r.name, users, r.each)
		if err != nil {
			return nil, err
		}
		if r.then != nil {
			r.then(b)
		}
		if r.of != nil {
			*r.of = b.of
		}
	}
	s.list = swipes.list
	return s, nil
}

// gatherImpressions leaves them by user and id.
func (s *stored) gatherImpressions(b *bounds) {
	gather(s.rows, b)
	byID := func(a, b storedRow) int { return cmp.Compare(a.id, b.id) }
	for k := range b.users {
		if mine := s.rows[b.of[k]:b.of[k+1]]; !slices.IsSortedFunc(mine, byID) {
			slices.SortFunc(mine, byID)
		}
	}
}

func (s *stored) addImpressions(c mapping.DataChunk, n int) {
	id, card, at, position := column[int64](c, 1, n), column[int32](c, 2, n), column[int64](c, 3, n), column[int32](c, 4, n)
	bits, view, swipes, show := column[uint16](c, 5, n), column[float32](c, 6, n), column[int32](c, 7, n), column[int16](c, 8, n)
	depth, dayDepth := column[int32](c, 9, n), column[int32](c, 10, n)
	for i := range n {
		s.rows = append(s.rows, storedRow{id[i], shown{atMS: at[i], card: card[i], position: position[i], dt: int8(bits[i] >> 11), flags: flags(bits[i] & 63),
			view: view[i], swipes: swipes[i], repNo: show[i], depth: depth[i], dayDp: dayDepth[i]}})
	}
}

// swipeReader puts swipes to their impressions, which come in the same order.
type swipeReader struct {
	s    *stored
	list []swiped
	row  int // in s.rows
}

func (r *swipeReader) add(c mapping.DataChunk, n int) {
	id, card, at, position := column[int64](c, 1, n), column[int32](c, 2, n), column[int64](c, 3, n), column[int32](c, 4, n)
	bits, view := column[uint8](c, 5, n), column[float32](c, 6, n)
	for i := range n {
		for r.row < len(r.s.rows) && r.s.rows[r.row].id != id[i] {
			r.row++
			if r.row < len(r.s.rows) {
				r.s.rows[r.row].firstAt = int32(len(r.list))
			}
		}
		r.list = append(r.list, swiped{atMS: at[i], card: card[i], position: position[i], flags: flags(bits[i]), view: view[i]})
	}
}

func (s *stored) addSessions(c mapping.DataChunk, n int) {
	start, day, hour, seconds := column[int64](c, 1, n), column[int32](c, 2, n), column[int8](c, 3, n), column[int32](c, 4, n)
	impressions, clicks, depth, view := column[int32](c, 5, n), column[int32](c, 6, n), column[int32](c, 7, n), column[float32](c, 8, n)
	for i := range n {
		s.sessions = append(s.sessions, session{start[i], day[i], hour[i], seconds[i], impressions[i], clicks[i], depth[i], view[i]})
	}
}

func (s *stored) addDays(c mapping.DataChunk, n int) {
	var counts [16][]int32
	for j := range counts {
		if j != 9 && j != 0 {
			counts[j] = column[int32](c, j, n)
		}
	}
	positions, view, swipeView := column[int64](c, 9, n), column[float32](c, 16, n), column[float32](c, 17, n)
	for i := range n {
		d := toldDay{counts[1][i], userDay{impressions: counts[2][i], clicks: counts[3][i], likes: counts[4][i], comments: counts[5][i], shares: counts[6][i],
			reads: counts[7][i], visits: counts[8][i], view: view[i], positionSum: max(positions[i], 0), positioned: positions[i] >= 0, depth: counts[10][i],
			sessions: counts[11][i], repeats: counts[12][i], repeatClicks: counts[13][i], swipes: counts[14][i], swipeLikes: counts[15][i], swipeView: swipeView[i]}}
		s.days = append(s.days, d)
	}
}

func (s *stored) addFollows(c mapping.DataChunk, n int) {
	day := column[int32](c, 2, n)
	for i, card := range column[int32](c, 1, n) {
		s.follows = append(s.follows, followed{card, day[i]})
	}
}

func (s *stored) addEvents(c mapping.DataChunk, n int) {
	seq, card, at, kind := column[uint64](c, 1, n), column[int32](c, 2, n), column[int64](c, 3, n), column[uint8](c, 4, n)
	from, slot, value, request := column[int32](c, 5, n), column[int32](c, 6, n), column[float64](c, 7, n), texts(c, 8, n)
	last := "" // what was done on a page comes together
	for i := range n {
		if b := request.at(i); string(b) != last {
			last = string(b)
		}
		s.events = append(s.events, liveEvent{seq: seq[i], atMS: at[i], card: card[i], from: from[i], kind: warehouse.LiveKind(kind[i]), slot: slot[i], value: value[i],
			request: last})
	}
}
