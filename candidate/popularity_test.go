package candidate_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

func TestBaselines(t *testing.T) {
	candidatetest.RunBaseline(t, "popularity", func(testing.TB) candidate.Learner { return candidate.Popularity{} })
	candidatetest.RunBaseline(t, "random", func(testing.TB) candidate.Learner { return candidate.Random{Seed: 3} })
}

// small is the matrix that the neighbourhood methods are worked through by hand on:
//
//	        item 0  1  2  3
//	user 0       x  x
//	user 1       x  x  x
//	user 2          x  x
//	user 3             x  x
func small(tb testing.TB) *candidate.Matrix {
	tb.Helper()
	var entries []candidate.Entry
	for u, items := range [][]int32{{0, 1}, {0, 1, 2}, {1, 2}, {2, 3}} {
		for _, i := range items {
			entries = append(entries, candidate.Entry{User: int32(u), Item: i, Value: 1})
		}
	}
	m, err := candidate.NewMatrix(4, 4, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func scoresOf(tb testing.TB, l candidate.Learner, m *candidate.Matrix, h candidate.History) []float32 {
	tb.Helper()
	s, err := l.Fit(context.Background(), m)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]float32, s.Items())
	s.Scores(&h, out)
	return out
}

func near(got []float32, want ...float64) bool {
	return slices.EqualFunc(got, want, func(a float32, b float64) bool { return math.Abs(float64(a)-b) <= 1e-6*max(1, math.Abs(b)) })
}

func TestPopularity(t *testing.T) {
	m, err := candidate.NewMatrix(3, 4, []candidate.Entry{{User: 0, Item: 1, Value: 5}, {User: 1, Item: 1, Value: 1}, {User: 1, Item: 3, Value: 1}, {User: 2, Item: 0, Value: -1}})
	if err != nil {
		t.Fatal(err)
	}
	// Users count, not values; evidence against an item does not make it popular.
	if got := scoresOf(t, candidate.Popularity{}, m, candidate.History{Item: []int32{3}}); !near(got, 0, 2, 0, 1) {
		t.Errorf("scores are %v, want 0 2 0 1", got)
	}
}

// TestRandom: orders differ between seeds and histories, and each item is as likely to be first as any other.
func TestRandom(t *testing.T) {
	m := candidatetest.Planted(t)
	first := make([]int, m.Items)
	for seed := range uint64(4000) {
		score := scoresOf(t, candidate.Random{Seed: seed % 2}, m, candidate.History{Item: []int32{int32(seed) % 40, int32(seed) / 40 % 40, int32(seed) / 1600}, Value: []float32{1, 50, 2000}})
		for _, v := range score {
			if !(v > 0 && v < 1) {
				t.Fatalf("a score of %v", v)
			}
		}
		first[slices.Index(score, slices.Max(score))]++
	}
	// 4000 draws over 40 items: 100 each, with a standard deviation of 10; five of them are allowed.
	for i, n := range first {
		if n < 50 || n > 150 {
			t.Errorf("item %d is first %d times of 4000; 50 to 150 are expected", i, n)
		}
	}
	a := candidate.History{Item: []int32{1, 2}}
	b := candidate.History{Item: []int32{2, 9, 1}, Value: []float32{1, -1, 1}}
	if !slices.Equal(scoresOf(t, candidate.Random{}, m, a), scoresOf(t, candidate.Random{}, m, b)) {
		t.Error("evidence against an item, or another order of the history, changes the scores")
	}
	if slices.Equal(scoresOf(t, candidate.Random{Seed: 1}, m, a), scoresOf(t, candidate.Random{Seed: 2}, m, a)) {
		t.Error("another seed gives the same scores")
	}
}
