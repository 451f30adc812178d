// Predictions are for one place on the page, so that what a model does with it can be settled once: splits on the place are taken out of
// trees, and its part of a linear score goes into the intercept. What is left reads rows of a feature.PairSet as they are, and is compiled.

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

// foldLinear is m without its last input, which has value.
func foldLinear(m *learn.PipelineModel, value float32) *learn.PipelineModel {
	e, inner := m.Encoder, m.Model.(*learn.LogisticModel)
	last := len(e.In) - 1
	outputs := 0 // of the inputs before the last; the encoder makes them in order
	for _, from := range e.Source {
		if int(from) < last {
			outputs++
		}
	}
	folded := &learn.LogisticModel{Columns: e.Out[:outputs], Coef: inner.Coef[:outputs], Intercept: inner.Intercept}
	step := e.Steps[last]
	at := step.Missing
	if value >= 0 && int(value) < len(step.Levels) {
		at = step.Levels[int(value)]
	}
	if at >= 0 {
		folded.Intercept += inner.Coef[at]
	}
	return &learn.PipelineModel{Encoder: &learn.Encoder{In: e.In[:last], Out: e.Out[:outputs], Source: e.Source[:outputs], Steps: e.Steps[:last]}, Model: folded}
}

// scorer gives scores: log-odds before calibration, or expectations.
type scorer struct {
	flat *learn.Flat // sums without base
	base float64
	more *scorer // whose scores are added; nil for none
}

// score writes the scores of rows to out, without the base.
func (s *scorer) score(rows, out []float32) error {
	if err := s.flat.Score(rows, out); err != nil || s.more == nil {
		return err
	}
	var sum [block]float32
	p := len(s.flat.Inputs())
	for from := 0; from < len(out); from += block {
		to := min(len(out), from+block)
		if err := s.more.score(rows[from*p:to*p], sum[:to-from]); err != nil {
			return err
		}
		for k, v := range sum[:to-from] {
			out[from+k] += v
		}
	}
	return nil
}

// folded is a fitted model for rows of columns. If it has one input more, a category, that has value.
func folded(m learn.Model, columns []learn.Column, value float32) learn.Model {
	place := len(m.Inputs()) > len(columns)
	switch m := m.(type) {
	case *learn.BoostModel:
		if place {
			return &learn.BoostModel{Columns: columns, Base: m.Base, Trees: foldTrees(m.Trees, m.Columns, len(columns), value)}
		}
	case *learn.PipelineModel:
		if place {
			return foldLinear(m, value)
		}
	case *learn.BoostOnModel:
		if place {
			return &learn.BoostOnModel{Linear: foldLinear(m.Linear, value), Trees: folded(m.Trees, columns, value).(*learn.BoostModel)}
		}
	}
	return m
}

// compile makes a scorer of a model that is folded.
func compile(m learn.Model) (*scorer, error) {
	s := &scorer{}
	if both, ok := m.(*learn.BoostOnModel); ok {
		more, err := compile(both.Linear)
		if err != nil {
			return nil, err
		}
		s, err := compile(both.Trees)
		if err != nil {
			return nil, err
		}
		s.more, s.base = more, s.base+more.base
		return s, nil
	}
	switch inner := m.(type) { // to what gives sums, which bear more than their logistic curve does in a float32
	case *learn.BoostModel:
		s.base, m = inner.Base, &learn.LambdaMARTModel{Columns: inner.Columns, Trees: inner.Trees}
	case *learn.BoostRegressionModel:
		s.base, m = inner.Base, &learn.LambdaMARTModel{Columns: inner.Columns, Trees: inner.Trees}
	case *learn.PipelineModel:
		l := inner.Model.(*learn.LogisticModel)
		s.base, m = l.Intercept, &learn.PipelineModel{Encoder: inner.Encoder, Model: &learn.LinearRankingModel{Columns: l.Columns, Coef: l.Coef}}
	}
	var err error
	s.flat, err = learn.Compile(m)
	return s, err
}
