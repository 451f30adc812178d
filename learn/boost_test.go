package learn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// One tree of two leaves by hand. Half of 8 rows are positive, so p = 1/2, a = +-1/2 and b = 1/4. x <= 4 holds 1 positive of
// 4: sum(a) = -1, sum(b) = 1; with l2 = 1 its value is -1/2, and the other side's +1/2. Times a rate of .5: -+.25.
// The loss falls by (1/2 + 1/2)/2 = 1/2.
func TestBoostOneTreeByHand(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 8, Cols: 1, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8}}, Y: []bool{false, false, true, false, true, false, true, true}}
	m, err := FitBoost(context.Background(), d, Boost{Trees: 1, MaxLeaves: 2, MinLeaf: 4, L2: 1, LearningRate: .5})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 8)
	if err := m.LogOdds(d.X, out); err != nil {
		t.Fatal(err)
	}
	for i, v := range out {
		if want := []float64{-.25, .25}[i/4]; v != want {
			t.Errorf("row %d: %v, want %v", i, v, want)
		}
	}
	if g := m.Trees[0].Gain[0]; math.Abs(float64(g)-.5) > 1e-6 || m.Trees[0].Nodes[0].Threshold != 4.5 {
		t.Errorf("gain %v at %v", g, m.Trees[0].Nodes[0].Threshold)
	}
}

// A prediction never falls as a column that is held to rise does, whatever the rest of the row is.
func TestBoostMonotone(t *testing.T) {
	d := mixedTrees(3000, 21)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range d.Y { // noise, so that the unconstrained model does go up and down
		if r.Float64() < .2 {
			d.Y[i] = !d.Y[i]
		}
	}
	breaches := func(c Boost) (n int) {
		m, err := FitBoost(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		const steps = 61
		for _, column := range []struct {
			j    int
			sign float64
		}{{0, 1}, {1, -1}} {
			for k := range 100 {
				x := NewMatrix(steps, 7)
				for i := range steps {
					copy(x.Row(i), d.X.Row(k*17))
					x.Row(i)[column.j] = float32(i-30) / 10
				}
				p := predicted(t, m, x)
				for i := range steps - 1 {
					if column.sign*(p[i+1]-p[i]) < 0 {
						n++
					}
				}
			}
		}
		return n
	}
	c := Boost{MinLeaf: 5, Trees: 60}
	if n := breaches(c); n < 100 {
		t.Errorf("the test's data are monotone as they are: %d breaches", n)
	}
	c.Monotone = map[string]int{"number": 1, "gaps": -1}
	if n := breaches(c); n > 0 {
		t.Errorf("%d breaches", n)
	}
}

// Early stopping keeps the trees up to the least loss of the rows held out, and no more than Patience are fitted after it.
func TestBoostStopsEarly(t *testing.T) {
	d := mixedTrees(1500, 22)
	m, err := FitBoost(context.Background(), d, Boost{Trees: 500, LearningRate: .3, Holdout: .25, Patience: 7, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	best := 0
	for k, l := range m.Losses {
		if l < m.Losses[best] {
			best = k
		}
	}
	if len(m.Trees) != best+1 || len(m.Losses) != best+1+7 || best < 3 || m.Losses[best] >= m.Losses[0] {
		t.Errorf("%d trees kept of %d, the best is %d", len(m.Trees), len(m.Losses), best+1)
	}
}

// All weights times a constant: the same model.
func TestBoostWeightsScale(t *testing.T) {
	d := mixedTrees(2000, 23)
	plain, err := FitBoost(context.Background(), d, Boost{Trees: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []float32{3, 1e-4, 1e8} {
		d.Weight = make([]float32, 2000)
		for i := range d.Weight {
			d.Weight[i] = w
		}
		scaled, err := FitBoost(context.Background(), d, Boost{Trees: 10})
		if err != nil {
			t.Fatal(err)
		}
		a, b := predicted(t, plain, d.X), predicted(t, scaled, d.X)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-6 {
				t.Fatalf("weight %v: row %d: %v, want %v", w, i, b[i], a[i])
			}
		}
	}
}

// Certainty in the data must not become infinite or NaN.
func TestBoostSeparable(t *testing.T) {
	d := mixedTrees(400, 24)
	for i := range d.Y {
		d.Y[i] = d.X.Row(i)[0] > 0
	}
	m, err := FitBoost(context.Background(), d, Boost{Trees: 300, LearningRate: 1, MinLeaf: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.valid(); err != nil {
		t.Fatal(err)
	}
	for i, p := range predicted(t, m, d.X) {
		if !(p >= 0 && p <= 1) || (p > .5) != d.Y[i] {
			t.Fatalf("row %d: %v", i, p)
		}
	}
}

func BenchmarkFitBoost(b *testing.B) { benchmarkFit(b, Boost{}) }

func BenchmarkPredictBoost(b *testing.B) {
	d := caseStudy(100000, 2)
	m, err := FitBoost(context.Background(), d, Boost{})
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]int32, 2_000_000)
	for i := range rows {
		rows[i] = int32(i % 100000)
	}
	x := d.X.Take(rows)
	p := make([]float64, x.Rows)
	b.Run("trees=100/rows=2000000", func(b *testing.B) {
		for b.Loop() {
			if err := m.Predict(x, p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A fit that is cancelled on its way gives the cause and no model, and a category without levels takes no part.
func TestTreesAreCancelledOnTheWay(t *testing.T) {
	d := mixedTrees(2000, 25)
	d.Columns[6].Levels = []string{}
	why := errors.New("enough")
	for _, make := range []func(progress func(done, total int)) Learner{
		func(p func(int, int)) Learner { return Boost{Trees: 50, Progress: p} },
		func(p func(int, int)) Learner { return Forest{Trees: 50, Progress: p} },
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		calls := 0
		m, err := make(func(done, _ int) {
			if calls++; done == 3 {
				cancel(why)
			}
		}).Fit(ctx, d)
		if !errors.Is(err, why) || m != nil || calls > 10 {
			t.Errorf("%v, %v after %d trees", m, err, calls)
		}
		if m, err := make(nil).Fit(context.Background(), d); err != nil || aucOf(t, m, d) < .7 {
			t.Errorf("%v", err)
		}
	}
}
