// Growing one tree on binned columns; all tree learners share it.
//
// Every row has a target a and a weight b, and a leaf's value is sum(a)/(sum(b)+l2), the minimiser of the weighted squared
// error. A split is worth what it takes off that error, score(left) + score(right) - score(parent) with score =
// sum(a)^2/(sum(b)+l2). With a = weight times label and b = weight that is half of the Gini impurity; with a = minus the
// gradient and b = the Hessian of a loss it is twice Newton's gain (Chen and Guestrin, KDD 2016, equations 5 and 7). Entropy
// differs in its score alone.
//
// Rows are indices, divided in place at each split. Of two children the one with fewer rows is added up, and the other's
// histogram is what is left of their parent's.

package learn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// growth is what a tree is grown with, and the memory for it: about 30 bytes a row and at most histogramMemory. It grows one
// tree after another and belongs to one goroutine.
type growth struct {
	bins *bins

	// What row i adds to a cell: packed[i] as A<<32 | B where all sums fit, which is faster, or wide[i].
	packed       []uint64
	wide         []cell
	unitA, unitB float64 // what one in A and one in B>>shift stand for
	shift        uint
	mask         uint64

	maxDepth, maxLeaves int     // 0: no limit
	minLeaf             uint64  // least B & mask of a leaf
	minB                float64 // least sum of b of a leaf
	minGain, l2         float64
	always              bool // split what is not pure even if nothing is gained by it (as CART does, which XOR needs)
	entropy             bool
	monotone            []int8     // of each feature, or nil
	allowed             []int32    // the features to split on, ascending
	perNode             int        // as many of them are drawn at each node; 0: all
	random              *rand.Rand // for perNode
	threads             int        // for the columns of one node
	scale               float64    // of leaf values: the learning rate, or 1
	unit                float64    // weight of one in B & mask, for the covers

	order   []uint64 // packed of the rows of a node, in their order
	orderW  []cell
	scratch []int32
	pool    [][]cell
	live    int // histograms in use
	split   []split
	columns []int32 // code columns of allowed
	tree    *GrownTree
	leaves  []leafRows
}

// leafRows says which rows came to a leaf: rows[from:to] and riders[riderFrom:riderTo].
type leafRows struct {
	node                         int32
	from, to, riderFrom, riderTo int
}

// growing is a node that may yet be split.
type growing struct {
	leafRows
	depth     int
	sum       cell
	low, high float64 // bounds of its value that monotone constraints above it set
	histogram []cell  // nil: not kept
	best      split
}

// grow grows a tree on rows, which it permutes; riders are rows that come down the tree with them but do not shape it. The
// leaves say afterwards which of either came where. The tree is the caller's, the leaves are good until the next call.
func (g *growth) grow(ctx context.Context, rows, riders []int32) (*GrownTree, []leafRows, error) {
	g.prepare(len(rows), len(riders))
	root := &growing{leafRows: leafRows{to: len(rows), riderTo: len(riders)}, low: math.Inf(-1), high: math.Inf(1)}
	for _, r := range rows {
		root.sum = root.sum.plus(g.row(r))
	}
	g.add(root.sum, g.value(root.sum, root))
	g.evaluate(ctx, rows, root, nil, nil)
	var open []*growing // a stack, or a heap by gain where the number of leaves is limited
	push := func(n *growing) {
		if n.best.feature < 0 {
			g.close(n)
			return
		}
		open = append(open, n)
		for k := len(open) - 1; g.maxLeaves > 0 && k > 0 && before(open[k], open[(k-1)/2]); k = (k - 1) / 2 {
			open[k], open[(k-1)/2] = open[(k-1)/2], open[k]
		}
	}
	pop := func() *growing {
		end := len(open) - 1
		if g.maxLeaves > 0 {
			open[0], open[end] = open[end], open[0]
			for k := 0; ; {
				first := k
				for c := 2*k + 1; c <= 2*k+2 && c < end; c++ {
					if before(open[c], open[first]) {
						first = c
					}
				}
				if first == k {
					break
				}
				open[k], open[first] = open[first], open[k]
				k = first
			}
		}
		n := open[end]
		open = open[:end]
		return n
	}
	push(root)
	for leaves := 1; len(open) > 0; leaves++ {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		n := pop()
		if g.maxLeaves > 0 && leaves >= g.maxLeaves {
			g.close(n)
			continue
		}
		left, right := g.divide(n, rows, riders)
		g.evaluate(ctx, rows, left, right, n.histogram)
		push(right)
		push(left)
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	g.tree.Depth = depthOf(g.tree.Nodes)
	return g.tree, g.leaves, nil
}

// before orders the nodes that are open by gain, then by age.
func before(a, b *growing) bool {
	return a.best.gain > b.best.gain || a.best.gain == b.best.gain && a.node < b.node
}

func (g *growth) prepare(rows, riders int) {
	g.tree, g.leaves = new(GrownTree), g.leaves[:0]
	if cap(g.scratch) < max(rows, riders) {
		g.scratch = make([]int32, max(rows, riders))
	}
	if g.packed != nil && cap(g.order) < rows {
		g.order = make([]uint64, rows)
	} else if g.packed == nil && cap(g.orderW) < rows {
		g.orderW = make([]cell, rows)
	}
	if g.split == nil {
		g.split = make([]split, 2*len(g.bins.features))
	}
	g.columns = g.columns[:0]
	for _, f := range g.allowed {
		if c := g.bins.features[f].column; c >= 0 {
			g.columns = append(g.columns, int32(c))
		}
	}
	slices.Sort(g.columns)
	g.columns = slices.Compact(g.columns)
}

// add makes a leaf of the tree.
func (g *growth) add(sum cell, value float64) int32 {
	t := g.tree
	id := int32(len(t.Nodes))
	t.Nodes = append(t.Nodes, leafNode(id))
	t.Value = append(t.Value, float32(g.scale*value))
	t.Cover = append(t.Cover, float32(float64(sum.B&g.mask)*g.unit))
	t.Gain = append(t.Gain, 0)
	return id
}

// close makes n a leaf for good.
func (g *growth) close(n *growing) {
	g.release(n.histogram)
	n.histogram = nil
	g.leaves = append(g.leaves, n.leafRows)
}

// splittable says whether n may have children at all.
func (g *growth) splittable(n *growing) bool {
	if g.maxDepth > 0 && n.depth >= g.maxDepth || n.sum.B&g.mask < 2*max(1, g.minLeaf) || n.to-n.from < 2 {
		return false
	}
	return g.shift > 0 || n.sum.A != 0 && uint64(n.sum.A) != n.sum.B
}

// evaluate finds the best split of left and, unless it is nil, of its sibling right; parent is their parent's histogram, or
// nil, and is used up.
func (g *growth) evaluate(ctx context.Context, rows []int32, left, right *growing, parent []cell) {
	none := split{feature: -1}
	left.best = none
	if right != nil {
		right.best = none
	}
	if g.perNode > 0 && g.perNode < len(g.allowed) {
		g.drawn(rows, left)
		if right != nil {
			g.drawn(rows, right)
		}
		return
	}
	small, large := left, right
	if right != nil && right.to-right.from < left.to-left.from {
		small, large = right, left
	}
	needLarge := large != nil && g.splittable(large)
	if !needLarge && !g.splittable(small) {
		g.release(parent)
		return
	}
	if large != nil && parent == nil { // no histogram was kept: each on its own
		g.evaluate(ctx, rows, small, nil, nil)
		g.evaluate(ctx, rows, large, nil, nil)
		return
	}
	small.histogram = g.acquire()
	here := g.gather(rows, small)
	found := g.split
	p := len(g.bins.features)
	for k := range found {
		found[k].feature = -1
	}
	threads := g.threads
	if len(here)*len(g.columns) < 1<<15 { // not worth waking another
		threads = 1
	}
	// If ctx ends, what is found is not all; grow sees that and gives nothing out.
	_ = inBlocks(ctx, len(g.columns), 1, threads, func(k, _, _ int) {
		c := int(g.columns[k])
		from, width := g.bins.offsets[c], g.bins.widths[c]
		mine := small.histogram[from : from+256]
		// The cells beyond width belong to other columns, and no code leads to them.
		g.sumColumn(c, here, mine)
		if needLarge {
			theirs := parent[from : from+width]
			for b := range theirs {
				theirs[b] = theirs[b].minus(mine[b])
			}
		}
		for _, f := range g.bins.members[c] {
			if _, ok := slices.BinarySearch(g.allowed, f); !ok {
				continue
			}
			if g.splittable(small) {
				g.scan(int(f), mine, small, &found[f])
			}
			if needLarge {
				g.scan(int(f), parent[from:from+width], large, &found[p+int(f)])
			}
		}
	})
	for f := range p {
		keepBetter(&small.best, &found[f])
		if large != nil {
			keepBetter(&large.best, &found[p+f])
		}
	}
	if large != nil {
		large.histogram = parent
	}
	for _, n := range []*growing{small, large} {
		if n != nil && (n.best.feature < 0 || g.live*(g.bins.cells+256)*16 > histogramMemory) {
			g.release(n.histogram)
			n.histogram = nil
		}
	}
}

// drawn finds the best split of n among perNode features drawn at random that vary among its rows. Few columns are needed
// then, and these alone are added up.
func (g *growth) drawn(rows []int32, n *growing) {
	if !g.splittable(n) {
		return
	}
	here := g.gather(rows, n)
	h := g.acquire()
	defer g.release(h)
	var have [4]uint64 // columns that were added up; those past 256 are added up anew
	for k, varying := 0, 0; k < len(g.allowed) && varying < g.perNode; k++ {
		o := k + g.random.IntN(len(g.allowed)-k)
		g.allowed[k], g.allowed[o] = g.allowed[o], g.allowed[k]
		f := int(g.allowed[k])
		c := g.bins.features[f].column
		if c < 0 {
			continue
		}
		cells := h[g.bins.offsets[c] : g.bins.offsets[c]+256]
		if c >= 256 || have[c>>6]>>(c&63)&1 == 0 {
			g.sumColumn(c, here, cells)
			if c < 256 {
				have[c>>6] |= 1 << (c & 63)
			}
		}
		found := split{feature: -1}
		if g.scan(f, cells, n, &found) {
			varying++
		}
		keepBetter(&n.best, &found)
	}
}

// divide splits n as was found best: in the tree, and its rows in place.
func (g *growth) divide(n *growing, rows, riders []int32) (left, right *growing) {
	s, f := &n.best, &g.bins.features[n.best.feature]
	rightSum := n.sum.minus(s.left)
	vl, vr := g.value(s.left, n), g.value(rightSum, n)
	g.tree.Gain[n.node] = float32(max(0, min(s.gain, math.MaxFloat32)))
	left = &growing{depth: n.depth + 1, sum: s.left, low: n.low, high: n.high}
	right = &growing{depth: n.depth + 1, sum: rightSum, low: n.low, high: n.high}
	if g.monotone != nil {
		// What lies below on either side may come up to the middle, not further.
		switch mid := (vl + vr) / 2; {
		case g.monotone[s.feature] > 0:
			left.high, right.low = mid, mid
		case g.monotone[s.feature] < 0:
			left.low, right.high = mid, mid
		}
	}
	left.node, right.node = g.add(s.left, vl), g.add(rightSum, vr)

	// goesLeft says for each code of the column which side it goes to. A code of another feature is this one's usual value.
	var goesLeft [256]uint8
	side := func(bin int) (to uint8) {
		switch {
		case f.levels > 0:
			to = uint8(s.set[bin>>6] >> (bin & 63) & 1)
		case bin == f.count && s.missingLeft, bin < f.count && bin <= int(s.last):
			to = 1
		}
		return to
	}
	if f.shared {
		for c := range goesLeft {
			goesLeft[c] = side(f.usual)
		}
	}
	for b := range f.width {
		goesLeft[f.code[b]] = side(b)
	}
	codes := g.bins.codes[f.column]
	at := n.from + g.partition(rows[n.from:n.to], codes, &goesLeft)
	left.from, left.to, right.from, right.to = n.from, at, at, n.to
	at = n.riderFrom + g.partition(riders[n.riderFrom:n.riderTo], codes, &goesLeft)
	left.riderFrom, left.riderTo, right.riderFrom, right.riderTo = n.riderFrom, at, at, n.riderTo

	node := &g.tree.Nodes[n.node]
	node.Feature, node.Left = s.feature, left.node
	node.Rule = 1
	if s.missingLeft {
		node.Rule = 0
	}
	if f.levels == 0 {
		node.Threshold = math.MaxFloat32
		if int(s.next) < f.count {
			node.Threshold = between(f.high[s.last], f.low[s.next])
		}
		return left, right
	}
	node.Threshold = 0
	node.Rule |= uint32(1+len(g.tree.Sets)) << 1
	set := make([]uint64, (f.levels+63)/64)
	for l, bin := range f.binOf {
		set[l>>6] |= uint64(side(int(bin))) << (l & 63)
	}
	g.tree.Sets = append(g.tree.Sets, set...)
	return left, right
}

// partition puts the rows that go left before the others, keeping the order within either, and returns how many they are.
// It has no branches, since which way a row goes cannot be foretold.
func (g *growth) partition(rows []int32, codes []uint8, goesLeft *[256]uint8) int {
	right := g.scratch[:len(rows)]
	l, r := 0, 0
	for _, row := range rows {
		rows[l], right[r] = row, row
		to := int(goesLeft[codes[row]])
		l += to
		r += 1 - to
	}
	copy(rows[l:], right[:r])
	return l
}
