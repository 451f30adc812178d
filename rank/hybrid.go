// The hybrid click model: a logistic regression first and boosted trees on its log-odds. Trees are flat beyond the rows they were grown on and put all of
// the best hundred cards of a catalogue into one leaf, so that their order is left to chance; a linear score of log ratios, which add up as what makes
// a click multiplies, goes on. Where there are rows, trees bend it: a ratio of few impressions is worth less than one of many.

package rank

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/learn"
)

func (in *inputs) fitHybrid(ctx context.Context, linear, bent []int) (learn.Model, error) {
	c := in.cfg
	d := in.weighed(in.train)
	base, err := in.fitLinearPart(ctx, d, linear)
	if err != nil {
		return nil, err
	}
	start := make([]float64, d.X.Rows)
	if err := learn.LinearLogOdds(base, d.X, start); err != nil {
		return nil, err
	}
	in.only(d.X, bent)
	b, err := learn.FitBoostOn(ctx, d, start, learn.Boost{Trees: c.Trees, LearningRate: c.LearningRate, MaxLeaves: c.MaxLeaves, MinLeaf: c.MinLeaf, L2: c.L2,
		Features: c.Features, Monotone: c.Monotone, Seed: c.Seed, Threads: c.Threads, Progress: c.Progress})
	if err != nil {
		return nil, err
	}
	d = in.weighed(in.valid)
	start = make([]float64, d.X.Rows)
	if err := learn.LinearLogOdds(base, d.X, start); err != nil {
		return nil, err
	}
	// No tree may be left: then the linear model is all there is.
	b.Trees, err = bestTrees(ctx, start, b.Trees, b.Columns, d.X, func(score []float64) float64 { return clickLoss(d, score) })
	return &learn.BoostOnModel{Linear: base, Trees: b}, err
}

// weighed are rows at their places with the weights by which a chance is learned from them.
func (in *inputs) weighed(rows []int32) *learn.Data {
	d := in.data(rows, false)
	if in.cfg.Position == PositionWeights {
		d.Weight = in.exposures(rows)
	}
	if in.cfg.Spread > 0 {
		in.spread(d, rows)
	}
	return d
}

// parts are the features of linear scores and of trees.
func (in *inputs) parts() (linear, bent []int, err error) {
	named := func(names []string) (out []int, err error) {
		for _, name := range names {
			j := slices.IndexFunc(in.columns, func(c learn.Column) bool { return c.Name == name })
			if j < 0 {
				return nil, fmt.Errorf("there is no feature %q", name)
			}
			out = append(out, j)
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	}
	if linear, err = named(in.cfg.Linear); err != nil {
		return nil, nil, err
	}
	if bent, err = named(in.cfg.Bent); err != nil {
		return nil, nil, err
	}
	var all, ratios, counts []int
	for j, c := range in.set.Columns {
		all = append(all, j)
		switch c.Unit {
		case "log ratio":
			ratios = append(ratios, j)
		case "log impressions", "log clicks", "times":
			counts = append(counts, j)
		}
	}
	if ratios == nil {
		ratios, counts = all, nil
	}
	if in.cfg.Linear == nil {
		linear = ratios
	}
	if in.cfg.Bent == nil {
		if bent = append(slices.Clone(ratios), counts...); len(ratios) == len(all) {
			bent = all
		}
		slices.Sort(bent)
	}
	return linear, bent, nil
}

// only makes all but some features of x and the place one value, so that no tree splits on them.
func (in *inputs) only(x *learn.Matrix, features []int) {
	for j := range in.columns {
		if _, ok := slices.BinarySearch(features, j); ok {
			continue
		}
		for i := range x.Rows {
			x.Data[i*x.Cols+j] = 0
		}
	}
}

// spread multiplies the weights of rows by (rows of their card)^-Spread, and scales them to a mean of 1.
func (in *inputs) spread(d *learn.Data, rows []int32) {
	count := map[int32]float64{}
	for _, i := range rows {
		count[in.set.Card[i]]++
	}
	if d.Weight == nil {
		d.Weight = slices.Repeat([]float32{1}, len(rows))
	}
	sum, w := 0.0, make([]float64, len(rows))
	for k, i := range rows {
		w[k] = float64(d.Weight[k]) * math.Pow(count[in.set.Card[i]], -in.cfg.Spread)
		sum += w[k]
	}
	for k := range w {
		d.Weight[k] = float32(w[k] * float64(len(rows)) / sum)
	}
}

// fitLinearPart fits the logistic regression on some features and the place, and says it in terms of all columns.
func (in *inputs) fitLinearPart(ctx context.Context, d *learn.Data, features []int) (*learn.PipelineModel, error) {
	x, use, own := in.taken(d.X, features)
	part := &learn.Data{X: x, Columns: own, Y: d.Y, Weight: d.Weight}
	m, err := learn.FitPipeline(ctx, part, learn.Pipeline{Encoder: linearEncoder(in.cfg), Learner: learn.Logistic{C: in.cfg.C, Threads: in.cfg.Threads}})
	if err != nil {
		return nil, err
	}
	return widened(m, in.model, use), nil
}

// taken are the columns of x of some features and of the place.
func (in *inputs) taken(x *learn.Matrix, features []int) (part *learn.Matrix, use []int, columns []learn.Column) {
	use = slices.Clone(features)
	if len(in.model) > len(in.columns) {
		use = append(use, len(in.columns))
	}
	for _, j := range use {
		columns = append(columns, in.model[j])
	}
	part = learn.NewMatrix(x.Rows, len(use))
	for i := range x.Rows {
		row, to := x.Row(i), part.Row(i)
		for k, j := range use {
			to[k] = row[j]
		}
	}
	return part, use, columns
}

// widened is m for rows of all columns, of which its own are those of use, in order. Numbers that it does not know have coefficient 0, categories
// have no output.
func widened(m *learn.PipelineModel, columns []learn.Column, use []int) *learn.PipelineModel {
	narrow, inner := m.Encoder, m.Model.(*learn.LogisticModel)
	e := &learn.Encoder{In: columns}
	wide := &learn.LogisticModel{Intercept: inner.Intercept, Iterations: inner.Iterations, Converged: inner.Converged}
	to := make([]int32, len(narrow.Out))
	output := func(name string, from int, coef float64) int32 {
		e.Out, e.Source = append(e.Out, learn.Column{Name: name}), append(e.Source, int32(from))
		wide.Coef = append(wide.Coef, coef)
		return int32(len(e.Out) - 1)
	}
	for j, c := range columns {
		k, ok := slices.BinarySearch(use, j)
		if !ok {
			step := learn.Encoded{SD: 1, Missing: -1}
			if c.Categorical() {
				step.Levels = slices.Repeat([]int32{-1}, len(c.Levels))
			} else {
				step.Output = output(c.Name, j, 0)
			}
			e.Steps = append(e.Steps, step)
			continue
		}
		for o, from := range narrow.Source {
			if int(from) == k {
				to[o] = output(narrow.Out[o].Name, j, inner.Coef[o])
			}
		}
		step := narrow.Steps[k]
		if step.Levels == nil {
			step.Output = to[step.Output]
		}
		step.Levels = slices.Clone(step.Levels)
		for l, o := range step.Levels {
			if o >= 0 {
				step.Levels[l] = to[o]
			}
		}
		if step.Missing >= 0 {
			step.Missing = to[step.Missing]
		}
		e.Steps = append(e.Steps, step)
	}
	wide.Columns = e.Out
	return &learn.PipelineModel{Encoder: e, Model: wide}
}
