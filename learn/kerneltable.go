// Rows of a kernel matrix, computed fast. Everything that needs k(x, row) for many rows, the SVM's solver, its predictions
// and the kernel maps, asks a kernelTable.
//
// The rows are kept column by column in blocks that fit the processor's caches, so that the dot products of one x with a
// block are a few scaled additions of columns (BLAS axpy, which gonum has in assembly). Columns that are mostly 0, such as
// those of a one-hot code, are kept as lists of their other values: x meets a list only where it is not 0 there itself.
// For the RBF kernel the other columns are centred first, which changes no distance and keeps float32 from cancelling in
// |x|^2 + |y|^2 - 2 x.y.

package learn

import (
	"fmt"
	"math"

	"github.com/viterin/vek"
	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas/blas32"
)

// Kernel is the similarity of two rows x and y of a kernel machine.
type Kernel string

// The kernels. An empty Kernel is KernelRBF.
const (
	KernelRBF    Kernel = "rbf"    // exp(-gamma |x-y|^2)
	KernelPoly   Kernel = "poly"   // (gamma x.y + coef0)^degree
	KernelLinear Kernel = "linear" // x.y
)

// Gamma settings of the kernels that are rules and not numbers.
const (
	GammaScale = 0  // 1 / (columns * variance of all values of the matrix)
	GammaAuto  = -1 // 1 / columns
)

// kernelOf is a kernel with its numbers.
type kernelOf struct {
	Kernel Kernel
	Gamma  float64
	Coef0  float64
	Degree int
}

// valid says what is wrong with k.
func (k kernelOf) valid() error {
	switch k.Kernel {
	case KernelRBF, KernelPoly, KernelLinear:
	default:
		return fmt.Errorf("learn: kernel %q: want %q, %q or %q", k.Kernel, KernelRBF, KernelPoly, KernelLinear)
	}
	if !(k.Gamma > 0) || k.Gamma > 1e30 {
		return fmt.Errorf("learn: kernel %s: gamma %v: want a positive number", k.Kernel, k.Gamma)
	}
	if math.IsNaN(k.Coef0) || math.Abs(k.Coef0) > 1e30 {
		return fmt.Errorf("learn: kernel %s: coef0 %v: want a finite number", k.Kernel, k.Coef0)
	}
	if k.Degree < 1 || k.Degree > 20 {
		return fmt.Errorf("learn: kernel %s: degree %d: want 1 to 20", k.Kernel, k.Degree)
	}
	return nil
}

// gammaOf is the number that a Gamma setting means for x.
func gammaOf(setting float64, x *Matrix) (float64, error) {
	switch {
	case setting > 0 && !math.IsInf(setting, 0):
		return setting, nil
	case setting == GammaAuto:
		return 1 / float64(x.Cols), nil
	case setting != GammaScale:
		return 0, fmt.Errorf("learn: gamma %v: want a positive number, 0 (scale) or -1 (auto)", setting)
	}
	var sum, square float64
	for _, v := range x.Data {
		sum += float64(v)
	}
	mean := sum / float64(len(x.Data))
	for _, v := range x.Data {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	if square == 0 {
		return 1, nil // a constant matrix; scikit-learn takes 1 as well
	}
	return float64(len(x.Data)) / (float64(x.Cols) * square), nil
}

const (
	tableBlock  = 1024 // rows a block: one column of it is 4 KB
	sparseShare = 8    // a column with more than 1/8 of its values not 0 is dense
)

// kernelTable holds n rows for one kernel: 4 bytes for each value of a dense column and 8 for each value that is not 0 of a
// sparse one.
type kernelTable struct {
	kernelOf
	n, blocks int
	dense     []int32   // the dense columns
	centre    []float32 // what is taken from each of them
	columns   []float32 // blocks x len(dense) x tableBlock
	shift     []float32 // n: -gamma |row|^2 after centring
	sparse    []int32   // p: the place among the sparse columns, or -1
	lists     []sparseColumn
	biggest   float64 // an upper bound of |row|^2
}

// sparseColumn lists the values of a column that are not 0.
type sparseColumn struct {
	start []int32   // blocks+1: where each block's entries begin
	row   []int32   // within the block
	value []float32 // as long as row
}

// query is one x, prepared for a table.
type query struct {
	dense  []float32 // len(table.dense), centred
	list   []int32   // the sparse columns in which x is not 0
	value  []float32 // and its values there
	norm   float32   // |x|^2 after centring
	scaled float64   // the same in float64
}

// newKernelTable takes the rows of x, of finite values.
func newKernelTable(k kernelOf, x *Matrix) *kernelTable {
	n, p := x.Rows, x.Cols
	t := &kernelTable{kernelOf: k, n: n, blocks: (n + tableBlock - 1) / tableBlock, sparse: make([]int32, p)}
	filled, sums := make([]int32, p), make([]float64, p)
	for i := range n {
		for j, v := range x.Row(i) {
			if v != 0 {
				filled[j]++
				sums[j] += float64(v)
			}
		}
	}
	for j := range p {
		t.sparse[j] = -1
		if int(filled[j])*sparseShare > n {
			t.dense = append(t.dense, int32(j))
			var c float32
			if k.Kernel == KernelRBF {
				c = float32(sums[j] / float64(n))
			}
			t.centre = append(t.centre, c)
			continue
		}
		t.sparse[j] = int32(len(t.lists))
		t.lists = append(t.lists, sparseColumn{
			start: make([]int32, t.blocks+1), row: make([]int32, 0, filled[j]), value: make([]float32, 0, filled[j])})
	}
	t.columns = make([]float32, t.blocks*len(t.dense)*tableBlock)
	t.shift = make([]float32, n)
	var q query
	for i := range n {
		b, r := i/tableBlock, i%tableBlock
		t.prepare(x.Row(i), &q)
		t.shift[i] = -float32(k.Gamma) * q.norm
		t.biggest = max(t.biggest, q.scaled)
		for c, v := range q.dense {
			t.columns[(b*len(t.dense)+c)*tableBlock+r] = v
		}
		for k, c := range q.list {
			l := &t.lists[c]
			l.row = append(l.row, int32(r))
			l.value = append(l.value, q.value[k])
			l.start[b+1] = int32(len(l.row))
		}
	}
	for c := range t.lists { // a block without entries begins where the one before it ends
		s := t.lists[c].start
		for b := range t.blocks {
			s[b+1] = max(s[b+1], s[b])
		}
	}
	return t
}

// overflows says whether a kernel value of two rows no longer than the longest is too great for float32.
func (t *kernelTable) overflows() error {
	most := t.biggest // it is a float32 in the products
	switch t.Kernel {
	case KernelRBF:
		most = max(most, t.Gamma*4*t.biggest)
	case KernelPoly:
		most = max(most, math.Pow(t.Gamma*t.biggest+math.Abs(t.Coef0), float64(t.Degree)))
	}
	if !(most < 1e30) {
		return fmt.Errorf("learn: kernel %s: its values reach %.3g, too great for float32: standardise the columns first (Encoder)",
			t.Kernel, most)
	}
	return nil
}

// prepare makes row, of finite values, the query q, whose slices are used again.
func (t *kernelTable) prepare(row []float32, q *query) {
	q.dense, q.list, q.value, q.scaled = q.dense[:0], q.list[:0], q.value[:0], 0
	for c, j := range t.dense {
		v := row[j] - t.centre[c]
		q.dense = append(q.dense, v)
		q.scaled += float64(v) * float64(v)
	}
	if len(t.lists) > 0 {
		for j, v := range row {
			if v != 0 && t.sparse[j] >= 0 {
				q.list = append(q.list, t.sparse[j])
				q.value = append(q.value, v)
				q.scaled += float64(v) * float64(v)
			}
		}
	}
	q.norm = float32(q.scaled)
}

// size is the number of rows of block b.
func (t *kernelTable) size(b int) int { return min(tableBlock, t.n-b*tableBlock) }

// block writes to out, which has length t.size(b), the kernel of x and the rows of block b.
func (t *kernelTable) block(x *query, b int, out []float32) {
	scale := float32(t.Gamma)
	switch t.Kernel {
	case KernelRBF:
		own := -scale * x.norm
		for k, v := range t.shift[b*tableBlock:][:len(out)] {
			out[k] = v + own
		}
		scale *= 2
	case KernelPoly:
		for k := range out {
			out[k] = float32(t.Coef0)
		}
	case KernelLinear:
		clear(out)
		scale = 1
	}
	columns := t.columns[b*len(t.dense)*tableBlock:]
	for c, v := range x.dense {
		blas32.Axpy(scale*v, blas32.Vector{N: len(out), Inc: 1, Data: columns[c*tableBlock:]}, blas32.Vector{N: len(out), Inc: 1, Data: out})
	}
	for k, c := range x.list {
		l := &t.lists[c]
		v := scale * x.value[k]
		from, to := l.start[b], l.start[b+1]
		values := l.value[from:to]
		for e, r := range l.row[from:to] {
			out[r] += v * values[e]
		}
	}
	switch t.Kernel {
	case KernelRBF:
		expAll(out, t.reach(x) > 87)
	case KernelPoly:
		for k, v := range out {
			out[k] = power(v, t.Degree)
		}
	}
}

// reach is an upper bound of gamma |x-y|^2 over the rows y.
func (t *kernelTable) reach(x *query) float64 {
	return t.Gamma * 1.001 * (x.scaled + t.biggest + 2*math.Sqrt(x.scaled*t.biggest))
}

// diagonal is k(x, x).
func (t *kernelTable) diagonal(x *query) float64 {
	switch t.Kernel {
	case KernelRBF:
		return 1
	case KernelPoly:
		return math.Pow(t.Gamma*x.scaled+t.Coef0, float64(t.Degree))
	}
	return x.scaled
}

// power is x to the d, d >= 1.
func power(x float32, d int) float32 {
	p := x
	for range d - 1 {
		p *= x
	}
	return p
}

// expSteps are 2^(k/64), k in 0..63, as the bits of float32.
var expSteps = func() (t [64]uint32) {
	for k := range t {
		t[k] = math.Float32bits(float32(math.Exp2(float64(k) / 64)))
	}
	return t
}()

// accelerated says whether the processor has what vek uses.
var accelerated = vek.Info().Acceleration

// expAll replaces each x by e^x, for x up to 1, within 2e-7 + 1e-7|x| of its value relatively. Far says that some x may be
// below -87, of which it makes e^-87, 1e-38. Blocks of 8 go through AVX2 where the processor has it.
func expAll(x []float32, far bool) {
	if far {
		vek32.MaximumNumber_Inplace(x, -87) // below -88 vek's exponential is wrong and ours wraps
	}
	head := 0
	if accelerated {
		head = len(x) &^ 7 // vek's rest of a block is less exact
		vek32.Exp_Inplace(x[:head])
	}
	expPortable(x[head:])
}

// expPortable is expAll in Go: e^x = 2^(k/64) e^u with |u| <= ln2/128, where 1 + u + u^2/2 is right to 3e-8.
func expPortable(x []float32) {
	const perUnit, unit = 64 / math.Ln2, math.Ln2 / 64
	for i, v := range x {
		s := v * perUnit
		k := int32(s - .5)
		u := (s - float32(k)) * unit
		x[i] = math.Float32frombits(expSteps[k&63]+uint32(k>>6)<<23) * (1 + u*(1+.5*u))
	}
}
