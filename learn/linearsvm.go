// The linear support vector machine: the hyperplane that keeps the two kinds of rows apart by the widest margin, at a price
// for each row on the wrong side of its margin. It minimises, over w, whose last element is the intercept b,
//
//	|w|^2/2 + C sum_i c_i max(0, 1 - y_i x_i'w)^k
//
// with k = 1 (hinge) or 2 (squared hinge), as LIBLINEAR and scikit-learn's LinearSVC do: the intercept is the coefficient of a
// column of ones and is penalised with the others. With up to 300 columns it is solved by Newton steps, which need some ten
// passes (linear_newton.go), for the hinge some fifty (linearsvm_hinge.go), where coordinate descent needs hundreds or
// thousands; with more by dual coordinate descent (linearsvm_dual.go). The probabilities are from platt.go.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// The losses of LinearSVM.
const (
	LossHinge        = "hinge"
	LossSquaredHinge = "squared_hinge"
)

// LinearSVM are the settings of a linear support vector machine. Columns should be on similar scales (Encoder standardises).
type LinearSVM struct {
	Loss        string  `json:"loss,omitempty"`         // "hinge" or "squared_hinge"; "" means squared_hinge
	C           float64 `json:"c,omitempty"`            // price of a row inside the margin, > 0; 0 means 1
	ClassWeight string  `json:"class_weight,omitempty"` // "balanced" gives both classes the same total weight; "" means "none"
	Folds       int     `json:"folds,omitempty"`        // parts of which each is held out once, for the probabilities; 0 means 3; 1 fits these on the training rows' own decision values, which is quicker and a little too sure
	MaxIter     int     `json:"max_iter,omitempty"`     // passes over the rows; 0 means 1000
	Tol         float64 `json:"tol,omitempty"`          // largest violation of the optimality conditions, in units of the margin; 0 means 1e-4
	Seed        uint64  `json:"seed,omitempty"`         // of the order of the rows and of the folds
	Threads     int     `json:"threads,omitempty"`      // goroutines, of use for the folds; 0 means one a core. They do not change the model
}

// LinearSVMModel is a fitted linear support vector machine.
type LinearSVMModel struct {
	Columns    []Column
	Intercept  float64
	Coef       []float64 // length p
	A, B       float64   // the probability of decision value f is 1/(1 + exp(A f + B))
	Iterations int
	Converged  bool // false: MaxIter came first, here or in a fold
}

// Kind is "linear SVM".
func (LinearSVM) Kind() string { return "linear SVM" }

// Fit is FitLinearSVM.
func (s LinearSVM) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitLinearSVM(ctx, d, s)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (s LinearSVM) defaults() (LinearSVM, error) {
	if s.Loss == "" {
		s.Loss = LossSquaredHinge
	}
	if s.C == 0 {
		s.C = 1
	}
	if s.Folds == 0 {
		s.Folds = 3
	}
	if s.MaxIter == 0 {
		s.MaxIter = 1000
	}
	if s.Tol == 0 {
		s.Tol = 1e-4
	}
	switch {
	case s.Loss != LossHinge && s.Loss != LossSquaredHinge:
		return s, fmt.Errorf("learn: loss %q: neither hinge nor squared_hinge", s.Loss)
	case !(s.C > 0) || math.IsInf(s.C, 0) || math.IsInf(1/s.C, 0):
		return s, fmt.Errorf("learn: C is %v; it must be above 0", s.C)
	case s.Folds < 1:
		return s, fmt.Errorf("learn: %d folds; there must be 1 or more", s.Folds)
	case s.MaxIter < 1:
		return s, fmt.Errorf("learn: %d passes at most; there must be 1 or more", s.MaxIter)
	case !(s.Tol > 0):
		return s, fmt.Errorf("learn: the tolerance is %v; it must be above 0", s.Tol)
	}
	return s, nil
}

// FitLinearSVM fits a linear support vector machine to finite numbers, once to all rows and once without each fold. Beside
// d it needs some 30 bytes a row for each thread, and 12 for the folds.
func FitLinearSVM(ctx context.Context, d *Data, cfg LinearSVM) (*LinearSVMModel, error) {
	if err := d.check(0); err != nil {
		return nil, err
	}
	cfg, err := cfg.defaults()
	if err != nil {
		return nil, err
	}
	factor, err := linearFactors(d, cfg.ClassWeight)
	if err != nil {
		return nil, err
	}
	fold, err := svmFolds(d, cfg.Folds, cfg.Seed)
	if err != nil {
		return nil, err
	}
	n, p := d.X.Rows, d.X.Cols
	// Fit 0 is on all rows, fit k without fold k-1.
	fits := 1
	if cfg.Folds > 1 {
		fits += cfg.Folds
	}
	solve := svmByNewton
	at, within := 1, threadsOf(cfg.Threads) // threads: fits at a time, and within a fit
	switch {
	case p > newtonColumns:
		solve, at, within = svmByDescent, within, 1
	case cfg.Loss == LossHinge:
		solve = svmByMultipliers
	}
	solutions, problems, decision := make([]*linearSolution, fits), make([]error, fits), make([]float64, n)
	if err := inBlocks(ctx, fits, 1, at, func(k, _, _ int) {
		loss := &linearLoss{
			d: d, squaredHinge: cfg.Loss == LossSquaredHinge, factor: factor, threads: within,
			use: func(i int) bool { return k == 0 || int(fold[i]) != k-1 },
		}
		if solutions[k], problems[k] = solve(ctx, loss, cfg, uint64(k)); problems[k] != nil || k == 0 && fits > 1 {
			return
		}
		w := solutions[k].beta
		for i := range n {
			if k == 0 || !loss.use(i) {
				decision[i] = linearDot(d.X.Row(i), w[:p]) + w[p]
			}
		}
	}); err != nil {
		return nil, err
	}
	for _, err := range problems {
		if err != nil {
			return nil, err
		}
	}
	w := solutions[0].beta
	m := &LinearSVMModel{Columns: d.columns(), Intercept: w[p], Coef: w[:p:p], Iterations: solutions[0].iterations, Converged: true}
	for _, s := range solutions {
		m.Converged = m.Converged && s.converged
	}
	for _, f := range append(decision, w...) {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("learn: the support vector machine ran out of the range of numbers: standardise the columns (Encoder)")
		}
	}
	m.A, m.B = fitPlatt(decision, d.Y, d.Weight)
	return m, nil
}

// svmByNewton fits the squared hinge to the rows that loss uses by Newton steps.
func svmByNewton(ctx context.Context, loss *linearLoss, cfg LinearSVM, _ uint64) (*linearSolution, error) {
	problem := newLinearProblem(loss.prepare(), 0, 1/cfg.C, cfg.Tol, cfg.MaxIter)
	problem.l2[loss.d.X.Cols] = 1 / cfg.C // the intercept is penalised with the others
	return problem.newton(ctx)
}

// svmByDescent fits either loss by dual coordinate descent.
func svmByDescent(ctx context.Context, loss *linearLoss, cfg LinearSVM, stream uint64) (*linearSolution, error) {
	s := newSVMDual(loss, cfg.C, rand.New(rand.NewPCG(cfg.Seed, stream)))
	passes, converged, err := s.solve(ctx, cfg.MaxIter, cfg.Tol)
	return &linearSolution{beta: s.w, iterations: passes, converged: converged}, err
}

// svmFolds deals the rows of each class out to the folds, in a random order, so that all have the same share of positive rows.
func svmFolds(d *Data, folds int, seed uint64) ([]int32, error) {
	if folds == 1 {
		return make([]int32, d.X.Rows), nil
	}
	r := rand.New(rand.NewPCG(seed, math.MaxUint64))
	fold := make([]int32, d.X.Rows)
	var dealt [2]int
	for _, i := range r.Perm(d.X.Rows) {
		if d.weight(i) > 0 {
			c := linearClass(d.Y[i])
			fold[i] = int32(dealt[c] % folds)
			dealt[c]++
		}
	}
	if few := min(dealt[0], dealt[1]); few < folds {
		return nil, fmt.Errorf("learn: one class has %d rows, too few for %d folds: set Folds to 1", few, folds)
	}
	return fold, nil
}

// Decision writes b + x_i'w, above 0 on the positive side of the hyperplane, to out[i], which has length x.Rows.
func (m *LinearSVMModel) Decision(x *Matrix, out []float64) error {
	return linearScores(x, m.Coef, m.Intercept, m.Columns, out)
}

// Predict writes the probability that row i of x is positive to p[i].
func (m *LinearSVMModel) Predict(x *Matrix, p []float64) error {
	if err := m.Decision(x, p); err != nil {
		return err
	}
	for i, f := range p {
		p[i] = plattProbability(m.A, m.B, f)
	}
	return nil
}

// Inputs are the columns that the model was fitted on.
func (m *LinearSVMModel) Inputs() []Column { return m.Columns }

func (m *LinearSVMModel) valid() error {
	return checkLinear(m.Columns, m.Coef, m.Intercept, m.A, m.B)
}
