// Histograms of a node's rows, and the best split of the node by them. For every code of a column a histogram has a cell, the
// sums over the rows that have it; a split's sums are those of the cells on its left, so that all thresholds of a column are
// tried in one pass over at most 256 cells, whatever the number of rows.
//
// Sums are whole numbers, of fixed units. So they are exact: they do not depend on the order of rows or on the number of
// threads, and the histogram of one child is precisely its parent's less that of its sibling.

package learn

import (
	"cmp"
	"math"
	"slices"
)

// cell holds sums over rows. B >> shift is the sum of b and B & mask that of the rows' weights, which are the same thing for
// a classification tree (shift 0).
type cell struct {
	A int64
	B uint64
}

func (c cell) plus(d cell) cell { return cell{c.A + d.A, c.B + d.B} }

func (c cell) minus(d cell) cell { return cell{c.A - d.A, c.B - d.B} }

// histogramMemory bounds the histograms that are kept for subtraction, in bytes; beyond it they are added up anew.
const histogramMemory = 256 << 20

// split is the best way found to divide a node; feature is -1 where there is none.
type split struct {
	gain        float64
	feature     int32
	last, next  int32 // of numbers: the last bin on the left that holds rows, and the first on the right
	missingLeft bool
	set         [4]uint64 // of categories: the bins on the left
	left        cell
}

// row is what row r adds to a cell.
func (g *growth) row(r int32) cell {
	if g.packed != nil {
		return cell{int64(g.packed[r] >> 32), g.packed[r] & math.MaxUint32}
	}
	return g.wide[r]
}

func (g *growth) a(c cell) float64 { return float64(c.A) * g.unitA }

func (g *growth) b(c cell) float64 { return float64(c.B>>g.shift) * g.unitB }

// value is the value of a leaf with sum c within the bounds of n.
func (g *growth) value(c cell, n *growing) float64 {
	b := g.b(c)
	if b < g.minB || b+g.l2 <= 0 { // a root whose rows are as sure as they can be
		return max(n.low, min(n.high, 0))
	}
	return max(n.low, min(n.high, g.a(c)/(b+g.l2)))
}

// score is what a node with sum c and value v takes off the error.
func (g *growth) score(c cell, v float64) float64 {
	a, b := g.a(c), g.b(c)
	if g.entropy {
		return xlogx(a) + xlogx(b-a) - xlogx(b)
	}
	return v * (2*a - (b+g.l2)*v)
}

func xlogx(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return x * math.Log(x)
}

func (g *growth) acquire() []cell {
	g.live++
	if k := len(g.pool); k > 0 {
		h := g.pool[k-1]
		g.pool = g.pool[:k-1]
		return h
	}
	return make([]cell, g.bins.cells+256) // so that each column's cells can be indexed by any byte
}

func (g *growth) release(h []cell) {
	if h != nil {
		g.live--
		g.pool = append(g.pool, h)
	}
}

// gather puts what the rows of n add into their order, and returns the rows.
func (g *growth) gather(rows []int32, n *growing) []int32 {
	rows = rows[n.from:n.to]
	if g.packed != nil {
		g.order = g.order[:len(rows)]
		for k, r := range rows {
			g.order[k] = g.packed[r]
		}
	} else {
		g.orderW = g.orderW[:len(rows)]
		for k, r := range rows {
			g.orderW[k] = g.wide[r]
		}
	}
	return rows
}

// sumColumn adds up the rows that were gathered by their codes in column c; out has room for 256 cells.
func (g *growth) sumColumn(c int, rows []int32, out []cell) {
	codes, width := g.bins.codes[c], g.bins.widths[c]
	if g.packed != nil {
		var h [256]uint64
		if len(rows) == len(codes) {
			sumPackedAll(&h, codes, g.order)
		} else {
			sumPacked(&h, codes, rows, g.order)
		}
		for k, v := range h[:width] {
			out[k] = cell{int64(v >> 32), v & math.MaxUint32}
		}
		return
	}
	clear(out[:width])
	if len(rows) == len(codes) {
		sumWideAll((*[256]cell)(out), codes, g.orderW)
	} else {
		sumWide((*[256]cell)(out), codes, rows, g.orderW)
	}
}

func sumPacked(h *[256]uint64, codes []uint8, rows []int32, add []uint64) {
	add = add[:len(rows)]
	for k, r := range rows {
		h[codes[r]] += add[k]
	}
}

// The rows of a whole matrix are in their order: nothing is permuted before the first split.
func sumPackedAll(h *[256]uint64, codes []uint8, add []uint64) {
	add = add[:len(codes)]
	for k, c := range codes {
		h[c] += add[k]
	}
}

func sumWide(h *[256]cell, codes []uint8, rows []int32, add []cell) {
	add = add[:len(rows)]
	for k, r := range rows {
		c, v := &h[codes[r]], &add[k]
		c.A += v.A
		c.B += v.B
	}
}

func sumWideAll(h *[256]cell, codes []uint8, add []cell) {
	add = add[:len(codes)]
	for k, code := range codes {
		c, v := &h[code], &add[k]
		c.A += v.A
		c.B += v.B
	}
}

// keepBetter keeps the earlier of equal splits.
func keepBetter(best, s *split) {
	if s.feature >= 0 && (best.feature < 0 || s.gain > best.gain) {
		*best = *s
	}
}

// scan finds the best split of n on feature f, of whose column it gets the cells, and says whether f varies in n.
func (g *growth) scan(f int, column []cell, n *growing, best *split) (varies bool) {
	feature := &g.bins.features[f]
	var own [256]cell
	cells := column[:min(len(column), feature.width)]
	if feature.shared {
		rest := n.sum
		for k := range feature.width {
			if k != feature.usual {
				own[k] = column[feature.code[k]]
				rest = rest.minus(own[k])
			}
		}
		own[feature.usual] = rest
		cells = own[:feature.width]
	}
	filled := 0
	for _, c := range cells {
		if c.B != 0 {
			filled++
		}
	}
	if filled < 2 {
		return false
	}
	parent := g.score(n.sum, g.value(n.sum, n))
	if g.always {
		best.gain = math.Inf(-1)
	} else {
		best.gain = 1e-12 * math.Abs(parent) // less is rounding
	}
	if g.minGain > 0 && best.gain < g.minGain {
		best.gain = math.Nextafter(g.minGain, math.Inf(-1))
	}
	if feature.levels > 0 {
		g.scanLevels(f, cells, n, parent, best)
		return true
	}
	missing := cell{}
	if feature.width > feature.count {
		missing = cells[feature.count]
	}
	g.scanNumbers(f, cells[:feature.count], cell{}, n, parent, best)
	if missing.B != 0 {
		g.scanNumbers(f, cells[:feature.count], missing, n, parent, best)
	}
	return true
}

// scanNumbers tries all thresholds, with start (the missing rows, or nothing) on the left.
func (g *growth) scanNumbers(f int, cells []cell, start cell, n *growing, parent float64, best *split) {
	left, found, awaiting := start, false, false
	minLeaf := max(1, g.minLeaf)
	plain := !g.entropy && g.monotone == nil
	for k, c := range cells {
		if c.B == 0 {
			continue // the same split as at the bin before
		}
		if awaiting {
			best.next, awaiting = int32(k), false
		}
		left = left.plus(c)
		right := n.sum.minus(left)
		if right.B&g.mask < minLeaf {
			break
		}
		if left.B&g.mask < minLeaf {
			continue
		}
		var gain float64
		if plain { // score(left) + score(right), with one division
			la, ra := g.a(left), g.a(right)
			lb, rb := g.b(left), g.b(right)
			if lb < g.minB || rb < g.minB {
				continue
			}
			lb, rb = lb+g.l2, rb+g.l2
			gain = (la*la*rb+ra*ra*lb)/(lb*rb) - parent
		} else if gain = g.gain(f, left, n, parent); gain < 0 {
			continue
		}
		if gain > best.gain {
			best.gain, best.feature, best.last, best.left = gain, int32(f), int32(k), left
			best.missingLeft = start.B != 0
			found, awaiting = true, true
		}
	}
	if awaiting { // only missing rows are on the right
		best.next = int32(g.bins.features[f].count)
	}
	if found && start.B == 0 && g.bins.features[f].missingIn(cells, n.sum).B == 0 {
		best.missingLeft = heavier(best.left, n.sum, g.mask) // of rows to come
	}
}

// missingIn is what is left of sum beside the cells of values.
func (f *binned) missingIn(cells []cell, sum cell) cell {
	for _, c := range cells {
		sum = sum.minus(c)
	}
	return sum
}

// heavier says whether left has at least half of the weight of sum.
func heavier(left, sum cell, mask uint64) bool { return 2*(left.B&mask) >= sum.B&mask }

// gain is what dividing n by left is worth, or -1 where that is not allowed.
func (g *growth) gain(f int, left cell, n *growing, parent float64) float64 {
	right := n.sum.minus(left)
	if min(left.B&g.mask, right.B&g.mask) < max(1, g.minLeaf) || min(g.b(left), g.b(right)) < g.minB {
		return -1
	}
	vl, vr := g.value(left, n), g.value(right, n)
	if g.monotone != nil && (g.monotone[f] > 0 && vl > vr || g.monotone[f] < 0 && vl < vr) {
		return -1
	}
	return max(0, g.score(left, vl)+g.score(right, vr)-parent)
}

// scanLevels tries, of all ways to divide the levels in two, those that keep them in the order of their mean target, among
// which the best one is (Fisher, JASA 1958). A missing category is a level too.
func (g *growth) scanLevels(f int, cells []cell, n *growing, parent float64, best *split) {
	var order [256]struct {
		bin  int32
		mean float64
	}
	k := 0
	for b, c := range cells {
		if c.B != 0 {
			order[k].bin, order[k].mean = int32(b), g.a(c)/(g.b(c)+g.l2)
			k++
		}
	}
	slices.SortStableFunc(order[:k], func(a, b struct {
		bin  int32
		mean float64
	}) int {
		return cmp.Compare(a.mean, b.mean)
	})
	var left cell
	last := -1
	for i := range k - 1 {
		left = left.plus(cells[order[i].bin])
		if gain := g.gain(f, left, n, parent); gain >= 0 && gain > best.gain {
			best.gain, best.feature, best.left = gain, int32(f), left
			last = i
		}
	}
	if last < 0 {
		return
	}
	// Levels without rows here go where most rows go.
	best.set = [4]uint64{}
	if heavier(best.left, n.sum, g.mask) {
		for w := range best.set {
			best.set[w] = math.MaxUint64
		}
	}
	for i := range k {
		w, bit := order[i].bin>>6, uint64(1)<<(order[i].bin&63)
		best.set[w] &^= bit
		if i <= last {
			best.set[w] |= bit
		}
	}
	m := int32(g.bins.features[f].count)
	best.missingLeft = best.set[m>>6]>>(m&63)&1 != 0
}
