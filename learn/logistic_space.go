// What the data determine of the coefficients without a penalty, and how exactly. Columns that hang together (all the
// columns of a one-hot category and the intercept) leave some combinations of coefficients without effect on any score.
// The Newton steps stay in the space of the others, which is found once, from X'CX.

package learn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// rowSpace is the space spanned by the rows, each column divided by its scale.
type rowSpace struct {
	scale []float64  // length q
	basis *mat.Dense // q x r with orthonormal columns; nil where r = q
}

// newRowSpace finds the space from the q x q matrix h, which is X'CX times a number above 0.
func newRowSpace(h, scale []float64) *rowSpace {
	s, q := &rowSpace{scale: scale}, len(scale)
	m := s.reduce(h)
	var chol mat.Cholesky
	if chol.Factorize(m) && chol.Cond() < rankCondition {
		return s
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(m, true) {
		return s
	}
	values := eigen.Values(nil) // ascending
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	null := 0
	for null < q-1 && values[null] <= values[q-1]/rankCondition {
		null++
	}
	if null > 0 {
		s.basis = mat.DenseCopyOf(vectors.Slice(0, q, null, q))
	}
	return s
}

// reduce is h in the space: B' D^-1 h D^-1 B with the scales D and the basis B.
func (s *rowSpace) reduce(h []float64) *mat.SymDense {
	q := len(s.scale)
	m := mat.NewSymDense(q, nil)
	for i := range q {
		for j := i; j < q; j++ {
			m.SetSym(i, j, h[i*q+j]/(s.scale[i]*s.scale[j]))
		}
	}
	if s.basis == nil {
		return m
	}
	var half, whole mat.Dense
	half.Mul(m, s.basis)
	whole.Mul(s.basis.T(), &half)
	_, r := s.basis.Dims()
	reduced := mat.NewSymDense(r, nil)
	for i := range r {
		for j := i; j < r; j++ {
			reduced.SetSym(i, j, (whole.At(i, j)+whole.At(j, i))/2)
		}
	}
	return reduced
}

// factorize says false where h has lost rank within the space. X'VX has the rank of X for any finite coefficients; where
// it has lost rank, weights p(1-p) have vanished, since coefficients grow without end.
func (s *rowSpace) factorize(h []float64) (*mat.Cholesky, bool) {
	var chol mat.Cholesky
	ok := chol.Factorize(s.reduce(h))
	return &chol, ok && chol.Cond() < 1e4*rankCondition
}

// step sets z to the Newton step from beta within the space, or says false where the Hessian h has lost rank.
func (s *rowSpace) step(beta, g, h, z []float64) bool {
	chol, ok := s.factorize(h)
	if !ok {
		return false
	}
	q := len(beta)
	b := mat.NewVecDense(q, nil)
	for j := range q {
		b.SetVec(j, -g[j]/s.scale[j])
	}
	var x mat.VecDense
	if s.basis == nil {
		_ = chol.SolveVecTo(&x, b) // an error says that the condition is above 1e16; it is not
	} else {
		var inner mat.VecDense
		inner.MulVec(s.basis.T(), b)
		var y mat.VecDense
		_ = chol.SolveVecTo(&y, &inner)
		x.MulVec(s.basis, &y)
	}
	for j := range q {
		z[j] = beta[j] + x.AtVec(j)/s.scale[j]
	}
	return true
}

// standardErrors are the roots of the diagonal of the inverse of the observed information at the solution, length q; NaN
// for a coefficient that the data do not determine.
func (l *linearProblem) standardErrors(ctx context.Context, s *linearSolution) ([]float64, error) {
	q := len(s.beta)
	g, h := make([]float64, q), make([]float64, q*q)
	if _, _, err := l.loss.at(ctx, s.beta, g, h); err != nil {
		return nil, err
	}
	chol, ok := s.space.factorize(h)
	if !ok {
		return nil, ErrSeparable
	}
	var inverse mat.SymDense
	_ = chol.InverseTo(&inverse) // as in step
	errors := make([]float64, q)
	for j := range errors {
		variance := 0.
		if s.space.basis == nil {
			variance = inverse.At(j, j)
		} else {
			row := s.space.basis.RowView(j)
			// Its length is 1 where no combination without effect moves coefficient j.
			if mat.Dot(row, row) < 1-1e-9 {
				errors[j] = math.NaN()
				continue
			}
			variance = mat.Inner(row, &inverse, row)
		}
		errors[j] = math.Sqrt(max(variance, 0)) / s.space.scale[j]
	}
	return errors, nil
}
