// What the methods with factors share: tables of item vectors, the dense kernels over them, and the merging of a history. A table of
// n vectors of d numbers is one slice of n*d float32, vector after vector.

package candidate

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas/blas32"
)

// maxDim bounds the length of item vectors: small solves take some milliseconds there, and a fit is asked whether it is still wanted
// between them.
const maxDim = 1024

// factorBlocks calls do for blocks of up to size of 0..n-1 on up to threads goroutines (0: one a processor). Which numbers make a
// block does not depend on the threads; worker, below threads, tells scratch memory apart. No block begins after ctx ends.
func factorBlocks(ctx context.Context, n, size, threads int, do func(worker, from, to int)) error {
	blocks := (n + size - 1) / size
	var next atomic.Int64
	work := func(worker int) {
		for ctx.Err() == nil {
			b := int(next.Add(1)) - 1
			if b >= blocks {
				return
			}
			do(worker, b*size, min(n, (b+1)*size))
		}
	}
	if threads = min(factorThreads(threads), blocks); threads <= 1 {
		work(0)
	} else {
		var wg sync.WaitGroup
		for t := range threads {
			wg.Go(func() { work(t) })
		}
		wg.Wait()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// factorThreads is the number of goroutines that a setting asks for; 0 means one a processor.
func factorThreads(setting int) int {
	if setting <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return setting
}

// dot is the inner product of two vectors of one length above 0.
func dot(a, b []float32) float32 { return vek32.Dot(a, b) }

// addScaled adds a times x to y, which is as long.
func addScaled(a float32, x, y []float32) {
	blas32.Axpy(a, blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
}

// vector is vector i of a table.
func vector(table []float32, d int, i int32) []float32 {
	return table[int(i)*d : (int(i)+1)*d : (int(i)+1)*d]
}

// scoreTable writes the inner product of q and each vector of the table to out.
func scoreTable(q, table []float32, out []float32) {
	d := len(q)
	for i := range out {
		out[i] = vek32.Dot(q, table[i*d:(i+1)*d])
	}
}

// scoreTables writes the inner products of the users' vectors q, k of d numbers, with the table's n to out, n a user. The table
// is read once for all users, in pieces that stay in the processor's cache.
func scoreTables(q, table []float32, d int, out []float32) {
	users, n := len(q)/d, len(table)/d
	piece := max(1, 1<<13/d)
	for from := 0; from < n; from += piece {
		to := min(n, from+piece)
		for u := range users {
			scoreTable(q[u*d:(u+1)*d], table[from*d:to*d], out[u*n+from:u*n+to])
		}
	}
}

// gramPanel is how many vectors addGram takes at a time; gramStride keeps the rows of a panel off each other's cache lines.
const gramPanel, gramStride = 256, 256 + 16

// panel turns columns [from, from+b) of up to gramPanel vectors into rows, so that sums over vectors are inner products of long rows.
type panel struct {
	b, n int
	data []float32 // b rows of gramStride
}

func newPanel(b int) panel { return panel{b: b, data: make([]float32, b*gramStride)} }

// put sets column k to v, of length b.
func (p *panel) put(k int, v []float32) {
	at := k
	for _, x := range v {
		p.data[at] = x
		at += gramStride
	}
}

func (p *panel) row(i int) []float32 { return p.data[i*gramStride : i*gramStride+p.n] }

// addGram adds the sum over the panel's vectors v of w v v' to the lower triangle of h, b x b; weighted holds w v, or is p itself.
func (p *panel) addGram(weighted *panel, h []float32) {
	if p.n == 0 {
		return
	}
	for i := range p.b {
		left, to := weighted.row(i), h[i*p.b:i*p.b+i+1]
		for j := range to {
			to[j] += dot(left, p.row(j))
		}
	}
}

// gramTable is the sum of v v' over the vectors of a table: d x d, symmetric. Its sums do not depend on threads. It needs 64 d^2 bytes.
func gramTable(ctx context.Context, table []float32, d, threads int) ([]float32, error) {
	const parts = 16 // sums that are made apart and then added in order
	n := len(table) / d
	size := max(1, (n+parts-1)/parts)
	part := make([][]float32, parts)
	err := factorBlocks(ctx, n, size, threads, func(_, from, to int) {
		h, p := make([]float32, d*d), newPanel(d)
		for ; from < to && ctx.Err() == nil; from += gramPanel {
			p.n = min(gramPanel, to-from)
			for k := range p.n {
				p.put(k, table[(from+k)*d:(from+k+1)*d])
			}
			p.addGram(&p, h)
		}
		part[(to-1)/size] = h
	})
	if err != nil {
		return nil, err
	}
	g := make([]float32, d*d)
	for i := range d {
		for j := range i + 1 {
			sum := 0.
			for _, h := range part {
				if h != nil {
					sum += float64(h[i*d+j])
				}
			}
			g[i*d+j], g[j*d+i] = float32(sum), float32(sum)
		}
	}
	return g, nil
}

// cholesky overwrites the lower triangle of the positive definite a (n x n) by L with L L' = a. A pivot that rounding brings to nothing
// is kept at a millionth of its diagonal, which holds the solution small in that direction.
func cholesky(a []float32, n int) {
	for i := range n {
		row := a[i*n : i*n+i+1]
		for j := range i {
			if j > 0 {
				row[j] -= dot(row[:j], a[j*n:j*n+j])
			}
			row[j] /= a[j*n+j]
		}
		pivot := row[i]
		if i > 0 {
			pivot -= dot(row[:i], row[:i])
		}
		row[i] = float32(math.Sqrt(float64(max(pivot, 1e-6*row[i], math.SmallestNonzeroFloat32))))
	}
}

// solveCholesky overwrites b by the solution x of L L' x = b.
func solveCholesky(l []float32, n int, b []float32) {
	for i := range n {
		if i > 0 {
			b[i] -= dot(l[i*n:i*n+i], b[:i])
		}
		b[i] /= l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= l[i*n+i]
		if i > 0 {
			addScaled(-b[i], l[i*n:i*n+i], b[:i])
		}
	}
}

// evidence is a history as models with factors take it: known items in ascending order, each once, with the sum of their
// values, which is finite and not 0.
type evidence struct {
	item  []int32
	value []float32
}

// newEvidence merges h for a model of the given number of items.
func newEvidence(h *History, items int) evidence {
	type entry struct {
		item  int32
		value float32
	}
	all := make([]entry, 0, len(h.Item))
	for k, i := range h.Item {
		if i >= 0 && int(i) < items {
			all = append(all, entry{i, h.value(k)})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.item, b.item) })
	e := evidence{item: make([]int32, 0, len(all)), value: make([]float32, 0, len(all))}
	for k := 0; k < len(all); {
		item, sum := all[k].item, float32(0)
		for ; k < len(all) && all[k].item == item; k++ {
			sum += all[k].value
		}
		if sum != 0 && !math.IsNaN(float64(sum)) && !math.IsInf(float64(sum), 0) {
			e.item, e.value = append(e.item, item), append(e.value, sum)
		}
	}
	return e
}

// same says whether two histories came to the same.
func (e *evidence) same(f *evidence) bool {
	return slices.Equal(e.item, f.item) && slices.Equal(e.value, f.value)
}

// mostOf is the answer of an Explainer: the item that adds most, by adds(k) of the k-th, ties to the first.
func (e *evidence) mostOf(adds func(k int) float32) (cause int32, share float32) {
	cause, most, sum := int32(-1), float32(0), float32(0)
	for k, i := range e.item {
		if a := adds(k); a > 0 {
			sum += a
			if a > most {
				cause, most = i, a
			}
		}
	}
	if cause < 0 {
		return -1, 0
	}
	return cause, most / sum
}
