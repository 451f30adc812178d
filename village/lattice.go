// The hidden numbers that part users from each other have heavy-tailed effects: drawn independently, a village of 200,000
// would differ from the next by more than the figures it is held against allow. They are spread evenly instead, so that a
// small village is like a large one. Groups of users that have nothing to do with these numbers differ as much as
// independent ones do.

package village

import (
	"math/bits"
	"slices"
)

// lattice is Sobol's sequence in up to seven dimensions, shifted by the seed: of the points 0 to 2^k - 1 and of any run of as
// many that starts at a multiple of 2^k, each dimension has one in each 2^-k of (0,1), and any box its share, nearly. The
// shift (exclusive or with random bits) makes each coordinate uniform. Direction numbers: S. Joe and F. Y. Kuo 2008,
// "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30:2635-2654.
type lattice struct {
	shift     []uint32
	direction [][32]uint32
}

// primitive are the first dimensions' polynomials, a holding the coefficients between the first and the last, and the
// numbers that each recurrence begins with.
var primitive = []struct {
	a uint32
	m []uint32
}{{0, nil}, {0, []uint32{1}}, {1, []uint32{1, 3}}, {1, []uint32{1, 3, 1}}, {2, []uint32{1, 1, 1}}, {1, []uint32{1, 1, 3, 3}}, {4, []uint32{1, 3, 5, 13}}}

// newLattice returns the lattice of dims dimensions, at most 7, that belongs to a seed.
func newLattice(seed uint64, dims int) lattice {
	l := lattice{make([]uint32, dims), make([][32]uint32, dims)}
	r := newRNG()
	r.seed(seed, streamLattice, 0)
	for d := range dims {
		l.shift[d] = uint32(r.src.Uint64())
		p, v := primitive[d], &l.direction[d]
		s := len(p.m)
		for k := range 32 {
			switch {
			case s == 0:
				v[k] = 1 << (31 - k)
			case k < s:
				v[k] = p.m[k] << (31 - k)
			default:
				v[k] = v[k-s] ^ v[k-s]>>s
				for j := 1; j < s; j++ {
					v[k] ^= (p.a >> (s - 1 - j) & 1) * v[k-j]
				}
			}
		}
	}
	return l
}

// at is coordinate d of point i, in (0,1).
func (l lattice) at(i uint32, d int) float64 {
	x, v := l.shift[d], &l.direction[d]
	for ; i != 0; i &= i - 1 {
		x ^= v[bits.TrailingZeros32(i)]
	}
	return (float64(x) + .5) / (1 << 32)
}

// steps draws an index with given weights from a uniform number, rising with it.
type steps []float64

// newSteps adds up the weights, each >= 0, at least one > 0.
func newSteps(weights []float64) steps {
	s, sum := make(steps, len(weights)), 0.0
	for i, w := range weights {
		sum += w
		s[i] = sum
	}
	for i := range s {
		s[i] /= sum
	}
	return s
}

// at is the index of u in [0,1).
func (s steps) at(u float64) int {
	i, _ := slices.BinarySearchFunc(s, u, func(top, u float64) int {
		if top <= u {
			return -1
		}
		return 1
	})
	return min(i, len(s)-1)
}
