// The support vector machine over a kernel map, for as many rows as there are: with z the features of the map it minimises
//
//	1/2 |w|^2 + sum_i C_i max(0, 1 - y_i (w.z(x_i) + b))^2
//
// by Newton's method in the primal. Only the rows inside the margin have a part in gradient and Hessian, so from one step to
// the next the Hessian changes by the few rows that came or went. Sources: Keerthi and DeCoste, JMLR 2005; Chapelle, Neural
// Computation 2007.

package learn

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/mat"
)

// MappedSVM are the settings of a support vector machine over a kernel map, with the squared hinge loss. It takes finite
// numbers, best of similar scale. Memory of a fit: CacheMB, 20 bytes a row and 24 for each pair of features.
type MappedSVM struct {
	Map KernelMap

	C              float64 `json:",omitempty"` // cost of a row inside the margin, times its weight; 0 is 1
	PositiveWeight float64 `json:",omitempty"` // by which C is multiplied for positive rows; 0 is 1
	Balanced       bool    `json:",omitempty"` // multiplies C, for each label, by half the weight of all rows over that of its rows

	Tolerance float64 `json:",omitempty"` // greatest part of the gradient at 0 that is left; 0 is 0.0001
	MaxSteps  int     `json:",omitempty"` // Newton steps at most; 0 is 100
	CacheMB   int     `json:",omitempty"` // features that do not fit in so many 2^20 bytes are made anew in each pass; 0 is 500

	// Folds is the number of parts for the cross-validated decisions through which the probabilities are fitted, as in
	// KernelSVM: 0 is 5, negative none. The map is that of all rows, which tells it nothing of their labels.
	Folds   int `json:",omitempty"`
	Threads int `json:",omitempty"` // 0 is one a core; products of matrices are on all cores in any case
}

// Kind names the algorithm.
func (MappedSVM) Kind() string { return "mapped svm" }

// Fit is FitMappedSVM.
func (c MappedSVM) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitMappedSVM(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// MappedSVMModel is a fitted MappedSVM. The decision of x is Weights . features of x + Intercept.
type MappedSVMModel struct {
	Columns   []Column
	Map       *KernelMapping
	Weights   []float64
	Intercept float64
	PlattA    float64 // the probability is 1/(1+exp(PlattA decision + PlattB))
	PlattB    float64
	Steps     int  // of Newton's method
	Converged bool // the optimum was reached within the tolerance

	once sync.Once
	by   []float64 // what the kernels of x and the landmarks are multiplied by
}

// FitMappedSVM fits a support vector machine over a kernel map.
func FitMappedSVM(ctx context.Context, d *Data, c MappedSVM) (*MappedSVMModel, error) {
	if err := d.check(0); err != nil {
		return nil, err
	}
	cost, err := svmCosts(d, c.C, c.PositiveWeight, c.Balanced)
	if err != nil {
		return nil, err
	}
	if !(c.Tolerance >= 0) || c.MaxSteps < 0 || c.CacheMB < 0 {
		return nil, fmt.Errorf("learn: mapped svm: tolerance %v, max steps %d, cache of %d MB: none may be negative",
			c.Tolerance, c.MaxSteps, c.CacheMB)
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-4
	}
	if c.MaxSteps == 0 {
		c.MaxSteps = 100
	}
	if c.CacheMB == 0 {
		c.CacheMB = 500
	}
	mapping, err := FitKernelMap(ctx, d.X, c.Map)
	if err != nil {
		return nil, err
	}
	s := newPrimal(d, mapping, c)
	w := make([]float64, s.r+1)
	steps, converged, err := s.solve(ctx, w, cost, c)
	if err != nil {
		return nil, err
	}
	m := &MappedSVMModel{Columns: d.columns(), Map: mapping, Weights: w[:s.r:s.r], Intercept: w[s.r], Steps: steps, Converged: converged}
	part, fold := make([]float64, len(cost)), make([]float64, len(w))
	m.PlattA, m.PlattB, err = plattByFolds(d, cost, c.Folds, c.Map.Seed, func(held []bool, decision []float64) error {
		for i, own := range held {
			if part[i] = cost[i]; own {
				part[i] = 0
			}
		}
		copy(fold, w) // the optimum does not depend on the start
		if _, _, err := s.solve(ctx, fold, part, c); err != nil {
			return err
		}
		for i, own := range held {
			if own {
				decision[i] = s.decision[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

const (
	primalChunk = 4096 // rows whose features are made at once
	primalBlock = 256  // rows whose part of the gradient is summed at once
)

// primal solves problems over the same features.
type primal struct {
	x        *Matrix
	y        []bool
	mapping  *KernelMapping
	r        int       // features; number r is the intercept
	cached   []float32 // n x r, or nil
	filled   bool
	chunk    []float32 // primalChunk x r, where there is no cache
	decision []float64 // n: at the weights that were looked at last
	inside   []float64 // n: C_i of the rows inside the margin there, else 0
	held     []float64 // n: the C_i that the Hessian has of each row
	hessian  []float64 // (r+1) x (r+1): sum_i 2 held_i (z_i,1)(z_i,1)'
	small    float64   // the norm of a gradient that ends a problem
	threads  int
}

func newPrimal(d *Data, mapping *KernelMapping, c MappedSVM) *primal {
	n, r := d.X.Rows, mapping.Features()
	s := &primal{x: d.X, y: d.Y, mapping: mapping, r: r, threads: threadsOf(c.Threads), decision: make([]float64, n),
		inside: make([]float64, n), held: make([]float64, n), hessian: make([]float64, (r+1)*(r+1))}
	if n*r <= c.CacheMB<<18 {
		s.cached = make([]float32, n*r)
	} else {
		s.chunk = make([]float32, primalChunk*r)
	}
	return s
}

// solve brings w, whose last number is the intercept, to the optimum. s.decision is then that of all rows.
func (s *primal) solve(ctx context.Context, w, cost []float64, c MappedSVM) (steps int, converged bool, err error) {
	gradient, next, ahead := make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w))
	loss, err := s.look(ctx, w, cost, gradient)
	if err != nil {
		return 0, false, err
	}
	if s.small == 0 { // the first problem begins at 0; its folds are as exact
		s.small = c.Tolerance * norm(gradient)
	}
	for steps = 0; norm(gradient) > s.small; steps++ {
		if steps == c.MaxSteps {
			return steps, false, nil
		}
		direction, err := s.direction(gradient)
		if err != nil {
			return steps, false, err
		}
		slope := 0.
		for k, g := range gradient {
			slope += g * direction[k]
		}
		part := 1.
		for ; ; part /= 2 {
			if part < 1e-6 {
				// Rounding hides any further descent. The rows' state is that of w again.
				_, err := s.look(ctx, w, cost, gradient)
				return steps, false, err
			}
			for k := range next {
				next[k] = w[k] + part*direction[k]
			}
			at, err := s.look(ctx, next, cost, ahead)
			if err != nil {
				return steps, false, err
			}
			if at <= loss+1e-4*part*slope+1e-12*math.Abs(loss) {
				loss = at
				break
			}
		}
		copy(w, next)
		copy(gradient, ahead)
	}
	return steps, true, nil
}

func norm(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}

// look returns the loss at w, writes its gradient, and brings decision, inside and the Hessian to w.
func (s *primal) look(ctx context.Context, w, cost, gradient []float64) (float64, error) {
	n, r := s.x.Rows, s.r
	loss := 0.
	clear(gradient)
	for k, v := range w[:r] {
		loss += v * v / 2
		gradient[k] = v
	}
	parts := make([][]float64, primalChunk/primalBlock) // of each block: its gradient and, last, its loss
	for k := range parts {
		parts[k] = make([]float64, r+2)
	}
	for from := 0; from < n; from += primalChunk {
		to := min(n, from+primalChunk)
		z := s.chunk
		if s.cached != nil {
			z = s.cached[from*r : to*r]
		}
		if !s.filled {
			if err := inBlocks(ctx, to-from, mapRows, s.threads, func(_, a, b int) {
				s.mapping.transform(s.x, from+a, from+b, z[a*r:b*r])
			}); err != nil {
				return 0, err
			}
		}
		if err := inBlocks(ctx, to-from, primalBlock, s.threads, func(block, a, b int) {
			part := parts[block]
			clear(part)
			for i := from + a; i < from+b; i++ {
				zi := z[(i-from)*r : (i-from+1)*r]
				f := w[r]
				for k, v := range zi {
					f += w[k] * float64(v)
				}
				s.decision[i], s.inside[i] = f, 0
				y := -1.
				if s.y[i] {
					y = 1
				}
				short := 1 - y*f
				if short <= 0 || cost[i] == 0 {
					continue
				}
				s.inside[i] = cost[i]
				part[r+1] += cost[i] * short * short
				by := -2 * cost[i] * y * short
				for k, v := range zi {
					part[k] += by * float64(v)
				}
				part[r] += by
			}
		}); err != nil {
			return 0, err
		}
		for b := range (to - from + primalBlock - 1) / primalBlock {
			for k := range gradient {
				gradient[k] += parts[b][k]
			}
			loss += parts[b][r+1]
		}
		if err := s.renew(ctx, z, from, to); err != nil {
			return 0, err
		}
	}
	s.filled = s.cached != nil
	return loss, nil
}

// renew brings the Hessian's part of rows from..to-1, of features z, from held to inside.
func (s *primal) renew(ctx context.Context, z []float32, from, to int) error {
	r := s.r + 1
	var rows []int32
	flush := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// The change is A'B, A's rows being those of B times twice the change of C_i.
		n := len(rows)
		a, b := make([]float32, r*n), make([]float32, n*r)
		for k, i := range rows {
			copy(b[k*r:], z[(int(i)-from)*s.r:(int(i)-from+1)*s.r])
			b[k*r+s.r] = 1
			by := float32(2 * (s.inside[i] - s.held[i]))
			for j, v := range b[k*r : (k+1)*r] {
				a[j*n+k] = by * v
			}
			s.held[i] = s.inside[i]
		}
		product := vek32.MatMul(a, b, n)
		for k, v := range product {
			s.hessian[k] += float64(v)
		}
		rows = rows[:0]
		return nil
	}
	for i := from; i < to; i++ {
		if s.inside[i] != s.held[i] {
			if rows = append(rows, int32(i)); len(rows) == 512 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(rows) > 0 {
		return flush()
	}
	return nil
}

// direction is Newton's: -(H + D)^-1 gradient, with D the identity but for the intercept. Where rounding has left the matrix
// without a factorisation, D is made greater.
func (s *primal) direction(gradient []float64) ([]float64, error) {
	r := s.r + 1
	for more := 0.; ; more = max(4*more, 1e-7*s.hessian[r*r-1]+1e-9) {
		h := mat.NewSymDense(r, nil)
		for i := range r {
			for j := i; j < r; j++ {
				h.SetSym(i, j, (s.hessian[i*r+j]+s.hessian[j*r+i])/2)
			}
			h.SetSym(i, i, s.hessian[i*r+i]+1+more)
		}
		h.SetSym(r-1, r-1, max(s.hessian[r*r-1], 0)+more+1e-9)
		var factor mat.Cholesky
		if factor.Factorize(h) {
			var x mat.VecDense
			if err := factor.SolveVecTo(&x, mat.NewVecDense(r, gradient)); err == nil || x.Len() == r {
				d := x.RawVector().Data
				for k := range d {
					d[k] = -d[k]
				}
				return d, nil
			}
		}
		if more > 1e30 {
			return nil, fmt.Errorf("learn: mapped svm: the Hessian cannot be factorised: standardise the columns, or take a smaller C")
		}
	}
}

// Predict writes the probabilities of positive.
func (m *MappedSVMModel) Predict(x *Matrix, p []float64) error {
	if err := m.Decision(x, p); err != nil {
		return err
	}
	plattProbabilities(p, m.PlattA, m.PlattB)
	return nil
}

// Decision writes the decisions of the rows of x, which must be finite, to out, of length x.Rows.
func (m *MappedSVMModel) Decision(x *Matrix, out []float64) error {
	if err := checkInput(x, out, m.Columns); err != nil {
		return err
	}
	if err := checkFinite(x, m.Columns); err != nil {
		return err
	}
	s := m.Map.source().Rows
	m.once.Do(func() {
		if m.by = m.Weights; m.Map.Method == MapNystroem { // w.z(x) = w.(L^-1 k) = (w L^-1).k
			m.by = make([]float64, s)
			for j := range m.by {
				for i, v := range m.Map.Root[j*s : (j+1)*s] {
					m.by[j] += m.Weights[i] * float64(v)
				}
			}
		}
	})
	err := inBlocks(context.Background(), x.Rows, mapRows, threadsOf(0), func(_, from, to int) {
		var q query
		k := make([]float32, s)
		for i := from; i < to; i++ {
			m.Map.similar(x.Row(i), &q, k)
			f := 0.
			if m.Map.Method == MapNystroem {
				for j, v := range k {
					f += m.by[j] * float64(v)
				}
			} else {
				for j, v := range k {
					sin, cos := math.Sincos(float64(v))
					f += m.by[j]*cos + m.by[s+j]*sin
				}
				f *= math.Sqrt(1 / float64(s))
			}
			out[i] = f + m.Intercept
		}
	})
	if err != nil {
		return err
	}
	for i, v := range out {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("learn: row %d: its values are too great for the kernel map", i)
		}
	}
	return nil
}

// Inputs are the columns that the model was fitted on.
func (m *MappedSVMModel) Inputs() []Column { return m.Columns }

func (m *MappedSVMModel) valid() error {
	if m.Map == nil {
		return fmt.Errorf("learn: mapped svm: there is no kernel map")
	}
	if err := m.Map.valid(len(m.Columns)); err != nil {
		return err
	}
	if len(m.Weights) != m.Map.Features() {
		return fmt.Errorf("learn: mapped svm: %d weights for %d features", len(m.Weights), m.Map.Features())
	}
	for _, v := range append([]float64{m.Intercept, m.PlattA, m.PlattB}, m.Weights...) {
		if !(math.Abs(v) < 1e100) {
			return fmt.Errorf("learn: mapped svm: a coefficient of %v", v)
		}
	}
	return nil
}
