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

// randomSPD is x'x + ridge*I of a matrix x of normals with rows rows.
func randomSPD(t testing.TB, rng *rand.Rand, n, rows int, ridge float32) Dense {
	t.Helper()
	x, a := randomDense(rng, rows, n), NewDense(n, n)
	if err := Gram(context.Background(), 0, x, a); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		a.Row(i)[i] += ridge
	}
	return a
}

// residual is the largest entry of |a b - I| in some 50 rows, with sums in float64. Each of them sees all of b.
func residual(a, b Dense) float64 {
	worst := 0.0
	sum := make([]float64, a.Rows)
	for i := 0; i < a.Rows; i += 1 + a.Rows/50 {
		clear(sum)
		sum[i] = -1
		for k, x := range a.Row(i) {
			for j, y := range b.Row(k) {
				sum[j] += float64(x) * float64(y)
			}
		}
		for _, s := range sum {
			worst = max(worst, math.Abs(s))
		}
	}
	return worst
}

func TestInvertByHand(t *testing.T) {
	// [4 2; 2 3] has the determinant 8, so its inverse is [3 -2; -2 4]/8. The upper half of what is given is not read.
	for _, with := range kernels() {
		a := Dense{2, 2, 2, []float32{4, float32(math.NaN()), 2, 3}}
		if err := invertSPD(context.Background(), with, 1, a, nil); err != nil {
			t.Fatal(err)
		}
		if want := []float32{.375, -.25, -.25, .5}; !slices.Equal(a.Data, want) {
			t.Errorf("%s: %v, want %v", with.name, a.Data, want)
		}
	}
}

// Sizes around those of the blocks, and a stride. The condition of x'x + n of n normals is about 5, so a residual of
// sqrt(n) roundings of 6e-8 times 5 is expected; 1e-5 is far from what a wrong block gives.
func TestInvertResidual(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 31, 383, 384, 385, 500} {
		a := randomSPD(t, rng, n, n, float32(n))
		for _, with := range kernels() {
			inverse := Dense{n, n, n + 5, make([]float32, n*(n+5))}
			for i := range n {
				copy(inverse.Row(i), a.Row(i))
			}
			if err := invertSPD(context.Background(), with, 2, inverse, nil); err != nil {
				t.Fatal(err)
			}
			if r := residual(a, inverse); !(r < 1e-5) {
				t.Errorf("%s: n=%d: |A inv(A) - I| is %g", with.name, n, r)
			}
			for i := range n {
				for j := range i {
					if inverse.Row(i)[j] != inverse.Row(j)[i] {
						t.Fatalf("n=%d: the inverse is not symmetric at %d %d", n, i, j)
					}
				}
			}
		}
	}
}

// inverse64 is the inverse in float64.
func inverse64(a Dense) []float64 {
	n := a.Rows
	l, inv, out := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j, x := range a.Row(i) {
			l[i*n+j] = float64(x)
		}
	}
	cholesky(n, l)
	invertLower(n, l, inv)
	for i := range n {
		for j := range n {
			from := max(i, j)
			out[i*n+j] = Dot64(inv[i*n+from:(i+1)*n], inv[j*n+from:(j+1)*n])
		}
	}
	return out
}

// What is lost where the matrix is ill-conditioned: in parts of the largest entry, some 1e-9 times the condition, and less than the
// 1e-8 of InvertSPD's comment. The matrices have eigenvalues spread evenly in logarithms from 1 to the condition, in random directions.
func TestInvertIllConditioned(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	const n = 450
	for _, condition := range []float64{1e2, 1e4, 1e6} {
		d := make([]float64, n*n)
		for i := range n {
			d[i*n+i] = math.Pow(condition, float64(i)/(n-1))
		}
		for range 12 {
			reflect(rng, n, d)
		}
		a := NewDense(n, n)
		for i := range d {
			a.Data[i] = float32(d[i])
		}
		want := inverse64(a)
		got := cloned(a)
		if err := InvertSPD(context.Background(), 0, got, nil); err != nil {
			t.Fatal(err)
		}
		worst, largest := 0.0, 0.0
		for i, w := range want {
			worst, largest = max(worst, math.Abs(float64(got.Data[i])-w)), max(largest, math.Abs(w))
		}
		t.Logf("condition %g: off by %.2g of the largest entry; |A inv(A) - I| is %.2g", condition, worst/largest, residual(a, got))
		if worst/largest > 1e-8*condition {
			t.Errorf("condition %g: off by %g of the largest entry", condition, worst/largest)
		}
	}
}

// reflect is d <- H d H with a random H = I - 2 v v', |v| = 1.
func reflect(rng *rand.Rand, n int, d []float64) {
	v := make([]float64, n)
	norm := 0.0
	for i := range v {
		v[i] = rng.NormFloat64()
		norm += v[i] * v[i]
	}
	for i := range v {
		v[i] /= math.Sqrt(norm)
	}
	for range 2 { // H d, transposed; twice is H d H, as d is symmetric
		for j := range n {
			p := 0.0
			for i := range n {
				p += v[i] * d[i*n+j]
			}
			for i := range n {
				d[i*n+j] -= 2 * v[i] * p
			}
		}
		for i := range n {
			for j := range i {
				d[i*n+j], d[j*n+i] = d[j*n+i], d[i*n+j]
			}
		}
	}
}

func TestInvertNamesThePivot(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	a := randomSPD(t, rng, 500, 500, 500)
	a.Row(431)[431] = -1
	err := InvertSPD(context.Background(), 0, a, nil)
	var not *NotPositiveDefiniteError
	if !errors.As(err, &not) || not.Pivot != 431 || not.Value >= -1 {
		t.Errorf("got %v, want pivot 431 below its entry of -1", err)
	}
	for _, x := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		a := Dense{1, 1, 1, []float32{x}}
		if err := InvertSPD(context.Background(), 0, a, nil); !errors.As(err, &not) {
			t.Errorf("%v: %v", x, err)
		}
	}
	if err := InvertSPD(context.Background(), 0, NewDense(2, 3), nil); err == nil {
		t.Error("2 x 3: no error")
	}
	if err := InvertSPD(context.Background(), 0, Dense{}, nil); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

func TestInvertSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	a := randomSPD(t, rng, 900, 300, 10)
	for _, with := range kernels() {
		one := cloned(a)
		if err := invertSPD(context.Background(), with, 1, one, nil); err != nil {
			t.Fatal(err)
		}
		three := cloned(a)
		if err := invertSPD(context.Background(), with, 3, three, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(one.Data, three.Data) {
			t.Errorf("%s: three threads give other bits than one", with.name)
		}
	}
}

func TestInvertCancelled(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	a := randomSPD(t, rng, 1000, 10, 1)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	calls := 0
	err := InvertSPD(ctx, 0, a, func(done, total int) {
		calls++
		if done != 1 || total != 3 {
			t.Errorf("progress says %d of %d, want 1 of 3", done, total)
		}
		cancel(cause)
	})
	if !errors.Is(err, cause) || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func BenchmarkInvertSPD(b *testing.B) {
	for _, n := range []int{2000, 10000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(6, 1))
			a := randomSPD(b, rng, n, 100, 50)
			for b.Loop() {
				// An inverse is as good a matrix as another.
				if err := InvertSPD(context.Background(), 0, a, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
