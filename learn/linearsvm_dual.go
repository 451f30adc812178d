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

// svmDual is the state of one fit. Row k of it is row rows[k] of the data.
type svmDual struct {
	d       *Data
	rows    []int32
	factor  [2]float64 // of the weights, by class
	c       float64
	squared bool
	random  *rand.Rand
	w       []float64 // length p+1, the intercept last
	alpha   []float64
	square  []float64 // |x_i|^2 + 1 + D_i
}

func newSVMDual(d *Data, rows []int32, factor [2]float64, cfg LinearSVM, random *rand.Rand) *svmDual {
	s := &svmDual{d: d, rows: rows, factor: factor, c: cfg.C, squared: cfg.Loss == LossSquaredHinge, random: random,
		w: make([]float64, d.X.Cols+1), alpha: make([]float64, len(rows)), square: make([]float64, len(rows))}
	for k := range rows {
		diagonal, _ := s.bounds(k)
		sum := 1 + diagonal
		for _, v := range d.X.Row(int(rows[k])) {
			sum += float64(v) * float64(v)
		}
		s.square[k] = sum
	}
	return s
}

// bounds are D and U of row k.
func (s *svmDual) bounds(k int) (diagonal, upper float64) {
	i := int(s.rows[k])
	c := s.c * s.d.weight(i) * s.factor[linearClass(s.d.Y[i])]
	if s.squared {
		return .5 / c, math.Inf(1)
	}
	return 0, c
}

// solve runs passes over the rows until the projected gradients of a whole pass differ by tol at most. The error is ctx's cause.
func (s *svmDual) solve(ctx context.Context, maxIter int, tol float64) (passes int, converged bool, err error) {
	const check = 4096 // rows between two looks at the context
	p := s.d.X.Cols
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
			k := int(order[t])
			i := int(s.rows[k])
			x := s.d.X.Row(i)
			y := -1.
			if s.d.Y[i] {
				y = 1
			}
			diagonal, upper := s.bounds(k)
			alpha := s.alpha[k]
			g := y*(linearDot(x, s.w[:p])+s.w[p]) - 1 + diagonal*alpha
			projected := g
			switch alpha {
			case 0:
				if g > highest {
					active--
					order[t], order[active] = order[active], order[t]
					t--
					continue
				}
				projected = min(g, 0)
			case upper:
				if g < lowest {
					active--
					order[t], order[active] = order[active], order[t]
					t--
					continue
				}
				projected = max(g, 0)
			}
			nextHighest, nextLowest = max(nextHighest, projected), min(nextLowest, projected)
			if math.Abs(projected) > 1e-12 {
				to := min(max(alpha-g/s.square[k], 0), upper)
				s.alpha[k] = to
				move := (to - alpha) * y
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
