// Proximal Newton steps for up to 300 columns: each takes one pass over the rows for the gradient g and the Hessian H at
// beta, and then the minimum over z of
//
//	g'(z - beta) + (z - beta)'H(z - beta)/2 + sum_j (l1_j |z_j| + l2_j z_j^2/2)
//
// which no longer depends on n. Without l1 that is a linear system. With it, coordinate descent (Friedman, Hastie and
// Tibshirani, Regularization paths for generalized linear models via coordinate descent, J. Stat. Software 33, 2010)
// finds which z are 0, and a linear system the others, as in feature-sign search (Lee et al., Efficient sparse coding
// algorithms, NIPS 2006). A step that lowers the objective too little is halved (Lee, Sun and Saunders, Proximal Newton-type methods,
// SIAM J. Optim. 24, 2014). For the squared hinge, whose H jumps where a margin passes 1, this is the method of Keerthi and
// DeCoste, A modified finite Newton method for fast solution of large scale linear SVMs, JMLR 6, 2005.

package learn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// linearProblem is what is minimised: the loss, and for each coefficient l1_j |w_j| + l2_j w_j^2/2.
type linearProblem struct {
	loss    *linearLoss
	l1, l2  []float64 // length q = p+1, the intercept last
	lasso   bool      // is there an l1 above 0
	bare    bool      // is there no penalty at all
	tol     float64
	maxIter int

	start, scale []float64 // length q: where to begin, and the columns' root mean squares; nil for 0 and to find them
}

// newLinearProblem has the penalties l1 and l2 for each column and none for the intercept.
func newLinearProblem(loss *linearLoss, l1, l2, tol float64, maxIter int) *linearProblem {
	q := loss.d.X.Cols + 1
	l := &linearProblem{loss: loss, l1: make([]float64, q), l2: make([]float64, q), lasso: l1 > 0, bare: l1 == 0 && l2 == 0, tol: tol, maxIter: maxIter}
	for j := range q - 1 {
		l.l1[j], l.l2[j] = l1, l2
	}
	return l
}

// linearSolution is where a solver ended.
type linearSolution struct {
	beta       []float64 // length q
	iterations int
	converged  bool
	space      *rowSpace // what the data determine; nil unless without a penalty by Newton steps
}

// penalty is what beta costs beside the loss.
func (l *linearProblem) penalty(beta []float64) float64 {
	sum := 0.
	for j, w := range beta {
		sum += l.l1[j]*math.Abs(w) + l.l2[j]*w*w/2
	}
	return sum
}

const (
	newtonColumns = 300   // above that a Hessian costs more than quasi-Newton steps
	rankCondition = 1e11  // a matrix of a higher condition number does not determine all coefficients
	sweepsAtMost  = 10000 // of coordinate descent, in one step
)

// newton minimises by proximal Newton steps.
func (l *linearProblem) newton(ctx context.Context) (*linearSolution, error) {
	q := l.loss.d.X.Cols + 1
	beta, z, g, h := make([]float64, q), make([]float64, q), make([]float64, q), make([]float64, q*q)
	copy(beta, l.start)
	loss, _, err := l.loss.at(ctx, beta, g, h)
	if err != nil {
		return nil, err
	}
	s := &linearSolution{beta: beta}
	scale := l.scale
	if scale == nil { // at beta = 0 the curve of all rows is the same
		scale = make([]float64, q)
		for j := range scale {
			if scale[j] = math.Sqrt(h[j*q+j] / h[q*q-1]); scale[j] == 0 {
				scale[j] = 1
			}
		}
	}
	if l.bare {
		s.space = newRowSpace(h, scale)
	}
	for s.iterations = 1; s.iterations <= l.maxIter; s.iterations++ {
		switch {
		case l.bare:
			if !s.space.step(beta, g, h, z) {
				return nil, ErrSeparable
			}
		case !l.lasso:
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
			if l.bare && margin > 0 {
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
func (l *linearProblem) ridgeStep(beta, g, h, z []float64) {
	q := len(beta)
	all := make([]int, q)
	r := make([]float64, q)
	for j := range q {
		all[j] = j
		r[j] = g[j] + l.l2[j]*beta[j]
	}
	move := l.subspace(h, r, all)
	for j := range q {
		z[j] = beta[j] + move[j]
	}
}

// subspace solves (H + l2 I) move = -r for the coefficients that are listed. Where these hang together, what is added to
// the diagonal keeps the system solvable, with a long move along what leaves the score as it is.
func (l *linearProblem) subspace(h, r []float64, at []int) []float64 {
	k, q := len(at), len(r)
	// In units that make the diagonal 1.
	unit := make([]float64, k)
	for a, j := range at {
		unit[a] = 1
		if v := h[j*q+j] + l.l2[j]; v > 0 {
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
			m.SetSym(a, a, m.At(a, a)+l.l2[i]*unit[a]*unit[a]+ridge)
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
func (l *linearProblem) sparseStep(ctx context.Context, beta, g, h, z []float64) error {
	q := len(beta)
	copy(z, beta)
	r := make([]float64, q) // the gradient at z of all but l1
	refresh := func() {
		for i := range r {
			r[i] = g[i] + l.l2[i]*z[i]
			for j, v := range h[i*q : (i+1)*q] {
				r[i] += v * (z[j] - beta[j])
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
			curve, to := h[j*q+j]+l.l2[j], 0.
			if curve > 0 {
				to = softThreshold(z[j]-r[j]/curve, l.l1[j]/curve)
			}
			move := to - z[j]
			if move == 0 {
				continue
			}
			z[j] = to
			for i, v := range h[j*q : (j+1)*q] {
				r[i] += v * move
			}
			r[j] += l.l2[j] * move
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
func (l *linearProblem) signStep(h, r, z []float64) {
	q := len(z)
	var at []int
	for j, v := range z {
		if v != 0 || l.l1[j] == 0 {
			at = append(at, j)
		}
	}
	for len(at) > 0 {
		slope := make([]float64, q)
		for _, j := range at {
			slope[j] = r[j] + math.Copysign(l.l1[j], z[j])
		}
		move := l.subspace(h, slope, at)
		share, first := 1., -1
		for a, j := range at {
			if l.l1[j] > 0 && z[j]*move[a] < 0 && -z[j]/move[a] < share {
				share, first = -z[j]/move[a], a
			}
		}
		for a, j := range at {
			d := share * move[a]
			z[j] += d
			for i, v := range h[j*q : (j+1)*q] {
				r[i] += v * d
			}
			r[j] += l.l2[j] * d
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
