package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestCliffsDeltaByPairs(t *testing.T) {
	// The definition, pair by pair, on random tied samples.
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) []float64 {
			var xs []float64
			for _, v := range rapid.SliceOfN(rapid.IntRange(0, 6), 2, 25).Draw(rt, name) {
				xs = append(xs, float64(v))
			}
			return xs
		}
		a, b := draw("a"), draw("b")
		na, nb := float64(len(a)), float64(len(b))
		sign := func(x, y float64) float64 {
			switch {
			case x > y:
				return 1
			case x < y:
				return -1
			}
			return 0
		}
		var d float64
		for _, x := range a {
			for _, y := range b {
				d += sign(x, y) / (na * nb)
			}
		}
		var rows, cols, pairs float64
		for _, x := range a {
			var di float64
			for _, y := range b {
				di += sign(x, y) / nb
				pairs += (sign(x, y) - d) * (sign(x, y) - d)
			}
			rows += (di - d) * (di - d)
		}
		for _, y := range b {
			var dj float64
			for _, x := range a {
				dj += sign(x, y) / na
			}
			cols += (dj - d) * (dj - d)
		}
		s2 := (nb*nb*rows + na*na*cols - pairs) / (na * nb * (na - 1) * (nb - 1))
		s2 = max(s2, (1-d*d)/(na*nb-1))
		got := MannWhitney(NewCounted(a, nil), NewCounted(b, nil)).Delta
		if math.Abs(got.Value-d) > 1e-12 {
			rt.Fatalf("delta %g, by pairs %g", got.Value, d)
		}
		if 1-math.Abs(d) < 1e-12 {
			return // no overlap: TestCliffsDeltaWithoutOverlap
		}
		half := Z * math.Sqrt(s2) * math.Sqrt((1-d*d)*(1-d*d)+Z*Z*s2)
		low := max(-1, (d-d*d*d-half)/(1-d*d+Z*Z*s2))
		high := min(1, (d-d*d*d+half)/(1-d*d+Z*Z*s2))
		if math.Abs(got.Low-low) > 1e-9 || math.Abs(got.High-high) > 1e-9 {
			rt.Fatalf("interval %g..%g, by pairs %g..%g", got.Low, got.High, low, high)
		}
	})
}

func TestCliffsDeltaWithoutOverlap(t *testing.T) {
	// Ten against twenty: (10 - 3.8415)/(10 + 3.8415) = .4449.
	low, high := NewCounted([]float64{0}, []int64{10}), NewCounted([]float64{1}, []int64{20})
	got := MannWhitney(high, low).Delta
	within(t, "low", got.Low, .44493, 1e-4)
	if got.Value != 1 || got.High != 1 {
		t.Errorf("%+v", got)
	}
	if other := MannWhitney(low, high).Delta; other != got.Negated() {
		t.Errorf("the other way round: %+v", other)
	}
}

func TestMannWhitneyByHand(t *testing.T) {
	// a = {1, 2}, b = {2, 3}: pairs 1<2, 1<3, 2=2, 2<3, so U of a is .5 and delta is (0 - 3)/4.
	got := MannWhitney(NewCounted([]float64{1, 2}, nil), NewCounted([]float64{2, 3}, nil))
	if got.Statistic != .5 || got.Delta.Value != -.75 {
		t.Fatalf("U = %g, delta = %g; want .5 and -.75", got.Statistic, got.Delta.Value)
	}
	if none := MannWhitney(Counted{}, NewCounted([]float64{1}, nil)); none.Known() || none.Delta.Known() {
		t.Error("an empty sample gave a test")
	}
	same := MannWhitney(NewCounted([]float64{0}, []int64{9}), NewCounted([]float64{0}, []int64{5}))
	if same.Known() || same.Delta.Value != 0 {
		t.Errorf("all ties: p = %g, delta = %g; want no test and 0", same.P, same.Delta.Value)
	}
}

func TestCountedAgreesWithExpanded(t *testing.T) {
	c := NewCounted([]float64{3, 1, 3, 0}, []int64{2, 4, 1, 3})
	// 0 0 0 1 1 1 1 3 3 3: sum 13, mean 1.3, squares 31, variance (31 - 16.9)/9
	m := c.Moments()
	near(t, "mean", m.Mean, 1.3)
	near(t, "variance", m.Variance, (31-16.9)/9)
	near(t, "median", c.Quantile(.5), 1)
	near(t, "share >= 1", c.ShareAtLeast(1).Value, .7)
	// Quartiles at ranks 2.25 and 6.75: .25 of the way from 0 to 1, and .75 of the way from 1 to 3.
	b := c.Box()
	near(t, "q1", b.Q1, .25)
	near(t, "q3", b.Q3, 2.5)
	near(t, "low", b.Low, 0)
	near(t, "high", b.High, 3)
	// Gini: ranks 4..7 hold 1 each, 8..10 hold 3: sum of (2i-11)x = (-3-1+1+3) + 3(5+7+9) = 63; over 10*13.
	near(t, "gini", c.Gini(), 63./130)
	// The upper .3 hold 9 of 13; the upper .4 one more.
	near(t, "top share", c.TopShare(.3), 9./13)
	near(t, "top share", c.TopShare(.4), 10./13)
	p, held := c.Lorenz(10)
	for i, want := range []float64{0, 0, 0, 0, 1, 2, 3, 4, 7, 10, 13} {
		near(t, "lorenz", held[i]*13, want)
		near(t, "lorenz at", p[i], float64(i)/10)
	}
}

func TestBoxLeavesOutliersOut(t *testing.T) {
	// 1 2 3 4 100: quartiles 2 and 4, reach 3, so the whiskers end at 1 and 4.
	b := NewCounted([]float64{1, 2, 3, 4, 100}, nil).Box()
	if b.Low != 1 || b.High != 4 || b.Mean != 22 || b.N != 5 {
		t.Errorf("%+v", b)
	}
	if e := (Counted{}).Box(); !math.IsNaN(e.Median) || e.N != 0 {
		t.Errorf("empty: %+v", e)
	}
}

func TestRatioByHand(t *testing.T) {
	// Users with impressions, clicks (2,1) (4,1) (4,2): ratio 4/10. Residuals y - .4x: .2, -.6, .4, squares sum .56.
	// Variance 3/2 * .56 / 100 = .0084.
	var m RatioMoments
	m.Add(2, 1, 1)
	m.Add(4, 1, 1)
	m.Add(4, 2, 1)
	near(t, "ratio", m.Ratio().Value, .4)
	near(t, "se", m.SE(), math.Sqrt(.0084))
	d, test := RatioDifference(m, m)
	if d.Value != 0 || test.P != 1 {
		t.Errorf("a group against itself: %+v %+v", d, test)
	}
}

func TestRatioIntervalCovers(t *testing.T) {
	// Planted: users' rates vary (beta 1, 9, mean .1) and so do their volumes; the interval must hold the truth about 95 times in
	// 100, which one that takes impressions as independent does not.
	r := rand.New(rand.NewPCG(1, 2))
	const trials = 400
	covered := 0
	for range trials {
		var m RatioMoments
		for range 300 {
			n := 1 + r.IntN(60)
			p := 1 - math.Pow(r.Float64(), 1./9) // beta(1, 9) by inversion
			y := 0
			for range n {
				if r.Float64() < p {
					y++
				}
			}
			m.Add(float64(n), float64(y), 1)
		}
		if e := m.Ratio(); e.Low <= .1 && .1 <= e.High {
			covered++
		}
	}
	// 95% of 400 is 380, standard deviation 4.4: three of them either way.
	if covered < 366 || covered > 394 {
		t.Errorf("covered %d of %d", covered, trials)
	}
}

func TestBetaBinomialRecoversAPlantedTruth(t *testing.T) {
	// 40,000 users with probabilities from beta(1, 19), five impressions each.
	r := rand.New(rand.NewPCG(3, 4))
	counts := map[int64]int64{}
	for range 40_000 {
		p := 1 - math.Pow(r.Float64(), 1./19)
		var y int64
		for range 5 {
			if r.Float64() < p {
				y++
			}
		}
		counts[y]++
	}
	var gs []Trials
	for y := range int64(6) {
		gs = append(gs, Trials{5, y, counts[y]})
	}
	fit := FitBetaBinomial(gs)
	// Standard errors at this size are about 3% of alpha and 3.5% of beta; three of them.
	if !fit.Converged || math.Abs(fit.Alpha-1) > .1 || math.Abs(fit.Beta-19) > 2.1 {
		t.Errorf("%+v, want alpha 1, beta 19", fit)
	}
	within(t, "mean", fit.Mean(), .05, .03)
}

func TestBetaBinomialWithoutAnswer(t *testing.T) {
	for name, gs := range map[string][]Trials{
		"nothing":      nil,
		"no success":   {{5, 0, 10}},
		"all succeed":  {{5, 5, 10}},
		"one trial":    {{1, 0, 60}, {1, 1, 40}},
		"all the same": {{10, 1, 500}},
	} {
		if fit := FitBetaBinomial(gs); fit.Converged {
			t.Errorf("%s: converged to %+v", name, fit)
		}
	}
}

func TestNothingPanicsOnEmptyOrFlatData(t *testing.T) {
	var c Counted
	nan := math.NaN()
	if e := Wilson(0, 0); e.Known() {
		t.Error(e)
	}
	if e, _ := ProportionDifference(1, 2, 0, 0); e.Known() {
		t.Error(e)
	}
	if e := OddsRatio(0, 0, 1, 2); e.Known() {
		t.Error(e)
	}
	if e := OddsRatio(0, 5, 3, 2); !e.Known() || e.Value <= 0 {
		t.Errorf("a zero cell: %+v", e)
	}
	for _, table := range [][][]int64{nil, {{}}, {{1, 2}}, {{0, 0}, {1, 2}}, {{1, 0}, {2, 0}}} {
		if got := ChiSquared(table); got.Known() {
			t.Errorf("%v was tested", table)
		}
	}
	if _, test := WelchT(NewMoments([]float64{1, 1}), NewMoments([]float64{1, 1})); test.Known() {
		t.Error("no variance, yet tested")
	}
	if l := FitLine([]float64{1, 1, 1}, []float64{1, 2, 3}, nil); l.Known() {
		t.Error("x does not vary, yet tested")
	}
	if e, _ := Spearman([]float64{1, nan, 2}, []float64{1, 2, 3}); e.Known() {
		t.Error("two complete pairs are not enough")
	}
	if q := BenjaminiHochberg([]float64{.04, nan, .01}); q[0] != .04 || q[2] != .02 || !math.IsNaN(q[1]) {
		t.Errorf("q = %v, want .04 NaN .02", q)
	}
	if test, _ := KruskalWallis(c, c); test.Known() {
		t.Error("empty groups were tested")
	}
	if !math.IsNaN(c.Gini()) || !math.IsNaN(c.Quantile(.5)) || !math.IsNaN(c.TopShare(.5)) || c.Sum() != 0 {
		t.Error("an empty sample has figures")
	}
	if p, _ := NewCounted([]float64{0}, []int64{4}).Lorenz(10); p != nil {
		t.Error("a curve of nothing")
	}
	if g := HedgesG(NewMoments([]float64{1}), NewMoments([]float64{2})); !math.IsNaN(g) {
		t.Error(g)
	}
}
