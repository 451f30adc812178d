package candidate

import (
	"math"
	"testing"
)

// TestBPRFoldInByHand: items of -1 and 1 in one dimension with biases -.2 and .2, a margin of 2, and 1 and 3 as the fold-in's settings.
func TestBPRFoldInByHand(t *testing.T) {
	m := &BPRModel{Dim: 1, Factor: []float32{-1, 1}, Bias: []float32{-.2, .2}, Gram: []float32{2}, Margin: 2, FoldAlpha: 1, FoldReg: 3}
	m.prepare()
	for _, c := range []struct {
		h    History
		want [2]float64
	}{
		// (1*2 + 1 + 3) w = (2 - .2)*1, w = .3
		{History{Item: []int32{1}}, [2]float64{-.2 - .3, .2 + .3}},
		// Against item 0 with half: (1*2 + .5 + 3) w = .5*(-2 + .2)*-1, w = .9/5.5
		{History{Item: []int32{0}, Value: []float32{-.5}}, [2]float64{-.2 - .9/5.5, .2 + .9/5.5}},
		// Nothing known: no scores, whatever the biases.
		{History{Item: []int32{9}}, [2]float64{}},
	} {
		out := make([]float32, 2)
		m.Scores(&c.h, out)
		for i, want := range c.want {
			if !within(float64(out[i]), want, 1e-6) {
				t.Errorf("%v: item %d scores %v, want %v", c.h, i, out[i], want)
			}
		}
	}
}

// TestBPRStep holds one step against the gradient by hand: w = (1), v_i = (.5), v_j = (-.5), biases 0, rate .1, L = .01.
func TestBPRStep(t *testing.T) {
	r := &bprRun{cfg: BPR{Dim: 1, Reg: .01}, users: []float32{1}, items: []float32{.5, -.5}, bias: []float32{0, 0}}
	r.step(0, 0, 1, .1)
	// The margin is 1, sigma(-1) = 1/(1+e); all are kept at 1 - .1*.01 and pulled by .1 sigma(-1).
	pull, keep := .1/(1+math.E), 1-.001
	for name, c := range map[string][2]float64{
		"w":   {float64(r.users[0]), keep + pull*1},
		"v_i": {float64(r.items[0]), keep*.5 + pull*1},
		"v_j": {float64(r.items[1]), keep*-.5 - pull*1},
		"b_i": {float64(r.bias[0]), pull},
		"b_j": {float64(r.bias[1]), -pull},
	} {
		if !within(c[0], c[1], 1e-6) {
			t.Errorf("%s is %v, want %v", name, c[0], c[1])
		}
	}
	if r.margin != 1 || r.steps != 1 {
		t.Errorf("a margin of %v in %v steps, want 1 in 1", r.margin, r.steps)
	}
}

// TestBPRShown: of two items that nobody took, the one that users were shown and passed over comes to stand lower, and only where shown items
// are drawn for it.
func TestBPRShown(t *testing.T) {
	var entries []Entry
	for u := range int32(200) {
		entries = append(entries, Entry{u, u % 5, 1}, Entry{u, 10 + u%15, -.2})
	}
	m, err := NewMatrix(200, 40, entries) // items 10 to 24 are passed over, 25 to 39 never seen
	if err != nil {
		t.Fatal(err)
	}
	lower := func(cfg BPR) float64 {
		model, err := FitBPR(t.Context(), m, cfg)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for k := range 15 {
			sum += float64(model.Bias[25+k] - model.Bias[10+k])
		}
		return sum / 15
	}
	with, without := lower(BPR{Dim: 4, Shown: .8}), lower(BPR{Dim: 4, Shown: -1})
	if with < .3 || math.Abs(without) > .2 {
		t.Errorf("biases of what was passed over are lower by %v, and by %v where the values are not used", with, without)
	}
}

// TestBPRPopular: the more often popular items are drawn as what was not taken, the lower they stand.
func TestBPRPopular(t *testing.T) {
	m := drawnMatrix(t, 3, 300, 40, .02, false)
	var entries []Entry
	for u := range m.Users {
		h := m.History(u)
		for _, i := range h.Item {
			entries = append(entries, Entry{int32(u), i, 1})
		}
		if u%2 == 0 {
			entries = append(entries, Entry{int32(u), 0, 1})
		}
	}
	m, err := NewMatrix(m.Users, m.Items, entries)
	if err != nil {
		t.Fatal(err)
	}
	var bias []float32
	for _, power := range []float64{-1, .5, 1} {
		model, err := FitBPR(t.Context(), m, BPR{Dim: 4, Popular: power})
		if err != nil {
			t.Fatal(err)
		}
		bias = append(bias, model.Bias[0])
	}
	if !(bias[0] > bias[1] && bias[1] > bias[2]) {
		t.Errorf("with rising powers of frequency the popular item's bias is %v; a falling one is expected", bias)
	}
}
