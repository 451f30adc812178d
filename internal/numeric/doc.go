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
	"runtime"
	"sync"
	"sync/atomic"
)

// Threads is the number of goroutines that a setting asks for: 0 is all processors.
func Threads(setting int) int {
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
