// One thing that is known of a user. How it is kept stands in packed.go.

package live

import (
	"cmp"
	"math"
)

// record is an impression, or something that was done; 16 bytes. Records of a user are kept in the order of compare, each once.
type record struct {
	card    int32
	second  uint32 // since 1970 UTC
	request uint16 // hash of the page's id, 0 without one; the type of a foreign feedback
	view    uint16 // see packSeconds
	slot    uint8  // noSlot without one; slots from 254 on are 254
	listed  uint8  // seconds spent on cards swiped to, see packShort
	flags   uint8  // warehouse.Flag, and the two below
	extra   uint8  // of an impression: the cards swiped to, at most mostSwipes, and the two below; of a doing its kind
}

const (
	followed = 1 << 6 // the creator
	doing    = 1 << 7 // this is no impression

	settled    = 1 << 7 // of extra: doings are part of it already, which tells it from the impression alone
	implied    = 1 << 6 // of extra: something done told of it first
	mostSwipes = 1<<6 - 1

	noSlot = 255
	noView = math.MaxUint16
)

// Kinds of doings.
const (
	didFlags   = iota // what flags say
	didView           // of view
	didSwipe          // to the card that other says
	didForeign        // feedback of the type request, whose value number says
)

func (r *record) isRow() bool     { return r.flags&doing == 0 }
func (r *record) kind() uint8     { return r.extra }
func (r *record) is(k uint8) bool { return r.flags&doing != 0 && r.extra == k }

// four bytes that impressions use otherwise.
func (r *record) word() uint32 { return uint32(r.view) | uint32(r.slot)<<16 | uint32(r.listed)<<24 }
func (r *record) setWord(w uint32) {
	r.view, r.slot, r.listed = uint16(w), uint8(w>>16), uint8(w>>24)
}

// other is the card that a swipe went to.
func (r *record) other() int32     { return int32(r.word()) }
func (r *record) setOther(c int32) { r.setWord(uint32(c)) }

// number is the value of a foreign feedback.
func (r *record) number() float32     { return math.Float32frombits(r.word()) }
func (r *record) setNumber(v float32) { r.setWord(math.Float32bits(v)) }

// compare orders records by time, impressions before doings, then by slot as a page shows them; the rest makes the order total.
func (r *record) compare(o *record) int {
	if r.second != o.second {
		return cmp.Compare(r.second, o.second)
	}
	if c := cmp.Compare(r.flags&doing, o.flags&doing); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(r.slot, o.slot), cmp.Compare(r.card, o.card), cmp.Compare(r.request, o.request), cmp.Compare(r.extra, o.extra),
		cmp.Compare(r.flags, o.flags), cmp.Compare(r.view, o.view), cmp.Compare(r.listed, o.listed))
}

// before is whether r comes before o by compare, soon said of most: a start asks it of all there are.
func (r *record) before(o *record) bool {
	if r.second != o.second {
		return r.second < o.second
	}
	if (r.flags^o.flags)&doing == 0 && r.slot != o.slot {
		return r.slot < o.slot
	}
	return r.compare(o) < 0
}

func packSlot(slot int) uint8 {
	if slot < 0 {
		return noSlot
	}
	return uint8(min(slot, noSlot-1))
}

func unpackSlot(s uint8) int32 {
	if s == noSlot {
		return -1
	}
	return int32(s)
}

// packSeconds keeps seconds in 16 bits: five of exponent and eleven of mantissa, in units of 1/1024 s. Whole seconds to 4,095 are exact, the rest to
// within 1/4096; NaN is noView.
func packSeconds(v float32) uint16 {
	if v != v {
		return noView
	}
	u := math.Max(0, math.Min(float64(v), 1e9)) * 1024
	e := 0
	for ; u >= 4095.5; e++ {
		u /= 2
	}
	n := uint16(math.Round(u))
	if n < 2048 {
		return n // e is 0: no number from 4095.5 on halves to below 2047.5
	}
	return uint16(e+1)<<11 | (n - 2048)
}

func unpackSeconds(p uint16) float32 {
	if p == noView {
		return float32(math.NaN())
	}
	e, m := p>>11, float64(p&2047)
	if e == 0 {
		return float32(m / 1024)
	}
	return float32(math.Ldexp(m+2048, int(e)-1) / 1024)
}

// packShort keeps seconds in 8 bits, to within 3%: 0, or 2^((p-1)/12 - 4).
func packShort(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(math.Max(1, math.Min(255, math.Round((math.Log2(float64(v))+4)*12)+1)))
}

func unpackShort(p uint8) float32 {
	if p == 0 {
		return 0
	}
	return shortSeconds[p]
}

var shortSeconds = func() (out [256]float32) {
	for p := 1; p < 256; p++ {
		out[p] = float32(math.Exp2(float64(p-1)/12 - 4))
	}
	return out
}()
