package learn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// Two rows at x=0 start from log-odds 0, two at x=1 from log 3, and one of each two is positive. At 0 the chance is 1/2: the step is (.5-.5)/... = 0.
// At 1 it is 3/4: (1/4 - 3/4) / (2 x 3/16) = -4/3.
func TestBoostOnByHand(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 4, Cols: 1, Data: []float32{0, 0, 1, 1}}, Y: []bool{true, false, true, false}}
	l := math.Log(3)
	m, err := FitBoostOn(t.Context(), d, []float64{0, 0, l, l}, Boost{Trees: 1, LearningRate: 1, MinLeaf: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 4)
	if err := m.LogOdds(d.X, got); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, 0, -4. / 3, -4. / 3} {
		if math.Abs(got[i]-want) > 1e-6 {
			t.Errorf("row %d: %v is added, expected %v", i, got[i], want)
		}
	}
	if m.Base != 0 {
		t.Errorf("a base of %v beside the log-odds that were given", m.Base)
	}
}

// What is planted is a line and a step, log-odds of x + 2 [y > 0] - 2. Trees on the line find the step, know of no x beyond it, and the
// sum goes on where there are no rows. A file holds both parts.
func TestBoostOnALine(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const n = 20000
	d := &Data{X: NewMatrix(n, 2), Columns: []Column{{Name: "x"}, {Name: "y"}}, Y: make([]bool, n)}
	truth := func(x, y float64) float64 {
		if y > 0 {
			return x
		}
		return x - 2
	}
	for i := range n {
		x, y := r.NormFloat64(), r.NormFloat64()
		d.X.Row(i)[0], d.X.Row(i)[1] = float32(x), float32(y)
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-truth(x, y)))
	}
	line, err := FitPipeline(t.Context(), d, Pipeline{Learner: Logistic{C: 1}})
	if err != nil {
		t.Fatal(err)
	}
	start := make([]float64, n)
	if err := LinearLogOdds(line, d.X, start); err != nil {
		t.Fatal(err)
	}
	trees, err := FitBoostOn(t.Context(), d, start, Boost{Trees: 60, MaxLeaves: 4, MinLeaf: 200})
	if err != nil {
		t.Fatal(err)
	}
	m := &BoostOnModel{Linear: line, Trees: trees}
	var b bytes.Buffer
	if err := Save(&b, m); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	x := &Matrix{Rows: 4, Cols: 2, Data: []float32{0, .5, 0, -.5, 1, 1, 5, -1}}
	p, again := make([]float64, 4), make([]float64, 4)
	if err := errors.Join(m.Predict(x, p), loaded.Predict(x, again)); err != nil {
		t.Fatal(err)
	}
	for i := range p {
		if p[i] != again[i] {
			t.Errorf("row %d: %v, loaded %v", i, p[i], again[i])
		}
		odds, want := math.Log(p[i]/(1-p[i])), truth(float64(x.Row(i)[0]), float64(x.Row(i)[1]))
		if tolerance := .25 + .05*math.Abs(want); i < 3 && math.Abs(odds-want) > tolerance {
			t.Errorf("row %d: log-odds %.2f, planted %.2f", i, odds, want)
		}
		if i == 3 && odds < 2 { // three units beyond nearly all rows
			t.Errorf("at x = 5 the log-odds are %.2f, planted %.2f", odds, want)
		}
	}
	for what, bad := range map[string]*BoostOnModel{"no line": {Trees: trees}, "no trees": {Linear: line},
		"other columns": {Linear: line, Trees: &BoostModel{Columns: []Column{{Name: "z"}, {Name: "y"}}, Trees: trees.Trees}},
		"no logistic":   {Linear: &PipelineModel{Encoder: line.Encoder, Model: &LinearRankingModel{Columns: line.Encoder.Out, Coef: make([]float64, 2)}}, Trees: trees}} {
		if bad.valid() == nil {
			t.Errorf("%s: a model that is not whole passes", what)
		}
	}
}

func TestBoostOnRefuses(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 2, Cols: 1, Data: []float32{0, 1}}, Y: []bool{true, false}}
	for what, start := range map[string][]float64{"one for two rows": {0}, "none": nil, "not a number": {0, math.NaN()}, "without bounds": {math.Inf(1), 0}} {
		if _, err := FitBoostOn(t.Context(), d, start, Boost{}); err == nil {
			t.Errorf("log-odds to start from, %s: no error", what)
		}
	}
	if _, err := FitBoostOn(t.Context(), nil, nil, Boost{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no data: %v", err)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := FitBoostOn(ctx, d, []float64{0, 0}, Boost{MinLeaf: 1}); !errors.Is(err, gone) {
		t.Errorf("cancelled: %v", err)
	}
	if err := LinearLogOdds(&PipelineModel{Model: &BoostModel{}}, d.X, make([]float64, 2)); err == nil {
		t.Error("log-odds of a pipeline to trees: no error")
	}
}
