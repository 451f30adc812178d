// What the neighbourhood methods share: weights of a matrix's entries, and for every row the rows most similar to it. The product of a sparse
// matrix with its own transpose is formed one row at a time in an accumulator as long as the catalogue (Gustavson, ACM TOMS 4,
// 1978), and only the best of each row are kept, so that the product itself, which may be dense, never stands in memory.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// nearestBlock is the number of rows that a goroutine takes at a time: few, since the rows of popular items cost far more than others.
const nearestBlock = 32

// threadsOf is the number of goroutines that a setting asks for; 0 means one a core.
func threadsOf(setting int) int {
	if setting <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return setting
}

// inBlocks calls do for consecutive blocks of 0..n-1, on up to threads goroutines; which block is which does not depend on
// their number. worker is below threads, and no two calls at a time have the same. After ctx ends no further block begins.
func inBlocks(ctx context.Context, n, size, threads int, do func(worker, block, from, to int)) error {
	blocks := (n + size - 1) / size
	var next atomic.Int64
	work := func(worker int) {
		for b := int(next.Add(1)) - 1; b < blocks && ctx.Err() == nil; b = int(next.Add(1)) - 1 {
			do(worker, b, b*size, min(n, (b+1)*size))
		}
	}
	var wg sync.WaitGroup
	for worker := 1; worker < min(threads, blocks); worker++ {
		wg.Go(func() { work(worker) })
	}
	work(0)
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// folded is h as a sparse row: known items (below items) only, ascending, each once with the sum of its values, those whose sum is
// 0 or no finite number left out. What is such a row already is not copied.
func (h *History) folded(items int) History {
	ready := true
	for k, i := range h.Item {
		v := h.value(k)
		if i < 0 || int(i) >= items || k > 0 && h.Item[k-1] >= i || v == 0 || v-v != 0 {
			ready = false
			break
		}
	}
	if ready {
		return *h
	}
	type entry struct {
		item int32
		v    float32
	}
	all := make([]entry, 0, len(h.Item))
	for k, i := range h.Item {
		if v := h.value(k); i >= 0 && int(i) < items && v-v == 0 {
			all = append(all, entry{i, v})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.item, b.item) })
	f := History{Item: make([]int32, 0, len(all)), Value: make([]float32, 0, len(all))}
	for from := 0; from < len(all); {
		to, sum := from, float32(0)
		for ; to < len(all) && all[to].item == all[from].item; to++ {
			sum += all[to].v
		}
		if sum != 0 && sum-sum == 0 {
			f.Item, f.Value = append(f.Item, all[from].item), append(f.Value, sum)
		}
		from = to
	}
	return f
}

// positive is a copy of m's entries above 0, with values of their own; ErrEmpty where there are none. Neighbours are learned from what was
// taken: what was passed over says little of which items go together, since most of it was never looked at.
func positive(m *Matrix) (*Matrix, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	p := &Matrix{Users: m.Users, Items: m.Items, Start: make([]int64, m.Users+1), Item: make([]int32, 0, len(m.Item)), Value: make([]float32, 0, len(m.Item))}
	for u := range m.Users {
		item, value := m.Row(u)
		for k, i := range item {
			v := float32(1)
			if value != nil {
				v = value[k]
			}
			if v > 0 {
				p.Item, p.Value = append(p.Item, i), append(p.Value, v)
			}
		}
		p.Start[u+1] = int64(len(p.Item))
	}
	if len(p.Item) == 0 {
		return nil, ErrEmpty
	}
	return p, nil
}

// Weightings of entries before similarities are taken.
const (
	WeightingNone  = "none"  // the values as they are
	WeightingTFIDF = "tfidf" // the root of the value times the inverse document frequency
	WeightingBM25  = "bm25"  // Okapi BM25, K1 = 1.2, B = .75 (Robertson et al., TREC-3, 1994)
)

// weighter weighs entries of documents (rows) by their terms (columns).
type weighter struct {
	weighting string
	idf       []float64 // of each term, ln((1+documents)/(1+those that have it)): 0 for one that is in all
	length    float64   // mean sum of values of a document
}

func newWeighter(m *Matrix, weighting string) *weighter {
	w := &weighter{weighting: weighting}
	if weighting == WeightingNone {
		return w
	}
	has := make([]int32, m.Items)
	for k, t := range m.Item {
		has[t]++
		w.length += float64(m.Value[k])
	}
	w.length /= float64(m.Users)
	w.idf = make([]float64, m.Items)
	for t, n := range has {
		w.idf[t] = math.Log((1 + float64(m.Users)) / (1 + float64(n)))
	}
	return w
}

// document writes the weights of a document's values to out, which may be value. Evidence against a term weighs what the same evidence
// for it would.
func (w *weighter) document(term []int32, value, out []float32) {
	const k1, b = 1.2, .75
	var length float64
	for _, v := range value {
		length += math.Abs(float64(v))
	}
	saturation := k1 * (1 - b + b*length/w.length)
	for k, t := range term {
		v := float64(value[k])
		switch w.weighting {
		case WeightingTFIDF:
			v = math.Copysign(math.Sqrt(math.Abs(v)), v) * w.idf[t]
		case WeightingBM25:
			v = v * (k1 + 1) / (saturation + math.Abs(v)) * w.idf[t]
		}
		out[k] = float32(v)
	}
}

// weigh replaces the values of m by their weights, with rows as the documents.
func weigh(m *Matrix, weighting string) {
	w := newWeighter(m, weighting)
	for d := range m.Users {
		term, value := m.Row(d)
		w.document(term, value, value)
	}
}

// squares is the sum of squared values of each row.
func squares(m *Matrix) []float64 {
	s := make([]float64, m.Users)
	for u := range m.Users {
		_, value := m.Row(u)
		for _, v := range value {
			s[u] += float64(v) * float64(v)
		}
	}
	return s
}

// nearest finds for each row i of left the k columns j with the highest score(i, j, p), where p = sum over c of left[i,c]*right[c,j] is above
// 0, j is not i, and the score is above 0; ties go to lower columns. The result has a row for each row of left, ascending, and the scores as values.
// Cost: a multiplication for each pair of an entry of left[i,c] and one of right's row c, which for a matrix of users
// and its transpose is the sum of squared row lengths. Memory: 8 bytes a column and thread beside the result.
func nearest(ctx context.Context, left, right *Matrix, k, threads int, score func(i, j int32, p float64) float64) (*Matrix, error) {
	threads = threadsOf(threads)
	type found struct {
		length []int32
		item   []int32
		value  []float32
	}
	blocks := make([]found, (left.Users+nearestBlock-1)/nearestBlock)
	rows := make([]productRow, threads)
	err := inBlocks(ctx, left.Users, nearestBlock, threads, func(worker, block, from, to int) {
		row := &rows[worker]
		if row.sum == nil {
			row.sum = make([]float64, right.Items)
		}
		b := &blocks[block]
		for i := from; i < to && ctx.Err() == nil; i++ {
			kept := row.best(left, right, int32(i), k, score)
			slices.SortFunc(kept, func(a, b Candidate) int { return int(a.Item) - int(b.Item) })
			for _, c := range kept {
				b.item, b.value = append(b.item, c.Item), append(b.value, c.Score)
			}
			b.length = append(b.length, int32(len(kept)))
		}
	})
	if err != nil {
		return nil, err
	}
	n := &Matrix{Users: left.Users, Items: right.Items, Start: make([]int64, 1, left.Users+1)}
	for _, b := range blocks {
		for _, l := range b.length {
			n.Start = append(n.Start, n.Start[len(n.Start)-1]+int64(l))
		}
	}
	total := n.Start[left.Users]
	n.Item, n.Value = make([]int32, 0, total), make([]float32, 0, total)
	for b := range blocks {
		n.Item, n.Value = append(n.Item, blocks[b].item...), append(n.Value, blocks[b].value...)
		blocks[b] = found{}
	}
	return n, nil
}

// productRow is one row of a sparse product while it is formed.
type productRow struct {
	sum     []float64 // zeros between rows
	touched []int32
	heap    []Candidate
}

// best is the k best columns of row i of left times right, in no order, until the next call.
func (r *productRow) best(left, right *Matrix, i int32, k int, score func(i, j int32, p float64) float64) []Candidate {
	inner, weight := left.Row(int(i))
	var work int64
	for _, c := range inner {
		work += right.Start[c+1] - right.Start[c]
	}
	// Where most columns are hit anyway, keeping a list of them costs more than looking at all.
	dense := work >= int64(len(r.sum))/4
	r.touched = r.touched[:0]
	for n, c := range inner {
		w := float64(weight[n])
		item, value := right.Row(int(c))
		if dense {
			for k, j := range item {
				r.sum[j] += w * float64(value[k])
			}
			continue
		}
		for k, j := range item {
			if r.sum[j] == 0 {
				r.touched = append(r.touched, j)
			}
			r.sum[j] += w * float64(value[k])
		}
	}
	t := best{k: k, heap: r.heap[:0]}
	offer := func(j int32, p float64) {
		if j == i {
			return
		}
		if s := float32(score(i, j, p)); s > 0 && !(s-s != 0) && (len(t.heap) < k || s >= t.heap[0].Score) {
			t.offer(Candidate{Item: j, Score: s})
		}
	}
	if dense {
		for j, p := range r.sum {
			if p > 0 {
				offer(int32(j), p)
			}
		}
		clear(r.sum)
	} else {
		for _, j := range r.touched {
			if p := r.sum[j]; p > 0 { // 0 where a column was listed twice, after sums too small to be told from 0
				r.sum[j] = 0
				offer(j, p)
			}
		}
	}
	r.heap = t.heap
	return t.heap
}

// bestOfRows is m with the k highest values of each row only, ties to lower columns; it is written over m.
func bestOfRows(m *Matrix, k int) *Matrix {
	var heap []Candidate
	to, from := int64(0), int64(0)
	for u := range m.Users {
		item, value := m.Item[from:m.Start[u+1]], m.Value[from:m.Start[u+1]]
		from = m.Start[u+1]
		if len(item) > k {
			t := best{k: k, heap: heap[:0]}
			for n, i := range item {
				t.offer(Candidate{Item: i, Score: value[n]})
			}
			slices.SortFunc(t.heap, func(a, b Candidate) int { return int(a.Item) - int(b.Item) })
			item, value = item[:k], value[:k]
			for n, c := range t.heap {
				item[n], value[n] = c.Item, c.Score
			}
			heap = t.heap
		}
		copy(m.Item[to:], item)
		copy(m.Value[to:], value)
		to += int64(len(item))
		m.Start[u+1] = to
	}
	m.Item, m.Value = m.Item[:to], m.Value[:to]
	return m
}

// checkSettings says which setting of a neighbourhood method is not as expected.
func checkSettings(kind string, neighbours, threads int, numbers map[string]float64) error {
	if neighbours < 0 || threads < 0 {
		return fmt.Errorf("candidate: %s: Neighbours %d and Threads %d; 0 or more are expected", kind, neighbours, threads)
	}
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if v := numbers[name]; !(v >= 0) || math.IsInf(v, 0) {
			return fmt.Errorf("candidate: %s: %s is %v; a finite number of 0 or more is expected", kind, name, v)
		}
	}
	return nil
}

func checkWeighting(kind, weighting string) error {
	switch weighting {
	case WeightingNone, WeightingTFIDF, WeightingBM25:
		return nil
	}
	return fmt.Errorf("candidate: %s: Weighting %q; none, tfidf or bm25 is expected", kind, weighting)
}
