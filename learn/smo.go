// The dual of the C-SVM, solved by decomposition in two levels.
//
// With b_i = y_i alpha_i (y_i is 1 or -1) it is to minimise
//
//	1/2 sum_ij b_i b_j k(x_i,x_j) - sum_i y_i b_i   with   lo_i <= b_i <= hi_i,  sum_i b_i = 0
//
// where a positive row has the bounds 0 and C_i and a negative one -C_i and 0. The gradient is f_i = sum_j k_ij b_j - y_i. b
// is the solution within tol when no b_i that can rise has an f_i smaller by more than tol than that of a b_j that can fall.
//
// The outer level takes a working set of the rows that violate this most, half of it new each time (Joachims 1999; Wen et
// al., ThunderSVM, JMLR 2018). The inner level solves the problem of the working set, all else held, by sequential minimal
// optimisation: pairs by second-order information (Fan, Chen and Lin, JMLR 2005), in a matrix that stays in the processor's
// cache. Only then are kernel rows over all n needed, of those whose b changed, which makes them many at a time and on all
// cores. Once most rows lie at a bound and want to go beyond it, the problem of the others is solved by itself (shrinking,
// Joachims 1999), which may shrink again; then the f of the rows left out are brought up to date and looked at anew. Sums
// are in float64, in an order that does not depend on the number of threads.

package learn

import (
	"context"
	"math"
	"slices"
)

const (
	innerShare  = .1    // the share of the gap that the inner level leaves
	shrinkEvery = 8     // rows may be left out after so many working sets
	shrinkPart  = .5    // the greatest share of the rows that is worth a problem of its own
	shrinkShare = .02   // the share of the gap that such a problem leaves
	tinyCurve   = 1e-12 // stands for a second derivative that is not positive, as in LIBSVM
)

// setSize is the size of the working set of n rows. The inner matrix of 1024 takes 4 MB.
func setSize(n int) int { return max(512, min(n/64, 1024)) }

// smo solves duals over the same rows, of which several may be solved in turn with one cache.
type smo struct {
	x       *Matrix
	table   *kernelTable // of x
	y       []float64    // n: 1 or -1
	arena   []float32    // for the cache; a problem of part of the rows uses it meanwhile
	cache   *rowCache
	threads int
}

// dual is the state of one problem; b and f are as in the first lines. Memory: 32 bytes a row.
type dual struct {
	lo, hi, b, f []float64
	rho          float64 // the decision of a row is its sum_j k_j b_j - rho
	steps        int     // pairs that were optimised
	converged    bool    // within tol, not stopped before
}

// newDual begins at b = 0. cost is C_i of each row; rows of cost 0 take no part, but get their decision.
func (s *smo) newDual(cost []float64) *dual {
	n := len(cost)
	d := &dual{lo: make([]float64, n), hi: make([]float64, n), b: make([]float64, n), f: make([]float64, n)}
	for i, c := range cost {
		if s.y[i] > 0 {
			d.hi[i] = c
		} else {
			d.lo[i] = -c
		}
		d.f[i] = -s.y[i]
	}
	return d
}

// decision is that of row i.
func (s *smo) decision(d *dual, i int) float64 { return d.f[i] + s.y[i] - d.rho }

// solve brings d to its solution within tol, or to the limit of steps.
func (s *smo) solve(ctx context.Context, d *dual, tol float64, limit int) error {
	var set []int32
	var inner *innerDual
	member := make([]bool, len(d.b))
	for sets := 0; ; {
		up, low := s.violators(d)
		if len(up) == 0 || len(low) == 0 {
			d.converged = true // no pair can move
			break
		}
		gap := -low[0].value - up[0].value
		if gap < tol {
			d.converged = true
			break
		}
		if d.steps >= limit {
			break
		}
		if sets++; sets%shrinkEvery == 0 && len(d.b) > 2*setSize(len(d.b)) {
			if active := d.active(up[0].value, -low[0].value); float64(len(active)) < shrinkPart*float64(len(d.b)) {
				if err := s.shrunk(ctx, d, active, max(tol, gap*shrinkShare), limit); err != nil {
					return err
				}
				continue
			}
		}
		var kept int
		var err error
		set, kept = nextSet(set, up, low, member)
		if inner, err = s.inner(ctx, d, set, kept, inner); err != nil {
			return err
		}
		steps, err := inner.solve(ctx, max(tol, gap*innerShare), limit-d.steps)
		if err != nil {
			return err
		}
		if steps == 0 {
			break // no step is great enough to change a number
		}
		d.steps += steps
		if err := s.take(ctx, d, set, inner.b); err != nil {
			return err
		}
	}
	d.rho = rho(d)
	return nil
}

// active are the rows that may still move: not those that lie at a bound and would gain by going beyond it, given the least
// f of a row that can rise and the greatest of one that can fall.
func (d *dual) active(least, greatest float64) []int32 {
	var rows []int32
	for i, f := range d.f {
		if d.b[i] < d.hi[i] && f <= greatest || d.b[i] > d.lo[i] && f >= least {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// shrunk solves within tol the problem of the active rows, the others held, and brings the f of all rows up to date.
func (s *smo) shrunk(ctx context.Context, d *dual, active []int32, tol float64, limit int) error {
	n := len(active)
	sub := &smo{x: s.x.Take(active), y: make([]float64, n), arena: s.arena, threads: s.threads}
	sub.table, sub.cache = newKernelTable(s.table.kernelOf, sub.x), newRowCache(n, s.arena)
	of := &dual{lo: make([]float64, n), hi: make([]float64, n), b: make([]float64, n), f: make([]float64, n)}
	for k, i := range active {
		sub.y[k], of.lo[k], of.hi[k], of.b[k], of.f[k] = s.y[i], d.lo[i], d.hi[i], d.b[i], d.f[i]
	}
	of.steps = d.steps
	if err := sub.solve(ctx, of, tol, limit); err != nil {
		return err
	}
	d.steps = of.steps
	s.cache = newRowCache(len(d.b), s.arena) // its rows were overwritten
	return s.take(ctx, d, active, of.b)
}

// take gives the rows of the set the values b and brings f up to date.
func (s *smo) take(ctx context.Context, d *dual, set []int32, b []float64) error {
	var changed []int32
	var delta []float64
	for k, i := range set {
		if by := b[k] - d.b[i]; by != 0 {
			changed, delta = append(changed, i), append(delta, by)
			d.b[i] = b[k]
		}
	}
	for len(changed) > 0 { // a part at a time, to end soon after ctx
		c := min(len(changed), setSize(len(d.b)))
		if err := s.move(ctx, d.f, changed[:c], delta[:c]); err != nil {
			return err
		}
		changed, delta = changed[c:], delta[c:]
	}
	return nil
}

// scored is a row with what it is chosen by: the smallest are wanted.
type scored struct {
	value float64
	row   int32
}

func (a scored) less(b scored) bool { return a.value < b.value || a.value == b.value && a.row < b.row }

// smallest keeps the smallest of what it is given, as many as it has capacity for, as a heap with the greatest on top.
type smallest []scored

func (h *smallest) push(c scored) {
	if len(*h) < cap(*h) {
		*h = append(*h, c)
		for k := len(*h) - 1; k > 0 && (*h)[(k-1)/2].less((*h)[k]); k = (k - 1) / 2 {
			(*h)[k], (*h)[(k-1)/2] = (*h)[(k-1)/2], (*h)[k]
		}
		return
	}
	if !c.less((*h)[0]) {
		return
	}
	a, k := *h, 0
	for {
		child := 2*k + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child].less(a[child+1]) {
			child++
		}
		if !c.less(a[child]) {
			break
		}
		a[k] = a[child]
		k = child
	}
	a[k] = c
}

// violators are the rows of smallest f that can rise and those of greatest f that can fall (with -f), worst first, without
// those that violate nothing.
func (s *smo) violators(d *dual) (up, low []scored) {
	size := setSize(len(d.f))
	u, l := make(smallest, 0, size), make(smallest, 0, size)
	for i, f := range d.f {
		if d.b[i] < d.hi[i] {
			u.push(scored{f, int32(i)})
		}
		if d.b[i] > d.lo[i] {
			l.push(scored{-f, int32(i)})
		}
	}
	order := func(a, b scored) int {
		if a.less(b) {
			return -1
		}
		return 1
	}
	slices.SortFunc(u, order)
	slices.SortFunc(l, order)
	if len(u) == 0 || len(l) == 0 {
		return nil, nil
	}
	least, greatest := u[0].value, -l[0].value
	for len(u) > 1 && !(u[len(u)-1].value < greatest) {
		u = u[:len(u)-1]
	}
	for len(l) > 1 && !(-l[len(l)-1].value > least) {
		l = l[:len(l)-1]
	}
	return u, l
}

// nextSet takes the worst violators of both sides in turn for half the working set, and for the rest the rows that have
// been in the last one for the shortest time: its last ones, which come first, kept of them. member is false for all rows,
// before and after.
func nextSet(last []int32, up, low []scored, member []bool) (set []int32, kept int) {
	size := setSize(len(member))
	kept = min(len(last), size/2)
	set = slices.Clone(last[len(last)-kept:])
	for _, i := range set {
		member[i] = true
	}
	for k := 0; k < max(len(up), len(low)); k++ {
		for _, side := range [][]scored{up, low} {
			if k < len(side) && len(set) < size && !member[side[k].row] {
				set = append(set, side[k].row)
				member[side[k].row] = true
			}
		}
	}
	for _, i := range set {
		member[i] = false
	}
	return set, kept
}

// move adds delta[c] times the kernel row of changed[c] to f.
func (s *smo) move(ctx context.Context, f []float64, changed []int32, delta []float64) error {
	rows, filled, queries := make([][]float32, len(changed)), make([]bool, len(changed)), make([]query, len(changed))
	for c, i := range changed {
		rows[c], filled[c] = s.cache.get(i, c)
		if !filled[c] {
			s.table.prepare(s.x.Row(int(i)), &queries[c])
		}
	}
	return inBlocks(ctx, s.table.blocks, 1, s.threads, func(b, _, _ int) {
		from, size := b*tableBlock, s.table.size(b)
		part := f[from : from+size]
		var own [4][]float32 // for rows that the cache has no room for
		var four [4][]float32
		var by [4]float64
		for c := 0; c < len(changed); c += 4 {
			for k := range four {
				switch {
				case c+k >= len(changed):
					four[k], by[k] = four[0], 0
					continue
				case rows[c+k] != nil:
					four[k] = rows[c+k][from : from+size]
				default:
					if own[k] == nil {
						own[k] = make([]float32, tableBlock)
					}
					four[k] = own[k][:size]
				}
				by[k] = delta[c+k]
				if !filled[c+k] {
					s.table.block(&queries[c+k], b, four[k])
				}
			}
			k1, k2, k3 := four[1][:size], four[2][:size], four[3][:size]
			for r, k0 := range four[0] {
				part[r] += by[0]*float64(k0) + by[1]*float64(k1[r]) + (by[2]*float64(k2[r]) + by[3]*float64(k3[r]))
			}
		}
	})
}

// rho is the mean f of the rows between their bounds or, without such, the middle of what the others allow.
func rho(d *dual) float64 {
	var sum float64
	free := 0
	least, greatest := math.Inf(1), math.Inf(-1) // of f of rows that can rise, that can fall
	for i, f := range d.f {
		rise, fall := d.b[i] < d.hi[i], d.b[i] > d.lo[i]
		if rise && fall {
			sum += f
			free++
		}
		if rise {
			least = min(least, f)
		}
		if fall {
			greatest = max(greatest, f)
		}
	}
	if free > 0 {
		return sum / float64(free)
	}
	return (least + greatest) / 2
}
