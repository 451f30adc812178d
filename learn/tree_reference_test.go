// Trees held to reference values of scikit-learn (testdata/trees/reference.py).

package learn

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// The reference values are scikit-learn's; testdata/trees/reference.py made them.
type treeReference struct {
	X       [][]float32
	Y       []int
	Weights map[string][]float32
	Trees   []struct {
		Weight string
		Config struct {
			Depth       int     `json:"max_depth"`
			Leaves      int     `json:"max_leaf_nodes"`
			MinLeaf     float64 `json:"min_samples_leaf"`
			MinDecrease float64 `json:"min_impurity_decrease"`
			Criterion   string  `json:"criterion"`
		}
		Nodes      [][4]float64 // preorder: feature or -1, threshold, share of positives, weight
		Importance []float64
	}
	AUC map[string]float64
}

func loadTreeReference(t *testing.T) (r treeReference) {
	t.Helper()
	b, err := os.ReadFile("testdata/trees/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// inPreorder visits the nodes of a tree.
func (t *GrownTree) inPreorder(i int32, visit func(i int32)) {
	visit(i)
	if !t.leaf(int(i)) {
		t.inPreorder(t.Nodes[i].Left, visit)
		t.inPreorder(t.Nodes[i].Left+1, visit)
	}
}

func TestTreeAgainstReference(t *testing.T) {
	r := loadTreeReference(t)
	if len(r.Trees) < 12 {
		t.Fatalf("%d reference trees", len(r.Trees))
	}
	d := &Data{X: NewMatrix(len(r.X), 4)}
	for i, row := range r.X {
		copy(d.X.Row(i), row)
		d.Y = append(d.Y, r.Y[i] == 1)
	}
	for k, c := range r.Trees {
		d.Weight = r.Weights[c.Weight]
		cfg := Tree{Entropy: c.Config.Criterion == "entropy", MaxDepth: c.Config.Depth, MaxLeaves: c.Config.Leaves, MinGain: c.Config.MinDecrease}
		if c.Config.MinLeaf > 1 {
			cfg.MinLeaf = c.Config.MinLeaf
		}
		m, err := FitTree(context.Background(), d, cfg)
		if err != nil {
			t.Fatal(err)
		}
		n := &m.Tree
		if len(n.Nodes) != len(c.Nodes) {
			t.Errorf("tree %d (%+v): %d nodes, want %d", k, c.Config, len(n.Nodes), len(c.Nodes))
			continue
		}
		at := 0
		n.inPreorder(0, func(i int32) {
			want, node := c.Nodes[at], n.Nodes[i]
			at++
			if leaf := want[0] < 0; leaf != n.leaf(int(i)) || !leaf && (int32(want[0]) != node.Feature || math.Abs(float64(node.Threshold)-want[1]) > 1e-6) {
				t.Errorf("tree %d (%+v) node %d: %+v, want feature %v at %v", k, c.Config, i, node, want[0], want[1])
			}
			if math.Abs(float64(n.Value[i])-want[2]) > 1e-6 || math.Abs(float64(n.Cover[i])-want[3]) > 1e-3 {
				t.Errorf("tree %d (%+v) node %d: value %v of %v, want %v of %v", k, c.Config, i, n.Value[i], n.Cover[i], want[2], want[3])
			}
		})
		for j, v := range m.Importance() {
			if math.Abs(v-c.Importance[j]) > 1e-6 {
				t.Errorf("tree %d: importance of column %d is %v, want %v", k, j, v, c.Importance[j])
			}
		}
	}
}
