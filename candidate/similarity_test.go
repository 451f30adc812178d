package candidate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// someMatrix is a random matrix with whole numbers for values, so that products are exact and ties are many.
func someMatrix(tb testing.TB, draw *rand.Rand, users, items, values int) *Matrix {
	tb.Helper()
	var entries []Entry
	for range values {
		entries = append(entries, Entry{int32(draw.IntN(users)), int32(draw.IntN(items)), float32(1 + draw.IntN(2))})
	}
	m, err := NewMatrix(users, items, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestNearest holds nearest against all products, formed one by one: with rows that touch most columns and with rows that touch few.
func TestNearest(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 1))
	ways := map[bool]int{}
	for _, size := range [][3]int{{30, 20, 200}, {120, 100, 110}, {5, 90, 100}, {90, 5, 100}, {1, 1, 1}, {40, 70, 70}} {
		m := someMatrix(t, draw, size[0], size[1], size[2])
		tr := m.Transpose()
		score := func(i, j int32, p float64) float64 { return p - float64((i+j)%3) } // of either sign
		for _, k := range []int{1, 3, 1000} {
			got, err := nearest(context.Background(), tr, m, k, 2, score)
			if err != nil {
				t.Fatal(err)
			}
			for i := range m.Items {
				var all []Candidate
				touched := int64(0)
				for j := range m.Items {
					var p float64
					for u := range m.Users {
						p += at(m, u, int32(i)) * at(m, u, int32(j))
					}
					if s := score(int32(i), int32(j), p); i != j && p > 0 && s > 0 {
						all = append(all, Candidate{Item: int32(j), Score: float32(s)})
					}
				}
				user, _ := tr.Row(i)
				for _, u := range user {
					touched += m.Start[u+1] - m.Start[u]
				}
				ways[touched >= int64(m.Items)/4]++
				slices.SortFunc(all, func(a, b Candidate) int {
					if worse(a, b) {
						return 1
					}
					return -1
				})
				all = all[:min(k, len(all))]
				slices.SortFunc(all, func(a, b Candidate) int { return int(a.Item) - int(b.Item) })
				item, value := got.Row(i)
				for n, c := range all {
					if len(item) != len(all) || item[n] != c.Item || value[n] != c.Score {
						t.Fatalf("%v, row %d: %v %v, want %v", size, i, item, value, all)
					}
				}
				if len(item) != len(all) {
					t.Fatalf("%v, row %d: %v %v, want %v", size, i, item, value, all)
				}
			}
		}
	}
	if ways[true] == 0 || ways[false] == 0 {
		t.Errorf("rows that touch many and few columns: %v; both are expected", ways)
	}
}

func at(m *Matrix, u int, i int32) float64 {
	item, value := m.Row(u)
	if k, ok := slices.BinarySearch(item, i); ok {
		return float64(value[k])
	}
	return 0
}

// TestNearestTiny: products too small to be told from 0 list a column twice, which may be named but once.
func TestNearestTiny(t *testing.T) {
	const tiny = 1e-45 // the smallest float32
	m, err := NewMatrix(3, 40, []Entry{{0, 0, tiny}, {0, 1, tiny}, {1, 0, 1}, {1, 1, 1}, {2, 0, 0}, {2, 1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := nearest(context.Background(), m.Transpose(), m, 5, 1, func(_, _ int32, p float64) float64 { return p })
	if err != nil || len(got.Item) != 2 || !slices.Equal(got.Item, []int32{1, 0}) {
		t.Errorf("neighbours %v, want 1 of 0 and 0 of 1 (%v)", got, err)
	}
}

func TestInBlocks(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		seen := make([]int, 100)
		workers := make([]int, 34)
		if err := inBlocks(context.Background(), 100, 3, threads, func(worker, block, from, to int) {
			workers[block] = worker
			for i := from; i < to; i++ {
				seen[i] += 1 + block*100
			}
		}); err != nil {
			t.Fatal(err)
		}
		for i, n := range seen {
			if n != 1+i/3*100 {
				t.Errorf("%d threads: %d was done with %d, want once in block %d", threads, i, n, i/3)
			}
		}
		if w := slices.Max(workers); w >= threads {
			t.Errorf("worker %d of %d", w, threads)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	done := 0
	err := inBlocks(ctx, 100, 1, 1, func(_, block, _, _ int) {
		done++
		if block == 4 {
			cancel(errDisk)
		}
	})
	if !errors.Is(err, errDisk) || done != 5 {
		t.Errorf("cancelled in block 4: %v after %d blocks, want the cause after 5", err, done)
	}
}

func TestFolded(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name    string
		h, want History
	}{
		{"nothing", History{}, History{}},
		{"in order", History{Item: []int32{1, 4}}, History{Item: []int32{1, 4}}},
		{"in order, with values", History{Item: []int32{1, 4}, Value: []float32{2, -1}}, History{Item: []int32{1, 4}, Value: []float32{2, -1}}},
		{"another order", History{Item: []int32{4, 1}}, History{Item: []int32{1, 4}, Value: []float32{1, 1}}},
		{"again", History{Item: []int32{4, 1, 4}, Value: []float32{.5, 1, 2}}, History{Item: []int32{1, 4}, Value: []float32{1, 2.5}}},
		{"unknown", History{Item: []int32{-1, 4, 9, math.MaxInt32}}, History{Item: []int32{4}, Value: []float32{1}}},
		{"for and against", History{Item: []int32{4, 4}, Value: []float32{1, -1}}, History{Item: []int32{}, Value: []float32{}}},
		{"zero", History{Item: []int32{4, 5}, Value: []float32{0, 1}}, History{Item: []int32{5}, Value: []float32{1}}},
		{"no numbers", History{Item: []int32{1, 2, 3, 4}, Value: []float32{nan, inf, -inf, 1}}, History{Item: []int32{4}, Value: []float32{1}}},
		{"too large", History{Item: []int32{1, 1, 2}, Value: []float32{3e38, 3e38, 1}}, History{Item: []int32{2}, Value: []float32{1}}},
	} {
		if got := c.h.folded(9); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestModelsDamaged: no model is handed out whose parts do not fit together.
func TestModelsDamaged(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 3))
	m := someMatrix(t, draw, 12, 9, 60)
	items, err := FitItemKNN(context.Background(), m, ItemKNN{})
	if err != nil {
		t.Fatal(err)
	}
	users := func() *UserKNNModel {
		u, err := FitUserKNN(context.Background(), m, UserKNN{})
		if err != nil || u.valid() != nil {
			t.Fatal(err, u.valid())
		}
		return u
	}
	wide := *items
	wide.Targets.Items++
	for name, s := range map[string]stored{
		"item kNN":            &wide,
		"RP3beta":             &RP3BetaModel{Targets: wide.Targets},
		"an empty item kNN":   &ItemKNNModel{},
		"random":              &RandomModel{N: -1},
		"random of very many": &RandomModel{N: 1 << 40},
		"popularity":          &PopularityModel{Count: []float32{float32(math.NaN())}},
	} {
		if s.valid() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, spoil := range map[string]func(*UserKNNModel){
		"takers":           func(u *UserKNNModel) { u.Takers.Start[1] = 1000 },
		"no values":        func(u *UserKNNModel) { u.Takers.Value = nil },
		"a value of 0":     func(u *UserKNNModel) { u.Takers.Value[3] = 0 },
		"a usual too few":  func(u *UserKNNModel) { u.Usual = u.Usual[1:] },
		"a usual of 0":     func(u *UserKNNModel) { u.Usual[2] = 0 },
		"a usual of NaN":   func(u *UserKNNModel) { u.Usual[2] = float32(math.NaN()) },
		"no such measure":  func(u *UserKNNModel) { u.Config.Similarity = "x" },
		"fewer neighbours": func(u *UserKNNModel) { u.Config.Neighbours = -5 },
	} {
		u := users()
		spoil(u)
		if u.valid() == nil {
			t.Errorf("user kNN, %s: no error", name)
		}
	}
}
