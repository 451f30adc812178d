// What the encoder learns from the training rows.

package learn

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// EncoderConfig says how columns are encoded. The zero value fills missing numbers with the mean, standardises numbers, and
// gives each level that occurs in the training rows a column of its own.
type EncoderConfig struct {
	// Impute says what stands for a missing number: "mean" (also "") or "median" of the training rows that have one, or
	// "constant". A column without any number in training counts as all 0.
	Impute   string
	Constant float64 // for "constant", in the units of the column

	// Indicator adds to each column of numbers that has missing ones in training a column "name (missing)" of 0 and 1,
	// which is not standardised.
	Indicator bool

	// Log says for which columns of numbers x is replaced by sign(x) log(1+|x|): "never" (also ""), "always", or "auto",
	// for those whose skewness in training is beyond 2 either way and becomes smaller by it.
	Log string

	// Unscaled leaves numbers as they are. Otherwise they have mean 0 and standard deviation 1 (divisor n) over the
	// training rows, missing ones filled; a constant column becomes 0. Weights of rows play no part.
	Unscaled bool

	// MissingLevel gives each column of categories that has missing values (NaN) in training a column "name=(missing)".
	// Without it, and for levels that do not occur in training, all columns of the category are 0.
	MissingLevel bool

	// DropFirst leaves out the column of the first level (in the order of Levels) that would have one.
	DropFirst bool

	// MinCount pools the levels with fewer training rows into one column "name=(rare)"; 0 and 1 pool none.
	MinCount int

	Threads int // goroutines of the fit; 0 means one a core
}

// FitEncoder learns from the rows of d how to encode; labels and weights are not looked at. Beside d it holds a few numbers
// a column and, for medians, 4 bytes a row.
func FitEncoder(ctx context.Context, d *Data, cfg EncoderConfig) (*Encoder, error) {
	switch {
	case d == nil || d.X == nil || d.X.Rows == 0 || d.X.Cols == 0:
		return nil, ErrEmpty
	case len(d.X.Data) != d.X.Rows*d.X.Cols:
		return nil, fmt.Errorf("learn: encoder: a matrix of %d x %d holds %d values", d.X.Rows, d.X.Cols, len(d.X.Data))
	case d.Columns != nil && len(d.Columns) != d.X.Cols:
		return nil, fmt.Errorf("learn: encoder: %d columns are described, the matrix has %d", len(d.Columns), d.X.Cols)
	case !slices.Contains([]string{"", "mean", "median", "constant"}, cfg.Impute):
		return nil, fmt.Errorf("learn: encoder: impute %q; mean, median or constant is expected", cfg.Impute)
	case !slices.Contains([]string{"", "never", "always", "auto"}, cfg.Log):
		return nil, fmt.Errorf("learn: encoder: log %q; never, always or auto is expected", cfg.Log)
	case math.IsNaN(cfg.Constant) || math.Abs(cfg.Constant) > math.MaxFloat32:
		return nil, fmt.Errorf("learn: encoder: a constant of %v for missing numbers", cfg.Constant)
	case cfg.MinCount < 0:
		return nil, fmt.Errorf("learn: encoder: levels pooled below a count of %d", cfg.MinCount)
	}
	for _, c := range d.Columns {
		if c.Categorical() && len(c.Levels) == 0 {
			return nil, fmt.Errorf("learn: encoder: column %s holds categories and has not one level", c.Name)
		}
	}
	e := &Encoder{In: d.columns(), Steps: make([]Encoded, d.X.Cols)}
	raw, logged, err := momentsOf(ctx, d, cfg)
	if err != nil {
		return nil, err
	}
	counts, err := levelCounts(ctx, d, e.In, cfg.Threads)
	if err != nil {
		return nil, err
	}
	for j, c := range e.In {
		s := &e.Steps[j]
		s.Missing, s.SD = -1, 1
		if c.Categorical() {
			e.addLevels(j, counts[j], cfg)
		} else {
			m := raw[j]
			if m.infinite {
				return nil, fmt.Errorf("learn: encoder: column %s holds an infinite number", c.Name)
			}
			s.Log = cfg.Log == "always" || cfg.Log == "auto" && math.Abs(m.skewness()) > 2 && math.Abs(logged[j].skewness()) < math.Abs(m.skewness())
			if s.Log {
				m = logged[j]
			}
			e.addNumber(d, j, m, cfg)
		}
		if len(e.Out) > maxOutputs {
			return nil, fmt.Errorf("learn: encoder: more than %d output columns", maxOutputs)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if len(e.Out) == 0 {
		return nil, errNoOutput
	}
	return e, nil
}

// output adds an output column for column j and returns its number.
func (e *Encoder) output(j int, name string) int32 {
	e.Out = append(e.Out, Column{Name: name})
	e.Source = append(e.Source, int32(j))
	return int32(len(e.Out) - 1)
}

// addNumber settles how column j of numbers is encoded; m are the moments of what is there, after the log if one is taken.
func (e *Encoder) addNumber(d *Data, j int, m columnMoments, cfg EncoderConfig) {
	s, name := &e.Steps[j], e.In[j].Name
	switch {
	case cfg.Impute == "constant":
		if s.Fill = cfg.Constant; s.Log {
			s.Fill = signedLog(s.Fill)
		}
	case cfg.Impute == "median":
		if s.Fill = columnMedian(d.X, j); s.Log {
			s.Fill = signedLog(s.Fill)
		}
	default:
		s.Fill = m.mean
	}
	s.Output = e.output(j, name)
	missing := float64(d.X.Rows) - m.n
	if missing > 0 && cfg.Indicator {
		s.Missing = e.output(j, name+" (missing)")
	}
	if cfg.Unscaled {
		return
	}
	// The filled values join the others: mean and sum of squares of the union.
	n := float64(d.X.Rows)
	away := s.Fill - m.mean
	s.Mean = m.mean + away*missing/n
	squares := m.m2 + away*away*m.n*missing/n
	// What rounding leaves of a constant column is no spread; scikit-learn's rule, in the same terms.
	if variance := squares / n; variance > n*0x1p-52*variance+math.Pow(n*s.Mean*0x1p-52, 2) {
		s.SD = math.Sqrt(variance)
	}
}

// addLevels settles how column j of categories is encoded; count are the rows of each level and, last, of the missing ones.
func (e *Encoder) addLevels(j int, count []int64, cfg EncoderConfig) {
	s, c := &e.Steps[j], e.In[j]
	s.Levels = make([]int32, len(c.Levels))
	dropped := !cfg.DropFirst
	rare := false
	for k, level := range c.Levels {
		s.Levels[k] = -1
		switch {
		case count[k] == 0:
		case count[k] < int64(cfg.MinCount):
			rare = true
		case !dropped:
			dropped = true
		default:
			s.Levels[k] = e.output(j, c.Name+"="+level)
		}
	}
	if rare {
		pool := int32(-1)
		if dropped {
			pool = e.output(j, c.Name+"=(rare)")
		}
		dropped = true
		for k := range c.Levels {
			if count[k] > 0 && count[k] < int64(cfg.MinCount) {
				s.Levels[k] = pool
			}
		}
	}
	if cfg.MissingLevel && count[len(c.Levels)] > 0 {
		s.Missing = e.output(j, c.Name+"=(missing)")
	}
}

// columnMoments are those of the numbers of a column that are there: their count, mean, and the sums of the squared and cubed
// differences from the mean.
type columnMoments struct {
	n, mean, m2, m3 float64
	infinite        bool
}

// skewness is that of the sample, 0 for a constant.
func (m columnMoments) skewness() float64 {
	if m.m2 <= 0 {
		return 0
	}
	return math.Sqrt(m.n) * m.m3 / math.Pow(m.m2, 1.5)
}

// momentsOf are the moments of each column of numbers as it is and, where cfg may need them, after the log. Two passes:
// the mean, then the differences from it. Blocks of rows are summed in order.
func momentsOf(ctx context.Context, d *Data, cfg EncoderConfig) (raw, logged []columnMoments, err error) {
	p := d.X.Cols
	both := [][]columnMoments{make([]columnMoments, p), nil}
	if cfg.Log == "always" || cfg.Log == "auto" {
		both[1] = make([]columnMoments, p)
	}
	blocks := make([][2][]columnMoments, (d.X.Rows+encodeRows-1)/encodeRows)
	for pass := range 2 {
		err := inBlocks(ctx, d.X.Rows, encodeRows, threadsOf(cfg.Threads), func(b, from, to int) {
			for k, all := range both {
				if all == nil {
					continue
				}
				sums := make([]columnMoments, p)
				for i := from; i < to; i++ {
					for j, v := range d.X.Row(i) {
						if v != v || d.Columns != nil && d.Columns[j].Categorical() {
							continue
						}
						x, s := float64(v), &sums[j]
						if k == 1 {
							x = signedLog(x)
						}
						if pass == 0 {
							s.n++
							s.mean += x
							s.infinite = s.infinite || math.IsInf(x, 0)
							continue
						}
						x -= all[j].mean
						s.m2 += x * x
						s.m3 += x * x * x
					}
				}
				blocks[b][k] = sums
			}
		})
		if err != nil {
			return nil, nil, err
		}
		for k, all := range both {
			for j := range all {
				a := &all[j]
				for _, b := range blocks {
					s := b[k][j]
					a.n, a.m2, a.m3, a.infinite = a.n+s.n, a.m2+s.m2, a.m3+s.m3, a.infinite || s.infinite
					if pass == 0 {
						a.mean += s.mean
					}
				}
				if pass == 0 && a.n > 0 {
					a.mean /= a.n
				}
			}
		}
	}
	return both[0], both[1], nil
}

// columnMedian is the median of the numbers of column j that are there, 0 if there are none.
func columnMedian(x *Matrix, j int) float64 {
	v := make([]float32, 0, x.Rows)
	for i := range x.Rows {
		if a := x.Row(i)[j]; a == a {
			v = append(v, a)
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (float64(v[(len(v)-1)/2]) + float64(v[len(v)/2])) / 2
}

// levelCounts are, for each column of categories, the rows of each level and, last, those whose value is NaN.
func levelCounts(ctx context.Context, d *Data, columns []Column, threads int) ([][]int64, error) {
	counts := make([][]int64, len(columns))
	err := inBlocks(ctx, len(columns), 1, threadsOf(threads), func(j, _, _ int) {
		if !columns[j].Categorical() {
			return
		}
		levels := len(columns[j].Levels)
		count := make([]int64, levels+1)
		for i := range d.X.Rows {
			switch v := d.X.Data[i*d.X.Cols+j]; {
			case v != v:
				count[levels]++
			case v >= 0 && v < float32(levels):
				count[int(v)]++
			}
		}
		counts[j] = count
	})
	return counts, err
}
