// Gradient-boosted trees for numbers: for the squared loss, and for the Tweedie losses of amounts that are never negative and often
// 0, such as seconds of viewing, of which the logarithm of the mean is a sum of trees. Growth is that of Boost.
//
// With mu = exp(F) and power p in [1,2) the loss of a row is w (mu^(2-p)/(2-p) - y mu^(1-p)/(1-p)), up to what does not depend on F
// (Jørgensen, The Theory of Dispersion Models, 1997; Yang, Qian and Zou, Journal of Business and Economic Statistics 36, 2018).
// All of them, whatever the power, are least at the true mean. Over a leaf with S = sum w y mu^(1-p) and M = sum w mu^(2-p) it is
// least for a step of log(S/M), which Newton's step v = (S-M)/((2-p) M + (p-1) S) says exactly: S/M = (1+(2-p)v)/(1-(p-1)v).

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// RegressionLoss is what a regression minimises.
type RegressionLoss string

const (
	// SquaredLoss is (y - F)^2/2, for values of any sign.
	SquaredLoss RegressionLoss = "squared"
	// TweedieLoss is for values >= 0, and predicts values > 0.
	TweedieLoss RegressionLoss = "tweedie"
)

// largestStep bounds the step that a leaf of TweedieLoss would take at a learning rate of 1: a leaf of nothing but zeros would
// step to minus infinity.
const largestStep = 4

// BoostRegression is gradient-boosted trees that predict a number. The zero value fits 100 trees of at most 31 leaves with a
// learning rate of .1 for the squared loss.
type BoostRegression struct {
	Loss         RegressionLoss // "": SquaredLoss
	Power        float64        // of TweedieLoss, in [1,2): 1 is Poisson's, for counts; 0: 1.5, for amounts
	Trees        int            // 0: 100
	LearningRate float64        // 0: .1
	MaxLeaves    int            // 0: 31
	MaxDepth     int            // 0: no limit
	MinLeaf      float64        // least weight of a leaf's rows, where the mean row has weight 1; 0: 20
	MinGain      float64        // least decrease of the loss by a split
	L2           float64        // of the leaf values; 0: none
	Rows         float64        // share of rows that each tree is grown on, drawn without replacement; 0: all
	Features     float64        // share of columns that each tree is grown on; 0: all

	// Holdout is the share of rows that are not learned from; the trees after the one at which their loss is least are dropped,
	// and fitting ends when Patience trees (0: 10) have not lowered it. 0: none.
	Holdout  float64
	Patience int

	// Monotone gives, by the name of a column of numbers, +1 if the prediction may only rise with it and -1 if it may only fall,
	// all else being equal.
	Monotone map[string]int

	Seed    uint64
	Threads int // 0: one a core

	Progress func(done, total int) `json:"-"` // called after each tree
}

// BoostRegressionModel is a fitted BoostRegression. Base and the sum of the trees are a row's prediction or, where Log, the
// logarithm of it.
type BoostRegressionModel struct {
	Columns []Column
	Base    float64
	Log     bool
	Trees   []GrownTree
	Losses  []float64 // of the rows held out, after each tree that was fitted, kept or not: mean squared error or deviance
}

// Kind is "boosted regression".
func (BoostRegression) Kind() string { return "boosted regression" }

// settle puts the defaults in and gives what Boost has in common.
func (c *BoostRegression) settle() (Boost, error) {
	if c.Loss == "" {
		c.Loss = SquaredLoss
	}
	if c.Power == 0 {
		c.Power = 1.5
	}
	b := Boost{Trees: c.Trees, LearningRate: c.LearningRate, MaxLeaves: c.MaxLeaves, MaxDepth: c.MaxDepth, MinLeaf: c.MinLeaf,
		MinGain: c.MinGain, L2: c.L2, Rows: c.Rows, Features: c.Features, Holdout: c.Holdout, Patience: c.Patience,
		Monotone: c.Monotone, Seed: c.Seed, Threads: c.Threads, Progress: c.Progress}
	switch {
	case c.Loss != SquaredLoss && c.Loss != TweedieLoss:
		return b, fmt.Errorf("learn: loss %q: %q or %q are known", c.Loss, SquaredLoss, TweedieLoss)
	case !(c.Power >= 1 && c.Power < 2):
		return b, fmt.Errorf("learn: a Tweedie loss of power %v; at least 1 and less than 2 is expected", c.Power)
	}
	return b, b.settle()
}

// regression is the slopes of a fit.
type regression struct {
	c      BoostRegression
	y      []float32
	weight []float64 // nil: 1 each
	a, b   []float64
}

// FitBoostRegression fits boosted trees. Beside d it needs a byte for each value of d.X, some 80 more a row, and the trees.
func FitBoostRegression(ctx context.Context, d *RegressionData, c BoostRegression) (*BoostRegressionModel, error) {
	if _, err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	boost, err := c.settle()
	if err != nil {
		return nil, err
	}
	rows := d.rows()
	m := &BoostRegressionModel{Columns: rows.columns(), Log: c.Loss == TweedieLoss}
	monotone, err := boost.constraints(m.Columns)
	if err != nil {
		return nil, err
	}
	b, err := newBins(ctx, rows, threadsOf(c.Threads))
	if err != nil {
		return nil, err
	}
	g := &regression{c: c, y: d.Y, a: make([]float64, d.X.Rows), b: make([]float64, d.X.Rows)}
	if d.Weight != nil {
		g.weight = make([]float64, d.X.Rows)
	}
	var learn, held []int32
	total := 0.0
	for i := range d.X.Rows {
		if w := rows.weight(i); w > 0 {
			learn = append(learn, int32(i))
			total += w
			if g.weight != nil {
				g.weight[i] = w
			}
		}
	}
	r := rand.New(rand.NewPCG(c.Seed, 0x5e63))
	if all := learn; c.Holdout > 0 {
		held, learn = sampleShare(r, all, c.Holdout, nil, nil)
		if len(held) == 0 || len(learn) == 0 {
			return nil, fmt.Errorf("learn: %d rows are too few to hold out %v of them", len(all), c.Holdout)
		}
	}
	f := newSlopeBoosting(b, boost, learn, held, g.weight, total)
	f.monotone = monotone
	if m.Base, err = g.begin(learn); err != nil {
		return nil, err
	}
	for i := range f.odds {
		f.odds[i] = m.Base
	}
	f.slopes = func(ctx context.Context, rows []int32) error {
		if err := g.slopes(ctx, rows, f.odds, f.threads); err != nil {
			return err
		}
		return f.setCells(ctx, rows, g.a, g.b)
	}
	f.judge = func(context.Context) (float64, error) { return g.loss(held, f.odds), nil }
	if m.Log {
		f.scale = 1
		f.step = func(v float64) float64 { return boost.LearningRate * tweedieStep(c.Power, v) }
	}
	m.Trees, m.Losses, err = f.run(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// rowWeight is the weight of row i.
func (g *regression) rowWeight(i int32) float64 {
	if g.weight == nil {
		return 1
	}
	return g.weight[i]
}

// begin is the best constant: the mean of the rows, or its logarithm.
func (g *regression) begin(rows []int32) (float64, error) {
	sum, total := 0.0, 0.0
	for _, i := range rows {
		if g.c.Loss == TweedieLoss && g.y[i] < 0 {
			return 0, fmt.Errorf("learn: row %d has the value %v to predict; for the loss %q it must be 0 or more", i, g.y[i], TweedieLoss)
		}
		sum += g.rowWeight(i) * float64(g.y[i])
		total += g.rowWeight(i)
	}
	if g.c.Loss != TweedieLoss {
		return sum / total, nil
	}
	if sum == 0 {
		return 0, fmt.Errorf("learn: all values to predict are 0; for the loss %q some must be above", TweedieLoss)
	}
	return math.Log(sum / total), nil
}

// slopes sets what rows are pulled by: minus the slope of the loss in F, and its curvature.
func (g *regression) slopes(ctx context.Context, rows []int32, at []float64, threads int) error {
	p := g.c.Power
	return inBlocks(ctx, len(rows), gradientBlock, threads, func(_, from, to int) {
		for _, i := range rows[from:to] {
			w, y := g.rowWeight(i), float64(g.y[i])
			if g.c.Loss == SquaredLoss {
				g.a[i], g.b[i] = w*(y-at[i]), w
				continue
			}
			s, m := w*y*boundedExp((1-p)*at[i]), w*boundedExp((2-p)*at[i])
			g.a[i], g.b[i] = s-m, (2-p)*m+(p-1)*s
		}
	})
}

// tweedieStep is the step to a leaf's least loss, by Newton's.
func tweedieStep(p, v float64) float64 {
	step := math.Log(max(0, 1+(2-p)*v)) - math.Log(max(0, 1-(p-1)*v))
	return max(-largestStep, min(largestStep, step))
}

// boundedExp is exp(x), finite.
func boundedExp(x float64) float64 { return math.Exp(min(x, 700)) }

// loss is the mean squared error or deviance of rows.
func (g *regression) loss(rows []int32, at []float64) float64 {
	sum, total := 0.0, 0.0
	for _, i := range rows {
		w, y := g.rowWeight(i), float64(g.y[i])
		if g.c.Loss == SquaredLoss {
			sum += w * (y - at[i]) * (y - at[i])
		} else {
			sum += w * tweedieDeviance(g.c.Power, y, boundedExp(at[i]))
		}
		total += w
	}
	return sum / total
}

// Predict writes to out[i], which has length x.Rows, the value predicted for row i, in the unit of what was learned; above 0
// where the model is one of logarithms. It is no probability.
func (m *BoostRegressionModel) Predict(x *Matrix, out []float64) error {
	if err := checkInput(x, out, m.Columns); err != nil {
		return err
	}
	sumTrees(m.Trees, x, m.Columns, out)
	for i, v := range out {
		if out[i] = m.Base + v; m.Log {
			out[i] = boundedExp(out[i])
		}
	}
	return nil
}

// Inputs implements Model.
func (m *BoostRegressionModel) Inputs() []Column { return m.Columns }

// Importance is the share of each column in the decrease of the loss; the shares sum to 1 unless there is no split.
func (m *BoostRegressionModel) Importance() []float64 { return gainShares(m.Trees, len(m.Columns)) }

// Contributions implements Explainer; they sum with the base to the prediction or, where Log, to its logarithm.
func (m *BoostRegressionModel) Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error) {
	base, err = contributions(ctx, m.Trees, m.Columns, x, out)
	return m.Base + base, err
}

// PathContributions implements PathExplainer; they are in the unit of the prediction or, where Log, of its logarithm.
func (m *BoostRegressionModel) PathContributions(x *Matrix, out []float32) error {
	return pathContributions(m.Trees, m.Columns, x, out)
}

func (m *BoostRegressionModel) valid() error {
	if math.IsNaN(m.Base) || math.IsInf(m.Base, 0) {
		return fmt.Errorf("a base of %v", m.Base)
	}
	return validTrees(m.Trees, m.Columns)
}
