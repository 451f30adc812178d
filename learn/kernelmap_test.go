package learn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// rbf is the kernel by its definition.
func rbf(gamma float64, x, y []float32) float64 {
	square := 0.
	for j, v := range x {
		square += (float64(v) - float64(y[j])) * (float64(v) - float64(y[j]))
	}
	return math.Exp(-gamma * square)
}

func product(x, y []float32) (sum float64) {
	for j, v := range x {
		sum += float64(v) * float64(y[j])
	}
	return sum
}

// With every row a landmark, and rows twice of which one copy must be left out, the features' products are the kernel.
func TestNystroemExact(t *testing.T) {
	x := caseStudy(90, 1).X
	x = x.Take(append(slices.Repeat([]int32{3, 7}, 5), sequence(90)...))
	m, err := FitKernelMap(context.Background(), x, KernelMap{Components: 100, Gamma: .05})
	if err != nil {
		t.Fatal(err)
	}
	if m.Features() > 90 {
		t.Errorf("%d features of 90 different rows", m.Features())
	}
	z, err := m.Transform(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x.Rows {
		for j := range x.Rows {
			if got, want := product(z.Row(i), z.Row(j)), rbf(.05, x.Row(i), x.Row(j)); math.Abs(got-want) > 1e-4 {
				t.Fatalf("rows %d and %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

func sequence(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// With few landmarks the products are k(x,L) K^-1 k(L,y), here by a general solver.
func TestNystroemFormula(t *testing.T) {
	x := caseStudy(400, 2).X
	m, err := FitKernelMap(context.Background(), x, KernelMap{Components: 20, Gamma: .05, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if m.Features() != 20 {
		t.Fatalf("%d features", m.Features())
	}
	k := mat.NewDense(20, 20, nil)
	for a := range 20 {
		for b := range 20 {
			k.Set(a, b, rbf(.05, m.Landmarks.Row(a), m.Landmarks.Row(b)))
		}
	}
	side := func(row []float32) *mat.VecDense {
		v := mat.NewVecDense(20, nil)
		for a := range 20 {
			v.SetVec(a, rbf(.05, m.Landmarks.Row(a), row))
		}
		return v
	}
	z, err := m.Transform(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		var solved mat.VecDense
		if err := solved.SolveVec(k, side(x.Row(i))); err != nil {
			t.Fatal(err)
		}
		for j := range 30 {
			if got, want := product(z.Row(i), z.Row(j)), mat.Dot(&solved, side(x.Row(j))); math.Abs(got-want) > 1e-4 {
				t.Fatalf("rows %d and %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

// A product is the mean of cos w.(x-y) over 1000 frequencies, of variance (1+k^4)/2 - k^2 <= 1/2 for a kernel of k: a standard
// error of at most sqrt(.5/1000) = .0224. The worst of 40 x 40 lies within 5 of them.
func TestFourierApproaches(t *testing.T) {
	x := caseStudy(40, 3).X
	m, err := FitKernelMap(context.Background(), x, KernelMap{Method: MapFourier, Components: 1999, Gamma: .05})
	if err != nil {
		t.Fatal(err)
	}
	if m.Features() != 2000 {
		t.Errorf("%d features, want 1999 rounded up", m.Features())
	}
	z, err := m.Transform(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if one := product(z.Row(i), z.Row(i)); math.Abs(one-1) > 1e-5 { // cos^2 + sin^2
			t.Errorf("row %d has length^2 %v", i, one)
		}
		for j := range 40 {
			if got, want := product(z.Row(i), z.Row(j)), rbf(.05, x.Row(i), x.Row(j)); math.Abs(got-want) > .112 {
				t.Errorf("rows %d and %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

func TestKernelMapErrors(t *testing.T) {
	x := caseStudy(40, 3).X
	for _, c := range []struct {
		want string
		x    *Matrix
		c    KernelMap
	}{
		{"no rows", nil, KernelMap{}},
		{"components", x, KernelMap{Components: -1}},
		{"components", x, KernelMap{Components: maxComponents + 1}},
		{"method", x, KernelMap{Method: "laplace"}},
		{"gamma", x, KernelMap{Gamma: math.Inf(1)}},
		{"finite", &Matrix{Rows: 1, Cols: 1, Data: []float32{float32(math.NaN())}}, KernelMap{}},
	} {
		if _, err := FitKernelMap(context.Background(), c.x, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error of %q", c.c, err, c.want)
		}
	}
	m, err := FitKernelMap(context.Background(), x, KernelMap{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Transform(NewMatrix(2, 3)); err == nil {
		t.Error("three columns are taken")
	}
	far := NewMatrix(1, 47)
	far.Data[0] = math.MaxFloat32
	if z, err := m.Transform(far); err != nil || product(z.Row(0), z.Row(0)) != 0 {
		t.Errorf("far from all landmarks: %v, %v", z, err)
	}
}

// The gradient of the objective, computed anew over the features, is 0 at the model, whatever the threads and with or
// without a cache.
func TestMappedSVMOptimal(t *testing.T) {
	d := caseStudy(5000, 4) // more than one chunk
	d.Weight = make([]float32, 5000)
	for i := range d.Weight {
		d.Weight[i] = float32(i % 3)
	}
	for _, method := range []string{MapNystroem, MapFourier} {
		var first *MappedSVMModel
		for _, c := range []MappedSVM{{Threads: 1}, {Threads: 3}, {CacheMB: 1}} {
			c.Map, c.C, c.Tolerance, c.Folds = KernelMap{Method: method, Components: 60}, 3, 1e-6, 2
			m, err := FitMappedSVM(context.Background(), d, c)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged {
				t.Error("not converged")
			}
			if first == nil {
				first = m
			} else if !slices.Equal(m.Weights, first.Weights) || m.Intercept != first.Intercept || m.PlattA != first.PlattA {
				t.Errorf("%+v gives another model", c)
			}
		}
		z, err := first.Map.Transform(d.X)
		if err != nil {
			t.Fatal(err)
		}
		decision := make([]float64, 5000)
		if err := first.Decision(d.X, decision); err != nil {
			t.Fatal(err)
		}
		gradient := append(slices.Clone(first.Weights), 0)
		scale := 0. // of what the gradient is the difference of
		for i := range z.Rows {
			y, f := -1., first.Intercept
			if d.Y[i] {
				y = 1
			}
			for k, v := range z.Row(i) {
				f += first.Weights[k] * float64(v)
			}
			if math.Abs(f-decision[i]) > 1e-3 {
				t.Fatalf("row %d: decision %v, of the features %v", i, decision[i], f)
			}
			by := -2 * 3 * float64(d.Weight[i]) * y * max(0, 1-y*f)
			for k, v := range z.Row(i) {
				gradient[k] += by * float64(v)
			}
			gradient[60] += by
			scale += math.Abs(by)
		}
		if norm(gradient) > 1e-5*scale {
			t.Errorf("%s: a gradient of %v, of parts of %v", method, norm(gradient), scale)
		}
	}
}

// Over a map of 300 features the AUC comes near that of the exact machine with the same loss's cousin, and far above that of
// a line.
func TestMappedSVMNearKernel(t *testing.T) {
	train, test := rings(2000, 1), rings(1000, 2)
	p := make([]float64, 1000)
	exact, err := FitKernelSVM(context.Background(), train, KernelSVM{C: 10, Folds: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := exact.Predict(test.X, p); err != nil {
		t.Fatal(err)
	}
	want := rankAUC(p, test.Y)
	for _, method := range []string{MapNystroem, MapFourier} {
		m, err := FitMappedSVM(context.Background(), train, MappedSVM{C: 10, Map: KernelMap{Method: method}})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Predict(test.X, p); err != nil {
			t.Fatal(err)
		}
		if got := rankAUC(p, test.Y); got < want-.005 {
			t.Errorf("%s: AUC %v, of the kernel machine %v", method, got, want)
		}
		mean, share := 0., 0.
		for i, v := range p {
			mean += v / 1000
			if test.Y[i] {
				share += 1. / 1000
			}
		}
		if math.Abs(mean-share) > .02 {
			t.Errorf("%s: mean probability %v, share %v", method, mean, share)
		}
		roundTrip(t, m, test.X)
	}
	if m := (&MappedSVMModel{}); m.valid() == nil {
		t.Error("an empty model is valid")
	}
	bad := &MappedSVMModel{Columns: make([]Column, 2), Weights: make([]float64, 3),
		Map: &KernelMapping{Method: MapNystroem, Gamma: 1, Landmarks: NewMatrix(3, 2), Root: make([]float32, 8)}}
	if bad.valid() == nil {
		t.Error("a root of 8 values for 3 landmarks is valid")
	}
	bad.Map.Root = make([]float32, 9)
	if err := bad.valid(); err != nil {
		t.Error(err)
	}
	bad.Map.Method = MapFourier
	if bad.valid() == nil {
		t.Error("frequencies that are not there are valid")
	}
}

func BenchmarkMappedSVM(b *testing.B) {
	d := caseStudy(71306, 1)
	for _, method := range []string{MapNystroem, MapFourier} {
		for _, m := range []int{300, 1000} {
			b.Run(fmt.Sprintf("%s=%d/rows=71306", method, m), func(b *testing.B) {
				for b.Loop() {
					if _, err := FitMappedSVM(context.Background(), d, MappedSVM{Folds: -1, Map: KernelMap{Method: method, Components: m}}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
