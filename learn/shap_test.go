package learn

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"testing"
)

// known is what a tree predicts for a row of which only the columns in set are known.
func (t *GrownTree) known(i int32, row []float32, columns []Column, set uint) float64 {
	if t.leaf(int(i)) {
		return float64(t.Value[i])
	}
	n := t.Nodes[i]
	if set>>n.Feature&1 != 0 {
		return t.known(t.child(i, row[n.Feature], columns), row, columns, set)
	}
	l, r := float64(t.Cover[n.Left]), float64(t.Cover[n.Left+1])
	return (l*t.known(n.Left, row, columns, set) + r*t.known(n.Left+1, row, columns, set)) / (l + r)
}

// shapley is column j's value by its definition: over all sets S of the p-1 others,
// |S|! (p-1-|S|)! / p! times what knowing j adds to S.
func shapley(trees []GrownTree, row []float32, columns []Column, j int) (phi float64) {
	factorial := []float64{1, 1, 2, 6, 24, 120, 720, 5040}
	p := len(columns)
	for set := uint(0); set < 1<<p; set++ {
		if set>>j&1 != 0 {
			continue
		}
		s := bits.OnesCount(set)
		for k := range trees {
			with, without := trees[k].known(0, row, columns, set|1<<j), trees[k].known(0, row, columns, set)
			phi += factorial[s] * factorial[p-1-s] / factorial[p] * (with - without)
		}
	}
	return phi
}

func TestContributionsAreShapleyValues(t *testing.T) {
	d := mixedTrees(400, 41)
	x := d.X.Take([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	for _, l := range treeLearners(0) {
		m, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		var trees []GrownTree
		scale := 1.0
		switch m := m.(type) {
		case *TreeModel:
			trees = []GrownTree{m.Tree}
		case *ForestModel:
			trees, scale = m.Trees, 1/float64(len(m.Trees))
		case *BoostModel:
			trees = m.Trees
		}
		out := make([]float64, x.Rows*7)
		if _, err := m.(Explainer).Contributions(context.Background(), x, out); err != nil {
			t.Fatal(err)
		}
		for i := range x.Rows {
			for j := range 7 {
				if got, want := out[i*7+j], scale*shapley(trees, x.Row(i), d.Columns, j); math.Abs(got-want) > 1e-9 {
					t.Errorf("%s: row %d column %d: %v, want %v", l.Kind(), i, j, got, want)
				}
			}
		}
	}
}

// Base and contributions sum to the prediction, on deep trees too; a column that is constant contributes nothing.
func TestContributionsSumToThePrediction(t *testing.T) {
	d := mixedTrees(3000, 42)
	x := mixedTrees(60, 43).X
	for _, l := range []Learner{Tree{}, Forest{Trees: 5}, Boost{Trees: 30}} {
		m, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		want := predicted(t, m, x)
		if b, ok := m.(*BoostModel); ok {
			if err := b.LogOdds(x, want); err != nil {
				t.Fatal(err)
			}
		}
		out := make([]float64, x.Rows*7)
		base, err := m.(Explainer).Contributions(context.Background(), x, out)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			sum := base
			for _, c := range out[i*7 : i*7+7] {
				sum += c
			}
			if math.Abs(sum-want[i]) > 1e-9 || out[i*7+6] != 0 {
				t.Fatalf("%s: row %d: %v, want %v; the constant has %v", l.Kind(), i, sum, want[i], out[i*7+6])
			}
		}
	}
}

// By hand: one split at 1.5, three rows of value 0 on the left and one of value 1 on the right. The base is 1/4, and the
// column takes the rest: -1/4 for a row on the left and 3/4 for one on the right.
func TestContributionsByHand(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 4, Cols: 1, Data: []float32{1, 1, 1, 2}}, Y: []bool{false, false, false, true}}
	m, err := FitTree(context.Background(), d, Tree{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 4)
	base, err := m.Contributions(context.Background(), d.X, out)
	if err != nil || base != .25 || out[0] != -.25 || out[3] != .75 {
		t.Errorf("base %v, %v, %v", base, out, err)
	}
	why := errors.New("enough")
	done, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := m.Contributions(done, d.X, out); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if _, err := m.Contributions(context.Background(), d.X, out[1:]); err == nil {
		t.Error("no error for too little room")
	}
}

func BenchmarkContributions(b *testing.B) {
	d := caseStudy(20000, 2)
	m, err := FitBoost(context.Background(), d, Boost{})
	if err != nil {
		b.Fatal(err)
	}
	x := &Matrix{Rows: 1000, Cols: 47, Data: d.X.Data[:47000]}
	out := make([]float64, 47000)
	b.Run("trees=100/rows=1000", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Contributions(context.Background(), x, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
