// The click models: each algorithm gives a score of a row, whose logistic curve learn's models predict.

package rank

import (
	"context"
	"math"

	"github.com/seguefeed/segue/learn"
)

// fitClick fits the model of clicks: a *learn.BoostOnModel, a *learn.BoostModel, whose trees may be those of LambdaMART, or a
// *learn.PipelineModel of an encoder and a *learn.LogisticModel, whose coefficients may be those of a linear ranking.
func (in *inputs) fitClick(ctx context.Context) (learn.Model, error) {
	c := in.cfg
	linear, bent, err := in.parts()
	if err != nil {
		return nil, err
	}
	switch c.Algorithm {
	case LambdaMART:
		d, err := in.ranked(ctx, in.train)
		if err != nil {
			return nil, err
		}
		in.only(d.X, bent)
		m, err := learn.FitLambdaMART(ctx, d, learn.LambdaMART{Objective: learn.RankPairs, Trees: c.Trees, LearningRate: c.LearningRate, MaxLeaves: c.MaxLeaves, MinLeaf: c.MinLeaf,
			Features: c.Features, Monotone: c.Monotone, Seed: c.Seed, Threads: c.Threads, Progress: c.Progress})
		if err != nil {
			return nil, err
		}
		b := &learn.BoostModel{Columns: m.Columns, Trees: m.Trees}
		return b, in.stopAtBest(ctx, b)
	case Pairwise:
		return in.fitPairwise(ctx, linear)
	case Hybrid:
		return in.fitHybrid(ctx, linear, bent)
	}
	d := in.weighed(in.train)
	if c.Algorithm == Logistic {
		return in.fitLinearPart(ctx, d, linear)
	}
	in.only(d.X, bent)
	b, err := learn.FitBoost(ctx, d, learn.Boost{Trees: c.Trees, LearningRate: c.LearningRate, MaxLeaves: c.MaxLeaves, MinLeaf: c.MinLeaf, L2: c.L2,
		Features: c.Features, Monotone: c.Monotone, Seed: c.Seed, Threads: c.Threads, Progress: c.Progress})
	if err != nil {
		return nil, err
	}
	return b, in.stopAtBest(ctx, b)
}

// linearEncoder is how linear models see columns: heavy tails drawn in, what is missing said.
func linearEncoder(c *Config) learn.EncoderConfig {
	return learn.EncoderConfig{Impute: "median", Indicator: true, Log: "auto", MissingLevel: true, MinCount: 30, Threads: c.Threads}
}

// Steps of Pairwise: what later ones change is below what the rows can tell.
const (
	pairwiseSteps = 100
	pairwiseTol   = 1e-5
)

func (in *inputs) fitPairwise(ctx context.Context, linear []int) (learn.Model, error) {
	d, err := in.ranked(ctx, in.train)
	if err != nil {
		return nil, err
	}
	x, use, columns := in.taken(d.X, linear)
	raw := &learn.Data{X: x, Columns: columns, Y: make([]bool, d.X.Rows)}
	e, err := learn.FitEncoder(ctx, raw, linearEncoder(in.cfg))
	if err != nil {
		return nil, err
	}
	encoded, err := e.Encode(ctx, raw)
	if err != nil {
		return nil, err
	}
	d.X, d.Columns = encoded.X, encoded.Columns
	m, err := learn.FitLinearRanking(ctx, d, learn.LinearRanking{Objective: learn.RankPairs, C: in.cfg.C, MaxIter: pairwiseSteps, Tol: pairwiseTol, Threads: in.cfg.Threads})
	if err != nil {
		return nil, err
	}
	inner := &learn.LogisticModel{Columns: m.Columns, Coef: m.Coef, Iterations: m.Iterations, Converged: m.Converged}
	return widened(&learn.PipelineModel{Encoder: e, Model: inner}, in.model, use), nil
}

// stopAtBest drops the trees past those that do best for the users held out: by the logistic loss of their rows or, of a ranking, by that of
// the pairs of a clicked card and another shown with it.
func (in *inputs) stopAtBest(ctx context.Context, b *learn.BoostModel) error {
	loss, x, err := in.heldLoss(ctx)
	if err != nil {
		return err
	}
	trees, err := bestTrees(ctx, alike(b.Base, x.Rows), b.Trees, b.Columns, x, loss)
	if err == nil {
		b.Trees = b.Trees[:max(1, len(trees))]
	}
	return err
}

// heldLoss is the loss of scores of rows x of the users held out.
func (in *inputs) heldLoss(ctx context.Context) (loss func(score []float64) float64, x *learn.Matrix, err error) {
	if in.cfg.Algorithm == LambdaMART {
		d, err := in.ranked(ctx, in.valid)
		if err != nil {
			return nil, nil, err
		}
		return func(score []float64) float64 { return pairLoss(d, score) }, d.X, nil
	}
	d := in.weighed(in.valid)
	return func(score []float64) float64 { return clickLoss(d, score) }, d.X, nil
}

// clickLoss is the logistic loss of the rows of d, by their weights.
func clickLoss(d *learn.Data, score []float64) float64 {
	sum := 0.0
	for i, y := range d.Y {
		margin := -score[i]
		if y {
			margin = score[i]
		}
		l := softplus(-margin)
		if d.Weight != nil {
			l *= float64(d.Weight[i])
		}
		sum += l
	}
	return sum
}

// softplus is log(1+exp(x)).
func softplus(x float64) float64 { return max(0, x) + math.Log1p(math.Exp(-math.Abs(x))) }

// pairLoss is the logistic loss of all pairs, each by the weight of its clicked row. A group counts by its pairs: to make groups alike would undo
// the weights of groups with one click.
func pairLoss(d *learn.RankData, score []float64) float64 {
	sum := 0.0
	for g := range d.Groups() {
		for i := d.Group[g]; i < d.Group[g+1]; i++ {
			if d.Grade[i] == 0 {
				continue
			}
			w := 1.0
			if d.Weight != nil {
				w = float64(d.Weight[i])
			}
			for j := d.Group[g]; j < d.Group[g+1]; j++ {
				if d.Grade[j] == 0 {
					sum += w * softplus(score[j]-score[i])
				}
			}
		}
	}
	return sum
}
