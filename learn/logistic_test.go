package learn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// tally is data of one column with the given counts of (value, label).
func tally(counts map[[2]int]int) *Data {
	d := &Data{}
	var x []float32
	for _, cell := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
		for range counts[cell] {
			x = append(x, float32(cell[0]))
			d.Y = append(d.Y, cell[1] == 1)
		}
	}
	d.X = &Matrix{Rows: len(x), Cols: 1, Data: x}
	return d
}

// With one indicator the fit is the table itself. Of 20 rows without it 5 are positive, of 16 with it 12.
func TestLogisticOfATable(t *testing.T) {
	d := tally(map[[2]int]int{{0, 0}: 15, {0, 1}: 5, {1, 0}: 4, {1, 1}: 12})
	m, err := FitLogistic(t.Context(), d, Logistic{Penalty: PenaltyNone})
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.Coefficients(.95)
	if err != nil {
		t.Fatal(err)
	}
	// Odds without: 5/15; odds ratio: (12/4)/(5/15) = 9; its variance (Woolf): 1/15 + 1/5 + 1/4 + 1/12 = .6;
	// that of the intercept: 1/15 + 1/5. z = log 9/sqrt .6 = 2.83661, so p = 4.5596e-3; interval log 9 +- 1.959964 sqrt .6.
	c := list[1]
	linearNear(t, "column", []float64{c.Estimate, c.StandardError, c.Z, c.OddsRatio, c.Low, c.High},
		[]float64{math.Log(9), math.Sqrt(.6), math.Log(9) / math.Sqrt(.6), 9, math.Log(9) - 1.9599639845*math.Sqrt(.6), math.Log(9) + 1.9599639845*math.Sqrt(.6)}, 1e-8)
	linearNear(t, "odds", []float64{c.OddsLow, c.OddsHigh}, []float64{math.Exp(c.Low), math.Exp(c.High)}, 1e-12)
	linearNear(t, "intercept", []float64{list[0].Estimate, list[0].StandardError}, []float64{-math.Log(3), math.Sqrt(1./15 + 1./5)}, 1e-8)
	linearNear(t, "p", []float64{c.P}, []float64{2 * (1 - .5*(1+math.Erf(c.Z/math.Sqrt2)))}, 1e-9)
	if c.Name != "x0" || list[0].Name != "(intercept)" {
		t.Errorf("names %q, %q", list[0].Name, c.Name)
	}
	p := make([]float64, 2)
	if err := m.Predict(&Matrix{Rows: 2, Cols: 1, Data: []float32{0, 1}}, p); err != nil {
		t.Fatal(err)
	}
	linearNear(t, "probabilities", p, []float64{.25, .75}, 1e-8)
	if _, err := m.Coefficients(1); err == nil {
		t.Error("an interval of level 1 has no error")
	}
}

// A penalty above the largest slope at 0 leaves the intercept alone.
func TestLassoLeavesNothing(t *testing.T) {
	d := tally(map[[2]int]int{{0, 0}: 15, {0, 1}: 5, {1, 0}: 4, {1, 1}: 12})
	// Rate 17/36; slope at w = 0: 12 - 16*17/36 = 4.444, so that 1/C above it gives w = 0 and below it does not.
	for c, zero := range map[float64]bool{1 / 4.45: true, 1 / 4.43: false} {
		m, err := FitLogistic(t.Context(), d, Logistic{Penalty: PenaltyL1, C: c})
		if err != nil {
			t.Fatal(err)
		}
		if (m.Coef[0] == 0) != zero {
			t.Errorf("C = %v: coefficient %v", c, m.Coef[0])
		}
		if zero {
			linearNear(t, "intercept", []float64{m.Intercept}, []float64{math.Log(17. / 19)}, 1e-8)
		}
		if _, err := m.Coefficients(.9); !errors.Is(err, ErrNoInference) {
			t.Errorf("%v, want ErrNoInference", err)
		}
	}
}

func TestLogisticSeparable(t *testing.T) {
	complete := tally(map[[2]int]int{{0, 0}: 10, {1, 1}: 10})
	// No negative row has the indicator, but both kinds lack it.
	quasi := tally(map[[2]int]int{{0, 0}: 10, {0, 1}: 5, {1, 1}: 10})
	for name, d := range map[string]*Data{"complete": complete, "quasi": quasi} {
		if m, err := FitLogistic(t.Context(), d, Logistic{Penalty: PenaltyNone}); !errors.Is(err, ErrSeparable) {
			t.Errorf("%s: %+v, %v, want ErrSeparable", name, m, err)
		}
		for _, penalty := range []string{PenaltyL2, PenaltyL1, PenaltyElasticNet} {
			if m, err := FitLogistic(t.Context(), d, Logistic{Penalty: penalty, C: 1000}); err != nil || !m.Converged {
				t.Errorf("%s, %s: %+v, %v", name, penalty, m, err)
			}
		}
	}
	// The quasi-Newton steps find the complete separation, and flag the other.
	wide := func(d *Data) *Data {
		w := &Data{X: NewMatrix(d.X.Rows, newtonColumns+1), Y: d.Y}
		for i := range d.X.Rows {
			w.X.Row(i)[7] = d.X.Row(i)[0]
		}
		return w
	}
	if _, err := FitLogistic(t.Context(), wide(complete), Logistic{Penalty: PenaltyNone}); !errors.Is(err, ErrSeparable) {
		t.Errorf("complete, wide: %v, want ErrSeparable", err)
	}
	if m, err := FitLogistic(t.Context(), wide(quasi), Logistic{Penalty: PenaltyNone, Tol: 1e-9, MaxIter: 10}); err != nil || m.Converged {
		t.Errorf("quasi, wide: %v, %+v, want no convergence", err, m)
	}
}

// All the columns of a category sum to the intercept's: their coefficients are not determined, the others and all
// probabilities are.
func TestLogisticOfDependentColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const n = 600
	full, less := &Data{X: NewMatrix(n, 5), Y: make([]bool, n)}, &Data{X: NewMatrix(n, 3)}
	for i := range n {
		x, k := r.NormFloat64(), r.IntN(3)
		full.X.Row(i)[k] = 1
		full.X.Row(i)[3] = float32(x) // and column 4 is zero throughout
		copy(less.X.Row(i), []float32{full.X.Row(i)[1], full.X.Row(i)[2], float32(x)})
		full.Y[i] = r.Float64() < 1/(1+math.Exp(-(x-.5+.7*float64(k))))
	}
	less.Y = full.Y
	cfg := Logistic{Penalty: PenaltyNone}
	a, err := FitLogistic(t.Context(), full, cfg)
	if err != nil || !a.Converged {
		t.Fatal(err, a)
	}
	b, err := FitLogistic(t.Context(), less, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, q := make([]float64, n), make([]float64, n)
	if err := errors.Join(a.Predict(full.X, p), b.Predict(less.X, q)); err != nil {
		t.Fatal(err)
	}
	linearNear(t, "probabilities", p, q, 1e-8)
	linearNear(t, "the number", []float64{a.Coef[3], a.StandardErrors[3]}, []float64{b.Coef[2], b.StandardErrors[2]}, 1e-8)
	for _, j := range []int{0, 1, 2, 4, 5} { // the category, the column of zeros, the intercept
		if !math.IsNaN(a.StandardErrors[j]) {
			t.Errorf("standard error %d is %v, want NaN", j, a.StandardErrors[j])
		}
	}
	if math.Abs(a.Coef[4]) > 1e-12 {
		t.Errorf("a column of zeros has coefficient %v", a.Coef[4])
	}
	list, err := a.Coefficients(.95)
	if err != nil || !math.IsNaN(list[1].OddsRatio) || !math.IsNaN(list[1].P) || math.IsNaN(list[4].P) {
		t.Errorf("%v, %+v", err, list)
	}
}

// The planted coefficients lie within their 99.9% intervals, whatever the scale of the columns.
func TestLogisticFindsThePlantedTruth(t *testing.T) {
	truth := []float64{1.2e-3, -.4, 0, 25} // of columns with deviations 1000, 1, 1, .02
	scale := []float64{1000, 1, 1, .02}
	r := rand.New(rand.NewPCG(9, 9))
	const n = 20000
	d := &Data{X: NewMatrix(n, 4), Y: make([]bool, n)}
	for i := range n {
		s := -1.
		for j := range truth {
			d.X.Row(i)[j] = float32(scale[j] * (2 + r.NormFloat64()))
			s += truth[j] * float64(d.X.Row(i)[j])
		}
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-s))
	}
	m, err := FitLogistic(t.Context(), d, Logistic{Penalty: PenaltyNone})
	if err != nil || !m.Converged {
		t.Fatal(err, m)
	}
	list, err := m.Coefficients(.999)
	if err != nil {
		t.Fatal(err)
	}
	for j, c := range list[1:] {
		// With slopes of about 1 per deviation and n = 20000, an error is about .02 per deviation.
		if !(c.Low < truth[j] && truth[j] < c.High) || c.StandardError*scale[j] > .05 {
			t.Errorf("%s: %+v, truth %v", c.Name, c, truth[j])
		}
	}
}

// At the minimum of a lasso on columns that hang together (a whole category and its intercept), no coefficient can move
// to lower the objective: the slope of the loss is 1/C against the sign, or less than 1/C at 0.
func TestLassoIsAtItsMinimum(t *testing.T) {
	d := caseStudy(5000, 10)
	for _, c := range []float64{.01, 1, 1000} {
		m, err := FitLogistic(t.Context(), d, Logistic{Penalty: PenaltyL1, C: c})
		if err != nil || !m.Converged {
			t.Fatal(err, m)
		}
		loss := (&linearLoss{d: d, factor: [2]float64{1, 1}, use: func(int) bool { return true }}).prepare()
		g := make([]float64, 48)
		if _, _, err := loss.at(t.Context(), append(m.Coef[:47:47], m.Intercept), g, nil); err != nil {
			t.Fatal(err)
		}
		const slack = 1e-5 // of slopes up to some thousand
		for j, w := range append(m.Coef[:47:47], 0) {
			want := 0.
			if w != 0 {
				want = -math.Copysign(1/c, w)
			}
			room := slack
			if w == 0 && j < 47 {
				room += 1 / c
			}
			if math.Abs(g[j]-want) > room {
				t.Errorf("C = %v, column %d: coefficient %v, slope %v", c, j, w, g[j])
			}
		}
	}
}

func BenchmarkLogistic(b *testing.B) {
	for _, n := range []int{71306, 628788} {
		d := caseStudy(n, 1)
		for _, p := range []string{PenaltyL2, PenaltyNone, PenaltyL1, PenaltyElasticNet} {
			b.Run(fmt.Sprintf("penalty=%s/rows=%d/columns=47", p, n), func(b *testing.B) {
				for b.Loop() {
					m, err := FitLogistic(b.Context(), d, Logistic{Penalty: p})
					if err != nil || !m.Converged {
						b.Fatal(err, m)
					}
					b.ReportMetric(float64(m.Iterations), "steps")
				}
			})
		}
	}
}
