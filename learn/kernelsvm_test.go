package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Two rows at 0 and 2, linear: the widest margin has w = 1 and b = -1, as y(wx+b) = 1 at both; alpha = 2/|x1-x2|^2 = .5.
func TestKernelSVMByHand(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 2, Cols: 1, Data: []float32{0, 2}}, Y: []bool{false, true}}
	m, err := FitKernelSVM(context.Background(), d, KernelSVM{Kernel: KernelLinear, C: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Coef, []float64{-.5, .5}) || m.Intercept != -1 {
		t.Errorf("coefficients %v and intercept %v, want -.5, .5 and -1", m.Coef, m.Intercept)
	}
	p := make([]float64, 2)
	if err := m.Predict(&Matrix{Rows: 2, Cols: 1, Data: []float32{1, 3}}, p); err != nil {
		t.Fatal(err)
	}
	// One row a label makes no folds: 1/(1+e^-(x-1)), at 1 and 3.
	if p[0] != .5 || math.Abs(p[1]-1/(1+math.Exp(-2))) > 1e-12 {
		t.Errorf("probabilities %v", p)
	}
	// With C = .1 both alphas are .1: w = .1*2 = .2, and the middle of the intercepts that the bounds allow: f is -y+wx,
	// 1 at 0 and -1+.4 = -.6 at 2, so b = -(1-.6)/2 = -.2.
	if m, err = FitKernelSVM(context.Background(), d, KernelSVM{Kernel: KernelLinear, C: .1}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Coef, []float64{-.1, .1}) || math.Abs(m.Intercept+.2) > 1e-7 {
		t.Errorf("coefficients %v and intercept %v, want -.1, .1 and -.2", m.Coef, m.Intercept)
	}
}

// rings are points of which those between two circles are positive.
func rings(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &Data{X: NewMatrix(n, 2), Y: make([]bool, n)}
	for i := range n {
		x, y := 4*r.Float64()-2, 4*r.Float64()-2
		copy(d.X.Row(i), []float32{float32(x), float32(y)})
		radius := math.Hypot(x, y)
		d.Y[i] = radius > .7 && radius < 1.5
	}
	return d
}

func TestKernelSVMFindsRings(t *testing.T) {
	train, test := rings(1500, 1), rings(1000, 2)
	m, err := FitKernelSVM(context.Background(), train, KernelSVM{C: 100})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, 1000)
	if err := m.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, v := range p {
		if (v > .5) == test.Y[i] {
			right++
		}
	}
	if right < 970 {
		t.Errorf("%d of 1000 right", right)
	}
}

// The conditions of the optimum, computed anew from the kernel in float64, hold within the tolerance, with a set of rows
// large enough to be shrunk, whatever the threads, a cache of one MB, weights and rows of weight 0.
func TestKernelSVMOptimal(t *testing.T) {
	d := caseStudy(2500, 3)
	r := rand.New(rand.NewPCG(3, 3))
	d.Weight = make([]float32, d.X.Rows)
	for i := range d.Weight {
		d.Weight[i] = float32(r.IntN(3)) // 0, 1 or 2
	}
	var first *KernelSVMModel
	for _, threads := range []int{1, 3} {
		c := KernelSVM{C: 5, Folds: 2, CacheMB: 1, Threads: threads}
		m, err := FitKernelSVM(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = m
		} else if !slices.Equal(m.Coef, first.Coef) || m.Intercept != first.Intercept || m.PlattA != first.PlattA || m.PlattB != first.PlattB {
			t.Error("the model depends on the number of threads")
		}
	}
	b := make([]float64, d.X.Rows)
	sum := 0.
	for k, i := range first.Rows {
		b[i] = first.Coef[k]
		sum += b[i]
	}
	if math.Abs(sum) > 1e-9 {
		t.Errorf("the coefficients' sum is %v", sum)
	}
	least, greatest := math.Inf(1), math.Inf(-1)
	for i := range b {
		y, cost := -1., 5*float64(d.Weight[i])
		lo, hi := -cost, 0.
		if d.Y[i] {
			y, lo, hi = 1, 0, cost
		}
		if b[i] < lo || b[i] > hi {
			t.Fatalf("row %d: coefficient %v outside %v..%v", i, b[i], lo, hi)
		}
		f := -y
		for k := range first.Coef {
			square := 0.
			for j, v := range first.Support.Row(k) {
				by := float64(v) - float64(d.X.Row(i)[j])
				square += by * by
			}
			f += first.Coef[k] * math.Exp(-first.Gamma*square)
		}
		if b[i] < hi {
			least = min(least, f)
		}
		if b[i] > lo {
			greatest = max(greatest, f)
		}
	}
	if greatest-least > 1.01e-3 {
		t.Errorf("the optimum's conditions are violated by %v", greatest-least)
	}
}

// A weight of 2 is a row twice.
func TestKernelSVMWeights(t *testing.T) {
	d := rings(120, 4)
	twice := &Data{X: NewMatrix(240, 2), Y: append(slices.Clone(d.Y), d.Y...)}
	copy(twice.X.Data, d.X.Data)
	copy(twice.X.Data[240:], d.X.Data)
	d.Weight = make([]float32, 120)
	for i := range d.Weight {
		d.Weight[i] = 2
	}
	c := KernelSVM{Gamma: 1, Folds: -1, Tolerance: 1e-5}
	var p [2][]float64
	for k, d := range []*Data{d, twice} {
		m, err := FitKernelSVM(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		p[k] = make([]float64, 120)
		if err := m.Decision(rings(120, 5).X, p[k]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range p[0] {
		if math.Abs(p[0][i]-p[1][i]) > 1e-4 {
			t.Errorf("row %d: %v with weights, %v twice", i, p[0][i], p[1][i])
		}
	}
}

func TestKernelSVMErrors(t *testing.T) {
	good := rings(50, 6)
	missing := rings(50, 6)
	missing.X.Data[7] = float32(math.NaN())
	great := rings(50, 6)
	great.X.Data[7] = 1e20
	many := &Data{X: NewMatrix(MaxKernelRows+1, 1), Y: make([]bool, MaxKernelRows+1)}
	many.Y[0] = true
	for _, c := range []struct {
		want string
		d    *Data
		c    KernelSVM
	}{
		{"no rows", &Data{X: NewMatrix(0, 2)}, KernelSVM{}},
		{"missing", missing, KernelSVM{}},
		{"too great", great, KernelSVM{Gamma: 1}},
		{"too great", great, KernelSVM{Kernel: KernelPoly}},
		{"Nystroem", many, KernelSVM{}},
		{`"rbf"`, good, KernelSVM{Kernel: "sigmoid"}},
		{"gamma", good, KernelSVM{Gamma: math.NaN()}},
		{"gamma", good, KernelSVM{Gamma: -2}},
		{"degree", good, KernelSVM{Kernel: KernelPoly, Degree: 100}},
		{"C -1", good, KernelSVM{C: -1}},
		{"tolerance", good, KernelSVM{Tolerance: -1}},
	} {
		if _, err := FitKernelSVM(context.Background(), c.d, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error of %q", c.c, err, c.want)
		}
	}
	if m, err := FitKernelSVM(context.Background(), good, KernelSVM{MaxSteps: 1}); err != nil || m.Converged || m.Steps != 1 {
		t.Errorf("one step: %+v, %v", m, err)
	}
}

// Cancelled while it works, a fit ends soon and with the cause.
func TestKernelSVMCancelled(t *testing.T) {
	d := caseStudy(20000, 1)
	for name, fit := range map[string]func(context.Context) error{
		"kernel": func(ctx context.Context) error { _, err := (KernelSVM{}).Fit(ctx, d); return err },
		"mapped": func(ctx context.Context) error {
			_, err := (MappedSVM{Map: KernelMap{Components: 1000}}).Fit(ctx, d)
			return err
		},
		"bayes": func(ctx context.Context) error {
			for { // one fit is over before the cancellation
				if _, err := (NaiveBayes{}).Fit(ctx, d); err != nil {
					return err
				}
			}
		},
	} {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		go func() {
			time.Sleep(50 * time.Millisecond)
			cancel(cause)
		}()
		start := time.Now()
		if err := fit(ctx); !errors.Is(err, cause) {
			t.Errorf("%s: %v", name, err)
		}
		if after := time.Since(start); after > 3*time.Second { // of which the machine's other work may take some
			t.Errorf("%s: ended after %v", name, after)
		}
	}
}

// roundTrip saves and loads m and holds the loaded model to the same predictions.
func roundTrip(t *testing.T, m Model, x *Matrix) {
	t.Helper()
	var file bytes.Buffer
	if err := Save(&file, m); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(&file)
	if err != nil {
		t.Fatal(err)
	}
	p, q := make([]float64, x.Rows), make([]float64, x.Rows)
	if err := m.Predict(x, p); err != nil {
		t.Fatal(err)
	}
	if err := loaded.Predict(x, q); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p, q) {
		t.Error("the loaded model predicts otherwise")
	}
}

func TestKernelSVMSaved(t *testing.T) {
	d := rings(300, 7)
	for _, c := range []KernelSVM{{}, {Kernel: KernelPoly}, {Kernel: KernelLinear}} {
		m, err := FitKernelSVM(context.Background(), d, c)
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, m, rings(100, 8).X)
		if err := m.Predict(NewMatrix(1, 3), make([]float64, 1)); err == nil {
			t.Error("three columns of a model of two are taken")
		}
		x := NewMatrix(1, 2)
		p := []float64{0}
		x.Data[0] = float32(math.Inf(1))
		if err := m.Predict(x, p); err == nil {
			t.Error("an infinite value is taken")
		}
		x.Data[0] = math.MaxFloat32 // for RBF as far from all as can be
		if err := m.Predict(x, p); c.Kernel == "" && (err != nil || p[0] != 1/(1+math.Exp(m.PlattA*m.Intercept+m.PlattB))) {
			t.Errorf("far from all: %v, %v", p, err)
		} else if c.Kernel == KernelPoly && err == nil {
			t.Errorf("a kernel that overflows gives %v", p)
		}
	}
	m, err := FitKernelSVM(context.Background(), d, KernelSVM{})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]*KernelSVMModel{
		"nothing":     {},
		"no support":  {Columns: m.Columns, Kernel: KernelRBF, Gamma: 1, Degree: 3},
		"few values":  {Columns: m.Columns, Kernel: KernelRBF, Gamma: 1, Degree: 3, Support: &Matrix{Rows: 1, Cols: 2}, Coef: []float64{1}, Rows: []int32{0}},
		"few coef":    {Columns: m.Columns, Kernel: KernelRBF, Gamma: 1, Degree: 3, Support: m.Support, Rows: m.Rows},
		"NaN":         {Columns: m.Columns, Kernel: KernelRBF, Gamma: 1, Degree: 3, Support: m.Support, Rows: m.Rows, Coef: m.Coef, PlattA: math.NaN()},
		"another":     {Columns: m.Columns, Kernel: "cosine", Gamma: 1, Degree: 3, Support: m.Support, Rows: m.Rows, Coef: m.Coef},
		"great":       {Columns: m.Columns, Kernel: KernelPoly, Gamma: 1, Degree: 1 << 40, Support: m.Support, Rows: m.Rows, Coef: m.Coef},
		"more column": {Columns: make([]Column, 3), Kernel: KernelRBF, Gamma: 1, Degree: 3, Support: m.Support, Rows: m.Rows, Coef: m.Coef},
	} {
		if bad.valid() == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

func BenchmarkKernelSVM(b *testing.B) {
	d := caseStudy(10000, 1)
	for _, c := range []float64{1, 100} {
		b.Run(fmt.Sprintf("rows=10000/C=%g", c), func(b *testing.B) {
			for b.Loop() {
				if _, err := FitKernelSVM(context.Background(), d, KernelSVM{C: c, Folds: -1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
