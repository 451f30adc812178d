// SLIM: every item predicted from few others, by regression with an elastic net,
//
//	min over w of  |x_j - X w|^2 / 2 + L2 |w|^2 / 2 + L1 |w|_1,  w_j = 0, w >= 0 unless Signed,
//
// for each item j by itself. Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", ICDM 2011. It is solved by coordinate
// descent on the Gram matrix (Friedman, Hastie and Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate Descent", Journal of
// Statistical Software 2010), so that the number of users does not matter once that is made.
//
// It is here beside EASE because its weights are sparse from the start: they take little memory to serve, and every one is a reason that can be shown.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seguefeed/segue/internal/numeric"
)

// SLIM is the setting of the method. A fit takes 4*n^2 bytes, n being the number of items.
type SLIM struct {
	L1         float64 // weight of the sum of the weights, in interactions, above 0; 0 means 1. An item taken with j by no more users never gets a weight.
	L2         float64 // weight of the sum of their squares, in interactions, above 0; 0 means 30
	Signed     bool    // whether weights may be below 0
	Neighbours int     // the weights of each item that are kept, those largest in size; 0: all
	Items      int     // the most popular items that are modelled, the others always score 0; 0: all
	Sweeps     int     // the most rounds over the items that may have a weight; 0 means 100
	Tolerance  float64 // the fit of an item ends when no weight moves by more than that share of the largest; 0 means 1e-4
	MemoryGB   float64 // the fit refuses items that would take more than that many times 1e9 bytes; 0 means 8
	Threads    int     // 0: all processors

	Progress func(done, total int) `json:"-"` // told how many items are done, by one goroutine at a time; nil: nobody
}

// Kind is "slim".
func (SLIM) Kind() string { return "slim" }

// Fit learns from m. It ends soon after ctx, with its cause.
func (s SLIM) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	s.L1, s.L2, s.Sweeps, s.Tolerance = cmp.Or(s.L1, 1), cmp.Or(s.L2, 30), cmp.Or(s.Sweeps, 100), cmp.Or(s.Tolerance, 1e-4)
	if !(s.L1 > 0 && s.L2 > 0 && s.Tolerance > 0) || math.IsInf(s.L1+s.L2, 1) || s.Sweeps < 0 || s.Neighbours < 0 {
		return nil, fmt.Errorf("candidate: slim with l1 %v, l2 %v, tolerance %v, %d sweeps and %d neighbours; none below 0 is expected",
			s.L1, s.L2, s.Tolerance, s.Sweeps, s.Neighbours)
	}
	catalogue, gram, err := gramOf(ctx, "slim", m, s.Items, s.MemoryGB, s.Threads)
	if err != nil {
		return nil, err
	}
	// Where no value is below 0, no weight above 0 can come from an item without a product of more than L1: every step only takes away from it.
	screened := !s.Signed && (m.Value == nil || slices.Min(m.Value) >= 0)
	found := make([][]weighted, gram.Rows)
	if err := eachItem(ctx, gram.Rows, s.Threads, s.Progress, func() func(j int) {
		d := descent{SLIM: s, gram: gram, screened: screened}
		return func(j int) { found[j] = d.fit(ctx, j) }
	}); err != nil {
		return nil, err
	}
	return &sparseItemModel{catalogue, bySource(found)}, nil
}

// weighted is what having another item adds to the score of one.
type weighted struct {
	item   int32
	weight float32
}

// keepLargest cuts w to the k largest in size, ties by the lower item, in the order of items.
func keepLargest(w []weighted, k int) []weighted {
	if k > 0 && k < len(w) {
		slices.SortFunc(w, func(a, b weighted) int {
			return cmp.Or(cmp.Compare(math.Abs(float64(b.weight)), math.Abs(float64(a.weight))), cmp.Compare(a.item, b.item))
		})
		w = w[:k]
		slices.SortFunc(w, func(a, b weighted) int { return cmp.Compare(a.item, b.item) })
	}
	return slices.Clone(w)
}

// descent fits one item after another.
type descent struct {
	SLIM
	gram     numeric.Dense
	screened bool

	at       []int32   // the items that may have a weight
	w        []float64 // theirs
	gradient []float64 // (X'(x_j - X w))_i of theirs
}

// fit is the weights for item j.
func (d *descent) fit(ctx context.Context, j int) []weighted {
	target := d.gram.Row(j)
	d.at, d.w, d.gradient = d.at[:0], d.w[:0], d.gradient[:0]
	for i, g := range target {
		if i == j || d.gram.Row(i)[i] == 0 || d.screened && float64(g) <= d.L1 {
			continue
		}
		d.at, d.w, d.gradient = append(d.at, int32(i)), append(d.w, 0), append(d.gradient, float64(g))
	}
	// Rounds over those with a weight, as long as they move, between rounds over all.
	all := true
	for range d.Sweeps {
		if ctx.Err() != nil {
			return nil
		}
		moved, largest := 0.0, 0.0
		for c := range d.at {
			if !all && d.w[c] == 0 {
				continue
			}
			moved = max(moved, d.step(c))
			largest = max(largest, math.Abs(d.w[c]))
		}
		still := moved <= d.Tolerance*largest
		if all && still {
			break
		}
		all = still
	}
	var kept []weighted
	for c, w := range d.w {
		if w != 0 {
			kept = append(kept, weighted{d.at[c], float32(w)})
		}
	}
	return keepLargest(kept, d.Neighbours)
}

// step puts the weight of d.at[c] where the others want it, and returns how far it moved.
func (d *descent) step(c int) float64 {
	row := d.gram.Row(int(d.at[c]))
	square := float64(row[d.at[c]])
	wanted := d.gradient[c] + square*d.w[c]
	w := 0.0
	switch {
	case wanted > d.L1:
		w = (wanted - d.L1) / (square + d.L2)
	case wanted < -d.L1 && d.Signed:
		w = (wanted + d.L1) / (square + d.L2)
	}
	moved := w - d.w[c]
	if moved == 0 {
		return 0
	}
	d.w[c] = w
	for k, i := range d.at {
		d.gradient[k] -= moved * float64(row[i])
	}
	return math.Abs(moved)
}

// eachItem calls a function of its own thread for each item.
func eachItem(ctx context.Context, items, threads int, progress func(done, total int), begin func() func(item int)) error {
	var next atomic.Int64
	var told sync.Mutex
	done := 0
	var wg sync.WaitGroup
	for range numeric.Threads(threads) {
		wg.Go(func() {
			do := begin()
			for ctx.Err() == nil {
				j := int(next.Add(1)) - 1
				if j >= items {
					return
				}
				do(j)
				if progress != nil {
					told.Lock()
					done++
					progress(done, items)
					told.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// largestWeights keeps the k largest in size of each column of b, ties by the lower row.
func largestWeights(ctx context.Context, b numeric.Dense, k int) (weightRows, error) {
	found := make([][]weighted, b.Cols)
	// Some columns at a time, as a column alone would touch a line of the cache for each of its values.
	const columns = 64
	n := b.Rows
	size := make([]float32, columns*n)
	var kept []numeric.Ranked
	for from := 0; from < b.Cols; from += columns {
		if ctx.Err() != nil {
			return weightRows{}, context.Cause(ctx)
		}
		to := min(b.Cols, from+columns)
		for i := range n {
			for c, w := range b.Row(i)[from:to] {
				size[c*n+i] = max(w, -w)
			}
		}
		for j := from; j < to; j++ {
			kept = numeric.TopK(size[(j-from)*n:(j-from+1)*n], k, kept[:0])
			for _, r := range kept {
				if r.Value > 0 {
					found[j] = append(found[j], weighted{r.Index, b.Row(int(r.Index))[j]})
				}
			}
			slices.SortFunc(found[j], func(a, b weighted) int { return cmp.Compare(a.item, b.item) })
		}
	}
	return bySource(found), nil
}

// weightRows are sparse weights by the item that is had: row i holds what it adds to which items, ascending.
type weightRows struct {
	start  []int64
	item   []int32
	weight []float32
}

// bySource turns lists by the item that is scored, each ascending, into rows by the item that is had.
func bySource(found [][]weighted) weightRows {
	r := weightRows{start: make([]int64, len(found)+1)}
	for _, list := range found {
		for _, w := range list {
			r.start[w.item+1]++
		}
	}
	for i := range found {
		r.start[i+1] += r.start[i]
	}
	r.item, r.weight = make([]int32, r.start[len(found)]), make([]float32, r.start[len(found)])
	next := slices.Clone(r.start)
	for j, list := range found {
		for _, w := range list {
			r.item[next[w.item]], r.weight[next[w.item]] = int32(j), w.weight
			next[w.item]++
		}
	}
	return r
}

// sparseItemModel scores by the weights between some pairs of items.
type sparseItemModel struct {
	modelled
	weightRows
}

func (s *sparseItemModel) Scores(h *History, out []float32) {
	clear(out[:len(s.start)-1])
	for k, item := range h.Item {
		p := s.placeOf(item)
		if p < 0 {
			continue
		}
		value, from, to := h.value(k), s.start[p], s.start[p+1]
		weight := s.weight[from:to]
		for n, j := range s.weightRows.item[from:to] {
			out[j] += value * weight[n]
		}
	}
	s.spread(out[:s.items])
}

func (s *sparseItemModel) Because(h *History, item int32) (int32, float32) {
	j := s.placeOf(item)
	if j < 0 {
		return -1, 0
	}
	return strongest(h, func(i int32) float32 {
		p := s.placeOf(i)
		if p < 0 {
			return 0
		}
		from, to := s.start[p], s.start[p+1]
		if n, ok := slices.BinarySearch(s.weightRows.item[from:to], int32(j)); ok {
			return s.weight[from+int64(n)]
		}
		return 0
	})
}
