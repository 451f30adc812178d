package stat

import "math"

// A click-through rate of a group of users is a ratio of two sums, clicks over impressions, and the
// impressions of one user resemble each other. The interval must therefore come from the users.

// RatioMoments are sums over units (users, days, sessions) of a denominator x and a numerator y, from which a
// ratio estimator and its variance follow without a second pass. The zero value is an empty group.
type RatioMoments struct {
	N          int64 // units
	X, Y       float64
	XX, YY, XY float64
}

// Add counts times units of denominator x and numerator y in.
func (m *RatioMoments) Add(x, y float64, times int64) {
	t := float64(times)
	m.N += times
	m.X += t * x
	m.Y += t * y
	m.XX += t * x * x
	m.YY += t * y * y
	m.XY += t * x * y
}

// SE is the linearised standard error of Y/X with the unit as the cluster. NaN with fewer than two units or no denominator.
// Source: Cochran, Sampling Techniques (1977), 6.4.
func (m RatioMoments) SE() float64 {
	if m.N < 2 || m.X <= 0 {
		return math.NaN()
	}
	r, n := m.Y/m.X, float64(m.N)
	ss := m.YY - 2*r*m.XY + r*r*m.XX // sum of squared residuals y - r x, whose sum is 0
	return math.Sqrt(max(0, ss)*n/(n-1)) / m.X
}

// Ratio is Y/X with its cluster-robust interval. The value alone is known from one unit on.
func (m RatioMoments) Ratio() Estimate {
	if m.X <= 0 {
		return unknown()
	}
	return around(m.Y/m.X, m.SE())
}

// RatioDifference is the ratio of a less that of b, with interval and z test; the groups share no unit.
func RatioDifference(a, b RatioMoments) (Estimate, Test) {
	if a.X <= 0 || b.X <= 0 {
		return unknown(), untested()
	}
	d, se := a.Y/a.X-b.Y/b.X, math.Hypot(a.SE(), b.SE())
	e := around(d, se)
	if !(se > 0) {
		return e, untested()
	}
	return e, Test{Statistic: d / se, P: NormalP(d / se)}
}
