// Platt's scaling: probabilities from the decision values of a classifier that has none of its own. It minimises, over a
// and b, the cross-entropy of 1/(1 + exp(a f + b)) with targets a little inside 0 and 1, which stand for a uniform prior.
// Source: Platt, Probabilistic outputs for support vector machines, in Advances in Large Margin Classifiers, 1999; solved by
// Newton steps as in Lin, Lin and Weng, A note on Platt's probabilistic outputs, Machine Learning 68, 2007, appendix 3.

package learn

import "math"

// fitPlatt fits P(y | f) = 1/(1 + exp(a f + b)) to decision values f, all finite. weight may be nil for 1 each. The values
// should come from rows that the classifier was not fitted on. a is below 0 where a higher value speaks for a positive row.
func fitPlatt(decision []float64, y []bool, weight []float32) (a, b float64) {
	// Decision values are divided by their largest, so that the ridge below means the same on any scale.
	largest, total, positive := 0., 0., 0.
	weightOf := func(i int) float64 {
		if weight == nil {
			return 1
		}
		return float64(weight[i])
	}
	for i, f := range decision {
		largest = max(largest, math.Abs(f))
		total += weightOf(i)
		if y[i] {
			positive += weightOf(i)
		}
	}
	if largest == 0 {
		largest = 1
	}
	high, low := (positive+1)/(positive+2), 1/(total-positive+2)
	target := func(i int) float64 {
		if y[i] {
			return high
		}
		return low
	}
	loss := func(a, b float64) float64 {
		sum := 0.
		for i, f := range decision {
			// -t log p - (1-t) log(1-p), arranged so that exp never overflows.
			s := a*f/largest + b
			if s >= 0 {
				sum += weightOf(i) * (target(i)*s + math.Log1p(math.Exp(-s)))
			} else {
				sum += weightOf(i) * ((target(i)-1)*s + math.Log1p(math.Exp(s)))
			}
		}
		return sum
	}
	const (
		steps = 100
		ridge = 1e-12 // per unit of weight: keeps the Hessian regular where all values are the same
		tiny  = 1e-10 // a gradient, per unit of weight, or a share of a step
	)
	b = math.Log((total - positive + 1) / (positive + 1))
	value := loss(a, b)
	for range steps {
		var ga, gb float64
		haa, hab, hbb := ridge*total, 0., ridge*total
		for i, f := range decision {
			x := f / largest
			p := 1 / (1 + math.Exp(a*x+b))
			v := weightOf(i) * p * (1 - p)
			haa, hab, hbb = haa+v*x*x, hab+v*x, hbb+v
			g := weightOf(i) * (target(i) - p)
			ga, gb = ga+g*x, gb+g
		}
		if max(math.Abs(ga), math.Abs(gb)) <= tiny*total {
			break
		}
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		slope := ga*da + gb*db
		share := 1.
		for ; share > tiny; share /= 2 {
			if v := loss(a+share*da, b+share*db); v < value+1e-4*share*slope {
				a, b, value = a+share*da, b+share*db, v
				break
			}
		}
		if share <= tiny { // as good as the numbers allow
			break
		}
	}
	return a / largest, b
}

// plattProbability is the probability that fitPlatt's a and b give to a decision value.
func plattProbability(a, b, decision float64) float64 {
	return 1 / (1 + math.Exp(a*decision+b))
}
