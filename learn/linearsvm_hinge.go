// The hinge loss by the method of multipliers, for up to 300 columns. The hinge has a corner, so Newton's method cannot take
// it as it is. Each round minimises it with the corner of row i rounded over a width d and moved by d a_i,
//
//	e(z) = 0 for z <= 0,  z^2/(2d) for z <= d,  z - d/2 beyond,   at z = 1 - m_i + d a_i,
//
// by Newton steps, in which only rows on the rounding have a curve, and then sets the multiplier a_i to e'(z), which is in
// [0,1]. At its limit the minimum is that of the hinge itself, for any d; a smaller d gets there in fewer rounds. The
// multipliers are the dual solution, alpha_i = C c_i a_i, so that the duality gap says how near the optimum is. Sources:
// Rockafellar, Augmented Lagrangians and applications of the proximal point algorithm in convex programming, Mathematics of
// Operations Research 1, 1976; for support vector machines Yan and Li, An efficient augmented Lagrangian method for support
// vector machine, Optimization Methods and Software 35, 2020.

package learn

import (
	"context"
	"math"
)

const (
	hingeFirst  = 10.  // the first width: at 0, all rows are on the rounding
	hingeShrink = .2   // of the width from round to round
	hingeLeast  = 1e-6 // width
	hingeGap    = .01  // of Tol: the duality gap, as a share of the objective, at which to stop
)

// smoothHinge is the rounded hinge of one round.
type smoothHinge struct {
	width      float64
	multiplier []float64 // a_i of each row
}

// at is the loss of row i at margin m, with minus its slope and its curve.
func (h *smoothHinge) at(i int, m float64) (loss, fall, curve float64) {
	z := 1 - m + h.width*h.multiplier[i]
	switch {
	case z <= 0:
		return 0, 0, 0
	case z < h.width:
		return z * z / (2 * h.width), z / h.width, 1 / h.width
	}
	return z - h.width/2, 1, 0
}

// svmByMultipliers fits the hinge to the rows that loss uses. Beside d it needs 8 bytes a row.
func svmByMultipliers(ctx context.Context, loss *linearLoss, cfg LinearSVM, _ uint64) (*linearSolution, error) {
	loss.prepare()
	hinge := &smoothHinge{width: hingeFirst, multiplier: make([]float64, loss.d.X.Rows)}
	loss.hinge = hinge
	scale, _, err := loss.scales(ctx)
	if err != nil {
		return nil, err
	}
	q := len(scale)
	best := &linearSolution{beta: make([]float64, q)}
	beta, least := best.beta, math.Inf(1) // the objective of best
	for best.iterations < cfg.MaxIter {
		problem := newLinearProblem(loss, 0, 1/cfg.C, cfg.Tol, cfg.MaxIter-best.iterations)
		problem.l2[q-1] = 1 / cfg.C // the intercept is penalised with the others
		problem.start, problem.scale = beta, scale
		s, err := problem.newton(ctx)
		if err != nil {
			return nil, err
		}
		best.iterations += s.iterations
		beta = s.beta
		primal, dual, err := loss.renew(ctx, beta, cfg.C)
		if err != nil {
			return nil, err
		}
		if primal < least {
			least, best.beta = primal, beta
		}
		if least-dual <= hingeGap*cfg.Tol*least {
			best.converged = true
			break
		}
		if hinge.width <= hingeLeast {
			break // as near as the numbers allow
		}
		hinge.width *= hingeShrink
	}
	return best, nil
}

// renew sets the multipliers to the slopes at beta and returns the objective of the hinge there, and that of the dual at the
// multipliers, which no beta can be below; both are divided by C.
func (l *linearLoss) renew(ctx context.Context, beta []float64, c float64) (primal, dual float64, err error) {
	p := len(beta) - 1
	for b := range l.blocks {
		s := &l.blocks[b]
		s.loss, s.margin = 0, 0 // here: the sums of the hinge and of the multipliers
		clear(s.gradient)
	}
	if err := l.rowsIn(ctx, func(s *passSums, i int, weight float64) {
		x := l.d.X.Row(i)
		y := float64(2*linearClass(l.d.Y[i]) - 1)
		m := y * (linearDot(x, beta[:p]) + beta[p])
		_, a, _ := l.hinge.at(i, m)
		l.hinge.multiplier[i] = a
		s.loss += weight * max(0, 1-m)
		s.margin += weight * a
		if a == 0 {
			return
		}
		by, sum := y*weight*a, s.gradient[:len(x)]
		for j, v := range x {
			sum[j] += by * float64(v)
		}
		s.gradient[p] += by
	}); err != nil {
		return 0, 0, err
	}
	w := make([]float64, p+1)
	for b := range l.blocks {
		primal += l.blocks[b].loss
		dual += l.blocks[b].margin
		addSums(w, l.blocks[b].gradient)
	}
	for j, v := range beta {
		primal += v * v / (2 * c)
		dual -= c * w[j] * w[j] / 2
	}
	return primal, dual, nil
}
