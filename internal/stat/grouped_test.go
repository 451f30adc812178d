package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGroupRatioByHand(t *testing.T) {
	// Ratios without each group: (2+6)/20 = .4, (1+6)/20 = .35, (1+2)/20 = .15; mean .3, squares .01 + .0025 + .0225 = .035; times 2/3.
	g := GroupRatio([]float64{10, 10, 10, 0}, []float64{1, 2, 6, 0})
	near(t, "ratio", g.Value, .3)
	near(t, "error", g.SE, math.Sqrt(.035*2/3))
	near(t, "degrees of freedom", g.DF, 2) // the group with nothing takes no part
	// Groups of equal size: the error of a mean, sd/sqrt(n): .1, .2, .6 have variance .07.
	near(t, "error of a mean", g.SE, math.Sqrt(.07/3))
	// Against twice itself: the ratio itself, negated.
	d := GroupRatioDifference([]float64{10, 10, 10}, []float64{1, 2, 6}, []float64{10, 10, 10}, []float64{2, 4, 12})
	near(t, "difference", d.Value, -.3)
	near(t, "its error", d.SE, g.SE)
	if g := GroupRatio([]float64{5, 0}, []float64{1, 0}); g.Estimate().Known() || g.Test().Known() || g.Value != .2 {
		t.Errorf("of one group: %+v", g)
	}
	if g := GroupRatio(nil, nil); !math.IsNaN(g.Value) {
		t.Errorf("of none: %+v", g)
	}
}

func TestBrownForsytheOfTwoIsWelchsT(t *testing.T) {
	a, b := NewMoments([]float64{3, 4, 6, 9}), NewMoments([]float64{8, 9, 9.5, 14, 12})
	_, want := WelchT(a, b)
	of := func(m Moments) Grouped {
		return Grouped{Value: m.Mean, SE: math.Sqrt(m.Variance / float64(m.N)), DF: float64(m.N - 1)}
	}
	got := BrownForsythe([]float64{float64(a.N), float64(b.N), 3}, []Grouped{of(a), of(b), {Value: 7, SE: math.NaN()}})
	near(t, "F", got.Statistic, want.Statistic*want.Statistic)
	near(t, "p", got.P, want.P)
}

func TestFisherP(t *testing.T) {
	near(t, "F with 1 and 7", FisherP(2.5*2.5, 1, 7), StudentP(2.5, 7))    // t squared
	near(t, "F with 2 and 10", FisherP(3, 2, 10), math.Pow(1+2*3./10, -5)) // closed form for d1 = 2
	near(t, "F of 0", FisherP(0, 3, 9), 1)
}

// Twenty groups give each of 24 hours an error; with no difference between the hours a test at 5% may not find one much more often.
func TestBrownForsytheKeepsItsLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const runs = 1000
	found := 0
	for range runs {
		gs, n := make([]Grouped, 24), make([]float64, 24)
		for h := range gs {
			x, y := make([]float64, 20), make([]float64, 20)
			for i := range x {
				x[i] = 50 + 100*r.Float64()
				y[i] = x[i] * (.05 + .02*r.NormFloat64())
				if h == 4 { // few sessions, most of no length: by luck they all agree
					x[i], y[i] = 2, 0
					if r.Float64() < .05 {
						y[i] = 2
					}
				}
				n[h] += x[i]
			}
			gs[h] = GroupRatio(x, y)
		}
		if BrownForsythe(n, gs).P < .05 {
			found++
		}
	}
	if share := float64(found) / runs; share > .08 || share < .02 {
		t.Errorf("without a difference one is found in %v of runs", share)
	}
}
