// Columns of numbers and categories made into the finite, standardised numbers that networks, logistic regressions and
// anything that measures distances need. All that is estimated comes from the training rows; a Pipeline sees to that.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Encoded is how one column is encoded. A column of numbers gives one output, that of (log(x) or Fill - Mean)/SD, and
// perhaps an indicator; a column of categories one output a level.
type Encoded struct {
	Log      bool    // take sign(x) log(1+|x|) first
	Fill     float64 // what stands for a missing number, after the log
	Mean, SD float64 // of the training rows after log and filling; 0 and 1 where not standardised
	Output   int32   // of the number

	Levels  []int32 // the output of each level, -1 for none; nil for numbers
	Missing int32   // the output that is 1 where the value is missing, -1 for none
}

// Encoder turns rows of the columns In into rows of the columns Out. It is read-only and safe for concurrent use.
type Encoder struct {
	In     []Column
	Out    []Column  // all numbers
	Source []int32   // of each output column: which column of In it comes from
	Steps  []Encoded // of each column of In
}

const (
	encodeRows = 4096    // rows of a block
	maxOutputs = 1 << 20 // columns that an encoder may make
)

// Transform writes to out, which has x.Rows rows and len(e.Out) columns, the encoded rows. Blocks of rows are encoded in
// parallel.
func (e *Encoder) Transform(ctx context.Context, x, out *Matrix) error {
	switch {
	case x.Cols != len(e.In) || len(x.Data) != x.Rows*x.Cols:
		return fmt.Errorf("learn: encoder: a matrix of %d x %d with %d values; it was fitted on %d columns", x.Rows, x.Cols, len(x.Data), len(e.In))
	case out.Rows != x.Rows || out.Cols != len(e.Out) || len(out.Data) != out.Rows*out.Cols:
		return fmt.Errorf("learn: encoder: room for %d x %d, %d x %d are needed", out.Rows, out.Cols, x.Rows, len(e.Out))
	}
	return inBlocks(ctx, x.Rows, encodeRows, threadsOf(0), func(_, from, to int) {
		for i := from; i < to; i++ {
			e.row(x.Row(i), out.Row(i))
		}
	})
}

// row encodes one row.
func (e *Encoder) row(x, out []float32) {
	clear(out)
	for j, v := range x {
		s := &e.Steps[j]
		missing := v != v
		if missing && s.Missing >= 0 {
			out[s.Missing] = 1
		}
		switch {
		case s.Levels == nil && missing:
			out[s.Output] = float32((s.Fill - s.Mean) / s.SD)
		case s.Levels == nil:
			z := float64(v)
			if s.Log {
				z = signedLog(z)
			}
			out[s.Output] = float32((z - s.Mean) / s.SD)
		case v >= 0 && v < float32(len(s.Levels)) && s.Levels[int(v)] >= 0:
			out[s.Levels[int(v)]] = 1
		}
	}
}

// Encode is the encoded copy of d: len(e.Out) numbers a row. Labels and weights are shared with d, not copied.
func (e *Encoder) Encode(ctx context.Context, d *Data) (*Data, error) {
	if d == nil || d.X == nil {
		return nil, ErrEmpty
	}
	out := &Data{X: NewMatrix(d.X.Rows, len(e.Out)), Columns: e.Out, Y: d.Y, Weight: d.Weight}
	if err := e.Transform(ctx, d.X, out.X); err != nil {
		return nil, err
	}
	return out, nil
}

// signedLog is log(1+|x|) with the sign of x.
func signedLog(x float64) float64 { return math.Copysign(math.Log1p(math.Abs(x)), x) }

func (e *Encoder) valid() error {
	if len(e.In) == 0 || len(e.Steps) != len(e.In) || len(e.Out) == 0 || len(e.Out) > maxOutputs || len(e.Source) != len(e.Out) {
		return fmt.Errorf("an encoder of %d columns with %d steps, %d outputs and %d sources", len(e.In), len(e.Steps), len(e.Out), len(e.Source))
	}
	taken := make([]bool, len(e.Out))
	take := func(output int32, from int) error {
		switch {
		case output < 0 || int(output) >= len(e.Out):
			return fmt.Errorf("column %d goes to output %d of %d", from, output, len(e.Out))
		case e.Source[output] != int32(from):
			return fmt.Errorf("output %d is said to come from column %d and comes from %d", output, e.Source[output], from)
		}
		taken[output] = true
		return nil
	}
	for j, s := range e.Steps {
		if e.In[j].Categorical() != (s.Levels != nil) || len(s.Levels) != len(e.In[j].Levels) {
			return fmt.Errorf("column %d of %d levels is encoded as one of %d", j, len(e.In[j].Levels), len(s.Levels))
		}
		if s.Levels == nil {
			if err := take(s.Output, j); err != nil {
				return err
			}
			for _, v := range []float64{s.Fill, s.Mean, s.SD} {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("column %d has fill %v, mean %v, sd %v", j, s.Fill, s.Mean, s.SD)
				}
			}
			if s.SD <= 0 {
				return fmt.Errorf("column %d has sd %v", j, s.SD)
			}
		}
		for _, o := range append([]int32{s.Missing}, s.Levels...) {
			if o == -1 {
				continue
			}
			if err := take(o, j); err != nil {
				return err
			}
		}
	}
	for o, yes := range taken {
		if !yes {
			return fmt.Errorf("nothing goes to output %d", o)
		}
		if e.Out[o].Categorical() {
			return fmt.Errorf("output %d is said to hold categories", o)
		}
	}
	return nil
}

// Grouped sums per input column what is given per output column, such as importances. It is an error if by is not as long as
// Out.
func (e *Encoder) Grouped(by []float64) ([]float64, error) {
	if len(by) != len(e.Out) {
		return nil, fmt.Errorf("learn: encoder: %d values for %d output columns", len(by), len(e.Out))
	}
	sums := make([]float64, len(e.In))
	for o, v := range by {
		sums[e.Source[o]] += v
	}
	return sums, nil
}

// errNoOutput is given where no column is left to learn from.
var errNoOutput = errors.New("learn: encoder: no output column: each column of categories has a single level that is dropped, or none")
