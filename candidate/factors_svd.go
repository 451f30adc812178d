// The largest singular values of a sparse matrix and their vectors on the items' side, by subspace iteration from a random start: Halko,
// Martinsson and Tropp, SIAM Review 53(2), 2011, algorithms 4.4 and 5.1. The matrix is only ever multiplied with tables of few columns.

package candidate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/viterin/vek"
	"gonum.org/v1/gonum/mat"
)

// svdOversample is how many vectors more than asked for are iterated with: the last of them are the slowest to settle.
const svdOversample = 16

// svd returns the d largest singular values of m, falling, and their right vectors as a table of Items x d; d is at most both of m's
// sides. Values that are nothing but rounding are 0 and so are their vectors. t is m's transpose. Beside m and t it takes
// 4 (Users + 2 Items) (d + 16) bytes and iterations x values x 2 (d + 16) multiplications.
func svd(ctx context.Context, m, t *Matrix, d, iterations int, seed uint64, threads int) (v, singular []float32, err error) {
	l := min(d+svdOversample, m.Users, m.Items)
	random := rand.New(rand.NewPCG(seed, 0x5bd))
	q, y := make([]float32, m.Items*l), make([]float32, m.Users*l)
	for k := range q {
		q[k] = float32(random.NormFloat64())
	}
	for range iterations {
		if err := orthonormalise(ctx, q, l, threads); err != nil {
			return nil, nil, err
		}
		if err := multiply(ctx, m, q, y, l, threads); err != nil {
			return nil, nil, err
		}
		if err := multiply(ctx, t, y, q, l, threads); err != nil {
			return nil, nil, err
		}
	}
	if err := orthonormalise(ctx, q, l, threads); err != nil {
		return nil, nil, err
	}
	// Rayleigh and Ritz: of all vectors in the span of q, those of (m q)'(m q).
	if err := multiply(ctx, m, q, y, l, threads); err != nil {
		return nil, nil, err
	}
	g, err := gramTable(ctx, y, l, threads)
	if err != nil {
		return nil, nil, err
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(l, g), true) {
		return nil, nil, errors.New("candidate: the eigenvalues of a Gram matrix were not found: are all values finite and of ordinary size?")
	}
	values, vectors := eigen.Values(nil), new(mat.Dense)
	eigen.VectorsTo(vectors)
	singular = make([]float32, d)
	turn := make([]float32, d*l) // row k: eigenvector of the k-th largest
	for k := range d {
		value := values[l-1-k]
		if value <= 1e-10*values[l-1] {
			continue
		}
		singular[k] = float32(math.Sqrt(value))
		for i := range l {
			turn[k*l+i] = float32(vectors.At(i, l-1-k))
		}
	}
	v = make([]float32, m.Items*d)
	err = inBlocks(ctx, m.Items, 1024, threadsOf(threads), func(_, _, from, to int) {
		for i := from; i < to; i++ {
			scoreTable(q[i*l:(i+1)*l], turn, v[i*d:(i+1)*d])
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return v, singular, nil
}

// multiply writes m x to y; x and y are tables with l columns.
func multiply(ctx context.Context, m *Matrix, x, y []float32, l, threads int) error {
	return inBlocks(ctx, m.Users, 64, threadsOf(threads), func(_, _, from, to int) {
		clear(y[from*l : to*l])
		for u := from; u < to; u++ {
			h := m.History(u)
			for k, i := range h.Item {
				addScaled(h.value(k), vector(x, l, i), y[u*l:(u+1)*l])
			}
		}
	})
}

// orthonormalise makes the l columns of q orthogonal and of length 1, by Cholesky's factor of their Gram matrix (which needs q only row by
// row), twice, as the second time repairs what the first lost in rounding. A column that the others make up becomes 0.
func orthonormalise(ctx context.Context, q []float32, l, threads int) error {
	for range 2 {
		g, err := gramTable(ctx, q, l, threads)
		if err != nil {
			return err
		}
		for i := range l {
			row, whole := g[i*l:i*l+i+1], g[i*l+i]
			for j := range i {
				if j > 0 {
					row[j] -= vek.Dot(row[:j], g[j*l:j*l+j])
				}
				row[j] /= g[j*l+j]
			}
			if i > 0 {
				row[i] -= vek.Dot(row[:i], row[:i])
			}
			if row[i] > 1e-11*whole {
				row[i] = math.Sqrt(row[i])
			} else {
				row[i] = math.Inf(1) // what is divided by it is 0
			}
		}
		lower := narrow(g)
		err = inBlocks(ctx, len(q)/l, 1024, threadsOf(threads), func(_, _, from, to int) {
			for r := from; r < to; r++ {
				x := q[r*l : (r+1)*l]
				for i := range l {
					if i > 0 {
						x[i] -= dot(lower[i*l:i*l+i], x[:i])
					}
					x[i] /= lower[i*l+i]
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scaled is m with each value times row[u] and column[i].
func (m *Matrix) scaled(row, column []float64) *Matrix {
	s := &Matrix{Users: m.Users, Items: m.Items, Start: m.Start, Item: m.Item, Value: make([]float32, len(m.Item))}
	for u := range m.Users {
		h := m.History(u)
		to := s.Value[m.Start[u]:m.Start[u+1]]
		for k, i := range h.Item {
			to[k] = float32(float64(h.value(k)) * row[u] * column[i])
		}
	}
	return s
}

// ones is n times 1.
func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }
