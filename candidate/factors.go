// What the methods with factors share: tables of item vectors, the dense kernels over them, and the merging of a history. A table of
// n vectors of d numbers is one slice of n*d float32, vector after vector.

package candidate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seguefeed/segue/internal/numeric"
	"github.com/viterin/vek"
)

// maxDim bounds the length of item vectors: small solves take some milliseconds there, and a fit is asked whether it is still wanted
// between them.
const maxDim = 512

// dot is the inner product of two vectors of one length.
func dot(a, b []float32) float32 { return numeric.Dot(a, b) }

// addScaled adds a times x to y, which is as long.
func addScaled(a float32, x, y []float32) {
	numeric.Axpy(a, x, y)
}

// vector is vector i of a table.
func vector(table []float32, d int, i int32) []float32 {
	return table[int(i)*d : (int(i)+1)*d : (int(i)+1)*d]
}

// scoreTable writes the inner product of q and each vector of the table to out.
func scoreTable(q, table []float32, out []float32) {
	d := len(q)
	for i := range out {
		out[i] = dot(q, table[i*d:(i+1)*d])
	}
}

// scoreTables writes the inner products of the users' vectors q, d numbers each, with the table's n to out, n a user: scoreTable of
// many, within rounding.
func scoreTables(q, table []float32, d int, out []float32) {
	users, n := len(q)/d, len(table)/d
	clear(out)
	err := numeric.Gemm(context.Background(), 0, 1, numeric.Dense{Rows: users, Cols: d, Stride: d, Data: q}, false,
		numeric.Dense{Rows: n, Cols: d, Stride: d, Data: table}, true, numeric.Dense{Rows: users, Cols: n, Stride: n, Data: out})
	if err != nil {
		panic(err) // shapes fit and nothing cancels: a fault of this function alone
	}
}

// gramPanel is how many vectors are turned at a time; gramStride keeps the rows of a panel off each other's cache lines.
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

// gramTable is the sum of v v' over the vectors of a table: d x d, symmetric. It is made in float64, in parts that do not depend on the
// threads, of which there are 16, and needs 128 d^2 bytes.
func gramTable(ctx context.Context, table []float32, d, threads int) ([]float64, error) {
	const parts = 16
	n := len(table) / d
	size := max(1, (n+parts-1)/parts)
	var part [parts][]float64
	err := inBlocks(ctx, n, size, threadsOf(threads), func(_, block, from, to int) {
		h, rows := make([]float64, d*d), make([]float64, d*gramStride)
		for ; from < to && ctx.Err() == nil; from += gramPanel {
			n := min(gramPanel, to-from)
			for k := range n {
				for i, x := range table[(from+k)*d : (from+k+1)*d] {
					rows[i*gramStride+k] = float64(x)
				}
			}
			for i := range d {
				left := rows[i*gramStride : i*gramStride+n]
				for j := range i + 1 {
					h[i*d+j] += vek.Dot(left, rows[j*gramStride:j*gramStride+n])
				}
			}
		}
		part[block] = h
	})
	if err != nil {
		return nil, err
	}
	g := make([]float64, d*d)
	for _, h := range part {
		for k, x := range h {
			g[k] += x
		}
	}
	for i := range d {
		for j := range i {
			g[j*d+i] = g[i*d+j]
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

// mostOf is the answer of an Explainer for a folded history of which entry k adds adds(k): the item that adds most, ties to the lower. What
// is within rounding of nothing is no cause.
func mostOf(h *History, adds func(k int) float32) (cause int32, share float32) {
	cause, most, sum, size := int32(-1), float32(0), float32(0), float32(0)
	for k, i := range h.Item {
		a := adds(k)
		size += abs(a)
		if a > 0 {
			sum += a
		}
		if a > most {
			cause, most = i, a
		}
	}
	if !(most > 1e-4*size) {
		return -1, 0
	}
	return cause, most / sum
}

// narrow is x in float32.
func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for k, v := range x {
		y[k] = float32(v)
	}
	return y
}

// sumVectors writes the sum over the folded history of value times vector to q and returns it.
func sumVectors(h *History, table []float32, d int, q []float32) []float32 {
	f := h.folded(len(table) / d)
	clear(q)
	for k, i := range f.Item {
		addScaled(f.value(k), vector(table, d, i), q)
	}
	return q
}

// sumAll is sumVectors of many, d numbers each.
func sumAll(hs []History, table []float32, d int) []float32 {
	q := make([]float32, len(hs)*d)
	for k := range hs {
		sumVectors(&hs[k], table, d, q[k*d:(k+1)*d])
	}
	return q
}

// becauseTable is Because of a model whose score of item i is the sum over the history of value times v_j'v_i.
func becauseTable(h *History, table []float32, d int, item int32) (cause int32, share float32) {
	n := len(table) / d
	if item < 0 || int(item) >= n {
		return -1, 0
	}
	f, v := h.folded(n), vector(table, d, item)
	return mostOf(&f, func(k int) float32 { return f.value(k) * dot(v, vector(table, d, f.Item[k])) })
}

// alias draws numbers 0..n-1 with given chances in the same time for any n: Walker, ACM TOMS 3(3), 1977, as tabled by Vose.
type alias struct {
	keep  []float32 // the chance to stay with a number drawn evenly
	other []int32   // what to take otherwise
}

// newAlias makes a table for chances in proportion to weights, which are not negative and not all 0.
func newAlias(weight []float64) alias {
	n := len(weight)
	a := alias{keep: make([]float32, n), other: make([]int32, n)}
	sum := 0.
	for _, w := range weight {
		sum += w
	}
	left := make([]float64, n)
	var small, large []int32
	for i, w := range weight {
		left[i] = w / sum * float64(n)
		if left[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.keep[s], a.other[s] = float32(left[s]), l
		if left[l] -= 1 - left[s]; left[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	// What is left over would be 1 but for rounding.
	for _, i := range append(small, large...) {
		a.keep[i], a.other[i] = 1, i
	}
	return a
}

func (a *alias) draw(random *rand.Rand) int32 {
	i := random.Int32N(int32(len(a.keep)))
	if random.Float32() < a.keep[i] {
		return i
	}
	return a.other[i]
}

// checkTable says why a loaded table of vectors cannot be used.
func checkTable(table []float32, d int) error {
	if d < 1 || d > maxDim || len(table)%d != 0 {
		return fmt.Errorf("%d numbers in vectors of %d", len(table), d)
	}
	return checkFinite(table)
}
