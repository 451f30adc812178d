package learn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// candidates makes n rows of 60 columns of which the first 20 are of a user, that is, alike in each stretch of 500 rows, and of
// the others every third has few values; labels depend on all.
func candidates(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 60))
	d := &Data{X: NewMatrix(n, 60), Y: make([]bool, n)}
	var user [20]float32
	for i := range n {
		if i%500 == 0 {
			for j := range user {
				user[j] = float32(r.NormFloat64())
			}
		}
		row, score := d.X.Row(i), 0.0
		copy(row, user[:])
		for j := len(user); j < 60; j++ {
			if row[j] = float32(r.NormFloat64()); j%3 == 0 {
				row[j] = float32(int(row[j] * 3))
			}
		}
		for j, v := range row {
			score += math.Sin(float64(v)*float64(1+j%3)) * .3 * float64(row[(j+7)%60])
		}
		d.Y[i] = r.Float64() < 1/(1+math.Exp(-score))
	}
	return d
}

func BenchmarkScoreCandidates(b *testing.B) {
	d := candidates(30000, 1)
	big, err := FitBoost(b.Context(), d, Boost{Trees: 200})
	if err != nil {
		b.Fatal(err)
	}
	for _, trees := range []int{100, 200} {
		m := *big
		m.Trees = big.Trees[:trees]
		f, err := Compile(&m)
		if err != nil {
			b.Fatal(err)
		}
		one, many := make([]int32, 500), make([]int32, 500) // of one user, and of as many as there are
		for i := range one {
			one[i], many[i] = int32(i), int32(i*501%30000)
		}
		for _, c := range []struct {
			alike int
			rows  []int32
		}{{20, one}, {0, many}} {
			x := d.X.Take(c.rows)
			p, out := make([]float64, 500), make([]float32, 500)
			sizes := fmt.Sprintf("trees=%d/leaves=31/rows=500/columns=60/alike=%d", trees, c.alike)
			b.Run("predict/"+sizes, func(b *testing.B) {
				for b.Loop() {
					if err := m.Predict(x, p); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("flat/"+sizes, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f.Score(x.Data, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// randomTree grows a tree of the given leaves without data. Some columns have few thresholds, others as many as there are nodes.
func randomTree(r *rand.Rand, columns []Column, leaves int) GrownTree {
	t := GrownTree{Nodes: []Node{leafNode(0)}}
	open := []int32{0}
	for len(open) < leaves {
		k := r.IntN(len(open))
		i, left := open[k], int32(len(t.Nodes))
		j := r.IntN(len(columns))
		n := Node{Feature: int32(j), Left: left, Rule: uint32(r.IntN(2))}
		if levels := len(columns[j].Levels); levels > 0 {
			n.Rule |= uint32(1+len(t.Sets)) << 1
			for range (levels + 63) / 64 {
				t.Sets = append(t.Sets, r.Uint64()|r.Uint64())
			}
		} else if n.Threshold = float32(r.NormFloat64()); j%2 == 0 {
			n.Threshold = float32(r.IntN(5)) - 2
		}
		t.Nodes[i] = n
		t.Nodes = append(t.Nodes, leafNode(left), leafNode(left+1))
		open[k] = left
		open = append(open, left+1)
	}
	for range t.Nodes {
		t.Value = append(t.Value, float32(r.NormFloat64()))
		t.Cover = append(t.Cover, 1)
		t.Gain = append(t.Gain, 0)
	}
	t.Depth = depthOf(t.Nodes)
	return t
}

// hardRows are rows of everything that a value may be.
func hardRows(r *rand.Rand, columns []Column, n int) *Matrix {
	x := NewMatrix(n, len(columns))
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 0, 1, -1, 2, .5, 1e9, math.MaxFloat32}
	for i := range n {
		for j, c := range columns {
			v := float32(r.NormFloat64())
			switch {
			case r.IntN(4) == 0:
				v = odd[r.IntN(len(odd))]
			case c.Categorical():
				v = float32(r.IntN(len(c.Levels) + 1))
			}
			x.Row(i)[j] = v
		}
	}
	return x
}

// A compiled model says what the model says, rounded to 32 bits, of any rows and any number of them.
func TestFlatEqualsPredict(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	levels := func(n int) (names []string) {
		for k := range n {
			names = append(names, fmt.Sprint(k))
		}
		return names
	}
	columns := []Column{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: levels(3)}, {Name: "d"}, {Name: "e", Levels: levels(64)}, {Name: "f", Levels: levels(300)}, {Name: "g"}}
	models := map[string]Model{}
	for _, leaves := range []int{1, 2, 3, 16, 17, 31, 64, 127, 128, 129, 500} {
		var trees []GrownTree
		for k := range 7 {
			trees = append(trees, randomTree(r, columns, max(1, leaves-k%3)))
		}
		models[fmt.Sprintf("ranker of %d leaves", leaves)] = &LambdaMARTModel{Columns: columns, Trees: trees}
		models[fmt.Sprintf("classifier of %d leaves", leaves)] = &BoostModel{Columns: columns, Base: .3, Trees: trees}
		models[fmt.Sprintf("regression of %d leaves", leaves)] = &BoostRegressionModel{Columns: columns, Base: -17, Trees: trees}
		models[fmt.Sprintf("amounts of %d leaves", leaves)] = &BoostRegressionModel{Columns: columns, Base: 1, Log: true, Trees: trees}
	}
	var many []GrownTree
	for range 60 {
		many = append(many, randomTree(r, columns[:4], 100))
	}
	models["more than 255 thresholds a column"] = &LambdaMARTModel{Columns: columns[:4], Trees: many}
	models["no trees"] = &BoostModel{Columns: columns, Base: 1}
	d := mixedTrees(3000, 9)
	for name, l := range map[string]Learner{"tree": Tree{MaxDepth: 7}, "forest": Forest{Trees: 9, MaxDepth: 12}, "boosted trees": Boost{Trees: 30, MinLeaf: 2}} {
		m, err := l.Fit(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		models[name] = m
	}
	for name, m := range models {
		if err := m.valid(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 3, 63, 64, 65, 300} {
			x := hardRows(r, m.Inputs(), n)
			if n == 65 { // a user's columns
				for i := range n {
					x.Row(i)[0], x.Row(i)[1] = x.Row(0)[0], float32(math.NaN())
				}
			}
			p, out := make([]float64, n), make([]float32, n)
			if err := m.Predict(x, p); err != nil {
				t.Fatal(err)
			}
			if err := f.Score(x.Data, out); err != nil {
				t.Fatal(err)
			}
			for i, v := range out {
				if v != float32(p[i]) {
					t.Fatalf("%s, row %d of %d: %v, want %v", name, i, n, v, float32(p[i]))
				}
			}
		}
		if err := f.Score(make([]float32, 2*len(m.Inputs())-1), make([]float32, 2)); err == nil {
			t.Errorf("%s: no error for too few values", name)
		}
	}
	if _, err := Compile(&NaiveBayesModel{}); err == nil {
		t.Error("naive Bayes is compiled")
	}
}

// Linear models behind an encoder, and calibrated ones, of rows with missing values and unknown categories.
func TestFlatOfLinearModels(t *testing.T) {
	d := mixedTrees(2000, 10)
	numbers := d.X.Take([]int32{0, 1, 2, 3, 4})
	for i, v := range numbers.Data {
		if v != v {
			numbers.Data[i] = 0
		}
	}
	var models []Model
	for _, cfg := range []EncoderConfig{{}, {Log: "always", Indicator: true, MissingLevel: true, DropFirst: true}, {Impute: "median", MinCount: 400, Unscaled: true}} {
		for _, l := range []Learner{Pipeline{cfg, Logistic{}}, Calibrated{Learner: Pipeline{cfg, Logistic{}}, Method: IsotonicScaling}} {
			m, err := l.Fit(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			models = append(models, m)
		}
	}
	calibrated, err := Calibrated{Learner: Boost{Trees: 10}}.Fit(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	models = append(models, calibrated)
	plain := &LinearRegressionModel{Columns: make([]Column, 7), Intercept: 5, Coef: []float64{1, -2, 3, 0, .5, 7, -.1}}
	models = append(models, plain, &LinearRankingModel{Columns: plain.Columns, Coef: plain.Coef})
	for k, m := range models {
		f, err := Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		x := d.X
		if k >= len(models)-2 {
			x = numbers
		}
		p, out := predicted(t, m, x), make([]float32, x.Rows)
		if err := f.Score(x.Data, out); err != nil {
			t.Fatal(err)
		}
		for i, v := range out {
			if !(math.Abs(float64(v)-p[i]) <= 0x1p-23*math.Abs(p[i])) {
				t.Fatalf("model %d, row %d: %v, want %v", k, i, v, p[i])
			}
		}
	}
	f, err := Compile(plain)
	if err != nil {
		t.Fatal(err)
	}
	numbers.Data[8] = float32(math.NaN())
	if err := f.Score(numbers.Data, make([]float32, 5)); err == nil {
		t.Error("a missing value has a score")
	}
	tree, err := Pipeline{Learner: Boost{Trees: 2}}.Fit(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(tree); err == nil {
		t.Error("trees behind an encoder are compiled")
	}
}

func BenchmarkScoreLogistic(b *testing.B) {
	d := mixedTrees(500, 11)
	m, err := Pipeline{EncoderConfig{}, Logistic{}}.Fit(b.Context(), d)
	if err != nil {
		b.Fatal(err)
	}
	f, err := Compile(m)
	if err != nil {
		b.Fatal(err)
	}
	p, out := make([]float64, 500), make([]float32, 500)
	b.Run("predict/rows=500/columns=7", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := m.Predict(d.X, p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("flat/rows=500/columns=7", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f.Score(d.X.Data, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Many callers at once, and no memory but what is there.
func TestFlatIsConcurrentAndAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	columns := []Column{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: []string{"x", "y"}}}
	m := &LambdaMARTModel{Columns: columns}
	for range 20 {
		m.Trees = append(m.Trees, randomTree(r, columns, 31))
	}
	f, err := Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	x := hardRows(r, columns, 200)
	want := make([]float32, 200)
	if err := f.Score(x.Data, want); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				out := make([]float32, 200)
				if err := f.Score(x.Data, out); err != nil || !slices.Equal(out, want) {
					t.Error("another score beside other callers: ", err)
				}
			}
		})
	}
	wg.Wait()
	if raceEnabled() {
		return // the pool then drops rooms at random
	}
	if n := testing.AllocsPerRun(100, func() { _ = f.Score(x.Data, want) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

// raceEnabled says whether a sync.Pool may forget what it was given a moment ago, as it does under the race detector.
func raceEnabled() bool {
	p := sync.Pool{}
	for range 100 {
		p.Put(new(int))
		if p.Get() == nil {
			return true
		}
	}
	return false
}
