package analysis

import (
	"context"
	"fmt"
	"math"

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
// Positions no session clicked at have effect 0; NaN where nothing was shown or the base has no click.
func (c *positionCells) corrected(base int) (e [maxPosition + 1]float64) {
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
	for p := range e {
		if shown[p] == 0 || scale == 0 {
			e[p] = math.NaN()
			continue
		}
		e[p] /= scale
	}
	return e
}

func askPosition(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UseByPosition(ctx, maxPosition)
	if err != nil {
		return Answer{}, err
	}
	all := cellsOf(rows, func(int) bool { return true })
	raw, shown := all.raw()
	base, last := -1, -1
	for p := range shown {
		if shown[p] > 0 {
			last = p
			if base < 0 || shown[p] > shown[base] {
				base = p
			}
		}
	}
	if base < 0 {
		return nothing("No impression has a position, so what it does cannot be seen."), nil
	}
	// The base is the slot shown most: the top of the page. Slots above it are too rare to compare with.
	var positions []int64
	var rawCTR, shownAt []float64
	var effects []stat.Estimate
	effect := all.corrected(base)
	var without [warehouse.UserGroups][maxPosition + 1]float64 // the effect with one group of users left out
	for g := range without {
		without[g] = cellsOf(rows, func(group int) bool { return group != g }).corrected(base)
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
		fmt.Sprintf("Sessions deeper than %d count as that deep. What the app puts where is not random, so the corrected curve still holds whatever the app's own order adds; only an experiment would take that out.", maxPosition),
		"Intervals leave out one of 20 random groups of users at a time: the user is the unit.",
	}}
	deep := base
	for _, p := range []int{base + 10, base + 5, last} {
		if p <= last && shown[p] > 0 && p > base {
			deep = p
			break
		}
	}
	rawTimes := over(raw[deep], raw[base])
	slope, test := jackknife(logSlope(effect, shown), each(without[:], func(e [maxPosition + 1]float64) float64 { return logSlope(e, shown) }), 0)
	there := at(deep)
	if deep == base || !slope.Known() {
		a.Findings = []Finding{described(fmt.Sprintf("The click-through rate at slot %d, the one shown most, is %s; there are too few clicks deeper to say what the position does.", base, percent(raw[base])), nil, 0)}
	} else {
		a.Findings = []Finding{tested("jackknife t over 20 groups of users", test, effectOf("change of the click-through rate from one slot to the next, within sessions of equal depth", perSlot(slope), Share), ratioWeight(there.Value),
			fmt.Sprintf("Read raw, slot %d is clicked %s as often as slot %d; among sessions of the same depth it is %s, and over all slots clicks %s by %s a slot (%s), so the position itself %s clicks.",
				deep, times(rawTimes), base, times(there.Value), moreOrLess(slope.Value, "rise", "fall"), percent(math.Abs(perSlot(slope).Value)), percentInterval(perSlot(slope)),
				moreOrLess(slope.Value, "raises", "lowers")),
			fmt.Sprintf("Read raw, slot %d is clicked %s as often as slot %d; among sessions of the same depth no effect of the position is seen.", deep, times(rawTimes), base))}
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
		Alt: "The raw click-through rate by position beside the one within sessions of equal depth, both relative to the most shown slot."}}
	return a, nil
}

// perSlot is a slope of the logarithm as a relative change from one slot to the next.
func perSlot(slope stat.Estimate) stat.Estimate {
	return stat.Estimate{Value: math.Expm1(slope.Value), Low: math.Expm1(slope.Low), High: math.Expm1(slope.High)}
}

// logSlope is the weighted slope of the logarithm of the effect over positions: negative when clicks fall down the page. Slots without
// a click are left out.
func logSlope(effect, shown [maxPosition + 1]float64) float64 {
	var w, x, y, xx, xy float64
	for p, e := range effect {
		if !(e > 0) {
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
