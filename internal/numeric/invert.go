// The inverse of a large symmetric positive definite matrix, in its own memory.
//
// The sweep operator (Beaton 1964; Goodnight, "A Tutorial on the SWEEP Operator", The American Statistician 1979) in blocks: sweeping the rows
// and columns K turns a symmetric A into
//
//	A_KK <- -inv(A_KK),  A_IK <- A_IK inv(A_KK),  A_IJ <- A_IJ - A_IK inv(A_KK) A_KJ,
//
// which is symmetric again, and after all of them stands -inv(A). It needs as many operations as Cholesky's factor, its inverse and their
// product (n^3), but all of one kind, A_IJ -= Z_I Z_J' with Z = A_IK inv(L)' and A_KK = L L', and the lower half alone. Like Cholesky's, it needs no
// pivoting: what is left to sweep is a Schur complement, positive definite as A is. The small blocks A_KK are inverted in float64.

package numeric

import (
	"context"
	"fmt"
)

// NotPositiveDefiniteError says at which row a matrix turned out not to be positive definite.
type NotPositiveDefiniteError struct {
	Pivot int     // the row, from 0
	Value float64 // what is left of its diagonal entry by the rows before it: not above 0
}

func (e *NotPositiveDefiniteError) Error() string {
	return fmt.Sprintf("numeric: the matrix is not positive definite: pivot %d is %g", e.Pivot, e.Value)
}

// InvertSPD turns the symmetric positive definite a into its inverse. It reads the lower half (j <= i) and writes both.
// It takes n^3 operations and, beside a, 4.5 KB * n of memory; progress, unless nil, is told after each of total blocks of 384 rows.
// The result is off by less than 1e-8 times the condition number of a, in parts of its largest entry: five digits are right at a condition of
// 1,000, three at 100,000. A matrix that is not positive definite, or is so by less than float32 tells, is a *NotPositiveDefiniteError.
func InvertSPD(ctx context.Context, threads int, a Dense, progress func(done, total int)) error {
	return invertSPD(ctx, best(), threads, a, progress)
}

func invertSPD(ctx context.Context, with kernel, threads int, a Dense, progress func(done, total int)) error {
	if err := a.check(); err != nil {
		return err
	}
	if a.Rows != a.Cols {
		return fmt.Errorf("numeric: the inverse of a matrix of %d rows and %d columns", a.Rows, a.Cols)
	}
	threads = Threads(threads)
	s := newSweeper(with, threads, a)
	total := (a.Rows + depth - 1) / depth
	for b := range total {
		if err := s.sweep(ctx, b*depth, min(a.Rows, (b+1)*depth)); err != nil {
			return err
		}
		if progress != nil {
			progress(b+1, total)
		}
	}
	return mirror(ctx, threads, a, -1)
}

// sweeper holds what the sweeps of one matrix share.
type sweeper struct {
	with    kernel
	threads int
	a       Dense
	z       Dense // n x size of the block
	// Memory of panels of all n rows, for the left and the right of a product, and of those of one block.
	left, right, blockLeft, blockRight []float32
	lower, inverse                     []float64 // L, and inv(L) transposed
	rounded                            Dense     // inv(L) transposed, in float32
}

func newSweeper(with kernel, threads int, a Dense) *sweeper {
	n, size := a.Rows, min(a.Rows, depth)
	return &sweeper{
		with: with, threads: threads, a: a,
		z:          NewDense(n, size),
		left:       make([]float32, panelFloats(with.rows, n, size)),
		right:      make([]float32, panelFloats(with.cols, n, size)),
		blockLeft:  make([]float32, panelFloats(with.rows, size, size)),
		blockRight: make([]float32, panelFloats(with.cols, size, size)),
		lower:      make([]float64, size*size),
		inverse:    make([]float64, size*size),
		rounded:    NewDense(size, size),
	}
}

// sweep sweeps the rows and columns [k0, k1). Until the last steps the rows of Z that belong to the block are zero, so that
// the update of the whole leaves the block alone.
func (s *sweeper) sweep(ctx context.Context, k0, k1 int) error {
	a, n, size := s.a, s.a.Rows, k1-k0
	if err := s.factor(k0, k1); err != nil {
		return err
	}
	// W = A_IK: right of the diagonal it stands transposed, in the lower half. Z = W inv(L)'.
	above, below := a.slice(k0, k1, 0, k0), a.slice(k1, n, k0, k1)
	z := s.z.slice(0, n, 0, size)
	if err := clearRows(ctx, s.threads, z); err != nil {
		return err
	}
	invL := newPanels(s.blockRight, s.with.cols, size, size)
	if err := invL.packColumns(ctx, s.threads, s.rounded.slice(0, size, 0, size), 1); err != nil {
		return err
	}
	left, right := newPanels(s.left, s.with.rows, n, size), newPanels(s.right, s.with.cols, n, size)
	w := newPanels(s.left, s.with.rows, k0, size)
	if err := w.packColumns(ctx, s.threads, above, 1); err != nil {
		return err
	}
	if err := addProducts(ctx, s.with, s.threads, w, invL, z.slice(0, k0, 0, size), false); err != nil {
		return err
	}
	w = newPanels(s.left, s.with.rows, n-k1, size)
	if err := w.packRows(ctx, s.threads, below, 1); err != nil {
		return err
	}
	if err := addProducts(ctx, s.with, s.threads, w, invL, z.slice(k1, n, 0, size), false); err != nil {
		return err
	}
	// A_IJ -= Z_I Z_J'.
	if err := left.packRows(ctx, s.threads, z, -1); err != nil {
		return err
	}
	if err := right.packRows(ctx, s.threads, z, 1); err != nil {
		return err
	}
	if err := addProducts(ctx, s.with, s.threads, left, right, a, true); err != nil {
		return err
	}
	// A_IK = Z inv(L).
	for _, d := range []Dense{above, below} {
		if err := clearRows(ctx, s.threads, d); err != nil {
			return err
		}
	}
	columns := newPanels(s.blockLeft, s.with.rows, size, size)
	if err := columns.packRows(ctx, s.threads, s.rounded.slice(0, size, 0, size), 1); err != nil {
		return err
	}
	if err := addProducts(ctx, s.with, s.threads, columns, right.first(k0), above, false); err != nil {
		return err
	}
	columns = newPanels(s.blockRight, s.with.cols, size, size)
	if err := columns.packRows(ctx, s.threads, s.rounded.slice(0, size, 0, size), -1); err != nil {
		return err
	}
	if err := addProducts(ctx, s.with, s.threads, left.from(k1), columns, below, false); err != nil {
		return err
	}
	s.invertBlock(k0, k1)
	return nil
}

// factor splits A_KK into L L' and inverts L.
func (s *sweeper) factor(k0, k1 int) error {
	size := k1 - k0
	for i := range size {
		for j, x := range s.a.Row(k0 + i)[k0 : k0+i+1] {
			s.lower[i*size+j] = float64(x)
		}
	}
	if pivot, value := cholesky(size, s.lower); pivot < size {
		return &NotPositiveDefiniteError{Pivot: k0 + pivot, Value: value}
	}
	invertLower(size, s.lower, s.inverse)
	for j := range size {
		to := s.rounded.Row(j)
		for i := range size {
			to[i] = 0
			if i >= j {
				to[i] = float32(s.inverse[j*size+i])
			}
		}
	}
	return nil
}

// invertBlock puts -inv(A_KK) = -inv(L)' inv(L) in the place of A_KK.
func (s *sweeper) invertBlock(k0, k1 int) {
	size := k1 - k0
	for i := range size {
		to := s.a.Row(k0 + i)[k0 : k0+i+1]
		for j := range to {
			to[j] = -float32(Dot64(s.inverse[i*size+i:(i+1)*size], s.inverse[j*size+i:(j+1)*size]))
		}
	}
}

// clearRows sets all entries of d to zero.
func clearRows(ctx context.Context, threads int, d Dense) error {
	const part = 256
	return inBlocks(ctx, (d.Rows+part-1)/part, threads, func(_, block int) {
		for i := block * part; i < min(d.Rows, (block+1)*part); i++ {
			clear(d.Row(i))
		}
	})
}
