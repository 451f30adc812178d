// Products of dense matrices, cut into tiles for the threads.

package numeric

import (
	"context"
	"fmt"
)

const (
	depth    = 384 // values of a vector that are multiplied in one go: a panel of 12 takes 18 KB of the first cache
	tileRows = 480 // of C that a thread takes at a time, a multiple of every kernel's rows
	tileCols = 256 // likewise; 256 vectors of depth values are 384 KB of the second cache
)

// Gemm adds alpha * op(a) * op(b) to c, where op transposes a if transA is set and b if transB is: c is m x n, op(a) m x k and
// op(b) k x n. It takes 2*m*n*k operations and 1.5 KB * (m + n) of memory, on up to threads goroutines (0: all processors). a and b must not share memory
// with c. Sums over k are in float32, in runs of 384 that are then added to c in order.
func Gemm(ctx context.Context, threads int, alpha float32, a Dense, transA bool, b Dense, transB bool, c Dense) error {
	return gemm(ctx, best(), threads, alpha, a, transA, b, transB, c)
}

func gemm(ctx context.Context, with kernel, threads int, alpha float32, a Dense, transA bool, b Dense, transB bool, c Dense) error {
	for _, d := range []Dense{a, b, c} {
		if err := d.check(); err != nil {
			return err
		}
	}
	m, k := a.Rows, a.Cols
	if transA {
		m, k = k, m
	}
	kb, n := b.Rows, b.Cols
	if transB {
		kb, n = n, kb
	}
	if k != kb || m != c.Rows || n != c.Cols {
		return fmt.Errorf("numeric: a product of %d x %d and %d x %d into %d x %d", m, k, kb, n, c.Rows, c.Cols)
	}
	threads = Threads(threads)
	bufferA := make([]float32, panelFloats(with.rows, m, min(k, depth)))
	bufferB := make([]float32, panelFloats(with.cols, n, min(k, depth)))
	for k0 := 0; k0 < k; k0 += depth {
		k1 := min(k, k0+depth)
		pa, pb := newPanels(bufferA, with.rows, m, k1-k0), newPanels(bufferB, with.cols, n, k1-k0)
		var err error
		if transA {
			err = pa.packColumns(ctx, threads, a.slice(k0, k1, 0, m), alpha)
		} else {
			err = pa.packRows(ctx, threads, a.slice(0, m, k0, k1), alpha)
		}
		if err != nil {
			return err
		}
		if transB {
			err = pb.packRows(ctx, threads, b.slice(0, n, k0, k1), 1)
		} else {
			err = pb.packColumns(ctx, threads, b.slice(k0, k1, 0, n), 1)
		}
		if err != nil {
			return err
		}
		if err := addProducts(ctx, with, threads, pa, pb, c, false); err != nil {
			return err
		}
	}
	return nil
}

// addProducts adds a_i . b_j to c[i][j] for all i and j, or, if lower is set, at least for those of j <= i.
// Each sum is made by one call of the kernel, so the tiles do not change it.
func addProducts(ctx context.Context, with kernel, threads int, a, b panels, c Dense, lower bool) error {
	m, n := a.count, b.count
	if m == 0 || n == 0 {
		return nil
	}
	// Lower tiles where there are few, so that every thread has some.
	high := min(tileRows, roundUp(m, with.rows))
	across := (n + tileCols - 1) / tileCols
	for high > with.rows && (m+high-1)/high*across < 4*threads {
		high = roundUp(high/2, with.rows)
	}
	down := (m + high - 1) / high
	return inBlocks(ctx, down*across, threads, func(_, block int) {
		// The last rows first: where only the lower half is wanted, these are the long ones.
		i0, j0 := (down-1-block/across)*high, block%across*tileCols
		i1, j1 := min(m, i0+high), min(n, j0+tileCols)
		if lower && j0 >= i1 {
			return
		}
		with.checked(i1-i0, j1-j0, a.kc, a.data[i0*a.kc:], b.data[j0*b.kc:], c.Data[i0*c.Stride+j0:], c.Stride)
	})
}

// Gram adds x'x to the square c, whose sides are the columns of x.
func Gram(ctx context.Context, threads int, x, c Dense) error {
	return Gemm(ctx, threads, 1, x, true, x, false, c)
}
