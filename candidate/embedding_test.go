package candidate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sequencesOf makes sequences of lists of items.
func sequencesOf(items int, lists ...[]int32) *Sequences {
	s := &Sequences{Items: items, Start: []int64{0}}
	for _, list := range lists {
		s.Item = append(s.Item, list...)
		s.Start = append(s.Start, int64(len(s.Item)))
	}
	return s
}

// TestEmbeddingFindsTopics: sequences stay within one of three topics of ten items; each item's nearest are of its topic.
func TestEmbeddingFindsTopics(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var lists [][]int32
	for n := range int32(300) {
		var list []int32
		for range 12 {
			list = append(list, n%3*10+random.Int32N(10))
		}
		lists = append(lists, list)
	}
	model, err := FitEmbedding(t.Context(), sequencesOf(31, lists...), Embedding{Dim: 8, Subsample: -1})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 31)
	for i := range int32(30) {
		model.Scores(&History{Item: []int32{i}}, out)
		for _, c := range TopK(out, 10, nil, nil) {
			if c.Item/10 != i/10 {
				t.Errorf("among the ten nearest to item %d is %d, of another topic", i, c.Item)
			}
		}
		if !within(float64(out[i]), 1, 1e-5) || out[30] != 0 {
			t.Errorf("item %d has a cosine of %v with itself and of %v with one that came in no sequence", i, out[i], out[30])
		}
	}
}

// TestEmbeddingLooksAtOrder: items 0 and 1 always stand beside item 4 or 5 and never beside each other's; a window of one place sees that, baskets
// of whole sequences cannot.
func TestEmbeddingLooksAtOrder(t *testing.T) {
	var lists [][]int32
	for n := range int32(400) {
		// 0 and 1 have the same neighbours 4, 5; 2 and 3 the neighbours 6, 7. All stand in one sequence.
		lists = append(lists, []int32{4 + n%2, n / 2 % 2, 4 + n/4%2, 8, 9, 8, 6 + n%2, 2 + n/2%2, 6 + n/4%2})
	}
	s := sequencesOf(10, lists...)
	model, err := FitEmbedding(t.Context(), s, Embedding{Dim: 8, Window: 1, Subsample: -1})
	if err != nil {
		t.Fatal(err)
	}
	cosine := func(i, j int32) float32 { return dot(vector(model.Factor, 8, i), vector(model.Factor, 8, j)) }
	if together, apart := cosine(0, 1), cosine(0, 2); together < apart+.5 {
		t.Errorf("items with the same neighbours have a cosine of %v, those with others %v", together, apart)
	}
}

// TestEmbeddingWeights: events that do not count are as if they were not there.
func TestEmbeddingWeights(t *testing.T) {
	with := sequencesOf(6, []int32{0, 5, 1, 2}, []int32{5, 5}, []int32{2, 1, 0, 3})
	with.Weight = []float32{1, 0, 1, 1, -1, 0, 1, 1, 1, 1}
	a, err := FitEmbedding(t.Context(), with, Embedding{Dim: 4})
	if err != nil {
		t.Fatal(err)
	}
	b, err := FitEmbedding(t.Context(), sequencesOf(6, []int32{0, 1, 2}, []int32{2, 1, 0, 3}), Embedding{Dim: 4})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Factor, b.Factor) {
		t.Error("events of no weight change the vectors")
	}
}

func TestEmbeddingBadSequences(t *testing.T) {
	nan := float32(0)
	nan /= nan
	for want, s := range map[string]*Sequences{
		"1 starts":                {Items: 3, Start: []int64{0}, Item: []int32{1}},
		"0 starts":                {Items: 3, Item: []int32{1}},
		"sequence 1 ends before":  {Items: 3, Start: []int64{0, 5, 1, 2}, Item: []int32{1, 2}},
		"item 3 ":                 {Items: 3, Start: []int64{0, 1}, Item: []int32{3}},
		"item -1 ":                {Items: 3, Start: []int64{0, 1}, Item: []int32{-1}},
		"weight NaN":              {Items: 3, Start: []int64{0, 1}, Item: []int32{1}, Weight: []float32{nan}},
		"2 weights":               {Items: 3, Start: []int64{0, 1}, Item: []int32{1}, Weight: []float32{1, 1}},
		"no interactions to lear": {Items: 3, Start: []int64{0, 1}, Item: []int32{1}, Weight: []float32{-1}},
	} {
		if m, err := FitEmbedding(t.Context(), s, Embedding{}); m != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, %v; want an error with %q", s, m, err, want)
		}
	}
}
