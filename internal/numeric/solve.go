// Small systems of equations: Cholesky's factor in float64 of matrices of up to some hundred rows, and conjugate gradients.

package numeric

import (
	"math"

	"github.com/viterin/vek"
)

// SolveSPD solves a x = b for a symmetric positive definite a of n x n values, row after row, of which it reads the lower half. b (n values) becomes x, and
// the lower half of a Cholesky's factor. It takes n^3/3 operations and no memory. A matrix that is not positive definite is a
// *NotPositiveDefiniteError, and leaves a and b of no use.
func SolveSPD(n int, a, b []float64) error {
	a, b = a[:n*n], b[:n]
	if pivot, value := cholesky(n, a); pivot < n {
		return &NotPositiveDefiniteError{Pivot: pivot, Value: value}
	}
	for i := range n {
		b[i] = (b[i] - Dot64(a[i*n:i*n+i], b[:i])) / a[i*n+i]
	}
	// The factor's columns are far apart, so what is found is taken away from all before it, row by row.
	for i := n - 1; i >= 0; i-- {
		x := b[i] / a[i*n+i]
		b[i] = x
		for j, l := range a[i*n : i*n+i] {
			b[j] -= x * l
		}
	}
	return nil
}

// cholesky turns the lower half of a (n x n) into L of a = L L'. It returns n, or the first pivot that is not above zero and its value.
func cholesky(n int, a []float64) (pivot int, value float64) {
	for i := range n {
		row := a[i*n : i*n+i+1]
		for j := range i {
			other := a[j*n : j*n+j+1]
			row[j] = (row[j] - Dot64(row[:j], other[:j])) / other[j]
		}
		d := row[i] - Dot64(row[:i], row[:i])
		// Not "d <= 0": a NaN is no pivot either.
		if !(d > 0) || math.IsInf(d, 1) {
			return i, d
		}
		row[i] = math.Sqrt(d)
	}
	return n, 0
}

// invertLower writes the transpose of inv(l), the upper half of an n x n matrix, to to: row j holds column j of the inverse from its
// diagonal on.
func invertLower(n int, l, to []float64) {
	for j := range n {
		column := to[j*n : (j+1)*n]
		column[j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			column[i] = -Dot64(l[i*n+j:i*n+i], column[j:i]) / l[i*n+i]
		}
	}
}

// Dot64 is the inner product of x and y, of the same length. Calling the vector code costs more than it saves on a few values.
func Dot64(x, y []float64) float64 {
	if len(x) >= 16 {
		return vek.Dot(x, y)
	}
	var sum float64
	y = y[:len(x)]
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// ConjugateGradient improves x, a guess at the solution of A x = b for a symmetric positive definite A, by at most steps steps (Hestenes and
// Stiefel 1952); it returns how many it took. It stops when the norm of what is missing, b - A x, is at most tolerance times
// that of b. mul writes A v to to; work has at least 3*len(b) values. It allocates nothing.
func ConjugateGradient(mul func(to, v []float32), b, x, work []float32, steps int, tolerance float32) int {
	n := len(b)
	r, p, ap := work[:n], work[n:2*n], work[2*n:3*n]
	mul(ap, x)
	for i := range r {
		r[i] = b[i] - ap[i]
	}
	copy(p, r)
	rr, enough := Dot(r, r), tolerance*tolerance*Dot(b, b)
	for step := range steps {
		// Not "rr <= enough": a NaN does not get better.
		if !(rr > enough) {
			return step
		}
		mul(ap, p)
		alpha := rr / Dot(p, ap)
		Axpy(alpha, p, x)
		Axpy(-alpha, ap, r)
		last := rr
		rr = Dot(r, r)
		for i := range p {
			p[i] = r[i] + rr/last*p[i]
		}
	}
	return steps
}
