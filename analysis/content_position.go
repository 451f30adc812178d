package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// maxPosition is the deepest slot looked at; sessions that go deeper count as this deep.
const maxPosition = 30

// positionCells are impressions and clicks by depth and position.
type positionCells struct {
	shown, clicked [maxPosition + 1][maxPosition + 1]float64 // [depth][position]
}

func cellsOf(rows []warehouse.PositionUse, in func(group int) bool) *positionCells {
	var c positionCells
	for _, r := range rows {
		if r.Depth >= 0 && r.Depth <= maxPosition && r.Position >= 0 && r.Position <= maxPosition && in(r.Group) {
			c.shown[r.Depth][r.Position] += float64(r.Impressions)
			c.clicked[r.Depth][r.Position] += float64(r.Clicks)
		}
	}
	return &c
}

// raw is the click-through rate by position over all sessions; NaN where nothing was shown.
func (c *positionCells) raw() (ctr, shown [maxPosition + 1]float64) {
	for p := range ctr {
		var clicked float64
		for d := range c.shown {
			shown[p] += c.shown[d][p]
			clicked += c.clicked[d][p]
		}
		ctr[p] = over(clicked, shown[p])
	}
	return ctr, shown
}

// corrected is the effect of the position at equal depth of session, relative to the position base: clicks of a cell are taken to be
// Poisson with mean shown x a[depth] x e[position], and a and e are fitted by maximum likelihood, each in turn (iterative proportional
// fitting; Deming and Stephan 1940). How keen the sessions of a depth are goes into a, so that e compares slots within them.
// Positions no session clicked at have effect 0; NaN where nothing was shown or the base has no click. below is the same over all
// positions below the base together: the clicks there over those expected if each had the base's effect. Unlike a slope it needs no curve to
// be straight, and unlike a mean of logarithms it counts positions without a click.
func (c *positionCells) corrected(base int) (e [maxPosition + 1]float64, below float64) {
	var a [maxPosition + 1]float64
	for p := range e {
		e[p] = 1
	}
	for range 500 {
		for d := range a {
			var clicks, expected float64
			for p := range e {
				clicks += c.clicked[d][p]
				expected += c.shown[d][p] * e[p]
			}
			a[d] = 0
			if expected > 0 {
				a[d] = clicks / expected
			}
		}
		moved := 0.0
		for p := range e {
			var clicks, expected float64
			for d := range a {
				clicks += c.clicked[d][p]
				expected += c.shown[d][p] * a[d]
			}
			next := over(clicks, expected)
			if !math.IsNaN(next) {
				moved = math.Max(moved, math.Abs(next-e[p])/math.Max(e[p], 1e-12))
				e[p] = next
			} else {
				e[p] = 0
			}
		}
		if moved < 1e-9 {
			break
		}
	}
	_, shown := c.raw()
	scale := e[base]
	var clicks, expected float64
	for p := range e {
		if shown[p] == 0 || scale == 0 {
			e[p] = math.NaN()
			continue
		}
		e[p] /= scale
		if p > base {
			for d := range a {
				clicks += c.clicked[d][p]
				expected += c.shown[d][p] * a[d] * scale
			}
		}
	}
	return e, over(clicks, expected)
}

// rawBelow is the click-through rate of all positions below the base over that of the base.
func (c *positionCells) rawBelow(base int) float64 {
	var shown, clicked [2]float64
	for d := range c.shown {
		for p := base; p <= maxPosition; p++ {
			k := min(1, p-base)
			shown[k], clicked[k] = shown[k]+c.shown[d][p], clicked[k]+c.clicked[d][p]
		}
	}
	return over(over(clicked[1], shown[1]), over(clicked[0], shown[0]))
}

func askPosition(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UseByPosition(ctx, maxPosition)
	if err != nil {
		return Answer{}, err
	}
	all := cellsOf(rows, func(int) bool { return true })
	raw, shown := all.raw()
	base, last := topOf(shown)
	if base < 0 {
		return nothing("No impression has a position, so what it does cannot be seen."), nil
	}
	var positions []int64
	var rawCTR, shownAt []float64
	var effects []stat.Estimate
	effect, below := all.corrected(base)
	var without [warehouse.UserGroups][maxPosition + 1]float64 // the effect with one group of users left out
	var withoutBelow [warehouse.UserGroups]float64             // and the logarithm of that of all positions below
	for g := range without {
		without[g], withoutBelow[g] = cellsOf(rows, func(group int) bool { return group != g }).corrected(base)
		withoutBelow[g] = math.Log(withoutBelow[g])
	}
	at := func(p int) stat.Estimate {
		e, _ := jackknife(effect[p], each(without[:], func(e [maxPosition + 1]float64) float64 { return e[p] }), 1)
		return e
	}
	for p := 0; p <= last; p++ {
		if shown[p] == 0 {
			continue
		}
		positions, rawCTR, shownAt, effects = append(positions, int64(p)), append(rawCTR, raw[p]), append(shownAt, shown[p]), append(effects, at(p))
	}
	a := Answer{Caveats: []string{
		"The raw curve compares whoever got as far as a slot: few do, and they are the keen ones. The corrected curve compares slots within sessions of the same depth, with a model in which the click-through rate is a factor of the depth times a factor of the slot.",
		fmt.Sprintf("Sessions deeper than %d count as that deep. What the app puts where is not random, and whether a user goes on may depend on what she has just seen, so the corrected curve still holds whatever these add; only an experiment would take them out.", maxPosition),
		"Intervals leave out one of 20 random groups of users at a time: the user is the unit.",
	}}
	log, test := jackknife(math.Log(below), withoutBelow[:], 0)
	if last == base || !log.Known() {
		a.Findings = []Finding{described(fmt.Sprintf("The click-through rate at slot %d, the top of the page, is %s; there are too few clicks deeper to say what goes with the position.", base, percent(raw[base])), nil, 0)}
	} else {
		factor := stat.Estimate{Value: below, Low: math.Exp(log.Low), High: math.Exp(log.High)}
		read := fmt.Sprintf("Read raw, cards below slot %d are clicked %s as often as cards in it", base, times(all.rawBelow(base)))
		a.Findings = []Finding{tested("jackknife t over 20 groups of users", test, effectOf(fmt.Sprintf("click-through rate below slot %d over that in it, within sessions of equal depth", base), factor, Plain), ratioWeight(below),
			fmt.Sprintf("%s; compared within sessions of the same depth, it is %s (%s).", read, times(below), timesInterval(factor)),
			fmt.Sprintf("%s; compared within sessions of the same depth, no difference between slots is seen.", read))}
		if slope, test := jackknife(logSlope(effect, shown, base), each(without[:], func(e [maxPosition + 1]float64) float64 { return logSlope(e, shown, base) }), 0); slope.Known() {
			f := tested("jackknife t over 20 groups of users", test, effectOf("change of the click-through rate from one slot to the next, within sessions of equal depth", perSlot(slope), Share), ratioWeight(effect[last]),
				fmt.Sprintf("From slot %d on, clicks %s by %s from one slot to the next within sessions of the same depth (%s).", base, moreOrLess(slope.Value, "rise", "fall"),
					percent(math.Abs(perSlot(slope).Value)), percentInterval(perSlot(slope))),
				fmt.Sprintf("From slot %d on, no steady rise or fall from one slot to the next is seen within sessions of the same depth.", base))
			f.Weight = 0 // the first finding is ranked for both
			a.Findings = append(a.Findings, f)
		}
	}
	value, low, high := ends(effects)
	a.Tables = []Table{{Name: "position", Title: "Click-through rate by position, raw and at equal depth", Columns: []Column{
		ints("position", "position", Plain, positions), ints("impressions", "impressions", Count, each(shownAt, func(x float64) int64 { return int64(x) })), floats("ctr_raw", "click-through rate, raw", Rate, rawCTR),
		floats("effect", fmt.Sprintf("relative to slot %d, at equal depth", base), Plain, value), floats("effect_low", "lower end", Plain, low), floats("effect_high", "upper end", Plain, high),
	}}}
	x := asFloats(positions)
	relative := each(rawCTR, func(r float64) float64 { return over(r, raw[base]) })
	a.Charts = []Chart{{ID: "position", Title: fmt.Sprintf("Clicks per impression relative to slot %d", base), Kind: LineChart, X: Axis{Label: "position", Unit: Plain}, Y: Axis{Label: fmt.Sprintf("relative to slot %d", base), Unit: Plain},
		Series: []Series{{Name: "raw", X: x, Y: relative}, {Name: "within sessions of equal depth", X: x, Y: value, Low: low, High: high}}, Marks: []Mark{{Value: 1, Label: fmt.Sprintf("as at slot %d", base)}},
		Alt: "The raw click-through rate by position beside the one within sessions of equal depth, both relative to the top of the page."}}
	if c, table, ok := byDepth(rows, base, last); ok {
		a.Charts, a.Tables = append(a.Charts, c), append(a.Tables, table)
		if f, ok := fallByDepth(rows, base); ok {
			a.Findings = append(a.Findings, f)
			a.Caveats = append(a.Caveats, "Where the kinds of sessions differ in the fall, the one corrected curve is a mean over them; the second chart shows each for itself.")
		}
	}
	return a, nil
}

// topOf is the top of the page, which other slots are compared with: the first slot shown at least half as often as the one shown most (some devices
// have one above it, which is too rare to compare with). last is the deepest slot shown. Both are -1 when nothing has a position.
func topOf(shown [maxPosition + 1]float64) (top, last int) {
	top, last = -1, -1
	for p, n := range shown {
		if n > 0 {
			last = p
		}
	}
	for p, n := range shown {
		if n > 0 && 2*n >= slices.Max(shown[:]) {
			return p, last
		}
	}
	return top, last
}

// perSlot is a slope of the logarithm as a relative change from one slot to the next.
func perSlot(slope stat.Estimate) stat.Estimate {
	return stat.Estimate{Value: math.Expm1(slope.Value), Low: math.Expm1(slope.Low), High: math.Expm1(slope.High)}
}

// logSlope is the weighted slope of the logarithm of the effect over positions from the base on: negative when clicks fall down the page. Slots without
// a click are left out.
func logSlope(effect, shown [maxPosition + 1]float64, base int) float64 {
	var w, x, y, xx, xy float64
	for p, e := range effect {
		if p < base || !(e > 0) {
			continue
		}
		k, px, py := shown[p], float64(p), math.Log(e)
		w += k
		x += k * px
		y += k * py
		xx += k * px * px
		xy += k * px * py
	}
	return over(w*xy-x*y, w*xx-x*x)
}

// firstSlots is how many slots below the base still belong to the first screen or two, which every session reaches or nearly so.
const firstSlots = 3

// fallByDepth asks whether clicks fall over the first slots as much in sessions that go on as in those that end there: whoever looks in for a moment
// and whoever browses may look at a page in different ways.
func fallByDepth(rows []warehouse.PositionUse, base int) (Finding, bool) {
	// The rate of the slots just below the base over that of the base, of sessions that end there (0) and that go on (1): Mantel-Haenszel over depths,
	// or the sessions that end at once would be compared with those that reach the next slot.
	ratio := func(kind int, in func(group int) bool) float64 {
		var shown, clicked [2][maxPosition + 1]float64 // [at the base or below][depth]
		for _, r := range rows {
			if (r.Depth > base+firstSlots) != (kind == 1) || !in(r.Group) || r.Position < base || r.Position > base+firstSlots {
				continue
			}
			at := min(1, r.Position-base)
			shown[at][r.Depth] += float64(r.Impressions)
			clicked[at][r.Depth] += float64(r.Clicks)
		}
		var below, here float64
		for d := range shown[0] {
			if n := shown[0][d] + shown[1][d]; n > 0 {
				below += clicked[1][d] * shown[0][d] / n
				here += clicked[0][d] * shown[1][d] / n
			}
		}
		return over(below, here)
	}
	short, _ := jackknifedRatio(func(in func(int) bool) float64 { return ratio(0, in) })
	long, _ := jackknifedRatio(func(in func(int) bool) float64 { return ratio(1, in) })
	apart, test := jackknifedRatio(func(in func(int) bool) float64 { return ratio(0, in) / ratio(1, in) })
	if !short.Known() || !long.Known() || !apart.Known() {
		return Finding{}, false
	}
	slots := fmt.Sprintf("slots %d to %d", base+1, base+firstSlots)
	f := tested("jackknife t over 20 groups of users", test, effectOf(fmt.Sprintf("%s over slot %d: sessions that end there against those that go on", slots, base), apart, Plain), ratioWeight(apart.Value),
		fmt.Sprintf("In sessions that end by slot %d, %s are clicked %s as often as slot %d (%s), in sessions that go further %s (%s).",
			base+firstSlots, slots, times(short.Value), base, timesInterval(short), times(long.Value), timesInterval(long)),
		fmt.Sprintf("Over %s, sessions that end there and sessions that go further show no difference in how clicks fall.", slots))
	return f, true
}

// byDepth is the click-through rate by position of sessions of three kinds, each kind only as far as all its sessions go, so that no line is
// one of survivors: the plain counts that the correction rests on. False when there are not two kinds.
func byDepth(rows []warehouse.PositionUse, base, last int) (Chart, Table, bool) {
	type kind struct {
		name     string
		from, to int // depths
	}
	kinds := []kind{{fmt.Sprintf("sessions that end at slot %d", base+firstSlots), base + firstSlots, base + firstSlots},
		{fmt.Sprintf("that end at slots %d to %d", base+firstSlots+1, base+9), base + firstSlots + 1, base + 9}, {"that go further", base + 10, maxPosition}}
	c := Chart{ID: "position-by-depth", Title: "Click-through rate by position in sessions of one kind", Kind: LineChart, X: Axis{Label: "position", Unit: Plain}, Y: Axis{Label: "click-through rate", Unit: Rate},
		Alt: "The click-through rate by position, one line each for sessions that end within the first slots, that go on, and that go far, as far as all of them go, with 95% intervals over users."}
	var names []string
	var at, shown, clicked []int64
	var ctr, low, high []float64
	for _, k := range kinds {
		sums := make([]groupSums, last+1)
		for _, r := range rows {
			if r.Depth >= k.from && r.Depth <= k.to && r.Position >= 0 && r.Position <= min(last, k.from) {
				sums[r.Position].add(r.Group, float64(r.Impressions), float64(r.Clicks))
			}
		}
		s := Series{Name: k.name}
		for p := range sums {
			n, clicks := sums[p].totals()
			if n < minShown {
				continue
			}
			e := sums[p].estimate()
			names, at, shown, clicked = append(names, k.name), append(at, int64(p)), append(shown, int64(n)), append(clicked, int64(clicks))
			ctr, low, high = append(ctr, e.Value), append(low, max(0, e.Low)), append(high, min(1, e.High))
			s.X, s.Y, s.Low, s.High = append(s.X, float64(p)), append(s.Y, e.Value), append(s.Low, max(0, e.Low)), append(s.High, min(1, e.High))
		}
		if len(s.Y) > 1 {
			c.Series = append(c.Series, s)
		}
	}
	table := Table{Name: "position_by_depth", Title: "Click-through rate by position in sessions of one kind", Columns: []Column{
		texts("sessions", "sessions", names), ints("position", "position", Plain, at), ints("impressions", "impressions", Count, shown), ints("clicks", "clicks", Count, clicked),
		floats("ctr", "click-through rate", Rate, ctr), floats("ctr_low", "lower end", Rate, low), floats("ctr_high", "upper end", Rate, high),
	}}
	return c, table, len(c.Series) > 1
}

// minShown is how many impressions a point of a curve needs.
const minShown = 50
