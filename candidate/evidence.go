// From what was shown to what it says: a click is evidence for a card, more so with a like or a long view, and a card that was looked
// at and passed over is some against it. How much depends on the slot, since what stands where nobody looks is not refused.

package candidate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// Evidence says what impressions are worth. Weights add; the zero value means the documented defaults.
type Evidence struct {
	Click float32 // 0 means 1

	// What a click's further actions add; 0 means nothing.
	Like, Share, Comment, ViewComments, VisitCreator float32
	// FullView is added where the view lasted FullViewSeconds (0 means 30) or longer.
	FullView, FullViewSeconds float32
	// Swipe x log2(1 + cards swiped to after the click) is added: the session that it opened.
	Swipe float32

	// Passed is the weight, below 0, of a card shown in the first slot and not clicked. 0 means -.05; above 0 is an error, as is a
	// number that is none; NoPassed leaves such cards out.
	Passed   float32
	NoPassed bool
	// Examination is the chance that each slot is looked at, relative to the first (see Examination). nil means 1 each.
	Examination []float64
	// PassedHalfLife is the days after which a card passed over weighs half: moods pass, tastes last. 0 means 7; below 0 no decay.
	PassedHalfLife float64
	// HalfLife is that of what is evidence for a card. 0 means no decay.
	HalfLife float64
	// Recent is how many entries for cards and how many against them a history has at most, the last ones: what serving one user costs grows with
	// it. 0 means 150; below 0 all.
	Recent int
}

func (e Evidence) withDefaults() (Evidence, error) {
	for _, v := range []float32{e.Click, e.Like, e.Share, e.Comment, e.ViewComments, e.VisitCreator, e.FullView, e.Swipe, e.Passed} {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return e, fmt.Errorf("candidate: evidence: a weight of %v; finite numbers are expected", v)
		}
	}
	if e.Passed > 0 {
		return e, fmt.Errorf("candidate: evidence: a card passed over weighs %v; a number below 0 is expected", e.Passed)
	}
	if e.Click == 0 {
		e.Click = 1
	}
	if e.FullViewSeconds == 0 {
		e.FullViewSeconds = 30
	}
	if e.Passed == 0 {
		e.Passed = -.05
	}
	if e.PassedHalfLife == 0 {
		e.PassedHalfLife = 7
	}
	if e.Recent == 0 {
		e.Recent = 150
	}
	return e, nil
}

// of is what row says, at a moment after it; 0 where it says nothing.
func (e *Evidence) of(h *warehouse.Histories, row int, atMS int64) float32 {
	days := float64(atMS-h.ShownAtMS[row]) / 86_400_000
	flags := h.Flags[row]
	if flags&warehouse.Clicked == 0 {
		if e.NoPassed {
			return 0
		}
		return e.Passed * float32(examinationAt(e.Examination, h.Position[row])*fadeOver(days, e.PassedHalfLife))
	}
	v := e.Click
	for _, a := range [...]struct {
		flag   warehouse.Flag
		weight float32
	}{{warehouse.Liked, e.Like}, {warehouse.Shared, e.Share}, {warehouse.Commented, e.Comment},
		{warehouse.ViewedComments, e.ViewComments}, {warehouse.VisitedCreator, e.VisitCreator}} {
		if flags&a.flag != 0 {
			v += a.weight
		}
	}
	if h.ViewSeconds[row] >= e.FullViewSeconds {
		v += e.FullView
	}
	if e.Swipe != 0 {
		v += e.Swipe * float32(math.Log2(1+float64(max(h.Swipes[row], 0))))
	}
	return v * float32(fadeOver(days, e.HalfLife))
}

// fadeOver is what something so many days old weighs.
func fadeOver(days, halfLife float64) float64 {
	if halfLife <= 0 || days <= 0 {
		return 1
	}
	return math.Exp2(-days / halfLife)
}

// EvidenceOf is what user k of h did before the moment atMS, as a history: a card that was shown again comes again. Rows that say
// nothing are left out, and so are all but the last Recent for cards and the last Recent against.
func EvidenceOf(h *warehouse.Histories, k int, atMS int64, e Evidence) (History, error) {
	e, err := e.withDefaults()
	if err != nil {
		return History{}, err
	}
	if k < 0 || k >= len(h.User) {
		return History{}, fmt.Errorf("candidate: evidence of user %d of %d", k, len(h.User))
	}
	var out History
	var kept [2]int // against, for
	for row := int(h.Start[k+1]) - 1; row >= int(h.Start[k]); row-- {
		if h.ShownAtMS[row] >= atMS {
			continue
		}
		v, side := e.of(h, row, atMS), 0
		if v > 0 {
			side = 1
		}
		if v == 0 || e.Recent >= 0 && kept[side] == e.Recent {
			continue
		}
		kept[side]++
		out.Item, out.Value = append(out.Item, h.Card[row]), append(out.Value, v)
	}
	slices.Reverse(out.Item)
	slices.Reverse(out.Value)
	return out, nil
}

// examinationSlots are told apart; deeper ones count as the last.
const examinationSlots = 64

// Examination estimates how much each slot, from 0 on, is looked at, relative to slot 0: the clicks there over those that the rate at
// the top (slots 0 and 1, as feeds count from either) of user-days that went as deep lets expect, so that keen users, who alone reach
// deep slots, do not make these look better than they are. Each slot is drawn to the one before it by 20 expected clicks, since
// deep ones are rare. nil where there are no clicks.
//
// It takes for granted that what is shown deeper is as good; a feed that puts its best first makes deep slots look worse.
func Examination(use []warehouse.SlotUse) []float64 {
	use = slices.Clone(use) // in an order of its own, so that sums are the same in any
	slices.SortFunc(use, func(a, b warehouse.SlotUse) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Position, b.Position), cmp.Compare(a.Impressions, b.Impressions), cmp.Compare(a.Clicks, b.Clicks))
	})
	type cell struct{ impressions, clicks float64 }
	first := map[int32]cell{}
	for _, u := range use {
		if u.Position >= 0 && u.Position <= 1 {
			c := first[u.Depth]
			c.impressions += float64(u.Impressions)
			c.clicks += float64(u.Clicks)
			first[u.Depth] = c
		}
	}
	var seen, expected [examinationSlots]float64
	for _, u := range use {
		c := first[u.Depth]
		if u.Position < 0 || c.impressions <= 0 || u.Depth < u.Position {
			continue
		}
		slot := min(u.Position, examinationSlots-1)
		seen[slot] += float64(u.Clicks)
		expected[slot] += float64(u.Impressions) * c.clicks / c.impressions
	}
	const prior = 20 // expected clicks
	var out []float64
	before, clicks := 1.0, 0.0
	for slot := range seen {
		before = (seen[slot] + prior*before) / (expected[slot] + prior)
		out = append(out, before)
		clicks += seen[slot]
	}
	if clicks == 0 {
		return nil
	}
	for slot := len(out) - 1; slot >= 0; slot-- {
		out[slot] /= out[0]
	}
	return out
}
