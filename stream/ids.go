package stream

// Which ids are in the log. An id is known by 96 bits of its SHA-256, in an open-addressed table; of ids that were never seen, one in 1e22 would be
// taken for one of six million that were. The table has two halves: when the newer one holds a window of ids, it becomes the older one and what was
// older is forgotten.

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"sync/atomic"
)

// eventID stands for the id of an event.
type eventID struct {
	hi uint64
	lo uint32
}

func idOf(id string) eventID {
	sum := sha256.Sum256([]byte(id))
	return eventID{binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint32(sum[8:])}
}

// idTable is not safe for more than one goroutine, but for len.
type idTable struct {
	window     int
	newer      *idHalf
	older      *idHalf // nil at first
	remembered atomic.Int64
}

// idHalf holds ids of seqs from base on.
type idHalf struct {
	base, last uint64
	n          int
	slots      []idSlot // a power of two, at most 3/4 full
}

type idSlot struct {
	hi  uint64
	lo  uint32
	off uint32 // of the seq from base, plus 1; 0: empty
}

func newIDTable(window int) *idTable {
	return &idTable{window: window, newer: &idHalf{}}
}

func (t *idTable) len() int { return int(t.remembered.Load()) }

// last is the seq that was added last; 0 if none was.
func (t *idTable) last() uint64 {
	if t.newer.n == 0 && t.older != nil {
		return t.older.last
	}
	return t.newer.last
}

// find gives the seq of an id.
func (t *idTable) find(id eventID) (uint64, bool) {
	if seq, ok := t.newer.find(id); ok || t.older == nil {
		return seq, ok
	}
	return t.older.find(id)
}

// add notes the id of a seq above all that were added, in the place of what the id had before.
func (t *idTable) add(id eventID, seq uint64) {
	t.turn(seq)
	t.newer.add(id, seq)
	t.count()
}

// turn begins another half where the newer one has a window of ids, before seq.
func (t *idTable) turn(seq uint64) {
	if t.newer.n >= t.window || t.newer.n > 0 && seq-t.newer.base >= math.MaxUint32 {
		t.older, t.newer = t.newer, &idHalf{slots: make([]idSlot, len(t.newer.slots))} // it will hold as many: growing anew, it would keep events waiting
	}
}

func (t *idTable) count() {
	n := t.newer.n
	if t.older != nil {
		n += t.older.n
	}
	t.remembered.Store(int64(n))
}

// addMany is add of many ids, for a start: of seqs from first on, above all that were added, which the slots tell from it, ascending. They go into the table one part of it
// after the other: looking all over a hundred megabytes takes ten times as long.
func (t *idTable) addMany(first uint64, ids []idSlot) {
	if len(ids) == 0 {
		return
	}
	t.turn(first)
	h := t.newer
	if h.n == 0 {
		h.base = first
	}
	last := first + uint64(ids[len(ids)-1].off) - 1
	if h.n+len(ids) > t.window || last-h.base >= math.MaxUint32 { // more than one half
		for _, s := range ids {
			t.add(eventID{s.hi, s.lo}, first+uint64(s.off)-1)
		}
		return
	}
	h.grow(h.n + len(ids))
	const parts = 256
	mask, shift := uint64(len(h.slots)-1), max(0, bits.Len(uint(len(h.slots)))-1-8) // a slot's number begins with its part's
	var ends [parts + 1]int
	for _, s := range ids {
		ends[s.hi&mask>>shift+1]++
	}
	for p := range parts {
		ends[p+1] += ends[p]
	}
	parted := make([]idSlot, len(ids))
	after := uint32(first - h.base)
	for _, s := range ids {
		p := s.hi & mask >> shift
		s.off += after
		parted[ends[p]] = s
		ends[p]++
	}
	for _, s := range parted {
		if h.put(s) {
			h.n++
		}
	}
	h.last = last
	t.count()
}

func (h *idHalf) find(id eventID) (uint64, bool) {
	if h.n == 0 {
		return 0, false
	}
	mask := uint64(len(h.slots) - 1)
	for k := id.hi & mask; ; k = (k + 1) & mask {
		switch s := &h.slots[k]; {
		case s.off == 0:
			return 0, false
		case s.hi == id.hi && s.lo == id.lo:
			return h.base + uint64(s.off) - 1, true
		}
	}
}

func (h *idHalf) add(id eventID, seq uint64) {
	if h.n == 0 {
		h.base = seq
	}
	h.grow(h.n + 1)
	if h.put(idSlot{id.hi, id.lo, uint32(seq-h.base) + 1}) {
		h.n++
	}
	h.last = seq
}

// grow makes room for n ids.
func (h *idHalf) grow(n int) {
	size := max(1024, len(h.slots))
	for 4*n > 3*size {
		size *= 2
	}
	if size == len(h.slots) {
		return
	}
	old := h.slots
	h.slots = make([]idSlot, size)
	clear(h.slots) // new memory that is looked at before it is written to is given twice by the system
	for _, s := range old {
		if s.off != 0 {
			h.put(s)
		}
	}
}

// put says whether the id is new.
func (h *idHalf) put(s idSlot) bool {
	mask := uint64(len(h.slots) - 1)
	k := s.hi & mask
	for ; h.slots[k].off != 0; k = (k + 1) & mask {
		if h.slots[k].hi == s.hi && h.slots[k].lo == s.lo {
			h.slots[k].off = s.off
			return false
		}
	}
	h.slots[k] = s
	return true
}
