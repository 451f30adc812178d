// The iterations of k-means: Lloyd's, of which most distances are spared by two bounds a row (Hamerly, SDM 2010): a row whose
// center is nearer than any other center can be keeps it unlooked at.

package learn

import (
	"context"
	"math"
	"slices"
)

// lloyd is one run of iterations.
type lloyd struct {
	x       *Matrix
	threads int
	centers [][]float64
	at      []int32   // the center of each row
	upper   []float64 // at least the distance to it
	lower   []float64 // at most the distance to any other
	// Of each block of rows: the sums of rows by center, and their numbers.
	sums       [][]float64
	counts     [][]int
	inertia    float64
	iterations int
	converged  bool
}

func newLloyd(x *Matrix, centers [][]float64, threads int) *lloyd {
	blocks, k := (x.Rows+clusterBlock-1)/clusterBlock, len(centers)
	l := &lloyd{x: x, threads: threadsOf(threads), at: make([]int32, x.Rows), upper: make([]float64, x.Rows), lower: make([]float64, x.Rows),
		sums: make([][]float64, blocks), counts: make([][]int, blocks)}
	for _, c := range centers {
		l.centers = append(l.centers, slices.Clone(c))
	}
	for i := range l.upper {
		l.upper[i] = math.Inf(1) // nothing is known: the first look is at every center
	}
	for b := range blocks {
		l.sums[b], l.counts[b] = make([]float64, k*x.Cols), make([]int, k)
	}
	return l
}

// run moves the centers until the sum of their squared moves is at most stop, or no row changes its center.
func (l *lloyd) run(ctx context.Context, iterations int, stop float64) error {
	moved := make([]float64, len(l.centers))
	for !l.converged && l.iterations < iterations {
		changed, err := l.assign(ctx, moved)
		if err != nil {
			return err
		}
		l.iterations++
		squares := l.update(moved)
		l.converged = squares <= stop || changed == 0
	}
	// Assignment and inertia are of the final centers.
	for i := range l.upper {
		l.upper[i] = math.Inf(1)
	}
	if _, err := l.assign(ctx, moved); err != nil {
		return err
	}
	l.inertia = 0
	for _, u := range l.upper {
		l.inertia += u * u
	}
	return nil
}

// assign gives each row its nearest center after the centers have moved so far, and sums rows by center.
func (l *lloyd) assign(ctx context.Context, moved []float64) (changed int, err error) {
	k, p := len(l.centers), l.x.Cols
	// half[c] is half the distance of center c to the nearest other: a row nearer to c than that has no nearer center.
	half := make([]float64, k)
	for c := range half {
		half[c] = math.Inf(1)
		for o := range k {
			if o != c {
				var s float64
				for j, v := range l.centers[c] {
					s += (v - l.centers[o][j]) * (v - l.centers[o][j])
				}
				half[c] = min(half[c], math.Sqrt(s)/2)
			}
		}
	}
	farthest := slices.Max(moved)
	changes := make([]int, len(l.sums))
	err = inBlocks(ctx, l.x.Rows, clusterBlock, l.threads, func(b, from, to int) {
		sums, counts := l.sums[b], l.counts[b]
		clear(sums)
		clear(counts)
		for i := from; i < to; i++ {
			row, c := l.x.Row(i), l.at[i]
			u, low := l.upper[i]+moved[c], l.lower[i]-farthest
			// Bounds are rounded outwards, so that a spared distance can never have mattered.
			bound, unknown := max(low, half[c])*(1-1e-12), math.IsInf(u, 1)
			if unknown || u > bound {
				if !unknown {
					u = math.Sqrt(squaredDistance(row, l.centers[c]))
				}
				if unknown || u > bound {
					at, first, second := nearestTwo(row, l.centers)
					if at != c {
						changes[b]++
					}
					c, u, low = at, math.Sqrt(first), math.Sqrt(second)
				}
			}
			l.at[i], l.upper[i], l.lower[i] = c, u*(1+1e-15), low
			counts[c]++
			sum := sums[int(c)*p : int(c)*p+p]
			for j, v := range row {
				sum[j] += float64(v)
			}
		}
	})
	for _, n := range changes {
		changed += n
	}
	return changed, err
}

// update moves the centers to the means of their rows, writes how far each moved and gives the sum of the squares of that.
func (l *lloyd) update(moved []float64) (squares float64) {
	k, p := len(l.centers), l.x.Cols
	sum, count := make([]float64, k*p), make([]int, k)
	for b := range l.sums {
		for j, v := range l.sums[b] {
			sum[j] += v
		}
		for c, n := range l.counts[b] {
			count[c] += n
		}
	}
	empty := false
	for c, center := range l.centers {
		moved[c] = 0
		if count[c] == 0 {
			empty = true
			continue
		}
		var s float64
		for j := range center {
			to := sum[c*p+j] / float64(count[c])
			s += (to - center[j]) * (to - center[j])
			center[j] = to
		}
		moved[c] = math.Sqrt(s)
		squares += s
	}
	if empty {
		l.refill(count)
		return math.Inf(1)
	}
	return squares
}

// refill moves every center that has lost its rows to the row that is farthest from its own center, and forgets all bounds.
func (l *lloyd) refill(count []int) {
	for c := range l.centers {
		if count[c] > 0 {
			continue
		}
		far, row := -1.0, 0
		for i := range l.x.Rows {
			if own := l.at[i]; count[own] > 1 {
				if d := squaredDistance(l.x.Row(i), l.centers[own]); d > far {
					far, row = d, i
				}
			}
		}
		count[l.at[row]]--
		count[c], l.at[row] = 1, int32(c)
		l.centers[c] = wide(l.x.Row(row))
	}
	for i := range l.upper {
		l.upper[i] = math.Inf(1)
	}
}

// result orders the clusters by size.
func (l *lloyd) result() *KMeans {
	k := len(l.centers)
	size, first, order := make([]int, k), make([]int, k), make([]int, k)
	for i := len(l.at) - 1; i >= 0; i-- {
		size[l.at[i]]++
		first[l.at[i]] = i
	}
	for c := range order {
		order[c] = c
	}
	slices.SortFunc(order, func(a, b int) int {
		if size[a] != size[b] {
			return size[b] - size[a]
		}
		return first[a] - first[b]
	})
	m := &KMeans{Assignment: l.at, Inertia: l.inertia, Iterations: l.iterations, Converged: l.converged}
	place := make([]int32, k)
	for to, c := range order {
		place[c] = int32(to)
		m.Centers, m.Sizes = append(m.Centers, l.centers[c]), append(m.Sizes, size[c])
	}
	for i, c := range l.at {
		l.at[i] = place[c]
	}
	return m
}
