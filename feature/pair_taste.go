// How tastes for contents go together, learned from all users: who clicks more than expected on one content tends to do so on some
// others. Of the C_u clicks of user u, each falls on content g with chance
//
//	p_ug (1 + x_u . v_g),   x_u standard normal in tasteDims dimensions,
//
// p_ug being the share that the slots and cards she was shown let expect. The covariance of contents g and h is estimated by the moments of
// the multinomial, S_gh / N_gh with r = clicks - C p, S = sum_u (r_ug r_uh + f_u C_u p_ug p_uh - [g=h] f_u C_u p_ug) and
// N = sum_u C_u (C_u - 1) p_ug p_uh, f being below 1 for those who click on much of what they see (Past.spread), shrunk by how far it is chance; v is its largest eigenvectors (factor analysis by moments; Lawley and Maxwell, 1971). A user is folded
// in from her own counts: with e_ug = what is expected of her, the best linear estimate of x_u solves (I + sum_g e_ug v_g v_g') x = sum_g v_g (clicks_ug - e_ug).

package feature

import (
	"math"
	"slices"
)

const (
	tasteDims     = 8
	tasteContents = 128 // contents that are told apart: those with most cards
	tasteBlock    = 2 * tasteDims
	tasteRounds   = 12 // of the iteration, which begins where the day before ended
)

// tastes are the loadings of contents as of each day.
type tastes struct {
	place []int16                // by content code: its place below; -1 for none
	load  [][][tasteDims]float32 // by k and place
}

// tasteSums are S and N as changes by k, of some users.
type tasteSums struct {
	n     int // contents
	s, nn [][]float64
}

func newTasteSums(n, days int) *tasteSums {
	t := &tasteSums{n: n, s: make([][]float64, days), nn: make([][]float64, days)}
	for k := range days {
		t.s[k], t.nn[k] = make([]float64, n*n), make([]float64, n*n)
	}
	return t
}

// tasteRow is one user's clicks on one content, less those expected of her, and the share of her clicks that these are.
type tasteRow struct {
	place    int
	r, share float64
}

// add adds the products of rows of a user with so many clicks of such a spread to the sums of the k-th day, with a sign.
func (t *tasteSums) add(k int, clicks, spread float64, rows []tasteRow, sign float64) {
	if clicks < 2 { // one click says nothing about what goes together
		return
	}
	s, nn := t.s[k], t.nn[k]
	for i := range rows {
		a := &rows[i]
		for j := range rows[:i+1] {
			b := &rows[j]
			at := max(a.place, b.place)*t.n + min(a.place, b.place) // the lower triangle
			v := a.r*b.r + spread*clicks*a.share*b.share
			if i == j {
				v -= spread * clicks * a.share
			}
			s[at] += sign * v
			nn[at] += sign * clicks * (clicks - 1) * a.share * b.share
		}
	}
}

// merge adds the sums of other users.
func (t *tasteSums) merge(o *tasteSums) {
	for k := range t.s {
		for i := range t.s[k] {
			t.s[k][i] += o.s[k][i]
			t.nn[k][i] += o.nn[k][i]
		}
	}
}

// chooseTastes gives places to the contents with most cards.
func chooseTastes(attrs []cardAttr, contents int) (place []int16, n int) {
	count := make([]int, contents)
	for i := range attrs {
		if k := attrs[i].codes[ofContent1]; k >= 0 {
			count[k]++
		}
	}
	order := make([]int, contents)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return count[b] - count[a] })
	place = make([]int16, contents)
	for rank, code := range order {
		place[code] = -1
		if rank < tasteContents {
			place[code] = int16(rank)
		}
	}
	return place, min(contents, tasteContents)
}

// learn turns the sums into loadings.
func (t *tastes) learn(sums *tasteSums) {
	n := sums.n
	t.load = make([][][tasteDims]float32, len(sums.s))
	s, nn, cov := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	q := newBasis(n)
	for k := range t.load {
		t.load[k] = make([][tasteDims]float32, n)
		for i := range s {
			s[i] += sums.s[k][i]
			nn[i] += sums.nn[k][i]
		}
		// What is chance: S has variance N around N times the covariance, so that covariances vary by (S^2 - N)/N^2.
		var m moments
		for i := range n {
			for j := range i { // a content's own variance is another matter
				if at := i*n + j; nn[at] > 0 {
					w := 1 / (1 + nn[at])
					m.over += w * (s[at]*s[at] - nn[at])
					m.square += w * nn[at] * nn[at]
				}
			}
		}
		if m.square == 0 || m.over <= 0 {
			continue // tastes do not go together as far as anyone can tell
		}
		shrink := m.square / m.over
		for i := range n {
			for j := range i + 1 {
				at := i*n + j
				cov[at] = s[at] / (nn[at] + shrink)
				cov[j*n+i] = cov[at]
			}
		}
		values := q.iterate(cov, tasteRounds)
		for d := range tasteDims {
			if d >= len(values) || values[d] <= 0 {
				break
			}
			scale := math.Sqrt(values[d])
			for i := range n {
				t.load[k][i][d] = float32(scale * q.v[d][i])
			}
		}
	}
}

// basis holds orthonormal vectors of length n.
type basis struct{ v, next [][]float64 }

func newBasis(n int) *basis {
	q := &basis{}
	for d := range min(tasteBlock, n) {
		q.v, q.next = append(q.v, make([]float64, n)), append(q.next, make([]float64, n))
		for i := range n { // any start that is not orthogonal to what is looked for
			q.v[d][i] = math.Cos(float64(d*(2*i+1)+1) * math.Pi / float64(2*n))
		}
	}
	return q
}

// iterate brings the basis nearer to the eigenvectors of the largest eigenvalues of a symmetric matrix, by orthogonal iteration
// with a Rayleigh-Ritz step at the end (Golub and Van Loan, Matrix Computations, 8.2), and returns the values, falling; their vectors
// are the first of q.v.
func (q *basis) iterate(a []float64, rounds int) []float64 {
	if len(q.v) == 0 {
		return nil
	}
	for range rounds {
		q.multiply(a)
		q.v, q.next = q.next, q.v
		q.orthonormalise()
	}
	q.multiply(a)
	m := len(q.v)
	small := make([]float64, m*m)
	for i := range m {
		for j := range m {
			small[i*m+j] = dot(q.v[i], q.next[j])
		}
	}
	for i := range m { // the product is symmetric but for rounding
		for j := range i {
			small[i*m+j] = (small[i*m+j] + small[j*m+i]) / 2
			small[j*m+i] = small[i*m+j]
		}
	}
	values, vectors := jacobi(small, m)
	for d := range m {
		for i := range q.next[d] {
			var x float64
			for j := range m {
				x += vectors[j*m+d] * q.v[j][i]
			}
			q.next[d][i] = x
		}
	}
	q.v, q.next = q.next, q.v
	return values
}

// multiply sets next to a times v.
func (q *basis) multiply(a []float64) {
	for d, v := range q.v {
		n := len(v)
		for i := range n {
			q.next[d][i] = dot(a[i*n:(i+1)*n], v)
		}
	}
}

// orthonormalise is the modified Gram-Schmidt process; a vector that others span starts anew from a unit vector.
func (q *basis) orthonormalise() {
	for d, v := range q.v {
		for try := 0; ; try++ {
			before := math.Sqrt(dot(v, v))
			for _, u := range q.v[:d] {
				x := dot(u, v)
				for i := range v {
					v[i] -= x * u[i]
				}
			}
			norm := math.Sqrt(dot(v, v))
			if norm > 1e-10*before {
				for i := range v {
					v[i] /= norm
				}
				break
			}
			clear(v)
			v[(d+try)%len(v)] = 1
		}
	}
}

func dot(a, b []float64) (s float64) {
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

// jacobi is the eigenvalues of a symmetric m x m matrix, falling, and their vectors as columns, by cyclic Jacobi rotations (Golub and Van
// Loan, 8.5). It spoils a.
func jacobi(a []float64, m int) (values, vectors []float64) {
	v := make([]float64, m*m)
	for i := range m {
		v[i*m+i] = 1
	}
	for range 30 {
		var off, all float64
		for i := range m {
			for j := range m {
				all += a[i*m+j] * a[i*m+j]
				if i != j {
					off += a[i*m+j] * a[i*m+j]
				}
			}
		}
		if off <= 1e-24*all {
			break
		}
		for p := range m {
			for r := p + 1; r < m; r++ {
				if a[p*m+r] == 0 {
					continue
				}
				theta := (a[r*m+r] - a[p*m+p]) / (2 * a[p*m+r])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for i := range m {
					x, y := a[i*m+p], a[i*m+r]
					a[i*m+p], a[i*m+r] = c*x-s*y, s*x+c*y
				}
				for i := range m {
					x, y := a[p*m+i], a[r*m+i]
					a[p*m+i], a[r*m+i] = c*x-s*y, s*x+c*y
					x, y = v[i*m+p], v[i*m+r]
					v[i*m+p], v[i*m+r] = c*x-s*y, s*x+c*y
				}
			}
		}
	}
	order := make([]int, m)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		switch {
		case a[x*m+x] > a[y*m+y]:
			return -1
		case a[x*m+x] < a[y*m+y]:
			return 1
		}
		return 0
	})
	values, vectors = make([]float64, m), make([]float64, m*m)
	for d, from := range order {
		values[d] = a[from*m+from]
		for i := range m {
			vectors[i*m+d] = v[i*m+from]
		}
	}
	return values, vectors
}

// foldIn is a user's x at the k-th day from her counts by content.
func (t *tastes) foldIn(k int32, contents *book[group], user float32) (x [tasteDims]float32) {
	var a [tasteDims][tasteDims]float32
	var b [tasteDims]float32
	for i := range a {
		a[i][i] = 1
	}
	load := t.load[k]
	for _, at := range contents.used {
		place := t.place[contents.key[at]-1]
		if place < 0 {
			continue
		}
		g, v := &contents.val[at], &load[place]
		e := g.expected * user
		r := g.evidence.clicks - e
		for i := range tasteDims {
			b[i] += r * v[i]
			ev := e * v[i]
			for j := range i + 1 {
				a[i][j] += ev * v[j]
			}
		}
	}
	// Cholesky's decomposition, in place.
	for i := range tasteDims {
		for j := range i + 1 {
			s := a[i][j]
			for m := range j {
				s -= a[i][m] * a[j][m]
			}
			if i == j {
				a[i][i] = float32(math.Sqrt(float64(s)))
			} else {
				a[i][j] = s / a[j][j]
			}
		}
	}
	for i := range tasteDims {
		for j := range i {
			b[i] -= a[i][j] * b[j]
		}
		b[i] /= a[i][i]
	}
	for i := tasteDims - 1; i >= 0; i-- {
		for j := i + 1; j < tasteDims; j++ {
			b[i] -= a[j][i] * x[j]
		}
		x[i] = b[i] / a[i][i]
	}
	return x
}

// match is the log of a user's lift for a content, beside her own; NaN for cards without one.
func (t *tastes) match(k, content int32, x *[tasteDims]float32) float32 {
	if content < 0 || t.place[content] < 0 {
		return nan32
	}
	var s float32
	for d, v := range t.load[k][t.place[content]] {
		s += v * x[d]
	}
	return s
}
