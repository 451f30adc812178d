package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestDeLongByHand(t *testing.T) {
	// Positives .8 .4, negatives .6 .2. Of the negatives, .8 beats both, .4 one: placements 1, 1/2. Of the positives, one is
	// above .6, two above .2: 1/2, 1. AUC 3/4; each variance is 1/8, divided by 2: SE^2 = 1/16 + 1/16.
	a, err := DeLong([]bool{true, true, false, false}, []float64{.8, .4, .6, .2})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "AUC", a.Value, .75, 1e-15)
	agree(t, "SE", a.SE, math.Sqrt(.125), 1e-15)
	agree(t, "low", a.Low, .75-normal95*math.Sqrt(.125), 1e-15)
	agree(t, "high", a.High, 1, 0)
}

// bruteDeLong is the covariance of two AUCs from the definition, by all pairs.
func bruteDeLong(y []bool, a, b []float64) float64 {
	psi := func(p []float64, i, j int) float64 {
		switch {
		case p[i] > p[j]:
			return 1
		case p[i] == p[j]:
			return .5
		}
		return 0
	}
	var pos, neg []int
	for i, v := range y {
		if v {
			pos = append(pos, i)
		} else {
			neg = append(neg, i)
		}
	}
	component := func(p []float64) (v10, v01 []float64, auc float64) {
		v10, v01 = make([]float64, len(pos)), make([]float64, len(neg))
		for k, i := range pos {
			for l, j := range neg {
				s := psi(p, i, j)
				v10[k] += s / float64(len(neg))
				v01[l] += s / float64(len(pos))
				auc += s / float64(len(neg)*len(pos))
			}
		}
		return
	}
	a10, a01, aucA := component(a)
	b10, b01, aucB := component(b)
	var s10, s01 float64
	for k := range pos {
		s10 += (a10[k] - aucA) * (b10[k] - aucB) / float64(len(pos)-1)
	}
	for l := range neg {
		s01 += (a01[l] - aucA) * (b01[l] - aucB) / float64(len(neg)-1)
	}
	return s10/float64(len(pos)) + s01/float64(len(neg))
}

func TestDeLongAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 20 {
		n := 10 + 6*round
		y, a, b := make([]bool, n), make([]float64, n), make([]float64, n)
		for i := range n {
			y[i] = i%3 == 0
			f := r.NormFloat64()
			if y[i] {
				f++
			}
			a[i] = math.Round(4*f) / 4 // ties
			b[i] = f + r.NormFloat64()
		}
		d, err := CompareAUC(y, a, b)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, "covariance", d.Covariance, bruteDeLong(y, a, b), 1e-14)
		agree(t, "variance of A", d.A.SE*d.A.SE, bruteDeLong(y, a, a), 1e-14)
		agree(t, "variance of B", d.B.SE*d.B.SE, bruteDeLong(y, b, b), 1e-14)
		variance := bruteDeLong(y, a, a) + bruteDeLong(y, b, b) - 2*bruteDeLong(y, a, b)
		agree(t, "SE", d.SE, math.Sqrt(variance), 1e-12)
		agree(t, "z", d.Z, (AUC(y, a, nil)-AUC(y, b, nil))/math.Sqrt(variance), 1e-9)
	}
}

func TestCompareAUCOfEqualAndOppositeScores(t *testing.T) {
	y, p := scoredRows(500, 3)
	d, err := CompareAUC(y, p, p)
	if err != nil || d.Difference != 0 || d.SE != 0 || d.Z != 0 || d.P != 1 {
		t.Errorf("a score against itself: %+v, %v", d, err)
	}
	perfect, opposite := make([]float64, len(y)), make([]float64, len(y))
	for i, v := range y {
		if v {
			perfect[i] = 1
		} else {
			opposite[i] = 1
		}
	}
	if d, _ = CompareAUC(y, perfect, opposite); d.Difference != 1 || d.P == d.P {
		t.Errorf("without any variance: %+v", d)
	}
	if _, err := CompareAUC(y, p, p[1:]); err == nil {
		t.Error("fewer scores were accepted")
	}
	if _, err := DeLong([]bool{true, false, false}, []float64{1, 2, 3}); err == nil {
		t.Error("one positive was accepted")
	}
}

// Under equality, p-values below .05 must come in about 5% of the trials.
func TestDeLongHoldsItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const trials, n = 600, 200
	rejected := 0
	for range trials {
		y, a, b := make([]bool, n), make([]float64, n), make([]float64, n)
		for i := range n {
			y[i] = r.IntN(3) == 0
			f := r.NormFloat64()
			if y[i] {
				f++
			}
			a[i], b[i] = f+r.NormFloat64(), f+r.NormFloat64()
		}
		if d, err := CompareAUC(y, a, b); err != nil {
			t.Fatal(err)
		} else if d.P < .05 {
			rejected++
		}
	}
	// binomial: 30, standard deviation 5.3
	if rejected < 14 || rejected > 47 {
		t.Errorf("%d of %d trials rejected at 5%%", rejected, trials)
	}
}

func TestCompareWithBest(t *testing.T) {
	y, good := scoredRows(4000, 4)
	r := rand.New(rand.NewPCG(1, 1))
	fair, noise := make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		fair[i], noise[i] = good[i]+.2*r.NormFloat64(), r.Float64()
	}
	got, err := CompareWithBest(y, [][]float64{fair, good, noise, good})
	if err != nil {
		t.Fatal(err)
	}
	if !got[1].Best || got[0].Best || got[3].Best || got[1].Adjusted == got[1].Adjusted {
		t.Errorf("the best: %+v", got)
	}
	if got[3].Adjusted != 1 || !(got[0].Adjusted < .001) || !(got[2].Adjusted < 1e-20) || !(got[2].Difference.Difference > .2) {
		t.Errorf("adjusted %v %v %v", got[0].Adjusted, got[2].Adjusted, got[3].Adjusted)
	}
	// Three comparisons: the smallest p times 3, the next times 2.
	agree(t, "Holm", got[0].Adjusted, 2*got[0].Difference.P, 1e-15)
}

func TestBootstrapDifferenceAgreesWithDeLong(t *testing.T) {
	y, a := scoredRows(2000, 12)
	r := rand.New(rand.NewPCG(1, 4))
	b := make([]float64, len(a))
	for i := range b {
		b[i] = a[i] + .15*r.NormFloat64()
	}
	want, err := CompareAUC(y, a, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := BootstrapDifference(context.Background(), y, a, b, nil, nil, AUC, BootstrapConfig{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "difference", got.Difference.Value, want.Difference, 1e-12)
	agree(t, "SE", got.Difference.SE, want.SE, .08*want.SE)
	agree(t, "low", got.Difference.Low, want.Low, .3*want.SE)
	agree(t, "high", got.Difference.High, want.High, .3*want.SE)
	if !(got.Difference.SE < .8*got.A.SE) {
		t.Error("the pairing gained nothing")
	}
	if got.P > .01 {
		t.Errorf("p %v where DeLong has %v", got.P, want.P)
	}
	same, err := BootstrapDifference(context.Background(), y, a, a, nil, nil, AUC, BootstrapConfig{Replicates: 50})
	if err != nil || same.P != 1 || same.Difference.SE != 0 {
		t.Errorf("a score against itself: %+v, %v", same, err)
	}
}

func TestMcNemar(t *testing.T) {
	for _, c := range metricReferences(t).Binomial {
		onlyA, onlyB := int(c[0]), int(c[1])
		n := onlyA + onlyB + 100
		y, a, b := make([]bool, n), make([]bool, n), make([]bool, n)
		for i := range n {
			y[i] = i%2 == 0
			a[i], b[i] = y[i], y[i]
			switch {
			case i < onlyA:
				b[i] = !y[i]
			case i < onlyA+onlyB:
				a[i] = !y[i]
			case i%5 == 0:
				a[i], b[i] = !y[i], !y[i] // both wrong: of no account
			}
		}
		d, err := McNemar(y, a, b)
		if err != nil || d.OnlyA != onlyA || d.OnlyB != onlyB {
			t.Fatalf("%+v, %v, want %d and %d", d, err, onlyA, onlyB)
		}
		agree(t, fmt.Sprint("p of ", c[:2]), d.P, c[2], 1e-9*c[2])
		agree(t, "difference", d.Difference, float64(onlyA-onlyB)/float64(n), 1e-15)
	}
	// 3 against 1 of 10 rows: difference .2, variance (4 - 10*.04)/100.
	y := make([]bool, 10)
	a := []bool{false, false, false, true, false, false, false, false, false, false}
	b := []bool{true, true, true, false, false, false, false, false, false, false}
	d, err := McNemar(y, a, b)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "low", d.Low, .2-normal95*math.Sqrt(.036), 1e-15)
	agree(t, "p", d.P, 2*5./16, 1e-12) // P(X <= 1) of 4 throws is 5/16
	if d, _ := McNemar(y, y, y); d.P != 1 {
		t.Errorf("no disagreement: p %v", d.P)
	}
	if _, err := McNemar(y, a, b[1:]); err == nil {
		t.Error("fewer predictions were accepted")
	}
}

func TestHolm(t *testing.T) {
	// .01*3, then .03*2 = .06, then .04*1 which must not fall below .06.
	agreeAll(t, "adjusted", Holm([]float64{.04, .01, .03}), []float64{.06, .03, .06}, 1e-15)
	q := Holm([]float64{math.NaN(), .5, .9})
	if q[0] == q[0] || q[1] != 1 || q[2] != 1 {
		t.Errorf("adjusted %v", q)
	}
	if len(Holm(nil)) != 0 {
		t.Error("something of nothing")
	}
}
