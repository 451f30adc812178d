// Why a card has its score: the Shapley values of its features in the log-odds of the click.

package rank

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/learn"
)

// Contribution is what a feature, or a group of them, adds to the log-odds of a click in full view.
type Contribution struct {
	Name    string
	LogOdds float64
}

// Explanation is a score taken apart: Base, that of the average card, and the contributions sum to LogOdds.
type Explanation struct {
	Base       float64
	LogOdds    float64
	Of         []Contribution // by size, largest first
	Calibrated bool           // are they log-odds of the calibrated chance, as by Platt; else of the chance before an isotonic curve
}

// Explain takes the score of one row of features apart. Contributions are Shapley values of the click model; with Platt's calibration they are
// of the log-odds of the calibrated chance, with an isotonic one of the chance before it. Cost: trees x leaves x depth^2; for explanations on demand.
func (m *Model) Explain(ctx context.Context, x []float32) (*Explanation, error) {
	if err := m.checkRows(x, 1); err != nil {
		return nil, err
	}
	row := &learn.Matrix{Rows: 1, Cols: len(x), Data: x}
	base, values, err := contributions(ctx, folded(m.click, m.Columns, fullView), row)
	if err != nil {
		return nil, err
	}
	e := Explanation{Base: base}
	scale, shift := 1.0, 0.0
	if m.curve.Method == learn.PlattScaling {
		scale, shift, e.Calibrated = -m.curve.A, -m.curve.B, true
	}
	e.Base = scale*e.Base + shift
	e.LogOdds = e.Base
	for j, v := range values {
		e.LogOdds += scale * v
		e.Of = append(e.Of, Contribution{m.Columns[j].Name, scale * v})
	}
	sortContributions(e.Of)
	return &e, nil
}

// contributions take the log-odds of a click model apart; what two models that are added give adds up.
func contributions(ctx context.Context, click learn.Model, row *learn.Matrix) (base float64, values []float64, err error) {
	switch click := click.(type) {
	case *learn.BoostOnModel:
		base, values, err = contributions(ctx, click.Linear, row)
		if err != nil {
			return 0, nil, err
		}
		more, bent, err := contributions(ctx, click.Trees, row)
		for j, v := range bent {
			values[j] += v
		}
		return base + more, values, err
	case *learn.PipelineModel:
		// The encoder has centred the numbers, so that 0 is the average; categories count from none.
		inner := click.Model.(*learn.LogisticModel)
		z := learn.NewMatrix(1, len(click.Encoder.Out))
		if err := click.Encoder.Transform(ctx, row, z); err != nil {
			return 0, nil, fmt.Errorf("rank: %w", err)
		}
		by := make([]float64, z.Cols)
		for k, v := range z.Data {
			by[k] = inner.Coef[k] * float64(v)
		}
		if values, err = click.Encoder.Grouped(by); err != nil {
			return 0, nil, fmt.Errorf("rank: %w", err)
		}
		return inner.Intercept, values, nil
	case *learn.BoostModel:
		values = make([]float64, row.Cols)
		base, err = click.Contributions(ctx, row, values)
	}
	return base, values, err
}

func sortContributions(of []Contribution) {
	slices.SortStableFunc(of, func(a, b Contribution) int { return cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds)) })
}

// Grouped sums the contributions of the features that group gives one name, such as all of what is known of the card.
func (e *Explanation) Grouped(group func(feature string) string) []Contribution {
	at := map[string]int{}
	var out []Contribution
	for _, c := range e.Of {
		name := group(c.Name)
		k, ok := at[name]
		if !ok {
			k = len(out)
			at[name] = k
			out = append(out, Contribution{Name: name})
		}
		out[k].LogOdds += c.LogOdds
	}
	sortContributions(out)
	return out
}
