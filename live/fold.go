// From records to rows: which doing belongs to which impression.

package live

import (
	"math"
	"sync"

	"github.com/seguefeed/segue/warehouse"
)

// row is one impression with what was done on it.
type row struct {
	card    int32
	second  uint32
	request uint16
	slot    uint8
	flags   uint8 // with followed
	swipes  uint8
	implied bool  // no impression told of it, only what was done
	foreign bool  // only foreign feedback tells of it
	show    int16 // 1 the first time the user sees the card
	view    float32
	listed  float32
}

// folder makes rows of records. It serves one goroutine at a time.
type folder struct {
	rows  []row
	nodes []node
	slots []int32 // the last node of a card + 1, in open addressing; 0 where free
	mask  uint32
	apart []record // doings that are of no row: follows of what was not shown, and what was done on a card that a swipe led to
	pick  []record
	mine  []record
}

// node is a row, or a way to a card by a swipe from a row, in the chain of its card.
type node struct {
	card  int32
	row   int32
	prev  int32 // -1 for none
	swipe bool
}

var folders = sync.Pool{New: func() any { return new(folder) }}

// roles say what foreign types mean.
type role uint8

const (
	noRole role = iota
	clickRole
	readRole
)

// fold makes rows, in order of time, of records in order:
//
// An impression of a card that was shown on the same page is that one told again, as is what feedback calls read within a second of it; without a page each is one,
// but for those that are alike to the second. A doing belongs to the row of its card and request, or else to the last row of its card in the 24 hours before; where
// there is none it makes one, as clicked as it says, which an impression of the same page, or in the minute after it by a client's clock, completes. A follow makes none. What is swiped from was opened. What is done on a card that was last reached by a
// swipe is of no row, but for clicks, which are of rows only, and a view, which counts for the row from which the user went on to it. So the database has it too (package
// warehouse, LiveKind).
//
// The rows stay until f is used again.
func (f *folder) fold(records []record, roles []role) []row {
	f.rows, f.nodes, f.apart = f.rows[:0], f.nodes[:0], f.apart[:0]
	size := 8
	for size < 2*len(records)+2 {
		size *= 2
	}
	if cap(f.slots) < size {
		f.slots = make([]int32, size)
	}
	f.slots, f.mask = f.slots[:size], uint32(size-1)
	clear(f.slots)
	for i := range records {
		r := &records[i]
		if r.isRow() {
			f.show(r, false)
			continue
		}
		switch r.kind() {
		case didFlags:
			flags := r.flags &^ doing
			if flags&uint8(warehouse.Clicked) == 0 && f.swiped(r.card) >= 0 || flags == followed && f.seek(r) < 0 {
				f.apart = append(f.apart, *r)
				break
			}
			w := &f.rows[f.find(r)]
			w.flags |= flags
			w.foreign = false
		case didView:
			if from := f.swiped(r.card); from >= 0 {
				f.rows[from].listed += unpackSeconds(r.view)
				break
			}
			w := &f.rows[f.find(r)]
			w.view = add(w.view, unpackSeconds(r.view))
			w.foreign = false
		case didSwipe:
			from := f.find(&record{card: r.card, second: r.second, request: r.request, slot: noSlot, flags: doing})
			f.rows[from].swipes = min(f.rows[from].swipes+1, mostSwipes)
			f.rows[from].flags |= uint8(warehouse.Clicked)
			f.rows[from].foreign = false
			f.push(r.other(), from, true)
		case didForeign:
			var as role
			if int(r.request) < len(roles) {
				as = roles[r.request]
			}
			switch as {
			case readRole:
				f.show(&record{card: r.card, second: r.second, slot: noSlot, view: noView}, true)
			case clickRole:
				had := len(f.rows)
				w := &f.rows[f.find(&record{card: r.card, second: r.second, slot: noSlot})]
				w.flags |= uint8(warehouse.Clicked)
				w.foreign = w.foreign || len(f.rows) > had
			}
		}
	}
	return f.rows
}

const (
	reach = 24 * 3600 // seconds after a row in which what carries no request may be of it
	skew  = 60        // seconds by which clients' clocks may put a doing before its row
)

// add is the sum of two numbers of seconds, of which NaN means that nothing is known.
func add(a, b float32) float32 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return a + b
}

// again is the row that an impression tells again, of the same page before others; -1 for none.
func (f *folder) again(r *record, foreign bool) int32 {
	near := int32(-1)
	last := true
	for n := f.head(r.card); n >= 0; n = f.nodes[n].prev {
		if f.nodes[n].swipe {
			continue
		}
		at := f.nodes[n].row
		w := &f.rows[at]
		if r.request != 0 && r.request == w.request {
			return at
		}
		if last && ((foreign || w.foreign) && r.second-w.second <= 1 || w.implied && r.second-w.second <= skew && (r.request == 0 || w.request == 0)) {
			near = at
		}
		if last = false; r.request == 0 {
			break
		}
	}
	return near
}

// show adds an impression, or what it tells to the row that it tells again.
func (f *folder) show(r *record, foreign bool) {
	if at := f.again(r, foreign); at >= 0 {
		w := &f.rows[at]
		if w.slot == noSlot {
			w.slot = r.slot
		}
		if w.request == 0 {
			w.request = r.request
		}
		w.flags |= r.flags
		w.swipes = min(w.swipes+r.extra&mostSwipes, mostSwipes)
		w.view, w.listed = add(w.view, unpackSeconds(r.view)), w.listed+unpackShort(r.listed)
		w.foreign = w.foreign && foreign
		return
	}
	f.rows = append(f.rows, row{card: r.card, second: r.second, request: r.request, slot: r.slot, flags: r.flags, swipes: r.extra & mostSwipes,
		foreign: foreign, implied: r.extra&implied != 0, view: unpackSeconds(r.view), listed: unpackShort(r.listed)})
	f.pushRow(r.card)
}

// pushRow puts the last row into its card's chain.
func (f *folder) pushRow(card int32) {
	at := int32(len(f.rows) - 1)
	show := int16(1)
	for n := f.head(card); n >= 0; n = f.nodes[n].prev {
		if !f.nodes[n].swipe {
			show = min(f.rows[f.nodes[n].row].show, math.MaxInt16-1) + 1
			break
		}
	}
	f.rows[at].show = show
	f.push(card, at, false)
}

// swiped is the row from which a swipe led to a card last; -1 where it was shown since, or none led to it.
func (f *folder) swiped(card int32) int32 {
	if head := f.head(card); head >= 0 && f.nodes[head].swipe {
		return f.nodes[head].row
	}
	return -1
}

// seek is the row to which a doing belongs; -1 for none.
func (f *folder) seek(r *record) int32 {
	best := int32(-1)
	for n := f.head(r.card); n >= 0; n = f.nodes[n].prev {
		if f.nodes[n].swipe {
			continue
		}
		at := f.nodes[n].row
		if best < 0 && r.second-f.rows[at].second <= reach {
			best = at
		}
		if r.request == 0 || f.rows[at].request == r.request {
			if r.request != 0 {
				best = at
			}
			break
		}
	}
	return best
}

// find is the row to which a doing belongs, made where there is none.
func (f *folder) find(r *record) int32 {
	if at := f.seek(r); at >= 0 {
		return at
	}
	f.rows = append(f.rows, row{card: r.card, second: r.second, request: r.request, slot: r.slot, implied: true, view: float32(math.NaN())})
	f.pushRow(r.card)
	return int32(len(f.rows) - 1)
}

func (f *folder) at(card int32) uint32 {
	at := uint32(card) * 2654435769 >> 16 & f.mask // Knuth's multiplicative hash
	for f.slots[at] != 0 && f.nodes[f.slots[at]-1].card != card {
		at = (at + 1) & f.mask
	}
	return at
}

// head is the last node of a card; -1 for none.
func (f *folder) head(card int32) int32 { return f.slots[f.at(card)] - 1 }

func (f *folder) push(card, row int32, swipe bool) {
	at := f.at(card)
	f.nodes = append(f.nodes, node{card: card, row: row, prev: f.slots[at] - 1, swipe: swipe})
	f.slots[at] = int32(len(f.nodes))
}

// of are the rows of one card.
func (f *folder) of(records []record, card int32, roles []role) []row {
	f.pick = f.pick[:0]
	for i := range records {
		if r := &records[i]; r.card == card || r.is(didSwipe) && r.other() == card {
			f.pick = append(f.pick, *r)
		}
	}
	if len(f.pick) == 0 {
		return nil
	}
	rows := f.fold(f.pick, roles)
	n := 0
	for _, w := range rows {
		if w.card == card {
			rows[n] = w
			n++
		}
	}
	return rows[:n]
}

// settle puts doings before a second into their rows, in place, and returns how many records are left.
func (f *folder) settle(records []record, before uint32, roles []role) int {
	end, any := 0, false
	for end < len(records) && records[end].second < before {
		r := &records[end]
		any = any || !r.isRow() && r.kind() != didForeign
		end++
	}
	if !any {
		return len(records)
	}
	rows := f.fold(records[:end], roles)
	f.pick = f.pick[:0]
	for i := range rows {
		w := &rows[i]
		if w.foreign {
			continue // its records stay
		}
		extra := w.swipes | settled
		if w.implied {
			extra |= implied
		}
		f.pick = append(f.pick, record{card: w.card, second: w.second, request: w.request, slot: w.slot, flags: w.flags, extra: extra,
			view: packSeconds(w.view), listed: packShort(w.listed)})
	}
	for i := range records[:end] {
		if records[i].is(didForeign) {
			f.pick = append(f.pick, records[i])
		}
	}
	f.pick = append(f.pick, f.apart...)
	if len(f.pick) >= end { // nothing would be gained
		return len(records)
	}
	sortRecords(f.pick)
	n := copy(records, f.pick)
	return n + copy(records[n:], records[end:])
}
