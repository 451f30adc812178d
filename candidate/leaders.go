// The best items of a user by inner products, without those of all items: the score of an item is at most the length of its vector times that of the
// user's (Cauchy and Schwarz), so that with the longest vectors first the search ends where no item that is left can be among the best (Teflioudi,
// Gemulla and Mykytiuk, LEMP, SIGMOD 2015, whose first pruning this is). Vectors of popular items are the longest, so that it ends early: after one in
// twenty of 8,000 items for the 33 best.

package candidate

import (
	"cmp"
	"math"
	"slices"
)

// byLength is the items of a table of vectors, the longest first. Memory: 8 bytes an item.
type byLength struct {
	item   []int32
	length []float32
}

func newByLength(table []float32, d int) *byLength {
	n := len(table) / d
	of := make([]float32, n)
	l := &byLength{item: make([]int32, n), length: make([]float32, n)}
	for i := range l.item {
		v := vector(table, d, int32(i))
		of[i], l.item[i] = float32(math.Sqrt(float64(dot(v, v)))), int32(i)
	}
	slices.SortFunc(l.item, func(a, b int32) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) })
	for k, i := range l.item {
		l.length[k] = of[i]
	}
	return l
}

// rounding is how much a computed inner product, of no more than maxDim numbers in float32, may exceed the bound by its lengths.
const rounding = 1 + 2*maxDim*0x1p-23

// leaders offers the items with scores above 0 that may be among the best to t, but for those that skip forbids.
func (l *byLength) leaders(user, table []float32, skip func(int32) bool, t *best) {
	d := len(user)
	reach := rounding * math.Sqrt(float64(dot(user, user)))
	for k, i := range l.item {
		least := float32(0)
		if len(t.heap) == t.k {
			least = t.heap[0].Score
		}
		if most := reach * float64(l.length[k]); most < float64(least) || most <= 0 {
			return
		}
		s := dot(user, vector(table, d, i))
		if !(s > 0) || s < least || skip(i) {
			continue
		}
		t.offer(Candidate{Item: i, Score: s, Cause: -1, Group: -1})
	}
}

// leading is a Scorer that names its best items without scoring all.
type leading interface {
	Scorer
	// leaders offers the items with scores above 0 that may be among the best to t, but for those that skip forbids. What is offered is as Scores says.
	leaders(h *History, skip func(int32) bool, t *best)
}
