package learn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"testing"
)

// The reference's AUC, on some thousand rows, has itself a standard error of some .005, but both are judged on the same rows.
func TestAUCAgainstReference(t *testing.T) {
	r := loadTreeReference(t)
	all := caseStudy(40000, 1)
	rows := make([]int32, 40000)
	for i := range rows {
		rows[i] = int32(i)
	}
	compare := func(name string, train, test *Data) {
		for kind, l := range map[string]Learner{
			" tree": Tree{MaxDepth: 6, MinLeaf: 20}, " forest": Forest{Trees: 200, MaxDepth: 10}, " boosted": Boost{},
		} {
			m, err := l.Fit(context.Background(), train)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := aucOf(t, m, test), r.AUC[name+kind]; !(math.Abs(got-want) < .003) {
				t.Errorf("%s%s: AUC %.4f, want %.4f", name, kind, got, want)
			}
		}
	}
	compare("case study", all.Take(rows[:20000]), all.Take(rows[20000:]))
	train, test := onlineShoppers(t, false)
	compare("online shoppers", train, test)
}

// aucOf is the area under the ROC curve of m on d.
func aucOf(t testing.TB, m Model, d *Data) float64 {
	t.Helper()
	return pairsInOrder(predicted(t, m, d.X), d.Y)
}

func predicted(t testing.TB, m Model, x *Matrix) []float64 {
	t.Helper()
	p := make([]float64, x.Rows)
	if err := m.Predict(x, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// pairsInOrder is the share of pairs of a positive and a negative row of which the positive one has the higher p, ties half.
func pairsInOrder(p []float64, y []bool) float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return p[order[a]] < p[order[b]] })
	var below, pairs, positives float64
	for i := 0; i < len(order); {
		j, pos := i, 0.0
		for ; j < len(order) && p[order[j]] == p[order[i]]; j++ {
			if y[order[j]] {
				pos++
			}
		}
		neg := float64(j-i) - pos
		pairs += pos * (below + neg/2)
		below += neg
		positives += pos
		i = j
	}
	return pairs / positives / below
}

// mixedTrees makes rows of every kind that trees take: column 0 numbers, 1 numbers of which some are missing (and then more often
// positive), 2 a category of 6 levels, some missing, of which 1 and 4 are more often positive, 3 to 5 one-hot, 6 constant.
func mixedTrees(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 3))
	nan := float32(math.NaN())
	d := &Data{X: NewMatrix(n, 7), Y: make([]bool, n), Columns: []Column{{Name: "number"}, {Name: "gaps"},
		{Name: "kind", Levels: []string{"a", "b", "c", "d", "e", "f"}}, {Name: "h0"}, {Name: "h1"}, {Name: "h2"}, {Name: "constant"}}}
	for i := range n {
		row := d.X.Row(i)
		row[0], row[1], row[2], row[6] = float32(r.NormFloat64()), float32(r.NormFloat64()), float32(r.IntN(6)), 3
		hot := r.IntN(3)
		row[3+hot] = 1
		score := -.5 + float64(row[0]) - .5*float64(row[1]) + .6*float64(hot)
		if row[2] == 1 || row[2] == 4 {
			score += 1.5
		}
		if r.Float64() < .2 {
			score += 2 + .5*float64(row[1])
			row[1] = nan
		}
		if r.Float64() < .1 {
			row[2] = nan
		}
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-score))
	}
	return d
}

// treeLearners are one of each, of modest size.
func treeLearners(threads int) []Learner {
	return []Learner{
		Tree{MaxDepth: 6, MinLeaf: 3, Threads: threads},
		Forest{Trees: 20, MaxDepth: 6, OutOfBag: true, Balanced: true, Seed: 5, Threads: threads},
		Boost{Trees: 20, Rows: .7, Features: .7, Holdout: .2, Seed: 5, Threads: threads},
	}
}

func TestTreesDoNotDependOnThreads(t *testing.T) {
	d := mixedTrees(9000, 1)
	for k, l := range treeLearners(1) {
		one, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, threads := range []int{2, 5} {
			more, err := treeLearners(threads)[k].Fit(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []Model{one, more} { // rows in every bag are NaN, which equals nothing
				if f, ok := m.(*ForestModel); ok {
					for i, p := range f.outOfBag {
						if p != p {
							f.outOfBag[i] = -1
						}
					}
				}
			}
			if !reflect.DeepEqual(one, more) {
				t.Errorf("%s: another model with %d threads", l.Kind(), threads)
			}
		}
	}
}

func TestTreesAreSavedWhole(t *testing.T) {
	d := mixedTrees(1000, 2)
	for _, l := range treeLearners(0) {
		m, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := Save(&file, m); err != nil {
			t.Fatal(err)
		}
		again, err := Load(&file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(predicted(t, m, d.X), predicted(t, again, d.X)) || !reflect.DeepEqual(m.Inputs(), again.Inputs()) {
			t.Errorf("%s: the loaded model predicts otherwise", l.Kind())
		}
	}
}

func TestTreesOfBadData(t *testing.T) {
	d := mixedTrees(100, 3)
	short := &Data{X: d.X, Y: d.Y[:50]}
	oneClass := &Data{X: d.X, Y: make([]bool, 100)}
	done, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	for _, l := range treeLearners(0) {
		if _, err := l.Fit(context.Background(), short); err == nil {
			t.Errorf("%s: no error for too few labels", l.Kind())
		}
		if _, err := l.Fit(context.Background(), oneClass); !errors.Is(err, ErrOneClass) {
			t.Errorf("%s: %v for one class", l.Kind(), err)
		}
		if _, err := l.Fit(done, d); !errors.Is(err, why) {
			t.Errorf("%s: %v for a cancelled context", l.Kind(), err)
		}
		m, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Predict(NewMatrix(1, 3), make([]float64, 1)); err == nil {
			t.Errorf("%s: no error for too few columns", l.Kind())
		}
	}
	for _, l := range []Learner{Tree{MaxDepth: -1}, Tree{MaxLeaves: 1}, Tree{MinLeaf: math.NaN()}, Forest{Trees: -1}, Forest{Features: 8},
		Forest{NoBootstrap: true, OutOfBag: true}, Boost{Trees: -1}, Boost{LearningRate: -.1}, Boost{L2: math.NaN()}, Boost{Rows: 2},
		Boost{Holdout: 1}, Boost{Monotone: map[string]int{"nobody": 1}}, Boost{Monotone: map[string]int{"kind": 1}}, Boost{Monotone: map[string]int{"number": 2}}} {
		if _, err := l.Fit(context.Background(), d); err == nil {
			t.Errorf("%s %+v: no error", l.Kind(), l)
		}
	}
}

// A row of weight 2 counts as two rows, and a row of weight 0 as none.
func TestTreeWeights(t *testing.T) {
	d := mixedTrees(240, 4) // few enough for a bin a value, which the weights have no part in
	d.Weight = make([]float32, 240)
	var rows []int32
	for i := range d.Weight {
		d.Weight[i] = float32(i % 3)
		for range i % 3 {
			rows = append(rows, int32(i))
		}
	}
	twice := d.Take(rows)
	twice.Weight = nil
	for _, l := range []Learner{Tree{MaxDepth: 8}, Tree{MaxLeaves: 9, Entropy: true}, Boost{Trees: 5, MinLeaf: 1e-6, L2: 1}} {
		a, err := l.Fit(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Fit(context.Background(), twice)
		if err != nil {
			t.Fatal(err)
		}
		pa, pb := predicted(t, a, d.X), predicted(t, b, d.X)
		for i := range pa {
			// Boosting's sums have other units for either, so they agree to what is lost by that only.
			if d.Weight[i] > 0 && math.Abs(pa[i]-pb[i]) > 1e-6 {
				t.Errorf("%s: row %d: %v weighted, %v repeated", l.Kind(), i, pa[i], pb[i])
				break
			}
		}
	}
}

// XOR: the first split gains nothing, yet makes the second one possible.
func TestTreeLearnsXOR(t *testing.T) {
	d := &Data{X: &Matrix{Rows: 4, Cols: 2, Data: []float32{0, 0, 0, 1, 1, 0, 1, 1}}, Y: []bool{false, true, true, false}}
	m, err := FitTree(context.Background(), d, Tree{})
	if err != nil {
		t.Fatal(err)
	}
	if p := predicted(t, m, d.X); !slices.Equal(p, []float64{0, 1, 1, 0}) {
		t.Errorf("%v", p)
	}
}

// Missing values and categories that mark the positive rows are found in one split, and the new and the unknown are sent on.
func TestTreeMissingAndLevels(t *testing.T) {
	nan := float32(math.NaN())
	// Only the missing value is positive: values to the left whatever they are, missing to the right.
	d := &Data{X: &Matrix{Rows: 6, Cols: 1, Data: []float32{1, nan, 2, nan, 3, 5}}, Y: []bool{false, true, false, true, false, false}}
	m, err := FitTree(context.Background(), d, Tree{MaxDepth: 1})
	if err != nil {
		t.Fatal(err)
	}
	if p := predicted(t, m, &Matrix{Rows: 3, Cols: 1, Data: []float32{nan, 1e30, -1e30}}); !slices.Equal(p, []float64{1, 0, 0}) {
		t.Errorf("missing: %v", p)
	}
	// Missing with the low values.
	d.Y = []bool{true, true, true, true, false, false}
	if m, err = FitTree(context.Background(), d, Tree{MaxDepth: 1}); err != nil {
		t.Fatal(err)
	}
	if p := predicted(t, m, &Matrix{Rows: 4, Cols: 1, Data: []float32{nan, 2.4, 2.6, 9}}); !slices.Equal(p, []float64{1, 1, 0, 0}) {
		t.Errorf("missing low: %v", p)
	}
	// Levels 0 and 3 are positive, 1 and 2 are not; 4 never occurs. Five of nine rows are positive and go right, so that what
	// is unknown goes there too.
	d = &Data{X: &Matrix{Rows: 9, Cols: 1, Data: []float32{0, 1, 2, 3, 0, 1, 2, 3, 0}}, Columns: []Column{{"k", []string{"a", "b", "c", "d", "e"}}},
		Y: []bool{true, false, false, true, true, false, false, true, true}}
	if m, err = FitTree(context.Background(), d, Tree{MaxDepth: 1}); err != nil {
		t.Fatal(err)
	}
	if p := predicted(t, m, &Matrix{Rows: 8, Cols: 1, Data: []float32{0, 1, 2, 3, 4, nan, 17, .5}}); !slices.Equal(p, []float64{1, 0, 0, 1, 1, 1, 1, 1}) {
		t.Errorf("levels: %v", p)
	}
}

// A damaged tree is refused, not followed.
func TestValidTree(t *testing.T) {
	d := mixedTrees(300, 5)
	fit := func() *TreeModel {
		m, err := FitTree(context.Background(), d, Tree{MaxDepth: 4})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if err := fit().valid(); err != nil {
		t.Fatal(err)
	}
	leaf := func(m *TreeModel) int {
		for i := range m.Tree.Nodes {
			if m.Tree.leaf(i) {
				return i
			}
		}
		return -1
	}
	for name, damage := range map[string]func(m *TreeModel){
		"no nodes":       func(m *TreeModel) { m.Tree.Nodes = nil },
		"no columns":     func(m *TreeModel) { m.Columns = nil },
		"a loop":         func(m *TreeModel) { m.Tree.Nodes[1].Left = 0 },
		"beyond the end": func(m *TreeModel) { m.Tree.Nodes[0].Left = int32(len(m.Tree.Nodes) - 1) },
		"two parents":    func(m *TreeModel) { m.Tree.Nodes[1].Left = m.Tree.Nodes[0].Left + 1 },
		"feature":        func(m *TreeModel) { m.Tree.Nodes[0].Feature = 7 },
		"negative":       func(m *TreeModel) { m.Tree.Nodes[0].Feature = -1 },
		"threshold":      func(m *TreeModel) { m.Tree.Nodes[0].Threshold = float32(math.NaN()) },
		"set":            func(m *TreeModel) { m.Tree.Nodes[0].Rule = 1 << 20 },
		"sets":           func(m *TreeModel) { m.Tree.Sets = nil },
		"value":          func(m *TreeModel) { m.Tree.Value[0] = 2 },
		"cover":          func(m *TreeModel) { m.Tree.Cover[2] = 0 },
		"gain":           func(m *TreeModel) { m.Tree.Gain[0] = -1 },
		"depth":          func(m *TreeModel) { m.Tree.Depth = 1 << 30 },
		"leaf":           func(m *TreeModel) { m.Tree.Nodes[leaf(m)].Threshold = 0 },
		"short":          func(m *TreeModel) { m.Tree.Value = m.Tree.Value[1:] },
	} {
		m := fit()
		damage(m)
		if m.valid() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Both ways down a tree lead to the same leaf.
func TestPredictFourAtOnce(t *testing.T) {
	d := mixedTrees(2003, 6)
	for j := range d.X.Data {
		if j%7 == 2 {
			d.X.Data[j] = 0 // no sets, so that the fast way is taken
		}
	}
	m, err := FitTree(context.Background(), d, Tree{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Tree.Sets) > 0 || m.Tree.Leaves() < 50 {
		t.Fatalf("%d leaves, %d sets", m.Tree.Leaves(), len(m.Tree.Sets))
	}
	for i, p := range predicted(t, m, d.X) {
		if want := float64(m.Tree.Value[m.Tree.find(d.X.Row(i), m.Columns)]); p != want {
			t.Fatalf("row %d: %v, want %v", i, p, want)
		}
	}
}

func BenchmarkFitTree(b *testing.B) {
	benchmarkFit(b, Tree{MaxDepth: 10})
}

// benchmarkFit fits the case study, SEGUE_LEARN_ROWS rows of it.
func benchmarkFit(b *testing.B, l Learner) {
	train, test := caseStudySplit(b)
	b.Run("rows="+strconv.Itoa(train.X.Rows), func(b *testing.B) {
		auc := 0.0
		for b.Loop() {
			m, err := l.Fit(context.Background(), train)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			auc = aucOf(b, m, test)
			b.StartTimer()
		}
		b.ReportMetric(auc, "auc")
	})
}
