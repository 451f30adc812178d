// Naive Bayes over mixed columns: p(y | x) is proportional to p(y) prod_j p(x_j | y), where a number is normal within a label
// and a category has its smoothed share there. It is fitted by two passes over the rows and is the baseline that needs no
// tuning. Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 6.6.3; the smoothing is that of
// scikit-learn's GaussianNB and CategoricalNB, whose product this is.

package learn

import (
	"context"
	"fmt"
	"math"
)

// NaiveBayes are the settings of a naive Bayes classifier. It takes numbers and categories. A missing number, and a category
// that is missing or not among the column's levels, contributes nothing, neither when fitting nor when predicting.
type NaiveBayes struct {
	// VarSmoothing times the greatest variance of any column of numbers is added to all variances; 0 is 1e-9.
	VarSmoothing float64 `json:",omitempty"`
	// Alpha is added to the weight of each level of a category within each label (Laplace smoothing); 0 is 1.
	Alpha float64 `json:",omitempty"`
	// PositivePrior is p(positive), between 0 and 1; 0 takes the positive rows' share of the weight.
	PositivePrior float64 `json:",omitempty"`
}

// Kind names the algorithm.
func (NaiveBayes) Kind() string { return "naive bayes" }

// Fit is FitNaiveBayes.
func (c NaiveBayes) Fit(ctx context.Context, d *Data) (Model, error) {
	m, err := FitNaiveBayes(ctx, d, c)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// NaiveBayesModel is a fitted NaiveBayes. The first index is 0 for negative and 1 for positive rows, the second the column.
type NaiveBayesModel struct {
	Columns  []Column
	LogPrior [2]float64
	Mean     [2][]float64
	Variance [2][]float64   // 0 for categories and for columns that say nothing: constant ones, or without a value in one label
	LogLevel [2][][]float64 // log p(level | label); empty for numbers
}

// leastVariance keeps squared float32 distances over a variance finite.
const leastVariance = 1e-200

// FitNaiveBayes fits a naive Bayes classifier.
func FitNaiveBayes(ctx context.Context, d *Data, c NaiveBayes) (*NaiveBayesModel, error) {
	if c.VarSmoothing == 0 {
		c.VarSmoothing = 1e-9
	}
	if c.Alpha == 0 {
		c.Alpha = 1
	}
	if !(c.VarSmoothing > 0) || c.VarSmoothing > 1e9 || !(c.Alpha > 0) || c.Alpha > 1e9 {
		return nil, fmt.Errorf("learn: naive bayes: var smoothing %v, alpha %v: want positive numbers up to 1e9", c.VarSmoothing, c.Alpha)
	}
	if !(c.PositivePrior >= 0 && c.PositivePrior < 1) {
		return nil, fmt.Errorf("learn: naive bayes: positive prior %v: want a number between 0 and 1", c.PositivePrior)
	}
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		return nil, err
	}
	p := d.X.Cols
	m := &NaiveBayesModel{Columns: d.columns()}
	var weight [2][]float64 // of the rows that have a value, by label and column
	for y := range 2 {
		m.Mean[y], m.Variance[y], m.LogLevel[y], weight[y] = make([]float64, p), make([]float64, p), make([][]float64, p), make([]float64, p)
		for j, column := range m.Columns {
			m.LogLevel[y][j] = make([]float64, len(column.Levels))
		}
	}
	categorical := make([]bool, p)
	for j, c := range m.Columns {
		categorical[j] = c.Categorical()
	}
	var prior [2]float64
	rows := make([]float64, p) // that have a value and a weight, whatever their label
	centre, square := make([]float64, p), make([]float64, p)
	// First the sums of the values, in Mean, and the weights of the levels, in LogLevel.
	if err := bayesRows(ctx, d, func(s *bayesSums, y int, w float64, row []float32) {
		s.prior[y] += w
		sum, weight := s.sum[y][:len(row)], s.weight[y][:len(row)]
		all, rows, categorical := s.all[:len(row)], s.rows[:len(row)], categorical[:len(row)]
		for j, v := range row {
			if categorical[j] {
				if l := knownLevel(v, m.Columns[j]); l >= 0 {
					s.level(y, j, m.Columns[j])[l] += w
					weight[j] += w
				}
			} else if v == v {
				sum[j] += w * float64(v)
				weight[j] += w
				all[j] += float64(v)
				rows[j]++
			}
		}
	}, func(s *bayesSums) {
		addSums(centre, s.all)
		addSums(rows, s.rows)
		for y := range 2 {
			prior[y] += s.prior[y]
			addSums(m.Mean[y], s.sum[y])
			addSums(weight[y], s.weight[y])
			for j, levels := range s.levels[y] {
				addSums(m.LogLevel[y][j], levels)
			}
		}
	}); err != nil {
		return nil, err
	}
	for j := range p {
		for y := range 2 {
			levels := m.LogLevel[y][j]
			for l, have := range levels {
				levels[l] = math.Log((have + c.Alpha) / (weight[y][j] + c.Alpha*float64(len(levels))))
			}
			if weight[y][j] > 0 {
				m.Mean[y][j] /= weight[y][j]
			}
		}
		centre[j] /= max(rows[j], 1)
	}
	// Then the squares about the means: within a label, in Variance, and over all rows, for the smoothing.
	if err := bayesRows(ctx, d, func(s *bayesSums, y int, w float64, row []float32) {
		mean, sum := m.Mean[y][:len(row)], s.sum[y][:len(row)]
		centre, all, categorical := centre[:len(row)], s.all[:len(row)], categorical[:len(row)]
		for j, v := range row {
			if v == v && !categorical[j] {
				by, off := float64(v)-mean[j], float64(v)-centre[j]
				sum[j] += w * by * by
				all[j] += off * off
			}
		}
	}, func(s *bayesSums) {
		addSums(square, s.all)
		for y := range 2 {
			addSums(m.Variance[y], s.sum[y])
		}
	}); err != nil {
		return nil, err
	}
	greatest := 0.
	for j := range p {
		greatest = max(greatest, square[j]/max(rows[j], 1))
	}
	for j := range p {
		if m.Columns[j].Categorical() {
			continue
		}
		says := true
		for y := range 2 {
			m.Variance[y][j] = m.Variance[y][j]/weight[y][j] + c.VarSmoothing*greatest
			says = says && m.Variance[y][j] >= leastVariance // false too for 0/0
		}
		if !says {
			m.Variance[0][j], m.Variance[1][j] = 0, 0
		}
	}
	m.LogPrior = [2]float64{math.Log1p(-c.PositivePrior), math.Log(c.PositivePrior)}
	if c.PositivePrior == 0 {
		m.LogPrior = [2]float64{math.Log(prior[0] / (prior[0] + prior[1])), math.Log(prior[1] / (prior[0] + prior[1]))}
	}
	return m, nil
}

// bayesSums are the sums over one block of rows, by label and column.
type bayesSums struct {
	prior       [2]float64
	sum, weight [2][]float64
	levels      [2][][]float64 // weights of the levels; nil where no row of the block has one
	all, rows   []float64      // over both labels
}

// level are the weights of the levels of column j.
func (s *bayesSums) level(y, j int, c Column) []float64 {
	if s.levels[y][j] == nil {
		s.levels[y][j] = make([]float64, len(c.Levels))
	}
	return s.levels[y][j]
}

// bayesRows calls do for all rows that have a weight, block by block in parallel, and then add for the sums of each block in
// their order; y is 1 for a positive row.
func bayesRows(ctx context.Context, d *Data, do func(s *bayesSums, y int, w float64, row []float32), add func(*bayesSums)) error {
	const blocks = 8
	n, p := d.X.Rows, d.X.Cols
	size := max(1024, (n+blocks-1)/blocks)
	sums := make([]bayesSums, (n+size-1)/size)
	if err := inBlocks(ctx, n, size, threadsOf(0), func(b, from, to int) {
		s := &sums[b]
		s.all, s.rows = make([]float64, p), make([]float64, p)
		for y := range 2 {
			s.sum[y], s.weight[y], s.levels[y] = make([]float64, p), make([]float64, p), make([][]float64, p)
		}
		for i := from; i < to; i++ {
			if i%1024 == 0 && ctx.Err() != nil {
				return
			}
			w, y := d.weight(i), 0
			if d.Y[i] {
				y = 1
			}
			if w > 0 {
				do(s, y, w, d.X.Row(i))
			}
		}
	}); err != nil {
		return err
	}
	if ctx.Err() != nil { // it may have ended within the last blocks
		return context.Cause(ctx)
	}
	for b := range sums {
		add(&sums[b])
	}
	return nil
}

// knownLevel is the level that v stands for, or -1.
func knownLevel(v float32, c Column) int {
	if l := int(v); v >= 0 && v < float32(len(c.Levels)) && float32(l) == v {
		return l
	}
	return -1
}

// LogJoint is log p(y) + sum_j log p(x_j | y) of one row, for negative and for positive; the row must be as long as the
// model has columns.
func (m *NaiveBayesModel) LogJoint(row []float32) [2]float64 {
	log := m.LogPrior
	for j, v := range row {
		if m.Columns[j].Categorical() {
			if l := knownLevel(v, m.Columns[j]); l >= 0 {
				log[0] += m.LogLevel[0][j][l]
				log[1] += m.LogLevel[1][j][l]
			}
			continue
		}
		if v != v || m.Variance[0][j] == 0 {
			continue
		}
		for y := range 2 {
			by := float64(v) - m.Mean[y][j]
			log[y] -= .5 * (math.Log(2*math.Pi*m.Variance[y][j]) + by*by/m.Variance[y][j])
		}
	}
	return log
}

// Predict writes the probabilities of positive.
func (m *NaiveBayesModel) Predict(x *Matrix, p []float64) error {
	if err := checkInput(x, p, m.Columns); err != nil {
		return err
	}
	for k, v := range x.Data {
		if math.IsInf(float64(v), 0) && !m.Columns[k%x.Cols].Categorical() {
			return fmt.Errorf("learn: row %d, column %s: infinite", k/x.Cols, m.Columns[k%x.Cols].Name)
		}
	}
	// The logarithms are taken once: the log odds of a row are those of the priors, plus its levels', plus, for a number v,
	// offset + ((v-mean0)^2/variance0 - (v-mean1)^2/variance1) / 2.
	offset := make([]float64, len(m.Columns))
	for j := range offset {
		if v := m.Variance[0][j]; v > 0 {
			offset[j] = .5 * math.Log(v/m.Variance[1][j])
		}
	}
	return inBlocks(context.Background(), x.Rows, 1024, threadsOf(0), func(_, from, to int) {
		for i := from; i < to; i++ {
			odds := m.LogPrior[1] - m.LogPrior[0]
			for j, v := range x.Row(i) {
				if m.Columns[j].Levels != nil {
					if l := knownLevel(v, m.Columns[j]); l >= 0 {
						odds += m.LogLevel[1][j][l] - m.LogLevel[0][j][l]
					}
				} else if v == v && m.Variance[0][j] > 0 {
					negative, positive := float64(v)-m.Mean[0][j], float64(v)-m.Mean[1][j]
					odds += offset[j] + .5*(negative*negative/m.Variance[0][j]-positive*positive/m.Variance[1][j])
				}
			}
			p[i] = 1 / (1 + math.Exp(-odds))
		}
	})
}

// Inputs are the columns that the model was fitted on.
func (m *NaiveBayesModel) Inputs() []Column { return m.Columns }

func (m *NaiveBayesModel) valid() error {
	p := len(m.Columns)
	log := func(v float64) bool { return v <= 1e-9 && v > -1e4 } // of a probability
	for y := range 2 {
		if !log(m.LogPrior[y]) {
			return fmt.Errorf("learn: naive bayes: a prior of log %v", m.LogPrior[y])
		}
		if len(m.Mean[y]) != p || len(m.Variance[y]) != p || len(m.LogLevel[y]) != p {
			return fmt.Errorf("learn: naive bayes: %d means, %d variances, %d levels of %d columns",
				len(m.Mean[y]), len(m.Variance[y]), len(m.LogLevel[y]), p)
		}
		for j, c := range m.Columns {
			mean, variance := m.Mean[y][j], m.Variance[y][j]
			if !(math.Abs(mean) <= math.MaxFloat32) || !(variance == 0 || variance >= leastVariance && variance < 1e100) ||
				(variance == 0) != (m.Variance[0][j] == 0) {
				return fmt.Errorf("learn: naive bayes: column %s has mean %v and variance %v", c.Name, mean, variance)
			}
			if len(m.LogLevel[y][j]) != len(c.Levels) {
				return fmt.Errorf("learn: naive bayes: column %s has %d levels of %d", c.Name, len(m.LogLevel[y][j]), len(c.Levels))
			}
			for l, v := range m.LogLevel[y][j] {
				if !log(v) {
					return fmt.Errorf("learn: naive bayes: column %s, level %s: log probability %v", c.Name, c.Levels[l], v)
				}
			}
		}
	}
	return nil
}
