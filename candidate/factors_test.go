package candidate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
)

// randomTable is n vectors of d normal numbers.
func randomTable(seed uint64, n, d int) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	table := make([]float32, n*d)
	for k := range table {
		table[k] = float32(random.NormFloat64())
	}
	return table
}

// drawnMatrix has each value with the given chance; a third are below 0 if signed.
func drawnMatrix(tb testing.TB, seed uint64, users, items int, chance float64, signed bool) *Matrix {
	tb.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	var entries []Entry
	for u := range int32(users) {
		for i := range int32(items) {
			if random.Float64() >= chance {
				continue
			}
			value := float32(1)
			if signed {
				value = .5 + 2*random.Float32()
				if random.IntN(3) == 0 {
					value = -value / 4
				}
			}
			entries = append(entries, Entry{u, i, value})
		}
	}
	m, err := NewMatrix(users, items, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// dense is a table in float64.
func dense(table []float32, d int) *mat.Dense {
	m := mat.NewDense(len(table)/d, d, nil)
	for k, x := range table {
		m.Set(k/d, k%d, float64(x))
	}
	return m
}

func within(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestGramTable(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 5000} {
		const d = 7
		table := randomTable(3, n, d)
		var want mat.Dense
		want.Mul(dense(table, d).T(), dense(table, d))
		var first []float64
		for _, threads := range []int{1, 3} {
			got, err := gramTable(t.Context(), table, d, threads)
			if err != nil {
				t.Fatal(err)
			}
			for k, g := range got {
				if !within(g, want.At(k/d, k%d), 1e-9*float64(n)) {
					t.Fatalf("n %d: entry %d is %v, want %v", n, k, g, want.At(k/d, k%d))
				}
			}
			if first == nil {
				first = got
			} else if !slices.Equal(first, got) {
				t.Errorf("n %d: another sum with %d threads", n, threads)
			}
		}
	}
}

func TestCholesky(t *testing.T) {
	// (4 2; 2 5) = L L' with L = (2 0; 1 2), and L L' x = (8, 9) has the solution x = (11/8, 5/4): 4*11/8 + 2*5/4 = 8, 2*11/8 + 5*5/4 = 9.
	a, b := []float32{4, 0, 2, 5}, []float32{8, 9}
	cholesky(a, 2)
	if a[0] != 2 || a[2] != 1 || a[3] != 2 {
		t.Errorf("the factor is %v", a)
	}
	solveCholesky(a, 2, b)
	if b[0] != 11./8 || b[1] != 5./4 {
		t.Errorf("the solution is %v, want 1.375 1.25", b)
	}
	const n = 60
	g, err := gramTable(t.Context(), randomTable(5, 3*n, n), n, 1)
	if err != nil {
		t.Fatal(err)
	}
	l, x := narrow(g), randomTable(6, 1, n)
	right := make([]float32, n)
	for i := range n {
		right[i] = dot(narrow(g[i*n:(i+1)*n]), x)
	}
	cholesky(l, n)
	solveCholesky(l, n, right)
	for i := range n {
		if !within(float64(right[i]), float64(x[i]), 1e-3) {
			t.Fatalf("entry %d is %v, want %v", i, right[i], x[i])
		}
	}
	// A matrix without rank gives no NaN.
	flat := []float32{1, 1, 1, 1}
	cholesky(flat, 2)
	if x := flat[3]; !(x > 0) {
		t.Errorf("the second pivot of a matrix of ones is %v", x)
	}
}

func TestScoreTables(t *testing.T) {
	const d, n, users = 5, 4000, 3
	q, table := randomTable(1, users, d), randomTable(2, n, d)
	got, want := make([]float32, users*n), make([]float32, n)
	scoreTables(q, table, d, got)
	for u := range users {
		scoreTable(q[u*d:(u+1)*d], table, want)
		for i, w := range want {
			if !within(float64(w), float64(got[u*n+i]), 1e-5) {
				t.Fatalf("user %d, item %d: %v together, %v alone", u, i, got[u*n+i], w)
			}
		}
	}
	if got := float64(want[17]); !within(got, mat.Dot(dense(q, d).RowView(2), dense(table, d).RowView(17)), 1e-5) {
		t.Errorf("item 17 scores %v", got)
	}
}

// TestAlias adds up the chances that a table gives each number.
func TestAlias(t *testing.T) {
	for _, weight := range [][]float64{{1}, {0, 1, 0}, {1, 1, 1, 1}, {5, 0, .1, 2, 2, 1000}} {
		a, sum := newAlias(weight), 0.
		got := make([]float64, len(weight))
		for i := range weight {
			sum += weight[i]
			got[i] += float64(a.keep[i])
			got[a.other[i]] += 1 - float64(a.keep[i])
		}
		for i := range weight {
			if !within(got[i]/float64(len(weight)), weight[i]/sum, 1e-6) {
				t.Errorf("%v: %d is drawn with chance %v, want %v", weight, i, got[i]/float64(len(weight)), weight[i]/sum)
			}
		}
		random := rand.New(rand.NewPCG(1, 1))
		for range 1000 {
			if i := a.draw(random); weight[i] == 0 {
				t.Errorf("%v: %d was drawn", weight, i)
			}
		}
	}
}

// TestFoldWithout holds what a fold says of a missing item against folding in again without it.
func TestFoldWithout(t *testing.T) {
	const d, n = 6, 40
	table := randomTable(9, n, d)
	gram, err := gramTable(t.Context(), table, d, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, exponent := range []float64{0, 1, 2} {
		f := &folder{dim: d, table: table, gram: narrow(gram), alpha: .1,
			reg:    func(mass float64) float32 { return float32(.1 * math.Pow(mass+4, exponent)) },
			target: func(_ int32, value float32) float32 { return max(0, min(1, value)) }}
		h := History{Item: []int32{3, 7, 8, 20, 33}, Value: []float32{1, -.3, 2, .5, 1}}
		whole := slices.Clone(f.fold(&h).user)
		for k := range h.Item {
			less := History{Item: slices.Delete(slices.Clone(h.Item), k, k+1), Value: slices.Delete(slices.Clone(h.Value), k, k+1)}
			got := f.without(f.fold(&h), k)
			for p, w := range f.fold(&less).user {
				if !within(float64(whole[p]-got[p]), float64(w), 2e-4) {
					t.Errorf("exponent %v, without item %d: number %d is %v, want %v", exponent, h.Item[k], p, whole[p]-got[p], w)
				}
			}
		}
	}
}

// TestFactorsCancelled: fits that would take minutes end soon after they are no longer wanted.
func TestFactorsCancelled(t *testing.T) {
	m := drawnMatrix(t, 1, 2000, 1000, .05, false)
	stopped := errors.New("stopped by the test")
	for _, l := range []Learner{
		IALS{Epochs: 1e6}, IALS{Epochs: 1e6, Dim: 256, Block: 256}, BPR{Epochs: 1e6}, PureSVD{Iterations: 1e6}, GraphFilter{Iterations: 1e6}, Embedding{Epochs: 1e6},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(50*time.Millisecond, func() { cancel(stopped) })
		if s, err := l.Fit(ctx, m); s != nil || !errors.Is(err, stopped) {
			t.Errorf("%s: %v, %v; want the cause", l.Kind(), s, err)
		}
	}
}

// TestFactorsSettings: each setting out of its range is an error of its own.
func TestFactorsSettings(t *testing.T) {
	m := drawnMatrix(t, 1, 5, 5, .5, false)
	nan, inf := math.NaN(), math.Inf(1)
	for _, l := range []Learner{
		IALS{Dim: -1}, IALS{Dim: maxDim + 1}, IALS{Alpha: -1}, IALS{Alpha: nan}, IALS{Alpha: inf}, IALS{Reg: -1}, IALS{Reg: inf}, IALS{RegExponent: 3},
		IALS{RegExponent: nan}, IALS{InitStd: -1}, IALS{Epochs: -1}, IALS{Block: -1},
		BPR{Dim: -1}, BPR{Epochs: -1}, BPR{Rate: -1}, BPR{Rate: inf}, BPR{Reg: nan}, BPR{Popular: 5}, BPR{Popular: nan}, BPR{Shown: 2}, BPR{FoldAlpha: -1},
		BPR{FoldReg: -1},
		PureSVD{Dim: -1}, PureSVD{Dim: maxDim + 1}, PureSVD{Damping: 3}, PureSVD{Damping: nan}, PureSVD{Iterations: -1},
		GraphFilter{Dim: -1}, GraphFilter{Normalisation: 2}, GraphFilter{Normalisation: nan}, GraphFilter{Decay: 5}, GraphFilter{Linear: nan}, GraphFilter{Iterations: -1},
		Embedding{Dim: -1}, Embedding{Window: -1}, Embedding{Negative: -1}, Embedding{Power: 3}, Embedding{Subsample: nan}, Embedding{Epochs: -1},
		Embedding{Rate: -1}, Embedding{Rate: 11},
	} {
		if s, err := l.Fit(t.Context(), m); s != nil || err == nil {
			t.Errorf("%T %+v: %v, %v; want an error", l, l, s, err)
		}
	}
}

// TestFactorsValid: what was loaded and does not fit together is refused.
func TestFactorsValid(t *testing.T) {
	m := drawnMatrix(t, 1, 30, 20, .3, false)
	nan := float32(math.NaN())
	ials, err := FitIALS(t.Context(), m, IALS{Dim: 3})
	if err != nil {
		t.Fatal(err)
	}
	bpr, err := FitBPR(t.Context(), m, BPR{Dim: 3})
	if err != nil {
		t.Fatal(err)
	}
	svd, err := FitPureSVD(t.Context(), m, PureSVD{Dim: 3})
	if err != nil {
		t.Fatal(err)
	}
	filter, err := FitGraphFilter(t.Context(), m, GraphFilter{Dim: 3, Linear: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []stored{ials, bpr, svd, filter} {
		if err := s.valid(); err != nil {
			t.Errorf("%T: %v", s, err)
		}
	}
	for k, s := range []stored{
		&IALSModel{}, &BPRModel{}, &PureSVDModel{}, &GraphFilterModel{}, &EmbeddingModel{},
		&IALSModel{Dim: 3, Alpha: 1, Reg: 1, Factor: ials.Factor[:4], Gram: ials.Gram},
		&IALSModel{Dim: 3, Alpha: 1, Reg: 1, Factor: ials.Factor, Gram: ials.Gram[1:]},
		&IALSModel{Dim: 3, Alpha: 0, Reg: 1, Factor: ials.Factor, Gram: ials.Gram},
		&IALSModel{Dim: 3, Alpha: 1, Reg: math.NaN(), Factor: ials.Factor, Gram: ials.Gram},
		&IALSModel{Dim: 1, Alpha: 1, Reg: 1, Factor: []float32{1}, Gram: []float32{nan}},
		&BPRModel{Dim: 3, Factor: bpr.Factor, Bias: bpr.Bias[1:], Gram: bpr.Gram, FoldAlpha: 1, FoldReg: 1},
		&BPRModel{Dim: 3, Factor: bpr.Factor, Bias: bpr.Bias, Gram: nil, FoldAlpha: 1, FoldReg: 1},
		&BPRModel{Dim: 3, Factor: bpr.Factor, Bias: bpr.Bias, Gram: bpr.Gram, FoldAlpha: 1, FoldReg: -1},
		&BPRModel{Dim: 3, Factor: bpr.Factor, Bias: bpr.Bias, Gram: bpr.Gram, FoldAlpha: 1, FoldReg: 1, Margin: math.Inf(1)},
		&BPRModel{Dim: 1, Factor: []float32{1}, Bias: []float32{nan}, Gram: []float32{1}, FoldAlpha: 1, FoldReg: 1},
		&PureSVDModel{Dim: 3, Factor: svd.Factor, Singular: svd.Singular[1:]},
		&PureSVDModel{Dim: 1, Factor: []float32{nan}, Singular: []float32{1}},
		&GraphFilterModel{Dim: 3, Factor: filter.Factor, Scale: filter.Scale[1:], Linear: filter.Linear, Takers: filter.Takers},
		&GraphFilterModel{Dim: 3, Factor: filter.Factor, Scale: filter.Scale, Linear: nan, Takers: filter.Takers},
		&GraphFilterModel{Dim: 3, Factor: filter.Factor, Scale: filter.Scale, Linear: 1, Takers: Matrix{Start: []int64{0}}},
		&EmbeddingModel{Dim: 2, Factor: []float32{1, 2, 3}},
		&EmbeddingModel{Dim: maxDim + 1},
	} {
		if s.valid() == nil {
			t.Errorf("model %d, a %T, is said to be good", k, s)
		}
	}
}
