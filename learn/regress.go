// What a regression is learned from: rows with a number each, such as the seconds for which a card was viewed; and how far
// predictions of it are off.

package learn

import (
	"fmt"
	"math"
)

// RegressionData are n rows whose value is to be predicted.
type RegressionData struct {
	X       *Matrix   // n x p
	Columns []Column  // length p; nil means that all are numbers
	Y       []float32 // length n, finite
	Weight  []float32 // length n, each >= 0, or nil for 1 each
}

// rows is d without its values.
func (d *RegressionData) rows() *Data { return &Data{X: d.X, Columns: d.Columns, Weight: d.Weight} }

// check says why d cannot be learned from by an algorithm that takes what is stated, and gives the weight of all rows.
func (d *RegressionData) check(takes accepts) (total float64, err error) {
	if d == nil {
		return 0, ErrEmpty
	}
	if err := checkValues(d.X, d.Columns, takes); err != nil {
		return 0, err
	}
	n := d.X.Rows
	switch {
	case len(d.Y) != n:
		return 0, fmt.Errorf("learn: %d values to predict for %d rows", len(d.Y), n)
	case d.Weight != nil && len(d.Weight) != n:
		return 0, fmt.Errorf("learn: %d weights for %d rows", len(d.Weight), n)
	}
	if err := checkWeights(d.Weight, "row"); err != nil {
		return 0, err
	}
	for i, v := range d.Y {
		if v-v != 0 {
			return 0, fmt.Errorf("learn: row %d has the value %v to predict; a finite number is expected", i, v)
		}
		total += metricWeight(d.Weight, i)
	}
	if total == 0 {
		return 0, fmt.Errorf("learn: all of %d rows have weight 0", n)
	}
	return total, nil
}

// meanOf is the weighted mean of a loss over the rows; NaN where RMSE is.
func meanOf(y []float32, p []float64, w []float32, loss func(y, p float64) float64) float64 {
	if len(p) != len(y) || w != nil && len(w) != len(y) || checkWeights(w, "row") != nil {
		return math.NaN()
	}
	sum, total := 0.0, 0.0
	for i, v := range p {
		at := metricWeight(w, i)
		sum += at * loss(float64(y[i]), v)
		total += at
	}
	return sum / total
}

// RMSE is the root of the mean squared error of predictions p of values y, in their unit; w are weights, nil for 1 each. NaN
// where the lengths differ, n = 0, a weight is negative or not finite, or all are 0.
func RMSE(y []float32, p []float64, w []float32) float64 {
	return math.Sqrt(meanOf(y, p, w, func(y, p float64) float64 { return (y - p) * (y - p) }))
}

// MAE is the mean absolute error, in the unit of the values. NaN as RMSE.
func MAE(y []float32, p []float64, w []float32) float64 {
	return meanOf(y, p, w, func(y, p float64) float64 { return math.Abs(y - p) })
}

// R2 is the share of the variance of y that p explains: 1 is perfect, 0 what the mean of y alone gets. NaN as RMSE, and where
// y does not vary.
func R2(y []float32, p []float64, w []float32) float64 {
	mean := meanOf(y, p, w, func(y, _ float64) float64 { return y })
	variance := meanOf(y, p, w, func(y, _ float64) float64 { return (y - mean) * (y - mean) })
	if !(variance > 0) {
		return math.NaN()
	}
	return 1 - meanOf(y, p, w, func(y, p float64) float64 { return (y - p) * (y - p) })/variance
}

// MeanDeviance is the mean Tweedie deviance of power in [1,2) of predictions p > 0 of values y >= 0: that of counts (Poisson)
// for 1, of amounts of which some are 0 in between; 0 is perfect. It judges means, and unlike the squared error does not leave
// the verdict to the few largest values. NaN as RMSE, and for values, predictions or powers out of range.
// Source: Jørgensen, The Theory of Dispersion Models, 1997, section 4.2.
func MeanDeviance(power float64, y []float32, p []float64, w []float32) float64 {
	if !(power >= 1 && power < 2) {
		return math.NaN()
	}
	return meanOf(y, p, w, func(y, p float64) float64 { return tweedieDeviance(power, y, p) })
}

// tweedieDeviance is twice the log-likelihood ratio of the value itself to the prediction mu.
func tweedieDeviance(power, y, mu float64) float64 {
	switch {
	case !(y >= 0 && mu > 0):
		return math.NaN()
	case power == 1 && y == 0:
		return 2 * mu
	case power == 1:
		return 2 * (y*math.Log(y/mu) - y + mu)
	}
	return 2 * (math.Pow(y, 2-power)/((1-power)*(2-power)) - y*math.Pow(mu, 1-power)/(1-power) + math.Pow(mu, 2-power)/(2-power))
}
