// How much less is looked at further down the page: the curve that rankers use beside what simpler methods would have said.

package evaluate

import (
	"context"
	"math"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/rank"
)

// position takes the examination of the first model that knows slots, beside the curves by other methods of the rows it learned from. It costs
// three more estimates, which a brief run does without.
func (e *run) position(ctx context.Context, set *feature.PairSet) error {
	if e.o.Brief {
		return nil
	}
	var paired *rank.Examination
	deepest := 0
	for _, m := range e.models {
		if m.Examination != nil {
			paired, deepest = m.Examination, m.Config.MaxSlot
			break
		}
	}
	if paired == nil {
		e.res.Notes = append(e.res.Notes, "The log has no slots that could be compared: rankers learned without position.")
		return nil
	}
	e.res.Position = append(e.res.Position, rawCurve(set, max(len(paired.Browsing), len(paired.Passing))))
	others := map[rank.Method]*rank.Examination{}
	for _, method := range []rank.Method{rank.Raw, rank.Within, rank.Swaps} {
		var err error
		if others[method], err = rank.EstimateExamination(ctx, rank.LogOf(set), rank.ExaminationConfig{Method: method, MaxSlot: deepest, Threads: e.o.Threads}); err != nil {
			return err
		}
	}
	for _, kind := range []struct {
		name  string
		of    func(*rank.Examination) []rank.Effect
		truth []float64
	}{
		{"browsing", func(x *rank.Examination) []rank.Effect { return x.Browsing }, e.o.Truth.browsing()},
		{"in passing", func(x *rank.Examination) []rank.Effect { return x.Passing }, e.o.Truth.passing()},
	} {
		est := kind.of(paired)
		by := func(m rank.Method) []Cell { return effectCells(kind.of(others[m]), len(est)) }
		c := Curve{Visits: kind.name, Raw: by(rank.Raw), Within: by(rank.Within), Swaps: by(rank.Swaps), Est: effectCells(est, len(est))}
		for _, x := range est {
			c.Slots = append(c.Slots, x.Slot)
			if kind.truth != nil {
				c.Truth = append(c.Truth, kind.truth[min(x.Slot, len(kind.truth)-1)]/kind.truth[0])
			}
		}
		e.res.Position = append(e.res.Position, c)
	}
	return nil
}

// effectCells are the first n effects; what is not there is not known.
func effectCells(effects []rank.Effect, n int) []Cell {
	var out []Cell
	for k := range n {
		v := stat.Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		if k < len(effects) {
			v = effects[k].Value
		}
		out = append(out, Cell{Value: v.Value, Low: v.Low, High: v.High, Gap: math.NaN(), P: math.NaN()})
	}
	return out
}

// rawCurve is the click-through rate by slot of all visits together, over that of the first slot: what misleads, since only keen visits reach deep slots.
func rawCurve(set *feature.PairSet, slots int) Curve {
	shown, clicks := make([]float64, slots), make([]float64, slots)
	for i, s := range set.Slot {
		if s < 0 {
			continue
		}
		k := min(max(int(s)-1, 0), slots-1) // logs count from 0 or from 1
		shown[k]++
		if set.Clicked[i] {
			clicks[k]++
		}
	}
	c := Curve{Visits: AllVisits}
	for k := range slots {
		raw := noCell()
		raw.Value = clicks[k] / shown[k] * shown[0] / clicks[0]
		c.Slots, c.Raw, c.Est = append(c.Slots, k), append(c.Raw, raw), append(c.Est, noCell())
	}
	return c
}

// AllVisits is the curve of the raw rates of all visits together.
const AllVisits = "all visits together"

// CurveBy is a curve by one method.
type CurveBy struct {
	Method string // in a word or two
	Cells  []Cell
}

// By are the curves of c by all methods that it has, from the raw one to the one that rankers use.
func (c *Curve) By() []CurveBy {
	var out []CurveBy
	for _, m := range []CurveBy{{"raw", c.Raw}, {"within visits", c.Within}, {"swaps", c.Swaps}, {"paired", c.Est}} {
		for _, cell := range m.Cells {
			if !math.IsNaN(cell.Value) {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// Miss is how far a curve is off the planted truth.
type Miss struct {
	Method string
	Off    float64 // mean distance
	Inside int     // slots whose interval holds the truth
	Slots  int     // that were compared: those below the top that all methods know
}

// Misses holds the curves by all methods against the truth, over the same slots; nil where no truth is known, or no slot by all methods.
func (c *Curve) Misses() []Miss {
	by := c.By()
	out := make([]Miss, len(by))
	slots := 0
	for k := range c.Slots {
		if c.Slots[k] == 0 || k >= len(c.Truth) || math.IsNaN(c.Truth[k]) {
			continue
		}
		known := true
		for _, m := range by {
			known = known && k < len(m.Cells) && !math.IsNaN(m.Cells[k].Value) && !math.IsInf(m.Cells[k].Value, 0)
		}
		if !known {
			continue
		}
		slots++
		for m := range by {
			cell := by[m].Cells[k]
			out[m].Off += math.Abs(cell.Value - c.Truth[k])
			if cell.Low <= c.Truth[k] && c.Truth[k] <= cell.High {
				out[m].Inside++
			}
		}
	}
	if slots == 0 {
		return nil
	}
	for m := range out {
		out[m].Method, out[m].Slots, out[m].Off = by[m].Method, slots, out[m].Off/float64(slots)
	}
	return out
}

func (k *Knowledge) browsing() []float64 {
	if k == nil {
		return nil
	}
	return k.Browsing
}

func (k *Knowledge) passing() []float64 {
	if k == nil {
		return nil
	}
	return k.InPassing
}
