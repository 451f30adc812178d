// RP3beta: a walk of three steps from a user to an item she took, to another user who took it, to an item that user took, with the
// chance of arriving at an item divided by a power of its popularity. Where beta is 0 popular items win; near 1 they do no longer.
//
// w(j, i) = sum over users u of (1/|j|)^alpha * (r(u,i)/|u|)^alpha, divided by |i|^beta; |j| users took j, |u| is the sum of u's values.
//
// Source: Paudel, Christoffel, Newell and Bernstein, ACM TiiS 7(1), 2017; alpha of P3alpha (Cooper et al., WWW 2014).

package candidate

import (
	"context"
	"fmt"
	"math"
)

// RP3Beta is the method. The zero value means the defaults.
type RP3Beta struct {
	// Neighbours is how many items each item leads to, and how many lead to it, at most; 1 or more, 0: 1.5
	// times the root of the number of items, 100 to 300.
	Neighbours int
	// Alpha is the power of the walk's chances, above 0 to 10; 0: .6.
	Alpha float64
	// Beta is the power of an item's popularity that its score is divided by, up to 10; 0: .2, on dense data up to .3 (see defaults), below 0: none.
	Beta float64
	// Unnormalised leaves the chances of where an item leads to as they are; otherwise those kept are made to sum to 1, so that
	// each item of a history says as much.
	Unnormalised bool
	// Threads is the number of goroutines; 0: one a core. It does not change the result.
	Threads int
}

// RP3BetaModel is a fitted RP3beta. Memory: 8 bytes a neighbour, 8 an item.
type RP3BetaModel struct {
	// Targets has a row for each item j: the items it leads to, and w(j, i).
	Targets Matrix
}

func (RP3Beta) Kind() string { return "rp3beta" }

func (c RP3Beta) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitRP3Beta(ctx, m, c))
}

// Settled makes RP3Beta a Settler.
func (c RP3Beta) Settled(m *Matrix) Learner {
	_ = c.defaults(m) // settings that are refused are shown all the same
	return &c
}

func (c *RP3Beta) defaults(m *Matrix) error {
	if c.Neighbours == 0 {
		c.Neighbours = int(min(300, max(100, 1.5*math.Sqrt(float64(m.Items)))))
	}
	if c.Alpha == 0 {
		c.Alpha = .6
	}
	switch {
	case c.Beta == 0:
		// On sparse data popularity is much of what is known; validation on parts of the training interactions of seven sets, of .06% to 4% of all pairs, chose
		// .05 to .3, rising with density.
		c.Beta = .2 + min(.1, 2.5*float64(len(m.Item))/(float64(m.Users)*float64(m.Items)))
	case c.Beta < 0:
		c.Beta = 0
	}
	if !(c.Alpha > 0 && c.Alpha <= 10) || !(c.Beta <= 10) {
		return fmt.Errorf("candidate: rp3beta: Alpha %v and Beta %v; above 0 to 10 and up to 10 are expected", c.Alpha, c.Beta)
	}
	return checkSettings("rp3beta", c.Neighbours, c.Threads, nil)
}

// FitRP3Beta learns from m's values above 0; others are left out. Cost and memory are FitItemKNN's.
func FitRP3Beta(ctx context.Context, m *Matrix, c RP3Beta) (*RP3BetaModel, error) {
	toItem, err := positive(m)
	if err != nil {
		return nil, err
	}
	if err := c.defaults(toItem); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	toUser := toItem.Transpose()
	popularity := make([]float64, m.Items)
	for j := range toUser.Users {
		_, value := toUser.Row(j)
		popularity[j] = math.Pow(float64(len(value)), c.Beta)
		for k := range value {
			value[k] = float32(math.Pow(1/float64(len(value)), c.Alpha))
		}
	}
	for u := range toItem.Users {
		_, value := toItem.Row(u)
		var sum float64
		for _, v := range value {
			sum += float64(v)
		}
		for k, v := range value {
			value[k] = float32(math.Pow(float64(v)/sum, c.Alpha))
		}
	}
	n, err := nearest(ctx, toUser, toItem, c.Neighbours, c.Threads, func(_, i int32, p float64) float64 { return p / popularity[i] })
	if err != nil {
		return nil, err
	}
	if !c.Unnormalised {
		for j := range n.Users {
			_, value := n.Row(j)
			var sum float64
			for _, v := range value {
				sum += float64(v)
			}
			for k, v := range value {
				value[k] = float32(float64(v) / sum)
			}
		}
	}
	return &RP3BetaModel{Targets: *bestOfRows(n.Transpose(), c.Neighbours).Transpose()}, nil
}

func (m *RP3BetaModel) Items() int { return m.Targets.Items }

// Scores adds up where the history's items lead to.
func (m *RP3BetaModel) Scores(h *History, out []float32) { scoreRows(&m.Targets, h, out) }

func (m *RP3BetaModel) Because(h *History, item int32) (int32, float32) {
	return becauseRows(&m.Targets, h, item)
}

func (m *RP3BetaModel) parts() []any { return matrixParts(&m.Targets) }
func (m *RP3BetaModel) valid() error { return checkSquare(&m.Targets) }
