// Pairwise logistic regression: a linear score that ranks. Over the pairs of rows i, j of a group, i of the higher grade, it minimises
//
//	mean_ij log(1 + exp(-(x_i - x_j)'w)) + |w|^2/(2 C)
//
// which is RankNet (Burges et al., ICML 2005) with a linear net, and BPR (Rendle et al., UAI 2009) of given columns. A column
// that does not vary within groups has no part in it, and there is no intercept. The loss is that of LambdaMART's RankPairs and
// RankGroups, so that its slopes are the pulls on the rows, carried through X.

package learn

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// LinearRanking are the settings of a pairwise logistic regression. Columns on similar scales (Encoder standardises) make the
// penalty treat them alike.
type LinearRanking struct {
	Objective RankObjective // RankPairs or RankGroups; "": RankGroups
	C         float64       // inverse strength of the penalty, > 0; 0: 1000. The loss is a mean: more rows need no other C
	MaxIter   int           // steps; 0: 1000
	Tol       float64       // largest slope of the mean loss, in units of a column's root mean square, to end at; 0: 1e-7
	Threads   int           // 0: one a core
}

// LinearRankingModel is a fitted pairwise logistic regression.
type LinearRankingModel struct {
	Columns    []Column
	Coef       []float64 // length p: the change of a pair's log odds with one unit more of each column
	Iterations int
	Converged  bool // false: MaxIter came first
}

// Kind is "linear ranking".
func (LinearRanking) Kind() string { return "linear ranking" }

// settle puts the defaults in.
func (c *LinearRanking) settle() error {
	if c.Objective == "" {
		c.Objective = RankGroups
	}
	if c.C == 0 {
		c.C = 1000
	}
	if c.MaxIter == 0 {
		c.MaxIter = 1000
	}
	if c.Tol == 0 {
		c.Tol = 1e-7
	}
	switch {
	case c.Objective != RankPairs && c.Objective != RankGroups:
		return fmt.Errorf("learn: objective %q of a linear ranking: %q or %q are known", c.Objective, RankPairs, RankGroups)
	case !(c.C > 0) || math.IsInf(c.C, 0) || math.IsInf(1/c.C, 0):
		return fmt.Errorf("learn: C is %v; it must be above 0", c.C)
	case !(c.Tol > 0) || c.MaxIter < 0:
		return fmt.Errorf("learn: %d steps at most to a tolerance of %v; both must be above 0", c.MaxIter, c.Tol)
	}
	return nil
}

// rankLoss is the mean loss of the pairs of a linear score, with the penalty.
type rankLoss struct {
	*lambdas
	scale    []float64 // of the columns: their root mean squares
	penalty  float64   // 1/C
	scores   []float64
	gradient [passBlocks][]float64
	threads  int
}

// FitLinearRanking fits a pairwise logistic regression to finite numbers by quasi-Newton steps (linear_lbfgs.go), in units in
// which every column has a root mean square of 1 for the length of the steps, not for the penalty. Beside d it needs some 50
// bytes a row and 40 vectors of length p.
func FitLinearRanking(ctx context.Context, d *RankData, c LinearRanking) (*LinearRankingModel, error) {
	groups, err := d.check(0)
	if err != nil {
		return nil, err
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	p := d.X.Cols
	l := &rankLoss{lambdas: newLambdas(d, LambdaMART{Objective: c.Objective}, groups, groups), penalty: 1 / c.C,
		scale: make([]float64, p), scores: make([]float64, d.X.Rows), threads: threadsOf(c.Threads)}
	for b := range l.gradient {
		l.gradient[b] = make([]float64, p)
	}
	if err := l.columns(ctx, func(i int32, gradient []float64) {
		for j, v := range d.X.Row(int(i)) {
			gradient[j] += float64(v) * float64(v)
		}
	}, l.scale); err != nil {
		return nil, err
	}
	for j, sum := range l.scale {
		if l.scale[j] = math.Sqrt(sum / float64(len(l.learn.rows))); l.scale[j] == 0 {
			l.scale[j] = 1
		}
	}
	m := &LinearRankingModel{Columns: d.rows().columns(), Coef: make([]float64, p)}
	if err := l.minimise(ctx, c, m); err != nil {
		return nil, err
	}
	if err := m.valid(); err != nil {
		return nil, fmt.Errorf("learn: the linear ranking ran out of the range of numbers: %w", err)
	}
	return m, nil
}

// minimise takes the steps.
func (l *rankLoss) minimise(ctx context.Context, c LinearRanking, m *LinearRankingModel) error {
	p := len(m.Coef)
	u, next, g, nextG, direction := make([]float64, p), make([]float64, p), make([]float64, p), make([]float64, p), make([]float64, p)
	value, err := l.at(ctx, u, g)
	if err != nil {
		return err
	}
	var memory lbfgsPairs
	for m.Iterations < c.MaxIter {
		if floats.Norm(g, math.Inf(1)) <= c.Tol {
			m.Converged = true
			break
		}
		m.Iterations++
		memory.direction(g, direction)
		before, slope, share := value, floats.Dot(g, direction), 1.0
		accepted := false
		for range 60 {
			floats.AddScaledTo(next, u, share, direction)
			if value, err = l.at(ctx, next, nextG); err != nil {
				return err
			}
			if accepted = value <= before+1e-4*share*slope; accepted {
				break
			}
			share /= 2
		}
		if !accepted {
			if value = before; len(memory.step) == 0 { // not even the steepest way down helps: u is as good as the numbers allow
				m.Converged = true
				break
			}
			memory = lbfgsPairs{}
			continue
		}
		memory.add(u, next, g, nextG)
		copy(u, next)
		copy(g, nextG)
	}
	for j, v := range u {
		m.Coef[j] = v / l.scale[j]
	}
	return nil
}

// at is the mean loss with the penalty at coefficients u, in units of the steps, with its gradient.
func (l *rankLoss) at(ctx context.Context, u, gradient []float64) (float64, error) {
	coef := make([]float64, len(u))
	for j, v := range u {
		coef[j] = v / l.scale[j]
	}
	rows := l.learn.rows
	if err := inBlocks(ctx, len(rows), gradientBlock, l.threads, func(_, from, to int) {
		for _, i := range rows[from:to] {
			l.scores[i] = linearDot(l.d.X.Row(int(i)), coef)
		}
	}); err != nil {
		return 0, err
	}
	loss, err := l.heldLoss(ctx, l.scores, l.threads)
	if err != nil {
		return 0, err
	}
	if err := l.pass(ctx, l.scores, l.threads); err != nil {
		return 0, err
	}
	if err := l.columns(ctx, func(i int32, gradient []float64) {
		pull := l.a[i]
		for j, v := range l.d.X.Row(int(i)) {
			gradient[j] -= pull * float64(v)
		}
	}, gradient); err != nil {
		return 0, err
	}
	for j, w := range coef {
		loss += l.penalty * w * w / 2
		gradient[j] = (gradient[j]/l.held.total + l.penalty*w) / l.scale[j]
	}
	return loss, nil
}

// columns adds up what do makes of the rows, in blocks that do not depend on the threads.
func (l *rankLoss) columns(ctx context.Context, do func(i int32, sum []float64), sum []float64) error {
	rows := l.learn.rows
	size := (len(rows) + passBlocks - 1) / passBlocks
	err := inBlocks(ctx, len(rows), size, l.threads, func(b, from, to int) {
		clear(l.gradient[b])
		for k := from; k < to; k++ {
			if (k-from)%passCheck == 0 && ctx.Err() != nil {
				return
			}
			do(rows[k], l.gradient[b])
		}
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	clear(sum)
	for b := range (len(rows) + size - 1) / size {
		addSums(sum, l.gradient[b])
	}
	return nil
}

// Predict writes to out[i], which has length x.Rows, the score of row i: any real number, the higher the better. It is no
// probability; the logistic curve of the difference of two scores of one group is the chance that the first row is the better
// one. A row with a missing value is an error.
func (m *LinearRankingModel) Predict(x *Matrix, out []float64) error {
	return linearScores(x, m.Coef, 0, m.Columns, out)
}

// Inputs implements Model.
func (m *LinearRankingModel) Inputs() []Column { return m.Columns }

func (m *LinearRankingModel) valid() error { return checkLinear(m.Columns, m.Coef) }
