package candidate

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// rowsOf is m as a dense matrix.
func rowsOf(m *Matrix) *mat.Dense {
	d := mat.NewDense(m.Users, m.Items, nil)
	for u := range m.Users {
		h := m.History(u)
		for k, i := range h.Item {
			d.Set(u, int(i), float64(h.value(k)))
		}
	}
	return d
}

// TestSVD holds singular values and the span of their vectors against the dense decomposition.
func TestSVD(t *testing.T) {
	for name, m := range map[string]*Matrix{
		"binary": drawnMatrix(t, 1, 80, 50, .2, false),
		"signed": drawnMatrix(t, 2, 50, 80, .2, true),
	} {
		const d = 10
		var exact mat.SVD
		if !exact.Factorize(rowsOf(m), mat.SVDThin) {
			t.Fatal("no decomposition")
		}
		var right mat.Dense
		exact.VTo(&right)
		got, singular, err := svd(t.Context(), m, m.Transpose(), d, 60, 7, 2)
		if err != nil {
			t.Fatal(err)
		}
		for k, s := range exact.Values(nil)[:d] {
			if !within(float64(singular[k]), s, 1e-4*s) {
				t.Errorf("%s: singular value %d is %v, want %v", name, k, singular[k], s)
			}
		}
		top := right.Slice(0, m.Items, 0, d)
		var want, have mat.Dense
		want.Mul(top, top.T())
		have.Mul(dense(got, d), dense(got, d).T())
		for i := range m.Items {
			for j := range m.Items {
				if !within(want.At(i, j), have.At(i, j), 2e-3) {
					t.Fatalf("%s: the projection has %v at %d %d, want %v", name, have.At(i, j), i, j, want.At(i, j))
				}
			}
		}
	}
}

// TestSVDWithoutRank: a matrix of rank 2 asked for 4 values has two of them 0, with vectors of 0.
func TestSVDWithoutRank(t *testing.T) {
	// Users 0..3 take items 0 1, users 4..9 items 2 3 4: singular values are the roots of 4*2 and 6*3.
	var entries []Entry
	for u := range int32(10) {
		items := []int32{0, 1}
		if u >= 4 {
			items = []int32{2, 3, 4}
		}
		for _, i := range items {
			entries = append(entries, Entry{u, i, 1})
		}
	}
	m, err := NewMatrix(10, 6, entries)
	if err != nil {
		t.Fatal(err)
	}
	v, singular, err := svd(t.Context(), m, m.Transpose(), 4, 6, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{math.Sqrt(18), math.Sqrt(8), 0, 0} {
		if !within(float64(singular[k]), want, 1e-5) {
			t.Errorf("singular values %v; number %d should be %v", singular, k, want)
		}
	}
	for i := range 6 {
		if v[i*4+2] != 0 || v[i*4+3] != 0 {
			t.Errorf("item %d: a vector of no singular value is %v", i, v[i*4:(i+1)*4])
		}
	}
	// Projected, item 0 is spread evenly over 0 and 1: v v' is 1/2 there; items 2 to 4 have thirds.
	model := &PureSVDModel{Dim: 4, Factor: v, Singular: singular}
	out := make([]float32, 6)
	model.Scores(&History{Item: []int32{0, 2}, Value: []float32{1, -1}}, out)
	for i, want := range []float64{.5, .5, -1. / 3, -1. / 3, -1. / 3, 0} {
		if !within(float64(out[i]), want, 1e-5) {
			t.Errorf("scores are %v; item %d should have %v", out, i, want)
		}
	}
	if cause, share := model.Because(&History{Item: []int32{0, 2, 3}, Value: []float32{1, 1, 2}}, 4); cause != 3 || !within(float64(share), 2./3, 1e-5) {
		t.Errorf("item 4 because of %d with a share of %v, want 3 with 2/3", cause, share)
	}
}

// TestPureSVDDamping: columns of equal length are damped alike, so that damping changes nothing but the singular values.
func TestPureSVDDamping(t *testing.T) {
	// Each of 12 items has 4 users.
	var entries []Entry
	for i := range int32(12) {
		for k := range int32(4) {
			entries = append(entries, Entry{(i + k*k) % 12, i, 1})
		}
	}
	m, err := NewMatrix(12, 12, entries)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := FitPureSVD(t.Context(), m, PureSVD{Dim: 5, Damping: -1})
	if err != nil {
		t.Fatal(err)
	}
	damped, err := FitPureSVD(t.Context(), m, PureSVD{Dim: 5, Damping: .5})
	if err != nil {
		t.Fatal(err)
	}
	for k, s := range plain.Singular {
		// Columns of length 2 are divided by the root of 2.
		if want := float64(s) / math.Sqrt2; !within(float64(damped.Singular[k]), want, 1e-4) {
			t.Errorf("singular value %d is %v, want %v", k, damped.Singular[k], want)
		}
	}
}

// TestGraphFilterByHand: two users took items 0 and 1, one took 1 and 2; g = 1/2, b = 2.
func TestGraphFilterByHand(t *testing.T) {
	m, err := NewMatrix(3, 3, []Entry{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}, {2, 1, 1}, {2, 2, 1}})
	if err != nil {
		t.Fatal(err)
	}
	// With b = 2 and all vectors, V S^2 V' is the Gram matrix of |u|^-1/2 R |i|^-1/2, whose largest value is 1. Each user took 2, the items have
	// 2, 3 and 1 users, so that for two items it is (users of both) / 2 / root(users of one times users of the other).
	model, err := FitGraphFilter(t.Context(), m, GraphFilter{Dim: 3, Normalisation: .5, Decay: 2, Iterations: 30})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 3)
	model.Scores(&History{Item: []int32{0}}, out)
	scale := 1 / math.Sqrt(2) // the history's item 0 counts for |0|^-1/2
	for i, want := range []float64{scale * 2 / 2 / 2, scale * 2 / 2 / math.Sqrt(6), 0} {
		if !within(float64(out[i]), want, 1e-5) {
			t.Errorf("item %d scores %v, want %v", i, out[i], want)
		}
	}
	// The part that keeps all frequencies is the same Gram matrix, whose largest value is 1: of weight 1.5 it makes two and a half times as much of it.
	both, err := FitGraphFilter(t.Context(), m, GraphFilter{Dim: 3, Normalisation: .5, Decay: 2, Iterations: 30, Linear: 1.5})
	if err != nil {
		t.Fatal(err)
	}
	more := make([]float32, 3)
	for _, h := range []History{{Item: []int32{0}}, {Item: []int32{0, 2}, Value: []float32{1, -.5}}} {
		model.Scores(&h, out)
		for range 2 { // the second time in the room that the first left
			both.Scores(&h, more)
			for i, v := range out {
				if !within(float64(more[i]), 2.5*float64(v), 1e-5) {
					t.Errorf("%v: item %d scores %v, want 2.5 times %v", h, i, more[i], v)
				}
			}
		}
	}
	// Of item 1, item 0 adds 1/root(6) for |0|^-1/2, item 2 adds 1/2/root(3) for 1.
	a, b := 1/math.Sqrt(6)/math.Sqrt2, 1/2./math.Sqrt(3)
	if cause, share := both.Because(&History{Item: []int32{0, 2}}, 1); cause != 2 && b > a || cause != 0 && a > b || !within(float64(share), max(a, b)/(a+b), 1e-4) {
		t.Errorf("item %d with a share of %v; of 0 and 2 come %v and %v", cause, share, a, b)
	}
}

// TestGraphFilterLinearPart: the flatter the spectrum, the more is kept of all frequencies.
func TestGraphFilterLinearPart(t *testing.T) {
	spectrum := func(r float32) []float32 { // 32 values, the last r times the first
		s := slices.Repeat([]float32{2 * r}, 32)
		s[0] = 2
		return s
	}
	for _, c := range []struct {
		singular []float32
		want     float64
	}{
		{spectrum(.5), 150 * (.0625 - .00390625)},
		{spectrum(.2), 0},
		{spectrum(1)[:31], 0},
		{make([]float32, 40), 0},
	} {
		if got := linearPart(c.singular); !within(got, c.want, 1e-5) {
			t.Errorf("%v: %v, want %v", c.singular, got, c.want)
		}
	}
}

// TestGraphFilterWithoutFilter: with no normalisation and no decay a graph filter is a projection onto singular vectors.
func TestGraphFilterWithoutFilter(t *testing.T) {
	m := drawnMatrix(t, 5, 60, 40, .2, false)
	filter, err := FitGraphFilter(t.Context(), m, GraphFilter{Dim: 8, Normalisation: -1, Decay: -1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	pure, err := FitPureSVD(t.Context(), m, PureSVD{Dim: 8, Damping: -1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	h := History{Item: []int32{3, 9}, Value: []float32{1, -.5}}
	a, b := make([]float32, 40), make([]float32, 40)
	filter.Scores(&h, a)
	pure.Scores(&h, b)
	if !slices.Equal(a, b) {
		t.Errorf("filtered %v\nprojected %v", a, b)
	}
}

// TestGraphFilterLeavesOutNegatives: what users passed over is no edge of the graph.
func TestGraphFilterLeavesOutNegatives(t *testing.T) {
	signed := drawnMatrix(t, 5, 60, 40, .2, true)
	kept, err := positive(signed)
	if err != nil {
		t.Fatal(err)
	}
	a, err := FitGraphFilter(t.Context(), signed, GraphFilter{Dim: 8})
	if err != nil {
		t.Fatal(err)
	}
	b, err := FitGraphFilter(t.Context(), kept, GraphFilter{Dim: 8})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Factor, b.Factor) || !slices.Equal(a.Scale, b.Scale) {
		t.Error("negative values change the graph")
	}
}
