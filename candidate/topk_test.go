package candidate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTopK holds the heap against a sort.
func TestTopK(t *testing.T) {
	draw := rand.New(rand.NewPCG(9, 9))
	nan := float32(math.NaN())
	for round := range 300 {
		scores := make([]float32, draw.IntN(40))
		for i := range scores {
			scores[i] = float32(draw.IntN(8)) - 3 // many ties
			if draw.IntN(10) == 0 {
				scores[i] = []float32{nan, float32(math.Inf(1)), float32(math.Inf(-1))}[draw.IntN(3)]
			}
		}
		skip := func(i int32) bool { return i%3 == 1 }
		if round%2 == 0 {
			skip = nil
		}
		var want []Candidate
		for i, s := range scores {
			if s == s && (skip == nil || !skip(int32(i))) {
				want = append(want, Candidate{Item: int32(i), Score: s, Cause: -1, Group: -1})
			}
		}
		slices.SortStableFunc(want, func(a, b Candidate) int {
			switch {
			case a.Score > b.Score:
				return -1
			case a.Score < b.Score:
				return 1
			}
			return 0
		})
		before := Candidate{Item: 77, Score: -1e9}
		for _, k := range []int{-1, 0, 1, 2, 5, len(scores), 1000} {
			got := TopK(scores, k, skip, append(make([]Candidate, 0, 3), before))
			if got[0] != before || !slices.Equal(got[1:], want[:min(max(0, k), len(want))]) {
				t.Fatalf("the best %d of %v:\n%v, want\n%v", k, scores, got, want)
			}
		}
	}
}

func BenchmarkTopK(b *testing.B) {
	for _, size := range [][2]int{{20, 10_000}, {500, 10_000}, {20, 250_000}, {500, 250_000}} {
		draw := rand.New(rand.NewPCG(1, 1))
		scores := make([]float32, size[1])
		for i := range scores {
			scores[i] = draw.Float32()
		}
		b.Run(fmt.Sprintf("k=%d/items=%d", size[0], size[1]), func(b *testing.B) {
			var dst []Candidate
			for b.Loop() {
				dst = TopK(scores, size[0], nil, dst[:0])
			}
		})
	}
}
