// Logistic regression: the log odds of a positive row are linear in its columns. The quickest model, the one whose numbers
// can be read, and the yardstick of all others. It minimises, over the intercept b and the coefficients w,
//
//	sum_i c_i log(1 + exp(-y_i (b + x_i'w))) + P(w)/C
//
// with y_i in {-1,1}, weights c_i, and the penalty P, which spares the intercept: |w|^2/2 (L2), |w|_1 (L1),
// r |w|_1 + (1-r) |w|^2/2 (elastic net) or 0. Source: Hastie, Tibshirani and Friedman, The Elements of Statistical
// Learning (2nd ed.), section 4.4. The scale of C is scikit-learn's.

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// The penalties of Logistic.
const (
	PenaltyL2         = "l2"
	PenaltyL1         = "l1"
	PenaltyElasticNet = "elasticnet"
	PenaltyNone       = "none"
)

// Logistic are the settings of a logistic regression. Columns on similar scales (Encoder standardises) make the penalty
// treat them alike; without a penalty the scale does not matter.
type Logistic struct {
	Penalty     string  `json:"penalty,omitempty"`      // one of the four above; "" means l2
	C           float64 `json:"c,omitempty"`            // inverse strength of the penalty, > 0; 0 means 1
	L1Ratio     float64 `json:"l1_ratio,omitempty"`     // the elastic net's share of L1, in (0,1]; 0 means .5
	ClassWeight string  `json:"class_weight,omitempty"` // "balanced" gives both classes the same total weight; "" means "none"
	MaxIter     int     `json:"max_iter,omitempty"`     // steps; 0 means 100, or 2000 for more than 300 columns
	Tol         float64 `json:"tol,omitempty"`          // largest last step, in log odds at a column's root mean square; 0 means 1e-6
	Threads     int     `json:"threads,omitempty"`      // goroutines; 0 means one a core. They do not change the model
}

// ErrSeparable is given for data of which a linear rule separates the classes, in all rows or in those where some
// combination of columns is not 0: without a penalty no finite coefficients are best then.
var ErrSeparable = errors.New("learn: the columns separate the classes, so that coefficients without a penalty grow for ever: use a penalty")

// LogisticModel is a fitted logistic regression.
type LogisticModel struct {
	Columns   []Column
	Intercept float64
	Coef      []float64 // length p: the change of the log odds with one unit of each column

	// The standard errors are the roots of the diagonal of the inverse observed information, (X'VX)^-1 with V = c p (1-p), which
	// takes a weight for a number of equal rows. They are nil where that is not a sampling variance: with a penalty (the
	// estimate is biased by design) or with balanced classes; and for more than 300 columns. NaN marks a coefficient that the data do not
	// determine, since its column is a combination of others; of all best coefficients the model then has those with the least
	// sum of squares, each in units of its column's root mean square.
	StandardErrors []float64 // length p+1, the intercept's last; or nil

	Iterations int
	Converged  bool // false: MaxIter came first
}

// Kind is "logistic regression".
func (Logistic) Kind() string { return "logistic regression" }

// Fit is FitLogistic.
func (l Logistic) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitLogistic(ctx, d, l)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// defaults fills in what is 0, and says which setting is outside its range. p is the number of columns.
func (l Logistic) defaults(p int) (Logistic, error) {
	if l.Penalty == "" {
		l.Penalty = PenaltyL2
	}
	if l.C == 0 {
		l.C = 1
	}
	if l.L1Ratio == 0 {
		l.L1Ratio = .5
	}
	if l.Tol == 0 {
		l.Tol = 1e-6
	}
	if l.MaxIter == 0 {
		l.MaxIter = 100
		if p > newtonColumns {
			l.MaxIter = 2000
		}
	}
	switch {
	case l.Penalty != PenaltyL2 && l.Penalty != PenaltyL1 && l.Penalty != PenaltyElasticNet && l.Penalty != PenaltyNone:
		return l, fmt.Errorf("learn: penalty %q: none of l2, l1, elasticnet, none", l.Penalty)
	case !(l.C > 0) || math.IsInf(l.C, 0) || math.IsInf(1/l.C, 0):
		return l, fmt.Errorf("learn: C is %v; it must be above 0", l.C)
	case !(l.L1Ratio > 0 && l.L1Ratio <= 1):
		return l, fmt.Errorf("learn: the L1 ratio is %v; it must be in (0,1]", l.L1Ratio)
	case !(l.Tol > 0):
		return l, fmt.Errorf("learn: the tolerance is %v; it must be above 0", l.Tol)
	case l.MaxIter < 0:
		return l, fmt.Errorf("learn: %d steps at most; there must be 1 or more", l.MaxIter)
	}
	return l, nil
}

// FitLogistic fits a logistic regression to finite numbers. Up to 300 columns it takes proximal Newton steps
// (linear_newton.go), above that quasi-Newton steps (linear_lbfgs.go). Beside d it needs 136 (p+1)^2 bytes, or some 150 KB
// a thousand columns where there are more than 300.
func FitLogistic(ctx context.Context, d *Data, cfg Logistic) (*LogisticModel, error) {
	if err := d.check(0); err != nil {
		return nil, err
	}
	p := d.X.Cols
	cfg, err := cfg.defaults(p)
	if err != nil {
		return nil, err
	}
	factor, err := linearFactors(d, cfg.ClassWeight)
	if err != nil {
		return nil, err
	}
	l1, l2 := 0., 0.
	switch cfg.Penalty {
	case PenaltyL2:
		l2 = 1 / cfg.C
	case PenaltyL1:
		l1 = 1 / cfg.C
	case PenaltyElasticNet:
		l1, l2 = cfg.L1Ratio/cfg.C, (1-cfg.L1Ratio)/cfg.C
	}
	loss := &linearLoss{d: d, factor: factor, use: func(int) bool { return true }, threads: threadsOf(cfg.Threads)}
	problem := newLinearProblem(loss.prepare(), l1, l2, cfg.Tol, cfg.MaxIter)
	solve := problem.newton
	if p > newtonColumns {
		solve = problem.lbfgs
	}
	s, err := solve(ctx)
	if err != nil {
		return nil, err
	}
	m := &LogisticModel{
		Columns: d.columns(), Intercept: s.beta[p], Coef: s.beta[:p:p], Iterations: s.iterations, Converged: s.converged,
	}
	if cfg.Penalty == PenaltyNone && factor == [2]float64{1, 1} && p <= newtonColumns {
		if m.StandardErrors, err = problem.standardErrors(ctx, s); err != nil {
			return nil, err
		}
	}
	for _, v := range s.beta {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("learn: the logistic regression ran out of the range of numbers: standardise the columns (Encoder)")
		}
	}
	return m, nil
}

// Decision writes the log odds of row i of x to out[i], which has length x.Rows.
func (m *LogisticModel) Decision(x *Matrix, out []float64) error {
	return linearScores(x, m.Coef, m.Intercept, m.Columns, out)
}

// Predict writes the probability that row i of x is positive to p[i].
func (m *LogisticModel) Predict(x *Matrix, p []float64) error {
	if err := m.Decision(x, p); err != nil {
		return err
	}
	for i, s := range p {
		p[i] = 1 / (1 + math.Exp(-s))
	}
	return nil
}

// Inputs are the columns that the model was fitted on.
func (m *LogisticModel) Inputs() []Column { return m.Columns }

func (m *LogisticModel) valid() error {
	if err := checkLinear(m.Columns, m.Coef, m.Intercept); err != nil {
		return err
	}
	if m.StandardErrors != nil && len(m.StandardErrors) != len(m.Coef)+1 {
		return fmt.Errorf("%d standard errors of %d coefficients and an intercept", len(m.StandardErrors), len(m.Coef))
	}
	for _, s := range m.StandardErrors {
		if s < 0 || math.IsInf(s, 0) {
			return fmt.Errorf("a standard error of %v", s)
		}
	}
	return nil
}
