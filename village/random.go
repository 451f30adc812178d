// The simulator draws billions of random numbers; this file holds its one
// generator and the few distributions it needs, all deterministic in their
// seed and free of allocation.

package village

import (
	"math"
	"math/rand/v2"

	"github.com/seguefeed/segue/internal/splitmix"
)

// rng is a seeded stream of random numbers. The zero value must be seeded.
type rng struct {
	src  rand.PCG
	norm *rand.Rand
}

// newRNG returns an unseeded stream; call seed before drawing.
func newRNG() *rng {
	r := &rng{}
	r.norm = rand.New(&r.src)
	return r
}

// Streams keep the draws of unrelated parts of the village apart, so that a
// change in one part leaves the others as they were.
const (
	streamUser uint64 = iota + 1
	streamMonth
	streamCard
	streamCreator
	streamCardDay
	streamCreatorDay
	streamDayNoise
	streamContent
	streamShown
	streamActs
	streamLattice
)

// seed restarts r on the stream that belongs to (seed, stream, index).
func (r *rng) seed(seed, stream, index uint64) {
	r.src.Seed(splitmix.Mix(seed^stream<<56), splitmix.Mix(index+splitmix.Gamma*stream))
}

// float is uniform in [0,1).
func (r *rng) float() float64 { return float64(r.src.Uint64()>>11) / (1 << 53) }

// intn is uniform in 0..n-1, n > 0.
func (r *rng) intn(n int) int {
	return int(uint64(uint32(r.src.Uint64()>>32)) * uint64(n) >> 32)
}

// normal is standard normal, by inversion, so that one draw uses one number of
// the stream and moves smoothly with it (the fit relies on this).
func (r *rng) normal() float64 { return quantileNormal(r.float() + 1.0/(1<<54)) }

// quantileNormal is the inverse of the standard normal distribution function,
// p in (0,1); relative error below 1.2e-9. Source: P. J. Acklam, 2003.
func quantileNormal(p float64) float64 {
	const low = 0.02425
	switch {
	case p < low:
		q := math.Sqrt(-2 * math.Log(p))
		return (((((-7.784894002430293e-03*q-3.223964580411365e-01)*q-2.400758277161838e+00)*q-2.549732539343734e+00)*q+4.374664141464968e+00)*q + 2.938163982698783e+00) /
			((((7.784695709041462e-03*q+3.224671290700398e-01)*q+2.445134137142996e+00)*q+3.754408661907416e+00)*q + 1)
	case p > 1-low:
		return -quantileNormal(1 - p)
	}
	q := p - 0.5
	s := q * q
	return (((((-3.969683028665376e+01*s+2.209460984245205e+02)*s-2.759285104469687e+02)*s+1.383577518672690e+02)*s-3.066479806614716e+01)*s + 2.506628277459239e+00) * q /
		(((((-5.447609879822406e+01*s+1.615858368580409e+02)*s-1.556989798598866e+02)*s+6.680131188771972e+01)*s-1.328068155288572e+01)*s + 1)
}

// poisson draws from a Poisson distribution of mean m >= 0. Above 50 it is the
// rounded normal of the same mean and variance.
func (r *rng) poisson(m float64) int {
	if m <= 0 {
		return 0
	}
	if m > 50 {
		return max(0, int(math.Round(m+math.Sqrt(m)*r.norm.NormFloat64())))
	}
	u, p, k := r.float(), math.Exp(-m), 0
	for u >= p && k < 1000 {
		u -= p
		k++
		p *= m / float64(k)
	}
	return k
}

// binomial draws from a binomial distribution of n trials and chance p. Above a
// mean of 50 (of the rarer outcome) it is the rounded normal.
func (r *rng) binomial(n int, p float64) int {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - r.binomial(n, 1-p)
	}
	m := float64(n) * p
	if m > 50 {
		k := int(math.Round(m + math.Sqrt(m*(1-p))*r.norm.NormFloat64()))
		return min(n, max(0, k))
	}
	u, odds := r.float(), p/(1-p)
	q, k := math.Exp(float64(n)*math.Log1p(-p)), 0
	for u >= q && k < n {
		u -= q
		k++
		q *= odds * float64(n-k+1) / float64(k)
	}
	return k
}

// alias draws an index with given weights in constant time (Walker 1977, Vose 1991).
type alias struct {
	keep  []float32 // chance to keep the column
	other []int32   // what to take otherwise
}

// newAlias builds the table of the weights, each >= 0, at least one > 0.
func newAlias(weights []float64) alias {
	n := len(weights)
	a := alias{make([]float32, n), make([]int32, n)}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	scaled := make([]float64, n)
	stack := make([]int32, n) // small from the left, large from the right
	lo, hi := 0, n
	for i, w := range weights {
		scaled[i] = w * float64(n) / total
		if scaled[i] < 1 {
			stack[lo] = int32(i)
			lo++
		} else {
			hi--
			stack[hi] = int32(i)
		}
	}
	for lo > 0 && hi < n {
		lo--
		s, l := stack[lo], stack[hi]
		a.keep[s], a.other[s] = float32(scaled[s]), l
		scaled[l] -= 1 - scaled[s]
		if scaled[l] < 1 {
			hi++
			stack[lo] = l
			lo++
		}
	}
	for _, i := range stack[:lo] {
		a.keep[i], a.other[i] = 1, i
	}
	for _, i := range stack[hi:] {
		a.keep[i], a.other[i] = 1, i
	}
	return a
}

// draw returns an index of the table.
func (a *alias) draw(r *rng) int {
	x := r.src.Uint64()
	i := int(uint64(uint32(x>>32)) * uint64(len(a.keep)) >> 32)
	if float32(uint32(x)>>8)/(1<<24) < a.keep[i] {
		return i
	}
	return int(a.other[i])
}

// quantiles is a distribution given by some of its quantiles, linear between
// them on a scale of log(1+value), which suits counts with heavy tails.
type quantiles struct {
	P []float64 `json:"p"` // rising, from 0 to 1
	X []float64 `json:"x"` // values at P, rising, > -1
}

// at returns the quantile of u in [0,1].
func (q quantiles) at(u float64) float64 {
	i := 1
	for i < len(q.P)-1 && q.P[i] < u {
		i++
	}
	t := (u - q.P[i-1]) / (q.P[i] - q.P[i-1])
	a, b := math.Log1p(q.X[i-1]), math.Log1p(q.X[i])
	return math.Expm1(a + t*(b-a))
}
