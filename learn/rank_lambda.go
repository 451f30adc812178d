// LambdaMART: gradient-boosted trees that rank (Burges, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82). For each pair
// of rows i, j of a group, i of the higher grade, what is lowered is
//
//	w_ij log(1 + exp(-(F(x_i) - F(x_j))))
//
// so that only differences within a group count, and nothing that all its rows have in common is learned: which user it is,
// or how late in the day. With RankNDCG w_ij has as a factor what NDCG would change by if both changed places, as they stand
// now, which makes the trees care for the top of the list.

package learn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// RankObjective says what a pair of rows weighs, beside the weights in the data.
type RankObjective string

const (
	// RankNDCG weighs a pair by the change of NDCG@Truncation, with gains 2^grade - 1, if its rows changed places.
	RankNDCG RankObjective = "ndcg"
	// RankPairs weighs all pairs alike, so that a group counts by the number of its pairs (RankNet).
	RankPairs RankObjective = "pairs"
	// RankGroups weighs all groups alike, and the pairs of a group too: the smooth form of the mean over groups of the AUC.
	RankGroups RankObjective = "groups"
)

// LambdaMART is gradient-boosted trees for ranking. The zero value fits 100 trees of at most 31 leaves with a learning rate
// of .1 for NDCG@30.
type LambdaMART struct {
	Objective    RankObjective // "": RankNDCG
	Truncation   int           // the k of NDCG@k; 0: 30. A tree costs k pairs a row, or for the other objectives all pairs
	Trees        int           // 0: 100
	LearningRate float64       // 0: .1
	MaxLeaves    int           // 0: 31
	MaxDepth     int           // 0: no limit
	MinLeaf      float64       // least number of rows of a leaf, of those in groups with an order; 0: 20
	MinGain      float64       // least decrease of the loss by a split
	L2           float64       // of the leaf values, in units of the loss; 0: none
	Features     float64       // share of columns that each tree is grown on; 0: all

	// Holdout is the share of groups that are not learned from; the trees after the one at which their loss is least are
	// dropped, and fitting ends when Patience trees (0: 10) have not lowered it. 0: none.
	Holdout  float64
	Patience int

	// Monotone gives, by the name of a column of numbers, +1 if the score may only rise with it and -1 if it may only fall,
	// all else being equal.
	Monotone map[string]int

	Seed    uint64
	Threads int // 0: one a core

	Progress func(done, total int) `json:"-"` // called after each tree
}

// LambdaMARTModel is a fitted LambdaMART. A row's score is the sum of the trees.
type LambdaMARTModel struct {
	Columns []Column
	Trees   []GrownTree
	// Losses are of the groups held out after each tree that was fitted, kept or not: 1 less their mean NDCG@Truncation, or
	// the mean loss of their pairs.
	Losses []float64
}

// Kind is "lambdamart".
func (LambdaMART) Kind() string { return "lambdamart" }

// settle puts the defaults in and gives what Boost has in common.
func (c *LambdaMART) settle() (Boost, error) {
	if c.Objective == "" {
		c.Objective = RankNDCG
	}
	if c.Truncation == 0 {
		c.Truncation = 30
	}
	b := Boost{Trees: c.Trees, LearningRate: c.LearningRate, MaxLeaves: c.MaxLeaves, MaxDepth: c.MaxDepth, MinLeaf: c.MinLeaf,
		MinGain: c.MinGain, L2: c.L2, Features: c.Features, Holdout: c.Holdout, Patience: c.Patience, Monotone: c.Monotone,
		Seed: c.Seed, Threads: c.Threads, Progress: c.Progress}
	switch {
	case c.Truncation < 0:
		return b, fmt.Errorf("learn: NDCG of the first %d rows: 1 or more, or 0 for 30, is expected", c.Truncation)
	case c.Objective != RankNDCG && c.Objective != RankPairs && c.Objective != RankGroups:
		return b, fmt.Errorf("learn: objective %q: %q, %q or %q are known", c.Objective, RankNDCG, RankPairs, RankGroups)
	}
	return b, b.settle()
}

// FitLambdaMART fits boosted trees that rank. Beside d it needs a byte for each value of d.X, some 100 more a row, and the
// trees.
func FitLambdaMART(ctx context.Context, d *RankData, c LambdaMART) (*LambdaMARTModel, error) {
	groups, err := d.check(acceptsMissing | acceptsCategories)
	if err != nil {
		return nil, err
	}
	boost, err := c.settle()
	if err != nil {
		return nil, err
	}
	rows := d.rows()
	m := &LambdaMARTModel{Columns: rows.columns()}
	monotone, err := boost.constraints(m.Columns)
	if err != nil {
		return nil, err
	}
	b, err := newBins(ctx, rows, threadsOf(c.Threads))
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(c.Seed, 0x7a4b))
	var held []int32
	if learned := groups; c.Holdout > 0 {
		held, groups = sampleShare(r, learned, c.Holdout, nil, nil)
		if len(held) == 0 || len(groups) == 0 {
			return nil, fmt.Errorf("learn: %d groups with an order are too few to hold out %v of them", len(learned), c.Holdout)
		}
	}
	learnRows, heldRows := d.rowsOf(groups), d.rowsOf(held)
	f := newSlopeBoosting(b, boost, learnRows, heldRows, nil, float64(len(learnRows)+len(heldRows)))
	f.monotone = monotone
	l := newLambdas(d, c, groups, held)
	f.slopes = func(ctx context.Context, rows []int32) error {
		if err := l.pass(ctx, f.odds, f.threads); err != nil {
			return err
		}
		return f.setCells(ctx, rows, l.a, l.b)
	}
	f.judge = func(ctx context.Context) (float64, error) { return l.heldLoss(ctx, f.odds, f.threads) }
	m.Trees, m.Losses, err = f.run(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// rowsOf are the rows of weight above 0 of the groups, ascending.
func (d *RankData) rowsOf(groups []int32) []int32 {
	var rows []int32
	for _, g := range groups {
		for i := d.Group[g]; i < d.Group[g+1]; i++ {
			if d.weight(int(i)) > 0 {
				rows = append(rows, i)
			}
		}
	}
	return slices.Clip(rows)
}

// Predict writes to out[i], which has length x.Rows, the score of row i: any real number, the higher the better. It is no
// probability. Two scores compare rows of one group; what the scores of different groups differ by means nothing.
func (m *LambdaMARTModel) Predict(x *Matrix, out []float64) error {
	if err := checkInput(x, out, m.Columns); err != nil {
		return err
	}
	sumTrees(m.Trees, x, m.Columns, out)
	return nil
}

// Inputs implements Model.
func (m *LambdaMARTModel) Inputs() []Column { return m.Columns }

// Importance is the share of each column in the decrease of the loss; the shares sum to 1 unless there is no split.
func (m *LambdaMARTModel) Importance() []float64 { return gainShares(m.Trees, len(m.Columns)) }

// Contributions implements Explainer; they sum with the base to the score.
func (m *LambdaMARTModel) Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error) {
	return contributions(ctx, m.Trees, m.Columns, x, out)
}

// PathContributions implements PathExplainer; they are in units of the score.
func (m *LambdaMARTModel) PathContributions(x *Matrix, out []float32) error {
	return pathContributions(m.Trees, m.Columns, x, out)
}

func (m *LambdaMARTModel) valid() error { return validTrees(m.Trees, m.Columns) }
