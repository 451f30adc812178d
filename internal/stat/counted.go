package stat

import (
	"math"
	"sort"
)

// Counted is a sample given as distinct values and how often each occurs: what a GROUP BY returns.
// Use NewCounted, which sorts; the methods rely on ascending values and positive counts.
type Counted struct {
	Values []float64
	Counts []int64
}

// NewCounted is the sample of values[i] seen counts[i] times, sorted, equal values joined. counts nil means one of each.
// NaN values and counts below 1 are left out. It keeps neither slice.
func NewCounted(values []float64, counts []int64) Counted {
	type pair struct {
		v float64
		n int64
	}
	ps := make([]pair, 0, len(values))
	for i, v := range values {
		n := int64(1)
		if counts != nil {
			n = counts[i]
		}
		if n > 0 && !math.IsNaN(v) {
			ps = append(ps, pair{v, n})
		}
	}
	sort.Slice(ps, func(i, j int) bool { return ps[i].v < ps[j].v })
	var c Counted
	for _, p := range ps {
		if k := len(c.Values); k > 0 && c.Values[k-1] == p.v {
			c.Counts[k-1] += p.n
			continue
		}
		c.Values = append(c.Values, p.v)
		c.Counts = append(c.Counts, p.n)
	}
	return c
}

// N is the size of the sample.
func (c Counted) N() (n int64) {
	for _, k := range c.Counts {
		n += k
	}
	return n
}

// Sum is the sum of the sample.
func (c Counted) Sum() (s float64) {
	for i, v := range c.Values {
		s += v * float64(c.Counts[i])
	}
	return s
}

// Moments are the sample's size, mean and variance.
func (c Counted) Moments() Moments {
	n := float64(c.N())
	m := Moments{N: c.N(), Mean: math.NaN(), Variance: math.NaN()}
	if n == 0 {
		return m
	}
	m.Mean = c.Sum() / n
	if n > 1 {
		var ss float64
		for i, v := range c.Values {
			d := v - m.Mean
			ss += d * d * float64(c.Counts[i])
		}
		m.Variance = ss / (n - 1)
	}
	return m
}

// Quantile is the p-quantile by linear interpolation between order statistics (Hyndman and Fan's type 7,
// the default of R, NumPy and DuckDB's quantile_cont). p in [0, 1]; NaN for an empty sample.
// Source: Hyndman and Fan, The American Statistician 50 (1996).
func (c Counted) Quantile(p float64) float64 {
	n := c.N()
	if n == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	h := min(max(p, 0), 1) * float64(n-1)
	k := math.Floor(h)
	lo := c.at(int64(k))
	if h == k {
		return lo
	}
	return lo + (h-k)*(c.at(int64(k)+1)-lo)
}

// at is the k-th smallest, from 0.
func (c Counted) at(k int64) float64 {
	for i, n := range c.Counts {
		if k < n {
			return c.Values[i]
		}
		k -= n
	}
	return c.Values[len(c.Values)-1]
}

// ShareAtLeast is the share of the sample at or above x, with its Wilson interval.
func (c Counted) ShareAtLeast(x float64) Estimate {
	var k int64
	for i, v := range c.Values {
		if v >= x {
			k += c.Counts[i]
		}
	}
	return Wilson(k, c.N())
}

// FiveNumbers are a box plot: whiskers at the most extreme values within 1.5 interquartile ranges of the box (Tukey).
type FiveNumbers struct {
	Low, Q1, Median, Q3, High, Mean float64
	N                               int64
}

// Box is the sample's box plot; all NaN but N for an empty sample.
func (c Counted) Box() FiveNumbers {
	nan := math.NaN()
	b := FiveNumbers{nan, nan, nan, nan, nan, nan, c.N()}
	if b.N == 0 {
		return b
	}
	b.Q1, b.Median, b.Q3, b.Mean = c.Quantile(.25), c.Quantile(.5), c.Quantile(.75), c.Moments().Mean
	reach := 1.5 * (b.Q3 - b.Q1)
	b.Low, b.High = b.Q1, b.Q3
	for _, v := range c.Values {
		if v >= b.Q1-reach {
			b.Low = min(b.Low, v)
			break
		}
	}
	for i := len(c.Values) - 1; i >= 0; i-- {
		if v := c.Values[i]; v <= b.Q3+reach {
			b.High = max(b.High, v)
			break
		}
	}
	return b
}

// Gini is the Gini coefficient of non-negative values: 0 when all have the same, towards 1 when one has all.
// NaN for an empty sample, a sum of 0, or a negative value.
// Source: the ordered form, sum of (2i - n - 1) x_i over n times the sum.
func (c Counted) Gini() float64 {
	n, total := float64(c.N()), c.Sum()
	if n == 0 || !(total > 0) || c.Values[0] < 0 {
		return math.NaN()
	}
	var s, before float64
	for i, v := range c.Values {
		k := float64(c.Counts[i])
		// The ranks before+1 .. before+k sum to k(2 before + k + 1)/2.
		s += v * (k*(2*before+k+1) - k*(n+1))
		before += k
	}
	return s / (n * total)
}

// Lorenz is the Lorenz curve of non-negative values, from (0, 0) to (1, 1): the poorest share of the sample has what share of
// the sum. It has at most points+1 points, evenly spread over the sample; nil where Gini is NaN.
func (c Counted) Lorenz(points int) (population, held []float64) {
	if points < 1 || math.IsNaN(c.Gini()) {
		return nil, nil
	}
	n, total := float64(c.N()), c.Sum()
	var i int
	var before, sum float64 // of whole distinct values below i
	for k := 0; k <= points; k++ {
		p := float64(k) / float64(points)
		want := p * n
		for i < len(c.Values) && before+float64(c.Counts[i]) <= want {
			before += float64(c.Counts[i])
			sum += c.Values[i] * float64(c.Counts[i])
			i++
		}
		at := sum
		if i < len(c.Values) {
			at += (want - before) * c.Values[i]
		}
		population = append(population, p)
		held = append(held, min(1, at/total))
	}
	return population, held
}

// TopShare is the share of the sum that the top share of the sample holds; the value at the border counts in part.
func (c Counted) TopShare(top float64) float64 {
	n, total := float64(c.N()), c.Sum()
	if n == 0 || !(total > 0) {
		return math.NaN()
	}
	left, sum := top*n, 0.0
	for i := len(c.Values) - 1; i >= 0 && left > 0; i-- {
		k := min(left, float64(c.Counts[i]))
		sum += k * c.Values[i]
		left -= k
	}
	return sum / total
}
