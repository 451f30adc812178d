// What is compared: ten classifiers, each with what it needs done to the columns, and a small grid around its usual
// settings, of which the first is the usual one. Settings hang on the numbers of rows and columns, never on the test rows.

package tablebench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/learn"
)

// entry is a model. A nil grid stands for the base rate.
type entry struct {
	name string
	text string
	grid func(s size, seed uint64) []learn.Learner
}

const nystroemLandmarks = 500

func (e entry) title(s size) string {
	if e.name == "rbf-svm" && s.rows > s.exactRows {
		return e.text + " (Nystroem)"
	}
	return e.text
}

// size is what settings hang on.
type size struct {
	rows, rarer int // of the training part; of the rarer label
	exactRows   int // of the RBF SVM
	minCount    int // rarer levels are pooled where columns are made numbers
}

const (
	maxEncodedColumns = 4000
	maxEncodedValues  = 400 << 20 // values of an encoded matrix: 1.6 GB
)

// sizeOf looks at the training part. Rare levels are pooled until the encoded matrix is bearable.
func sizeOf(d *learn.Data, exactRows int) size {
	yes, no := count(d.Y)
	s := size{rows: len(d.Y), rarer: min(yes, no), exactRows: exactRows}
	columns := 0
	var levels [][]int
	for j, c := range d.Columns {
		if columns++; c.Categorical() {
			n := make([]int, len(c.Levels))
			for i := range d.X.Rows {
				if v := d.X.Data[i*d.X.Cols+j]; v >= 0 && int(v) < len(n) {
					n[int(v)]++
				}
			}
			levels = append(levels, n)
		}
	}
	bound := max(columns, min(maxEncodedColumns, maxEncodedValues/s.rows))
	for s.minCount = 1; ; s.minCount = max(2, s.minCount*3/2) {
		all := columns
		for _, n := range levels {
			for _, c := range n {
				if c >= s.minCount {
					all++
				}
			}
		}
		if all <= bound || s.minCount > s.rows {
			return s
		}
	}
}

// numeric makes every column a number of like size, as models need that add columns up. Heavy tails are drawn in by a
// logarithm; that a value is missing is a column of its own.
func (s size) numeric(l learn.Learner) learn.Learner {
	return learn.Pipeline{Encoder: learn.EncoderConfig{Log: "auto", Indicator: true, MissingLevel: true, MinCount: s.minCount}, Learner: l}
}

// entries are all models.
func entries() []entry {
	return []entry{
		{"base-rate", "base rate", nil},
		{"logistic", "logistic regression", func(s size, _ uint64) (g []learn.Learner) {
			for _, c := range []float64{1, .001, .01, .1, 10} {
				g = append(g, s.numeric(learn.Logistic{C: c}))
			}
			return g
		}},
		{"elastic-net", "elastic net", func(s size, _ uint64) (g []learn.Learner) {
			for _, c := range []float64{.1, .01, 1} {
				for _, l1 := range []float64{.5, .1, .9} {
					g = append(g, s.numeric(learn.Logistic{Penalty: learn.PenaltyElasticNet, C: c, L1Ratio: l1}))
				}
			}
			return g
		}},
		{"linear-svm", "linear SVM", func(s size, seed uint64) (g []learn.Learner) {
			for _, c := range []float64{.1, .001, .01, 1} {
				g = append(g, s.numeric(learn.LinearSVM{C: c, Folds: 1, Seed: seed}))
			}
			return g
		}},
		{"rbf-svm", "RBF SVM", rbf},
		{"naive-bayes", "naive Bayes", func(s size, _ uint64) (g []learn.Learner) {
			for _, v := range []float64{1e-9, 1e-4, 1e-2} {
				g = append(g, learn.NaiveBayes{VarSmoothing: v})
			}
			return g
		}},
		{"tree", "tree", func(s size, _ uint64) (g []learn.Learner) {
			for _, depth := range []int{6, 3, 10} {
				for _, share := range []float64{.005, .02} {
					g = append(g, learn.Tree{MaxDepth: depth, MinLeaf: max(5, min(100, share*float64(s.rows)))})
				}
			}
			return g
		}},
		{"forest", "forest", func(s size, seed uint64) (g []learn.Learner) {
			for _, leaf := range []float64{3, 1, 10, 30} {
				g = append(g, learn.Forest{Trees: 300, MaxDepth: 16, MinLeaf: leaf, Seed: seed})
			}
			return g
		}},
		{"boosting", "boosting", boosting},
		{"network", "network", network},
	}
}

// rbf is exact or approximate by the number of rows. Decisions are calibrated outside, like all models'. Where one label is
// rare its rows weigh more: nearly all of them would lie at their bound otherwise, and tell nothing of the others' order.
func rbf(s size, seed uint64) (g []learn.Learner) {
	balanced := 10*s.rarer < s.rows
	for _, gamma := range []float64{learn.GammaScale, learn.GammaAuto} {
		for _, c := range []float64{1, .1, 10} {
			if s.rows > s.exactRows {
				g = append(g, s.numeric(learn.MappedSVM{Map: learn.KernelMap{Components: nystroemLandmarks, Gamma: gamma, Seed: seed}, C: c, Balanced: balanced, Folds: -1}))
				continue
			}
			g = append(g, s.numeric(learn.KernelSVM{Gamma: gamma, C: c, Balanced: balanced, Folds: -1, Seed: seed}))
		}
	}
	return g
}

// enoughToStop is the number of rows of the rarer label from which a tenth of the rows may be held out to stop early; with
// fewer its loss would be noise, and the number of steps is set low instead.
const enoughToStop = 300

func boosting(s size, seed uint64) (g []learn.Learner) {
	for _, rate := range []float64{.05, .1} {
		for _, leaves := range []int{15, 7, 31} {
			b := learn.Boost{LearningRate: rate, MaxLeaves: leaves, MinLeaf: max(5, min(50, float64(s.rows)/100)), L2: 1, Seed: seed}
			if s.rarer >= enoughToStop {
				b.Trees, b.Holdout, b.Patience = 600, .1, 30
			} else {
				b.Trees, b.MaxLeaves = 60, min(leaves, 4+s.rarer/20)
			}
			g = append(g, b)
		}
	}
	return g
}

func network(s size, seed uint64) (g []learn.Learner) {
	for _, hidden := range [][]int{{32, 16}, {16}, {64, 32}} {
		for _, l2 := range []float64{1e-3, 1} {
			n := learn.NetworkConfig{Hidden: hidden, L2: l2, Batch: max(16, min(256, s.rows/50)), Epochs: 20, Seed: seed}
			if s.rarer >= enoughToStop {
				n.Epochs, n.ValidShare, n.Patience = 60, .1, 6
			}
			g = append(g, s.numeric(n))
		}
	}
	return g
}

// ModelNames are the names of all models.
func ModelNames() []string {
	var names []string
	for _, e := range entries() {
		names = append(names, e.name)
	}
	return names
}

// chosen are the entries of the given names, in the order of ModelNames.
func chosen(names []string) ([]entry, error) {
	all := entries()
	if len(names) == 0 {
		return all, nil
	}
	known := ModelNames()
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no model %q; there are all, %s", n, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(e entry) bool { return !slices.Contains(names, e.name) }), nil
}
