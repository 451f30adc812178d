// Linear regression with a ridge: the intercept b and the coefficients w that minimise
//
//	sum_i c_i (y_i - b - x_i'w)^2 + L2 |w|^2
//
// by the normal equations of columns less their means, which spare the intercept (Hoerl and Kennard, Technometrics 12, 1970).
// The scale of L2 is that of scikit-learn's Ridge.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// LinearRegression are the settings of a linear regression. Columns on similar scales (Encoder standardises) make the penalty
// treat them alike; without one the scale does not matter.
type LinearRegression struct {
	L2      float64 // strength of the penalty, >= 0; 0: none
	Threads int     // 0: one a core
}

// LinearRegressionModel is a fitted linear regression.
type LinearRegressionModel struct {
	Columns   []Column
	Intercept float64
	Coef      []float64 // length p: the change of the prediction with one unit of each column
}

// ErrUndetermined is given for columns of which one is a combination of others, or constant, so that no coefficients without a
// penalty are the best.
var ErrUndetermined = errors.New("learn: some columns are combinations of others, or constant, so that the data do not determine the coefficients: use a penalty (L2)")

// Kind is "linear regression".
func (LinearRegression) Kind() string { return "linear regression" }

// momentBlock are the sums over one block of rows, of which there are passBlocks whatever the threads.
type momentBlock struct {
	weight, y float64
	x         []float64 // p
	xy        []float64 // p
	xx        []float64 // p x p, upper triangle
}

// FitLinearRegression fits a linear regression to finite numbers, in one pass for the means and one for the products. Beside d
// it needs 136 p^2 bytes, and p^2/2 multiplications a row.
func FitLinearRegression(ctx context.Context, d *RegressionData, c LinearRegression) (*LinearRegressionModel, error) {
	if _, err := d.check(0); err != nil {
		return nil, err
	}
	if !(c.L2 >= 0) || math.IsInf(c.L2, 0) {
		return nil, fmt.Errorf("learn: L2 is %v; 0 or more is expected", c.L2)
	}
	p := d.X.Cols
	blocks := make([]momentBlock, passBlocks)
	pass := func(do func(b *momentBlock, x []float32, y, w float64)) error {
		size := (d.X.Rows + passBlocks - 1) / passBlocks
		err := inBlocks(ctx, d.X.Rows, size, threadsOf(c.Threads), func(b, from, to int) {
			for i := from; i < to; i++ {
				if (i-from)%passCheck == 0 && ctx.Err() != nil {
					return
				}
				if w := metricWeight(d.Weight, i); w > 0 {
					do(&blocks[b], d.X.Row(i), float64(d.Y[i]), w)
				}
			}
		})
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return err
	}
	for b := range blocks {
		blocks[b] = momentBlock{x: make([]float64, p), xy: make([]float64, p), xx: make([]float64, p*p)}
	}
	if err := pass(func(b *momentBlock, x []float32, y, w float64) {
		b.weight += w
		b.y += w * y
		for j, v := range x {
			b.x[j] += w * float64(v)
		}
	}); err != nil {
		return nil, err
	}
	mean, weight, meanY := make([]float64, p), 0.0, 0.0
	for b := range blocks {
		weight += blocks[b].weight
		meanY += blocks[b].y
		addSums(mean, blocks[b].x)
	}
	meanY /= weight
	for j := range mean {
		mean[j] /= weight
	}
	if err := pass(func(b *momentBlock, x []float32, y, w float64) {
		z := b.x
		for j, v := range x {
			z[j] = float64(v) - mean[j]
		}
		for j, v := range z {
			wv := w * v
			b.xy[j] += wv * (y - meanY)
			row, rest := b.xx[j*p+j:(j+1)*p], z[j:]
			rest = rest[:len(row)]
			for k := range row {
				row[k] += wv * rest[k]
			}
		}
	}); err != nil {
		return nil, err
	}
	xx, xy := make([]float64, p*p), make([]float64, p)
	for b := range blocks {
		addSums(xx, blocks[b].xx)
		addSums(xy, blocks[b].xy)
	}
	coef, err := solveRidge(xx, xy, c.L2)
	if err != nil {
		return nil, err
	}
	m := &LinearRegressionModel{Columns: d.rows().columns(), Intercept: meanY, Coef: coef}
	for j, v := range coef {
		m.Intercept -= v * mean[j]
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("learn: the linear regression ran out of the range of numbers: %w", err)
	}
	return m, nil
}

// solveRidge solves (A + l2 I) w = b, of whose A the upper triangle is given, in units that make the diagonal 1.
func solveRidge(a, b []float64, l2 float64) ([]float64, error) {
	p := len(b)
	unit := make([]float64, p)
	for j := range unit {
		v := a[j*p+j] + l2
		if !(v > 0) {
			return nil, ErrUndetermined
		}
		unit[j] = 1 / math.Sqrt(v)
	}
	m, right := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
	for i := range p {
		right.SetVec(i, b[i]*unit[i])
		for j := i; j < p; j++ {
			m.SetSym(i, j, a[i*p+j]*unit[i]*unit[j])
		}
		m.SetSym(i, i, 1)
	}
	var chol mat.Cholesky
	if !chol.Factorize(m) || chol.Cond() > rankCondition {
		return nil, ErrUndetermined
	}
	var x mat.VecDense
	_ = chol.SolveVecTo(&x, right) // an error says that the condition is above 1e16; it is not
	out := make([]float64, p)
	for j := range out {
		out[j] = x.AtVec(j) * unit[j]
	}
	return out, nil
}

// Predict writes to out[i], which has length x.Rows, the value predicted for row i, in the unit of what was learned. It is no
// probability. A row with a missing value is an error.
func (m *LinearRegressionModel) Predict(x *Matrix, out []float64) error {
	return linearScores(x, m.Coef, m.Intercept, m.Columns, out)
}

// Inputs implements Model.
func (m *LinearRegressionModel) Inputs() []Column { return m.Columns }

func (m *LinearRegressionModel) valid() error { return checkLinear(m.Columns, m.Coef, m.Intercept) }
