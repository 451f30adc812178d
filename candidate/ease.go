// EASE: every item predicted from all others by ridge regression, in closed form. With P = inv(X'X + D), D diagonal, the weights of
// least squared error among those with a zero diagonal are B_ij = -P_ij / P_jj.
//
// Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. With Dropout: Steck, "Autoencoders that don't overfit towards the
// Identity", NeurIPS 2020, where D grows with the items' popularity.
//
// It is here because on sparse clicks few models come near it, none is simpler, and what it learned can be read: weight ij is what
// having taken i says of j, all else being equal.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/internal/numeric"
)

// EASE is the setting of the method. A fit takes n^3 operations and 4*n^2 bytes, n being the number of items: at 41,000 minutes and
// 6.7 GB. The matrix is taken with its values; Matrix.Binary makes it one of clicks.
type EASE struct {
	L2 float64 // weight of the ridge, in interactions, above 0; 0 means 500. The more data, the more.
	// Dropout is the share of a history that is imagined missing while learning, 0 to below 1: its weights rely less on popular items.
	// D_jj = L2 + Dropout/(1-Dropout) * (X'X)_jj.
	Dropout float64
	Items   int // the most popular items that are modelled, the others always score 0; 0: all
	// Neighbours is how many weights of each item are kept to serve, those largest in size; 0: all, that is 4*n^2 bytes. While it is
	// fitted the model takes these too.
	Neighbours int
	MemoryGB   float64 // the fit refuses items that would take more than that many times 1e9 bytes; 0 means 8
	Threads    int     // 0: all processors

	Progress func(done, total int) `json:"-"` // told of each of total parts of the fit; nil: nobody
}

// Kind is "ease".
func (EASE) Kind() string { return "ease" }

// Fit learns from m. It ends soon after ctx, with its cause.
func (e EASE) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if e.L2 == 0 {
		e.L2 = 500
	}
	if !(e.L2 > 0) || math.IsInf(e.L2, 1) || !(e.Dropout >= 0 && e.Dropout < 1) || e.Neighbours < 0 {
		return nil, fmt.Errorf("candidate: ease with l2 %v, dropout %v and %d neighbours; an l2 above 0, a dropout of 0 to below 1 and no fewer than 0 neighbours are expected",
			e.L2, e.Dropout, e.Neighbours)
	}
	catalogue, b, err := gramOf(ctx, "ease", m, e.Items, e.MemoryGB, e.Threads)
	if err != nil {
		return nil, err
	}
	for j := range b.Rows {
		row := b.Row(j)
		row[j] += float32(e.L2 + e.Dropout/(1-e.Dropout)*float64(row[j]))
	}
	if err := numeric.InvertSPD(ctx, e.Threads, b, e.Progress); err != nil {
		return nil, fmt.Errorf("candidate: ease with l2 %v: %w", e.L2, err)
	}
	// Columns are divided by what stands on the diagonal, so that is read before anything is written.
	scale := make([]float32, b.Rows)
	for j := range scale {
		scale[j] = -1 / b.Row(j)[j]
	}
	for i := range b.Rows {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		row := b.Row(i)
		for j, s := range scale {
			row[j] *= s
		}
		row[i] = 0
	}
	if e.Neighbours > 0 && e.Neighbours < b.Rows {
		weights, err := largestWeights(ctx, b, e.Neighbours)
		if err != nil {
			return nil, err
		}
		return &sparseItemModel{catalogue, weights}, nil
	}
	return &denseItemModel{catalogue, b}, nil
}

// modelled says which items of the catalogue a model knows, and at which place.
type modelled struct {
	items int     // of the catalogue
	item  []int32 // by place, ascending; nil if all are modelled, each at its own place
	place []int32 // by item, -1 where it has none; nil likewise
}

func (c *modelled) Items() int { return c.items }

// placeOf is the place of an item, or -1.
func (c *modelled) placeOf(item int32) int {
	switch {
	case item < 0 || int(item) >= c.items:
		return -1
	case c.place == nil:
		return int(item)
	}
	return int(c.place[item])
}

// spread moves scores by place, at the front of out, to where their items stand.
func (c *modelled) spread(out []float32) {
	if c.item == nil {
		return
	}
	n := len(c.item)
	clear(out[n:c.items])
	// Places never stand behind their items, so going backwards overwrites nothing that is still wanted.
	for p := n - 1; p >= 0; p-- {
		if s, i := out[p], c.item[p]; int(i) != p {
			out[p], out[i] = 0, s
		}
	}
}

// mostTaken is the catalogue of the n items that most users took, ties by the lower item; of all if n is 0.
func mostTaken(m *Matrix, n int) modelled {
	if n == 0 || n >= m.Items {
		return modelled{items: m.Items}
	}
	users := make([]int32, m.Items)
	for _, i := range m.Item {
		users[i]++
	}
	item := make([]int32, m.Items)
	for i := range item {
		item[i] = int32(i)
	}
	slices.SortFunc(item, func(a, b int32) int { return cmp.Or(cmp.Compare(users[b], users[a]), cmp.Compare(a, b)) })
	item = item[:n:n]
	slices.Sort(item)
	place := slices.Repeat([]int32{-1}, m.Items)
	for p, i := range item {
		place[i] = int32(p)
	}
	return modelled{m.Items, item, place}
}

// gramOf is X'X of the items that are modelled, where method asks for it.
func gramOf(ctx context.Context, method string, m *Matrix, items int, memoryGB float64, threads int) (modelled, numeric.Dense, error) {
	if memoryGB == 0 {
		memoryGB = 8
	}
	if items < 0 || !(memoryGB > 0) {
		return modelled{}, numeric.Dense{}, fmt.Errorf("candidate: %s with %d items and %v GB of memory; no fewer than 0 items and more than 0 GB are expected", method, items, memoryGB)
	}
	catalogue := mostTaken(m, items)
	x := numeric.Sparse{Rows: m.Users, Cols: m.Items, Start: m.Start, Index: m.Item, Value: m.Value}
	if catalogue.item != nil {
		x = numeric.Sparse{Rows: m.Users, Cols: len(catalogue.item), Start: make([]int64, m.Users+1)}
		for u := range m.Users {
			item, value := m.Row(u)
			for k, i := range item {
				if p := catalogue.place[i]; p >= 0 {
					x.Index = append(x.Index, p)
					if value != nil {
						x.Value = append(x.Value, value[k])
					}
				}
			}
			x.Start[u+1] = int64(len(x.Index))
		}
	}
	if n := float64(x.Cols); 4*n*n > memoryGB*1e9 {
		return modelled{}, numeric.Dense{}, fmt.Errorf("candidate: %s of %d items takes %.1f GB and may take %v: set items to %d or less, or memory_gb to more",
			method, x.Cols, 4*n*n/1e9, memoryGB, int(math.Sqrt(memoryGB*1e9/4)))
	}
	gram := numeric.NewDense(x.Cols, x.Cols)
	if err := numeric.GramSparse(ctx, threads, &x, gram); err != nil {
		return modelled{}, numeric.Dense{}, err
	}
	return catalogue, gram, nil
}

// denseItemModel scores by a weight for every pair of items: row i holds what having i adds to each. The zero
// diagonal keeps an item from speaking for itself.
type denseItemModel struct {
	modelled
	weight numeric.Dense
}

func (d *denseItemModel) Scores(h *History, out []float32) {
	to := out[:d.weight.Rows]
	clear(to)
	for k, item := range h.Item {
		if p := d.placeOf(item); p >= 0 {
			numeric.Axpy(h.value(k), d.weight.Row(p), to)
		}
	}
	d.spread(out[:d.items])
}

func (d *denseItemModel) Because(h *History, item int32) (int32, float32) {
	j := d.placeOf(item)
	if j < 0 {
		return -1, 0
	}
	return strongest(h, func(i int32) float32 {
		if p := d.placeOf(i); p >= 0 {
			return d.weight.Row(p)[j]
		}
		return 0
	})
}

// ScoreBatch goes through the weights some columns at a time, so that the rows that many histories share stay in the
// cache.
func (d *denseItemModel) ScoreBatch(hs []History, out []float32) {
	const columns = 1024
	n := d.weight.Rows
	for from := 0; from < n; from += columns {
		to := min(n, from+columns)
		for u := range hs {
			part := out[u*d.items+from : u*d.items+to]
			clear(part)
			for k, item := range hs[u].Item {
				if p := d.placeOf(item); p >= 0 {
					numeric.Axpy(hs[u].value(k), d.weight.Row(p)[from:to], part)
				}
			}
		}
	}
	for u := range hs {
		d.spread(out[u*d.items : (u+1)*d.items])
	}
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
