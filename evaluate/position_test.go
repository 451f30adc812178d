package evaluate

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/rank"
)

// TestMisses holds curves against a truth over the slots that all methods know.
func TestMisses(t *testing.T) {
	nan := math.NaN()
	cells := func(half float64, values ...float64) (out []Cell) {
		for _, v := range values {
			out = append(out, Cell{Value: v, Low: v - half, High: v + half, Gap: nan, P: nan})
		}
		return out
	}
	c := Curve{Slots: []int{0, 1, 2, 3}, Truth: []float64{1, .8, .6, .4},
		Raw: cells(nan, 1, .9, .9, .9), Within: cells(.05, 1, .7, .65, nan), Swaps: cells(.05, nan, nan, nan, nan), Est: cells(.1, 1, .8, .5, .1)}
	var by []string
	for _, m := range c.By() {
		by = append(by, m.Method)
	}
	if diff := cmp.Diff([]string{"raw", "within visits", "paired"}, by); diff != "" { // swaps know nothing
		t.Error(diff)
	}
	// The top is none of them, and slot 3 not known within visits: slots 1 and 2 are left.
	want := []Miss{
		{"raw", .2, 0, 2},             // (.1 + .3) / 2, no intervals
		{"within visits", .075, 1, 2}, // (.1 + .05) / 2; .65 less .05 is .6
		{"paired", .05, 2, 2},         // (0 + .1) / 2
	}
	if diff := cmp.Diff(want, c.Misses(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	c.Truth = nil
	if got := c.Misses(); got != nil {
		t.Errorf("without a truth: %v", got)
	}
}

func TestCurveParts(t *testing.T) {
	one := []rank.Effect{{Value: stat.Estimate{Value: 1, Low: 1, High: 1}}}
	got := effectCells(one, 2)
	if len(got) != 2 || got[0].Value != 1 || got[0].High != 1 || !math.IsNaN(got[0].Gap) || !math.IsNaN(got[1].Value) {
		t.Errorf("one effect in two places is %+v", got)
	}
	// Slot 1 is the top: 1 click of 2. Slot 2 has 1 of 4, slot 3 is not shown, slots 4 and below have 1 of 1.
	set := &feature.PairSet{Slot: []int32{1, 1, 2, 2, 2, 2, 9, -1}, Clicked: []bool{true, false, true, false, false, false, true, true}}
	c := rawCurve(set, 4)
	for k, want := range []float64{1, .5, math.NaN(), 2} {
		if v := c.Raw[k].Value; v != want && !(v != v && want != want) {
			t.Errorf("slot %d has %v of the clicks of the top, want %v", k, v, want)
		}
	}
}
