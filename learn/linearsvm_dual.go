// Dual coordinate descent for the linear support vector machine: each row i has a coefficient alpha_i in [0, U_i], the
// hyperplane is w = sum_i alpha_i y_i x_i, and one alpha after the other is moved to where the dual objective
//
//	|w|^2/2 + sum_i D_i alpha_i^2/2 - sum_i alpha_i
//
// is least. Hinge: U = C c_i, D = 0. Squared hinge: U = infinity, D = 1/(2 C c_i). Source: Hsieh, Chang, Lin, Keerthi and
// Sundararajan, A dual coordinate descent method for large-scale linear SVM, ICML 2008, algorithm 3 with shrinking.

package learn

import (
	"context"
	"math"
	"math/rand/v2"
)

// svmDual is the state of one fit.
type svmDual struct {
	x       *Matrix
	squared bool
	random  *rand.Rand
	w       []float64 // length p+1, the intercept last
	rows    []svmRow
}

// svmRow is what one visit to a row needs, in one place, since the rows are visited in random order.
type svmRow struct {
	alpha  float64
	square float64 // |x_i|^2 + 1 + D_i
	bound  float64 // U_i, or D_i for the squared hinge
	i      int32   // of the matrix
	y      int32   // -1 or 1
}

// newSVMDual starts at alpha = 0 with the rows that loss uses and that have a weight.
func newSVMDual(loss *linearLoss, c float64, random *rand.Rand) *svmDual {
	d := loss.d
	s := &svmDual{x: d.X, squared: loss.squaredHinge, random: random, w: make([]float64, d.X.Cols+1)}
	n := 0
	for i := range d.X.Rows {
		if loss.use(i) && d.weight(i) > 0 {
			n++
		}
	}
	s.rows = make([]svmRow, 0, n)
	for i := range d.X.Rows {
		if !loss.use(i) || d.weight(i) == 0 {
			continue
		}
		class := linearClass(d.Y[i])
		r := svmRow{i: int32(i), y: int32(2*class - 1), square: 1, bound: c * d.weight(i) * loss.factor[class]}
		for _, v := range d.X.Row(i) {
			r.square += float64(v) * float64(v)
		}
		if s.squared {
			r.bound = .5 / r.bound
			r.square += r.bound
		}
		s.rows = append(s.rows, r)
	}
	return s
}

// solve runs passes over the rows until the projected gradients of a whole pass differ by tol at most. The error is ctx's cause.
func (s *svmDual) solve(ctx context.Context, maxIter int, tol float64) (passes int, converged bool, err error) {
	const check = 4096 // rows between two looks at the context
	p := s.x.Cols
	order := make([]int32, len(s.rows))
	for k := range order {
		order[k] = int32(k)
	}
	active := len(order) // order[:active] are visited; the others sit at a bound that they will probably keep
	// Rows at a bound whose gradient is beyond these, of the pass before, are left out.
	highest, lowest := math.Inf(1), math.Inf(-1)
	for passes < maxIter {
		nextHighest, nextLowest := math.Inf(-1), math.Inf(1)
		for t := range active {
			u := t + s.random.IntN(active-t)
			order[t], order[u] = order[u], order[t]
		}
		for t := 0; t < active; t++ {
			if t%check == 0 && ctx.Err() != nil {
				return passes, false, context.Cause(ctx)
			}
			r := &s.rows[order[t]]
			x := s.x.Row(int(r.i))
			y, upper := float64(r.y), r.bound
			g := y*(linearDot(x, s.w[:p])+s.w[p]) - 1
			if s.squared {
				upper = math.Inf(1)
				g += r.bound * r.alpha
			}
			projected := g
			if r.alpha == 0 {
				projected = min(g, 0)
			} else if r.alpha == upper {
				projected = max(g, 0)
			}
			if r.alpha == 0 && g > highest || r.alpha == upper && g < lowest {
				active--
				order[t], order[active] = order[active], order[t]
				t--
				continue
			}
			nextHighest, nextLowest = max(nextHighest, projected), min(nextLowest, projected)
			if math.Abs(projected) > 1e-12 {
				to := min(max(r.alpha-g/r.square, 0), upper)
				move := (to - r.alpha) * y
				r.alpha = to
				w := s.w[:len(x)]
				for j, v := range x {
					w[j] += move * float64(v)
				}
				s.w[p] += move
			}
		}
		passes++
		if nextHighest-nextLowest <= tol || active == 0 {
			if active == len(order) {
				return passes, true, nil
			}
			active = len(order) // all rows once more, to see that none was left out wrongly
			highest, lowest = math.Inf(1), math.Inf(-1)
			continue
		}
		highest, lowest = nextHighest, nextLowest
		if highest <= 0 {
			highest = math.Inf(1)
		}
		if lowest >= 0 {
			lowest = math.Inf(-1)
		}
	}
	return passes, false, nil
}
