// This file makes impressions of a user's live events: which showing each event is of, by the rules that warehouse.LiveKind states. The outcome
// hangs on the set of events, not on the order in which they came.

package duckdb

import (
	"cmp"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// liveFirst is the first id of the impressions of the live log; those of files are below.
const liveFirst = int64(1) << 40

const (
	liveReachMS = 24 * 3600 * 1000 // how long after a showing what carries no request may be of it
	liveSkewMS  = 60 * 1000        // how much earlier than the showing, by clients' clocks
)

// liveEvent is a row of live_events.
type liveEvent struct {
	seq        uint64
	atMS       int64
	card, from int32 // from: -1 when there is none
	kind       warehouse.LiveKind
	slot       int32 // -1 when not known
	value      float64
	request    string
}

// compareEvents orders events by time and then by all that they say, so that only events alike in everything are told apart by their numbers.
func compareEvents(a, b *liveEvent) int {
	return cmp.Or(cmp.Compare(a.atMS, b.atMS), cmp.Compare(a.kind, b.kind), cmp.Compare(a.slot, b.slot), cmp.Compare(a.card, b.card), cmp.Compare(a.from, b.from),
		cmp.Compare(a.request, b.request), cmp.Compare(a.value, b.value), cmp.Compare(a.seq, b.seq))
}

// showing is an impression, or a swipe of one.
type showing struct {
	id      int64 // of an impression
	request string
	parent  int32 // of a swipe: the number of its impression; -1: an impression
	shown
}

// place is where showings are looked up: those of a card with a request, or all of a card.
type place struct {
	card    int32
	any     bool
	swipes  bool
	request string
}

// touch is a moment at which the user had to do with a showing.
type touch struct {
	atMS    int64
	showing int32
}

// followed is a row of live_follows.
type followed struct{ card, day int32 }

// folder folds the events of one user after the other. Its memory is that of the user with the most events.
type folder struct {
	cal      *calendar
	showings []showing
	touches  map[place][]touch
	follows  []followed
	followed map[int32]bool
	undone   map[undo]int64
}

// undo is what was taken back, up to a time: a kind, 0 for all, on a card.
type undo struct {
	card int32
	kind warehouse.LiveKind
}

func newFolder(cal *calendar) *folder {
	return &folder{cal: cal, touches: map[place][]touch{}, followed: map[int32]bool{}, undone: map[undo]int64{}}
}

// fold leaves in showings what the events say, and in follows whom the user followed. It reorders the events.
func (f *folder) fold(events []liveEvent) {
	f.showings, f.follows = f.showings[:0], f.follows[:0]
	clear(f.touches)
	clear(f.followed)
	slices.SortFunc(events, func(a, b liveEvent) int { return compareEvents(&a, &b) })
	events = f.withoutUndone(events)
	each := func(do func(e *liveEvent), kinds ...warehouse.LiveKind) {
		for i := range events {
			if slices.Contains(kinds, events[i].kind) {
				do(&events[i])
			}
		}
	}
	each(f.impression, warehouse.LiveImpression)
	each(f.click, warehouse.LiveClick)
	each(f.swipe, warehouse.LiveSwipe)
	each(f.action, warehouse.LiveLike, warehouse.LiveComment, warehouse.LiveReadComments, warehouse.LiveShare, warehouse.LiveVisit, warehouse.LiveView)
	each(f.follow, warehouse.LiveFollow)
}

func (f *folder) withoutUndone(events []liveEvent) []liveEvent {
	clear(f.undone)
	for i := range events {
		if e := &events[i]; e.kind == warehouse.LiveUndo {
			key := undo{e.card, warehouse.LiveKind(e.value)}
			f.undone[key] = max(f.undone[key], e.atMS)
		}
	}
	if len(f.undone) == 0 {
		return events
	}
	return slices.DeleteFunc(events, func(e liveEvent) bool {
		return e.kind == warehouse.LiveUndo || e.atMS <= f.undone[undo{e.card, 0}] || e.atMS <= f.undone[undo{e.card, e.kind}]
	})
}

// impression takes an event that a card came into sight; of one request it comes once.
func (f *folder) impression(e *liveEvent) {
	if e.request != "" {
		if before := f.touches[place{card: e.card, request: e.request}]; len(before) > 0 {
			if r := &f.showings[before[0].showing]; r.position < 0 {
				r.position = e.slot
			}
			return
		}
	}
	f.show(e, e.card)
}

// show adds the impression of a card that e tells of or implies, and returns its number.
func (f *folder) show(e *liveEvent, card int32) int32 {
	position := e.slot
	if card != e.card { // the slot is that of the swipe
		position = -1
	}
	n := int32(len(f.showings))
	f.showings = append(f.showings, showing{id: liveFirst + int64(e.seq), request: e.request, parent: -1,
		shown: shown{atMS: e.atMS, card: card, position: position, view: float32(math.NaN()), swipes: -1}})
	f.touch(card, e.request, false, touch{e.atMS, n})
	return n
}

// touch notes a moment of a showing, in order of time and, at one moment, of coming.
func (f *folder) touch(card int32, request string, swipes bool, t touch) {
	for _, p := range [...]place{{card: card, swipes: swipes, request: request}, {card: card, any: true, swipes: swipes}} {
		list := f.touches[p]
		at, _ := slices.BinarySearchFunc(list, t.atMS, func(have touch, atMS int64) int {
			if have.atMS <= atMS {
				return -1
			}
			return 1
		})
		f.touches[p] = slices.Insert(list, at, t)
	}
}

// latest is the last touch of the place at a time or before it, and the first after it; ok says which of the two there are.
func (f *folder) latest(p place, atMS int64) (before, after touch, ok [2]bool) {
	list := f.touches[p]
	n, _ := slices.BinarySearchFunc(list, atMS, func(have touch, atMS int64) int {
		if have.atMS <= atMS {
			return -1
		}
		return 1
	})
	if n > 0 {
		before, ok[0] = list[n-1], true
	}
	if n < len(list) {
		after, ok[1] = list[n], true
	}
	return before, after, ok
}

// find is the showing of a card that something at a time with a request is of; -1 when there is none.
func (f *folder) find(card int32, request string, atMS int64, swipesToo bool) int32 {
	p := place{card: card, request: request}
	exact := request != "" && (len(f.touches[p]) > 0 || swipesToo && len(f.touches[place{card: card, request: request, swipes: true}]) > 0)
	reach, skew := int64(math.MaxInt64), int64(math.MaxInt64)
	if !exact {
		p.request, p.any = "", request == ""
		reach, skew = liveReachMS, liveSkewMS
	}
	before, after, ok := f.latest(p, atMS)
	if swipesToo {
		p.swipes = true
		b, a, has := f.latest(p, atMS)
		if has[0] && (!ok[0] || b.atMS >= before.atMS) { // at one moment, the swipe is what was seen last
			before, ok[0] = b, true
		}
		if has[1] && (!ok[1] || a.atMS < after.atMS) {
			after, ok[1] = a, true
		}
	}
	switch {
	case ok[0] && atMS-before.atMS <= reach:
		return before.showing
	case ok[1] && after.atMS-atMS <= skew:
		return after.showing
	}
	return -1
}

func (f *folder) click(e *liveEvent) {
	n := f.find(e.card, e.request, e.atMS, false)
	if n < 0 {
		n = f.show(e, e.card)
	}
	r := &f.showings[n]
	r.flags |= clicked
	if e.atMS > r.atMS {
		f.touch(e.card, cmp.Or(e.request, r.request), false, touch{e.atMS, n})
	}
}

func (f *folder) swipe(e *liveEvent) {
	if e.from < 0 {
		return
	}
	parent := f.find(e.from, e.request, e.atMS, false)
	if parent < 0 {
		parent = f.show(e, e.from)
	}
	f.showings[parent].flags |= clicked
	n := int32(len(f.showings))
	f.showings = append(f.showings, showing{parent: parent, shown: shown{atMS: e.atMS, card: e.card, position: e.slot, view: float32(math.NaN())}})
	f.touch(e.card, e.request, true, touch{e.atMS, n})
}

// actionFlags are the flags that kinds set.
var actionFlags = map[warehouse.LiveKind]flags{warehouse.LiveLike: liked, warehouse.LiveComment: commented, warehouse.LiveReadComments: viewedComments,
	warehouse.LiveShare: shared, warehouse.LiveVisit: visitedCreator}

func (f *folder) action(e *liveEvent) {
	n := f.find(e.card, e.request, e.atMS, true)
	if n < 0 {
		n = f.show(e, e.card)
	}
	r := &f.showings[n]
	r.flags |= actionFlags[e.kind]
	if e.kind == warehouse.LiveView {
		if r.view != r.view {
			r.view = 0
		}
		r.view += float32(e.value)
	}
}

func (f *folder) follow(e *liveEvent) {
	if f.followed[e.card] {
		return
	}
	f.followed[e.card] = true
	day, _ := f.cal.local(e.atMS)
	f.follows = append(f.follows, followed{e.card, day})
}

// into adds the impressions to a user's rows, in an order that does not hang on their numbers, and returns their ids after ids.
func (f *folder) into(v *visits, ids []int64) []int64 {
	swipes := map[int32][]int32{}
	var order []int32
	for n := range f.showings {
		if p := f.showings[n].parent; p >= 0 {
			swipes[p] = append(swipes[p], int32(n))
		} else {
			order = append(order, int32(n))
		}
	}
	compare := func(a, b int32) int {
		x, y := &f.showings[a], &f.showings[b]
		return cmp.Or(cmp.Compare(x.atMS, y.atMS), cmp.Compare(x.position, y.position), cmp.Compare(x.card, y.card), cmp.Compare(x.flags, y.flags), cmp.Compare(x.id, y.id))
	}
	slices.SortFunc(order, compare)
	for _, n := range order {
		s := &f.showings[n]
		r := s.shown
		r.seq, r.firstAt = int32(len(v.rows)), int32(len(v.list))
		day, _ := f.cal.local(r.atMS)
		r.dt = dayOfMonth(day)
		if list := swipes[n]; len(list) > 0 {
			slices.SortStableFunc(list, compare)
			r.swipes = int32(len(list))
			for _, k := range list {
				w := &f.showings[k]
				v.list = append(v.list, swiped{atMS: w.atMS, card: w.card, position: w.position, flags: w.flags, view: w.view})
			}
		}
		v.rows = append(v.rows, r)
		ids = append(ids, s.id)
	}
	return ids
}
