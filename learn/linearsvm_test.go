package learn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Two rows at -1 and 1: the least w^2/2 + b^2/2 + C(max(0, 1-w-b)^k + max(0, 1-w+b)^k) has b = 0 by symmetry.
// Hinge: w^2/2 + 2C(1-w), so w = min(2C, 1). Squared: w = 4C(1-w), so w = 4C/(1+4C).
func TestLinearSVMOfTwoRows(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 2, Cols: 1, Data: []float32{-1, 1}}, Y: []bool{false, true}}
	for _, c := range []struct {
		loss string
		c, w float64
	}{{LossHinge, .25, .5}, {LossHinge, 3, 1}, {LossSquaredHinge, .25, .5}, {LossSquaredHinge, 1, .8}} {
		m, err := FitLinearSVM(t.Context(), d, LinearSVM{Loss: c.loss, C: c.c, Folds: 1, Tol: 1e-12, MaxIter: 1e5})
		if err != nil || !m.Converged {
			t.Fatal(err, m)
		}
		linearNear(t, c.loss, []float64{m.Coef[0], m.Intercept}, []float64{c.w, 0}, 1e-9)
		// Platt's targets are 2/3 and 1/3: 1/(1 + exp(a w)) = 2/3 gives a = -log 2 / w.
		linearNear(t, "a, b", []float64{m.A, m.B}, []float64{-math.Ln2 / c.w, 0}, 1e-8)
		out, p := make([]float64, 2), make([]float64, 2)
		x := &Matrix{Rows: 2, Cols: 1, Data: []float32{1, 3}}
		if m.Decision(x, out) != nil || m.Predict(x, p) != nil {
			t.Fatal("no prediction")
		}
		linearNear(t, "decisions", out, []float64{c.w, 3 * c.w}, 1e-9)
		linearNear(t, "probabilities", p, []float64{2. / 3, 8. / 9}, 1e-8) // odds 2 and 2^3
	}
}

// The probabilities are fitted on held-out decision values: on noise they must not claim to know more than the base rate,
// as those of the training rows do.
func TestLinearSVMProbabilitiesAreHeldOut(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	d := &Data{X: NewMatrix(400, 60), Y: make([]bool, 400)}
	for i := range d.X.Data {
		d.X.Data[i] = float32(r.NormFloat64())
	}
	for i := range d.Y {
		d.Y[i] = r.IntN(2) == 0
	}
	spread := func(folds int) float64 {
		m, err := FitLinearSVM(t.Context(), d, LinearSVM{Folds: folds})
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 400)
		if err := m.Predict(d.X, p); err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for _, v := range p {
			sum += (v - .5) * (v - .5) / 400
		}
		return math.Sqrt(sum)
	}
	// 60 columns of noise explain some 15% of the variance of the training labels, a deviation of .5 sqrt .15 = .19.
	if own, held := spread(1), spread(5); own < .12 || held > .09 {
		t.Errorf("deviation of the probabilities: %v on the rows' own values, %v held out", own, held)
	}
}

// At the minimum both slopes vanish, on any scale, and where all values are the same the base rate is left.
func TestPlatt(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	const n = 300
	f, y := make([]float64, n), make([]bool, n)
	positive := 0.
	for i := range f {
		f[i] = r.NormFloat64()
		y[i] = r.Float64() < 1/(1+math.Exp(-2*f[i]+1))
		positive += float64(linearClass(y[i]))
	}
	a, b := fitPlatt(f, y, nil)
	var ga, gb float64
	for i := range f {
		target := 1 / (n - positive + 2)
		if y[i] {
			target = (positive + 1) / (positive + 2)
		}
		miss := plattProbability(a, b, f[i]) - target
		ga, gb = ga+miss*f[i], gb+miss
	}
	if math.Abs(ga) > 1e-6 || math.Abs(gb) > 1e-6 || math.Abs(a+2) > .6 || math.Abs(b-1) > .6 {
		t.Errorf("a = %v, b = %v (planted -2, 1): slopes %v, %v", a, b, ga, gb)
	}
	for i := range f {
		f[i] *= 1e-9
	}
	small, same := fitPlatt(f, y, nil)
	linearNear(t, "on another scale", []float64{small * 1e-9, same}, []float64{a, b}, 1e-9)
	clear(f)
	a, b = fitPlatt(f, y, nil)
	// The mean of the targets.
	mean := (positive*(positive+1)/(positive+2) + (n-positive)/(n-positive+2)) / n
	linearNear(t, "no information", []float64{a, plattProbability(a, b, 0)}, []float64{0, mean}, 1e-9)
}

func TestLinearSVMOnShoppers(t *testing.T) {
	d := shoppersData(t)
	var rows [2][]int32
	for i := range d.X.Rows {
		rows[i%2] = append(rows[i%2], int32(i))
	}
	train, test := d.Take(rows[0]), d.Take(rows[1])
	m, err := FitLinearSVM(t.Context(), train, LinearSVM{})
	if err != nil || !m.Converged {
		t.Fatal(err, m)
	}
	p := make([]float64, len(rows[1]))
	if err := m.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	var mean, base, brier float64
	for i, v := range p {
		y := float64(linearClass(test.Y[i]))
		mean, base, brier = mean+v, base+y, brier+(v-y)*(v-y)
	}
	n := float64(len(p))
	mean, base, brier = mean/n, base/n, brier/n
	// The probabilities are right on average, and tell more than the base rate b, whose Brier score is b(1-b).
	if math.Abs(mean-base) > .01 || brier > .75*base*(1-base) {
		t.Errorf("mean probability %v of a base rate of %v; Brier score %v", mean, base, brier)
	}
}

func BenchmarkLinearSVM(b *testing.B) {
	for _, n := range []int{71306, 628788} {
		d := caseStudy(n, 1)
		for _, loss := range []string{LossHinge, LossSquaredHinge} {
			for _, folds := range []int{1, 3} {
				b.Run(fmt.Sprintf("loss=%s/folds=%d/rows=%d/columns=47", loss, folds, n), func(b *testing.B) {
					for b.Loop() {
						m, err := FitLinearSVM(b.Context(), d, LinearSVM{Loss: loss, Folds: folds})
						if err != nil {
							b.Fatal(err)
						}
						b.ReportMetric(float64(m.Iterations), "passes")
					}
				})
			}
		}
	}
}

// The two ways to the hinge's minimum come to the same one, with rows of many weights and of none; that of multipliers is
// within its duality gap of it.
func TestHingeByMultipliersAndByDescent(t *testing.T) {
	d := caseStudy(3000, 12)
	d.Weight = make([]float32, 3000)
	for i := range d.Weight {
		d.Weight[i] = float32(i%4) / 2
	}
	for _, c := range []float64{.001, .1, 3} {
		cfg, err := LinearSVM{Loss: LossHinge, C: c, Folds: 1, MaxIter: 200_000, Tol: 1e-6}.defaults()
		if err != nil {
			t.Fatal(err)
		}
		problem := func() *linearLoss {
			return &linearLoss{d: d, factor: [2]float64{1, 2}, threads: 2, use: func(i int) bool { return i%7 > 0 }}
		}
		objective := func(w []float64) float64 {
			sum := 0.
			for _, v := range w {
				sum += v * v / 2
			}
			for i, y := range d.Y {
				if i%7 > 0 {
					class := linearClass(y)
					m := float64(2*class-1) * (linearDot(d.X.Row(i), w[:47]) + w[47])
					sum += c * d.weight(i) * float64(1+class) * max(0, 1-m)
				}
			}
			return sum
		}
		a, err := svmByMultipliers(t.Context(), problem(), cfg, 0)
		if err != nil {
			t.Fatal(err)
		}
		b, err := svmByDescent(t.Context(), problem(), cfg, 0)
		if err != nil {
			t.Fatal(err)
		}
		if fa, fb := objective(a.beta), objective(b.beta); !a.converged || fa > fb*(1+1e-7) || b.converged && fb > fa*(1+1e-4) {
			t.Errorf("C %v: %v after %d steps (%v) and %v after %d passes (%v)", c, fa, a.iterations, a.converged, fb, b.iterations, b.converged)
		}
	}
}
