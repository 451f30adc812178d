package learn

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMixtureAgainstReference(t *testing.T) {
	for _, s := range clusterReferences(t).Sets {
		x := &Matrix{s.Rows, s.Cols, s.X}
		for _, f := range s.Fits {
			for _, diagonal := range []bool{false, true} {
				want := f.Full
				if diagonal {
					want = f.Diagonal
				}
				m, err := FitMixture(context.Background(), x, MixtureConfig{K: f.K, Diagonal: diagonal, Tolerance: 1e-12, Iterations: 5000, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%d rows, k=%d, diagonal %v: ", s.Rows, f.K, diagonal)
				agree(t, what+"log-likelihood", m.LogLikelihood, want.LogLikelihood, 1e-7)
				agree(t, what+"BIC", m.BIC, want.BIC, 1e-3)
				var weights []float64
				for _, c := range m.Components {
					weights = append(weights, c.Weight)
				}
				slices.Sort(weights)
				slices.Reverse(weights)
				agreeAll(t, what+"weights", weights, want.Weights, 1e-4)
				r := make([]float64, x.Rows*f.K)
				mean, err := m.Responsibilities(context.Background(), x, r, 0)
				if err != nil {
					t.Fatal(err)
				}
				agree(t, what+"likelihood of responsibilities", mean, m.LogLikelihood, 1e-12)
				for i := range x.Rows {
					sum := 0.0
					for _, v := range r[i*f.K : (i+1)*f.K] {
						sum += v
					}
					if math.Abs(sum-1) > 1e-12 {
						t.Fatalf("%sthe responsibilities of row %d add up to %v", what, i, sum)
					}
				}
			}
		}
	}
}

func TestMixtureByHand(t *testing.T) {
	// One component is the normal distribution of mean 2 and variance ((1-2)^2 + 0 + (3-2)^2)/3 = 2/3, far from 0 to show that
	// no digits are lost.
	const far = 4096
	x := &Matrix{3, 1, []float32{far + 1, far + 2, far + 3}}
	for _, diagonal := range []bool{false, true} {
		m, err := FitMixture(context.Background(), x, MixtureConfig{K: 1, Diagonal: diagonal, Ridge: 1e-12})
		if err != nil {
			t.Fatal(err)
		}
		agree(t, "mean", m.Components[0].Mean[0], far+2, 0)
		agree(t, "variance", m.Components[0].Covariance[0][0], 2./3, 1e-11)
		agree(t, "weight", m.Components[0].Weight, 1, 0)
		likelihood := -.5*math.Log(2*math.Pi*2/3) - .5
		agree(t, "log-likelihood", m.LogLikelihood, likelihood, 1e-11)
		agree(t, "BIC", m.BIC, -6*likelihood+2*math.Log(3), 1e-9)
	}
}

// Two long crossed clouds, which k-means cuts wrongly: planted means, weights and covariances come back, and BIC wants two.
func TestMixtureFindsWhatWasPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	x, of := NewMatrix(8000, 2), make([]int32, 8000)
	for i := range of {
		a, b := 3*r.NormFloat64(), .5*r.NormFloat64()
		if of[i] = int32(i % 4 / 3); of[i] == 1 { // a quarter
			a, b = 4+.5*r.NormFloat64(), 3+3*r.NormFloat64()
		}
		x.Row(i)[0], x.Row(i)[1] = float32(a), float32(b)
	}
	var bic []float64
	for k := 1; k <= 3; k++ {
		m, err := FitMixture(context.Background(), x, MixtureConfig{K: k, Tolerance: 1e-7, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		bic = append(bic, m.BIC)
		if k != 2 {
			continue
		}
		c := m.Components
		if c[0].Weight < c[1].Weight {
			c[0], c[1] = c[1], c[0]
		}
		agree(t, "weight", c[0].Weight, .75, .02)
		agree(t, "variance", c[0].Covariance[0][0], 9, .5)
		agree(t, "variance", c[0].Covariance[1][1], .25, .03)
		agree(t, "mean", c[1].Mean[0], 4, .1)
		agree(t, "mean", c[1].Mean[1], 3, .3)
		one, err := FitMixture(context.Background(), x, MixtureConfig{K: k, Tolerance: 1e-7, Seed: 2, Threads: 1})
		if err != nil || one.LogLikelihood != m.LogLikelihood {
			t.Errorf("one thread gives another mixture (%v)", err)
		}
	}
	if bic[1] > bic[0] || bic[1] > bic[2] {
		t.Errorf("BIC %v", bic)
	}
}

func TestMixtureStartsTakeTheBest(t *testing.T) {
	x, _ := blobs(1000, 4, 4, 5, 3)
	last := math.Inf(-1)
	for _, starts := range []int{1, 2, 8} {
		m, err := FitMixture(context.Background(), x, MixtureConfig{K: 3, Starts: starts})
		if err != nil {
			t.Fatal(err)
		}
		if m.LogLikelihood < last {
			t.Errorf("%d starts reach %v, fewer reach %v", starts, m.LogLikelihood, last)
		}
		last = m.LogLikelihood
	}
}

func TestMixtureOfColumnsThatHangTogether(t *testing.T) {
	x := NewMatrix(100, 2)
	for i := range x.Rows {
		x.Row(i)[0], x.Row(i)[1] = float32(i), float32(i)
	}
	if _, err := FitMixture(context.Background(), x, MixtureConfig{K: 2}); err != nil {
		t.Errorf("the ridge does not help: %v", err)
	}
	if _, err := FitMixture(context.Background(), x, MixtureConfig{K: 0}); err == nil {
		t.Error("no components were accepted")
	}
	m, err := FitMixture(context.Background(), x, MixtureConfig{K: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Responsibilities(context.Background(), x, make([]float64, 3), 0); err == nil {
		t.Error("too little room was accepted")
	}
	// What is exported is enough, as after a file.
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var again Mixture
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	likelihood, err := again.Responsibilities(context.Background(), x, make([]float64, 100), 0)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "log-likelihood after a file", likelihood, m.LogLikelihood, 1e-12)
	again.Components[0].Covariance = nil
	if _, err := again.Responsibilities(context.Background(), x, make([]float64, 100), 0); err == nil {
		t.Error("a component without covariance was accepted")
	}
}

func BenchmarkMixture(b *testing.B) {
	x, _ := blobs(50_000, 10, 4, 4, 1)
	for _, diagonal := range []bool{true, false} {
		b.Run(fmt.Sprintf("rows=50000/columns=10/k=4/diagonal=%v", diagonal), func(b *testing.B) {
			for b.Loop() {
				m, err := FitMixture(context.Background(), x, MixtureConfig{K: 4, Diagonal: diagonal, Iterations: 20, Tolerance: 1e-300})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(m.Iterations), "iterations")
			}
		})
	}
}
