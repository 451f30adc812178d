// The random forest: trees on bootstrap samples, each split chosen among a few columns drawn at random (Breiman, Machine
// Learning 45, 2001). A row's probability is the mean of the trees' shares of positives.

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
)

// Forest is a random forest. The zero value grows 100 trees until all leaves are pure, on the root of the number of columns.
type Forest struct {
	Trees       int     // 0: 100
	Features    int     // columns drawn at each split; 0: the root of their number, rounded down
	Entropy     bool    // split by entropy, not by the Gini impurity
	MaxDepth    int     // 0: no limit
	MaxLeaves   int     // of each tree; 0: no limit
	MinLeaf     float64 // least weight of a leaf's rows, each as often as it was drawn, where the mean row has weight 1; 0: any
	MinGain     float64 // least decrease of impurity by a split, times the node's share of all weight
	Balanced    bool    // weigh the rows so that both classes have half of the weight
	NoBootstrap bool    // grow every tree on all rows
	OutOfBag    bool    // judge the forest by the trees that a row was not drawn for
	Seed        uint64
	Threads     int // 0: one a core; each needs some 40 bytes a row

	Progress func(done, total int) `json:"-"` // called after each tree, one call at a time
}

// ForestModel is a fitted Forest.
type ForestModel struct {
	Columns []Column
	Trees   []GrownTree
	OOB     OutOfBagScore

	outOfBag []float64
}

// OutOfBagScore says how well rows were predicted by the trees that they were not drawn for. It is zero where Forest.OutOfBag
// was not set.
type OutOfBagScore struct {
	Rows     int     // that some tree was grown without
	Accuracy float64 // weighted share of them on the right side of one half
	Brier    float64 // their weighted mean squared error
}

// Kind is "random forest".
func (Forest) Kind() string { return "random forest" }

// Fit is FitForest.
func (c Forest) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitForest(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// outOfBagUnit makes sums of probabilities whole, so that they do not depend on the order in which trees are done.
const outOfBagUnit = 1 << 32

// FitForest grows a forest. It needs a byte for each value of d.X, some 40 more a row and thread, and the trees.
func FitForest(ctx context.Context, d *Data, c Forest) (*ForestModel, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	tree := Tree{c.Entropy, c.MaxDepth, c.MaxLeaves, c.MinLeaf, c.MinGain, c.Balanced, 1}
	if err := tree.check(); err != nil {
		return nil, err
	}
	n, p := d.X.Rows, d.X.Cols
	if c.Trees == 0 {
		c.Trees = 100
	}
	if c.Features == 0 {
		c.Features = max(1, int(math.Sqrt(float64(p))))
	}
	switch {
	case c.Trees < 0 || c.Features < 0 || c.Features > p:
		return nil, fmt.Errorf("learn: a forest of %d trees on %d of %d columns", c.Trees, c.Features, p)
	case c.OutOfBag && c.NoBootstrap:
		return nil, fmt.Errorf("learn: without a bootstrap no row is out of the bag")
	}
	threads := min(threadsOf(c.Threads), c.Trees)
	b, err := newBins(ctx, d, threads)
	if err != nil {
		return nil, err
	}
	base := newClassGrowth(b, d, tree, n)
	base.perNode = c.Features
	m := &ForestModel{Columns: d.columns(), Trees: make([]GrownTree, c.Trees)}
	var lock sync.Mutex
	done := 0
	var failed error
	var idle []*bag
	all := struct {
		sum   []int64
		times []int32
	}{}
	if c.OutOfBag {
		all.sum, all.times = make([]int64, n), make([]int32, n)
	}
	err = inBlocks(ctx, c.Trees, 1, threads, func(k, _, _ int) {
		lock.Lock()
		var g *bag
		if last := len(idle) - 1; last >= 0 {
			g, idle = idle[last], idle[:last]
		}
		lock.Unlock()
		if g == nil {
			g = newBag(base, c.NoBootstrap)
		}
		rows, out := g.draw(rand.New(rand.NewPCG(c.Seed, uint64(k))), c.OutOfBag)
		t, leaves, err := g.grow(ctx, rows, out)
		lock.Lock()
		defer lock.Unlock()
		idle = append(idle, g)
		if err != nil {
			failed = err
			return
		}
		g.normalise(t)
		m.Trees[k] = *t
		for _, l := range leaves {
			v := int64(math.Round(float64(t.Value[l.node]) * outOfBagUnit))
			for _, r := range out[l.riderFrom:l.riderTo] {
				all.sum[r] += v
				all.times[r]++
			}
		}
		if done++; c.Progress != nil {
			c.Progress(done, c.Trees)
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if c.OutOfBag {
		m.scoreOutOfBag(d, all.sum, all.times)
	}
	return m, nil
}

// bag is what one thread grows trees with.
type bag struct {
	*growth
	all         []int32 // the rows that have weight
	times       []uint16
	rows, out   []int32
	packed      []uint64 // as drawn
	wide        []cell
	noBootstrap bool
}

func newBag(base *growth, noBootstrap bool) *bag {
	g := *base
	g.allowed = nil // permuted while a tree grows, so each thread has its own
	b := &bag{growth: &g, all: base.start(), times: make([]uint16, base.bins.rows), noBootstrap: noBootstrap}
	b.packed, b.wide = base.packed, base.wide
	if !noBootstrap {
		g.packed, g.wide = nil, nil
		if base.packed != nil {
			g.packed = make([]uint64, base.bins.rows)
		} else {
			g.wide = make([]cell, base.bins.rows)
		}
	}
	return b
}

// draw draws as many rows as have weight, with replacement: those that were drawn, once each and weighing as often as they
// were, and, if wanted, those that were not.
func (b *bag) draw(r *rand.Rand, wantOut bool) (rows, out []int32) {
	g := b.growth
	g.random = r
	g.allowed = g.allowed[:0]
	for f := range g.bins.features {
		g.allowed = append(g.allowed, int32(f))
	}
	if b.noBootstrap {
		b.rows = append(b.rows[:0], b.all...)
		return b.rows, nil
	}
	clear(b.times)
	for range b.all {
		if i := b.all[r.IntN(len(b.all))]; b.times[i] < math.MaxUint16 {
			b.times[i]++
		}
	}
	b.rows, b.out = b.rows[:0], b.out[:0]
	for _, i := range b.all {
		times := b.times[i]
		switch {
		case times > 0 && g.packed != nil:
			g.packed[i] = b.packed[i] * uint64(times) // neither half overflows: see newClassGrowth
		case times > 0:
			w := b.wide[i]
			g.wide[i] = cell{w.A * int64(times), w.B * uint64(times)}
		}
		if times > 0 {
			b.rows = append(b.rows, i)
		} else if wantOut {
			b.out = append(b.out, i)
		}
	}
	return b.rows, b.out
}

// scoreOutOfBag compares the mean of the trees that a row was not drawn for with its label.
func (m *ForestModel) scoreOutOfBag(d *Data, sum []int64, times []int32) {
	m.outOfBag = make([]float64, len(d.Y))
	weight, right, squares := 0.0, 0.0, 0.0
	for i, y := range d.Y {
		if times[i] == 0 {
			m.outOfBag[i] = math.NaN()
			continue
		}
		p := float64(sum[i]) / outOfBagUnit / float64(times[i])
		m.outOfBag[i] = p
		m.OOB.Rows++
		w, label := d.weight(i), 0.0
		if y {
			label = 1
		}
		weight += w
		squares += w * (p - label) * (p - label)
		if (p > .5) == y {
			right += w
		}
	}
	if weight > 0 {
		m.OOB.Accuracy, m.OOB.Brier = right/weight, squares/weight
	}
}

// OutOfBag is the probability of each row of the training data by the trees that it was not drawn for, NaN where it was drawn
// for all. It is nil unless Forest.OutOfBag was set, and for a model that was loaded.
func (m *ForestModel) OutOfBag() []float64 { return m.outOfBag }

// Predict implements Model.
func (m *ForestModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	sumTrees(m.Trees, x, m.Columns, p)
	for i := range p {
		p[i] = min(1, p[i]/float64(len(m.Trees)))
	}
	return nil
}

// Inputs implements Model.
func (m *ForestModel) Inputs() []Column { return m.Columns }

// Importance is the share of each column in the decrease of impurity; the shares sum to 1 unless there is no split.
func (m *ForestModel) Importance() []float64 { return gainShares(m.Trees, len(m.Columns)) }

func (m *ForestModel) valid() error {
	if len(m.Trees) == 0 {
		return fmt.Errorf("a forest without trees")
	}
	if err := validTrees(m.Trees, m.Columns); err != nil {
		return err
	}
	return validShares(m.Trees)
}
