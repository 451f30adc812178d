// Boosted trees on top of another model: the trees begin at the log-odds that it gives each row and learn what it leaves over. A linear model
// goes on beyond the rows that it has seen, where trees are flat; trees bend it where there are rows. Source: the offset of a generalised linear
// model (McCullagh and Nelder, Generalized Linear Models, 2nd edition 1989, 2.2), for the F_0 of Friedman (Annals of Statistics 29, 2001).

package learn

import (
	"context"
	"fmt"
	"math"
)

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
