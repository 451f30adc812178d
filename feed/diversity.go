// The two orders that weigh value against likeness. Both are greedy: they name the next card given those placed, so that caps and
// floors can be kept on the way.

package feed

import (
	"math"
	"slices"
)

// picker names the next card of a page. Candidates are 0..n-1 in order of value.
type picker interface {
	// gain is what candidate i adds given what was taken; the next card is the one with the largest.
	gain(i int) float64
	// most is a bound of gain that does not rise with i: nobody need ask for the gains of candidates behind one whose bound is reached.
	most(i int) float64
	// take tells that candidate i was placed.
	take(i int)
}

// byValue is the order of values alone.
type byValue struct{ value []float32 }

func (p byValue) gain(i int) float64 { return float64(p.value[i]) }
func (p byValue) most(i int) float64 { return float64(p.value[i]) }
func (byValue) take(int)             {}

// marginal is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): lambda v - (1-lambda) max likeness, v being the value over the
// best. Likeness is looked up when a gain is asked for. Cost: at most one likeness a candidate and card placed.
type marginal struct {
	lambda  float64
	value   []float32
	top     float64
	nearest []float64 // by candidate: likeness to the card that is most like it, of the placed ones that were looked at
	looked  []int32   // by candidate: how many were
	placed  []int
	like    func(i, j int) float64
}

// of starts anew in the memory of p.
func (p *marginal) of(lambda float64, value []float32, like func(i, j int) float64) *marginal {
	n := len(value)
	*p = marginal{lambda: lambda, value: value, top: topOf(value), nearest: slices.Grow(p.nearest[:0], n)[:n], looked: slices.Grow(p.looked[:0], n)[:n], placed: p.placed[:0], like: like}
	clear(p.nearest)
	clear(p.looked)
	return p
}

func topOf(value []float32) float64 {
	top := 0.0
	for _, v := range value {
		top = max(top, float64(v))
	}
	if top == 0 {
		return 1
	}
	return top
}

func (p *marginal) gain(i int) float64 {
	for _, j := range p.placed[p.looked[i]:] {
		p.nearest[i] = max(p.nearest[i], p.like(j, i))
	}
	p.looked[i] = int32(len(p.placed))
	return p.lambda*float64(p.value[i])/p.top - (1-p.lambda)*p.nearest[i]
}

// most is the gain of a card that is like none.
func (p *marginal) most(i int) float64 { return p.lambda * float64(p.value[i]) / p.top }

func (p *marginal) take(i int) { p.placed = append(p.placed, i) }

// determinantal is greedy inference of a determinantal point process with kernel L_ij = q_i S_ij q_j (Chen, Zhang and Zhou, NeurIPS 2018,
// algorithm 1): each next card is the one that multiplies the determinant of the chosen cards' kernel most. With quality
// q = exp(alpha v), alpha = lambda / (2 (1-lambda)) and v the value over the best, log det is a sum of 2 alpha v and of the volume that
// the cards span. The logarithm of the factor is the gain; rows that the chosen ones span entirely gain nothing (-Inf).
// Cost: candidates x cards placed, squared.
type determinantal struct {
	quality []float64   // 2 alpha v
	left    []float64   // d_i^2 of the algorithm: the part of i's unit vector that the chosen do not span
	rows    [][]float64 // c_i of the algorithm, one entry a card placed
	like    func(i, j int) float64
}

// spanned is what is left of a unit vector that others span but for rounding.
const spanned = 1e-9

func newDeterminantal(lambda float64, value []float32, like func(i, j int) float64) *determinantal {
	p := &determinantal{quality: make([]float64, len(value)), left: make([]float64, len(value)), rows: make([][]float64, len(value)), like: like}
	top, alpha := topOf(value), math.Min(lambda/(2*math.Max(1-lambda, 1e-9)), 1e6)
	for i, v := range value {
		p.quality[i] = 2 * alpha * float64(v) / top
		p.left[i] = 1
	}
	return p
}

func (p *determinantal) gain(i int) float64 {
	if p.left[i] <= spanned {
		return math.Inf(-1)
	}
	return p.quality[i] + math.Log(p.left[i])
}

// most is the gain of a card of which the others span nothing.
func (p *determinantal) most(i int) float64 { return p.quality[i] }

func (p *determinantal) take(i int) {
	if p.left[i] <= spanned { // spans nothing new: the kernel is unchanged, and dividing by it would blow up
		return
	}
	root := math.Sqrt(p.left[i])
	for j := range p.left {
		if j == i {
			continue
		}
		e := p.like(i, j)
		for k, v := range p.rows[i] {
			e -= v * p.rows[j][k]
		}
		e /= root
		p.rows[j] = append(p.rows[j], e)
		p.left[j] = math.Max(p.left[j]-e*e, 0)
	}
	p.rows[i] = append(p.rows[i], root)
	p.left[i] = 0
}
