package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ChiSquared is Pearson's test of independence for a table of counts (rows of equal length, entries
// >= 0), without continuity correction.
//
// stat is the sum of (observed-expected)²/expected, df = (rows-1)(columns-1), p its tail
// probability, and cramersV = sqrt(stat / (total · min(rows-1, columns-1))), in [0, 1] (Cramér 1946,
// Mathematical Methods of Statistics, 21.9). V is not corrected for its bias, about
// sqrt(df/total/min(rows-1, columns-1)) where there is no association. The p value is an
// approximation that wants most expected counts above 5.
//
// Rows and columns that sum to zero are left out, in df too. All four are NaN for a table that is
// ragged, has a negative or NaN entry, or has fewer than two rows or columns left.
func ChiSquared(table [][]float64) (stat, df, p, cramersV float64) {
	if len(table) == 0 {
		return nan, nan, nan, nan
	}
	rows := make([]float64, len(table))
	columns := make([]float64, len(table[0]))
	total := 0.0
	for i, row := range table {
		if len(row) != len(columns) {
			return nan, nan, nan, nan
		}
		for j, v := range row {
			if !(v >= 0) || math.IsInf(v, 1) {
				return nan, nan, nan, nan
			}
			rows[i] += v
			columns[j] += v
			total += v
		}
	}
	r, c := positive(rows), positive(columns)
	if r < 2 || c < 2 {
		return nan, nan, nan, nan
	}
	for i, row := range table {
		for j, v := range row {
			if expected := rows[i] / total * columns[j]; expected > 0 {
				stat += (v - expected) * (v - expected) / expected
			}
		}
	}
	df = float64((r - 1) * (c - 1))
	p = distuv.ChiSquared{K: df}.Survival(stat)
	cramersV = math.Min(1, math.Sqrt(stat/(total*float64(min(r, c)-1))))
	return stat, df, p, cramersV
}

// positive counts the entries above zero.
func positive(sums []float64) int {
	n := 0
	for _, s := range sums {
		if s > 0 {
			n++
		}
	}
	return n
}
