// Gradient-boosted trees for the logistic loss: each tree takes a Newton step of all rows' log-odds (Friedman, Annals of
// Statistics 29, 2001; Chen and Guestrin, KDD 2016), grown leaf by leaf on histograms (Ke et al., LightGBM, NIPS 2017).
// What is minimised is sum_i w_i log(1+exp(-s_i F(x_i))) + l2/2 sum_leaf v^2, with s_i = +-1 the label.

package learn

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Boost is gradient-boosted trees. The zero value fits 100 trees of at most 31 leaves with a learning rate of .1.
type Boost struct {
	Trees        int     // 0: 100
	LearningRate float64 // 0: .1
	MaxLeaves    int     // 0: 31
	MaxDepth     int     // 0: no limit
	MinLeaf      float64 // least weight of a leaf's rows, where the mean row has weight 1; 0: 20
	MinGain      float64 // least decrease of the loss by a split
	L2           float64 // of the leaf values; 0: none
	Rows         float64 // share of rows that each tree is grown on, drawn without replacement; 0: all
	Features     float64 // share of columns that each tree is grown on; 0: all
	Balanced     bool    // weigh the rows so that both classes have half of the weight

	// Holdout is the share of rows, of each class alike, that are not learned from; the trees after the one at which their
	// loss is least are dropped, and fitting ends when Patience trees (0: 10) have not lowered it. 0: none.
	Holdout  float64
	Patience int

	// Monotone gives, by the name of a column of numbers, +1 if the probability may only rise with it and -1 if it may only
	// fall, all else being equal.
	Monotone map[string]int

	Seed    uint64
	Threads int // 0: one a core

	Progress func(done, total int) `json:"-"` // called after each tree
}

// BoostModel is a fitted Boost. A row's log-odds are Base and the sum of the trees.
type BoostModel struct {
	Columns []Column
	Base    float64
	Trees   []GrownTree
	Losses  []float64 // mean logistic loss of the rows held out, after each tree that was fitted, kept or not
}

const (
	leastHessian  = 1e-3 // of a leaf, where the mean row has weight 1
	gradientBlock = 4096
)

// Kind is "boosted trees".
func (Boost) Kind() string { return "boosted trees" }

// Fit is FitBoost.
func (c Boost) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitBoost(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// settle puts the defaults in.
func (c *Boost) settle() error {
	if c.Trees == 0 {
		c.Trees = 100
	}
	if c.LearningRate == 0 {
		c.LearningRate = .1
	}
	if c.MaxLeaves == 0 {
		c.MaxLeaves = 31
	}
	if c.MinLeaf == 0 {
		c.MinLeaf = 20
	}
	if c.Rows == 0 {
		c.Rows = 1
	}
	if c.Features == 0 {
		c.Features = 1
	}
	if c.Patience == 0 {
		c.Patience = 10
	}
	share := func(v float64) bool { return v > 0 && v <= 1 }
	switch {
	case c.Trees < 0 || c.MaxLeaves < 2 || c.MaxDepth < 0 || c.Patience < 0:
		return fmt.Errorf("learn: %d trees of %d leaves and depth %d, patience %d: more than 0, at least 2, and not less than 0 are expected",
			c.Trees, c.MaxLeaves, c.MaxDepth, c.Patience)
	case !(c.LearningRate > 0 && c.LearningRate <= 10) || !(c.MinLeaf > 0) || !(c.MinGain >= 0) || !(c.L2 >= 0):
		return fmt.Errorf("learn: learning rate %v in (0,10], MinLeaf %v, MinGain %v and L2 %v not less than 0 are expected",
			c.LearningRate, c.MinLeaf, c.MinGain, c.L2)
	case !share(c.Rows) || !share(c.Features) || !(c.Holdout >= 0 && c.Holdout < 1):
		return fmt.Errorf("learn: shares of rows %v and columns %v in (0,1] and of rows held out %v in [0,1) are expected",
			c.Rows, c.Features, c.Holdout)
	}
	return nil
}

// constraints are Monotone by column, or nil.
func (c *Boost) constraints(columns []Column) ([]int8, error) {
	if len(c.Monotone) == 0 {
		return nil, nil
	}
	signs := make([]int8, len(columns))
	for name, sign := range c.Monotone {
		j := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
		switch {
		case j < 0:
			return nil, fmt.Errorf("learn: there is no column %q to be monotone in", name)
		case columns[j].Categorical():
			return nil, fmt.Errorf("learn: column %s holds categories, which have no order to be monotone in", name)
		case sign < -1 || sign > 1:
			return nil, fmt.Errorf("learn: column %s is to be monotone with sign %d; +1, 0 or -1 is expected", name, sign)
		}
		signs[j] = int8(sign)
	}
	return signs, nil
}

// boosting is a fit under way.
type boosting struct {
	*growth
	c       Boost
	y       []bool
	weight  []float64 // of each row; nil: 1 each
	units   []uint32  // the same in units, for the size of leaves; nil: 1 each
	odds    []float64 // of each row: log-odds so far, or what else the trees sum to
	learn   []int32   // rows that are learned from, ascending
	held    []int32   // rows that are held out, ascending
	scaleA  float64
	scaleH  float64
	threads int

	slopes func(ctx context.Context, rows []int32) error // sets what rows add to the sums
	judge  func(ctx context.Context) (float64, error)    // the loss of the rows held out
	step   func(v float64) float64                       // a leaf's value made of Newton's step; nil: the step itself
}

// FitBoost fits boosted trees. It needs a byte for each value of d.X, some 60 more a row, and the trees.
func FitBoost(ctx context.Context, d *Data, c Boost) (*BoostModel, error) {
	return fitBoost(ctx, d, nil, c)
}

// fitBoost starts from the log-odds given by row, or those of the share of positives where they are nil.
func fitBoost(ctx context.Context, d *Data, start []float64, c Boost) (*BoostModel, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	m := &BoostModel{Columns: d.columns()}
	monotone, err := c.constraints(m.Columns)
	if err != nil {
		return nil, err
	}
	b, err := newBins(ctx, d, threadsOf(c.Threads))
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(c.Seed, 0xb005))
	f, err := newBoosting(b, d, c, r)
	if err != nil {
		return nil, err
	}
	f.monotone = monotone
	if start == nil {
		m.Base = f.begin()
	} else {
		copy(f.odds, start)
	}
	f.slopes, f.judge = f.gradients, func(context.Context) (float64, error) { return f.heldLoss(), nil }
	m.Trees, m.Losses, err = f.run(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// run grows the trees, of which it keeps those up to the least loss of the rows held out; losses are these, after each tree.
func (f *boosting) run(ctx context.Context, r *rand.Rand) (trees []GrownTree, losses []float64, err error) {
	kept, best := 0, math.Inf(1)
	var chosen, rest []int32
	for k := range f.c.Trees {
		f.chooseColumns(r)
		chosen, rest = append(chosen[:0], f.learn...), rest[:0]
		if f.c.Rows < 1 {
			chosen, rest = sampleShare(r, f.learn, f.c.Rows, chosen[:0], rest)
		}
		rest = append(rest, f.held...)
		if err := f.slopes(ctx, chosen); err != nil {
			return nil, nil, err
		}
		t, leaves, err := f.grow(ctx, chosen, rest)
		if err != nil {
			return nil, nil, err
		}
		for i := range t.Gain {
			t.Gain[i] /= 2 // of the loss
			if f.step != nil {
				t.Value[i] = float32(f.step(float64(t.Value[i])))
			}
		}
		for _, l := range leaves {
			v := float64(t.Value[l.node])
			for _, i := range chosen[l.from:l.to] {
				f.odds[i] += v
			}
			for _, i := range rest[l.riderFrom:l.riderTo] {
				f.odds[i] += v
			}
		}
		trees = append(trees, *t)
		if f.c.Progress != nil {
			f.c.Progress(k+1, f.c.Trees)
		}
		if len(f.held) == 0 {
			kept = k + 1
			if len(t.Nodes) == 1 && f.c.Rows == 1 && f.c.Features == 1 {
				break // neither will any other tree find a split
			}
			continue
		}
		loss, err := f.judge(ctx)
		if err != nil {
			return nil, nil, err
		}
		losses = append(losses, loss)
		if loss < best {
			kept, best = k+1, loss
		}
		if k+1-kept >= f.c.Patience {
			break
		}
	}
	return slices.Clip(trees[:kept]), losses, nil
}

// newBoosting lays out the rows and the units of their sums.
func newBoosting(b *bins, d *Data, c Boost, r *rand.Rand) (*boosting, error) {
	n := len(d.Y)
	f := &boosting{c: c, y: d.Y, odds: make([]float64, n), threads: threadsOf(c.Threads)}
	f.growth = &growth{bins: b, wide: make([]cell, n), maxDepth: c.MaxDepth, maxLeaves: c.MaxLeaves,
		minGain: 2 * c.MinGain, l2: c.L2, threads: f.threads, scale: c.LearningRate}
	var class [2][]int32
	var weights [2]float64
	for i, y := range d.Y {
		if w := d.weight(i); w > 0 {
			k := 0
			if y {
				k = 1
			}
			class[k] = append(class[k], int32(i))
			weights[k] += w
		}
	}
	total := weights[0] + weights[1]
	if d.Weight != nil || c.Balanced {
		f.weight = make([]float64, n)
		for k, rows := range class {
			for _, i := range rows {
				f.weight[i] = d.weight(int(i))
				if c.Balanced {
					f.weight[i] *= total / 2 / weights[k]
				}
			}
		}
	}
	for _, rows := range class {
		if c.Holdout == 0 {
			f.learn = append(f.learn, rows...)
			continue
		}
		var held []int32
		held, f.learn = sampleShare(r, rows, c.Holdout, nil, f.learn)
		if len(held) == 0 || len(held) == len(rows) {
			return nil, fmt.Errorf("learn: %d rows of one class are too few to hold out %v of them", len(rows), c.Holdout)
		}
		f.held = append(f.held, held...)
	}
	slices.Sort(f.learn)
	slices.Sort(f.held)
	f.layUnits(total)
	return f, nil
}

// layUnits chooses the units of a, b and the weights so that no sum over all rows overflows its bits: 62 of A, and of B as
// many of the lowest as the weights need and 62 with the rest.
func (f *boosting) layUnits(total float64) {
	unit, whole := 1.0, total < math.MaxUint32
	for _, w := range f.weight {
		whole = whole && w == math.Trunc(w)
	}
	rows := float64(len(f.learn))
	if f.weight != nil {
		if !whole {
			unit = total / (1 << 28)
		}
		f.units = make([]uint32, len(f.weight))
		for i, w := range f.weight {
			if w > 0 {
				f.units[i] = uint32(max(1, math.Round(w/unit)))
			}
		}
	}
	sum := uint64(0)
	for _, i := range f.learn {
		if f.units == nil {
			sum++
		} else {
			sum += uint64(f.units[i])
		}
	}
	g := f.growth
	g.shift = uint(bits.Len64(sum))
	g.mask = 1<<g.shift - 1
	g.unit = unit
	g.minLeaf = uint64(max(1, math.Ceil(f.c.MinLeaf*float64(sum)/rows*(1-1e-9))))
	// |a| <= weight, b <= weight/4. Powers of two, so that the scaling itself is exact.
	_, exponent := math.Frexp(total) // total < 2^exponent
	f.scaleA = math.Ldexp(1, 61-exponent)
	f.scaleH = math.Ldexp(1, 62-int(g.shift)-exponent)
	g.unitA, g.unitB = 1/f.scaleA, 1/f.scaleH
	g.minB = leastHessian * total / float64(len(f.learn)+len(f.held))
}

// chooseColumns draws the columns of the next tree.
func (f *boosting) chooseColumns(r *rand.Rand) {
	p := len(f.bins.features)
	all := make([]int32, p)
	for j := range all {
		all[j] = int32(j)
	}
	f.allowed = all
	if f.c.Features < 1 {
		f.allowed, _ = sampleShare(r, all, f.c.Features, nil, nil)
		if len(f.allowed) == 0 {
			f.allowed = []int32{int32(r.IntN(p))}
		}
	}
}

// sampleShare appends round(share*len(from)) of from, drawn at random, to in, and the others to out, both in their order.
func sampleShare(r *rand.Rand, from []int32, share float64, in, out []int32) ([]int32, []int32) {
	want := int(math.Round(share * float64(len(from))))
	for k, v := range from {
		if r.IntN(len(from)-k) < want {
			in = append(in, v)
			want--
		} else {
			out = append(out, v)
		}
	}
	return in, out
}

// gradients sets what rows add to the sums: a = w (y - p) and b = w p (1-p).
func (f *boosting) gradients(ctx context.Context, rows []int32) error {
	return inBlocks(ctx, len(rows), gradientBlock, f.threads, func(_, from, to int) {
		for _, i := range rows[from:to] {
			p := 1 / (1 + math.Exp(-f.odds[i]))
			a, h, unit := -p, p*(1-p), uint64(1)
			if f.y[i] {
				a = 1 - p
			}
			if f.weight != nil {
				a, h, unit = a*f.weight[i], h*f.weight[i], uint64(f.units[i])
			}
			f.wide[i] = cell{int64(a * f.scaleA), uint64(h*f.scaleH)<<f.shift | unit}
		}
	})
}

// heldLoss is the mean logistic loss of the rows held out.
func (f *boosting) heldLoss() float64 {
	loss, total := 0.0, 0.0
	for _, i := range f.held {
		w, margin := 1.0, -f.odds[i]
		if f.weight != nil {
			w = f.weight[i]
		}
		if f.y[i] {
			margin = -margin
		}
		// log(1+exp(-margin)), which does not overflow
		loss += w * (max(0, -margin) + math.Log1p(math.Exp(-math.Abs(margin))))
		total += w
	}
	return loss / total
}

// LogOdds writes to out, of length x.Rows, the log-odds of each row.
func (m *BoostModel) LogOdds(x *Matrix, out []float64) error {
	if err := checkInput(x, out, m.Columns); err != nil {
		return err
	}
	sumTrees(m.Trees, x, m.Columns, out)
	for i := range out {
		out[i] += m.Base
	}
	return nil
}

// Predict implements Model.
func (m *BoostModel) Predict(x *Matrix, p []float64) error {
	if err := m.LogOdds(x, p); err != nil {
		return err
	}
	for i, v := range p {
		p[i] = 1 / (1 + math.Exp(-v))
	}
	return nil
}

// Inputs implements Model.
func (m *BoostModel) Inputs() []Column { return m.Columns }

// Importance is the share of each column in the decrease of the loss; the shares sum to 1 unless there is no split.
func (m *BoostModel) Importance() []float64 { return gainShares(m.Trees, len(m.Columns)) }

func (m *BoostModel) valid() error {
	if math.IsNaN(m.Base) || math.IsInf(m.Base, 0) {
		return fmt.Errorf("log-odds of %v", m.Base)
	}
	return validTrees(m.Trees, m.Columns)
}
