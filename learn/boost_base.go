// Boosted trees on top of another model: the trees begin at the log-odds that it gives each row and learn what it leaves over. A linear model
// goes on beyond the rows that it has seen, where trees are flat; trees bend it where there are rows. Source: the offset of a generalised linear
// model (McCullagh and Nelder, Generalized Linear Models, 2nd edition 1989, 2.2), for the F_0 of Friedman (Annals of Statistics 29, 2001).

package learn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// BoostOnModel is a linear model with trees on top of it: a row's log-odds are the sum of theirs. Both take the same columns.
type BoostOnModel struct {
	Linear *PipelineModel // of an encoder and a *LogisticModel
	Trees  *BoostModel
}

// FitBoostOn fits boosted trees that start from the log-odds start, one a row of d and finite. The model's Base is 0 and its log-odds
// are what is to be added to those of the other model. Memory is that of FitBoost.
func FitBoostOn(ctx context.Context, d *Data, start []float64, c Boost) (*BoostModel, error) {
	if d != nil && d.X != nil && len(start) != d.X.Rows {
		return nil, fmt.Errorf("learn: %d log-odds to start from for %d rows: as many are expected", len(start), d.X.Rows)
	}
	for i, v := range start {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("learn: row %d starts from log-odds of %v; a finite number is expected", i, v)
		}
	}
	return fitBoost(ctx, d, start, c)
}

// begin sets all log-odds to those of the share of positives, and returns them.
func (f *boosting) begin() float64 {
	var class [2]float64
	for _, i := range f.learn {
		w := 1.0
		if f.weight != nil {
			w = f.weight[i]
		}
		if f.y[i] {
			class[1] += w
		} else {
			class[0] += w
		}
	}
	base := math.Log(class[1] / class[0])
	for i := range f.odds {
		f.odds[i] = base
	}
	return base
}

// LinearLogOdds writes to out, of length x.Rows, the log-odds that the linear model within m gives each row.
func LinearLogOdds(m *PipelineModel, x *Matrix, out []float64) error {
	inner, ok := m.Model.(*LogisticModel)
	if !ok {
		return fmt.Errorf("learn: log-odds of a pipeline to a %T: one to a logistic regression is expected", m.Model)
	}
	// A linear ranking of the same coefficients is the score before its logistic curve, which would lose what lies far out.
	sum := &PipelineModel{Encoder: m.Encoder, Model: &LinearRankingModel{Columns: inner.Columns, Coef: inner.Coef}}
	if err := sum.Predict(x, out); err != nil {
		return err
	}
	for i := range out {
		out[i] += inner.Intercept
	}
	return nil
}

// LogOdds writes to out, of length x.Rows, the log-odds of each row.
func (m *BoostOnModel) LogOdds(x *Matrix, out []float64) error {
	if err := LinearLogOdds(m.Linear, x, out); err != nil {
		return err
	}
	more := make([]float64, x.Rows)
	if err := m.Trees.LogOdds(x, more); err != nil {
		return err
	}
	for i, v := range more {
		out[i] += v
	}
	return nil
}

// Predict implements Model.
func (m *BoostOnModel) Predict(x *Matrix, p []float64) error {
	if err := m.LogOdds(x, p); err != nil {
		return err
	}
	for i, v := range p {
		p[i] = 1 / (1 + math.Exp(-v))
	}
	return nil
}

// Inputs implements Model.
func (m *BoostOnModel) Inputs() []Column { return m.Trees.Columns }

func (m *BoostOnModel) valid() error {
	if m.Linear == nil || m.Trees == nil {
		return errors.New("trees without the model under them, or none on it")
	}
	if err := m.Linear.valid(); err != nil {
		return err
	}
	if _, ok := m.Linear.Model.(*LogisticModel); !ok {
		return fmt.Errorf("trees on a %T", m.Linear.Model)
	}
	if err := m.Trees.valid(); err != nil {
		return err
	}
	if !slices.EqualFunc(m.Linear.Encoder.In, m.Trees.Columns, func(a, b Column) bool { return a.Name == b.Name && slices.Equal(a.Levels, b.Levels) }) {
		return errors.New("trees of other columns than the model under them")
	}
	return nil
}
