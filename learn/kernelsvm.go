// The support vector machine with a kernel. It minimises
//
//	1/2 |w|^2 + sum_i C_i max(0, 1 - y_i (w.phi(x_i) + b))
//
// over w in the space of the kernel k(x,y) = phi(x).phi(y) and the intercept b, through its dual (smo.go). Source: Cortes and
// Vapnik, Machine Learning 1995; the conventions are those of LIBSVM (Chang and Lin, TIST 2011).

package learn

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/blas/blas32"
)

// MaxKernelRows is the greatest number of rows that a KernelSVM takes. Its time grows with the square of the rows.
const MaxKernelRows = 120_000

// KernelSVM are the settings of a support vector machine with a kernel. It takes finite numbers, best of similar scale.
// Memory of a fit: CacheMB, the rows twice and some 40 bytes a row.
type KernelSVM struct {
	Kernel Kernel  `json:",omitempty"` // "" is KernelRBF
	Gamma  float64 `json:",omitempty"` // of KernelRBF and KernelPoly: a positive number, GammaScale (0) or GammaAuto
	Coef0  float64 `json:",omitempty"` // of KernelPoly
	Degree int     `json:",omitempty"` // of KernelPoly, 1 to 20; 0 is 3

	C              float64 `json:",omitempty"` // cost of a row inside the margin, times its weight; 0 is 1
	PositiveWeight float64 `json:",omitempty"` // by which C is multiplied for positive rows; 0 is 1
	Balanced       bool    `json:",omitempty"` // multiplies C, for each label, by half the weight of all rows over that of its rows

	Tolerance float64 `json:",omitempty"` // greatest violation of the optimum's conditions that is left; 0 is 0.001
	MaxSteps  int     `json:",omitempty"` // pairs that are optimised at most; 0 is the greater of 10 million and 100 a row
	CacheMB   int     `json:",omitempty"` // for rows of the kernel matrix, in 2^20 bytes; 0 is 500

	// Folds is the number of parts for the cross-validated decisions through which the probabilities are fitted (Platt
	// scaling), stratified by label; 0 is 5. A negative number saves these fits: the probability is then 1/(1+e^-decision),
	// which ranks alike and is not calibrated. It is so too where a label has fewer than two rows.
	Folds   int    `json:",omitempty"`
	Seed    uint64 `json:",omitempty"` // of the folds
	Threads int    `json:",omitempty"` // 0 is one a core
}

// Kind names the algorithm.
func (KernelSVM) Kind() string { return "kernel svm" }

// Fit is FitKernelSVM.
func (c KernelSVM) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitKernelSVM(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// KernelSVMModel is a fitted KernelSVM. The decision of x is sum_k Coef[k] k(Support[k], x) + Intercept; above 0 it speaks for
// a positive row.
type KernelSVMModel struct {
	Columns   []Column
	Kernel    Kernel
	Gamma     float64
	Coef0     float64
	Degree    int
	Support   *Matrix   // the support vectors, s x p
	Rows      []int32   // length s: which rows of the data they were
	Coef      []float64 // length s: y_i alpha_i
	Intercept float64
	PlattA    float64 // the probability is 1/(1+exp(PlattA decision + PlattB))
	PlattB    float64
	Steps     int  // pairs that were optimised
	Converged bool // the optimum was reached within the tolerance

	once  sync.Once
	table *kernelTable // of Support
	coef  []float32
}

// FitKernelSVM fits a support vector machine with a kernel.
func FitKernelSVM(ctx context.Context, d *Data, c KernelSVM) (*KernelSVMModel, error) {
	if err := d.check(0); err != nil {
		return nil, err
	}
	n := d.X.Rows
	if n > MaxKernelRows {
		return nil, fmt.Errorf("learn: kernel svm: %d rows, at most %d: take fewer rows, or a MappedSVM, which approaches the "+
			"kernel by the Nystroem method or random Fourier features", n, MaxKernelRows)
	}
	kernel, err := c.kernel(d.X)
	if err != nil {
		return nil, err
	}
	cost, err := svmCosts(d, c.C, c.PositiveWeight, c.Balanced)
	if err != nil {
		return nil, err
	}
	if c.Tolerance == 0 {
		c.Tolerance = 1e-3
	}
	if !(c.Tolerance > 0) || c.MaxSteps < 0 || c.CacheMB < 0 {
		return nil, fmt.Errorf("learn: kernel svm: tolerance %v, max steps %d, cache of %d MB: none may be negative",
			c.Tolerance, c.MaxSteps, c.CacheMB)
	}
	if c.MaxSteps == 0 {
		c.MaxSteps = max(10_000_000, 100*n)
	}
	if c.CacheMB == 0 {
		c.CacheMB = 500
	}
	table := newKernelTable(kernel, d.X)
	if err := table.overflows(); err != nil {
		return nil, err
	}
	s := &smo{x: d.X, table: table, y: make([]float64, n), threads: threadsOf(c.Threads)}
	s.arena = make([]float32, min(n*n, c.CacheMB<<18))
	s.cache = newRowCache(n, s.arena)
	for i, y := range d.Y {
		s.y[i] = -1
		if y {
			s.y[i] = 1
		}
	}
	whole := s.newDual(cost)
	if err := s.solve(ctx, whole, c.Tolerance, c.MaxSteps); err != nil {
		return nil, err
	}
	m := &KernelSVMModel{Columns: d.columns(), Kernel: kernel.Kernel, Gamma: kernel.Gamma, Coef0: kernel.Coef0, Degree: kernel.Degree,
		Intercept: -whole.rho, Steps: whole.steps, Converged: whole.converged}
	for i, b := range whole.b {
		if b != 0 {
			m.Rows = append(m.Rows, int32(i))
			m.Coef = append(m.Coef, b)
		}
	}
	m.Support = d.X.Take(m.Rows)
	// A fold's own rows have cost 0 in its fit: they move nothing and get their decisions with the others.
	m.PlattA, m.PlattB, err = plattByFolds(d, cost, c.Folds, c.Seed, func(held []bool, decision []float64) error {
		part := make([]float64, n)
		for i, own := range held {
			if !own {
				part[i] = cost[i]
			}
		}
		fold := s.newDual(part)
		if err := s.solve(ctx, fold, c.Tolerance, c.MaxSteps); err != nil {
			return err
		}
		for i, own := range held {
			if own {
				decision[i] = s.decision(fold, i)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// kernel is the kernel that c means for x.
func (c KernelSVM) kernel(x *Matrix) (kernelOf, error) {
	k := kernelOf{Kernel: c.Kernel, Coef0: c.Coef0, Degree: c.Degree}
	if k.Kernel == "" {
		k.Kernel = KernelRBF
	}
	if k.Degree == 0 {
		k.Degree = 3
	}
	var err error
	if k.Gamma, err = gammaOf(c.Gamma, x); err != nil {
		return k, err
	}
	return k, k.valid()
}

// svmCosts are the C_i of the rows of d.
func svmCosts(d *Data, c, positive float64, balanced bool) ([]float64, error) {
	if c == 0 {
		c = 1
	}
	if positive == 0 {
		positive = 1
	}
	if !(c > 0) || !(positive > 0) || c*positive > 1e12 {
		return nil, fmt.Errorf("learn: svm: C %v, weight of positive rows %v: want positive numbers of a product of at most 1e12",
			c, positive)
	}
	factor := [2]float64{c, c * positive} // of negative and positive rows
	label := func(i int) int {
		if d.Y[i] {
			return 1
		}
		return 0
	}
	if balanced {
		var weight [2]float64
		for i := range d.Y {
			weight[label(i)] += d.weight(i)
		}
		for k := range factor {
			factor[k] *= (weight[0] + weight[1]) / (2 * weight[k])
		}
	}
	cost := make([]float64, len(d.Y))
	for i := range cost {
		cost[i] = factor[label(i)] * d.weight(i)
	}
	return cost, nil
}

// plattByFolds fits the probabilities of an SVM. decide writes the decisions of the held rows by a fit without them.
// Without folds it returns the numbers of 1/(1+e^-decision).
func plattByFolds(d *Data, cost []float64, folds int, seed uint64,
	decide func(held []bool, decision []float64) error) (a, b float64, err error) {
	if folds == 0 {
		folds = 5
	}
	var of [2][]int32 // the rows of each label that count
	for i, y := range d.Y {
		if cost[i] > 0 && y {
			of[1] = append(of[1], int32(i))
		} else if cost[i] > 0 {
			of[0] = append(of[0], int32(i))
		}
	}
	if folds = min(folds, len(of[0]), len(of[1])); folds < 2 {
		return -1, 0, nil
	}
	fold := make([]int, len(d.Y))
	for i := range fold {
		fold[i] = -1
	}
	r := rand.New(rand.NewPCG(seed, 0x504c415454)) // a stream of its own
	for _, rows := range of {
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for k, i := range rows {
			fold[i] = k % folds
		}
	}
	decision, held := make([]float64, len(d.Y)), make([]bool, len(d.Y))
	for k := range folds {
		for i := range held {
			held[i] = fold[i] == k
		}
		if err := decide(held, decision); err != nil {
			return 0, 0, err
		}
	}
	a, b = fitPlatt(decision, d.Y, d.Weight)
	return a, b, nil
}

// plattProbabilities turns decisions into probabilities, in place.
func plattProbabilities(p []float64, a, b float64) {
	for i, f := range p {
		p[i] = plattProbability(a, b, f)
	}
}

// Predict writes the probabilities of positive.
func (m *KernelSVMModel) Predict(x *Matrix, p []float64) error {
	if err := m.Decision(x, p); err != nil {
		return err
	}
	plattProbabilities(p, m.PlattA, m.PlattB)
	return nil
}

// decisionRows are the rows that a goroutine decides at once.
const decisionRows = 64

// Decision writes the decisions of the rows of x, which must be finite, to out, of length x.Rows.
func (m *KernelSVMModel) Decision(x *Matrix, out []float64) error {
	if err := checkInput(x, out, m.Columns); err != nil {
		return err
	}
	if err := checkFinite(x, m.Columns); err != nil {
		return err
	}
	m.once.Do(func() {
		m.table = newKernelTable(kernelOf{m.Kernel, m.Gamma, m.Coef0, m.Degree}, m.Support)
		m.coef = make([]float32, len(m.Coef))
		for k, c := range m.Coef {
			m.coef[k] = float32(c)
		}
	})
	err := inBlocks(context.Background(), x.Rows, decisionRows, threadsOf(0), func(_, from, to int) {
		queries, k := make([]query, to-from), make([]float32, tableBlock)
		for i := from; i < to; i++ {
			m.table.prepare(x.Row(i), &queries[i-from])
			out[i] = m.Intercept
		}
		for b := range m.table.blocks {
			part := k[:m.table.size(b)]
			coef := blas32.Vector{N: len(part), Inc: 1, Data: m.coef[b*tableBlock:]}
			for i := range queries {
				if m.Kernel == KernelRBF && m.table.reach(&queries[i]) > 1e30 {
					continue // so far from all that the kernel is 0, and beyond float32
				}
				m.table.block(&queries[i], b, part)
				out[from+i] += blas32.DDot(coef, blas32.Vector{N: len(part), Inc: 1, Data: part})
			}
		}
	})
	if err != nil {
		return err
	}
	for i, v := range out {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("learn: row %d: kernel %s: its values are too great", i, m.Kernel)
		}
	}
	return nil
}

// checkFinite says which value of x is missing or infinite.
func checkFinite(x *Matrix, columns []Column) error {
	for k, v := range x.Data {
		if v-v != 0 {
			return fmt.Errorf("learn: row %d, column %s: %v: want a finite number", k/x.Cols, columns[k%x.Cols].Name, v)
		}
	}
	return nil
}

// Inputs are the columns that the model was fitted on.
func (m *KernelSVMModel) Inputs() []Column { return m.Columns }

func (m *KernelSVMModel) valid() error {
	if err := (kernelOf{m.Kernel, m.Gamma, m.Coef0, m.Degree}).valid(); err != nil {
		return err
	}
	if m.Support == nil {
		return fmt.Errorf("learn: kernel svm: there are no support vectors")
	}
	s, p := m.Support.Rows, m.Support.Cols
	if s < 0 || s > MaxKernelRows || p != len(m.Columns) || p < 1 || len(m.Support.Data) != s*p || len(m.Coef) != s || len(m.Rows) != s {
		return fmt.Errorf("learn: kernel svm: %d x %d support vectors of %d values, %d rows, %d coefficients, %d columns",
			s, p, len(m.Support.Data), len(m.Rows), len(m.Coef), len(m.Columns))
	}
	if err := checkFinite(m.Support, m.Columns); err != nil {
		return err
	}
	for _, v := range append([]float64{m.Intercept, m.PlattA, m.PlattB}, m.Coef...) {
		if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
			return fmt.Errorf("learn: kernel svm: a coefficient of %v", v)
		}
	}
	return nil
}
