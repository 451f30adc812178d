package stat

import "math"

// RankTest is the outcome of a Mann-Whitney test of sample a against sample b.
type RankTest struct {
	Test // Statistic is U of a: pairs in which a's value is the larger, ties counting half
	// Delta is Cliff's delta in [-1, 1]: P(a > b) - P(a < b) over all pairs. Romano's conventional bounds: below .147 negligible,
	// .33 small, .474 medium.
	Delta Estimate
}

// MannWhitney compares two samples by the normal approximation with tie correction and no continuity correction (SciPy's
// method "asymptotic", use_continuity False), and gives Cliff's delta with his consistent variance and asymmetric
// interval. NaN if a sample is empty; the test alone is NaN when all values are equal.
// Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947); Cliff, Psychological Bulletin 114 (1993), and
// Feng and Cliff, Journal of Modern Applied Statistical Methods 3 (2004) for the interval.
func MannWhitney(a, b Counted) RankTest {
	na, nb := float64(a.N()), float64(b.N())
	if na == 0 || nb == 0 {
		return RankTest{untested(), unknown()}
	}
	// Walk the distinct values of both in order. For a value of a, its dominance is the share of b below it less the share above.
	var u, ties float64
	var sumA2, sumB2, sumD2 float64 // sums of squared row, column dominances and of squared pair signs
	var i, j int
	var belowA, belowB float64
	for i < len(a.Values) || j < len(b.Values) {
		var v, ka, kb float64
		switch {
		case j == len(b.Values) || i < len(a.Values) && a.Values[i] < b.Values[j]:
			v = a.Values[i]
		default:
			v = b.Values[j]
		}
		if i < len(a.Values) && a.Values[i] == v {
			ka = float64(a.Counts[i])
			i++
		}
		if j < len(b.Values) && b.Values[j] == v {
			kb = float64(b.Counts[j])
			j++
		}
		u += ka * (belowB + kb/2)
		t := ka + kb
		ties += t*t*t - t
		da := (belowB - (nb - belowB - kb)) / nb
		db := ((na - belowA - ka) - belowA) / na // share of a above this value of b less the share below
		sumA2 += ka * da * da
		sumB2 += kb * db * db
		sumD2 += ka * (nb - kb)
		belowA += ka
		belowB += kb
	}
	n := na + nb
	d := 2*u/(na*nb) - 1
	r := RankTest{Delta: deltaInterval(d, na, nb, sumA2, sumB2, sumD2)}
	variance := na * nb / 12 * (n + 1 - ties/(n*(n-1)))
	if !(variance > 0) {
		r.Test = untested()
		r.Test.Statistic = u
		return r
	}
	z := (u - na*nb/2) / math.Sqrt(variance)
	r.Test = Test{Statistic: u, P: NormalP(z)}
	return r
}

// deltaInterval is Cliff's interval about d; it stays within [-1, 1].
func deltaInterval(d, na, nb, sumA2, sumB2, sumD2 float64) Estimate {
	if na < 2 || nb < 2 {
		return Estimate{d, math.NaN(), math.NaN()}
	}
	rows, cols, pairs := sumA2-na*d*d, sumB2-nb*d*d, sumD2-na*nb*d*d
	s2 := (nb*nb*rows + na*na*cols - pairs) / (na * nb * (na - 1) * (nb - 1))
	// The unbiased variance can fall below what any data allow; Cliff's floor.
	s2 = max(s2, (1-d*d)/(na*nb-1))
	z2 := Z * Z * s2
	half := Z * math.Sqrt(s2) * math.Sqrt((1-d*d)*(1-d*d)+z2)
	div := 1 - d*d + z2
	if 1-math.Abs(d) < 1e-12 {
		// The samples do not overlap at all and show no variance. Cliff's bound by the smaller sample, as a sign test of m
		// units that all went one way would give.
		m := min(na, nb)
		bound := max(-1, (m-Z*Z)/(m+Z*Z))
		if d > 0 {
			return Estimate{1, bound, 1}
		}
		return Estimate{-1, -1, -bound}
	}
	return Estimate{d, max(-1, (d-d*d*d-half)/div), min(1, (d-d*d*d+half)/div)}
}

// KruskalWallis tests that several samples come from one distribution (tie-corrected H, chi-squared with groups - 1 degrees of
// freedom), with epsilon squared, the share of the rank variance between groups, in [0, 1]. Empty samples are left out; NaN
// with fewer than two left or when all values are equal.
// Source: Kruskal and Wallis, Journal of the American Statistical Association 47 (1952).
func KruskalWallis(groups ...Counted) (Test, float64) {
	var all Counted
	k := 0
	for _, g := range groups {
		all.Values = append(all.Values, g.Values...)
		all.Counts = append(all.Counts, g.Counts...)
		if g.N() > 0 {
			k++
		}
	}
	all = NewCounted(all.Values, all.Counts)
	if k < 2 {
		return untested(), math.NaN()
	}
	n := float64(all.N())
	rank := make(map[float64]float64, len(all.Values))
	var before, ties float64
	for i, v := range all.Values {
		c := float64(all.Counts[i])
		rank[v] = before + (c+1)/2
		ties += c*c*c - c
		before += c
	}
	correction := 1 - ties/(n*n*n-n)
	if !(correction > 0) {
		return untested(), math.NaN()
	}
	var h float64
	for _, g := range groups {
		var sum, size float64
		for i, v := range g.Values {
			sum += rank[v] * float64(g.Counts[i])
			size += float64(g.Counts[i])
		}
		if size > 0 {
			dev := sum/size - (n+1)/2
			h += size * dev * dev
		}
	}
	h = 12 / (n * (n + 1)) * h / correction
	df := float64(k - 1)
	return Test{Statistic: h, DF: df, P: ChiSquaredP(h, df)}, h / (n - 1)
}
