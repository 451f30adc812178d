// Predictions are for one place on the page, so that what a model does with it can be settled once: splits on the place are taken out of
// trees, and its part of a linear score goes into the intercept. What is left reads the columns of a feature.PairSet as they are.

package rank

import (
	"math"

	"github.com/seguefeed/segue/learn"
)

// foldTrees are trees without splits on column, which is the last and has value: each such node is replaced by the child that value goes to.
func foldTrees(trees []learn.GrownTree, columns []learn.Column, column int, value float32) []learn.GrownTree {
	out := make([]learn.GrownTree, len(trees))
	for k := range trees {
		out[k] = foldTree(&trees[k], columns, column, value)
	}
	return out
}

func foldTree(t *learn.GrownTree, columns []learn.Column, column int, value float32) learn.GrownTree {
	var out learn.GrownTree
	out.Sets = t.Sets
	// through is the first node from at on that does not split on the column.
	through := func(at int32) int32 {
		for int(t.Nodes[at].Feature) == column && t.Nodes[at].Left != at {
			at = childOf(t, at, value, columns)
		}
		return at
	}
	add := func(from int32) int32 {
		id := int32(len(out.Nodes))
		n := t.Nodes[from]
		n.Left = id
		out.Nodes, out.Value = append(out.Nodes, n), append(out.Value, t.Value[from])
		out.Cover, out.Gain = append(out.Cover, t.Cover[from]), append(out.Gain, t.Gain[from])
		return id
	}
	type pending struct {
		from, to, depth int32
	}
	open := []pending{{through(0), 0, 0}}
	add(open[0].from)
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		out.Depth = max(out.Depth, p.depth)
		if left := t.Nodes[p.from].Left; left != p.from {
			l, r := through(left), through(left+1)
			at := add(l)
			add(r)
			out.Nodes[p.to].Left = at
			open = append(open, pending{l, at, p.depth + 1}, pending{r, at + 1, p.depth + 1})
		} else {
			out.Nodes[p.to].Feature, out.Nodes[p.to].Rule, out.Nodes[p.to].Threshold = 0, 0, float32(math.Inf(1))
		}
	}
	return out
}

// childOf is where node i of t sends value v: the rules of learn.Node.
func childOf(t *learn.GrownTree, i int32, v float32, columns []learn.Column) int32 {
	n := &t.Nodes[i]
	missing := n.Rule & 1
	if k := int(n.Rule >> 1); k > 0 {
		levels := len(columns[n.Feature].Levels)
		l := int(v)
		if !(v >= 0) || l >= levels || float32(l) != v {
			return n.Left + int32(missing)
		}
		return n.Left + 1 - int32(t.Sets[k-1+l>>6]>>(l&63)&1)
	}
	switch {
	case v != v:
		return n.Left + int32(missing)
	case v > n.Threshold:
		return n.Left + 1
	}
	return n.Left
}

// linear is a linear score of columns as they are: the encoder's steps with the coefficients multiplied in.
type linear struct {
	intercept float64
	terms     []term
}

// term is what one column adds: of a number scale*x + shift, of a category by level; missing where there is none.
type term struct {
	log          bool
	scale, shift float64
	missing      float64
	levels       []float64 // nil for numbers
}

// foldLinear is the score of m for the first columns rows of its inputs, the rest having values.
func foldLinear(m *learn.PipelineModel, columns int, values []float32) *linear {
	inner := m.Model.(*learn.LogisticModel)
	s := &linear{intercept: inner.Intercept}
	for j, step := range m.Encoder.Steps {
		var t term
		if step.Missing >= 0 {
			t.missing = inner.Coef[step.Missing]
		}
		if step.Levels == nil {
			c := inner.Coef[step.Output]
			t.log, t.scale, t.shift = step.Log, c/step.SD, -c*step.Mean/step.SD
			t.missing += c * (step.Fill - step.Mean) / step.SD
		} else {
			t.levels = make([]float64, len(step.Levels))
			for l, o := range step.Levels {
				if o >= 0 {
					t.levels[l] = inner.Coef[o]
				}
			}
		}
		if j < columns {
			s.terms = append(s.terms, t)
		} else {
			s.intercept += t.at(values[j-columns])
		}
	}
	return s
}

func (t *term) at(v float32) float64 {
	switch {
	case v != v:
		return t.missing
	case t.levels != nil:
		if v >= 0 && v < float32(len(t.levels)) {
			return t.levels[int(v)]
		}
		return 0
	case t.log:
		return t.scale*math.Copysign(math.Log1p(math.Abs(float64(v))), float64(v)) + t.shift
	}
	return t.scale*float64(v) + t.shift
}

// add adds the scores of rows x to sum.
func (s *linear) add(x []float32, sum []float64) {
	p := len(s.terms)
	for i := range sum {
		score := s.intercept
		for j, v := range x[i*p : (i+1)*p] {
			score += s.terms[j].at(v)
		}
		sum[i] += score
	}
}

// forest is the sum of trees, of which no more than the way down is kept.
type forest struct {
	base    float64
	trees   []learn.GrownTree
	columns []learn.Column
}

func (f *forest) add(x []float32, sum []float64) {
	p := len(f.columns)
	for i := range sum {
		sum[i] += f.base
	}
	for k := range f.trees {
		t := &f.trees[k]
		for i := range sum {
			row := x[i*p : (i+1)*p]
			at := int32(0)
			for t.Nodes[at].Left != at {
				at = childOf(t, at, row[t.Nodes[at].Feature], f.columns)
			}
			sum[i] += float64(t.Value[at])
		}
	}
}

// scorer adds the scores of rows of features to sum, whose length is the number of rows. It allocates nothing and is safe for concurrent use.
type scorer interface {
	add(x []float32, sum []float64)
}

// compile makes a scorer of a fitted model for rows of the given number of columns; further inputs of the model have values.
func compile(m learn.Model, columns []learn.Column, values []float32) scorer {
	switch m := m.(type) {
	case *learn.BoostModel:
		return compileTrees(m.Base, m.Trees, m.Columns, columns, values)
	case *learn.BoostRegressionModel:
		return compileTrees(m.Base, m.Trees, m.Columns, columns, values)
	case *learn.PipelineModel:
		return foldLinear(m, len(columns), values)
	}
	return nil
}

func compileTrees(base float64, trees []learn.GrownTree, inputs, columns []learn.Column, values []float32) scorer {
	for j := len(inputs) - 1; j >= len(columns); j-- {
		trees = foldTrees(trees, inputs, j, values[j-len(columns)])
	}
	return &forest{base, trees, columns}
}
