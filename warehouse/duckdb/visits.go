// This file turns the impressions of one user, as they pass by during a load, into the rows of five tables:
// impressions with what only their neighbours tell (sessions, repeats, depth), swipes, sessions and user days.

package duckdb

import (
	"math"
	"slices"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
)

// sessionGapMS is the pause that ends a session.
const sessionGapMS = 30 * 60 * 1000

// shown is an impression with its ids resolved.
type shown struct {
	atMS     int64
	card     int32
	position int32 // -1 when null
	seq      int32 // order within the user in the file
	dt       int8  // 0 when null
	flags    flags
	view     float32 // NaN when null
	swipes   int32   // -1 when there is no list
	firstAt  int32   // of its swipes in visits.swiped

	// What the neighbours tell.
	day   int32
	hour  int8
	repNo int16
	depth int32 // of its session
	dayDp int32 // of its day
}

// swiped is a swipe with its card resolved.
type swiped struct {
	atMS     int64
	card     int32
	position int32
	flags    flags
	view     float32
}

// flags are an impression's or a swipe's flags in one byte, as the tables hold them: see the views in schema.sql.
type flags uint8

const (
	clicked flags = 1 << iota
	liked
	commented
	shared
	viewedComments
	visitedCreator
)

func (f flags) has(bit flags) bool { return f&bit != 0 }

func flagsOf(click, like, comment, share, read, visit bool) flags {
	var f flags
	for i, b := range [...]bool{click, like, comment, share, read, visit} {
		if b {
			f |= 1 << i
		}
	}
	return f
}

// visits collects one user's impressions and writes them when the user is complete.
type visits struct {
	impressions, swipes, sessions, days *table
	totals                              *table // nil when earlier loads may hold days of the same users: see load_user_totals.sql

	loadID uint16
	cal    *calendar
	shift  int32 // days by which all moments are moved
	nextID int64

	user  int32
	rows  []shown
	spare []shown // rows, as they are sorted into
	keys  []uint64
	list  []swiped
	times []cardTimes // by card, for users with many rows
	sum   userDay
	round int32 // of cardTimes: a number for each user

	months map[int32]int64 // impressions by day, to find the month of the load

	kept *told // takes what is found in place of the tables, where it is not nil
}

// session is a row of sessions; depth is -1 when null.
type session struct {
	startMS int64
	day     int32
	hour    int8

	seconds, impressions, clicks, depth int32
	view                                float32
}

// impressionTypes are the columns of impressions, in order; the numbers below name them.
var (
	impressionTypes = []mapping.Type{mapping.TypeBigInt, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeBigInt, mapping.TypeDate, mapping.TypeInteger,
		mapping.TypeUSmallInt, mapping.TypeFloat, mapping.TypeInteger, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeInteger}
	swipeTypes = []mapping.Type{mapping.TypeBigInt, mapping.TypeInteger, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeBigInt,
		mapping.TypeInteger, mapping.TypeUTinyInt, mapping.TypeFloat}
	sessionTypes = []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeDate, mapping.TypeTinyInt, mapping.TypeBigInt, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeFloat}
	userDayTypes = []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeDate, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeFloat, mapping.TypeBigInt, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeFloat}
	userTotalTypes = []mapping.Type{mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeDouble, mapping.TypeBigInt, mapping.TypeInteger, mapping.TypeSmallInt, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeDouble, mapping.TypeDate, mapping.TypeDate}
)

// newVisits opens the tables; first says that no earlier load brought impressions.
func newVisits(w *writer, loadID uint16, nextID int64, cal *calendar, first bool) (*visits, error) {
	v := &visits{loadID: loadID, nextID: nextID, cal: cal, user: -1, months: map[int32]int64{}}
	var err error
	type opened struct {
		dst      **table
		name     string
		types    []mapping.Type
		nullable []int
	}
	tables := []opened{
		{&v.impressions, "impression_rows", impressionTypes, []int{5, 7, 8, 10, 11}},
		{&v.swipes, "swipe_rows", swipeTypes, []int{4, 5, 7}},
		{&v.sessions, "sessions", sessionTypes, []int{8}},
		{&v.days, "user_days", userDayTypes, []int{11, 12}},
	}
	if first {
		tables = append(tables, opened{&v.totals, "user_totals", userTotalTypes, []int{9}})
	}
	for _, t := range tables {
		if *t.dst, err = w.open(t.name, t.types, t.nullable...); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// flush writes the collected user and forgets her.
func (v *visits) flush() {
	if len(v.rows) == 0 {
		return
	}
	v.derive()
	for i := range v.rows {
		v.write(v.nextID, &v.rows[i])
		v.nextID++
	}
	v.rows, v.list = v.rows[:0], v.list[:0]
}

// derive brings the user's rows into order and finds what their neighbours tell.
func (v *visits) derive() {
	byTime := func(a, b shown) int {
		switch {
		case a.atMS != b.atMS:
			return sign(a.atMS < b.atMS)
		case a.position != b.position:
			return sign(a.position < b.position)
		}
		return sign(a.seq < b.seq)
	}
	if !slices.IsSortedFunc(v.rows, byTime) {
		v.sort(byTime)
	}
	v.markRepeats()
	for i := range v.rows {
		r := &v.rows[i]
		r.day, r.hour = v.cal.local(r.atMS)
	}
	v.markSessions()
	v.writeDays()
}

// sort orders the rows by way of small keys: the rows themselves move once.
func (v *visits) sort(byTime func(a, b shown) int) {
	first, last := v.rows[0].atMS, v.rows[0].atMS
	for i := range v.rows {
		first, last = min(first, v.rows[i].atMS), max(last, v.rows[i].atMS)
	}
	v.spare = v.spare[:0]
	if last-first >= 1<<keyTimeBits || len(v.rows) > 1<<(64-keyTimeBits) {
		v.spare = append(v.spare, v.rows...)
		slices.SortFunc(v.spare, byTime)
		v.rows, v.spare = v.spare, v.rows
		return
	}
	v.keys = v.keys[:0]
	for i := range v.rows {
		v.keys = append(v.keys, uint64(v.rows[i].atMS-first)<<(64-keyTimeBits)|uint64(i))
	}
	slices.Sort(v.keys)
	const row = 1<<(64-keyTimeBits) - 1
	for i := 0; i < len(v.keys); {
		// Rows of one time go by their positions; there are few of them.
		end := i + 1
		for end < len(v.keys) && v.keys[end]>>(64-keyTimeBits) == v.keys[i]>>(64-keyTimeBits) {
			end++
		}
		from := len(v.spare)
		for ; i < end; i++ {
			v.spare = append(v.spare, v.rows[v.keys[i]&row])
		}
		if end-from > 1 {
			sortFew(v.spare[from:], byTime)
		}
	}
	v.rows, v.spare = v.spare, v.rows
}

// keyTimeBits of a sort key are the time since the user's first row, in milliseconds: 99 days. The rest is the row's number.
const keyTimeBits = 33

// sortFew sorts by insertion, which is fastest for the cards of one screen, and by the library's way what is more.
func sortFew(rows []shown, less func(a, b shown) int) {
	if len(rows) > 12 {
		slices.SortFunc(rows, less)
		return
	}
	for i := 1; i < len(rows); i++ {
		for j := i; j > 0 && less(rows[j], rows[j-1]) < 0; j-- {
			rows[j], rows[j-1] = rows[j-1], rows[j]
		}
	}
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// markRepeats numbers the shows of each card.
func (v *visits) markRepeats() {
	rows := v.rows
	if len(rows) <= 32 {
		for i := range rows {
			rows[i].repNo = 1
			for j := i - 1; j >= 0; j-- {
				if rows[j].card == rows[i].card {
					rows[i].repNo = rows[j].repNo + 1
					break
				}
			}
		}
		return
	}
	v.round++
	for i := range rows {
		card := int(rows[i].card)
		if card >= len(v.times) {
			v.times = append(v.times, make([]cardTimes, card+1-len(v.times)+len(v.times)/4)...)
		}
		t := &v.times[card]
		if t.round != v.round {
			*t = cardTimes{round: v.round}
		}
		if t.shows < math.MaxInt16 {
			t.shows++
		}
		rows[i].repNo = t.shows
	}
}

// cardTimes is how often a card was shown to the user whose round it is.
type cardTimes struct {
	round int32
	shows int16
}

// markSessions finds the sessions, writes them, and marks each impression with its session's depth.
func (v *visits) markSessions() {
	rows := v.rows
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && rows[end].atMS-rows[end-1].atMS <= sessionGapMS {
			end++
		}
		depth, clicks, view := int32(-1), int32(0), float32(0)
		for i := start; i < end; i++ {
			r := &rows[i]
			depth = max(depth, r.position)
			if r.flags.has(clicked) {
				clicks++
			}
			if r.view == r.view {
				view += r.view
			}
		}
		for i := start; i < end; i++ {
			rows[i].depth = depth
		}
		first := &rows[start]
		v.writeSession(&session{startMS: first.atMS, day: first.day, hour: first.hour, seconds: int32(min((rows[end-1].atMS-first.atMS)/1000, math.MaxInt32)),
			impressions: int32(end - start), clicks: clicks, depth: depth, view: view})
		start = end
	}
}

func (v *visits) writeSession(s *session) {
	if v.kept != nil {
		v.kept.sessions = append(v.kept.sessions, *s)
		return
	}
	t := v.sessions
	put(t, 0, v.loadID)
	put(t, 1, v.user)
	put(t, 2, s.day)
	put(t, 3, s.hour)
	put(t, 4, s.startMS)
	put(t, 5, s.seconds)
	put(t, 6, s.impressions)
	put(t, 7, s.clicks)
	putOr(t, 8, s.depth, s.depth < 0)
	put(t, 9, s.view)
	t.next()
}

// write writes an impression and its swipes.
func (v *visits) write(id int64, r *shown) {
	t := v.impressions
	put(t, 0, id)
	put(t, 1, v.user)
	put(t, 2, r.card)
	put(t, 3, r.atMS)
	put(t, 4, r.day)
	putOr(t, 5, r.position, r.position < 0)
	put(t, 6, uint16(r.flags)|uint16(r.hour)<<6|uint16(r.dt)<<11)
	putOr(t, 7, r.view, r.view != r.view)
	putOr(t, 8, r.swipes, r.swipes < 0)
	put(t, 9, r.repNo)
	putOr(t, 10, r.depth, r.depth < 0)
	putOr(t, 11, r.dayDp, r.dayDp < 0)
	t.next()
	if r.swipes > 0 {
		v.writeSwipes(id, r)
	}
}

func (v *visits) writeSwipes(id int64, r *shown) {
	t := v.swipes
	for i := range r.swipes {
		s := &v.list[r.firstAt+i]
		put(t, 0, id)
		put(t, 1, v.user)
		put(t, 2, int16(min(i+1, math.MaxInt16)))
		put(t, 3, s.card)
		putOr(t, 4, s.atMS, s.atMS == 0)
		putOr(t, 5, s.position, s.position < 0)
		put(t, 6, s.flags)
		putOr(t, 7, s.view, s.view != s.view)
		t.next()
	}
}

// shownOf resolves an impression whose card id has the hash sum; its swipes are added to the user's list.
func (v *visits) shownOf(rec *feedlog.Impression, cards *dictionary, sum uint64) shown {
	r := shown{atMS: rec.ShownAtMS, card: cards.idOf(rec.CardID, sum), position: rec.Position, seq: int32(len(v.rows)), dt: int8(rec.DT), view: rec.ViewSeconds,
		flags: flagsOf(rec.Clicked, rec.Liked, rec.Commented, rec.Shared, rec.ViewedComments, rec.VisitedCreator), swipes: -1}
	if v.shift != 0 {
		v.move(&r)
	}
	if rec.HasSwipes {
		r.swipes, r.firstAt = int32(len(rec.Swipes)), int32(len(v.list))
		for i := range rec.Swipes {
			s := &rec.Swipes[i]
			at := s.SwipedAtMS
			if at != 0 {
				at += int64(v.shift) * dayMS
			}
			v.list = append(v.list, swiped{atMS: at, card: cards.id(s.CardID), position: s.Position, view: s.ViewSeconds,
				flags: flagsOf(false, s.Liked, s.Commented, s.Shared, s.ViewedComments, s.VisitedCreator)})
		}
	}
	return r
}

const dayMS = 24 * 60 * 60 * 1000

// move moves an impression by the shift of its load. Where the file states the day of the month, that moves with it: right or wrong, it stays so.
func (v *visits) move(r *shown) {
	stated, _ := v.cal.local(r.atMS)
	r.atMS += int64(v.shift) * dayMS
	if r.dt == 0 {
		return
	}
	day, _ := v.cal.local(r.atMS)
	r.dt = dayOfMonth(day + int32(r.dt) - int32(dayOfMonth(stated)))
}
