package stat

import "math"

// Wilson returns the score interval for a proportion, successes of n trials (0 <= successes <= n).
// Its ends lie in [0, 1], and it does not shrink to a point at 0 or n successes as Wald's does.
// NaN for n <= 0 or successes out of range.
//
// Wilson (1927), JASA 22:209-212; without continuity correction.
func Wilson(successes, n int64) Interval {
	if n <= 0 || successes < 0 || successes > n {
		return noInterval
	}
	x, m := float64(successes), float64(n)
	p := x / m
	const z2 = z95 * z95
	centre := (x + z2/2) / (m + z2)
	half := z95 / (m + z2) * math.Sqrt(m*p*(1-p)+z2/4)
	ci := around(centre, half)
	if successes == 0 {
		ci.Low = 0
	}
	if successes == n {
		ci.High = 1
	}
	return ci
}

// DiffProportions compares two independent proportions, x1 of n1 and x2 of n2.
//
// diff is x1/n1 - x2/n2, in [-1, 1], as a share (0.01 is one percentage point). ci is Newcombe's
// hybrid score interval, made from the two Wilson intervals (Newcombe 1998, Statistics in Medicine
// 17:873-890, method 10). p is the p value of the z test with pooled variance, which is the
// chi-squared test of the 2x2 table without continuity correction; it is 1 where nobody or everybody
// in both groups succeeded. The interval and the test are made differently and can disagree at the
// edge. NaN for an empty group or counts out of range.
func DiffProportions(x1, n1, x2, n2 int64) (diff float64, ci Interval, p float64) {
	w1, w2 := Wilson(x1, n1), Wilson(x2, n2)
	if math.IsNaN(w1.Low) || math.IsNaN(w2.Low) {
		return nan, noInterval, nan
	}
	m1, m2 := float64(n1), float64(n2)
	p1, p2 := float64(x1)/m1, float64(x2)/m2
	diff = p1 - p2
	ci = Interval{
		Low:  diff - math.Hypot(p1-w1.Low, w2.High-p2),
		High: diff + math.Hypot(w1.High-p1, p2-w2.Low),
	}
	pooled := (float64(x1) + float64(x2)) / (m1 + m2)
	variance := pooled * (1 - pooled) * (1/m1 + 1/m2)
	if variance == 0 {
		return diff, ci, 1
	}
	return diff, ci, twoSidedZ(diff / math.Sqrt(variance))
}

// OddsRatio returns ad/bc of the table
//
//	         yes  no
//	group 1   a    b
//	group 2   c    d
//
// with Woolf's interval, exp(log ad/bc ± 1.96 sqrt(1/a+1/b+1/c+1/d)) (Woolf 1955, Annals of Human
// Genetics 19:251-253). With a zero in any cell 0.5 is added to all four (Haldane 1956, Anscombe 1956).
// or is in (0, inf), 1 for no association. NaN for a negative count, an empty group, and an outcome
// that nobody or everybody had: there the added halves alone would decide, and pretend to an
// association between groups of different size.
func OddsRatio(a, b, c, d int64) (or float64, ci Interval) {
	if min(a, b, c, d) < 0 || a+b == 0 || c+d == 0 || a+c == 0 || b+d == 0 {
		return nan, noInterval
	}
	add := 0.0
	if min(a, b, c, d) == 0 {
		add = 0.5
	}
	fa, fb, fc, fd := float64(a)+add, float64(b)+add, float64(c)+add, float64(d)+add
	or = (fa / fb) * (fd / fc)
	half := math.Exp(z95 * math.Sqrt(1/fa+1/fb+1/fc+1/fd))
	return or, Interval{or / half, or * half}
}
