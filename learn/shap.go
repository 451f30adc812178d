// Contributions: what each column adds to the prediction for a row, as its exact Shapley value (Lundberg et al., Nature
// Machine Intelligence 2, 2020, algorithm 2, "TreeSHAP"). The value of a set of columns is what a tree predicts if only they
// are known: at a split on another column both ways are taken, in the proportion of the covers. The contributions and the
// base value, which is what is predicted if nothing is known, sum to the prediction. Time is leaves times depth squared a row.

package learn

import (
	"context"
	"fmt"
)

// Explainer is a model that says what each column contributes.
type Explainer interface {
	Model
	// Contributions writes to out[i*x.Cols+j] what column j contributes to the prediction for row i, and returns the base.
	Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error)
}

// Contributions implements Explainer; they sum with the base to the probability.
func (m *TreeModel) Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error) {
	return contributions(ctx, []GrownTree{m.Tree}, m.Columns, x, out)
}

// Contributions implements Explainer; they sum with the base to the probability.
func (m *ForestModel) Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error) {
	base, err = contributions(ctx, m.Trees, m.Columns, x, out)
	if err != nil {
		return 0, err
	}
	trees := float64(len(m.Trees))
	for i := range out {
		out[i] /= trees
	}
	return base / trees, nil
}

// Contributions implements Explainer; they sum with the base to the log-odds.
func (m *BoostModel) Contributions(ctx context.Context, x *Matrix, out []float64) (base float64, err error) {
	base, err = contributions(ctx, m.Trees, m.Columns, x, out)
	return m.Base + base, err
}

const shapRows = 16

func contributions(ctx context.Context, trees []GrownTree, columns []Column, x *Matrix, out []float64) (base float64, err error) {
	p := len(columns)
	if err := checkInput(x, make([]float64, x.Rows), columns); err != nil {
		return 0, err
	}
	if len(out) != x.Rows*p {
		return 0, fmt.Errorf("learn: room for %d contributions of %d rows x %d columns", len(out), x.Rows, p)
	}
	depth := int32(0)
	for k := range trees {
		base += trees[k].expected(0)
		depth = max(depth, trees[k].Depth)
	}
	clear(out)
	return base, inBlocks(ctx, x.Rows, shapRows, threadsOf(0), func(_, from, to int) {
		paths := make([]pathPart, (depth+2)*(depth+3)/2)
		for k := range trees {
			for i := from; i < to && ctx.Err() == nil; i++ {
				e := explanation{&trees[k], columns, x.Row(i), out[i*p : (i+1)*p]}
				e.descend(0, paths, 0, 1, 1, -1)
			}
		}
	})
}

// share is the part of node i's rows that went to its left child.
func (t *GrownTree) share(i int32) float64 {
	l, r := float64(t.Cover[t.Nodes[i].Left]), float64(t.Cover[t.Nodes[i].Left+1])
	return l / (l + r)
}

// expected is what the tree predicts at node i if nothing is known.
func (t *GrownTree) expected(i int32) float64 {
	if t.leaf(int(i)) {
		return float64(t.Value[i])
	}
	l := t.share(i)
	return l*t.expected(t.Nodes[i].Left) + (1-l)*t.expected(t.Nodes[i].Left+1)
}

// pathPart is one column on the way to a node: the share of rows that follow the way if the column is unknown, and if it is
// known (1 or 0); weight is, over all sets of the path's other columns of one size (its place in the path), the sum of the
// shares that follow, times the permutations in which such a set comes first.
type pathPart struct {
	feature           int32
	zero, one, weight float64
}

type explanation struct {
	tree    *GrownTree
	columns []Column
	row     []float32
	phi     []float64
}

// descend goes on from node with the path so far, the first parts of paths, and the part that led to node.
func (e *explanation) descend(node int32, paths []pathPart, parts int, zero, one float64, feature int32) {
	path := paths[: parts+1 : parts+1]
	below := paths[parts+1:] // for copies of path
	extend(path, parts, zero, one, feature)
	t := e.tree
	if t.leaf(int(node)) {
		v := float64(t.Value[node])
		for k := 1; k <= parts; k++ {
			e.phi[path[k].feature] += unwoundSum(path, parts, k) * (path[k].one - path[k].zero) * v
		}
		return
	}
	n := &t.Nodes[node]
	hot := t.child(node, e.row[n.Feature], e.columns)
	left := t.share(node)
	hotShare, cold, coldShare := left, n.Left+1, 1-left
	if hot != n.Left {
		hotShare, cold, coldShare = 1-left, n.Left, left
	}
	zero, one = 1, 1
	for k := 1; k <= parts; k++ {
		if path[k].feature == n.Feature { // a column that was met before: both conditions make one part
			zero, one = path[k].zero, path[k].one
			unwind(path, parts, k)
			parts--
			break
		}
	}
	copy(below, path[:parts+1])
	e.descend(hot, below, parts+1, zero*hotShare, one, n.Feature)
	copy(below, path[:parts+1])
	e.descend(cold, below, parts+1, zero*coldShare, 0, n.Feature)
}

// extend adds a part, the one at place parts.
func extend(path []pathPart, parts int, zero, one float64, feature int32) {
	path[parts] = pathPart{feature, zero, one, 0}
	if parts == 0 {
		path[0].weight = 1
	}
	size := float64(parts + 1)
	for k := parts - 1; k >= 0; k-- {
		path[k+1].weight += one * path[k].weight * float64(k+1) / size
		path[k].weight *= zero * float64(parts-k) / size
	}
}

// unwind takes part k out again, the inverse of extend; the last place becomes free.
func unwind(path []pathPart, parts, k int) {
	zero, one := path[k].zero, path[k].one
	next := path[parts].weight
	size := float64(parts + 1)
	for j := parts - 1; j >= 0; j-- {
		if one != 0 {
			was := path[j].weight
			path[j].weight = next * size / (float64(j+1) * one)
			next = was - path[j].weight*zero*float64(parts-j)/size
		} else {
			path[j].weight *= size / (zero * float64(parts-j))
		}
	}
	for j := k; j < parts; j++ {
		path[j].feature, path[j].zero, path[j].one = path[j+1].feature, path[j+1].zero, path[j+1].one
	}
}

// unwoundSum is the sum of the weights that unwind would leave.
func unwoundSum(path []pathPart, parts, k int) float64 {
	zero, one := path[k].zero, path[k].one
	next, sum := path[parts].weight, 0.0
	size := float64(parts + 1)
	for j := parts - 1; j >= 0; j-- {
		if one != 0 {
			w := next * size / (float64(j+1) * one)
			sum += w
			next = path[j].weight - w*zero*float64(parts-j)/size
		} else {
			sum += path[j].weight * size / (zero * float64(parts-j))
		}
	}
	return sum
}
