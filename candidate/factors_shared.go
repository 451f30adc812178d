// Shared with the neighbourhood methods.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

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
			if v-v != 0 {
				return nil, fmt.Errorf("candidate: the matrix has value %v for user %d, item %d; a finite value is expected", v, u, i)
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
