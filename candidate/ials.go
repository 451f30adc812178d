// Implicit alternating least squares: vectors w of users and v of items whose inner product is near 1 where a user took an item and near
// 0 elsewhere, the unobserved counting little each but all of them. It minimises
//
//	sum over observed (u,i) of c_ui (t_ui - w_u'v_i)^2 + A sum over all (u,i) of (w_u'v_i)^2
//	+ L (sum_u (|u| + A items)^N |w_u|^2 + sum_i (|i| + A users)^N |v_i|^2)
//
// where a value x > 0 is t = 1, c = x; a value x < 0, evidence against, is t = 0, c = -x; |u| and |i| are the sums of c. So that N can be
// changed alone, L is the setting Reg times what makes the factors' sum over users and items the same as for N = 1. Sources: Hu, Koren and
// Volinsky, ICDM 2008; Rendle, Krichene, Zhang and Koren, RecSys 2022 (the objective, the scaled regularisation) and "iALS++", 2021
// (solving blocks of dimensions in turn, each by one Newton step, instead of all d at once).

package candidate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/seguefeed/segue/internal/numeric"
)

// IALS are the settings of implicit alternating least squares.
type IALS struct {
	Dim         int     `json:"dim,omitempty"`          // numbers a vector, 1..512; 0 means 1.5 sqrt(users or items, the fewer), 64 to 256
	Alpha       float64 `json:"alpha,omitempty"`        // A, the weight of each of all pairs, > 0; 0 means .9 sqrt(observed pairs / all pairs)
	Reg         float64 `json:"reg,omitempty"`          // L where N is 1, > 0; 0 means .1 max(a, 36) / (a + A items), a the mean number of values of a user
	RegExponent float64 `json:"reg_exponent,omitempty"` // N, how regularisation grows with frequency, up to 2; 0 means 1, below 0 means none
	InitStd     float64 `json:"init_std,omitempty"`     // standard deviation of the length of an item's first vector, > 0; 0 means .1
	Epochs      int     `json:"epochs,omitempty"`       // 0 means 16
	Block       int     `json:"block,omitempty"`        // dimensions solved at once; Dim or more is the exact ALS of 2008; 0 means 32
	Threads     int     `json:"threads,omitempty"`      // goroutines; 0 means one a processor. They do not change the model
	Seed        uint64  `json:"seed,omitempty"`
}

// IALSModel is a fitted implicit factorisation. It holds items only; a user's vector is solved for when she asks.
type IALSModel struct {
	Dim                     int
	Alpha, Reg, RegExponent float64   // A, L and N of the objective
	Factor                  []float32 // the items' vectors, Items x Dim
	Gram                    []float32 // sum of v v' over items, Dim x Dim

	folder   *folder
	byLength *byLength
}

// Kind is "ials".
func (IALS) Kind() string { return "ials" }

// Fit is FitIALS.
func (c IALS) Fit(ctx context.Context, m *Matrix) (Scorer, error) {
	return asScorer(FitIALS(ctx, m, c))
}

// Settled makes IALS a Settler.
func (c IALS) Settled(m *Matrix) Learner {
	c, _ = c.defaults(m)
	return &c
}

func (c IALS) defaults(m *Matrix) (IALS, error) {
	// The larger a catalogue and the more people know it, the more directions of taste can be told apart.
	setDefault(&c.Dim, int(min(256, max(64, 1.5*math.Sqrt(float64(min(m.Users, m.Items)))))))
	// Were each unobserved pair to weigh the same on any data, on sparse data they together would drown the observed ones and all users be given what is
	// popular. The root lies between that and holding the two sums in proportion; .9 of it is the .2 that was chosen on MovieLens-100k.
	setDefault(&c.Alpha, .9*math.Sqrt(float64(len(m.Item))/(float64(m.Users)*float64(m.Items))))
	// What a user's vector is held by is L (|u| + A items), of which A items is by far the most on sparse data. It is to be a tenth of what a mean user
	// took, but where users took little, as much as if they had taken 36: chosen on parts of the training interactions of seven sets.
	mean := m.meanHistory()
	setDefault(&c.Reg, .1*max(mean, 36)/(mean+c.Alpha*float64(m.Items)))
	setDefault(&c.InitStd, .1)
	setDefault(&c.Epochs, 16)
	setDefault(&c.Block, 32)
	setDefault(&c.RegExponent, 1)
	c.RegExponent = max(0, c.RegExponent)
	switch {
	case c.Dim < 1 || c.Dim > maxDim:
		return c, fmt.Errorf("candidate: ials: %d dimensions; 1 to %d are expected", c.Dim, maxDim)
	case !(c.Alpha > 0) || math.IsInf(c.Alpha, 0):
		return c, fmt.Errorf("candidate: ials: alpha is %v; a finite number above 0 is expected", c.Alpha)
	case !(c.Reg > 0) || math.IsInf(c.Reg, 0):
		return c, fmt.Errorf("candidate: ials: the regularisation is %v; a finite number above 0 is expected", c.Reg)
	case !(c.RegExponent <= 2):
		return c, fmt.Errorf("candidate: ials: the exponent of the regularisation is %v; at most 2 is expected", c.RegExponent)
	case !(c.InitStd > 0) || math.IsInf(c.InitStd, 0):
		return c, fmt.Errorf("candidate: ials: the first vectors' deviation is %v; a finite number above 0 is expected", c.InitStd)
	case c.Epochs < 1:
		return c, fmt.Errorf("candidate: ials: %d epochs; 1 or more are expected", c.Epochs)
	case c.Block < 1:
		return c, fmt.Errorf("candidate: ials: blocks of %d dimensions; 1 or more are expected", c.Block)
	}
	c.Block = min(c.Block, c.Dim)
	return c, nil
}

// setDefault gives a setting that is 0 its default.
func setDefault[T comparable](setting *T, value T) {
	var zero T
	if *setting == zero {
		*setting = value
	}
}

// FitIALS factorises m. An epoch costs about values x Dim x (Block + 4) + (Users + Items) x Dim x (Dim + Block^2/3) multiplications, all
// threads together. Beside m it needs a copy of m and 4 (Users + Items) Dim bytes.
func FitIALS(ctx context.Context, m *Matrix, cfg IALS) (*IALSModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	cfg, err := cfg.defaults(m)
	if err != nil {
		return nil, err
	}
	d := cfg.Dim
	model := &IALSModel{Dim: d, Alpha: cfg.Alpha, Reg: cfg.Reg, RegExponent: cfg.RegExponent, Factor: make([]float32, m.Items*d)}
	random := rand.New(rand.NewPCG(cfg.Seed, 0x1a15))
	std := cfg.InitStd / math.Sqrt(float64(d))
	for k := range model.Factor {
		model.Factor[k] = float32(std * random.NormFloat64())
	}
	users := make([]float32, m.Users*d)
	t := m.Transpose()
	model.Reg = ialsScale(cfg, m, t)
	cfg.Reg = model.Reg
	for range cfg.Epochs {
		if err := alternate(ctx, cfg, m, model.Factor, users); err != nil {
			return nil, err
		}
		if err := alternate(ctx, cfg, t, users, model.Factor); err != nil {
			return nil, err
		}
	}
	gram, err := gramTable(ctx, model.Factor, d, cfg.Threads)
	if err != nil {
		return nil, err
	}
	model.Gram = narrow(gram)
	for _, v := range model.Gram {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("candidate: ials: the factors ran out of the range of numbers: a larger regularisation than %v is needed", cfg.Reg)
		}
	}
	model.prepare()
	return model, nil
}

// alternate improves the vectors of m's rows, given those of its columns. Both are turned first, which changes no inner product of theirs, so that the sum
// of v v' over the columns is diagonal: with that, rows of few values are solved for in as many unknowns as they have values.
func alternate(ctx context.Context, cfg IALS, m *Matrix, columns, rows []float32) error {
	d := cfg.Dim
	gram, err := turnTables(ctx, cfg, columns, rows)
	if err != nil {
		return err
	}
	threads := threadsOf(cfg.Threads)
	scratch := make([]*ialsScratch, threads)
	return inBlocks(ctx, m.Users, 16, threads, func(worker, _, from, to int) {
		if scratch[worker] == nil {
			scratch[worker] = newIALSScratch(cfg.Block, d)
		}
		for u := from; u < to; u++ {
			item, value := m.Row(u)
			scratch[worker].solve(ctx, cfg, columns, gram, item, value, m.Items, rows[u*d:(u+1)*d])
		}
	})
}

// ialsWeights is what a value says: its confidence and the score it asks for.
func ialsWeights(value []float32, k int) (confidence, target float32) {
	switch {
	case value == nil:
		return 1, 1
	case value[k] > 0:
		return value[k], 1
	}
	return -value[k], 0
}

// ialsScale is L for the setting Reg.
func ialsScale(cfg IALS, sides ...*Matrix) float64 {
	linear, scaled := 0., 0.
	for _, m := range sides {
		for u := range m.Users {
			mass := 0.
			item, value := m.Row(u)
			for k := range item {
				c, _ := ialsWeights(value, k)
				mass += float64(c)
			}
			linear += mass + cfg.Alpha*float64(m.Items)
			scaled += math.Pow(mass+cfg.Alpha*float64(m.Items), cfg.RegExponent)
		}
	}
	return cfg.Reg * linear / scaled
}

// ialsReg is the factor of |w|^2 for a row with values of the given mass in a matrix with so many columns.
func ialsReg(reg, exponent, alpha, mass float64, columns int) float32 {
	return float32(reg * math.Pow(mass+alpha*float64(columns), exponent))
}

// ialsScratch is what one worker needs to solve for one row after the other.
type ialsScratch struct {
	block          int
	vectors, times panel     // the block's columns of the row's items, and the same times their confidence
	h, g           []float32 // Hessian and gradient of the block; x'G of all
	excess         []float32 // of each item of the row: confidence x (score - target)

	few, kernel, pull []float32 // see solveFew: scaled vectors, their inner products, and what each item adds to the row's vector
	scale             []float32 // d numbers
}

func newIALSScratch(block, d int) *ialsScratch {
	return &ialsScratch{block: block, vectors: newPanel(block), times: newPanel(block),
		h: make([]float32, block*block), g: make([]float32, block), scale: make([]float32, d)}
}

// turnTables turns both tables to the eigenvectors of the columns' Gram matrix, and returns that matrix, diagonal then.
func turnTables(ctx context.Context, cfg IALS, columns, rows []float32) ([]float32, error) {
	d := cfg.Dim
	wide, err := gramTable(ctx, columns, d, cfg.Threads)
	if err != nil {
		return nil, err
	}
	for _, v := range wide {
		if v-v != 0 {
			return nil, fmt.Errorf("candidate: ials: the factors ran out of the range of numbers: a larger regularisation than %v is needed", cfg.Reg)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(d, wide), true) {
		return nil, errors.New("candidate: ials: the eigenvalues of a Gram matrix were not found: are all values finite and of ordinary size?")
	}
	vectors := new(mat.Dense)
	eigen.VectorsTo(vectors)
	turn := numeric.Dense{Rows: d, Cols: d, Stride: d, Data: narrow(vectors.RawMatrix().Data)}
	for _, table := range [][]float32{columns, rows} {
		turned := make([]float32, len(table))
		n := len(table) / d
		err := numeric.Gemm(ctx, cfg.Threads, 1, numeric.Dense{Rows: n, Cols: d, Stride: d, Data: table}, false, turn, false,
			numeric.Dense{Rows: n, Cols: d, Stride: d, Data: turned})
		if err != nil {
			return nil, err
		}
		copy(table, turned)
	}
	gram := make([]float32, d*d)
	for k, value := range eigen.Values(nil) {
		gram[k*d+k] = float32(max(0, value))
	}
	return gram, nil
}

// solveFew sets x to the minimum for a row of no more values than numbers. With V the vectors of its items, C their confidences, t the targets, and D the
// diagonal matrix of alpha times gram plus reg, that is (D + V'CV)^-1 V'C t = D^-1 V' z, where (V D^-1 V' + C^-1) z = t: as many unknowns
// as the row has values (Woodbury's identity). It takes n^2 Dim / 2 + n^3 / 6 multiplications for n values.
func (s *ialsScratch) solveFew(table, gram []float32, alpha, reg float32, item []int32, value []float32, x []float32) {
	d, n := len(x), 0
	for p := range d {
		s.scale[p] = 1 / float32(math.Sqrt(float64(alpha*gram[p*d+p]+reg)))
	}
	s.few, s.kernel, s.pull = s.few[:0], slices.Grow(s.kernel[:0], len(item)*len(item))[:len(item)*len(item)], s.pull[:0]
	for k, i := range item {
		c, t := ialsWeights(value, k)
		if c < 1e-30 { // which says nothing, and has no inverse
			continue
		}
		for p, v := range vector(table, d, i) {
			s.few = append(s.few, s.scale[p]*v)
		}
		row := s.kernel[n*len(item) : n*len(item)+n+1]
		for j := range row {
			row[j] = dot(vector(s.few, d, int32(n)), vector(s.few, d, int32(j)))
		}
		row[n] += 1 / c
		s.pull = append(s.pull, t)
		n++
	}
	if n < len(item) { // closed up, which is seldom needed
		for j := range n {
			copy(s.kernel[j*n:j*n+j+1], s.kernel[j*len(item):j*len(item)+j+1])
		}
	}
	cholesky(s.kernel, n)
	solveCholesky(s.kernel, n, s.pull)
	clear(x)
	for j, z := range s.pull {
		addScaled(z, vector(s.few, d, int32(j)), x)
	}
	for p, scale := range s.scale {
		x[p] *= scale
	}
}

// solve sets x, the vector of a row with no more items than x has numbers, to the minimum, and takes one Newton step in each block of that of a longer row.
// The objective is quadratic, so that a block as long as x gives the minimum at once. After ctx ends x is of no use.
func (s *ialsScratch) solve(ctx context.Context, cfg IALS, table, gram []float32, item []int32, value []float32, columns int, x []float32) {
	d, mass := cfg.Dim, 0.
	for k := range item {
		c, _ := ialsWeights(value, k)
		mass += float64(c)
	}
	if mass == 0 {
		clear(x)
		return
	}
	reg, alpha := ialsReg(cfg.Reg, cfg.RegExponent, cfg.Alpha, mass, columns), float32(cfg.Alpha)
	if len(item) <= d {
		s.solveFew(table, gram, alpha, reg, item, value, x)
		return
	}
	s.excess = s.excess[:0]
	for k, i := range item {
		c, t := ialsWeights(value, k)
		s.excess = append(s.excess, c*(dot(x, vector(table, d, i))-t))
	}
	for from := 0; from < d; from += s.block {
		to := min(d, from+s.block)
		b := to - from
		s.vectors.b, s.times.b = b, b
		h, g := s.h[:b*b], s.g[:b]
		for p := range b {
			for q := range p + 1 {
				h[p*b+q] = alpha * gram[(from+p)*d+from+q]
			}
			h[p*b+p] += reg
			g[p] = alpha*dot(x, gram[(from+p)*d:(from+p+1)*d]) + reg*x[from+p]
		}
		for at := 0; at < len(item) && ctx.Err() == nil; at += gramPanel {
			s.vectors.n = min(gramPanel, len(item)-at)
			weighted := &s.vectors
			for k, i := range item[at : at+s.vectors.n] {
				s.vectors.put(k, table[int(i)*d+from:int(i)*d+to])
			}
			if value != nil {
				weighted = &s.times
				weighted.n = s.vectors.n
				for k := range weighted.n {
					c, _ := ialsWeights(value, at+k)
					for p := range b {
						weighted.data[p*gramStride+k] = c * s.vectors.data[p*gramStride+k]
					}
				}
			}
			s.vectors.addGram(weighted, h)
			for p := range b {
				g[p] += dot(s.vectors.row(p), s.excess[at:at+s.vectors.n])
			}
		}
		cholesky(h, b)
		solveCholesky(h, b, g)
		for p := range b {
			x[from+p] -= g[p]
		}
		if to == d {
			return
		}
		for k, i := range item {
			c, _ := ialsWeights(value, k)
			s.excess[k] -= c * dot(g, table[int(i)*d+from:int(i)*d+to])
		}
	}
}

// Items is the number of items fitted.
func (m *IALSModel) Items() int { return len(m.Factor) / m.Dim }

// prepare makes what folds users in.
func (m *IALSModel) prepare() {
	m.byLength = newByLength(m.Factor, m.Dim)
	m.folder = &folder{dim: m.Dim, table: m.Factor, gram: m.Gram, alpha: float32(m.Alpha),
		reg: func(mass float64) float32 { return ialsReg(m.Reg, m.RegExponent, m.Alpha, mass, m.Items()) },
		target: func(_ int32, value float32) float32 {
			if value > 0 {
				return 1
			}
			return 0
		}}
}

// Scores writes the inner products of the items' vectors with the user's. It costs Dim^3/3 + Dim x Items multiplications.
func (m *IALSModel) Scores(h *History, out []float32) {
	f := m.folder.fold(h)
	defer m.folder.put(f)
	scoreTable(f.user, m.Factor, out)
}

func (m *IALSModel) leaders(h *History, skip func(int32) bool, t *best) {
	f := m.folder.fold(h)
	defer m.folder.put(f)
	m.byLength.leaders(f.user, m.Factor, skip, t)
}

// ScoreBatch is Scores of many.
func (m *IALSModel) ScoreBatch(hs []History, out []float32) {
	scoreTables(m.folder.users(hs), m.Factor, m.Dim, out)
}

// Because says which item of h would lower the score of item most if it were missing. It adds c_j t_j v'B v_j to the score of v, with B the inverse of the
// matrix solved by (Hu, Koren and Volinsky 2008, section 5); but without it B would differ too, which is accounted for.
func (m *IALSModel) Because(h *History, item int32) (cause int32, share float32) {
	return m.folder.because(h, item)
}

func (m *IALSModel) parts() []any {
	return []any{&m.Dim, &m.Alpha, &m.Reg, &m.RegExponent, &m.Factor, &m.Gram}
}

func (m *IALSModel) valid() error {
	if err := checkTable(m.Factor, m.Dim); err != nil {
		return err
	}
	if len(m.Gram) != m.Dim*m.Dim {
		return fmt.Errorf("a Gram matrix of %d numbers for vectors of %d", len(m.Gram), m.Dim)
	}
	if !(m.Alpha > 0 && m.Reg > 0 && m.RegExponent >= 0 && m.Alpha+m.Reg+m.RegExponent < math.Inf(1)) {
		return fmt.Errorf("alpha %v, regularisation %v with the exponent %v", m.Alpha, m.Reg, m.RegExponent)
	}
	m.prepare()
	return checkFinite(m.Gram)
}
