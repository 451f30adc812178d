// Path contributions: what each split on a row's way down adds to the prediction, summed by column (Saabas, "Interpreting random
// forests", 2014). They sum to the prediction as Shapley values do, and cost one descent a tree; unlike those, they favour
// splits near the leaves and may differ for two trees that predict alike.

package learn

import (
	"context"
	"fmt"
)

// PathExplainer is a model that says fast, if roughly, what each column contributes.
type PathExplainer interface {
	Model
	// PathContributions writes to out[i*x.Cols+j] what column j adds for row i.
	PathContributions(x *Matrix, out []float32) error
}

// PathContributions implements PathExplainer; they are in log-odds.
func (m *BoostModel) PathContributions(x *Matrix, out []float32) error {
	return pathContributions(m.Trees, m.Columns, x, out)
}

// PathContributions implements PathExplainer; they are of the sum of the trees' probabilities.
func (m *ForestModel) PathContributions(x *Matrix, out []float32) error {
	return pathContributions(m.Trees, m.Columns, x, out)
}

// PathContributions implements PathExplainer; they are of the probability.
func (m *TreeModel) PathContributions(x *Matrix, out []float32) error {
	return pathContributions([]GrownTree{m.Tree}, m.Columns, x, out)
}

func pathContributions(trees []GrownTree, columns []Column, x *Matrix, out []float32) error {
	if err := checkInput(x, make([]float64, x.Rows), columns); err != nil {
		return err
	}
	if len(out) != x.Rows*x.Cols {
		return fmt.Errorf("learn: room for %d contributions of %d rows x %d columns", len(out), x.Rows, x.Cols)
	}
	clear(out)
	const rows = 256
	return inBlocks(context.Background(), x.Rows, rows, threadsOf(0), func(_, from, to int) {
		for k := range trees {
			t := &trees[k]
			for i := from; i < to; i++ {
				row, sum := x.Row(i), out[i*x.Cols:(i+1)*x.Cols]
				for at := int32(0); !t.leaf(int(at)); {
					j := t.Nodes[at].Feature
					next := t.child(at, row[j], columns)
					sum[j] += t.Value[next] - t.Value[at]
					at = next
				}
			}
		}
	})
}
