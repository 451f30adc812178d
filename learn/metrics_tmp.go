// Two metrics, until metrics.go is there.

package learn

import (
	"cmp"
	"math"
	"slices"
)

// AUC is the probability that a positive row has a higher p than a negative one, ties counting half; w are weights, or nil.
// NaN where a class is missing.
func AUC(y []bool, p []float64, w []float32) float64 {
	order := make([]int32, len(p))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := cmp.Compare(p[a], p[b]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	var area, positive, negative float64
	for from := 0; from < len(order); {
		to := from
		var pos, neg float64
		for ; to < len(order) && p[order[to]] == p[order[from]]; to++ {
			v := 1.0
			if w != nil {
				v = float64(w[order[to]])
			}
			if y[order[to]] {
				pos += v
			} else {
				neg += v
			}
		}
		if to == from {
			return math.NaN()
		}
		area += pos * (negative + neg/2)
		positive, negative, from = positive+pos, negative+neg, to
	}
	return area / (positive * negative)
}

// LogLoss is the weighted mean of -log of the probability that was given to what happened, kept from 0 by 1e-15.
func LogLoss(y []bool, p []float64, w []float32) float64 {
	var sum, weight float64
	for i, v := range p {
		if !y[i] {
			v = 1 - v
		}
		each := 1.0
		if w != nil {
			each = float64(w[i])
		}
		sum -= each * math.Log(max(v, 1e-15))
		weight += each
	}
	return sum / weight
}
