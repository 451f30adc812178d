// Models compiled for scoring, and above all trees: the same sums as a model's Predict gives, several times as fast, on one core and without
// allocating, for a server that ranks some hundred candidates at a time.
//
// A descent waits at every node for memory and for a branch that nobody can foretell. Here 64 rows go down all trees together, as
// the bits of a word. First each test that occurs in any tree is made of all 64 rows: for a column of numbers by the place of
// each value among the thresholds that it is held against, after which the words of all of them are a running OR. Then a
// tree is a few ANDs: the rows that come to a node's right child are those that come to the node and pass its test. The words of
// the leaves say in which leaf each row is, one bit of its number after the other, and turned by 90 degrees they are the numbers.
// Columns that are alike in all 64 rows, as those of a user whose candidates are ranked, cost one search.
//
// What goes before: QuickScorer (Lucchese et al., SIGIR 2015), which has the leaves of one tree as the bits of a word, and
// RapidScorer (Ye et al., KDD 2018), which shares tests between trees. Turning bits: Warren, Hacker's Delight, section 7-3.

package learn

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
)

const (
	flatRows   = 64  // rows of a block
	flatLeaves = 128 // of a tree that is compiled; the rows of larger ones descend as in Predict
	flatCuts   = 255 // thresholds of one flatColumn
)

// Flat is a compiled model. It is read-only and safe for concurrent use.
type Flat struct {
	inputs []Column
	base   float64
	trees  float64 // what the sum of the trees is divided by
	link   flatLink
	linear *flatLinear      // nil: trees
	after  *CalibratedModel // nil: none

	columns []flatColumn
	cuts    []int32    // keys of all columns' cuts, flatCuts+1 beyond the last
	sets    [][]uint64 // of categories that go right; a missing one is the bit after the last level
	tree    []flatTree
	tests   []flatTest
	values  []float64 // of the leaves, flatLeaves beyond the last tree's
	words   int       // of all tests
	levels  int       // of the column that has most
	rooms   sync.Pool // of *flatRoom
}

// flatLink is what is made of a sum.
type flatLink uint8

const (
	flatSum   flatLink = iota
	flatShare          // of trees, which rounding must not make more than 1
	flatLogistic
	flatExp
)

// flatColumn is a column of the rows with some of the tests that are made of it: whether a number is above cut k, of which the
// word has the number low+k, or high+k for the nodes that a missing one passes; or whether a category is in set k, with low+k.
type flatColumn struct {
	column     int32
	levels     int32 // of categories; 0 for numbers
	cut        int32 // its first cut or set
	count      int32 // of cuts or sets
	steps      int32 // of numbers: down the tree of cuts, which has 1<<steps places
	low, high  int32 // -1: none
	categories bool
}

// flatTree is where the tests and values of a tree begin.
type flatTree struct {
	test, tests, value int32
	planes             int32      // bits of the number of a leaf
	grown              *GrownTree // nil: compiled
}

// flatTest is an inner node: the rows of slot at go to slot right if they pass the test of the word, else to slot left. The
// slots of leaves are their numbers; those of inner nodes come after flatLeaves.
type flatTest struct {
	word            uint32
	at, left, right uint8
}

// flatRoom is what one call needs.
type flatRoom struct {
	words []uint64
	above [flatCuts + 1]uint64 // above[k]: the rows whose value is above exactly k cuts of a column
	seen  []uint8              // of each category, one more than its place among those of the block; 0: not there
	sum   [flatRows]float64
	tally [flatRows]float64 // in the order in which turned bits come: row 8k+i at 8i+k
}

// flatKey names a test while a model is compiled.
type flatKey struct {
	column int32
	cut    float32
	set    string
	right  bool
}

// Compile makes a Flat of a model of trees (BoostModel, LambdaMARTModel, BoostRegressionModel, ForestModel or TreeModel) or of a
// linear one (LogisticModel, LinearRankingModel or LinearRegressionModel), that be alone or in a PipelineModel; and of either
// in a CalibratedModel. It takes some 30 bytes a node beside the model, which must not be changed afterwards.
func Compile(m Model) (*Flat, error) {
	f := &Flat{inputs: m.Inputs(), trees: 1}
	if c, ok := m.(*CalibratedModel); ok {
		f.after, m = c, c.Inner
	}
	var encoder *Encoder
	if pipeline, ok := m.(*PipelineModel); ok {
		encoder, m = pipeline.Encoder, pipeline.Model
	}
	if coef, intercept, link, ok := linearParts(m); ok {
		f.linear, f.link = compileLinear(coef, intercept, encoder), link
		return f, nil
	}
	if encoder != nil {
		return nil, fmt.Errorf("learn: a pipeline to a %T cannot be compiled: one to a linear model can", m)
	}
	var trees []GrownTree
	switch m := m.(type) {
	case *BoostModel:
		trees, f.base, f.link = m.Trees, m.Base, flatLogistic
	case *LambdaMARTModel:
		trees = m.Trees
	case *BoostRegressionModel:
		trees, f.base = m.Trees, m.Base
		if m.Log {
			f.link = flatExp
		}
	case *ForestModel:
		trees, f.trees, f.link = m.Trees, float64(len(m.Trees)), flatShare
	case *TreeModel:
		trees = []GrownTree{m.Tree}
	default:
		return nil, fmt.Errorf("learn: a %T cannot be compiled: it is neither a model of trees nor a linear one", m)
	}
	words := f.layTests(trees)
	for k := range trees {
		f.add(&trees[k], words)
	}
	f.cuts = append(f.cuts, make([]int32, flatCuts+1)...)
	f.values = append(f.values, make([]float64, flatLeaves)...)
	f.rooms.New = func() any { return &flatRoom{words: make([]uint64, f.words), seen: make([]uint8, f.levels+1)} }
	return f, nil
}

// keyOf names the test of node i of a tree.
func (f *Flat) keyOf(t *GrownTree, i int) (flatKey, []uint64) {
	n := t.Nodes[i]
	key := flatKey{column: n.Feature, right: n.Rule&1 != 0}
	k := int(n.Rule >> 1)
	if k == 0 {
		key.cut = n.Threshold
		return key, nil
	}
	levels := len(f.inputs[n.Feature].Levels)
	set := make([]uint64, levels/64+1)
	for l := range levels {
		if t.Sets[k-1+l>>6]>>(l&63)&1 == 0 {
			set[l>>6] |= 1 << (l & 63)
		}
	}
	if key.right {
		set[levels>>6] |= 1 << (levels & 63)
	}
	key.right, key.set = false, fmt.Sprint(set)
	return key, set
}

// compiled says whether a tree is small enough.
func (t *GrownTree) compiled() bool { return t.Leaves() <= flatLeaves }

// layTests gives every test that occurs a word, and says which.
func (f *Flat) layTests(trees []GrownTree) map[flatKey]uint32 {
	words := map[flatKey]uint32{}
	type tests struct {
		cuts  []float32
		right bool // does any of them send a missing value to the right
		keys  []flatKey
		sets  [][]uint64
	}
	columns := make([]tests, len(f.inputs))
	for k := range trees {
		t := &trees[k]
		for i, n := range t.Nodes {
			if t.leaf(i) || !t.compiled() {
				continue
			}
			c := &columns[n.Feature]
			key, set := f.keyOf(t, i)
			if set == nil {
				c.cuts = append(c.cuts, n.Threshold)
				c.right = c.right || key.right
			} else if _, known := words[key]; !known {
				words[key] = 0 // until its place is known
				c.keys, c.sets = append(c.keys, key), append(c.sets, set)
			}
		}
	}
	next := int32(0)
	for j, t := range columns {
		slices.SortFunc(t.cuts, cmp.Compare[float32])
		t.cuts = slices.Compact(t.cuts)
		for part := range slices.Chunk(t.cuts, flatCuts) {
			c := flatColumn{column: int32(j), cut: int32(len(f.cuts)), count: int32(len(part)), low: next, high: -1}
			next += c.count
			if t.right {
				c.high = next
				next += c.count
			}
			for k, v := range part {
				words[flatKey{column: int32(j), cut: v}] = uint32(int(c.low) + k)
				if t.right {
					words[flatKey{column: int32(j), cut: v, right: true}] = uint32(int(c.high) + k)
				}
			}
			for 1<<c.steps <= len(part) {
				c.steps++
			}
			f.cuts = append(f.cuts, cutTree(part, int(c.steps))...)
			f.columns = append(f.columns, c)
		}
		if len(t.sets) > 0 {
			levels := len(f.inputs[j].Levels)
			f.columns = append(f.columns, flatColumn{column: int32(j), levels: int32(levels), cut: int32(len(f.sets)), count: int32(len(t.sets)), low: next, categories: true})
			f.levels = max(f.levels, levels)
			for k, key := range t.keys {
				words[key] = uint32(int(next) + k)
			}
			f.sets = append(f.sets, t.sets...)
			next += int32(len(t.sets))
		}
	}
	f.words = int(next)
	return words
}

// cutTree lays ascending cuts out as a search tree of the given depth: node 1 is the root, and node k has the children 2k and
// 2k+1. What is left of it is above all values.
func cutTree(cuts []float32, depth int) []int32 {
	tree := make([]int32, 1<<depth)
	for k := range tree {
		tree[k] = math.MaxInt32
		// Node k of level l, from 0, is followed by one more for each of the places below it.
		l := bits.Len(uint(k)) - 1
		if l < 0 {
			continue
		}
		place := (2*(k-1<<l)+1)<<(depth-l-1) - 1
		if place < len(cuts) {
			tree[k] = int32(flatKeyOf(cuts[place]))
		}
	}
	return tree
}

// add compiles a tree.
func (f *Flat) add(t *GrownTree, words map[flatKey]uint32) {
	to := flatTree{test: int32(len(f.tests)), value: int32(len(f.values))}
	if !t.compiled() {
		to.grown = t
		f.tree = append(f.tree, to)
		return
	}
	slot := make([]uint8, len(t.Nodes))
	leaves, inner := 0, flatLeaves
	for i := range t.Nodes {
		if t.leaf(i) {
			slot[i] = uint8(leaves)
			leaves++
			f.values = append(f.values, float64(t.Value[i]))
		} else {
			slot[i] = uint8(inner)
			inner++
		}
	}
	for i, n := range t.Nodes {
		if !t.leaf(i) {
			key, _ := f.keyOf(t, i)
			f.tests = append(f.tests, flatTest{words[key], slot[i], slot[n.Left], slot[n.Left+1]})
			to.tests++
		}
	}
	for 1<<to.planes < leaves {
		to.planes++
	}
	f.tree = append(f.tree, to)
}

// Inputs are the columns that the model was fitted on.
func (f *Flat) Inputs() []Column { return f.inputs }

// Score writes to out[i] what the model's Predict gives for row i: a probability, a score or a value, as the model has it. Trees
// give the same, rounded to float32; linear models add up in another order, in float64. rows holds len(out) rows, one after the
// other, of the columns that the model was fitted on. It runs on the calling goroutine and allocates nothing once it has run,
// but for room that a garbage collection took back.
func (f *Flat) Score(rows []float32, out []float32) error {
	p := len(f.inputs)
	if len(rows) != len(out)*p {
		return fmt.Errorf("learn: %d values for %d rows of %d columns", len(rows), len(out), p)
	}
	if f.linear != nil {
		return f.linearScores(rows, out)
	}
	room := f.rooms.Get().(*flatRoom)
	for from := 0; from < len(out); from += flatRows {
		to := min(from+flatRows, len(out))
		f.block(room, rows[from*p:to*p], to-from)
		for i, v := range room.sum[:to-from] {
			out[from+i] = float32(f.finish(v))
		}
	}
	f.rooms.Put(room)
	return nil
}

// finish is what the model says of a sum.
func (f *Flat) finish(v float64) float64 {
	v = v/f.trees + f.base
	switch f.link {
	case flatShare:
		v = min(1, v)
	case flatLogistic:
		v = 1 / (1 + math.Exp(-v))
	case flatExp:
		v = boundedExp(v)
	}
	if f.after != nil {
		v = f.after.At(v)
	}
	return v
}
