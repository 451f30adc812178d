// How sure is a metric? Intervals by the bootstrap, for any Metric. A replicate is not a copy of rows but a weight for each:
// how often it was drawn. The weights are Poisson with mean 1, the limit of drawing n rows with replacement, which need no
// second pass to add up. Since the rows are sorted by score once, metrics that sort find them sorted and are linear.
// Sources: Efron, Annals of Statistics 7 (1979); Poisson weights: Hanley and MacGibbon, Computer Methods and Programs in
// Biomedicine 83 (2006); by group: Davison and Hinkley, Bootstrap Methods and their Application (1997), 3.8.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// BootstrapConfig is how to resample.
type BootstrapConfig struct {
	Replicates int     // 0 means 1000
	Level      float64 // of the interval, in (0,1); 0 means .95
	Seed       uint64
	Threads    int // 0 means one a core
}

func (c *BootstrapConfig) settle() error {
	if c.Replicates == 0 {
		c.Replicates = 1000
	}
	if c.Level == 0 {
		c.Level = .95
	}
	if c.Replicates < 2 || !(c.Level > 0 && c.Level < 1) {
		return fmt.Errorf("learn: bootstrap with %d replicates at level %v: 2 or more and a level between 0 and 1 are needed", c.Replicates, c.Level)
	}
	return nil
}

// Interval is a value with the interval that the bootstrap gives it.
type Interval struct {
	Value     float64 // of all rows
	Low, High float64 // the percentiles of the replicates
	SE        float64 // the replicates' standard deviation
	Undefined int     // replicates where the metric was NaN (say, that drew one class only) and which are left out
}

// errUndefined is given where too few replicates have a value.
var errUndefined = errors.New("learn: bootstrap: the metric has no value on most replicates: too few rows, or all of one class")

// Bootstrap is the percentile interval of a metric. group, nil or of the rows' length, holds any number for each row; rows with
// the same number are drawn together, as must be done where they are of one user. The metric is called from several
// goroutines at once, with rows sorted by score. Memory: 17 bytes a row and 4 more a thread. The error is ctx's cause, or
// says what is wrong with the rows.
func Bootstrap(ctx context.Context, y []bool, p []float64, w []float32, group []int32, metric Metric, cfg BootstrapConfig) (Interval, error) {
	values, err := replicate(ctx, y, [][]float64{p}, w, group, metric, cfg)
	if err != nil {
		return Interval{}, err
	}
	one := make([]float64, len(values))
	for i, v := range values {
		one[i] = v[0]
	}
	return replicateInterval(one, metric(y, p, w), cfg)
}

// replicateInterval makes an interval of the replicates' values.
func replicateInterval(values []float64, value float64, cfg BootstrapConfig) (Interval, error) {
	if err := cfg.settle(); err != nil {
		return Interval{}, err
	}
	kept := make([]float64, 0, len(values))
	var mean, square float64
	for _, v := range values {
		if v == v {
			kept = append(kept, v)
			mean += v
		}
	}
	if value != value || len(kept) < 2 || 2*len(kept) < len(values) {
		return Interval{}, errUndefined
	}
	mean /= float64(len(kept))
	for _, v := range kept {
		square += (v - mean) * (v - mean)
	}
	slices.Sort(kept)
	at := func(q float64) float64 { // with linear interpolation
		h := q * float64(len(kept)-1)
		i := min(int(h), len(kept)-2)
		return kept[i] + (h-float64(i))*(kept[i+1]-kept[i])
	}
	return Interval{value, at((1 - cfg.Level) / 2), at((1 + cfg.Level) / 2), math.Sqrt(square / float64(len(kept)-1)), len(values) - len(kept)}, nil
}

// replicate gives the metric of every vector of scores in each replicate; all scores see the same draws.
func replicate(ctx context.Context, y []bool, scores [][]float64, w []float32, group []int32, metric Metric, cfg BootstrapConfig) ([][]float64, error) {
	if err := cfg.settle(); err != nil {
		return nil, err
	}
	n := len(y)
	if group != nil && len(group) != n {
		return nil, fmt.Errorf("learn: bootstrap: %d groups for %d rows", len(group), n)
	}
	for _, p := range scores {
		if !judgeable(y, p, w) {
			return nil, fmt.Errorf("learn: bootstrap: %d labels, %d scores, %d weights: they must be as many, at least 1, scores not NaN, weights finite and >= 0",
				n, len(p), len(w))
		}
	}
	group, units := denseGroups(group, n)
	views := make([]bootstrapView, len(scores))
	for i, p := range scores {
		views[i] = newBootstrapView(y, p, w)
	}
	values := make([][]float64, cfg.Replicates)
	const together = 4 // replicates that share one allocation
	err := inBlocks(ctx, cfg.Replicates, together, threadsOf(cfg.Threads), func(_, from, to int) {
		drawn, weight := make([]float32, units), make([]float32, n)
		for r := from; r < to && ctx.Err() == nil; r++ {
			poissonWeights(rand.NewPCG(cfg.Seed, uint64(r)), drawn)
			values[r] = make([]float64, len(views))
			for i, v := range views {
				values[r][i] = v.judge(metric, drawn, group, weight)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// bootstrapView holds the rows sorted by one of the scores.
type bootstrapView struct {
	y     []bool
	p     []float64
	w     []float32 // nil for 1 each
	order []int32   // nil if the rows stood in order
}

func newBootstrapView(y []bool, p []float64, w []float32) bootstrapView {
	order := ascending(p)
	if order == nil {
		return bootstrapView{y, p, w, nil}
	}
	v := bootstrapView{make([]bool, len(y)), make([]float64, len(y)), nil, order}
	if w != nil {
		v.w = make([]float32, len(y))
	}
	for k, i := range order {
		v.y[k], v.p[k] = y[i], p[i]
		if w != nil {
			v.w[k] = w[i]
		}
	}
	return v
}

// judge is the metric with each row's weight multiplied by how often its group (nil: it itself) was drawn.
func (v bootstrapView) judge(metric Metric, drawn []float32, group []int32, weight []float32) float64 {
	for k := range weight {
		i := int32(k)
		if v.order != nil {
			i = v.order[k]
		}
		if group != nil {
			i = group[i]
		}
		if weight[k] = drawn[i]; v.w != nil {
			weight[k] *= v.w[k]
		}
	}
	return metric(v.y, v.p, weight)
}

// denseGroups numbers the groups by first appearance. Without groups it gives nil and one unit a row.
func denseGroups(group []int32, n int) ([]int32, int) {
	if group == nil {
		return nil, n
	}
	number := make(map[int32]int32)
	dense := make([]int32, n)
	for i, g := range group {
		k, ok := number[g]
		if !ok {
			k = int32(len(number))
			number[g] = k
		}
		dense[i] = k
	}
	return dense, len(number)
}

// poissonGuide[b] is the smallest count that a draw whose highest byte is b can stand for, and poissonLimit[k] is the
// probability of at most k, both with 32 bits; 13 and more have probability 6e-12, below what 32 bits can tell.
var poissonGuide, poissonLimit = func() (guide [256]uint8, limit [14]uint32) {
	probability, sum := math.Exp(-1), 0.0
	for k := range limit {
		sum += probability
		limit[k] = uint32(min(math.Round(sum*0x1p32), 0x1p32-1))
		probability /= float64(k + 1)
	}
	limit[len(limit)-1] = math.MaxUint32
	for b := range guide {
		for uint32(b)<<24 >= limit[guide[b]] {
			guide[b]++
		}
	}
	return guide, limit
}()

// poissonWeights fills weights with independent Poisson counts of mean 1, two from each number of the generator.
func poissonWeights(r *rand.PCG, weights []float32) {
	draw := func(u uint32) float32 {
		k := poissonGuide[u>>24]
		for int(k) < len(poissonLimit)-1 && u >= poissonLimit[k] {
			k++
		}
		return float32(k)
	}
	for i := 0; i+1 < len(weights); i += 2 {
		u := r.Uint64()
		weights[i], weights[i+1] = draw(uint32(u)), draw(uint32(u>>32))
	}
	if len(weights)%2 == 1 {
		weights[len(weights)-1] = draw(uint32(r.Uint64()))
	}
}
