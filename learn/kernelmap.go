// Kernel maps: finitely many features z(x) with z(x).z(y) near the RBF kernel exp(-gamma |x-y|^2), so that a linear model over
// them does nearly what a kernel machine does, in time that grows with the rows and not with their square.
//
// Nystroem takes m landmarks among the rows, with kernel matrix K = L L', and z(x) = L^-1 (k(x, landmark))_m: the kernel of
// the rows' projections onto the landmarks' span, exact for the landmarks themselves. Any square root of K gives the same
// z(x).z(y); L is that of a Cholesky factorisation with pivots, which leaves out landmarks that depend on the others, and is
// many times faster than one by eigenvalues. Source: Williams and Seeger, NIPS 2000; Harbrecht, Peters and Schneider, Applied
// Numerical Mathematics 2012.
//
// Fourier draws frequencies w from the kernel's spectrum N(0, 2 gamma I) and takes the cosines and sines of w.x, whose products
// have the kernel as their mean. Source: Rahimi and Recht, NIPS 2007; the pair of cosine and sine has the smaller variance
// (Sutherland and Schneider, UAI 2015).

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas/blas64"
)

// The methods of kernel maps. An empty method is MapNystroem.
const (
	MapNystroem = "nystroem"
	MapFourier  = "fourier"
)

// KernelMap are the settings of a kernel map of the RBF kernel.
type KernelMap struct {
	Method     string  `json:",omitempty"` // "" is MapNystroem
	Components int     `json:",omitempty"` // landmarks, or cosines and sines together, rounded up to even; 0 is 300, at most 2000
	Gamma      float64 `json:",omitempty"` // a positive number, GammaScale (0) or GammaAuto
	Seed       uint64  `json:",omitempty"` // of the landmarks or frequencies
	Threads    int     `json:",omitempty"` // 0 is one a core; products of matrices are on all cores in any case
}

// KernelMapping is a fitted KernelMap.
type KernelMapping struct {
	Method    string
	Gamma     float64
	Landmarks *Matrix   // of Nystroem: m x p, at most as many as were asked for
	Root      []float32 // of Nystroem: m x m, the transpose of L^-1
	Frequency *Matrix   // of Fourier: half the features x p

	once  sync.Once
	table *kernelTable // of Landmarks, or of Frequency for the products w.x
}

const (
	maxComponents = 2000
	leastPivot    = 1e-5 // of a kernel whose diagonal is 1; float32 values are right to some 1e-7
)

// FitKernelMap fits a kernel map to the rows of x, of finite values. Memory: 24 bytes for each pair of landmarks.
func FitKernelMap(ctx context.Context, x *Matrix, c KernelMap) (*KernelMapping, error) {
	if x == nil || x.Rows == 0 || x.Cols == 0 {
		return nil, ErrEmpty
	}
	if c.Components == 0 {
		c.Components = 300
	}
	if c.Components < 1 || c.Components > maxComponents {
		return nil, fmt.Errorf("learn: kernel map: %d components: want 1 to %d", c.Components, maxComponents)
	}
	if len(x.Data) != x.Rows*x.Cols {
		return nil, fmt.Errorf("learn: a matrix of %d x %d holds %d values", x.Rows, x.Cols, len(x.Data))
	}
	if err := checkFinite(x, (&Data{X: x}).columns()); err != nil {
		return nil, err
	}
	gamma, err := gammaOf(c.Gamma, x)
	if err != nil {
		return nil, err
	}
	m := &KernelMapping{Method: c.Method, Gamma: gamma}
	if m.Method == "" {
		m.Method = MapNystroem
	}
	r := rand.New(rand.NewPCG(c.Seed, 0x4d4150)) // a stream of its own
	switch m.Method {
	case MapNystroem:
		if err := m.landmarks(ctx, x, sample(r, x.Rows, min(c.Components, x.Rows))); err != nil {
			return nil, err
		}
	case MapFourier:
		m.Frequency = NewMatrix((c.Components+1)/2, x.Cols)
		for k := range m.Frequency.Data {
			m.Frequency.Data[k] = float32(math.Sqrt(2*gamma) * r.NormFloat64())
		}
	default:
		return nil, fmt.Errorf("learn: kernel map: method %q: want %q or %q", c.Method, MapNystroem, MapFourier)
	}
	return m, m.valid(x.Cols)
}

// sample draws m of the numbers 0..n-1 without replacement, ascending (Floyd's algorithm).
func sample(r *rand.Rand, n, m int) []int32 {
	drawn := make(map[int32]bool, m)
	rows := make([]int32, 0, m)
	for top := n - m; top < n; top++ {
		i := int32(r.IntN(top + 1))
		if drawn[i] {
			i = int32(top)
		}
		drawn[i] = true
		rows = append(rows, i)
	}
	slices.Sort(rows)
	return rows
}

// landmarks factorises the kernel matrix of the given rows of x.
func (m *KernelMapping) landmarks(ctx context.Context, x *Matrix, rows []int32) error {
	n := len(rows)
	at := x.Take(rows)
	table := newKernelTable(m.kernel(), at)
	if err := table.overflows(); err != nil {
		return err
	}
	// k becomes the kernel matrix and then, in rows and columns 0..rank-1 and in the order of the pivots, L.
	k, diagonal, order := make([][]float64, n), make([]float64, n), make([]int32, n)
	row := make([]float32, n)
	var q query
	for i := range k {
		if i%64 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		table.prepare(at.Row(i), &q)
		for b := range table.blocks {
			table.block(&q, b, row[b*tableBlock:][:table.size(b)])
		}
		k[i], diagonal[i], order[i] = make([]float64, n), 1, int32(i)
		for j, v := range row {
			k[i][j] = float64(v)
		}
		k[i][i] = 1
	}
	root := make([][]float64, n) // rows of L, in the order of the pivots
	for i := range root {
		root[i] = make([]float64, n)
	}
	rank := 0
	for ; rank < n; rank++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		best := rank
		for i := rank + 1; i < n; i++ {
			if diagonal[i] > diagonal[best] {
				best = i
			}
		}
		if diagonal[best] < leastPivot {
			break
		}
		order[rank], order[best] = order[best], order[rank]
		diagonal[rank], diagonal[best] = diagonal[best], diagonal[rank]
		root[rank], root[best] = root[best], root[rank]
		pivot := math.Sqrt(diagonal[rank])
		root[rank][rank] = pivot
		for i := rank + 1; i < n; i++ {
			l := k[order[i]][order[rank]]
			if rank > 0 {
				l -= blas64.Dot(vector(root[i][:rank]), vector(root[rank][:rank]))
			}
			l /= pivot
			root[i][rank] = l
			diagonal[i] -= l * l
		}
	}
	m.Landmarks = at.Take(order[:rank])
	// The rows of L^-1, one after another: x_i = (e_i - sum_j<i l_ij x_j) / l_ii.
	inverse := k[:rank]
	for i := range inverse {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		inverse[i] = inverse[i][:rank]
		clear(inverse[i])
		inverse[i][i] = 1
		for j := range i {
			blas64.Axpy(-root[i][j], vector(inverse[j][:j+1]), vector(inverse[i][:j+1]))
		}
		blas64.Scal(1/root[i][i], vector(inverse[i]))
	}
	m.Root = make([]float32, rank*rank)
	for i, values := range inverse {
		for j, v := range values {
			m.Root[j*rank+i] = float32(v)
		}
	}
	return nil
}

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }

// kernel is the map's kernel or, for Fourier, that of the products w.x.
func (m *KernelMapping) kernel() kernelOf {
	k := kernelOf{Kernel: KernelRBF, Gamma: m.Gamma, Degree: 1}
	if m.Method == MapFourier {
		k.Kernel = KernelLinear
	}
	return k
}

// Features is the number of features of a row.
func (m *KernelMapping) Features() int {
	if m.Method == MapFourier {
		return 2 * m.Frequency.Rows
	}
	return m.Landmarks.Rows
}

// Transform makes the features of the rows of x: x.Rows x m.Features().
func (m *KernelMapping) Transform(x *Matrix) (*Matrix, error) {
	if p := m.source().Cols; x.Cols != p || len(x.Data) != x.Rows*x.Cols {
		return nil, fmt.Errorf("learn: kernel map: %d columns where it was fitted on %d, or %d values of %d rows", x.Cols, p, len(x.Data), x.Rows)
	}
	if err := checkFinite(x, (&Data{X: x}).columns()); err != nil {
		return nil, err
	}
	z := NewMatrix(x.Rows, m.Features())
	err := inBlocks(context.Background(), x.Rows, mapRows, threadsOf(0), func(_, from, to int) {
		m.transform(x, from, to, z.Data[from*z.Cols:to*z.Cols])
	})
	if err != nil {
		return nil, err
	}
	for k, v := range z.Data {
		if v != v {
			return nil, fmt.Errorf("learn: row %d: its values are too great for the kernel map", k/z.Cols)
		}
	}
	return z, nil
}

// mapRows are the rows that are mapped at once.
const mapRows = 64

// source are the landmarks or the frequencies.
func (m *KernelMapping) source() *Matrix {
	if m.Method == MapFourier {
		return m.Frequency
	}
	return m.Landmarks
}

// prepared is the table of m.source().
func (m *KernelMapping) prepared() *kernelTable {
	m.once.Do(func() { m.table = newKernelTable(m.kernel(), m.source()) })
	return m.table
}

// similar writes to k, of length m.source().Rows, the kernel of one row and the landmarks, or its products with the
// frequencies.
func (m *KernelMapping) similar(row []float32, q *query, k []float32) {
	table := m.prepared()
	table.prepare(row, q)
	if m.Method == MapNystroem && table.reach(q) > 1e30 {
		clear(k) // too far for float32, and the kernel is 0
		return
	}
	for b := range table.blocks {
		table.block(q, b, k[b*tableBlock:][:table.size(b)])
	}
}

// transform writes the features of rows from..to-1 to z, a row after the other.
func (m *KernelMapping) transform(x *Matrix, from, to int, z []float32) {
	var q query
	s := m.source().Rows
	k := make([]float32, (to-from)*s)
	for i := from; i < to; i++ {
		m.similar(x.Row(i), &q, k[(i-from)*s:][:s])
	}
	if m.Method == MapNystroem {
		vek32.MatMul_Into(z, k, m.Root, s)
		return
	}
	scale := math.Sqrt(1 / float64(s))
	for i := range to - from {
		for j, v := range k[i*s : (i+1)*s] {
			sin, cos := math.Sincos(float64(v))
			z[i*2*s+j], z[i*2*s+s+j] = float32(scale*cos), float32(scale*sin)
		}
	}
}

// valid says what is wrong with a map of p columns.
func (m *KernelMapping) valid(p int) error {
	if err := m.kernel().valid(); err != nil {
		return err
	}
	var from *Matrix
	switch m.Method {
	case MapNystroem:
		from = m.Landmarks
	case MapFourier:
		from = m.Frequency
	default:
		return fmt.Errorf("learn: kernel map: method %q", m.Method)
	}
	if from == nil || from.Rows < 1 || from.Rows > maxComponents || from.Cols != p || p < 1 || len(from.Data) != from.Rows*p {
		return fmt.Errorf("learn: kernel map: landmarks or frequencies do not have %d columns, or not as many values as they should", p)
	}
	if m.Method == MapNystroem && len(m.Root) != from.Rows*from.Rows {
		return fmt.Errorf("learn: kernel map: a root of %d values for %d landmarks", len(m.Root), from.Rows)
	}
	for _, values := range [][]float32{from.Data, m.Root} {
		for _, v := range values {
			if !(math.Abs(float64(v)) <= 1e30) {
				return fmt.Errorf("learn: kernel map: a value of %v", v)
			}
		}
	}
	return nil
}
