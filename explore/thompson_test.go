package explore

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// known are counts that a test states.
type known map[int32][3]float64

func (k known) Card(item int32) (shows, clicks, expected float64) {
	c := k[item]
	return c[0], c[1], c[2]
}

func poolOf(n int) *Pool {
	p := &Pool{}
	for i := range n {
		p.Items, p.Age = append(p.Items, int32(i)), append(p.Age, int32(i))
	}
	return p
}

func chancesOf(p Policy, pool *Pool) []float64 {
	out := make([]float64, len(pool.Items))
	p.Chances(pool, out)
	return out
}

// gamma draws from a gamma distribution of a shape of at least 1 and rate 1 (Marsaglia and Tsang, ACM TOMS 2000).
func gamma(r *rand.Rand, shape float64) float64 {
	d := shape - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(r.Float64()) < .5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// TestThompsonIsTheChanceToBeBest: against draws from the gamma posteriors themselves.
func TestThompsonIsTheChanceToBeBest(t *testing.T) {
	worst := 0.0
	for name, counts := range map[string]known{
		"none known":            {},
		"all well known":        {0: {9, 900, 1000}, 1: {9, 1000, 1000}, 2: {9, 1020, 1000}, 3: {9, 990, 1000}},
		"one known, others new": {0: {9, 3000, 2000}},
		"few clicks":            {0: {9, 0, 3}, 1: {9, 1, 3}, 2: {9, 2, 3}, 3: {9, 3, 3}, 4: {9, 6, 3}},
		"one far ahead":         {0: {9, 4000, 1000}, 1: {9, 900, 1000}, 2: {9, 0, 100}},
		"some of each":          {0: {9, 40, 30}, 1: {9, 4, 1}, 2: {9, 700, 600}, 3: {9, 0, 10}, 4: {9, 9, 8}, 5: {9, 100, 100}, 6: {9, 13, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := NewThompson(counts, ThompsonConfig{})
			if err != nil {
				t.Fatal(err)
			}
			pool := poolOf(8)
			got := chancesOf(policy, pool)
			const draws = 400_000
			r := rand.New(rand.NewPCG(1, 2))
			best := make([]float64, len(got))
			for range draws {
				top, at := -1.0, 0
				for k, item := range pool.Items {
					_, clicks, expected := counts.Card(item)
					if v := gamma(r, 4+clicks) / (4 + expected); v > top {
						top, at = v, k
					}
				}
				best[at] += 1. / draws
			}
			for k := range got {
				worst = max(worst, math.Abs(got[k]-best[k]))
				// .01, and four standard errors of a share of 400,000 draws: 4*sqrt(.25/400000) = .0032
				if math.Abs(got[k]-best[k]) > .01+.0032 {
					t.Errorf("card %d is shown with chance %.4f; it is the best with %.4f", k, got[k], best[k])
				}
			}
		})
	}
	t.Logf("the largest difference is %.4f", worst)
}

// exactBest is the chance of independent normals to be the largest, by a sum over a fine grid.
func exactBest(mean, sd []float64) []float64 {
	low, high, step := math.Inf(1), math.Inf(-1), math.Inf(1)
	for i := range mean {
		low, high, step = min(low, mean[i]-8*sd[i]), max(high, mean[i]+8*sd[i]), min(step, sd[i]/40)
	}
	out := make([]float64, len(mean))
	for x := low; x < high; x += step {
		for i := range mean {
			z := (x - mean[i]) / sd[i]
			term := math.Exp(-z*z/2) / (sd[i] * math.Sqrt(2*math.Pi)) * step
			for j := range mean {
				if j != i {
					term *= .5 * math.Erfc(-(x-mean[j])/sd[j]/math.Sqrt2)
				}
			}
			out[i] += term
		}
	}
	return out
}

// TestBestOfNormals: within .005 of a fine sum, whatever the normals are.
func TestBestOfNormals(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	for trial := range 60 {
		var room bestRoom
		n := 2 + r.IntN(15)
		for range n {
			room.mean, room.sd = append(room.mean, 1+.3*r.NormFloat64()), append(room.sd, .01*math.Exp(3.5*r.Float64()))
		}
		got, want := make([]float64, n), exactBest(room.mean, room.sd)
		room.best(got)
		sum := 0.0
		for k := range got {
			sum += got[k]
			worst = max(worst, math.Abs(got[k]-want[k]))
			if math.Abs(got[k]-want[k]) > .006 {
				t.Errorf("trial %d: normal %d of %v, %v is the largest with chance %.4f; want %.4f", trial, k, room.mean, room.sd, got[k], want[k])
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("trial %d: chances sum to %v", trial, sum)
		}
	}
	t.Logf("the largest difference is %.5f", worst)
}

func BenchmarkThompson(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{4, 16, 64} {
		b.Run(fmt.Sprintf("pool=%d", n), func(b *testing.B) {
			counts := known{}
			for i := range n {
				expected := 50 * r.Float64()
				counts[int32(i)] = [3]float64{100, math.Floor(expected * (.5 + r.Float64())), expected}
			}
			policy, err := NewThompson(counts, ThompsonConfig{})
			if err != nil {
				b.Fatal(err)
			}
			pool, out := poolOf(n), make([]float64, n)
			for b.Loop() {
				clear(out)
				policy.Chances(pool, out)
			}
		})
	}
}
