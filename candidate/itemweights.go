// Sparse weights between items: a model that scores an item by what each item of a history adds to it.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/internal/numeric"
)

// ItemWeights is a fitted model of weights between some pairs of items. Memory: 8 bytes a weight.
type ItemWeights struct {
	W Matrix // Items x Items: row i holds what having i adds to which items
}

// Items is the number of items.
func (w *ItemWeights) Items() int { return w.W.Items }

// Scores adds up the weights of the history.
func (w *ItemWeights) Scores(h *History, out []float32) {
	clear(out)
	for k, item := range h.Item {
		if item < 0 || int(item) >= w.W.Users {
			continue
		}
		value := h.value(k)
		to, weight := w.W.Row(int(item))
		for n, j := range to {
			out[j] += value * weight[n]
		}
	}
}

// Because weighs the items of the history by their weights for item.
func (w *ItemWeights) Because(h *History, item int32) (int32, float32) {
	return strongest(h, func(i int32) float32 {
		if i < 0 || int(i) >= w.W.Users {
			return 0
		}
		to, weight := w.W.Row(int(i))
		if n, ok := slices.BinarySearch(to, item); ok {
			return weight[n]
		}
		return 0
	})
}

func (w *ItemWeights) parts() []any { return matrixParts(&w.W) }

func (w *ItemWeights) valid() error {
	if w.W.Users != w.W.Items || len(w.W.Value) != len(w.W.Item) {
		return fmt.Errorf("%d weights of %d between %d items and %d", len(w.W.Value), len(w.W.Item), w.W.Users, w.W.Items)
	}
	return checkStored(&w.W)
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

// largestWeights keeps the k largest in size of each column of b, ties by the lower row.
func largestWeights(ctx context.Context, b numeric.Dense, k int) (*ItemWeights, error) {
	found := make([][]weighted, b.Cols)
	// Some columns at a time, as a column alone would touch a line of the cache for each of its values.
	const columns = 64
	n := b.Rows
	size := make([]float32, columns*n)
	var kept []numeric.Ranked
	for from := 0; from < b.Cols; from += columns {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
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

// bySource makes a model of lists by the item that is scored, each ascending.
func bySource(found [][]weighted) *ItemWeights {
	n := len(found)
	m := Matrix{Users: n, Items: n, Start: make([]int64, n+1)}
	for _, list := range found {
		for _, w := range list {
			m.Start[w.item+1]++
		}
	}
	for i := range n {
		m.Start[i+1] += m.Start[i]
	}
	m.Item, m.Value = make([]int32, m.Start[n]), make([]float32, m.Start[n])
	next := slices.Clone(m.Start)
	for j, list := range found {
		for _, w := range list {
			at := next[w.item]
			next[w.item]++
			m.Item[at], m.Value[at] = int32(j), w.weight
		}
	}
	return &ItemWeights{W: m}
}

// strongest is the answer of Explainer for weights of the items of a history. Only what speaks for an item is a cause, not what was
// passed over.
func strongest(h *History, weight func(item int32) float32) (cause int32, share float32) {
	type held struct {
		item  int32
		value float32
	}
	total := make([]held, len(h.Item))
	for k, item := range h.Item {
		total[k] = held{item, h.value(k)}
	}
	slices.SortStableFunc(total, func(a, b held) int { return cmp.Compare(a.item, b.item) })
	cause = -1
	var most, all float64
	for k := 0; k < len(total); {
		item, value := total[k].item, float64(0)
		for ; k < len(total) && total[k].item == item; k++ {
			value += float64(total[k].value)
		}
		adds := value * float64(weight(item))
		if !(adds > 0) {
			continue
		}
		all += adds
		if value > 0 && adds > most {
			cause, most = item, adds
		}
	}
	if cause < 0 {
		return -1, 0
	}
	return cause, float32(most / all)
}
