// Bayesian personalised ranking: factors of users and items such that what a user took scores above what she did not. It maximises, by
// stochastic gradient steps over triples of a user u, an item i she took and an item j she did not,
//
//	ln sigma(s_ui - s_uj) - L (|w_u|^2 + |v_i|^2 + |v_j|^2 + b_i^2 + b_j^2),   s_ui = b_i + w_u'v_i
//
// Source: Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009. Steps are taken one after the other, since a model that depends on
// which thread came first could not be had twice.

package candidate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// BPR are the settings of Bayesian personalised ranking.
type BPR struct {
	Dim    int     `json:"dim,omitempty"`    // numbers a vector, 1..512; 0 means 64
	Epochs int     `json:"epochs,omitempty"` // of as many steps as there are positive values; 0 means 1600 over the mean number of a user's or an item's, the fewer, 40 to 160
	Rate   float64 `json:"rate,omitempty"`   // size of the first steps, > 0, falling to a hundredth; 0 means .05
	Reg    float64 `json:"reg,omitempty"`    // L, > 0; 0 means .01
	// Popular is the power of an item's frequency in proportion to which j is drawn, up to 4; 0 means .75, below 0 evenly.
	Popular float64 `json:"popular,omitempty"`
	// Shown is the share of steps for which j is drawn from the user's negative values, where she has any; 0 means .5, below 0 none.
	Shown float64 `json:"shown,omitempty"`
	// Users are folded in by a ridge regression with these two settings of IALS on the margins that training reached.
	FoldAlpha float64 `json:"fold_alpha,omitempty"` // > 0; 0 means .003
	FoldReg   float64 `json:"fold_reg,omitempty"`   // > 0; 0 means 10
	Seed      uint64  `json:"seed,omitempty"`
}

// BPRModel is a fitted ranking. It holds items only.
type BPRModel struct {
	Dim                        int
	Factor                     []float32 // the items' vectors, Items x Dim, whose mean is 0: only differences between items count
	Bias                       []float32 // of items, mean 0
	Gram                       []float32 // sum of v v', Dim x Dim
	Margin, FoldAlpha, FoldReg float64   // see fold-in

	folder *folder
}

// Kind is "bpr".
func (BPR) Kind() string { return "bpr" }

// Fit is FitBPR.
func (c BPR) Fit(ctx context.Context, m *Matrix) (Scorer, error) { return asScorer(FitBPR(ctx, m, c)) }

// Settled makes BPR a Settler.
func (c BPR) Settled(m *Matrix) Learner {
	c, _ = c.defaults(m)
	return &c
}

func (c BPR) defaults(m *Matrix) (BPR, error) {
	setDefault(&c.Dim, 64)
	// So that each vector takes some 1,600 steps: on sparse data 40 epochs leave most vectors near where they began.
	setDefault(&c.Epochs, int(min(160, max(40, 1600*float64(max(m.Users, m.Items))/float64(len(m.Item)+1)))))
	setDefault(&c.Rate, .05)
	setDefault(&c.Reg, .01)
	setDefault(&c.Shown, .5)
	setDefault(&c.Popular, .75)
	c.Popular = max(0, c.Popular)
	setDefault(&c.FoldAlpha, .003)
	setDefault(&c.FoldReg, 10)
	switch {
	case c.Dim < 1 || c.Dim > maxDim:
		return c, fmt.Errorf("candidate: bpr: %d dimensions; 1 to %d are expected", c.Dim, maxDim)
	case c.Epochs < 1:
		return c, fmt.Errorf("candidate: bpr: %d epochs; 1 or more are expected", c.Epochs)
	case !(c.Popular <= 4):
		return c, fmt.Errorf("candidate: bpr: items drawn by their frequency to the power of %v; at most 4 is expected", c.Popular)
	case !(c.Shown <= 1):
		return c, fmt.Errorf("candidate: bpr: a share of shown items of %v; at most 1 is expected", c.Shown)
	}
	for _, s := range []struct {
		name  string
		value float64
	}{{"rate", c.Rate}, {"regularisation", c.Reg}, {"fold-in's alpha", c.FoldAlpha}, {"fold-in's regularisation", c.FoldReg}} {
		if !(s.value > 0) || math.IsInf(s.value, 0) {
			return c, fmt.Errorf("candidate: bpr: the %s is %v; a finite number above 0 is expected", s.name, s.value)
		}
	}
	return c, nil
}

// bprRun is a fit under way.
type bprRun struct {
	cfg           BPR
	liked         *Matrix // of the positive values, each 1
	passed        *Matrix // of the negative values
	owner         []int32 // the user of each entry of liked
	users, items  []float32
	bias          []float32
	alias         alias
	random        *rand.Rand
	margin, steps float64 // sum over the steps of the last epoch of s_ui - s_uj, and their number
}

// FitBPR learns to rank m's positive values above the rest. An epoch takes some 3 Dim multiplications a positive value, on one
// processor. Beside m it needs a copy of m and 4 (Users + Items) Dim bytes.
func FitBPR(ctx context.Context, m *Matrix, cfg BPR) (*BPRModel, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	cfg, err := cfg.defaults(m)
	if err != nil {
		return nil, err
	}
	r := &bprRun{cfg: cfg, liked: m.Binary(), passed: m.negative(), random: rand.New(rand.NewPCG(cfg.Seed, 0xb54))}
	if len(r.liked.Item) == 0 {
		return nil, ErrEmpty
	}
	weight := make([]float64, m.Items)
	for _, i := range r.liked.Item {
		weight[i]++
	}
	for i, n := range weight {
		weight[i] = math.Pow(max(n, 1), cfg.Popular)
	}
	r.alias = newAlias(weight)
	for u := range m.Users {
		for range r.liked.Start[u+1] - r.liked.Start[u] {
			r.owner = append(r.owner, int32(u))
		}
	}
	d := cfg.Dim
	r.users, r.items, r.bias = make([]float32, m.Users*d), make([]float32, m.Items*d), make([]float32, m.Items)
	for _, table := range [][]float32{r.users, r.items} {
		for k := range table {
			table[k] = float32(.1 / math.Sqrt(float64(d)) * r.random.NormFloat64())
		}
	}
	for epoch := range cfg.Epochs {
		if err := r.epoch(ctx, epoch); err != nil {
			return nil, err
		}
	}
	return r.model(ctx)
}

// epoch takes as many steps as there are positive values.
func (r *bprRun) epoch(ctx context.Context, epoch int) error {
	cfg, n := r.cfg, len(r.owner)
	r.margin, r.steps = 0, 0
	for step := range n {
		if step%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done := (float64(epoch) + float64(step)/float64(n)) / float64(cfg.Epochs)
		k := r.random.IntN(n)
		u := r.owner[k]
		if j := r.other(u); j >= 0 {
			r.step(u, r.liked.Item[k], j, float32(cfg.Rate*max(1-done, .01)))
		}
	}
	return nil
}

// other draws an item that u did not take, -1 where none is found.
func (r *bprRun) other(u int32) int32 {
	if passed, _ := r.passed.Row(int(u)); len(passed) > 0 && r.random.Float64() < r.cfg.Shown {
		return passed[r.random.IntN(len(passed))]
	}
	took, _ := r.liked.Row(int(u))
	for range 32 {
		j := r.alias.draw(r.random)
		if _, ok := slices.BinarySearch(took, j); !ok {
			return j
		}
	}
	return -1
}

// step moves u, i and j along the gradient.
func (r *bprRun) step(u, i, j int32, rate float32) {
	d := r.cfg.Dim
	w, v, o := vector(r.users, d, u), vector(r.items, d, i), vector(r.items, d, j)
	margin := r.bias[i] - r.bias[j] + dot(w, v) - dot(w, o)
	r.margin += float64(margin)
	r.steps++
	pull := rate * float32(1/(1+math.Exp(float64(margin))))
	keep := 1 - rate*float32(r.cfg.Reg)
	r.bias[i], r.bias[j] = keep*r.bias[i]+pull, keep*r.bias[j]-pull
	v, o = v[:len(w)], o[:len(w)]
	for k, x := range w {
		a, b := v[k], o[k]
		w[k] = keep*x + pull*(a-b)
		v[k] = keep*a + pull*x
		o[k] = keep*b - pull*x
	}
}

// model keeps the items, as differences from their mean.
func (r *bprRun) model(ctx context.Context) (*BPRModel, error) {
	d, n := r.cfg.Dim, len(r.bias)
	for k := range d {
		centre(r.items[k:], d, n)
	}
	centre(r.bias, 1, n)
	gram, err := gramTable(ctx, r.items, d, 1)
	if err != nil {
		return nil, err
	}
	for _, g := range gram {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			return nil, fmt.Errorf("candidate: bpr: the factors ran out of the range of numbers: a smaller rate than %v is needed", r.cfg.Rate)
		}
	}
	m := &BPRModel{Dim: d, Factor: r.items, Bias: r.bias, Gram: narrow(gram),
		Margin: r.margin / max(r.steps, 1), FoldAlpha: r.cfg.FoldAlpha, FoldReg: r.cfg.FoldReg}
	m.prepare()
	return m, nil
}

// centre takes the mean from n numbers that stand stride apart.
func centre(x []float32, stride, n int) {
	sum := 0.
	for i := range n {
		sum += float64(x[i*stride])
	}
	mean := float32(sum / float64(n))
	for i := range n {
		x[i*stride] -= mean
	}
}

// prepare makes what folds users in: her vector is the ridge regression, on the items of her history, of what separates a score from its item's
// bias where the score is the mean margin of training, below 0 for evidence against; all other items count a little, as 0. The logistic
// loss of training has no such closed form.
func (m *BPRModel) prepare() {
	m.folder = &folder{dim: m.Dim, table: m.Factor, gram: m.Gram, bias: m.Bias, alpha: float32(m.FoldAlpha),
		reg: func(float64) float32 { return float32(m.FoldReg) },
		target: func(item int32, value float32) float32 {
			if value > 0 {
				return float32(m.Margin) - m.Bias[item]
			}
			return -float32(m.Margin) - m.Bias[item]
		}}
}

// Items is the number of items fitted.
func (m *BPRModel) Items() int { return len(m.Bias) }

// Scores writes the score of each item less that of a mean item.
func (m *BPRModel) Scores(h *History, out []float32) {
	u := m.folder.fold(h)
	defer m.folder.put(u)
	scoreTable(u.user, m.Factor, out)
	if len(u.h.Item) > 0 {
		addScaled(1, m.Bias, out)
	}
}

// ScoreBatch is Scores of many.
func (m *BPRModel) ScoreBatch(hs []History, out []float32) {
	n := m.Items()
	scoreTables(m.folder.users(hs), m.Factor, m.Dim, out)
	for k := range hs {
		if f := hs[k].folded(n); len(f.Item) > 0 {
			addScaled(1, m.Bias, out[k*n:(k+1)*n])
		}
	}
}

// Because says which item of h would lower the score of item most if it were missing.
func (m *BPRModel) Because(h *History, item int32) (cause int32, share float32) {
	return m.folder.because(h, item)
}

// negative is m's values below 0.
func (m *Matrix) negative() *Matrix {
	n := &Matrix{Users: m.Users, Items: m.Items, Start: make([]int64, m.Users+1)}
	for u := range m.Users {
		item, value := m.Row(u)
		for k := range value {
			if value[k] < 0 {
				n.Item, n.Value = append(n.Item, item[k]), append(n.Value, value[k])
			}
		}
		n.Start[u+1] = int64(len(n.Item))
	}
	return n
}

func (m *BPRModel) parts() []any {
	return []any{&m.Dim, &m.Factor, &m.Bias, &m.Gram, &m.Margin, &m.FoldAlpha, &m.FoldReg}
}

func (m *BPRModel) valid() error {
	if err := checkTable(m.Factor, m.Dim); err != nil {
		return err
	}
	if len(m.Gram) != m.Dim*m.Dim || len(m.Bias) != len(m.Factor)/m.Dim {
		return fmt.Errorf("%d vectors of %d with %d biases and a Gram matrix of %d numbers", len(m.Factor)/m.Dim, m.Dim, len(m.Bias), len(m.Gram))
	}
	if !(m.FoldAlpha > 0 && m.FoldReg > 0 && m.FoldAlpha+m.FoldReg+math.Abs(m.Margin) < math.Inf(1)) {
		return fmt.Errorf("a margin of %v, folded in with %v and %v", m.Margin, m.FoldAlpha, m.FoldReg)
	}
	m.prepare()
	return errors.Join(checkFinite(m.Gram), checkFinite(m.Bias))
}
