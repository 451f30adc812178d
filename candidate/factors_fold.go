// Folding a user in: her vector w for the moment, given the items' vectors v_i, is the one that minimises
//
//	sum over her history of c_j (t_j - w'v_j)^2 + A sum over all items of (w'v_i)^2 + reg |w|^2
//
// with the size of a value as its confidence c. That is one system of Dim equations, solved by Cholesky's factor. Source: Hu, Koren and
// Volinsky, ICDM 2008, equation 4.

package candidate

import (
	"slices"
	"sync"
)

// folder is how a model folds users in. It is safe for concurrent use.
type folder struct {
	dim         int
	table, gram []float32                               // the items' vectors; the sum of v v'
	bias        []float32                               // what a score has beside w'v_i; nil for nothing
	alpha       float32                                 // A
	reg         func(mass float64) float32              // given the sum of c
	target      func(item int32, value float32) float32 // t

	pool sync.Pool // of *fold, the last solved
}

// fold is a user as solved for.
type fold struct {
	h              History   // folded, a copy
	mass           float64   // sum of c
	user           []float32 // w
	chol           []float32 // of A sum v v' + sum c v v' + reg, dim x dim
	vectors, times panel     // room of the solution
	falls          []float32 // of each item of the history, w less what it would be without her, dim numbers each; empty until asked for
}

// fold solves for the user with history h, 0 where nothing is known of her, or takes the last solved if that is her: reasons are asked for after
// scores. The caller puts it back.
func (f *folder) fold(h *History) *fold {
	known, d := h.folded(len(f.table)/f.dim), f.dim
	u, _ := f.pool.Get().(*fold)
	if u == nil {
		u = &fold{chol: make([]float32, d*d), user: make([]float32, d), vectors: newPanel(d), times: newPanel(d)}
	} else if slices.Equal(u.h.Item, known.Item) && slices.Equal(u.h.Value, known.Value) {
		return u
	}
	u.h = History{Item: slices.Clone(known.Item), Value: slices.Clone(known.Value)}
	u.falls = u.falls[:0]
	clear(u.user)
	if len(known.Item) == 0 {
		return u
	}
	for k, g := range f.gram {
		u.chol[k] = f.alpha * g
	}
	vectors, times, mass := &u.vectors, &u.times, 0.
	for at := 0; at < len(known.Item); at += gramPanel {
		vectors.n = min(gramPanel, len(known.Item)-at)
		times.n = vectors.n
		for k, i := range known.Item[at : at+vectors.n] {
			value := known.value(at + k)
			c, v := abs(value), vector(f.table, d, i)
			mass += float64(c)
			addScaled(c*f.target(i, value), v, u.user)
			vectors.put(k, v)
			for p, x := range v {
				times.data[p*gramStride+k] = c * x
			}
		}
		vectors.addGram(times, u.chol)
	}
	u.mass = mass
	reg := f.reg(mass)
	for p := range d {
		u.chol[p*d+p] += reg
	}
	cholesky(u.chol, d)
	solveCholesky(u.chol, d, u.user)
	return u
}

func (f *folder) put(u *fold) { f.pool.Put(u) }

// users are the vectors of many, dim numbers each.
func (f *folder) users(hs []History) []float32 {
	q := make([]float32, len(hs)*f.dim)
	for k := range hs {
		u := f.fold(&hs[k])
		copy(q[k*f.dim:], u.user)
		f.put(u)
	}
	return q
}

// because says which item of h would lower the score of item most if it were missing: that is the inner product of the item's vector with what w
// would change by. After the scores of the same history it costs dim multiplications an item of the history, but 10 dim^2
// the first time.
func (f *folder) because(h *History, item int32) (cause int32, share float32) {
	d := f.dim
	if item < 0 || int(item) >= len(f.table)/d {
		return -1, 0
	}
	u := f.fold(h)
	defer f.put(u)
	if len(u.falls) == 0 {
		for k := range u.h.Item {
			u.falls = append(u.falls, f.without(u, k)...)
		}
	}
	v := vector(f.table, d, item)
	return mostOf(&u.h, func(k int) float32 {
		fall := dot(v, u.falls[k*d:(k+1)*d])
		if f.bias != nil && len(u.h.Item) == 1 {
			fall += f.bias[item] // of her who has no history no item has a score
		}
		return fall
	})
}

// without is w less what it would be without item j, the k-th of u's history. With a the matrix solved by, e what the regularisation would be
// less, and r = c_j (t_j - w'v_j) v_j - e w, that is x with
//
//	(a - c_j v_j v_j' - e) x = r
//
// (both systems in one, so that little is lost in rounding). The inverse without e is known by Sherman and Morrison's formula, and
// the little that e adds is found by a few rounds of putting e x on the right side.
func (f *folder) without(u *fold, k int) []float32 {
	d := f.dim
	x := make([]float32, d)
	if len(u.h.Item) == 1 {
		copy(x, u.user)
		return x
	}
	j, value := u.h.Item[k], u.h.value(k)
	v, c := vector(f.table, d, j), abs(value)
	less := f.reg(u.mass) - f.reg(max(0, u.mass-float64(c)))
	pull := c * (f.target(j, value) - dot(u.user, v))
	b := slices.Clone(v) // a's inverse times v_j
	solveCholesky(u.chol, d, b)
	rest := max(1-c*dot(b, v), 1e-6)
	right := make([]float32, d)
	for range 8 {
		for p := range d {
			right[p] = pull*v[p] + less*(x[p]-u.user[p])
		}
		solveCholesky(u.chol, d, right)
		addScaled(c*dot(right, v)/rest, b, right)
		copy(x, right)
		if less == 0 {
			break
		}
	}
	return x
}

func abs(x float32) float32 { return max(x, -x) }
