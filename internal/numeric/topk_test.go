package numeric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTopKByHand(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	row := []float32{1, nan, 3, 3, -inf, 2, nan}
	for k, want := range [][]int32{{}, {2}, {2, 3}, {2, 3, 5}, {2, 3, 5, 0}, {2, 3, 5, 0, 4}, {2, 3, 5, 0, 4, 1}, {2, 3, 5, 0, 4, 1, 6}, {2, 3, 5, 0, 4, 1, 6}} {
		got := TopK(row, k, nil)
		if len(got) != len(want) {
			t.Fatalf("k=%d: %v", k, got)
		}
		for i, r := range got {
			if r.Index != want[i] {
				t.Errorf("k=%d: place %d is index %d, want %d", k, i, r.Index, want[i])
			}
		}
	}
}

// Rows with ties, NaN and infinities in all amounts, against sorting.
func TestTopKAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for round := range 300 {
		row := make([]float32, rng.IntN(1500))
		for i := range row {
			row[i] = float32(rng.IntN(1 + round*round)) // few values: many ties
		}
		for range rng.IntN(1+len(row)) / (1 + rng.IntN(10)) {
			row[rng.IntN(len(row))] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), -math.MaxFloat32}[rng.IntN(4)]
		}
		want := make([]Ranked, len(row))
		for i, v := range row {
			want[i] = Ranked{int32(i), v}
		}
		slices.SortStableFunc(want, func(a, b Ranked) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		k := rng.IntN(40)
		got := TopK(row, k, []Ranked{{Index: 77}})
		if got[0].Index != 77 {
			t.Fatal("what dst held is gone")
		}
		for i, r := range got[1:] {
			if r.Index != want[i].Index {
				t.Fatalf("round %d: place %d of %d is index %d with %g, want %d with %g", round, i, k, r.Index, r.Value, want[i].Index, want[i].Value)
			}
		}
		if len(got)-1 != min(k, len(row)) {
			t.Fatalf("%d of a row of %d, want %d", len(got)-1, len(row), k)
		}
	}
}

func TestTopKAllocatesNothing(t *testing.T) {
	row, dst := make([]float32, 1000), make([]Ranked, 0, 20)
	for i := range row {
		row[i] = float32(i % 97)
	}
	if n := testing.AllocsPerRun(10, func() { dst = TopK(row, 20, dst[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTopK(b *testing.B) {
	for _, items := range []int{41000, 250000} {
		rng := rand.New(rand.NewPCG(1, 6))
		row, dst := make([]float32, items), make([]Ranked, 0, 20)
		for i := range row {
			row[i] = rng.Float32()
		}
		b.Run(fmt.Sprintf("k=20/items=%d", items), func(b *testing.B) {
			for b.Loop() {
				dst = TopK(row, 20, dst[:0])
			}
		})
	}
}
