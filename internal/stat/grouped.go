package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// What is counted in impressions or sessions comes from users who have many each. Random groups of users are independent of one another,
// whatever goes on within them, so standard errors are taken from groups.

// Grouped is an estimate from independent groups, with its standard error and degrees of freedom.
type Grouped struct {
	Value, SE float64 // SE is NaN with fewer than two groups
	DF        float64 // groups less one
}

// GroupRatio is sum(y)/sum(x) over groups (all slices have one length), with the error of the delete-a-group jackknife. Groups without
// x take no part. NaN without any. Source: Wolter, Introduction to Variance Estimation (2007), 4.2.
func GroupRatio(x, y []float64) Grouped {
	return jackknifed(func(out int) (float64, bool) { return ratioWithout(x, y, out), out < 0 || x[out] > 0 }, len(x))
}

// GroupRatioDifference is sum(y1)/sum(x1) - sum(y2)/sum(x2) over the same groups of users: what the two share within a group cancels.
func GroupRatioDifference(x1, y1, x2, y2 []float64) Grouped {
	return jackknifed(func(out int) (float64, bool) {
		return ratioWithout(x1, y1, out) - ratioWithout(x2, y2, out), out < 0 || x1[out] > 0 || x2[out] > 0
	}, len(x1))
}

func ratioWithout(x, y []float64, out int) float64 {
	var sx, sy float64
	for i := range x {
		if i != out {
			sx, sy = sx+x[i], sy+y[i]
		}
	}
	if sx == 0 {
		return math.NaN()
	}
	return sy / sx
}

// jackknifed asks for a statistic with group out left out (-1: none) and whether that group takes part.
func jackknifed(of func(out int) (v float64, in bool), groups int) Grouped {
	g := Grouped{SE: math.NaN()}
	g.Value, _ = of(-1)
	var left []float64
	for i := range groups {
		if v, in := of(i); in {
			left = append(left, v)
		}
	}
	g.DF = float64(len(left)) - 1
	if n := float64(len(left)); n >= 2 {
		m := mean(left)
		var ss float64
		for _, v := range left { // NaN, which moments leave out, must stay: without that group there is no statistic
			ss += (v - m) * (v - m)
		}
		g.SE = math.Sqrt(ss * (n - 1) / n)
	}
	return g
}

// Estimate is the value with its Student interval.
func (g Grouped) Estimate() Estimate {
	if !(g.SE > 0) || !(g.DF > 0) {
		return Estimate{g.Value, math.NaN(), math.NaN()}
	}
	half := studentPoint(g.DF) * g.SE
	return Estimate{g.Value, g.Value - half, g.Value + half}
}

// Test is Student's t test that the value is 0.
func (g Grouped) Test() Test {
	if !(g.SE > 0) || !(g.DF > 0) {
		return untested()
	}
	t := g.Value / g.SE
	return Test{Statistic: t, DF: g.DF, P: StudentP(t, g.DF)}
}

// BrownForsythe tests that means or ratios share one value, each weighted by its denominator n (all slices have one length), with errors that are
// unequal and estimated. Unlike a test that weights by the errors, it is not ruled by an estimate whose few units happen to agree. Statistic is F;
// DF its first degrees of freedom. Estimates without an error or weight are left out.
// Source: Brown and Forsythe, Technometrics 16 (1974); the second degrees of freedom by Satterthwaite.
func BrownForsythe(n []float64, gs []Grouped) Test {
	var total, sum float64
	var kept []int
	for i, g := range gs {
		if n[i] > 0 && !math.IsNaN(g.Value) && g.SE >= 0 && g.DF > 0 {
			total, sum = total+n[i], sum+n[i]*g.Value
			kept = append(kept, i)
		}
	}
	k := float64(len(kept))
	if k < 2 {
		return untested()
	}
	var between, within, spread float64
	for _, i := range kept {
		between += n[i] * (gs[i].Value - sum/total) * (gs[i].Value - sum/total)
		v := (1 - n[i]/total) * n[i] * gs[i].SE * gs[i].SE
		within += v
		spread += v * v / gs[i].DF
	}
	if !(within > 0) {
		return untested()
	}
	f := between / within
	return Test{Statistic: f, DF: k - 1, P: FisherP(f, k-1, within*within/spread)}
}

// FisherP is the upper tail of the F distribution with d1 and d2 > 0 degrees of freedom.
func FisherP(f, d1, d2 float64) float64 {
	switch {
	case math.IsNaN(f) || !(d1 > 0) || !(d2 > 0):
		return math.NaN()
	case math.IsInf(f, 1):
		return 0
	}
	return mathext.RegIncBeta(d2/2, d1/2, d2/(d2+d1*max(0, f)))
}
