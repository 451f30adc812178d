package numeric

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSolveSPDByHand(t *testing.T) {
	// 4x + 2y = 10, 2x + 3y = 11 has x = 1, y = 3. The factor is [2 0; 1 sqrt(2)]. What stands above the diagonal is not read.
	a, b := []float64{4, math.NaN(), 2, 3}, []float64{10, 11}
	if err := SolveSPD(2, a, b); err != nil {
		t.Fatal(err)
	}
	if math.Abs(b[0]-1) > 1e-15 || math.Abs(b[1]-3) > 1e-15 {
		t.Errorf("%v, want [1 3]", b)
	}
	if a[0] != 2 || a[2] != 1 || a[3] != math.Sqrt(2) {
		t.Errorf("the factor is %v", a)
	}
}

func TestSolveSPDFindsThePlanted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, n := range []int{1, 15, 16, 17, 64, 200} {
		a, x, b := make([]float64, n*n), make([]float64, n), make([]float64, n)
		for range n + 5 {
			v := make([]float64, n)
			for i := range v {
				v[i] = rng.NormFloat64()
			}
			for i := range n {
				for j := range n {
					a[i*n+j] += v[i] * v[j]
				}
			}
		}
		for i := range n {
			x[i] = rng.NormFloat64()
			a[i*n+i]++
		}
		for i := range n {
			b[i] = Dot64(a[i*n:(i+1)*n], x)
		}
		if err := SolveSPD(n, a, b); err != nil {
			t.Fatal(err)
		}
		// The condition is at most the trace, about n*n: 4e4 * 1e-16.
		for i := range x {
			if math.Abs(b[i]-x[i]) > 1e-11 {
				t.Fatalf("n=%d: x[%d] = %g, want %g", n, i, b[i], x[i])
			}
		}
	}
}

func TestSolveSPDNamesThePivot(t *testing.T) {
	// The second pivot is 1 - 2*2/1 = -3.
	err := SolveSPD(2, []float64{1, 2, 2, 1}, []float64{1, 1})
	var not *NotPositiveDefiniteError
	if !errors.As(err, &not) || not.Pivot != 1 || not.Value != -3 {
		t.Errorf("got %v, want pivot 1 of -3", err)
	}
	if err := SolveSPD(1, []float64{math.NaN()}, []float64{1}); !errors.As(err, &not) {
		t.Errorf("NaN: %v", err)
	}
}

func TestConjugateGradient(t *testing.T) {
	// In exact arithmetic n steps are enough; as many as a matrix has different eigenvalues, here 3, are too.
	eigen := []float32{1, 2, 5, 5, 2, 1, 1, 5}
	mul := func(to, v []float32) {
		for i := range v {
			to[i] = eigen[i] * v[i]
		}
	}
	b := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	x, work := make([]float32, 8), make([]float32, 24)
	steps := ConjugateGradient(mul, b, x, work, 8, 1e-5)
	if steps != 3 {
		t.Errorf("%d steps, want 3", steps)
	}
	for i := range x {
		if want := b[i] / eigen[i]; math.Abs(float64(x[i]-want)) > 1e-4 {
			t.Errorf("x[%d] = %g, want %g", i, x[i], want)
		}
	}
	before := slices.Clone(x)
	if steps := ConjugateGradient(mul, b, x, work, 8, 1e-4); steps != 0 || !slices.Equal(x, before) {
		t.Errorf("%d steps from the solution", steps)
	}
	// Nothing to solve: zero is the answer, and no division by zero makes it NaN.
	if steps := ConjugateGradient(mul, make([]float32, 8), make([]float32, 8), work, 8, 0); steps != 0 {
		t.Errorf("%d steps for b = 0", steps)
	}
	if n := testing.AllocsPerRun(5, func() { clear(x); ConjugateGradient(mul, b, x, work, 8, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDotAndAxpy(t *testing.T) {
	// 1*1 + 2*2 + ... + n*n = n(n+1)(2n+1)/6, exact in float32 up to 2^24: n = 300 gives 9045050.
	for _, n := range []int{0, 1, 7, 8, 63, 64, 300} {
		x, y := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i], y[i] = float32(i+1), 1
		}
		if got, want := Dot(x, x), float32(n*(n+1)*(2*n+1)/6); got != want {
			t.Errorf("n=%d: %g, want %g", n, got, want)
		}
		Axpy(2, x, y)
		for i := range y {
			if want := float32(2*i + 3); y[i] != want {
				t.Fatalf("n=%d: y[%d] = %g, want %g", n, i, y[i], want)
			}
		}
	}
}

func BenchmarkSolveSPD(b *testing.B) {
	for _, n := range []int{64, 128, 256} {
		a, r := make([]float64, n*n), make([]float64, n)
		whole := make([]float64, n*n)
		for i := range n {
			for j := range n {
				whole[i*n+j] = 1 / float64(1+i+j)
			}
			whole[i*n+i] += 2
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(a, whole)
				if err := SolveSPD(n, a, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAxpy(b *testing.B) {
	for _, n := range []int{32, 64, 128, 41000} {
		x, y := make([]float32, n), make([]float32, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			for b.Loop() {
				Axpy(2, x, y)
			}
		})
	}
}
