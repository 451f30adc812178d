// The statistics of user-card features in a file of package partfile, with the magic "seguePRS": a server makes its features from what the
// training run knew, without the log. Users' traits are not in it, they come with the request.

package feature

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/seguefeed/segue/internal/partfile"
)

// ErrForeign is given for a file that does not hold statistics of cards.
var ErrForeign = errors.New("feature: these are no saved statistics of cards")

// ErrDamaged is given for saved statistics that are not as they were written.
var ErrDamaged = errors.New("feature: the saved statistics of cards are damaged")

var pairFile = partfile.Format{Magic: "seguePRS", Version: 1, Package: "feature", Thing: "saved statistics of cards", Foreign: ErrForeign, Damaged: ErrDamaged}

// Kinds change with the parts, so that files of another kind are refused by name. Those of the older two hold sums of all cards on all days, the first of them of logs without gaps.
const (
	pairKind      = "pairs by cards, sums that change"
	pairsWithGaps = "pairs by cards, days with gaps"
	pairsOfOld    = "pairs by cards"
)

// Save writes c, at some 36 bytes a card and day on which it was shown, without copying it.
func (c *PairContext) Save(w io.Writer) error {
	err := c.valid()
	if err == nil {
		err = pairFile.Write(w, pairKind, append([]any{&c.logged}, c.parts(c.cards.parts())...))
	}
	if err != nil {
		return fmt.Errorf("feature: save statistics of cards: %w", err)
	}
	return nil
}

// LoadPairContext reads what Save wrote, and not a byte more: a context whose Columns and Vectors are those of the one saved, bit for bit. It
// knows no users, so BuildPairs refuses it. Another file gives ErrForeign, one that was cut off or changed ErrDamaged, one of a
// later version an error that says so. Whatever a file claims, no more memory is taken than some times the bytes that it has.
func LoadPairContext(r io.Reader) (*PairContext, error) {
	c := &PairContext{province: map[string]int{}, ready: new(atomic.Pointer[[]*readyDay])}
	var dense []cardCount // of an older file
	old := false
	if err := pairFile.Read(r, func(kind string) ([]any, error) {
		sums := []any{partfile.Records(&dense, countBytes, encodeCount, decodeCount)}
		switch old = kind != pairKind; kind {
		case pairKind:
			return append([]any{&c.logged}, c.parts(c.cards.parts())...), nil
		case pairsWithGaps:
			return append([]any{&c.logged}, c.parts(sums)...), nil
		case pairsOfOld:
			return c.parts(sums), nil
		}
		return nil, fmt.Errorf("feature: statistics of kind %q; this program reads %q: train anew", kind, pairKind)
	}); err != nil {
		return nil, err
	}
	if err := c.validDays(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(c.logged) == 0 {
		for day := c.from; day <= c.last; day++ {
			c.logged = append(c.logged, day)
		}
	}
	c.number()
	for _, t := range c.tallies() {
		t.days = c.days
	}
	if old {
		if int64(len(dense)) != int64(len(c.attrs))*int64(c.days) {
			return nil, fmt.Errorf("%w: %d sums of %d cards and %d days", ErrDamaged, len(dense), len(c.attrs), c.days)
		}
		c.cards = packed(dense, c.days)
	}
	if err := c.valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	c.nowhere = nowhere(c.nowhere.codes[ofType])
	for i, p := range c.provinces {
		c.province[p] = i
	}
	return c, nil
}

// Cards is the number of cards that c knows.
func (c *PairContext) Cards() int { return len(c.attrs) }

// tallies are all that c has: the groups' by kind, and two more.
func (c *PairContext) tallies() []*tallies {
	var all []*tallies
	for kind := range c.groups {
		all = append(all, &c.groups[kind])
	}
	return append(all, &c.exposure, &c.study.cells)
}

// byDay are the numbers that there is one of for each k.
func (c *PairContext) byDay() []*[]float32 {
	all := []*[]float32{&c.base, &c.spread, &c.typical, &c.appBase, &c.own, &c.app, &c.after[0], &c.after[1], &c.after[2], &c.study.user}
	for kind := range c.study.match {
		all = append(all, &c.study.match[kind])
	}
	for _, t := range c.tallies() {
		all = append(all, &t.base, &t.strength)
	}
	return all
}

// parts are what a file keeps of running sums.
func (s *cardSums) parts() []any {
	return []any{&s.first, &s.since, partfile.Records(&s.at, countBytes, encodeCount, decodeCount)}
}

// parts are what a file keeps, in its order, with the parts of its sums; what follows from it is made anew.
func (c *PairContext) parts(sums []any) []any {
	parts := append([]any{&c.from, &c.last, &c.hasApp, &c.provinces, &c.kinds, &c.nowhere.codes[ofType], &c.wider[0], &c.wider[1], &c.study.places, &c.study.taste.place,
		partfile.Records(&c.attrs, attrBytes, encodeAttr, decodeAttr),
		partfile.Records(&c.slots.rates, slotBytes, encodeSlots, decodeSlots)}, sums...)
	parts = append(parts,
		partfile.Each(&c.study.taste.load, func(load *[][tasteDims]float32) []any {
			return []any{partfile.Records(load, 4*tasteDims, encodeLoad, decodeLoad)}
		}))
	for _, s := range c.byDay() {
		parts = append(parts, s)
	}
	for _, t := range c.tallies() {
		parts = append(parts, partfile.Records(&t.at, 8, encodeTally, decodeTally))
	}
	return parts
}

const (
	attrBytes  = 4*groupKinds + 4 + 4
	slotBytes  = (slotPositions + 1) * 2 * 4
	countBytes = 8 * 4
)

func putFloat(to []byte, v float32)  { binary.LittleEndian.PutUint32(to, math.Float32bits(v)) }
func float(from []byte) float32      { return math.Float32frombits(binary.LittleEndian.Uint32(from)) }
func putNumber(to []byte, v int32)   { binary.LittleEndian.PutUint32(to, uint32(v)) }
func number32(from []byte) (v int32) { return int32(binary.LittleEndian.Uint32(from)) }

func encodeAttr(to []byte, a *cardAttr) {
	for kind, code := range a.codes {
		putNumber(to[4*kind:], code)
	}
	putNumber(to[4*groupKinds:], a.published)
	putFloat(to[4*groupKinds+4:], a.followers)
}

func decodeAttr(a *cardAttr, from []byte) {
	for kind := range a.codes {
		a.codes[kind] = number32(from[4*kind:])
	}
	a.published, a.followers = number32(from[4*groupKinds:]), float(from[4*groupKinds+4:])
}

func encodeSlots(to []byte, rates *[slotPositions + 1][2]float32) {
	for p, pair := range rates {
		putFloat(to[8*p:], pair[0])
		putFloat(to[8*p+4:], pair[1])
	}
}

func decodeSlots(rates *[slotPositions + 1][2]float32, from []byte) {
	for p := range rates {
		rates[p] = [2]float32{float(from[8*p:]), float(from[8*p+4:])}
	}
}

func encodeCount(to []byte, n *cardCount) {
	for k, v := range [...]float32{n.shown, n.clicks, n.expected, n.appShown, n.appClicks, n.appLikes, n.appShares, n.appComments} {
		putFloat(to[4*k:], v)
	}
}

func decodeCount(n *cardCount, from []byte) {
	for k, v := range [...]*float32{&n.shown, &n.clicks, &n.expected, &n.appShown, &n.appClicks, &n.appLikes, &n.appShares, &n.appComments} {
		*v = float(from[4*k:])
	}
}

func encodeLoad(to []byte, load *[tasteDims]float32) {
	for d, v := range load {
		putFloat(to[4*d:], v)
	}
}

func decodeLoad(load *[tasteDims]float32, from []byte) {
	for d := range load {
		load[d] = float(from[4*d:])
	}
}

func encodeTally(to []byte, t *tally) {
	putFloat(to, t.clicks)
	putFloat(to[4:], t.n)
}

func decodeTally(t *tally, from []byte) { t.clicks, t.n = float(from), float(from[4:]) }
