package learn

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// svmReference is what testdata/kernel/reference.py writes.
type svmReference struct {
	X, T  [][]float32
	Y     []bool
	W     []float32
	Cases []struct {
		Setting          string
		Gamma, Intercept float64
		Coef, Decision   []float64
	}
	Shoppers struct {
		Columns        []string
		AUC, Intercept float64
		Decision       []float64
	}
}

func readReference(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func matrixOf(rows [][]float32) *Matrix {
	m := NewMatrix(len(rows), len(rows[0]))
	for i, row := range rows {
		copy(m.Row(i), row)
	}
	return m
}

// shopperRows are the rows of the table of online shoppers, without its head.
func shopperRows(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open("../../shared/data/online_shoppers/online_shoppers_intention.csv")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the table of online shoppers is not beside the checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// rankAUC is the share of pairs of a positive and a negative row in which the positive one has the greater score, ties as
// half.
func rankAUC(score []float64, y []bool) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if score[a] < score[b] {
			return -1
		} else if score[a] > score[b] {
			return 1
		}
		return 0
	})
	var ranks, positive float64
	for at := 0; at < len(order); {
		end := at
		for end < len(order) && score[order[end]] == score[order[at]] {
			end++
		}
		for _, i := range order[at:end] {
			if y[i] {
				ranks += float64(at+1+end) / 2
				positive++
			}
		}
		at = end
	}
	return (ranks - positive*(positive+1)/2) / (positive * (float64(len(y)) - positive))
}

func TestKernelSVMAgainstReference(t *testing.T) {
	var r svmReference
	readReference(t, "testdata/kernel/reference.json", &r)
	d := &Data{X: matrixOf(r.X), Y: r.Y}
	weighted := &Data{X: d.X, Y: d.Y, Weight: r.W}
	test := matrixOf(r.T)
	for k, c := range []struct {
		d *Data
		c KernelSVM
	}{
		{d, KernelSVM{}},
		{d, KernelSVM{C: 100}},
		{d, KernelSVM{C: 10, Gamma: GammaAuto}},
		{d, KernelSVM{Gamma: 2}},
		{d, KernelSVM{Kernel: KernelPoly, Coef0: 1}},
		{d, KernelSVM{Kernel: KernelPoly, C: .5, Degree: 2, Gamma: .1}},
		{d, KernelSVM{Kernel: KernelLinear}},
		{d, KernelSVM{Balanced: true}},
		{d, KernelSVM{PositiveWeight: 3}},
		{weighted, KernelSVM{C: 2}},
	} {
		want := r.Cases[k]
		t.Run(want.Setting, func(t *testing.T) {
			c.c.Folds, c.c.Tolerance = -1, 1e-5
			m, err := FitKernelSVM(context.Background(), c.d, c.c)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged {
				t.Error("not converged")
			}
			if math.Abs(m.Gamma/want.Gamma-1) > 1e-9 {
				t.Errorf("gamma %v, want %v", m.Gamma, want.Gamma)
			}
			if math.Abs(m.Intercept-want.Intercept) > 1e-3 {
				t.Errorf("intercept %v, want %v", m.Intercept, want.Intercept)
			}
			got := make([]float64, len(r.T))
			if err := m.Decision(test, got); err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Decision {
				if math.Abs(got[i]-w) > 1e-3*max(1, math.Abs(w)) {
					t.Errorf("decision of row %d: %v, want %v", i, got[i], w)
				}
			}
			coef, greatest := make([]float64, len(r.Y)), 0.
			for k, i := range m.Rows {
				coef[i] = m.Coef[k]
				if !slices.Equal(m.Support.Row(k), d.X.Row(int(i))) {
					t.Errorf("support vector %d is not row %d", k, i)
				}
			}
			for _, w := range want.Coef {
				greatest = max(greatest, math.Abs(w))
			}
			if c.c.Kernel == KernelLinear || c.c.Degree == 2 {
				return // the kernel matrix has less than full rank: many duals give the one decision
			}
			for i, w := range want.Coef {
				if math.Abs(coef[i]-w) > 1e-3*greatest {
					t.Errorf("dual coefficient of row %d: %v, want %v", i, coef[i], w)
				}
			}
		})
	}
}

func TestKernelSVMOnShoppers(t *testing.T) {
	var r svmReference
	readReference(t, "testdata/kernel/reference.json", &r)
	rows := shopperRows(t)
	var parts [2][][]float64
	var labels [2][]bool
	for i, row := range rows {
		if i%4 > 1 {
			continue
		}
		x := make([]float64, 10)
		for j := range x {
			var err error
			if x[j], err = strconv.ParseFloat(row[j], 64); err != nil {
				t.Fatal(err)
			}
		}
		parts[i%4], labels[i%4] = append(parts[i%4], x), append(labels[i%4], row[17] == "TRUE")
	}
	var sets [2]*Data
	for s := range sets {
		sets[s] = &Data{X: NewMatrix(len(parts[s]), 10), Y: labels[s]}
	}
	for j := range 10 {
		var mean, square float64
		for _, x := range parts[0] {
			mean += x[j] / float64(len(parts[0]))
		}
		for _, x := range parts[0] {
			square += (x[j] - mean) * (x[j] - mean) / float64(len(parts[0]))
		}
		for s := range sets {
			for i, x := range parts[s] {
				sets[s].X.Row(i)[j] = float32((x[j] - mean) / math.Sqrt(square))
			}
		}
	}
	m, err := FitKernelSVM(context.Background(), sets[0], KernelSVM{})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, sets[1].X.Rows)
	if err := m.Decision(sets[1].X, p); err != nil {
		t.Fatal(err)
	}
	for i, want := range r.Shoppers.Decision {
		if math.Abs(p[i]-want) > 3e-3 { // both solvers stop at violations of 1e-3
			t.Errorf("decision of row %d: %v, want %v", i, p[i], want)
		}
	}
	if auc := rankAUC(p, sets[1].Y); math.Abs(auc-r.Shoppers.AUC) > 1e-3 {
		t.Errorf("AUC %v, want %v", auc, r.Shoppers.AUC)
	}
	// Platt's probabilities are near the shares in sum.
	if err := m.Predict(sets[1].X, p); err != nil {
		t.Fatal(err)
	}
	var mean, share float64
	for i, v := range p {
		mean += v / float64(len(p))
		if sets[1].Y[i] {
			share += 1 / float64(len(p))
		}
	}
	if math.Abs(mean-share) > .02 {
		t.Errorf("mean probability %v, share of positives %v", mean, share)
	}
}

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

// The rows of a table are the kernel of its parts' definition, over block borders and with dense and sparse columns, far from 0.
func TestKernelTable(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	x := NewMatrix(2*tableBlock+37, 6)
	for i := range x.Rows {
		for j := range 3 {
			x.Row(i)[j] = float32(r.NormFloat64()) + 100
		}
		x.Row(i)[3+r.IntN(3)] = 1 // 1 in 3: dense
		if r.IntN(20) > 0 {
			x.Row(i)[5] = 0 // and with this, sparse
		}
	}
	for _, k := range []kernelOf{{KernelRBF, .3, 0, 3}, {KernelPoly, .0001, 1, 3}, {KernelLinear, 1, 0, 3}} {
		table := newKernelTable(k, x)
		if len(table.dense) != 5 || len(table.lists) != 1 {
			t.Fatalf("%d dense and %d sparse columns", len(table.dense), len(table.lists))
		}
		var q query
		for _, i := range []int{0, 5, tableBlock, x.Rows - 1} {
			table.prepare(x.Row(i), &q)
			for b := range table.blocks {
				out := make([]float32, table.size(b))
				table.block(&q, b, out)
				for o, got := range out {
					var dot, square float64
					for j, v := range x.Row(b*tableBlock + o) {
						u := float64(x.Row(i)[j])
						dot += u * float64(v)
						square += (u - float64(v)) * (u - float64(v))
					}
					want := dot
					switch k.Kernel {
					case KernelRBF:
						want = math.Exp(-k.Gamma * square)
					case KernelPoly:
						want = math.Pow(k.Gamma*dot+k.Coef0, 3)
					}
					if math.Abs(float64(got)-want) > 3e-6*max(1, math.Abs(want)) {
						t.Fatalf("%s of rows %d and %d: %v, want %v", k.Kernel, i, b*tableBlock+o, got, want)
					}
				}
			}
		}
	}
}

func TestExpAll(t *testing.T) {
	for _, far := range []bool{false, true} {
		for v := float32(1e-6); v > -86; v -= .0137 {
			x := []float32{v, v, v, v, v, v, v, v, v} // eight for the processor's own way, one for ours
			expAll(x, far)
			for _, got := range x {
				want := math.Exp(float64(v))
				if math.Abs(float64(got)/want-1) > 2e-7+1e-7*math.Abs(float64(v)) {
					t.Fatalf("e^%v is %v, want %v", v, got, want)
				}
			}
		}
	}
	x := []float32{-88, -100, -1e30, float32(math.Inf(-1)), -88, -88, -88, -88, -100}
	expAll(x, true)
	for _, v := range x {
		if !(v >= 0 && v < 2e-38) {
			t.Errorf("far below: %v", v)
		}
	}
}

func TestRowCache(t *testing.T) {
	c := newRowCache(5, make([]float32, 10)) // two rows
	fill := func(key int32) {
		row, filled := c.get(key, 0)
		if filled {
			t.Errorf("row %d is there", key)
		}
		for k := range row {
			row[k] = float32(key)
		}
	}
	has := func(key int32) bool { return c.slotOf[key] >= 0 }
	fill(1)
	fill(2)
	if row, filled := c.get(1, 0); !filled || row[4] != 1 {
		t.Errorf("row 1: %v %v", row, filled)
	}
	fill(3) // 2 was used before 1
	if has(2) || !has(1) || !has(3) {
		t.Error("it is not the row used longest ago that went")
	}
	if row, _ := c.get(4, 2); row != nil {
		t.Error("a row that must be kept was given up")
	}
	if row, filled := newRowCache(5, nil).get(1, 0); row != nil || filled {
		t.Error("a row in no room")
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
