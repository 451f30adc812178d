// Which kernel multiplies, and the portable one.

package numeric

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// kernel is the innermost part of a product. add adds to c (m x n, rows ldc apart) the products of m vectors packed in panels of rows, and n
// packed in panels of cols, of kc values each: 1 <= m <= tileRows, 1 <= n <= tileCols, kc >= 1; a and b hold whole panels (pack.go). All sums go
// along kc from first to last, whatever m and n.
type kernel struct {
	name       string
	rows, cols int
	add        func(m, n, kc int, a, b, c []float32, ldc int)
}

// checked is add after a look at the lengths, which the C code cannot take.
func (k kernel) checked(m, n, kc int, a, b, c []float32, ldc int) {
	_, _, _ = a[roundUp(m, k.rows)*kc-1], b[roundUp(n, k.cols)*kc-1], c[(m-1)*ldc+n-1]
	k.add(m, n, kc, a, b, c, ldc)
}

// portable takes plain rows on the left and, on the right, panels as wide as a tile: within one, values stand as in a matrix of kc rows. gonum
// multiplies such a pair by adding rows to rows, whose sums, unlike those of its inner products, do not depend on where the numbers stand in memory.
var portable = kernel{name: "portable", rows: 1, cols: tileCols, add: func(m, n, kc int, a, b, c []float32, ldc int) {
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: m, Cols: kc, Stride: kc, Data: a},
		blas32.General{Rows: kc, Cols: n, Stride: tileCols, Data: b},
		1, blas32.General{Rows: m, Cols: n, Stride: ldc, Data: c})
}}

// best is the fastest kernel that this processor can run.
var best = sync.OnceValue(func() kernel { return append(vectorKernels(), portable)[0] })

// KernelName says which kernel multiplies on this machine: AVX-512, AVX2 or portable.
func KernelName() string { return best().name }

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }
