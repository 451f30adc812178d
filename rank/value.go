// What follows a click: whether the card is liked and shared, and for how long it is viewed, each learned from clicks alone. A card's value
// mixes the chance of the click with what is expected after it.

package rank

import (
	"context"
	"math"

	"github.com/seguefeed/segue/learn"
)

// outcome is the expectation of something given a click: a constant, or what Model says.
type outcome struct {
	Mean  float64     // over the clicks learned from
	Model learn.Model // nil where the features tell nothing of it; of a yes or no, else of log(1 + seconds)
}

// The outcomes of a click.
const (
	viewOutcome = iota
	likeOutcome
	shareOutcome
	outcomes
)

// Few rows bear few trees, and small ones: likes and shares are some hundredths of the clicks.
const (
	outcomeTrees  = 60
	outcomeLeaves = 8
	outcomeRate   = .1
	fewestYes     = 50 // of either kind that a model of a yes or no is learned from
	fewestClicks  = 200
)

// fitOutcomes learns what follows clicks. A model is kept if it does better than the mean for the users held out.
func (in *inputs) fitOutcomes(ctx context.Context) (out [outcomes]outcome, err error) {
	train, valid := in.clicks(in.train), in.clicks(in.valid)
	if out[viewOutcome], err = in.fitViews(ctx, train, valid); err != nil {
		return out, err
	}
	if out[likeOutcome], err = in.fitYes(ctx, train, valid, in.set.Liked); err != nil {
		return out, err
	}
	out[shareOutcome], err = in.fitYes(ctx, train, valid, in.set.Shared)
	return out, err
}

// clicks are the rows of rows that were clicked.
func (in *inputs) clicks(rows []int32) (out []int32) {
	for _, i := range rows {
		if in.set.Clicked[i] {
			out = append(out, i)
		}
	}
	return out
}

// outcomeData are rows of features, without a place: after the click it does not matter.
func (in *inputs) outcomeData(rows []int32) *learn.Matrix {
	p := len(in.columns)
	x := learn.NewMatrix(len(rows), p)
	for k, i := range rows {
		copy(x.Row(k), in.set.X[int(i)*p:(int(i)+1)*p])
		in.blank(x.Row(k))
	}
	return x
}

// fitYes learns whether something is done.
func (in *inputs) fitYes(ctx context.Context, train, valid []int32, done []bool) (outcome, error) {
	labels := func(rows []int32) (y []bool, yes int) {
		y = make([]bool, len(rows))
		for k, i := range rows {
			if y[k] = done[i]; y[k] {
				yes++
			}
		}
		return y, yes
	}
	y, yes := labels(train)
	var o outcome
	if len(train) > 0 {
		o.Mean = float64(yes) / float64(len(train))
	}
	held, heldYes := labels(valid)
	if min(yes, len(train)-yes) < fewestYes || min(heldYes, len(valid)-heldYes) < 1 {
		return o, nil
	}
	m, err := learn.FitBoost(ctx, &learn.Data{X: in.outcomeData(train), Columns: in.columns, Y: y}, learn.Boost{Trees: outcomeTrees, LearningRate: outcomeRate, MaxLeaves: outcomeLeaves,
		MinLeaf: fewestYes, L2: 1, Seed: in.cfg.Seed + 1, Threads: in.cfg.Threads})
	if err != nil {
		return o, err
	}
	x := in.outcomeData(valid)
	m.Trees, err = bestTrees(ctx, alike(m.Base, x.Rows), m.Trees, in.columns, x, func(score []float64) float64 {
		loss := 0.0
		for i, yes := range held {
			if yes {
				loss += softplus(-score[i])
			} else {
				loss += softplus(score[i])
			}
		}
		return loss
	})
	if len(m.Trees) > 0 {
		o.Model = m
	}
	return o, err
}

// fitViews learns log(1 + seconds of viewing).
func (in *inputs) fitViews(ctx context.Context, train, valid []int32) (outcome, error) {
	values := func(rows []int32) (y []float32, sum float64) {
		y = make([]float32, len(rows))
		for k, i := range rows {
			if s := float64(in.set.ViewSeconds[i]); s > 0 {
				y[k] = float32(math.Log1p(s))
			}
			sum += float64(y[k])
		}
		return y, sum
	}
	y, sum := values(train)
	var o outcome
	if len(train) > 0 {
		o.Mean = sum / float64(len(train))
	}
	held, _ := values(valid)
	if len(train) < fewestClicks || len(valid) == 0 {
		return o, nil
	}
	m, err := learn.FitBoostRegression(ctx, &learn.RegressionData{X: in.outcomeData(train), Columns: in.columns, Y: y}, learn.BoostRegression{Trees: outcomeTrees, LearningRate: outcomeRate,
		MaxLeaves: outcomeLeaves, MinLeaf: fewestYes, L2: 1, Seed: in.cfg.Seed + 2, Threads: in.cfg.Threads})
	if err != nil {
		return o, err
	}
	x := in.outcomeData(valid)
	m.Trees, err = bestTrees(ctx, alike(m.Base, x.Rows), m.Trees, in.columns, x, func(score []float64) float64 {
		loss := 0.0
		for i, v := range held {
			loss += (float64(v) - score[i]) * (float64(v) - score[i])
		}
		return loss
	})
	if len(m.Trees) > 0 {
		o.Model = m
	}
	return o, err
}

// bestTrees are the first trees, as many as have the least loss on rows x; none if the scores that they start from alone have. score is
// overwritten.
func bestTrees(ctx context.Context, score []float64, trees []learn.GrownTree, columns []learn.Column, x *learn.Matrix, loss func(score []float64) float64) ([]learn.GrownTree, error) {
	one := make([]float64, x.Rows)
	best, least := 0, loss(score)
	for k := range trees {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		tree := learn.BoostModel{Columns: columns, Trees: trees[k : k+1]}
		if err := tree.LogOdds(x, one); err != nil {
			return nil, err
		}
		for i, v := range one {
			score[i] += v
		}
		if l := loss(score); l < least {
			best, least = k+1, l
		}
	}
	return trees[:best], nil
}

// alike is n times v.
func alike(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// Parts are what a card's value is made of.
type Parts struct {
	Click float32 // chance of a click in full view, 0..1
	View  float32 // expected log(1 + seconds of viewing) after a click
	Like  float32 // chance of a like after a click
	Share float32 // chance of a share after a click
	Value float32 // Click (w.Click + w.View View + w.Like Like + w.Share Share)
}
