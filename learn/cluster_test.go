package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// What scikit-learn makes of some rows; testdata/cluster/reference.py made it.
type clusterReference struct {
	Sets []struct {
		X          []float32
		Rows, Cols int
		Fits       []struct {
			K                   int
			Inertia, Silhouette float64
			Labels              []int32
			Full, Diagonal      struct {
				LogLikelihood, BIC float64
				Weights            []float64
			}
		}
	}
	Rand []struct {
		A, B  []int32
		Value float64
	}
	Shoppers []struct {
		K                   int
		Inertia, Silhouette float64
		Sizes               []int
	}
}

func clusterReferences(t *testing.T) (r clusterReference) {
	t.Helper()
	readStored(t, "testdata/cluster/reference.json", &r)
	return r
}

// blobs makes n rows around k centers that are spread standard deviations apart on k axes; the last of the p columns are noise.
func blobs(n, p, k int, spread float64, seed uint64) (*Matrix, []int32) {
	r := rand.New(rand.NewPCG(seed, 77))
	x, of := NewMatrix(n, p), make([]int32, n)
	for i := range n {
		of[i] = int32(r.IntN(k))
		for j := range x.Row(i) {
			x.Row(i)[j] = float32(r.NormFloat64())
			if int(of[i]) == j {
				x.Row(i)[j] += float32(spread / math.Sqrt2)
			}
		}
	}
	return x, of
}

func TestKMeansAgainstReference(t *testing.T) {
	for _, s := range clusterReferences(t).Sets {
		x := &Matrix{s.Rows, s.Cols, s.X}
		for _, f := range s.Fits {
			m, err := FitKMeans(context.Background(), x, KMeansConfig{K: f.K, Tolerance: 1e-300, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("%d rows, k=%d: ", s.Rows, f.K)
			agree(t, what+"inertia", m.Inertia, f.Inertia, 1e-9*f.Inertia)
			if v := AdjustedRand(m.Assignment, f.Labels); v != 1 {
				t.Errorf("%sthe clusters differ: %v", what, v)
			}
			if !m.Converged || !slices.IsSortedFunc(m.Sizes, func(a, b int) int { return b - a }) {
				t.Errorf("%s%+v", what, m.Sizes)
			}
			if f.K > 1 {
				v, err := Silhouette(context.Background(), x, m.Assignment, 0, 0, 0)
				if err != nil {
					t.Fatal(err)
				}
				agree(t, what+"silhouette", v, f.Silhouette, 1e-9)
			}
		}
	}
}

func TestKMeansByHand(t *testing.T) {
	// 0 1 | 10 11 12: centers .5 and 11, inertia 2*.25 + 2.
	x := &Matrix{5, 1, []float32{0, 1, 10, 11, 12}}
	m, err := FitKMeans(context.Background(), x, KMeansConfig{K: 2})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(m.Centers, m.Assignment, m.Sizes, m.Inertia) != "[[11] [0.5]] [1 1 0 0 0] [3 2] 2.5" {
		// upper bounds are rounded outwards by 1e-15
		agree(t, "inertia", m.Inertia, 2.5, 1e-14)
		if fmt.Sprint(m.Centers, m.Assignment, m.Sizes) != "[[11] [0.5]] [1 1 0 0 0] [3 2]" {
			t.Errorf("%+v", m)
		}
	}
}

// Plain Lloyd iterations, all distances each time, must come to the same end as those that spare distances.
func TestKMeansSparesOnlyDistancesThatDoNotMatter(t *testing.T) {
	x, _ := blobs(5000, 4, 3, 2, 9)
	ctx := context.Background()
	for k := 2; k < 9; k++ {
		centers, err := seedCenters(ctx, x, k, 1, rand.New(rand.NewPCG(uint64(k), 0)))
		if err != nil {
			t.Fatal(err)
		}
		fast := newLloyd(x, centers, 2)
		if err := fast.run(ctx, 1000, 0); err != nil {
			t.Fatal(err)
		}
		at := make([]int32, x.Rows)
		for changed := true; changed; {
			changed = false
			sum, n := make([][]float64, k), make([]float64, k)
			for c := range sum {
				sum[c] = make([]float64, x.Cols)
			}
			for i := range at {
				c, _, _ := nearestTwo(x.Row(i), centers)
				changed = changed || c != at[i]
				at[i] = c
				n[c]++
				for j, v := range x.Row(i) {
					sum[c][j] += float64(v)
				}
			}
			for c := range centers {
				for j := range centers[c] {
					centers[c][j] = sum[c][j] / n[c]
				}
			}
		}
		if !slices.Equal(at, fast.at) {
			t.Errorf("k=%d: the clusters differ", k)
		}
	}
}

func TestKMeansFindsBlobs(t *testing.T) {
	x, of := blobs(60_000, 10, 6, 8, 1) // more rows than the restarts compete on
	m, err := FitKMeans(context.Background(), x, KMeansConfig{K: 6, Seed: 4, SampleRows: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if v := AdjustedRand(m.Assignment, of); v < .999 {
		t.Errorf("adjusted Rand %v", v)
	}
	one, err := FitKMeans(context.Background(), x, KMeansConfig{K: 6, Seed: 4, SampleRows: 5000, Threads: 1})
	if err != nil || one.Inertia != m.Inertia || !slices.Equal(one.Assignment, m.Assignment) {
		t.Errorf("one thread gives another clustering (%v)", err)
	}
	a := make([]int32, x.Rows)
	if err := m.Assign(context.Background(), x, a, 0); err != nil || !slices.Equal(a, m.Assignment) {
		t.Errorf("rows are assigned otherwise than in the fit (%v)", err)
	}
}

func TestKMeansOfOnlineShoppers(t *testing.T) {
	columns, _ := shopperNumbers(t, "Administrative", "Administrative_Duration", "Informational", "Informational_Duration",
		"ProductRelated", "ProductRelated_Duration", "BounceRates", "ExitRates", "PageValues")
	x := NewMatrix(len(columns[0]), len(columns))
	for j, c := range columns {
		for i, v := range c {
			x.Row(i)[j] = float32(math.Log1p(v))
		}
	}
	for _, want := range clusterReferences(t).Shoppers {
		m, err := FitKMeans(context.Background(), x, KMeansConfig{K: want.K, Tolerance: 1e-300})
		if err != nil {
			t.Fatal(err)
		}
		agree(t, "inertia", m.Inertia, want.Inertia, 1e-6*want.Inertia)
		if !slices.Equal(m.Sizes, want.Sizes) {
			t.Errorf("sizes %v, want %v", m.Sizes, want.Sizes)
		}
		s, err := Silhouette(context.Background(), x, m.Assignment, 3000, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, "silhouette of a sample", s, want.Silhouette, .02)
	}
}

func TestKMeansRefillsEmptyClusters(t *testing.T) {
	// The third center is far from all rows and loses at once.
	x := &Matrix{6, 1, []float32{0, 1, 2, 10, 11, 30}}
	l := newLloyd(x, [][]float64{{1}, {12}, {1000}}, 1)
	if err := l.run(context.Background(), 50, 0); err != nil {
		t.Fatal(err)
	}
	agree(t, "inertia", l.inertia, 2+.5, 1e-12) // 0 1 2 | 10 11 | 30
}

func TestKMeansRefuses(t *testing.T) {
	ctx := context.Background()
	x, _ := blobs(50, 2, 2, 5, 1)
	bad := NewMatrix(3, 2)
	bad.Data[3] = float32(math.NaN())
	for what, f := range map[string]func() error{
		"nothing":          func() error { _, err := FitKMeans(ctx, nil, KMeansConfig{K: 1}); return err },
		"K 0":              func() error { _, err := FitKMeans(ctx, x, KMeansConfig{}); return err },
		"more K than rows": func() error { _, err := FitKMeans(ctx, x, KMeansConfig{K: 51}); return err },
		"NaN":              func() error { _, err := FitKMeans(ctx, bad, KMeansConfig{K: 1}); return err },
		"equal rows":       func() error { _, err := FitKMeans(ctx, NewMatrix(9, 2), KMeansConfig{K: 2}); return err },
		"a short matrix":   func() error { _, err := FitKMeans(ctx, &Matrix{2, 2, []float32{1}}, KMeansConfig{K: 1}); return err },
		"other columns":    func() error { return (&KMeans{Centers: [][]float64{{1}}}).Assign(ctx, x, make([]int32, 50), 0) },
	} {
		if f() == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

// endsWithin runs f under a context that is cancelled soon and wants its cause within a second.
func endsWithin(t *testing.T, what string, f func(context.Context) error) {
	t.Helper()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	start := time.Now()
	err := f(ctx)
	if took := time.Since(start); !errors.Is(err, why) || took > time.Second {
		t.Errorf("%s: %v after %v", what, err, took)
	}
}

func TestClusteringEndsWithItsContext(t *testing.T) {
	x, _ := blobs(40_000, 10, 3, 1, 1)
	endsWithin(t, "k-means", func(ctx context.Context) error {
		_, err := FitKMeans(ctx, x, KMeansConfig{K: 20, Restarts: 1000, Tolerance: 1e-300})
		return err
	})
	endsWithin(t, "silhouette", func(ctx context.Context) error {
		a := make([]int32, x.Rows)
		a[0] = 1
		_, err := Silhouette(ctx, x, a, 40_000, 0, 0)
		return err
	})
	endsWithin(t, "choice", func(ctx context.Context) error {
		_, err := ChooseClusters(ctx, x, ClusterChoiceConfig{Pairs: 1000})
		return err
	})
	endsWithin(t, "mixture", func(ctx context.Context) error {
		_, err := FitMixture(ctx, x, MixtureConfig{K: 10, Tolerance: 1e-300, Iterations: 100_000})
		return err
	})
}

func BenchmarkKMeans(b *testing.B) {
	for _, spread := range []float64{1, 6} { // one cloud, and blobs
		x, _ := blobs(300_000, 10, 6, spread, 1)
		b.Run(fmt.Sprintf("rows=300000/columns=10/k=6/spread=%v", spread), func(b *testing.B) {
			for b.Loop() {
				m, err := FitKMeans(context.Background(), x, KMeansConfig{K: 6})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(m.Inertia, "inertia")
			}
		})
	}
}
