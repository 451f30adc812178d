// The inner level of the decomposition of smo.go: the dual of a working set, all else held, by pairs chosen by second-order
// information (Fan, Chen and Lin, JMLR 2005), in a matrix that stays in the processor's cache.

package learn

import (
	"context"
	"math"
)

// innerDual is the problem of a working set of q rows.
type innerDual struct {
	lo, hi, b, f []float64
	k            []float32 // q x q
	diagonal     []float64
	cannotRise   []float64 // 0, or +Inf where b = hi: added to f, it keeps a row out of a minimum
	cannotFall   []float64 // 0, or -Inf where b = lo
}

// inner makes the problem of the given rows, of which the first kept were the last ones of the problem before.
func (s *smo) inner(ctx context.Context, d *dual, set []int32, kept int, before *innerDual) (*innerDual, error) {
	q := len(set)
	in := &innerDual{k: make([]float32, q*q)}
	for _, v := range []*[]float64{&in.lo, &in.hi, &in.b, &in.f, &in.diagonal, &in.cannotRise, &in.cannotFall} {
		*v = make([]float64, q)
	}
	for k := range kept {
		had := len(before.b)
		from := had - kept
		in.diagonal[k] = before.diagonal[from+k]
		copy(in.k[k*q:], before.k[(from+k)*had+from:(from+k+1)*had])
	}
	x := s.x.Take(set)
	table := newKernelTable(s.table.kernelOf, x)
	err := inBlocks(ctx, q-kept, 32, s.threads, func(_, from, to int) {
		var one query
		for k := kept + from; k < kept+to; k++ {
			table.prepare(x.Row(k), &one)
			in.diagonal[k] = table.diagonal(&one)
			for b := range table.blocks {
				table.block(&one, b, in.k[k*q+b*tableBlock:][:table.size(b)])
			}
		}
	})
	for k := range kept {
		for j := kept; j < q; j++ {
			in.k[k*q+j] = in.k[j*q+k]
		}
	}
	for k, i := range set {
		in.lo[k], in.hi[k], in.b[k], in.f[k] = d.lo[i], d.hi[i], d.b[i], d.f[i]
		in.bound(k)
	}
	return in, err
}

// bound notes whether b of row k is at a bound.
func (in *innerDual) bound(k int) {
	in.cannotRise[k], in.cannotFall[k] = 0, 0
	if in.b[k] >= in.hi[k] {
		in.cannotRise[k] = math.Inf(1)
	}
	if in.b[k] <= in.lo[k] {
		in.cannotFall[k] = math.Inf(-1)
	}
}

// solve optimises pairs until none violates by more than tol, or up to the limit, and returns their number.
func (in *innerDual) solve(ctx context.Context, tol float64, limit int) (int, error) {
	q := len(in.b)
	b, f := in.b, in.f
	limit = min(limit, 200*q) // a set that takes longer is better chosen anew
	i, least := 0, math.Inf(1)
	for k := range q {
		if v := f[k] + in.cannotRise[k]; v < least {
			i, least = k, v
		}
	}
	for steps := 0; ; steps++ {
		if steps%4096 == 4095 && ctx.Err() != nil {
			return steps, context.Cause(ctx)
		}
		if math.IsInf(least, 1) || steps >= limit {
			return steps, nil
		}
		// i is the row that should rise most; j is the one that, falling, gains most with it: the greatest
		// (f_j-f_i)^2 / (k_ii+k_jj-2k_ij).
		ki := in.k[i*q : (i+1)*q]
		f, diagonal, cannotFall := in.f[:len(ki)], in.diagonal[:len(ki)], in.cannotFall[:len(ki)]
		own, greatest := diagonal[i], math.Inf(-1)
		j, gain, curve := -1, 0., 0.
		for k, kik := range ki {
			v := f[k] + cannotFall[k]
			if v > greatest {
				greatest = v
			}
			by := v - least
			a := own + diagonal[k] - 2*float64(kik)
			if a <= 0 {
				a = tinyCurve
			}
			if by*math.Abs(by) > gain*a { // never where by <= 0, without a branch that cannot be foreseen
				j, gain, curve = k, by*by/a, a
			}
		}
		if j < 0 || greatest-least < tol {
			return steps, nil
		}
		kj := in.k[j*q : (j+1)*q]
		rise, fall := in.hi[i]-b[i], b[j]-in.lo[j]
		by := min((f[j]-least)/curve, rise, fall)
		b[i] += by
		b[j] -= by
		if by == rise { // a bound is met exactly
			b[i] = in.hi[i]
		}
		if by == fall {
			b[j] = in.lo[j]
		}
		in.bound(i)
		in.bound(j)
		cannotRise := in.cannotRise[:len(ki)]
		i, least = 0, math.Inf(1)
		kj = kj[:len(ki)]
		for k, kik := range ki {
			g := f[k] + by*(float64(kik)-float64(kj[k]))
			f[k] = g
			if v := g + cannotRise[k]; v < least {
				i, least = k, v
			}
		}
	}
}
