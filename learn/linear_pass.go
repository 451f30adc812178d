// One pass over the rows: the sum of the losses of a linear model with its gradient and Hessian. The rows are cut into blocks that depend on n
// alone; each block has sums of its own, added up in the order of the blocks, so that the number of threads changes nothing.

package learn

import (
	"context"
	"math"
)

const (
	passBlocks = 16  // blocks of a pass, each with a Hessian of its own
	passCheck  = 256 // rows between two looks at the context
)

// linearLoss is sum_i c_i loss(m_i) of the margins m_i = y_i (beta[p] + sum_j x_ij beta[j]), y_i in {-1,1}, with
// loss(m) = log(1 + exp(-m)), or max(0, 1-m)^2 for the squared hinge, or that of hinge.
type linearLoss struct {
	d            *Data
	squaredHinge bool
	hinge        *smoothHinge     // nil: one of the others
	factor       [2]float64       // of the weights, by class
	use          func(i int) bool // which rows count
	threads      int
	blocks       []passSums
}

// passSums are the sums over one block of rows; q = p+1, the intercept being a last column of ones.
type passSums struct {
	loss     float64
	margin   float64   // the least m_i
	gradient []float64 // q
	hessian  []float64 // q x q, upper triangle
	square   []float64 // q: sum_i c_i x_ij^2
	at       []int32   // q: the columns of a row that are not 0 ...
	value    []float64 // q: ... and their values
}

// prepare makes room for the sums; the loss is ready then.
func (l *linearLoss) prepare() *linearLoss {
	q := l.d.X.Cols + 1
	l.blocks = make([]passSums, passBlocks)
	for b := range l.blocks {
		l.blocks[b] = passSums{gradient: make([]float64, q), at: make([]int32, q), value: make([]float64, q)}
	}
	return l
}

// rowsIn calls do for every row that counts and has a weight c above 0, block by block.
func (l *linearLoss) rowsIn(ctx context.Context, do func(s *passSums, i int, c float64)) error {
	n := l.d.X.Rows
	size := (n + passBlocks - 1) / passBlocks
	if err := inBlocks(ctx, n, size, l.threads, func(b, from, to int) {
		for i := from; i < to; i++ {
			if (i-from)%passCheck == 0 && ctx.Err() != nil {
				return
			}
			if c := l.d.weight(i) * l.factor[linearClass(l.d.Y[i])]; c > 0 && l.use(i) {
				do(&l.blocks[b], i, c)
			}
		}
	}); err != nil {
		return err
	}
	if ctx.Err() != nil { // it may have ended within the last blocks
		return context.Cause(ctx)
	}
	return nil
}

// gather lists the values of row x that are not 0, and a 1 for the intercept. One-hot columns make rows mostly zeros, and
// the Hessian costs the square of what is listed.
func (s *passSums) gather(x []float32) (at []int32, value []float64) {
	k := 0
	at, value = s.at[:len(x)+1], s.value[:len(x)+1]
	for j, v := range x {
		at[k] = int32(j)
		step := 0 // without a branch: which values are 0 cannot be foreseen
		if math.Float32bits(v)<<1 != 0 {
			step = 1
		}
		k += step
	}
	at[k] = int32(len(x))
	at, value = at[:k+1], value[:k+1]
	for t, j := range at[:k] {
		value[t] = float64(x[j])
	}
	value[k] = 1
	return at, value
}

// at sums loss and gradient (length q) at beta, and the Hessian (q x q, both triangles) unless it is nil. margin is the least
// margin: above 0, beta separates the classes.
func (l *linearLoss) at(ctx context.Context, beta, gradient, hessian []float64) (loss, margin float64, err error) {
	q := len(beta)
	for b := range l.blocks {
		s := &l.blocks[b]
		s.loss, s.margin = 0, math.Inf(1)
		clear(s.gradient)
		if hessian != nil {
			if s.hessian == nil {
				s.hessian = make([]float64, q*q)
			}
			clear(s.hessian)
		}
	}
	if err := l.rowsIn(ctx, func(s *passSums, i int, c float64) {
		x, p := l.d.X.Row(i), q-1
		y := float64(2*linearClass(l.d.Y[i]) - 1)
		m := y * (linearDot(x, beta[:p]) + beta[p])
		s.margin = min(s.margin, m)
		var loss, fall, curve float64 // loss(m), and its derivatives -loss'(m) and loss''(m)
		if l.hinge != nil {
			if loss, fall, curve = l.hinge.at(i, m); fall == 0 {
				return
			}
		} else if l.squaredHinge {
			short := max(0, 1-m)
			if short == 0 {
				return
			}
			loss, fall, curve = short*short, 2*short, 2
		} else {
			// With e = exp(-|m|) nothing overflows, and the curve p(1-p) keeps its digits however far from 0 m is.
			e := math.Exp(-math.Abs(m))
			loss, fall, curve = max(-m, 0)+math.Log1p(e), e/(1+e), e/((1+e)*(1+e))
			if m < 0 {
				fall = 1 / (1 + e)
			}
		}
		s.loss += c * loss
		g := -c * y * fall
		if hessian == nil || curve == 0 {
			gradient := s.gradient[:len(x)]
			for j, v := range x {
				gradient[j] += g * float64(v)
			}
			s.gradient[p] += g
			return
		}
		at, value := s.gather(x)
		for k, v := range value {
			s.gradient[at[k]] += g * v
		}
		s.addOuter(at, value, c*curve)
	}); err != nil {
		return 0, 0, err
	}
	margin = math.Inf(1)
	clear(gradient)
	clear(hessian)
	for b := range l.blocks {
		s := &l.blocks[b]
		loss += s.loss
		margin = min(margin, s.margin)
		addSums(gradient, s.gradient)
		if hessian != nil {
			addSums(hessian, s.hessian)
		}
	}
	if hessian != nil {
		for a := range q {
			for b := range a {
				hessian[a*q+b] = hessian[b*q+a]
			}
		}
	}
	return loss, margin, nil
}

// addOuter adds h x x' to the upper triangle of the Hessian, x being given by what of it is not 0.
func (s *passSums) addOuter(at []int32, value []float64, h float64) {
	q := len(s.gradient)
	if len(at) == q {
		for a, v := range value {
			hv, row, x := h*v, s.hessian[a*q+a:(a+1)*q], value[a:]
			x = x[:len(row)]
			for b := range row {
				row[b] += hv * x[b]
			}
		}
		return
	}
	for a, v := range value {
		hv, row := h*v, s.hessian[int(at[a])*q:(int(at[a])+1)*q]
		columns, x := at[a:], value[a:]
		x = x[:len(columns)]
		for b, j := range columns {
			row[j] += hv * x[b]
		}
	}
}

// scales are the root mean squares of the columns, weighted; 1 for the intercept and for a column of zeros.
func (l *linearLoss) scales(ctx context.Context) (scale []float64, weight float64, err error) {
	q := l.d.X.Cols + 1
	for b := range l.blocks {
		l.blocks[b].square = make([]float64, q)
	}
	if err := l.rowsIn(ctx, func(s *passSums, i int, c float64) {
		at, value := s.gather(l.d.X.Row(i))
		for k, v := range value {
			s.square[at[k]] += c * v * v
		}
	}); err != nil {
		return nil, 0, err
	}
	scale = make([]float64, q)
	for b := range l.blocks {
		addSums(scale, l.blocks[b].square)
		l.blocks[b].square = nil
	}
	weight = scale[q-1]
	for j, sum := range scale {
		if scale[j] = math.Sqrt(sum / weight); scale[j] == 0 {
			scale[j] = 1
		}
	}
	return scale, weight, nil
}

func addSums(sum, x []float64) {
	for j, v := range x {
		sum[j] += v
	}
}
