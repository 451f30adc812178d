// Which models' probabilities are calibrated, and how: by a trial on rows that the models have not seen.

package tablebench

import (
	"math"
	"math/rand/v2"

	"github.com/seguefeed/segue/learn"
)

// isotonicRows is the number of rows of the rarer label from which any monotone curve may be fitted; with fewer its steps
// would be noise. isotonicGain is what it must take off the log-loss of a row beyond what a logistic curve does, since within
// a step it makes rows equal that the model told apart.
const (
	isotonicRows = 200
	isotonicGain = .002
)

// calibrate puts a curve over m where that lowers the log-loss: y and p are labels and probabilities of rows not seen in
// fitting; each half of them is judged by the curve of the other half. The curve of a model that is left as it is, or that
// orders these rows no better than chance, is none and all but flat. It returns the model and the rows' probabilities by it.
func calibrate(m learn.Model, y []bool, p []float64, seed uint64) (learn.Model, []float64, error) {
	yes, no := count(y)
	if min(yes, no) < 2 {
		return m, p, nil
	}
	method, least := learn.CalibrationMethod(""), learn.LogLoss(y, p, nil)
	half := halves(y, seed)
	for _, try := range []learn.CalibrationMethod{learn.PlattScaling, learn.IsotonicScaling} {
		if try == learn.IsotonicScaling && min(yes, no) < isotonicRows {
			continue
		}
		loss, err := crossLoss(m, try, y, p, half)
		if err != nil {
			return nil, nil, err
		}
		if loss += 2 / float64(len(y)); try == learn.IsotonicScaling { // what two numbers gain by chance alone (Akaike)
			loss += isotonicGain
		}
		if loss < least {
			method, least = try, loss
		}
	}
	if method == "" {
		return m, p, nil
	}
	c, err := curve(m, method, y, p)
	if err != nil {
		return nil, nil, err
	}
	return c, through(c, p), nil
}

// curve fits a curve. One that would turn the model's order round fits noise, and is made all but flat instead.
func curve(m learn.Model, method learn.CalibrationMethod, y []bool, p []float64) (*learn.CalibratedModel, error) {
	c, err := learn.CalibrateBy(m, method, y, p, nil)
	if err != nil {
		return nil, err
	}
	if method == learn.PlattScaling && c.A > -1e-3 {
		yes, no := count(y)
		c.A, c.B = -1e-3, math.Log(float64(no)/float64(yes))
	}
	return c, nil
}

// crossLoss is the log-loss of all rows, each by the curve of the half that it is not in.
func crossLoss(m learn.Model, method learn.CalibrationMethod, y []bool, p []float64, half []int8) (float64, error) {
	var sum float64
	for h := range int8(2) {
		var fitY, ownY []bool
		var fitP, ownP []float64
		for i := range y {
			if half[i] == h {
				ownY, ownP = append(ownY, y[i]), append(ownP, p[i])
			} else {
				fitY, fitP = append(fitY, y[i]), append(fitP, p[i])
			}
		}
		c, err := curve(m, method, fitY, fitP)
		if err != nil {
			return 0, err
		}
		sum += float64(len(ownY)) * learn.LogLoss(ownY, through(c, ownP), nil)
	}
	return sum / float64(len(y)), nil
}

// through are the calibrated probabilities.
func through(c *learn.CalibratedModel, p []float64) []float64 {
	q := make([]float64, len(p))
	for i, v := range p {
		q[i] = c.At(v)
	}
	return q
}

// halves deals the rows of each label, in random order, to two halves.
func halves(y []bool, seed uint64) []int8 {
	half, next := make([]int8, len(y)), [2]int8{}
	for _, i := range rand.New(rand.NewPCG(seed, 0x4a1f)).Perm(len(y)) {
		k := 0
		if y[i] {
			k = 1
		}
		half[i], next[k] = next[k], 1-next[k]
	}
	return half
}
