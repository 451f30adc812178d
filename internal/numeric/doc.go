// Package numeric holds the dense kernels that the recommenders stand on: products of float32 matrices, the Gram matrix of a
// sparse one, the inverse of a symmetric positive definite matrix in its own memory, small solves, and the largest of a row.
//
// It exists because an item-item model of 41,000 items costs 6.9e13 operations to invert: an hour by the portable kernels,
// minutes by one written for the processor's vectors (kernel_amd64.c). Where that kernel cannot run, the portable one of gonum takes its
// place, with the same results but for rounding.
//
// Nothing here depends on the number of threads: work is cut into blocks whose sums have a fixed order. A call that ends early
// returns context.Cause and leaves what it was writing in a state of no use.
package numeric

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Dense is a matrix of Rows x Cols, row after row: entry (i, j) is Data[i*Stride+j], Stride >= Cols.
type Dense struct {
	Rows, Cols, Stride int
	Data               []float32
}

// NewDense is a matrix of zeros; it takes 4 bytes an entry.
func NewDense(rows, cols int) Dense {
	return Dense{Rows: rows, Cols: cols, Stride: cols, Data: make([]float32, rows*cols)}
}

// Row is row i, not a copy.
func (d Dense) Row(i int) []float32 {
	return d.Data[i*d.Stride : i*d.Stride+d.Cols : i*d.Stride+d.Cols]
}

// slice is the part of d of rows [i0, i1) and columns [j0, j1), not a copy.
func (d Dense) slice(i0, i1, j0, j1 int) Dense {
	if i0 >= i1 || j0 >= j1 {
		return Dense{Rows: max(0, i1-i0), Cols: max(0, j1-j0), Stride: d.Stride}
	}
	return Dense{Rows: i1 - i0, Cols: j1 - j0, Stride: d.Stride, Data: d.Data[i0*d.Stride+j0 : (i1-1)*d.Stride+j1]}
}

// check says what is wrong with the shape of d. The kernels index by it without looking again.
func (d Dense) check() error {
	switch {
	case d.Rows < 0 || d.Cols < 0 || d.Stride < d.Cols:
		return fmt.Errorf("numeric: a matrix of %d rows and %d columns at a stride of %d", d.Rows, d.Cols, d.Stride)
	case d.Rows > 0 && d.Cols > 0 && len(d.Data) < (d.Rows-1)*d.Stride+d.Cols:
		return fmt.Errorf("numeric: %d values for a matrix of %d rows and %d columns at a stride of %d", len(d.Data), d.Rows, d.Cols, d.Stride)
	}
	return nil
}

// threadsOf is the number of goroutines that a setting asks for: 0 is all processors.
func threadsOf(setting int) int {
	if setting <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return setting
}

// inBlocks calls do for the blocks 0..n-1 on up to threads goroutines, the lower ones first; thread, from 0, is which of these calls.
// After ctx ends no further block begins.
func inBlocks(ctx context.Context, n, threads int, do func(thread, block int)) error {
	if threads = min(threads, n); threads <= 1 {
		for b := range n {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			do(0, b)
		}
		return nil
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			for ctx.Err() == nil {
				b := int(next.Add(1)) - 1
				if b >= n {
					return
				}
				do(t, b)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
