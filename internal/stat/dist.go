package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a 95% confidence interval, in the units of what it is the interval of. Both ends are
// NaN where there is none.
type Interval struct{ Low, High float64 }

// z95 is the 97.5% quantile of the standard normal distribution.
const z95 = 1.959963984540054

// manyDF is where Student's t is left to its normal expansions: the incomplete beta function loses
// digits as its parameters grow (6 digits are left at a thousand million degrees of freedom).
const manyDF = 1000

var nan = math.NaN()

var noInterval = Interval{nan, nan}

// around returns centre ± half.
func around(centre, half float64) Interval {
	return Interval{centre - half, centre + half}
}

// twoSidedZ returns P(|Z| >= |z|) for a standard normal Z, without the cancellation of 1-CDF.
func twoSidedZ(z float64) float64 {
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// twoSidedT returns P(|T| >= |t|) for Student's t with df > 0 degrees of freedom, NaN for other df.
// Above manyDF degrees it goes through a normal deviate (Hill 1970, Algorithm 395, CACM 13:617).
func twoSidedT(t, df float64) float64 {
	t = math.Abs(t)
	switch {
	case math.IsNaN(t) || !(df > 0):
		return nan
	case math.IsInf(t, 1):
		return 0
	case math.IsInf(df, 1):
		return twoSidedZ(t)
	case df <= manyDF:
		return math.Min(1, 2*distuv.StudentsT{Sigma: 1, Nu: df}.CDF(-t))
	}
	a := df - 0.5
	b := 48 * a * a
	y := a * math.Log1p(t*t/df)
	z := (((((-0.4*y-3.3)*y-24)*y-85.5)/(0.8*y*y+100+b)+y+3)/b + 1) * math.Sqrt(y)
	return twoSidedZ(z)
}

// t95 returns the 97.5% quantile of Student's t with df > 0 degrees of freedom, NaN for other df.
// Above manyDF degrees it is the Cornish-Fisher expansion about the normal quantile (Abramowitz &
// Stegun 26.7.5).
func t95(df float64) float64 {
	switch {
	case !(df > 0):
		return nan
	case df <= manyDF:
		return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(0.975)
	}
	const z = z95
	const z2 = z * z
	g1 := z * (z2 + 1) / 4
	g2 := z * ((5*z2+16)*z2 + 3) / 96
	g3 := z * (((3*z2+19)*z2+17)*z2 - 15) / 384
	return z + (g1+(g2+g3/df)/df)/df
}
