// Wald tests and intervals of the coefficients of an unpenalised logistic regression. Source: Hosmer and Lemeshow, Applied
// Logistic Regression (2nd ed.), sections 1.3 and 2.4.

package learn

import (
	"errors"
	"fmt"
	"math"
)

// Coefficient is one coefficient of a logistic regression with its uncertainty. All but Name and Estimate are NaN where the
// data do not determine the coefficient.
type Coefficient struct {
	Name     string
	Estimate float64 // change of the log odds with one unit of the column

	StandardError float64
	Z             float64 // Estimate / StandardError
	P             float64 // two-sided, of the hypothesis that the coefficient is 0; from the normal distribution
	Low, High     float64 // the interval of the estimate

	OddsRatio         float64 // exp(Estimate): what the odds are multiplied by with one unit of the column
	OddsLow, OddsHigh float64
}

// ErrNoInference is given where standard errors are not defined.
var ErrNoInference = errors.New("learn: this logistic regression has no standard errors: they are defined without a penalty, with unbalanced classes, for up to 300 columns")

// Coefficients are the intercept, which has the name "(intercept)", and then those of the columns, with intervals that
// cover the truth in the given share of samples, in (0,1), such as .95. A model without standard errors gives
// ErrNoInference.
func (m *LogisticModel) Coefficients(level float64) ([]Coefficient, error) {
	if m.StandardErrors == nil {
		return nil, ErrNoInference
	}
	if !(level > 0 && level < 1) {
		return nil, fmt.Errorf("learn: an interval that covers the truth in a share of %v; it must be between 0 and 1", level)
	}
	width := math.Sqrt2 * math.Erfinv(level)
	p := len(m.Coef)
	list := make([]Coefficient, 0, p+1)
	add := func(name string, estimate, se float64) {
		c := Coefficient{Name: name, Estimate: estimate, StandardError: se, Z: estimate / se}
		c.P = math.Erfc(math.Abs(c.Z) / math.Sqrt2)
		c.Low, c.High = estimate-width*se, estimate+width*se
		c.OddsRatio, c.OddsLow, c.OddsHigh = math.Exp(estimate), math.Exp(c.Low), math.Exp(c.High)
		if math.IsNaN(se) {
			c.OddsRatio = math.NaN()
		}
		list = append(list, c)
	}
	add("(intercept)", m.Intercept, m.StandardErrors[p])
	for j, c := range m.Columns {
		add(c.Name, m.Coef[j], m.StandardErrors[j])
	}
	return list, nil
}
