// Proximal Newton steps for up to 300 columns: each takes one pass over the rows for the gradient g and the Hessian H at
// beta, and then the minimum over z of
//
//	g'(z - beta) + (z - beta)'H(z - beta)/2 + l1 |z|_1 + l2 |z|^2/2
//
// which no longer depends on n. Without l1 that is a linear system. With it, coordinate descent (Friedman, Hastie and
// Tibshirani, Regularization paths for generalized linear models via coordinate descent, J. Stat. Software 33, 2010)
// finds which z are 0 and a linear system the others, as in feature-sign search (Lee et al., Efficient sparse coding
// algorithms, NIPS 2006). A step that lowers the objective too little is halved (Lee, Sun and Saunders, Proximal Newton-type methods,
// SIAM J. Optim. 24, 2014).

package learn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

const (
	newtonColumns = 300   // above that a Hessian costs more than quasi-Newton steps
	rankCondition = 1e11  // a matrix of a higher condition number does not determine all coefficients
	sweepsAtMost  = 10000 // of coordinate descent, in one step
)

// newton minimises by proximal Newton steps.
func (l *logisticProblem) newton(ctx context.Context) (*logisticSolution, error) {
	q := l.loss.d.X.Cols + 1
	beta, z, g, h := make([]float64, q), make([]float64, q), make([]float64, q), make([]float64, q*q)
	loss, _, err := l.loss.at(ctx, beta, g, h)
	if err != nil {
		return nil, err
	}
	s := &logisticSolution{beta: beta}
	scale := make([]float64, q) // root mean squares: at beta = 0, H is X'CX/4
	for j := range scale {
		if scale[j] = math.Sqrt(h[j*q+j] / h[q*q-1]); scale[j] == 0 {
			scale[j] = 1
		}
	}
	if !l.penalised {
		s.space = newRowSpace(h, scale)
	}
	for s.iterations = 1; s.iterations <= l.maxIter; s.iterations++ {
		switch {
		case !l.penalised:
			if !s.space.step(beta, g, h, z) {
				return nil, ErrSeparable
			}
		case l.l1 == 0:
			l.ridgeStep(beta, g, h, z)
		default:
			if err := l.sparseStep(ctx, beta, g, h, z); err != nil {
				return nil, err
			}
		}
		// slope is the decrease that the linear part of the model and the penalty promise, below 0 but for rounding.
		before := loss + l.penalty(beta)
		slope, largest := l.penalty(z)-l.penalty(beta), 0.
		for j := range z {
			slope += g[j] * (z[j] - beta[j])
			largest = max(largest, scale[j]*math.Abs(z[j]-beta[j]))
		}
		if largest <= l.tol {
			copy(beta, z)
			s.converged = true
			return s, nil
		}
		for share := 1.; ; share /= 2 {
			var margin float64
			if loss, margin, err = l.loss.at(ctx, z, g, h); err != nil {
				return nil, err
			}
			if !l.penalised && margin > 0 {
				return nil, ErrSeparable
			}
			if loss+l.penalty(z) <= before+1e-4*share*slope+1e-12*math.Abs(before) {
				break
			}
			if share < 1e-9 { // no step helps: beta is as good as the numbers allow
				s.converged = true
				return s, nil
			}
			for j := range z {
				z[j] = (z[j] + beta[j]) / 2
			}
		}
		copy(beta, z)
	}
	s.iterations = l.maxIter
	return s, nil
}

// ridgeStep sets z to the minimum of the quadratic model with l2 alone.
func (l *logisticProblem) ridgeStep(beta, g, h, z []float64) {
	q := len(beta)
	all := make([]int, q)
	r := make([]float64, q)
	for j := range q {
		all[j] = j
		r[j] = g[j]
		if j < q-1 {
			r[j] += l.l2 * beta[j]
		}
	}
	move := l.subspace(h, r, all)
	for j := range q {
		z[j] = beta[j] + move[j]
	}
}

// subspace solves (H + l2 I) move = -r for the coefficients that are listed. Where these hang together, what is added to
// the diagonal keeps the system solvable, with a long move along what leaves the score as it is.
func (l *logisticProblem) subspace(h, r []float64, at []int) []float64 {
	k, q := len(at), len(r)
	// In units that make the diagonal 1.
	unit := make([]float64, k)
	for a, j := range at {
		v := h[j*q+j]
		if j < q-1 {
			v += l.l2
		}
		unit[a] = 1
		if v > 0 {
			unit[a] = 1 / math.Sqrt(v)
		}
	}
	b := mat.NewVecDense(k, nil)
	for a, j := range at {
		b.SetVec(a, -r[j]*unit[a])
	}
	for ridge := 1e-14; ; ridge *= 10 { // ends: a diagonal of some k factorises
		m := mat.NewSymDense(k, nil)
		for a, i := range at {
			for c := a; c < k; c++ {
				m.SetSym(a, c, h[i*q+at[c]]*unit[a]*unit[c])
			}
			v := m.At(a, a)
			if i < q-1 {
				v += l.l2 * unit[a] * unit[a]
			}
			m.SetSym(a, a, v+ridge)
		}
		var chol mat.Cholesky
		if !chol.Factorize(m) && ridge < 1e6 {
			continue
		}
		var x mat.VecDense
		// An error says that the condition is bad, and the solution is there all the same.
		_ = chol.SolveVecTo(&x, b)
		move := make([]float64, k)
		for a := range move {
			move[a] = x.AtVec(a) * unit[a]
		}
		return move
	}
}

// sparseStep sets z to the minimum of the quadratic model with l1.
func (l *logisticProblem) sparseStep(ctx context.Context, beta, g, h, z []float64) error {
	q := len(beta)
	copy(z, beta)
	r := make([]float64, q) // the gradient at z of all but l1
	refresh := func() {
		for i := range r {
			r[i] = g[i]
			for j, v := range h[i*q : (i+1)*q] {
				r[i] += v * (z[j] - beta[j])
			}
			if i < q-1 {
				r[i] += l.l2 * z[i]
			}
		}
	}
	refresh()
	for range sweepsAtMost {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// A sweep of coordinate descent.
		largest := 0. // of the moves, in units in which the curvature is that of the intercept
		for j := range q {
			curve, l1 := h[j*q+j], 0.
			if j < q-1 {
				curve, l1 = curve+l.l2, l.l1
			}
			to := 0.
			if curve > 0 {
				to = softThreshold(z[j]-r[j]/curve, l1/curve)
			}
			move := to - z[j]
			if move == 0 {
				continue
			}
			z[j] = to
			for i, v := range h[j*q : (j+1)*q] {
				r[i] += v * move
			}
			if j < q-1 {
				r[j] += l.l2 * move
			}
			largest = max(largest, math.Abs(move)*math.Sqrt(curve/max(h[q*q-1], math.SmallestNonzeroFloat64)))
		}
		if largest <= 1e-3*l.tol {
			return nil
		}
		l.signStep(h, r, z)
		refresh()
	}
	return nil
}

// signStep moves the z that are not 0 to the minimum for the signs that they have, or as far as the first that becomes 0,
// and then again without that one. r is the gradient at z of all but l1; it is not kept up.
func (l *logisticProblem) signStep(h, r, z []float64) {
	q := len(z)
	var at []int
	for j, v := range z {
		if v != 0 || j == q-1 {
			at = append(at, j)
		}
	}
	for len(at) > 0 {
		slope := make([]float64, q)
		for _, j := range at {
			slope[j] = r[j]
			if j < q-1 {
				slope[j] += math.Copysign(l.l1, z[j])
			}
		}
		move := l.subspace(h, slope, at)
		share, first := 1., -1
		for a, j := range at {
			if j < q-1 && z[j]*move[a] < 0 && -z[j]/move[a] < share {
				share, first = -z[j]/move[a], a
			}
		}
		for a, j := range at {
			d := share * move[a]
			z[j] += d
			for i, v := range h[j*q : (j+1)*q] {
				r[i] += v * d
			}
			if j < q-1 {
				r[j] += l.l2 * d
			}
		}
		if first < 0 {
			return
		}
		z[at[first]] = 0
		at = append(at[:first], at[first+1:]...)
	}
}

// softThreshold is the minimum over z of (z-x)^2/2 + t |z|.
func softThreshold(x, t float64) float64 {
	switch {
	case x > t:
		return x - t
	case x < -t:
		return x + t
	}
	return 0
}
