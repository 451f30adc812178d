// Quasi-Newton steps for many columns: L-BFGS, and with an L1 penalty its orthant-wise form, which keeps each step within
// the signs where the penalty is linear. Source: Nocedal and Wright, Numerical Optimization (2nd ed.), algorithm 7.4;
// Andrew and Gao, Scalable training of L1-regularized log-linear models, ICML 2007. The steps are taken in units in
// which every column has a root mean square of 1, so that the scale of a column does not slow them.

package learn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

const lbfgsMemory = 20 // pairs of steps and changes of the gradient that are kept

// lbfgs minimises by quasi-Newton steps. It has converged when no slope, per unit of weight, exceeds a hundredth of the
// tolerance.
func (l *linearProblem) lbfgs(ctx context.Context) (*linearSolution, error) {
	q := l.loss.d.X.Cols + 1
	scale, weight, err := l.loss.scales(ctx)
	if err != nil {
		return nil, err
	}
	// u are the coefficients in the units of the steps; l1 and l2 are in those units too.
	u, next, beta := make([]float64, q), make([]float64, q), make([]float64, q)
	l1, l2 := make([]float64, q), make([]float64, q)
	for j := range q {
		l1[j], l2[j] = l.l1[j]/scale[j], l.l2[j]/(scale[j]*scale[j])
	}
	// at is the objective at u, with the gradient of all but l1.
	at := func(u, gradient []float64) (float64, float64, error) {
		for j, v := range u {
			beta[j] = v / scale[j]
		}
		loss, margin, err := l.loss.at(ctx, beta, gradient, nil)
		for j, v := range u {
			gradient[j] = gradient[j]/scale[j] + l2[j]*v
		}
		return loss + l.penalty(beta), margin, err
	}
	g, nextG, pseudo, direction := make([]float64, q), make([]float64, q), make([]float64, q), make([]float64, q)
	value, _, err := at(u, g)
	if err != nil {
		return nil, err
	}
	s := &linearSolution{beta: beta}
	var memory lbfgsPairs
	for s.iterations = 1; s.iterations <= l.maxIter; s.iterations++ {
		pseudoGradient(u, g, l1, pseudo)
		if floats.Norm(pseudo, math.Inf(1)) <= .01*l.tol*weight {
			s.converged = true
			break
		}
		memory.direction(pseudo, direction)
		for j := range direction {
			if l1[j] > 0 && direction[j]*pseudo[j] >= 0 { // it must go down in each penalised coordinate
				direction[j] = 0
			}
		}
		share := 1.
		if len(memory.step) == 0 {
			share = 1 / weight // a Hessian of about a quarter of the weight, at most
		}
		before := value
		accepted := false
		for range 60 {
			sufficient := 0.
			for j, v := range u {
				next[j] = v + share*direction[j]
				sign := v
				if v == 0 {
					sign = -pseudo[j]
				}
				if l1[j] > 0 && next[j]*sign < 0 {
					next[j] = 0
				}
				sufficient += pseudo[j] * (next[j] - v)
			}
			var margin float64
			if value, margin, err = at(next, nextG); err != nil {
				return nil, err
			}
			if l.bare && margin > 0 {
				return nil, ErrSeparable
			}
			if accepted = value <= before+1e-4*sufficient; accepted {
				break
			}
			share /= 2
		}
		if !accepted {
			if len(memory.step) == 0 { // not even the steepest way down helps: u is as good as the numbers allow
				s.converged = true
				break
			}
			memory, value = lbfgsPairs{}, before
			continue
		}
		memory.add(u, next, g, nextG)
		copy(u, next)
		copy(g, nextG)
	}
	s.iterations = min(s.iterations, l.maxIter)
	for j, v := range u {
		beta[j] = v / scale[j]
	}
	return s, nil
}

// pseudoGradient is the steepest slope of the objective with l1 at u; g is the gradient without.
func pseudoGradient(u, g, l1, pseudo []float64) {
	for j, v := range u {
		switch {
		case v > 0:
			pseudo[j] = g[j] + l1[j]
		case v < 0:
			pseudo[j] = g[j] - l1[j]
		default:
			pseudo[j] = softThreshold(g[j], l1[j])
		}
	}
}

// lbfgsPairs are the last steps and the changes of the gradient along them, which stand for the inverse Hessian.
type lbfgsPairs struct {
	step, change [][]float64
	inverse      []float64 // 1 / step'change
}

func (m *lbfgsPairs) add(u, next, g, nextG []float64) {
	s, y := make([]float64, len(u)), make([]float64, len(u))
	floats.SubTo(s, next, u)
	floats.SubTo(y, nextG, g)
	sy := floats.Dot(s, y)
	if sy <= 1e-14*floats.Norm(s, 2)*floats.Norm(y, 2) { // rounding has eaten the curvature
		return
	}
	if len(m.step) == lbfgsMemory {
		m.step, m.change, m.inverse = m.step[1:], m.change[1:], m.inverse[1:]
	}
	m.step, m.change, m.inverse = append(m.step, s), append(m.change, y), append(m.inverse, 1/sy)
}

// direction sets d to minus the inverse Hessian times g.
func (m *lbfgsPairs) direction(g, d []float64) {
	for j, v := range g {
		d[j] = -v
	}
	k := len(m.step)
	if k == 0 {
		return
	}
	along := make([]float64, k)
	for i := k - 1; i >= 0; i-- {
		along[i] = m.inverse[i] * floats.Dot(m.step[i], d)
		floats.AddScaled(d, -along[i], m.change[i])
	}
	floats.Scale(1/(m.inverse[k-1]*floats.Dot(m.change[k-1], m.change[k-1])), d)
	for i := range k {
		back := m.inverse[i] * floats.Dot(m.change[i], d)
		floats.AddScaled(d, along[i]-back, m.step[i])
	}
}
