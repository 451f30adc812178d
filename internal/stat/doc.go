// Package stat holds the tests and intervals of the engagement analysis.
//
// It exists because the analysis asks the same few statistical questions of very large, very tied
// counts: two million users of whom most have no click. Everything here therefore also takes values
// with their counts, so that the engine groups and Go only sees distinct values.
//
// All intervals are at the 95% level and all p-values two-sided. Functions never panic on data: what the
// data cannot answer (an empty group, no variance) comes back as NaN, which callers test with
// Estimate.Known and Test.Known. The results are held to SciPy's and statsmodels' in the tests.
package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Z is the two-sided 95% point of the normal distribution.
const Z = 1.959963984540054

// Estimate is a value with its 95% confidence interval.
type Estimate struct{ Value, Low, High float64 }

// Known reports whether the data gave a value and both ends of its interval.
func (e Estimate) Known() bool {
	return !math.IsNaN(e.Value) && !math.IsNaN(e.Low) && !math.IsNaN(e.High)
}

// Negated is the estimate of the negative of what e estimates: a difference taken the other way round.
func (e Estimate) Negated() Estimate { return Estimate{-e.Value, -e.High, -e.Low} }

// unknown is the estimate of what the data do not say.
func unknown() Estimate { return Estimate{math.NaN(), math.NaN(), math.NaN()} }

// around is the normal interval about value with the given standard error.
func around(value, se float64) Estimate { return Estimate{value, value - Z*se, value + Z*se} }

// Test is the outcome of a hypothesis test.
type Test struct {
	Statistic float64
	DF        float64 // degrees of freedom; 0 when the statistic is referred to the normal distribution
	P         float64 // in [0, 1]
}

// Known reports whether the data allowed the test.
func (t Test) Known() bool { return !math.IsNaN(t.P) }

func untested() Test { return Test{math.NaN(), math.NaN(), math.NaN()} }

// NormalP is the two-sided p-value of a standard normal statistic. It keeps its precision in the far tails.
func NormalP(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// manyDF is where Student's t is referred to the normal distribution: a user-level test has millions of degrees of
// freedom, at which the incomplete beta function loses more digits than the two distributions differ by.
const manyDF = 1e6

// StudentP is the two-sided p-value of a t statistic with df > 0 degrees of freedom.
func StudentP(t, df float64) float64 {
	switch {
	case math.IsNaN(t) || !(df > 0):
		return math.NaN()
	case math.IsInf(t, 0):
		return 0
	case df > manyDF:
		return NormalP(t)
	}
	return mathext.RegIncBeta(df/2, .5, df/(df+t*t))
}

// ChiSquaredP is the upper tail of the chi-squared distribution with df > 0 degrees of freedom.
func ChiSquaredP(x, df float64) float64 {
	switch {
	case math.IsNaN(x) || !(df > 0):
		return math.NaN()
	case math.IsInf(x, 1):
		return 0
	}
	return distuv.ChiSquared{K: df}.Survival(x)
}

// studentPoint is the two-sided 95% point of Student's t with df > 0 degrees of freedom.
func studentPoint(df float64) float64 {
	if df > manyDF {
		return Z
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(.975)
}

// chiSquaredQuantile is the p-quantile of the chi-squared distribution with df > 0 degrees of freedom.
func chiSquaredQuantile(p, df float64) float64 { return 2 * mathext.GammaIncRegInv(df/2, p) }
