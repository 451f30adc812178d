// Are probabilities right for everyone, or only on the whole? A ranker that is calibrated over all impressions may still promise
// too much in one slot, to new users, or for one kind of card, and these errors cancel in the whole.

package learn

import (
	"fmt"
	"math"
)

// Reliability is how far probabilities of some rows are from what came true.
type Reliability struct {
	Slice     int     // the number of the slice
	Rows      int     // in it
	Weight    float64 // of these rows; all that follows is NaN, and Bins nil, where it is 0
	Predicted float64 // their mean probability
	Observed  float64 // the share of positives among them
	ECE       float64 // the mean distance of both over Bins, by weight; by mere chance above 0, and the more so the fewer the rows
	Bins      []CalibrationBin
}

// ReliabilityOf judges probabilities p in [0,1] of rows with labels y and weights w (nil for 1 each) in bins >= 1 bins of
// equal weight. Lengths must agree.
func ReliabilityOf(y []bool, p []float64, w []float32, bins int) (Reliability, error) {
	if bins < 1 {
		return Reliability{}, fmt.Errorf("learn: reliability in %d bins; 1 or more are expected", bins)
	}
	if len(p) != len(y) || w != nil && len(w) != len(y) {
		return Reliability{}, fmt.Errorf("learn: reliability: %d labels, %d probabilities, %d weights", len(y), len(p), len(w))
	}
	if err := checkWeights(w, "row"); err != nil {
		return Reliability{}, err
	}
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return Reliability{}, fmt.Errorf("learn: reliability: row %d has probability %v", i, v)
		}
	}
	return reliability(y, p, w, bins), nil
}

// reliability is ReliabilityOf of rows that are known to be in order.
func reliability(y []bool, p []float64, w []float32, bins int) Reliability {
	r := Reliability{Rows: len(y), Bins: Calibration(y, p, w, bins, EqualMass)}
	var predicted, observed, apart float64
	for _, b := range r.Bins {
		r.Weight += b.Weight
		predicted += b.Weight * b.Predicted
		observed += b.Weight * b.Share
		apart += b.Weight * math.Abs(b.Predicted-b.Share)
	}
	r.Predicted, r.Observed, r.ECE = predicted/r.Weight, observed/r.Weight, apart/r.Weight
	return r
}

// ReliabilityBySlice is ReliabilityOf of each of the slices 0..slices-1 on its own, each with bins of its own; slice[i] is
// that of row i. It copies the rows once.
func ReliabilityBySlice(y []bool, p []float64, w []float32, slice []int32, slices, bins int) ([]Reliability, error) {
	if _, err := ReliabilityOf(y, p, w, bins); err != nil {
		return nil, err
	}
	if len(slice) != len(y) {
		return nil, fmt.Errorf("learn: reliability: %d labels, %d numbers of slices", len(y), len(slice))
	}
	slices = max(0, slices)
	start := make([]int, slices+1)
	for i, s := range slice {
		if s < 0 || int(s) >= slices {
			return nil, fmt.Errorf("learn: reliability: row %d is in slice %d of %d", i, s, slices)
		}
		start[s+1]++
	}
	for s := range slices {
		start[s+1] += start[s]
	}
	sortedY, sortedP := make([]bool, len(y)), make([]float64, len(y))
	var sortedW []float32
	if w != nil {
		sortedW = make([]float32, len(y))
	}
	next := append([]int(nil), start...)
	for i, s := range slice {
		k := next[s]
		next[s]++
		sortedY[k], sortedP[k] = y[i], p[i]
		if w != nil {
			sortedW[k] = w[i]
		}
	}
	out := make([]Reliability, slices)
	for s := range out {
		from, to := start[s], start[s+1]
		var own []float32
		if w != nil {
			own = sortedW[from:to]
		}
		out[s] = reliability(sortedY[from:to], sortedP[from:to], own, bins)
		out[s].Slice = s
	}
	return out, nil
}
