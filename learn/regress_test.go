package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// viewSeconds makes rows of the columns of mixedTrees and how long a card was viewed: not at all for many, and for the others
// seconds of a skewed distribution. mean is the expected value, by which they were drawn: exp of a rule that has steps.
func viewSeconds(n int, seed uint64) (d *RegressionData, mean []float64) {
	r := rand.New(rand.NewPCG(seed, 12))
	rows := mixedTrees(n, seed)
	d = &RegressionData{X: rows.X, Columns: rows.Columns}
	for i := range n {
		row := rows.X.Row(i)
		score := .5 + .6*math.Sin(2*float64(row[0])) + .3*float64(row[4])
		if row[1] != row[1] {
			score += .8
		}
		if row[2] == 2 || row[2] == 5 {
			score -= 1
		}
		mu := math.Exp(score)
		mean = append(mean, mu)
		seconds := 0.0
		if r.Float64() < .4 { // a mean of mu all the same
			seconds = mu / .4 * r.ExpFloat64()
		}
		d.Y = append(d.Y, float32(seconds))
	}
	return d, mean
}

// Values 1, 1, 1, 1 and 5, 5, 5, 9 to either side of 4.5: a mean of 28/8 = 3.5. Without a penalty the leaves step by their means,
// 1 - 3.5 = -2.5 and 6 - 3.5 = 2.5, times a rate of .5. The gain is half of 4*2.5^2 + 4*2.5^2 = 25.
func TestBoostRegressionByHand(t *testing.T) {
	d := &RegressionData{X: &Matrix{Rows: 8, Cols: 1, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8}}, Y: []float32{1, 1, 1, 1, 5, 5, 5, 9}}
	m, err := FitBoostRegression(t.Context(), d, BoostRegression{Trees: 1, MaxLeaves: 2, MinLeaf: 4, LearningRate: .5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "values", predicted(t, m, d.X), []float64{2.25, 2.25, 2.25, 2.25, 4.75, 4.75, 4.75, 4.75})
	if g := m.Trees[0].Gain[0]; g != 25 {
		t.Errorf("a gain of %v", g)
	}
	// One tree at a rate of 1 takes each leaf to its mean whatever the power, even 0 as far as a step goes.
	for _, power := range []float64{1, 1.3, 1.9} {
		m, err := FitBoostRegression(t.Context(), d, BoostRegression{Loss: TweedieLoss, Power: power, Trees: 1, MaxLeaves: 2, MinLeaf: 4, LearningRate: 1})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range predicted(t, m, d.X) {
			if want := []float64{1, 6}[i/4]; !(math.Abs(v-want) < 1e-6*want) {
				t.Errorf("power %v, row %d: %v, want %v", power, i, v, want)
			}
		}
	}
	copy(d.Y, []float32{0, 0, 0, 0, 2, 2, 2, 2})
	if m, err = FitBoostRegression(t.Context(), d, BoostRegression{Loss: TweedieLoss, Power: 1, Trees: 1, MaxLeaves: 2, MinLeaf: 4, LearningRate: 1}); err != nil {
		t.Fatal(err)
	}
	if v := predicted(t, m, d.X)[0]; !(math.Abs(v-math.Exp(-largestStep)) < 1e-6) {
		t.Errorf("a leaf of zeros: %v", v)
	}
}

// The step to a leaf's least loss, found from Newton's alone: S = 3, M = 2 give log(3/2) whatever the power.
func TestTweedieStep(t *testing.T) {
	for _, p := range []float64{1, 1.2, 1.5, 1.99} {
		near(t, "step", []float64{tweedieStep(p, (3.-2)/((2-p)*2+(p-1)*3))}, []float64{math.Log(1.5)})
		for _, v := range []float64{-1 / (2 - p), -1e9, math.Nextafter(-1/(2-p), -9)} {
			if tweedieStep(p, v) != -largestStep {
				t.Errorf("power %v: a step of %v for %v", p, tweedieStep(p, v), v)
			}
		}
	}
	if tweedieStep(1.5, 2) != largestStep || tweedieStep(1.5, 3) != largestStep {
		t.Error("a step upwards without bound")
	}
}

// The planted means come back, and the loss made for such amounts brings them back better than squares do.
func TestRegressionRecoversMeans(t *testing.T) {
	d, _ := viewSeconds(20000, 1)
	test, mean := viewSeconds(5000, 2)
	truth := make([]float32, len(mean))
	for i, v := range mean {
		truth[i] = float32(v)
	}
	explained := map[RegressionLoss]float64{}
	for _, loss := range []RegressionLoss{SquaredLoss, TweedieLoss} {
		m, err := FitBoostRegression(t.Context(), d, BoostRegression{Loss: loss, Trees: 80, MaxLeaves: 8, MinLeaf: 50})
		if err != nil {
			t.Fatal(err)
		}
		p := predicted(t, m, test.X)
		explained[loss] = R2(truth, p, nil)
		sum, want := 0.0, 0.0
		for i, v := range p {
			sum += v
			want += mean[i]
		}
		t.Logf("%s: %.3f of the variance of the true means, a mean of %.3f where the true one is %.3f", loss, explained[loss], sum/5000, want/5000)
		if !(math.Abs(sum/want-1) < .05) {
			t.Errorf("%s: a mean of %v, want %v", loss, sum/5000, want/5000)
		}
	}
	if !(explained[TweedieLoss] > .9 && explained[TweedieLoss] > explained[SquaredLoss]) {
		t.Errorf("%v of the variance of the true means", explained)
	}
}

// y = 2 + 3a - b/2 exactly, also where the columns are far from 0.
func TestLinearRegressionIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	d := &RegressionData{X: NewMatrix(500, 2), Y: make([]float32, 500)}
	for i := range 500 {
		row := d.X.Row(i)
		row[0], row[1] = float32(1000+r.IntN(64)), float32(r.IntN(64))
		d.Y[i] = 2 + 3*row[0] - row[1]/2
	}
	m, err := FitLinearRegression(t.Context(), d, LinearRegression{})
	if err != nil {
		t.Fatal(err)
	}
	linearNear(t, "coefficients", append(m.Coef, m.Intercept), []float64{3, -.5, 2}, 1e-9)
	for i := range 500 { // the second column is twice the first
		d.X.Row(i)[1] = 2 * d.X.Row(i)[0]
	}
	if _, err := FitLinearRegression(t.Context(), d, LinearRegression{}); !errors.Is(err, ErrUndetermined) {
		t.Errorf("%v", err)
	}
	if _, err := FitLinearRegression(t.Context(), d, LinearRegression{L2: 1}); err != nil {
		t.Error(err)
	}
	clear(d.X.Data)
	if _, err := FitLinearRegression(t.Context(), d, LinearRegression{}); !errors.Is(err, ErrUndetermined) {
		t.Errorf("%v", err)
	}
}

// regressors fit d with each of the regressions.
func regressors(ctx context.Context, d *RegressionData, threads int) (models []Model, errs []error) {
	for _, loss := range []RegressionLoss{SquaredLoss, TweedieLoss} {
		m, err := FitBoostRegression(ctx, d, BoostRegression{Loss: loss, Trees: 15, Rows: .8, Features: .7, Holdout: .2, Seed: 3, Threads: threads})
		models, errs = append(models, m), append(errs, err)
	}
	numbers := &RegressionData{X: NewMatrix(d.X.Rows, 3), Y: d.Y, Weight: d.Weight}
	for i := range d.X.Rows {
		copy(numbers.X.Row(i), []float32{d.X.Row(i)[0], d.X.Row(i)[3], d.X.Row(i)[4]})
	}
	m, err := FitLinearRegression(ctx, numbers, LinearRegression{L2: .1, Threads: threads})
	return append(models, m), append(errs, err)
}

func TestRegressionsDoNotDependOnThreads(t *testing.T) {
	d, _ := viewSeconds(9000, 4)
	d.Weight = make([]float32, 9000)
	for i := range d.Weight {
		d.Weight[i] = float32(i%5) / 3
	}
	one, errs := regressors(t.Context(), d, 1)
	for k, m := range one {
		if errs[k] != nil {
			t.Fatal(errs[k])
		}
		for _, threads := range []int{2, 5} {
			if more, _ := regressors(t.Context(), d, threads); !reflect.DeepEqual(m, more[k]) {
				t.Errorf("a %T is another with %d threads", m, threads)
			}
		}
		var file bytes.Buffer
		if err := Save(&file, m); err != nil {
			t.Fatal(err)
		}
		if again, err := Load(&file); err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("a %T is another when loaded: %v", m, err)
		}
	}
}

// Weights of 0, 1 and 2 are rows that are left out, or there twice.
func TestRegressionWeights(t *testing.T) {
	d, _ := viewSeconds(240, 5) // few enough for a bin a value, which the weights have no part in
	d.Weight = make([]float32, 240)
	twice := &RegressionData{Columns: d.Columns}
	var rows []int32
	for i := range d.Weight {
		d.Weight[i] = float32(i % 3)
		for range i % 3 {
			rows = append(rows, int32(i))
			twice.Y = append(twice.Y, d.Y[i])
		}
	}
	twice.X = d.X.Take(rows)
	for _, loss := range []RegressionLoss{SquaredLoss, TweedieLoss} {
		c := BoostRegression{Loss: loss, Trees: 5, MinLeaf: 1e-6, L2: 1}
		a, err := FitBoostRegression(t.Context(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := FitBoostRegression(t.Context(), twice, c)
		if err != nil {
			t.Fatal(err)
		}
		linearNear(t, string(loss), predicted(t, a, twice.X), predicted(t, b, twice.X), 1e-5)
	}
}

func TestRegressionsOfBadData(t *testing.T) {
	good := func() *RegressionData { d, _ := viewSeconds(300, 6); return d }
	for want, damage := range map[string]func(d *RegressionData){
		"no rows":           func(d *RegressionData) { d.X = &Matrix{} },
		"values to predict": func(d *RegressionData) { d.Y = d.Y[1:] },
		"row 3 has the":     func(d *RegressionData) { d.Y[3] = float32(math.Inf(1)) },
		"weights for":       func(d *RegressionData) { d.Weight = make([]float32, 2) },
		"have weight 0":     func(d *RegressionData) { d.Weight = make([]float32, 300) },
		"it must be 0 or":   func(d *RegressionData) { d.Y[5] = -1 },
		"some must be":      func(d *RegressionData) { clear(d.Y) },
		"infinite":          func(d *RegressionData) { d.X.Data[9] = float32(math.Inf(1)) },
	} {
		d := good()
		damage(d)
		if _, err := FitBoostRegression(t.Context(), d, BoostRegression{Loss: TweedieLoss}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, c := range []BoostRegression{{Loss: "cubed"}, {Loss: TweedieLoss, Power: 2}, {Power: math.NaN()}, {Trees: -1}, {Holdout: .001}, {Monotone: map[string]int{"kind": 1}}} {
		if _, err := FitBoostRegression(t.Context(), good(), c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if _, err := FitLinearRegression(t.Context(), good(), LinearRegression{}); err == nil {
		t.Error("categories in a linear regression")
	}
	if _, err := FitLinearRegression(t.Context(), &RegressionData{X: NewMatrix(2, 1), Y: []float32{1, 2}}, LinearRegression{L2: -1}); err == nil {
		t.Error("a negative penalty")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	_, errs := regressors(ctx, good(), 2)
	for k, err := range errs {
		if !errors.Is(err, why) {
			t.Errorf("regression %d: %v of a cancelled context", k, err)
		}
	}
	// Of extreme values nothing becomes infinite or NaN.
	d := good()
	for i := range d.Y {
		d.Y[i] = []float32{0, 1e-30, 3e38}[i%3]
	}
	for _, loss := range []RegressionLoss{SquaredLoss, TweedieLoss} {
		m, err := FitBoostRegression(t.Context(), d, BoostRegression{Loss: loss, LearningRate: 1, MinLeaf: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.valid(); err != nil {
			t.Errorf("%s: %v", loss, err)
		}
	}
}

func BenchmarkFitBoostRegression(b *testing.B) {
	d, _ := viewSeconds(100000, 7)
	for _, loss := range []RegressionLoss{SquaredLoss, TweedieLoss} {
		b.Run(fmt.Sprintf("loss=%s/rows=100000/columns=7/trees=100", loss), func(b *testing.B) {
			for b.Loop() {
				if _, err := FitBoostRegression(b.Context(), d, BoostRegression{Loss: loss}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
