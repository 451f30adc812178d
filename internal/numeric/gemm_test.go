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

// kernels are all that this machine can run.
func kernels() []kernel { return append(vectorKernels(), portable) }

// randomDense has normal entries and a stride beyond its columns, of which the rest is NaN: what reads or writes there shows.
func randomDense(rng *rand.Rand, rows, cols int) Dense {
	d := Dense{Rows: rows, Cols: cols, Stride: cols + 3, Data: make([]float32, rows*(cols+3))}
	for i := range d.Data {
		d.Data[i] = float32(math.NaN())
	}
	for i := range rows {
		for j := range d.Row(i) {
			d.Row(i)[j] = float32(rng.NormFloat64())
		}
	}
	return d
}

func transposed(d Dense) Dense {
	t := NewDense(d.Cols, d.Rows)
	for i := range d.Rows {
		for j, x := range d.Row(i) {
			t.Row(j)[i] = x
		}
	}
	return t
}

func cloned(d Dense) Dense {
	d.Data = slices.Clone(d.Data)
	return d
}

func TestGemmByHand(t *testing.T) {
	// [1 2; 3 4] [5 6; 7 8] = [1*5+2*7 1*6+2*8; 3*5+4*7 3*6+4*8] = [19 22; 43 50], twice that is added to ones.
	a := Dense{2, 2, 2, []float32{1, 2, 3, 4}}
	b := Dense{2, 2, 2, []float32{5, 6, 7, 8}}
	want := []float32{39, 45, 87, 101}
	for _, k := range kernels() {
		c := Dense{2, 2, 2, []float32{1, 1, 1, 1}}
		if err := gemm(context.Background(), k, 2, 2, a, false, b, false, c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Data, want) {
			t.Errorf("%s: %v, want %v", k.name, c.Data, want)
		}
	}
}

// Every kernel, transposition and edge against sums in float64. The error of a float32 sum of n products of normals is of the order
// sqrt(n) * 6e-8 * sqrt(n) at most; 8 times that is not reached by chance.
func TestGemmAgainstFloat64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{1, 1, 1}, {5, 7, 3}, {12, 32, 10}, {13, 33, 385}, {6, 16, 384}, {490, 300, 70}, {37, 513, 800}, {3, 2, 0}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := randomDense(rng, m, k), randomDense(rng, k, n), randomDense(rng, m, n)
		want := make([]float64, m*n)
		for i := range m {
			for j := range n {
				want[i*n+j] = float64(c.Row(i)[j])
				for l := range k {
					want[i*n+j] -= 1.5 * float64(a.Row(i)[l]) * float64(b.Row(l)[j])
				}
			}
		}
		for _, with := range kernels() {
			for form := range 4 {
				ta, tb := form&1 == 1, form&2 == 2
				opA, opB := a, b
				if ta {
					opA = transposed(a)
				}
				if tb {
					opB = transposed(b)
				}
				got := cloned(c)
				if err := gemm(context.Background(), with, 2, -1.5, opA, ta, opB, tb, got); err != nil {
					t.Fatal(err)
				}
				bound := 8 * 6e-8 * float64(k+1)
				for i := range m {
					for j := range n {
						if x := float64(got.Row(i)[j]); !(math.Abs(x-want[i*n+j]) <= bound) {
							t.Fatalf("%s %v form %d: entry %d %d is %g, want %g", with.name, s, form, i, j, x, want[i*n+j])
						}
					}
					for j := n; j < got.Stride; j++ {
						if !math.IsNaN(float64(got.Data[i*got.Stride+j])) {
							t.Fatalf("%s %v: wrote beyond the row %d", with.name, s, i)
						}
					}
				}
			}
		}
	}
}

// The vector kernels add in the same order, and the threads and tiles do not matter.
func TestGemmSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := randomDense(rng, 501, 777), randomDense(rng, 777, 290)
	run := func(with kernel, threads int) []float32 {
		c := NewDense(501, 290)
		if err := gemm(context.Background(), with, threads, 1, a, false, b, false, c); err != nil {
			t.Fatal(err)
		}
		return c.Data
	}
	vector := vectorKernels()
	for _, with := range kernels() {
		one := run(with, 1)
		for _, threads := range []int{2, 7} {
			if !slices.Equal(run(with, threads), one) {
				t.Errorf("%s: %d threads give other bits than one", with.name, threads)
			}
		}
		if with.name != portable.name && !slices.Equal(one, run(vector[0], 1)) {
			t.Errorf("%s gives other bits than %s", with.name, vector[0].name)
		}
	}
}

func TestGemmRefuses(t *testing.T) {
	x := NewDense(3, 2)
	for name, err := range map[string]error{
		"shapes": Gemm(context.Background(), 1, 1, x, false, x, false, NewDense(3, 2)),
		"data":   Gemm(context.Background(), 1, 1, Dense{3, 2, 2, make([]float32, 5)}, false, x, true, NewDense(3, 3)),
		"stride": Gemm(context.Background(), 1, 1, Dense{3, 2, 1, make([]float32, 6)}, false, x, true, NewDense(3, 3)),
		"result": Gemm(context.Background(), 1, 1, x, false, x, true, NewDense(3, 2)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := Gemm(ctx, 2, 1, x, false, x, true, NewDense(3, 3)); !errors.Is(err, cause) {
		t.Errorf("a cancelled product returned %v", err)
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{256, 1024, 4096} {
		rng := rand.New(rand.NewPCG(5, 6))
		x, y, c := randomDense(rng, n, n), randomDense(rng, n, n), NewDense(n, n)
		for _, with := range kernels() {
			b.Run(fmt.Sprintf("n=%d/kernel=%s", n, with.name), func(b *testing.B) {
				for b.Loop() {
					if err := gemm(context.Background(), with, 0, 1, x, false, y, false, c); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(2*float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
