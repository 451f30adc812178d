// Isotonic regression: the non-decreasing steps of a score that come closest to the labels,
//
//	min sum_i w_i (y_i - g(score_i))^2  over all non-decreasing g,
//
// by pooling neighbours that are in the wrong order (Ayer et al., Annals of Mathematical Statistics 26, 1955; as a calibration:
// Zadrozny and Elkan, KDD 2002). It fits any monotone miscalibration but needs some thousand rows, and it makes ties.

package learn

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// Isotonic is a non-decreasing map from score to probability, a line through points and constant beyond the first and last.
// Between blocks of equal probability it rises in a straight line, as in scikit-learn.
type Isotonic struct {
	X []float64 // ascending, at least 1
	Y []float64 // in [0,1], never descending
}

// FitIsotonic fits the map to scores of rows whose labels are y. w holds weights >= 0, nil for 1 each; rows of equal score
// are averaged first and those of weight 0 ignored. O(n log n) if the scores do not ascend.
func FitIsotonic(y []bool, score []float64, w []float32) (*Isotonic, error) {
	var x, positive, weight []float64
	if !tieGroups(y, score, w, func(s, pos, neg float64) {
		x, positive, weight = append(x, s), append(positive, pos), append(weight, pos+neg)
	}) {
		return nil, fmt.Errorf("learn: isotonic: %d labels, %d scores, %d weights: they must be as many, at least 1, scores not NaN, weights finite and >= 0",
			len(y), len(score), len(w))
	}
	if len(x) == 0 {
		return nil, errors.New("learn: isotonic: all weights are 0")
	}
	if math.IsInf(x[0], 0) || math.IsInf(x[len(x)-1], 0) {
		return nil, errors.New("learn: isotonic: a score is infinite")
	}
	// The groups come from the highest score down, where the fit must not ascend: a block that is above the one before it is
	// pooled with that.
	type block struct {
		sum, weight float64
		from, to    int // of x
	}
	var blocks []block
	for i := range x {
		b := block{positive[i], weight[i], i, i}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum*b.weight > b.sum*last.weight {
				break
			}
			b = block{last.sum + b.sum, last.weight + b.weight, last.from, b.to}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	m := new(Isotonic)
	for i := len(blocks) - 1; i >= 0; i-- {
		b := blocks[i]
		value := min(1, b.sum/b.weight)
		if len(m.Y) > 0 {
			value = max(value, m.Y[len(m.Y)-1]) // rounding must not make it descend
		}
		m.X, m.Y = append(m.X, x[b.to]), append(m.Y, value)
		if b.from != b.to {
			m.X, m.Y = append(m.X, x[b.from]), append(m.Y, value)
		}
	}
	return m, nil
}

// At is the probability of a score, in [0,1]; NaN for NaN, and of a map without points.
func (m *Isotonic) At(score float64) float64 {
	if score != score || len(m.X) == 0 || len(m.Y) != len(m.X) {
		return math.NaN()
	}
	last := len(m.X) - 1
	switch i := sort.SearchFloat64s(m.X, score); {
	case i > last:
		return m.Y[last]
	case i == 0 || m.X[i] == score:
		return m.Y[i]
	default:
		// The halves keep the steps finite where the scores are as far apart as numbers can be.
		share := (score/2 - m.X[i-1]/2) / (m.X[i]/2 - m.X[i-1]/2)
		return min(m.Y[i], m.Y[i-1]+share*(m.Y[i]-m.Y[i-1]))
	}
}

func (m *Isotonic) valid() error {
	if len(m.X) == 0 || len(m.X) != len(m.Y) {
		return fmt.Errorf("isotonic: %d scores, %d probabilities", len(m.X), len(m.Y))
	}
	for i, x := range m.X {
		if math.IsInf(x, 0) || x != x || i > 0 && !(x > m.X[i-1]) {
			return fmt.Errorf("isotonic: score %d, %v, is not above the one before", i, x)
		}
		if y := m.Y[i]; !(y >= 0 && y <= 1) || i > 0 && y < m.Y[i-1] {
			return fmt.Errorf("isotonic: probability %d, %v, is not in [0,1] or falls", i, y)
		}
	}
	return nil
}
