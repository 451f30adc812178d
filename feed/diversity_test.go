package feed

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// order takes n candidates from p, each the one with the largest gain.
func order(p picker, candidates, n int) []int {
	taken := make([]bool, candidates)
	var out []int
	for range n {
		best, top := -1, math.Inf(-1)
		for i := range candidates {
			if g := p.gain(i); !taken[i] && (best < 0 || g > top) {
				best, top = i, g
			}
		}
		taken[best] = true
		p.take(best)
		out = append(out, best)
	}
	return out
}

func TestMarginalRelevanceByHand(t *testing.T) {
	// 0 and 1 are alike by .9, 2 is like neither. Lambda .6, best value 1.
	like := func(i, j int) float64 {
		if i == j {
			return 1
		}
		if i+j == 1 {
			return .9
		}
		return 0
	}
	p := new(marginal).of(.6, []float32{1, .9, .5}, like)
	// first .6*1, .6*.9, .6*.5: card 0; then .6*.9 - .4*.9 = .18 and .6*.5 - 0 = .3: card 2; then card 1
	if got := order(p, 3, 3); got[0] != 0 || got[1] != 2 || got[2] != 1 {
		t.Errorf("order is %v; want 0, 2, 1", got)
	}
	p = new(marginal).of(.6, []float32{1, .9, .5}, like)
	p.take(0)
	if got := p.gain(1); math.Abs(got-.18) > 1e-6 {
		t.Errorf("gain of card 1 is %v; want .6*.9 - .4*.9 = .18", got)
	}
}

// TestDeterminantIsWhatGreedyGains: the gains of the cards taken add up to the log-determinant of their kernel, which is computed here anew.
func TestDeterminantIsWhatGreedyGains(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, dims, lambda = 40, 12, .7
	unit, value := make([][dims]float64, n), make([]float32, n)
	for i := range unit {
		var sum float64
		for d := range unit[i] {
			unit[i][d] = r.NormFloat64()
			sum += unit[i][d] * unit[i][d]
		}
		for d := range unit[i] {
			unit[i][d] /= math.Sqrt(sum)
		}
		value[i] = r.Float32()
	}
	like := func(i, j int) float64 {
		var s float64
		for d := range dims {
			s += unit[i][d] * unit[j][d]
		}
		return s
	}
	logDet := func(rows []int) float64 {
		alpha, top := lambda/(2*(1-lambda)), topOf(value)
		k := mat.NewSymDense(len(rows), nil)
		for a, i := range rows {
			for b, j := range rows[:a+1] {
				k.SetSym(a, b, math.Exp(alpha*float64(value[i])/top)*like(i, j)*math.Exp(alpha*float64(value[j])/top))
			}
		}
		det, sign := mat.LogDet(k)
		if sign <= 0 {
			t.Fatalf("the kernel of %v is not positive definite", rows)
		}
		return det
	}
	p := newDeterminantal(lambda, value, like)
	var taken []int
	total := 0.0
	for range 8 {
		best, top := -1, math.Inf(-1)
		for i := range n {
			if g := p.gain(i); g > top {
				best, top = i, g
			}
		}
		// Greedy: no other card gives a larger determinant.
		for i := range n {
			if i != best && p.left[i] > 0 && logDet(append(append([]int(nil), taken...), i)) > total+top+1e-9 {
				t.Fatalf("after %v, card %d multiplies the determinant more than card %d", taken, i, best)
			}
		}
		total += top
		p.take(best)
		taken = append(taken, best)
		if want := logDet(taken); math.Abs(total-want) > 1e-8 {
			t.Fatalf("gains of %v add up to %v; the log-determinant is %v", taken, total, want)
		}
	}
}

func TestDeterminantOfTwins(t *testing.T) {
	twins := func(i, j int) float64 {
		if i == j || i+j == 1 {
			return 1
		}
		return 0
	}
	p := newDeterminantal(.7, []float32{1, 1, .1}, twins)
	if got := order(p, 3, 3); got[0] != 0 || got[1] != 2 || got[2] != 1 {
		t.Errorf("order is %v; want 0, 2 and then the twin 1, which spans nothing new", got)
	}
	if g := p.gain(1); !math.IsInf(g, -1) {
		t.Errorf("the twin gains %v; want -Inf", g)
	}
}
