package stream

// Which ids are in the log. An id is known by 96 bits of its SHA-256, in an open-addressed table; of ids that were never seen, one in 1e22 would be
// taken for one of six million that were. The table has two halves: when the newer one holds a window of ids, it becomes the older one and what was
// older is forgotten.

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
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
	if t.newer.n >= t.window || t.newer.n > 0 && seq-t.newer.base >= math.MaxUint32 {
		t.older, t.newer = t.newer, &idHalf{slots: make([]idSlot, len(t.newer.slots))} // it will hold as many: growing anew, it would keep events waiting
	}
	t.newer.add(id, seq)
	n := t.newer.n
	if t.older != nil {
		n += t.older.n
	}
	t.remembered.Store(int64(n))
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
	if 4*(h.n+1) > 3*len(h.slots) {
		old := h.slots
		h.slots = make([]idSlot, max(1024, 2*len(old)))
		for _, s := range old {
			if s.off != 0 {
				h.put(s)
			}
		}
	}
	if h.put(idSlot{id.hi, id.lo, uint32(seq-h.base) + 1}) {
		h.n++
	}
	h.last = seq
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
