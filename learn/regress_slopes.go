// Boosting for any loss with slopes: the slopes of a tree's rows in the whole numbers that histograms add up. The logistic
// loss has slopes within known bounds (boost.go); those of others differ by orders of magnitude between data and from the
// first tree to the last, so that their unit is chosen anew for every tree.

package learn

import (
	"context"
	"math"
)

// slopeSums are the sums over a block of rows.
type slopeSums struct{ a, b float64 }

// newSlopeBoosting lays out a fit of n rows, of which those in learn are learned from and those in held are held out. Rows
// count by their units (nil: 1 each) towards MinLeaf; total is what the rows of both weigh.
func newSlopeBoosting(b *bins, c Boost, learn, held []int32, weight []float64, total float64) *boosting {
	n := b.rows
	f := &boosting{c: c, odds: make([]float64, n), threads: threadsOf(c.Threads), learn: learn, held: held, weight: weight}
	f.growth = &growth{bins: b, wide: make([]cell, n), maxDepth: c.MaxDepth, maxLeaves: c.MaxLeaves,
		minGain: 2 * c.MinGain, l2: c.L2, threads: f.threads, scale: c.LearningRate}
	f.layUnits(total)
	return f
}

// setCells makes cells of minus the slopes a[i] and the curvatures b[i] >= 0 of the rows. A leaf's curvature must be at least
// a thousandth of that of a mean row.
func (f *boosting) setCells(ctx context.Context, rows []int32, a, b []float64) error {
	sums := make([]slopeSums, (len(rows)+gradientBlock-1)/gradientBlock)
	if err := inBlocks(ctx, len(rows), gradientBlock, f.threads, func(block, from, to int) {
		s := &sums[block]
		for _, i := range rows[from:to] {
			s.a += math.Abs(a[i])
			s.b += b[i]
		}
	}); err != nil {
		return err
	}
	var sum slopeSums
	for _, s := range sums {
		sum.a += s.a
		sum.b += s.b
	}
	// As in layUnits: no sum over all rows overflows its bits, and the scaling itself is exact.
	_, exponent := math.Frexp(sum.a)
	scaleA := math.Ldexp(1, 61-exponent)
	_, exponent = math.Frexp(sum.b)
	scaleB := math.Ldexp(1, 62-int(f.shift)-exponent)
	f.unitA, f.unitB = 1/scaleA, 1/scaleB
	f.minB = leastHessian * sum.b / float64(len(rows))
	return inBlocks(ctx, len(rows), gradientBlock, f.threads, func(_, from, to int) {
		for _, i := range rows[from:to] {
			unit := uint64(1)
			if f.units != nil {
				unit = uint64(f.units[i])
			}
			f.wide[i] = cell{int64(a[i] * scaleA), uint64(b[i]*scaleB)<<f.shift | unit}
		}
	})
}
