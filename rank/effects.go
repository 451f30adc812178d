// The multiplicative model behind the curves: clicks of a row have mean a[stratum] e[slot] c[card], and all three are fitted by the likelihood
// of Poisson counts, each in turn so that what it expects in all equals what was clicked (iterative proportional fitting; Deming and
// Stephan 1940). That a stratum has few rows does no harm: the equations of e hold whatever the strata are (Hausman, Hall and Griliches,
// Econometrica 52, 1984), and clicks need only have these means, not be Poisson (Wooldridge, Journal of Econometrics 90, 1999). A stratum or card without a
// click has effect 0, so its rows say nothing and are not kept.

package rank

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
)

// table is rows, stratum by stratum.
type table struct {
	start   []int32 // stratum k is the rows start[k] to before start[k+1]
	slot    []uint16
	card    []int32 // index into the cards' effects; nil: no cards
	group   []uint8
	clicked []bool
	slots   int
	cards   int
}

// effects are a fit: e and c of the model.
type effects struct{ slot, card []float64 }

const (
	mostSweeps    = 300
	sweepTolerant = 1e-5 // largest relative change of an effect of a slot, at the end
)

// tableOf arranges the usable rows for a method. Each kind of view has slots effects of its own: those of passing come before those of browsing.
func tableOf(l *Log, v *views, method Method, slots int) *table {
	t := &table{slots: 2 * slots}
	var order []int32 // rows, stratum by stratum
	var ends []int32
	if method == Within || method == Paired {
		for k := range v.kind {
			for i := v.start[k]; i < v.start[k+1]; i++ {
				if usable(l, v, int(i)) {
					order = append(order, i)
				}
			}
			ends = append(ends, int32(len(order)))
		}
	} else {
		order, ends = pooled(l, v, method == Swaps)
	}
	kind := make([]Kind, len(v.offset))
	for k := range v.kind {
		for i := v.start[k]; i < v.start[k+1]; i++ {
			kind[i] = v.kind[k]
		}
	}
	from := int32(0)
	for _, to := range ends {
		if slices.ContainsFunc(order[from:to], func(i int32) bool { return l.Clicked[i] }) {
			t.start = append(t.start, int32(len(t.slot)))
			for _, i := range order[from:to] {
				t.slot = append(t.slot, uint16(min(int(v.offset[i]), slots-1)+slots*int(kind[i]-Passing)))
				t.group = append(t.group, uint8(groupOf(l.User[i])))
				t.clicked = append(t.clicked, l.Clicked[i])
				if method == Paired {
					t.card = append(t.card, l.Card[i])
				}
			}
		}
		from = to
	}
	t.start = append(t.start, int32(len(t.slot)))
	t.number()
	return t
}

// depthBand is the band of depths that count as equal: single ones down to 16, then four to each doubling.
func depthBand(depth int32) int32 {
	if depth <= 16 {
		return depth
	}
	return 16 + int32(4*math.Log2(float64(depth)/16))
}

// pooled has a stratum for each kind of view or, byCard, for each card and depth of view.
func pooled(l *Log, v *views, byCard bool) (order, ends []int32) {
	type row struct {
		key uint64
		at  int32
	}
	var rows []row
	for k := range v.kind {
		key := uint64(v.kind[k]) << 8
		if byCard {
			key |= uint64(depthBand(v.depth[k]))
		}
		for i := v.start[k]; i < v.start[k+1]; i++ {
			if byCard {
				key = key&(1<<16-1) | uint64(uint32(l.Card[i]))<<16
			}
			if usable(l, v, int(i)) {
				rows = append(rows, row{key, i})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Compare(a.at, b.at)
	})
	for k, r := range rows {
		if k > 0 && r.key != rows[k-1].key {
			ends = append(ends, int32(k))
		}
		order = append(order, r.at)
	}
	return order, append(ends, int32(len(rows)))
}

// number gives the cards of the table numbers from 0.
func (t *table) number() {
	sorted := slices.Clone(t.card)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	for i, c := range t.card {
		at, _ := slices.BinarySearch(sorted, c)
		t.card[i] = int32(at)
	}
	t.cards = len(sorted)
}

// fit fits the rows outside group out (-1: all), from the effects of another fit or nil.
func (t *table) fit(ctx context.Context, out int, from *effects) (*effects, error) {
	e := &effects{slot: make([]float64, t.slots), card: make([]float64, t.cards)}
	for s := range e.slot {
		e.slot[s] = 1
	}
	for c := range e.card {
		e.card[c] = 1
	}
	if from != nil {
		copy(e.card, from.card)
		for s, x := range from.slot {
			if x == x {
				e.slot[s] = x
			}
		}
	}
	slotClicks, cardClicks := make([]float64, t.slots), make([]float64, t.cards)
	for i, y := range t.clicked {
		if y && int(t.group[i]) != out {
			slotClicks[t.slot[i]]++
			if t.cards > 0 {
				cardClicks[t.card[i]]++
			}
		}
	}
	slotMean, cardMean := make([]float64, t.slots), make([]float64, t.cards)
	compared := make([]bool, t.slots) // with other slots: it is in a stratum with a click
	for sweep := range mostSweeps {
		moved := 0.0
		if err := t.expect(ctx, out, e, slotMean, nil); err != nil {
			return nil, err
		}
		for s := range e.slot {
			compared[s] = compared[s] || sweep == 0 && slotMean[s] > 0
			next := e.slot[s] * slotClicks[s] / slotMean[s]
			if slotMean[s] == 0 {
				next = e.slot[s]
			}
			if e.slot[s] > 0 {
				moved = max(moved, math.Abs(next/e.slot[s]-1))
			}
			e.slot[s] = next
		}
		if t.cards > 0 {
			if err := t.expect(ctx, out, e, nil, cardMean); err != nil {
				return nil, err
			}
			for c := range e.card {
				if cardMean[c] > 0 {
					e.card[c] *= cardClicks[c] / cardMean[c]
				}
			}
		}
		if moved < sweepTolerant {
			break
		}
	}
	for s := range e.slot {
		if !compared[s] && (from == nil || from.slot[s] != 0) { // a slot that all rows show without a click begins at 0 and stays there
			e.slot[s] = math.NaN()
		}
	}
	return e, nil
}

// expect adds up the clicks that e expects, by slot or by card, when each stratum expects in all what was clicked in it.
func (t *table) expect(ctx context.Context, out int, e *effects, bySlot, byCard []float64) error {
	clear(bySlot)
	clear(byCard)
	for k := 0; k+1 < len(t.start); k++ {
		if k&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var clicks, mean float64
		for i := t.start[k]; i < t.start[k+1]; i++ {
			if int(t.group[i]) == out {
				continue
			}
			mean += t.mean(i, e)
			if t.clicked[i] {
				clicks++
			}
		}
		if clicks == 0 || mean == 0 {
			continue
		}
		for i := t.start[k]; i < t.start[k+1]; i++ {
			if int(t.group[i]) == out {
				continue
			}
			m := clicks / mean * t.mean(i, e)
			if bySlot != nil {
				bySlot[t.slot[i]] += m
			} else {
				byCard[t.card[i]] += m
			}
		}
	}
	return nil
}

func (t *table) mean(i int32, e *effects) float64 {
	if t.cards == 0 {
		return e.slot[t.slot[i]]
	}
	return e.slot[t.slot[i]] * e.card[t.card[i]]
}

// threadsOf is the number of goroutines that a setting asks for; 0 means one a core.
func threadsOf(setting int) int {
	if setting <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return setting
}
