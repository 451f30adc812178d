// The decision tree: CART (Breiman, Friedman, Olshen and Stone, 1984) on binned columns, and the form in which all trees are
// kept and predict.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Node is a node of a tree, 16 bytes. Its children are Left and Left+1; a leaf's Left is its own place.
//
// A row goes left if its value is at most Threshold or, where Rule>>1 is k > 0, if its category is in the set of bits that
// begins at Sets[k-1]. A missing value or unknown category goes right if bit 0 of Rule is set, else left.
type Node struct {
	Feature   int32
	Threshold float32
	Left      int32
	Rule      uint32
}

// leafNode leads to itself, so that a descent may go on longer than its way down is.
func leafNode(id int32) Node { return Node{Threshold: float32(math.Inf(1)), Left: id} }

// GrownTree is a tree in flat arrays. Node 0 is the root.
type GrownTree struct {
	Nodes []Node
	Value []float32 // of each node: what it predicts, if the descent were to end there
	Cover []float32 // of each node: the weight of the rows that it was grown on
	Gain  []float32 // of each node: what its split took off the error; 0 for a leaf
	Sets  []uint64  // sets of categories that go left, one bit a level
	Depth int32     // of the deepest leaf; that of the root is 0
}

// Leaves is the number of leaves.
func (t *GrownTree) Leaves() int { return (len(t.Nodes) + 1) / 2 }

func (t *GrownTree) leaf(i int) bool { return int(t.Nodes[i].Left) == i }

// child is where node i sends value v.
func (t *GrownTree) child(i int32, v float32, columns []Column) int32 {
	n := &t.Nodes[i]
	right := v > n.Threshold
	if k := int(n.Rule >> 1); k > 0 {
		l := levelOf(v, len(columns[n.Feature].Levels))
		right = l >= 0 && t.Sets[k-1+l>>6]>>(l&63)&1 == 0
		if l < 0 {
			right = n.Rule&1 != 0
		}
	} else if v != v {
		right = n.Rule&1 != 0
	}
	if right {
		return n.Left + 1
	}
	return n.Left
}

// addTo adds to sum[i-from] the value of row i's leaf, for rows from..to-1.
func (t *GrownTree) addTo(sum []float64, x *Matrix, columns []Column, from, to int) {
	i, p := from, x.Cols
	// Without sets a step needs no branch, and four rows go down at once so that none waits for the memory of another.
	for ; len(t.Sets) == 0 && i+4 <= to; i += 4 {
		a, b, c, d := int32(0), int32(0), int32(0), int32(0)
		at := i * p
		x0, x1, x2, x3 := x.Data[at:at+p], x.Data[at+p:at+2*p], x.Data[at+2*p:at+3*p], x.Data[at+3*p:at+4*p]
		nodes := t.Nodes
		for range t.Depth {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			ea, eb, ec, ed := a, b, c, d
			a = na.step(x0[na.Feature])
			b = nb.step(x1[nb.Feature])
			c = nc.step(x2[nc.Feature])
			d = nd.step(x3[nd.Feature])
			if (a^ea)|(b^eb)|(c^ec)|(d^ed) == 0 {
				break // all in their leaves
			}
		}
		s := sum[i-from : i-from+4]
		s[0] += float64(t.Value[a])
		s[1] += float64(t.Value[b])
		s[2] += float64(t.Value[c])
		s[3] += float64(t.Value[d])
	}
	for ; i < to; i++ {
		sum[i-from] += float64(t.Value[t.find(x.Row(i), columns)])
	}
}

// step is child where there are no sets.
func (n *Node) step(v float32) int32 {
	var right int32
	if v > n.Threshold {
		right = 1
	}
	if v != v {
		right = int32(n.Rule & 1)
	}
	return n.Left + right
}

// find is the leaf of a row.
func (t *GrownTree) find(row []float32, columns []Column) int32 {
	i := int32(0)
	for !t.leaf(int(i)) {
		i = t.child(i, row[t.Nodes[i].Feature], columns)
	}
	return i
}

// depthOf is the depth of the deepest node; children stand after their parents.
func depthOf(nodes []Node) int32 {
	depth, deepest := make([]int32, len(nodes)), int32(0)
	for i, n := range nodes {
		if int(n.Left) != i {
			depth[n.Left], depth[n.Left+1] = depth[i]+1, depth[i]+1
			deepest = max(deepest, depth[i]+1)
		}
	}
	return deepest
}

// valid says what is wrong with a tree that was read from a file, for rows of the given columns.
func (t *GrownTree) valid(columns []Column) error {
	n := len(t.Nodes)
	if n == 0 || n > math.MaxInt32 || len(t.Value) != n || len(t.Cover) != n || len(t.Gain) != n {
		return fmt.Errorf("a tree of %d nodes, %d values, %d covers and %d gains", n, len(t.Value), len(t.Cover), len(t.Gain))
	}
	parents := make([]uint8, n)
	parents[0] = 1
	for i, node := range t.Nodes {
		if node.Feature < 0 || int(node.Feature) >= len(columns) || node.Threshold != node.Threshold {
			return fmt.Errorf("node %d tests column %d against %v", i, node.Feature, node.Threshold)
		}
		if v := float64(t.Value[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("node %d has value %v", i, v)
		}
		if c := float64(t.Cover[i]); !(c > 0) || math.IsInf(c, 0) || !(t.Gain[i] >= 0) || math.IsInf(float64(t.Gain[i]), 0) {
			return fmt.Errorf("node %d has cover %v and gain %v", i, c, t.Gain[i])
		}
		if t.leaf(i) {
			if node != leafNode(int32(i)) {
				return fmt.Errorf("leaf %d has a rule", i)
			}
			continue
		}
		if int(node.Left) <= i || int(node.Left) >= n-1 {
			return fmt.Errorf("node %d leads to %d", i, node.Left)
		}
		for c := node.Left; c <= node.Left+1; c++ {
			if parents[c]++; parents[c] > 1 {
				return fmt.Errorf("node %d has two parents", c)
			}
		}
		set, levels := int(node.Rule>>1), len(columns[node.Feature].Levels)
		if (set > 0) != columns[node.Feature].Categorical() || set > 0 && set-1+(levels+63)/64 > len(t.Sets) {
			return fmt.Errorf("node %d has no such set of categories", i)
		}
	}
	for i, c := range parents {
		if c == 0 {
			return fmt.Errorf("node %d has no parent", i)
		}
	}
	if d := depthOf(t.Nodes); d != t.Depth {
		return fmt.Errorf("a tree of depth %d says %d", d, t.Depth)
	}
	return nil
}

// validTrees says what is wrong with trees that were read from a file.
func validTrees(trees []GrownTree, columns []Column) error {
	if len(columns) == 0 {
		return errors.New("no columns")
	}
	for k := range trees {
		if err := trees[k].valid(columns); err != nil {
			return fmt.Errorf("tree %d: %w", k, err)
		}
	}
	return nil
}

// predictRows is how many rows go through all trees before the next do: their values and a tree fit in a core's cache.
const predictRows = 512

// sumTrees writes to sum what the trees give in total for each row of x.
func sumTrees(trees []GrownTree, x *Matrix, columns []Column, sum []float64) {
	_ = inBlocks(context.Background(), x.Rows, predictRows, threadsOf(0), func(_, from, to int) {
		clear(sum[from:to])
		for k := range trees {
			trees[k].addTo(sum[from:to], x, columns, from, to)
		}
	})
}

// gainShares is the part of each column in the gain of all splits; zeros where there is no split.
func gainShares(trees []GrownTree, p int) []float64 {
	share, total := make([]float64, p), 0.0
	for k := range trees {
		for i, n := range trees[k].Nodes {
			share[n.Feature] += float64(trees[k].Gain[i])
			total += float64(trees[k].Gain[i])
		}
	}
	for j := range share {
		if total > 0 {
			share[j] /= total
		}
	}
	return share
}

// Tree is a decision tree. The zero value grows it until all leaves are pure.
type Tree struct {
	Entropy   bool    // split by entropy, not by the Gini impurity
	MaxDepth  int     // 0: no limit
	MaxLeaves int     // 0: no limit; otherwise the split that gains most comes first
	MinLeaf   float64 // least weight of a leaf's rows, where the mean row has weight 1; 0: any
	MinGain   float64 // least decrease of impurity by a split, times the node's share of all weight
	Balanced  bool    // weigh the rows so that both classes have half of the weight
	Threads   int     // 0: one a core
}

// TreeModel is a fitted Tree. A row's probability is the share of positives in its leaf.
type TreeModel struct {
	Columns []Column
	Tree    GrownTree
}

// Kind is "tree".
func (Tree) Kind() string { return "tree" }

// Fit is FitTree.
func (c Tree) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitTree(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// FitTree grows a tree. It needs a byte for each value of d.X and some 30 more a row.
func FitTree(ctx context.Context, d *Data, c Tree) (*TreeModel, error) {
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	b, err := newBins(ctx, d, threadsOf(c.Threads))
	if err != nil {
		return nil, err
	}
	g := newClassGrowth(b, d, c, len(d.Y))
	t, _, err := g.grow(ctx, g.start(), nil)
	if err != nil {
		return nil, err
	}
	g.normalise(t)
	return &TreeModel{d.columns(), *t}, nil
}

func (c Tree) check() error {
	switch {
	case c.MaxDepth < 0 || c.MaxLeaves < 0 || c.MaxLeaves == 1:
		return fmt.Errorf("learn: a tree of depth %d and %d leaves: 0 or more, and 0 or at least 2, are expected", c.MaxDepth, c.MaxLeaves)
	case !(c.MinLeaf >= 0) || !(c.MinGain >= 0):
		return fmt.Errorf("learn: MinLeaf %v and MinGain %v must be 0 or more", c.MinLeaf, c.MinGain)
	}
	return nil
}

// newClassGrowth prepares the growing of trees of classes; draws is the number of rows that a tree is grown on.
func newClassGrowth(b *bins, d *Data, c Tree, draws int) *growth {
	n := len(d.Y)
	g := &growth{bins: b, mask: math.MaxUint64, maxDepth: c.MaxDepth, maxLeaves: c.MaxLeaves, always: true, entropy: c.Entropy,
		threads: threadsOf(c.Threads), scale: 1}
	weight := func(i int) float64 { return d.weight(i) }
	total, heaviest, whole := 0.0, 0.0, true
	var class [2]float64
	for i, y := range d.Y {
		w := d.weight(i)
		total += w
		heaviest = max(heaviest, w)
		whole = whole && w == math.Trunc(w)
		if y {
			class[1] += w
		} else {
			class[0] += w
		}
	}
	if c.Balanced {
		factor := [2]float64{total / 2 / class[0], total / 2 / class[1]}
		weight = func(i int) float64 {
			if d.Y[i] {
				return factor[1] * d.weight(i)
			}
			return factor[0] * d.weight(i)
		}
		heaviest *= max(factor[0], factor[1])
		whole = false
	}
	g.unit = 1
	if whole && heaviest*float64(draws) < math.MaxUint32 {
		g.packed = make([]uint64, n)
	} else {
		g.wide = make([]cell, n)
		if !whole || heaviest > math.MaxInt32 {
			g.unit = heaviest / math.MaxInt32
		}
	}
	rows, sum := 0, uint64(0)
	for i, y := range d.Y {
		w := uint64(math.Round(weight(i) / g.unit))
		if w == 0 && weight(i) > 0 {
			w = 1
		}
		if w > 0 {
			rows++
			sum += w
		}
		switch {
		case g.packed != nil && y:
			g.packed[i] = w<<32 | w
		case g.packed != nil:
			g.packed[i] = w
		case y:
			g.wide[i] = cell{int64(w), w}
		default:
			g.wide[i] = cell{0, w}
		}
	}
	g.unitA, g.unitB = g.unit, g.unit
	g.minLeaf = uint64(math.Ceil(c.MinLeaf * float64(sum) / float64(rows) * (1 - 1e-9)))
	g.minGain = c.MinGain * float64(sum) * g.unit / float64(n) * float64(draws) / g.impurityScale()
	for f := range b.features {
		g.allowed = append(g.allowed, int32(f))
	}
	return g
}

// impurityScale is the decrease of impurity that one unit of score is: Gini's is 2 sum(a) (1 - sum(a)/sum(b)), twice the
// squared error; entropy is in bits.
func (g *growth) impurityScale() float64 {
	if g.entropy {
		return 1 / math.Ln2
	}
	return 2
}

// start is all rows that have weight.
func (g *growth) start() []int32 {
	var rows []int32
	for i := range g.bins.rows {
		if g.row(int32(i)).B > 0 {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// normalise makes the gains of a tree decreases of impurity, times the node's share of the weight.
func (g *growth) normalise(t *GrownTree) {
	for i := range t.Gain {
		t.Gain[i] *= float32(g.impurityScale()) / t.Cover[0]
	}
}

// Predict implements Model.
func (m *TreeModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	sumTrees([]GrownTree{m.Tree}, x, m.Columns, p)
	return nil
}

// Inputs implements Model.
func (m *TreeModel) Inputs() []Column { return m.Columns }

// Importance is the share of each column in the decrease of impurity; the shares sum to 1 unless there is no split.
func (m *TreeModel) Importance() []float64 { return gainShares([]GrownTree{m.Tree}, len(m.Columns)) }

func (m *TreeModel) valid() error {
	if err := validTrees([]GrownTree{m.Tree}, m.Columns); err != nil {
		return err
	}
	return validShares([]GrownTree{m.Tree})
}

// validShares says whether all values are probabilities.
func validShares(trees []GrownTree) error {
	for k, t := range trees {
		for i, v := range t.Value {
			if v < 0 || v > 1 {
				return fmt.Errorf("tree %d: node %d has probability %v", k, i, v)
			}
		}
	}
	return nil
}
