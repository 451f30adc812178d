// What any model makes of its columns: the loss of quality when a column is permuted (Breiman, Machine Learning 45, 2001;
// for groups of columns that belong together, all are permuted alike), and the mean prediction as a function of one column,
// the others as they are (partial dependence: Friedman, Annals of Statistics 29, 2001, section 8.2).

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Permutation says how PermutationImportance is measured.
type Permutation struct {
	// Metric is the quality of probabilities p of rows with labels y and weights w (nil: 1 each); more is better.
	Metric  Metric  `json:"-"`
	Repeats int     // permutations of each group; 0: 5
	Groups  [][]int // columns that are permuted together; nil: each alone
	Seed    uint64
	Threads int // 0: one a core

	Progress func(done, total int) `json:"-"` // called after each permutation
}

// Importance is what a group of columns is worth: the metric of the model less that with the group permuted.
type Importance struct {
	Name     string // the names of the columns, joined by "+"
	Columns  []int
	Mean, SD float64 // over the repeats; SD is the sample's, 0 for one repeat
}

// importanceRows is how many rows are changed and predicted at once.
const importanceRows = 2048

// PermutationImportance measures, on rows that m was preferably not fitted on, what each group of columns is worth to m. It
// needs 20 bytes a row, and a copy of a few thousand rows for each thread.
func PermutationImportance(ctx context.Context, m Model, d *Data, c Permutation) ([]Importance, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	n, p := d.X.Rows, d.X.Cols
	if c.Repeats == 0 {
		c.Repeats = 5
	}
	if c.Metric == nil || c.Repeats < 0 {
		return nil, fmt.Errorf("learn: permutation importance needs a metric and at least one repeat, not %d", c.Repeats)
	}
	groups := c.Groups
	if groups == nil {
		for j := range p {
			groups = append(groups, []int{j})
		}
	}
	for _, g := range groups {
		if len(g) == 0 || slices.Min(g) < 0 || slices.Max(g) >= p {
			return nil, fmt.Errorf("learn: a group of columns %v among %d", g, p)
		}
	}
	probability := make([]float64, n)
	err := inChangedBlocks(ctx, d.X, c.Threads, func(block *Matrix, first, _ int) error {
		return m.Predict(block, probability[first:first+block.Rows]) // nothing is changed yet
	})
	if err != nil {
		return nil, err
	}
	base := c.Metric(d.Y, probability, d.Weight)
	result := make([]Importance, len(groups))
	from := make([]int32, n) // row i gets the value of row from[i]
	for k, g := range groups {
		names := make([]string, len(g))
		for i, j := range g {
			names[i] = d.column(j).Name
		}
		losses := make([]float64, c.Repeats)
		for repeat := range losses {
			r := rand.New(rand.NewPCG(c.Seed, uint64(k)*uint64(c.Repeats)+uint64(repeat)))
			for i := range from {
				from[i] = int32(i)
			}
			r.Shuffle(n, func(i, j int) { from[i], from[j] = from[j], from[i] })
			err := inChangedBlocks(ctx, d.X, c.Threads, func(block *Matrix, first, _ int) error {
				for i := range block.Rows {
					row, other := block.Row(i), d.X.Row(int(from[first+i]))
					for _, j := range g {
						row[j] = other[j]
					}
				}
				return m.Predict(block, probability[first:first+block.Rows])
			})
			if err != nil {
				return nil, err
			}
			losses[repeat] = base - c.Metric(d.Y, probability, d.Weight)
			if c.Progress != nil {
				c.Progress(k*c.Repeats+repeat+1, len(groups)*c.Repeats)
			}
		}
		mean, squares := 0.0, 0.0
		for _, l := range losses {
			mean += l / float64(c.Repeats)
		}
		for _, l := range losses {
			squares += (l - mean) * (l - mean)
		}
		result[k] = Importance{Name: strings.Join(names, "+"), Columns: g, Mean: mean}
		if c.Repeats > 1 {
			result[k].SD = math.Sqrt(squares / float64(c.Repeats-1))
		}
	}
	return result, nil
}

// inChangedBlocks calls do, on up to threads goroutines, with copies of consecutive rows of x, which it may change; first is the
// first row's place in x and number the block's.
func inChangedBlocks(ctx context.Context, x *Matrix, threads int, do func(block *Matrix, first, number int) error) error {
	var lock sync.Mutex
	var failed error
	err := inBlocks(ctx, x.Rows, importanceRows, threadsOf(threads), func(b, from, to int) {
		block := &Matrix{Rows: to - from, Cols: x.Cols, Data: slices.Clone(x.Data[from*x.Cols : to*x.Cols])}
		if err := do(block, from, b); err != nil {
			lock.Lock()
			failed = err
			lock.Unlock()
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// Dependence says which curve PartialDependence draws.
type Dependence struct {
	Column  int
	Grid    []float32 // the column's values on the curve; nil: all levels, or Points quantiles of the values of x
	Points  int       // 0: 20; equal quantiles make one point
	Each    bool      // keep the curve of each row too (individual conditional expectation)
	Threads int       // 0: one a core
}

// DependenceCurve is the mean prediction by the value of a column.
type DependenceCurve struct {
	Column Column
	Grid   []float32
	Mean   []float64   // of each value of Grid: the mean probability of all rows if they had it
	Each   [][]float64 // of each row: its probability at each value of Grid; nil unless asked for
}

// PartialDependence varies one column of x and leaves the others as they are. It predicts x once for each value of the grid,
// in blocks of rows, and keeps no copy of x.
func PartialDependence(ctx context.Context, m Model, x *Matrix, c Dependence) (*DependenceCurve, error) {
	columns := m.Inputs()
	if err := checkInput(x, make([]float64, x.Rows), columns); err != nil {
		return nil, err
	}
	if c.Column < 0 || c.Column >= x.Cols || x.Rows == 0 || c.Points < 0 {
		return nil, fmt.Errorf("learn: the dependence on column %d of %d in %d rows at %d points", c.Column, x.Cols, x.Rows, c.Points)
	}
	curve := &DependenceCurve{Column: columns[c.Column], Grid: slices.Clone(c.Grid)}
	if c.Grid == nil {
		curve.Grid = gridOf(x, c.Column, columns[c.Column], c.Points)
	}
	if len(curve.Grid) == 0 {
		return nil, errors.New("learn: all values of the column are missing; give a grid")
	}
	blocks := (x.Rows + importanceRows - 1) / importanceRows
	sums := make([][]float64, blocks) // of each block, so that the order of adding is fixed
	if c.Each {
		curve.Each = make([][]float64, x.Rows)
	}
	err := inChangedBlocks(ctx, x, c.Threads, func(block *Matrix, first, number int) error {
		sums[number] = make([]float64, len(curve.Grid))
		p := make([]float64, block.Rows)
		for k, v := range curve.Grid {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for i := range block.Rows {
				block.Row(i)[c.Column] = v
			}
			if err := m.Predict(block, p); err != nil {
				return err
			}
			for i, q := range p {
				sums[number][k] += q
				if c.Each {
					if k == 0 {
						curve.Each[first+i] = make([]float64, len(curve.Grid))
					}
					curve.Each[first+i][k] = q
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	curve.Mean = make([]float64, len(curve.Grid))
	for _, s := range sums {
		for k, v := range s {
			curve.Mean[k] += v / float64(x.Rows)
		}
	}
	return curve, nil
}

// gridOf is all levels of column j, or quantiles of its values from the least to the greatest.
func gridOf(x *Matrix, j int, column Column, points int) []float32 {
	var grid []float32
	if column.Categorical() {
		for l := range column.Levels {
			grid = append(grid, float32(l))
		}
		return grid
	}
	if points == 0 {
		points = 20
	}
	var values []float32
	for i := range x.Rows {
		if v := x.Data[i*x.Cols+j]; v == v {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	for k := range points {
		if len(values) > 0 {
			grid = append(grid, values[(len(values)-1)*k/max(1, points-1)])
		}
	}
	return slices.Compact(grid)
}
