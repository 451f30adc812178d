package stat

import "math"

// Proportions: one, two, and tables of counts. The units counted must be independent of one
// another (users, days); for shares of clustered rows see RatioMoments.

// Wilson is the share x/n with its score interval. 0 <= x <= n; NaN if n = 0.
// Source: Wilson, Journal of the American Statistical Association 22 (1927).
func Wilson(x, n int64) Estimate {
	if n <= 0 || x < 0 || x > n {
		return unknown()
	}
	N, p := float64(n), float64(x)/float64(n)
	mid := p + Z*Z/(2*N)
	half := Z * math.Sqrt(p*(1-p)/N+Z*Z/(4*N*N))
	d := 1 + Z*Z/N
	low, high := max(0, (mid-half)/d), min(1, (mid+half)/d)
	// At the ends the score interval touches 0 and 1 exactly; rounding must not move it off.
	if x == 0 {
		low = 0
	}
	if x == n {
		high = 1
	}
	return Estimate{p, low, high}
}

// ProportionDifference is x1/n1 - x2/n2 with Newcombe's hybrid score interval (his method 10), and
// the pooled z test that the two are equal. NaN if a group is empty; the test is NaN also when both
// shares are 0 or both are 1.
// Source: Newcombe, Statistics in Medicine 17 (1998), 873-890.
func ProportionDifference(x1, n1, x2, n2 int64) (Estimate, Test) {
	a, b := Wilson(x1, n1), Wilson(x2, n2)
	if !a.Known() || !b.Known() {
		return unknown(), untested()
	}
	d := a.Value - b.Value
	e := Estimate{d,
		d - math.Hypot(a.Value-a.Low, b.High-b.Value),
		d + math.Hypot(a.High-a.Value, b.Value-b.Low)}
	pooled := float64(x1+x2) / float64(n1+n2)
	se := math.Sqrt(pooled * (1 - pooled) * (1/float64(n1) + 1/float64(n2)))
	if se == 0 {
		return e, untested()
	}
	z := d / se
	return e, Test{Statistic: z, P: NormalP(z)}
}

// OddsRatio is the odds ratio (a/b)/(c/d) of a two-by-two table whose rows are groups and whose columns
// are outcome yes (a, c) and no (b, d), with Woolf's logit interval. When a cell is 0, half a count is
// added to each (Haldane and Anscombe). NaN if a row or a column is empty: there the added halves alone would decide.
func OddsRatio(a, b, c, d int64) Estimate {
	if a+b == 0 || c+d == 0 || a+c == 0 || b+d == 0 {
		return unknown()
	}
	A, B, C, D := float64(a), float64(b), float64(c), float64(d)
	if a == 0 || b == 0 || c == 0 || d == 0 {
		A, B, C, D = A+.5, B+.5, C+.5, D+.5
	}
	l := math.Log(A) - math.Log(B) - math.Log(C) + math.Log(D)
	se := math.Sqrt(1/A + 1/B + 1/C + 1/D)
	return Estimate{math.Exp(l), math.Exp(l - Z*se), math.Exp(l + Z*se)}
}

// Contingency is what a table of counts says about the association of its rows and columns.
type Contingency struct {
	Test
	N int64
	// CramersV is in [0, 1]: 0 none, 1 complete. By Cohen's convention .1 is small with two rows or columns.
	CramersV Estimate
}

// ChiSquared is Pearson's test of independence (no continuity correction) of an r x c table, all rows of one
// length, with Cramer's V. Empty rows and columns are left out; NaN when fewer than two of either remain.
//
// The interval of V is Fisher's: V is treated as a correlation of N pairs, good for the large N of a log, and
// cut off at 0. Source: Cramer, Mathematical Methods of Statistics (1946), 21.9.
func ChiSquared(table [][]int64) Contingency {
	var n float64
	rows := make([]float64, len(table))
	var cols []float64
	for i, r := range table {
		for len(cols) < len(r) {
			cols = append(cols, 0)
		}
		for j, v := range r {
			rows[i] += float64(v)
			cols[j] += float64(v)
			n += float64(v)
		}
	}
	nr, nc := positive(rows), positive(cols)
	if nr < 2 || nc < 2 {
		return Contingency{Test: untested(), N: int64(n), CramersV: unknown()}
	}
	var x float64
	for i, r := range table {
		for j, v := range r {
			e := rows[i] * cols[j] / n
			if e == 0 {
				continue
			}
			d := float64(v) - e
			x += d * d / e
		}
	}
	df := float64((nr - 1) * (nc - 1))
	v := fisher(min(1, math.Sqrt(x/(n*float64(min(nr, nc)-1)))), 1/math.Sqrt(n-3))
	v.Low = max(0, v.Low)
	return Contingency{Test: Test{Statistic: x, DF: df, P: ChiSquaredP(x, df)}, N: int64(n), CramersV: v}
}

func positive(xs []float64) (n int) {
	for _, x := range xs {
		if x > 0 {
			n++
		}
	}
	return n
}

// PoissonRate is the count x of a Poisson process with its exact (Garwood) interval, as a rate per unit of exposure.
// NaN if exposure is not positive.
func PoissonRate(x int64, exposure float64) Estimate {
	if !(exposure > 0) || x < 0 {
		return unknown()
	}
	low := 0.0
	if x > 0 {
		low = chiSquaredQuantile(.025, 2*float64(x)) / 2
	}
	return Estimate{float64(x) / exposure, low / exposure, chiSquaredQuantile(.975, 2*float64(x)+2) / 2 / exposure}
}
