package numeric

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomSparse has about density of its values.
func randomSparse(rng *rand.Rand, rows, cols int, density float64, values bool) *Sparse {
	s := &Sparse{Rows: rows, Cols: cols, Start: []int64{0}}
	for range rows {
		for j := range cols {
			if rng.Float64() < density {
				s.Index = append(s.Index, int32(j))
				if values {
					s.Value = append(s.Value, float32(rng.NormFloat64()))
				}
			}
		}
		s.Start = append(s.Start, int64(len(s.Index)))
	}
	return s
}

func TestGramSparseByHand(t *testing.T) {
	// x = [2 0 3; 0 1 0; 4 0 -1]: x'x = [2*2+4*4 0 2*3-4*1; 0 1 0; 2 0 3*3+1].
	x := &Sparse{Rows: 3, Cols: 3, Start: []int64{0, 2, 3, 5}, Index: []int32{0, 2, 1, 0, 2}, Value: []float32{2, 3, 1, 4, -1}}
	c := NewDense(3, 3)
	if err := GramSparse(context.Background(), 2, x, c); err != nil {
		t.Fatal(err)
	}
	if want := []float32{20, 0, 2, 0, 1, 0, 2, 0, 10}; !slices.Equal(c.Data, want) {
		t.Errorf("%v, want %v", c.Data, want)
	}
}

func TestGramSparseAgainstDense(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for _, values := range []bool{false, true} {
		x := randomSparse(rng, 200, 130, .1, values)
		dense := NewDense(200, 130)
		for r := range 200 {
			for k := x.Start[r]; k < x.Start[r+1]; k++ {
				dense.Row(r)[x.Index[k]] = 1
				if values {
					dense.Row(r)[x.Index[k]] = x.Value[k]
				}
			}
		}
		want := NewDense(130, 130)
		if err := Gram(context.Background(), 0, dense, want); err != nil {
			t.Fatal(err)
		}
		var one []float32
		for _, threads := range []int{1, 3} {
			// What stood there before does not matter.
			got := Dense{130, 130, 131, slices.Repeat([]float32{float32(math.NaN())}, 130*131)}
			if err := GramSparse(context.Background(), threads, x, got); err != nil {
				t.Fatal(err)
			}
			var all []float32
			for i := range 130 {
				all = append(all, got.Row(i)...)
				for j, w := range want.Row(i) {
					// Some 20 products of normals at most: roundings of 6e-8 each.
					if math.Abs(float64(got.Row(i)[j]-w)) > 1e-5 {
						t.Fatalf("entry %d %d is %g, want %g", i, j, got.Row(i)[j], w)
					}
				}
			}
			if one == nil {
				one = all
			}
			if !slices.Equal(all, one) {
				t.Error("three threads give other bits than one")
			}
		}
	}
}

func TestGramSparseRefuses(t *testing.T) {
	for name, x := range map[string]*Sparse{
		"starts":     {Rows: 2, Cols: 2, Start: []int64{0, 1}, Index: []int32{0}},
		"descending": {Rows: 1, Cols: 2, Start: []int64{0, 2}, Index: []int32{1, 0}},
		"twice":      {Rows: 1, Cols: 2, Start: []int64{0, 2}, Index: []int32{1, 1}},
		"beyond":     {Rows: 1, Cols: 2, Start: []int64{0, 1}, Index: []int32{2}},
		"negative":   {Rows: 1, Cols: 2, Start: []int64{0, 1}, Index: []int32{-1}},
		"values":     {Rows: 1, Cols: 2, Start: []int64{0, 1}, Index: []int32{1}, Value: []float32{1, 2}},
		"backwards":  {Rows: 2, Cols: 2, Start: []int64{0, 2, 1}, Index: []int32{1}},
	} {
		if err := GramSparse(context.Background(), 1, x, NewDense(2, 2)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	x := &Sparse{Rows: 1, Cols: 2, Start: []int64{0, 1}, Index: []int32{1}}
	if err := GramSparse(context.Background(), 1, x, NewDense(2, 3)); err == nil {
		t.Error("shape of the result: no error")
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := GramSparse(ctx, 2, x, NewDense(2, 2)); !errors.Is(err, cause) {
		t.Errorf("a cancelled call returned %v", err)
	}
}

func BenchmarkGramSparse(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 8))
	x := randomSparse(rng, 20000, 5000, .01, false)
	c := NewDense(5000, 5000)
	b.Run(fmt.Sprintf("rows=20000/cols=5000/values=%d", len(x.Index)), func(b *testing.B) {
		for b.Loop() {
			if err := GramSparse(context.Background(), 0, x, c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
