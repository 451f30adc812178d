// Item kNN: items that the same users take are alike, and a user is offered what is like the items of her history. The oldest
// item-side method, and still one that newer ones often fail to beat when both are tuned.
//
// score(i) = sum over j in the history, among the Neighbours items most similar to i, of value(j) * similarity(i, j).
//
// Sources: Sarwar et al., WWW 2001; the similarities and weightings are the grid of Ferrari Dacrema, Cremonesi and Jannach, RecSys 2019.

package candidate

import (
	"context"
	"math"
)

// ItemKNN is item kNN. The zero value means the defaults.
type ItemKNN struct {
	// Neighbours is how many similar items each item keeps, 1 or more; 0: 200, on sparse data (see
	// Matrix.sparse) twice the root of the number of items where that is more.
	Neighbours int
	// Similarity is one of the Similarity constants; "": cosine.
	Similarity string
	// Weighting is one of the Weighting constants, with items as the documents: users who take much say less. "": tfidf.
	Weighting string
	// Shrink is added to the similarity's denominator, so that items few users took count less; in units of
	// squared weights. 0: on sparse data 10 of tfidf and bm25, a fraction of what one user adds, none otherwise; below 0: none.
	Shrink float64
	// Alpha is the asymmetry of the cosine, above 0 to 1: with more of it, similarities are divided less by the popularity of the item that
	// is scored and more by that of the history's. .5 is the cosine itself; 0: .7 on sparse data, .6 otherwise.
	Alpha float64
	// TargetOnly and SourceOnly are Tversky's weights of what only the scored item and only the history's item has. Both 0: .5, which is Dice's.
	TargetOnly, SourceOnly float64
	// Threads is the number of goroutines; 0: one a core. It does not change the result.
	Threads int
}

// ItemKNNModel is a fitted item kNN. Memory: 8 bytes a neighbour, 8 an item.
type ItemKNNModel struct {
	// Targets has a row for each item j: the items that j is a neighbour of, and the similarities.
	Targets Matrix
}

func (ItemKNN) Kind() string { return "itemknn" }

func (c ItemKNN) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitItemKNN(ctx, m, c))
}

// Settled makes ItemKNN a Settler.
func (c ItemKNN) Settled(m *Matrix) Learner {
	_ = c.defaults(m) // settings that are refused are shown all the same
	return &c
}

func (c *ItemKNN) defaults(m *Matrix) error {
	if c.Neighbours == 0 {
		c.Neighbours = 200
		if m.sparse() {
			c.Neighbours = max(200, int(2*math.Sqrt(float64(m.Items))))
		}
	}
	if c.Similarity == "" {
		c.Similarity = SimilarityCosine
	}
	if c.Weighting == "" {
		c.Weighting = WeightingTFIDF
	}
	if c.Alpha == 0 {
		c.Alpha = .6
		if m.sparse() {
			c.Alpha = .7
		}
	}
	switch {
	case c.Shrink < 0:
		c.Shrink = 0
	case c.Shrink == 0 && c.Weighting != WeightingNone && m.sparse():
		c.Shrink = 10
	}
	if err := c.measure().check("itemknn"); err != nil {
		return err
	}
	if err := checkWeighting("itemknn", c.Weighting); err != nil {
		return err
	}
	return checkSettings("itemknn", c.Neighbours, c.Threads, nil)
}

func (c *ItemKNN) measure() measure {
	return measure{c.Similarity, c.Shrink, c.Alpha, c.TargetOnly, c.SourceOnly}
}

// FitItemKNN learns from m's values above 0; others are left out. Cost: the sum over users of the squared number of their items, so
// cut what the few heaviest took. Memory while it runs: 24 bytes a value of m, 16 a neighbour, 8 an item and thread.
func FitItemKNN(ctx context.Context, m *Matrix, c ItemKNN) (*ItemKNNModel, error) {
	p, err := positive(m)
	if err != nil {
		return nil, err
	}
	if err := c.defaults(p); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	byItem := p.Transpose()
	weigh(byItem, c.Weighting)
	byUser := byItem.Transpose()
	square := squares(byItem)
	target, source := c.measure().lengths(square, square)
	similarity := c.measure().formula()
	n, err := nearest(ctx, byItem, byUser, c.Neighbours, c.Threads, func(i, j int32, p float64) float64 {
		return similarity(target[i], source[j], p)
	})
	if err != nil {
		return nil, err
	}
	return &ItemKNNModel{Targets: *n.Transpose()}, nil
}

func (m *ItemKNNModel) Items() int { return m.Targets.Items }

// Scores adds up the similarities of the history's items. Cost: the items that the history's are neighbours of.
func (m *ItemKNNModel) Scores(h *History, out []float32) { scoreRows(&m.Targets, h, out) }

func (m *ItemKNNModel) Because(h *History, item int32) (int32, float32) {
	return becauseRows(&m.Targets, h, item)
}

func (m *ItemKNNModel) parts() []any { return matrixParts(&m.Targets) }
func (m *ItemKNNModel) valid() error { return checkSquare(&m.Targets) }
