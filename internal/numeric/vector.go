// Sums over float32 vectors, each by what is fastest at its length; the lengths were found by measuring.

package numeric

import (
	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas/blas32"
)

// Dot is the inner product of x and y, which have the same length.
func Dot(x, y []float32) float32 {
	if len(x) >= 8 {
		return vek32.Dot(x, y)
	}
	var sum float32
	y = y[:len(x)]
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// Axpy adds alpha*x to y, which have the same length.
func Axpy(alpha float32, x, y []float32) {
	if len(x) >= 64 {
		// vek has no such function, and its two in turn are slower than this one.
		blas32.Axpy(alpha, blas32.Vector{N: len(x), Inc: 1, Data: x}, blas32.Vector{N: len(y), Inc: 1, Data: y})
		return
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}
