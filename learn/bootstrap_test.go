package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestPoissonWeights(t *testing.T) {
	const n = 1_000_001
	w := make([]float32, n)
	poissonWeights(rand.NewPCG(1, 2), w)
	var count [20]float64
	for _, v := range w {
		count[int(v)]++
	}
	p := math.Exp(-1)
	for k := range 8 {
		agree(t, fmt.Sprintf("share of %d", k), count[k]/n, p, 4.5*math.Sqrt(p/n)) // 4.5 standard errors
		p /= float64(k + 1)
	}
}

// For the mean of 0/1 the bootstrap must give the binomial standard error, and by group the error of group means.
func TestBootstrapOfAMean(t *testing.T) {
	const n, size = 4000, 20
	y, p, group := make([]bool, n), make([]float64, n), make([]int32, n)
	r := rand.New(rand.NewPCG(2, 3))
	for g := range n / size {
		share := .1
		if g%4 == 0 {
			share = .9
		}
		for k := range size {
			i := g*size + k
			y[i], p[i], group[i] = r.Float64() < share, r.Float64(), int32(7*g)
		}
	}
	mean := At(2, Accuracy) // nothing is predicted positive, so that it is the share of negatives
	m := mean(y, p, nil)
	cfg := BootstrapConfig{Replicates: 2000, Seed: 5}
	got, err := Bootstrap(context.Background(), y, p, nil, nil, mean, cfg)
	if err != nil {
		t.Fatal(err)
	}
	se := math.Sqrt(m * (1 - m) / n)
	agree(t, "SE", got.SE, se, .06*se) // 2000 replicates know it within 1.6%
	agree(t, "low", got.Low, m-1.96*se, .25*se)
	agree(t, "high", got.High, m+1.96*se, .25*se)
	agree(t, "value", got.Value, m, 0)

	// Group means are near .9 or .1, with a spread of .8*sqrt(1/4*3/4) plus what is binomial within: .09/20.
	se = math.Sqrt((.64*3/16 + .09/size) / (n / size))
	got, err = Bootstrap(context.Background(), y, p, nil, group, mean, cfg)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "SE by group", got.SE, se, .08*se)
}

func TestBootstrapOfAUCAgreesWithDeLong(t *testing.T) {
	y, p := scoredRows(3000, 8)
	want, err := DeLong(y, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Bootstrap(context.Background(), y, p, nil, nil, AUC, BootstrapConfig{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "SE", got.SE, want.SE, .08*want.SE)
	agree(t, "low", got.Low, want.Low, .25*want.SE)
	agree(t, "high", got.High, want.High, .25*want.SE)
	again, _ := Bootstrap(context.Background(), y, p, nil, nil, AUC, BootstrapConfig{Seed: 1, Threads: 1})
	if again != got {
		t.Errorf("one thread gives %v, several %v", again, got)
	}
	other, _ := Bootstrap(context.Background(), y, p, nil, nil, AUC, BootstrapConfig{Seed: 2})
	if other.SE == got.SE {
		t.Error("another seed gives the same draws")
	}
}

// A replicate is the metric of the rows, in any order, with their weights times what was drawn.
func TestBootstrapReplicatesAreWeightedRows(t *testing.T) {
	const n = 300
	y, p := scoredRows(n, 2)
	q := make([]float64, n)
	w, group := make([]float32, n), make([]int32, n)
	for i := range n {
		w[i], group[i], q[i] = float32(1+i%3), int32(i/2), math.Round(5*p[i])
	}
	cfg := BootstrapConfig{Replicates: 20, Seed: 9}
	for _, group := range [][]int32{nil, group} {
		got, err := replicate(context.Background(), y, [][]float64{p, q}, w, group, AUC, cfg)
		if err != nil {
			t.Fatal(err)
		}
		drawn, weight := make([]float32, n), make([]float32, n)
		if group != nil {
			drawn = drawn[:n/2]
		}
		for r, values := range got {
			poissonWeights(rand.NewPCG(cfg.Seed, uint64(r)), drawn)
			for i := range n {
				k := i
				if group != nil {
					k = i / 2
				}
				weight[i] = w[i] * drawn[k]
			}
			agreeAll(t, fmt.Sprint("replicate ", r), values, []float64{AUC(y, p, weight), AUC(y, q, weight)}, 1e-14)
		}
	}
}

func TestBootstrapRefuses(t *testing.T) {
	y, p := scoredRows(100, 1)
	ctx := context.Background()
	for what, f := range map[string]func() (Interval, error){
		"fewer scores": func() (Interval, error) { return Bootstrap(ctx, y, p[1:], nil, nil, AUC, BootstrapConfig{}) },
		"fewer groups": func() (Interval, error) { return Bootstrap(ctx, y, p, nil, make([]int32, 3), AUC, BootstrapConfig{}) },
		"no rows":      func() (Interval, error) { return Bootstrap(ctx, nil, nil, nil, nil, AUC, BootstrapConfig{}) },
		"level 2":      func() (Interval, error) { return Bootstrap(ctx, y, p, nil, nil, AUC, BootstrapConfig{Level: 2}) },
		"one class": func() (Interval, error) {
			return Bootstrap(ctx, make([]bool, 100), p, nil, nil, AUC, BootstrapConfig{})
		},
		"one replicate": func() (Interval, error) {
			return Bootstrap(ctx, y[:1], p[:1], nil, nil, AUC, BootstrapConfig{Replicates: 1})
		},
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestBootstrapEndsWithItsContext(t *testing.T) {
	y, p := scoredRows(50_000, 1)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(30*time.Millisecond, func() { cancel(why) })
	start := time.Now()
	if _, err := Bootstrap(ctx, y, p, nil, nil, AUC, BootstrapConfig{Replicates: 1_000_000}); !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it ended after %v", took)
	}
}

func BenchmarkBootstrapAUC(b *testing.B) {
	y, p := scoredRows(70_000, 1)
	b.Run("rows=70000/replicates=1000", func(b *testing.B) {
		for b.Loop() {
			if _, err := Bootstrap(context.Background(), y, p, nil, nil, AUC, BootstrapConfig{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
