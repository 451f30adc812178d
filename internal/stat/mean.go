package stat

import "math"

// Moments describe a sample for tests of its mean.
type Moments struct {
	N        int64
	Mean     float64 // NaN if N = 0
	Variance float64 // with N-1; NaN if N < 2
}

// NewMoments are the moments of a sample; NaN values are left out.
func NewMoments(xs []float64) Moments { return NewCounted(xs, nil).Moments() }

// SD is the standard deviation.
func (m Moments) SD() float64 { return math.Sqrt(m.Variance) }

// Interval is the mean with its Student interval. Below two values only the mean is known.
func (m Moments) Interval() Estimate {
	if m.N < 2 {
		return Estimate{m.Mean, math.NaN(), math.NaN()}
	}
	half := studentPoint(float64(m.N-1)) * math.Sqrt(m.Variance/float64(m.N))
	return Estimate{m.Mean, m.Mean - half, m.Mean + half}
}

// WelchT is the difference of two means, a less b, with Welch's interval and test, which allow unequal variances.
// NaN with fewer than two values in a group; the test is NaN when neither group varies.
// Source: Welch, Biometrika 34 (1947).
func WelchT(a, b Moments) (Estimate, Test) {
	d := a.Mean - b.Mean
	if a.N < 2 || b.N < 2 {
		return Estimate{d, math.NaN(), math.NaN()}, untested()
	}
	va, vb := a.Variance/float64(a.N), b.Variance/float64(b.N)
	se := math.Sqrt(va + vb)
	if !(se > 0) {
		return Estimate{d, d, d}, untested()
	}
	df := (va + vb) * (va + vb) / (va*va/float64(a.N-1) + vb*vb/float64(b.N-1))
	half := studentPoint(df) * se
	return Estimate{d, d - half, d + half}, Test{Statistic: d / se, DF: df, P: StudentP(d/se, df)}
}

// HedgesG is the standardised difference of two means (pooled standard deviation, small-sample correction). NaN as WelchT.
// Source: Hedges, Journal of Educational Statistics 6 (1981).
func HedgesG(a, b Moments) float64 {
	df := float64(a.N + b.N - 2)
	if a.N < 2 || b.N < 2 {
		return math.NaN()
	}
	pooled := math.Sqrt((float64(a.N-1)*a.Variance + float64(b.N-1)*b.Variance) / df)
	if !(pooled > 0) {
		return math.NaN()
	}
	return (a.Mean - b.Mean) / pooled * (1 - 3/(4*df-1))
}
