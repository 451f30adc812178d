// Is one classifier better than another on the same rows? For AUC the answer needs no resampling: an AUC is a U statistic, and
// the covariance of two follows from how each row ranks against the other class (DeLong, DeLong and Clarke-Pearson,
// Biometrics 44, 1988), which mid-ranks give in O(n log n) (Sun and Xu, IEEE Signal Processing Letters 21, 2014). For accuracies
// there is McNemar's test (Psychometrika 12, 1947), for any other metric the paired bootstrap. Comparing many with the best of
// them needs a correction (Holm, Scandinavian Journal of Statistics 6, 1979).

package learn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// AUCEstimate is an AUC with DeLong's standard error and 95% interval, cut off at 0 and 1.
type AUCEstimate struct{ Value, SE, Low, High float64 }

// AUCDifference is the difference of two AUCs of the same rows.
type AUCDifference struct {
	A, B       AUCEstimate
	Covariance float64 // of the two AUCs
	Difference float64 // A - B
	SE         float64
	Low, High  float64 // of the difference, at the 95% level
	Z          float64 // Difference / SE
	P          float64 // two-sided. Where SE is 0, Z is 0 and P 1 if Difference is 0 too, and both are NaN if not
}

// DeLong estimates the AUC of scores p and its variance. Rows are independent and count 1 each. It needs 2 positives and 2
// negatives.
func DeLong(y []bool, p []float64) (AUCEstimate, error) {
	a, err := placementsOf(y, p)
	if err != nil {
		return AUCEstimate{}, err
	}
	return a.estimate(), nil
}

// CompareAUC tests whether scores a and b of the same rows have equal AUC. Rows are independent and count 1 each. It needs 2
// positives and 2 negatives.
func CompareAUC(y []bool, a, b []float64) (AUCDifference, error) {
	pa, err := placementsOf(y, a)
	if err != nil {
		return AUCDifference{}, err
	}
	pb, err := placementsOf(y, b)
	if err != nil {
		return AUCDifference{}, err
	}
	return pa.less(pb), nil
}

// AgainstBest says how one of several classifiers compares with the one of the highest AUC.
type AgainstBest struct {
	AUCEstimate
	Best       bool          // this is the one, the first of them where several are equal
	Difference AUCDifference // of the best and this one: A is the best
	Adjusted   float64       // the p-value after Holm's correction for all comparisons with the best; NaN for the best
}

// CompareWithBest compares each of the scores of the same rows with the best of them by AUC. That the best was picked by the
// same rows makes its lead look a little larger than it is. Memory: 8 bytes for each row and score.
func CompareWithBest(y []bool, scores [][]float64) ([]AgainstBest, error) {
	all := make([]*placements, len(scores))
	best := 0
	for i, p := range scores {
		var err error
		if all[i], err = placementsOf(y, p); err != nil {
			return nil, fmt.Errorf("scores %d: %w", i, err)
		}
		if all[i].auc > all[best].auc {
			best = i
		}
	}
	out := make([]AgainstBest, len(scores))
	p := make([]float64, len(scores))
	for i := range scores {
		out[i] = AgainstBest{AUCEstimate: all[i].estimate(), Best: i == best, Difference: all[best].less(all[i])}
		p[i] = out[i].Difference.P
		if i == best {
			p[i] = math.NaN()
		}
	}
	for i, q := range Holm(p) {
		out[i].Adjusted = q
	}
	return out, nil
}

// placements say, for every positive, the share of negatives that it scores above, and for every negative, the share of
// positives that score above it, ties counting half. The mean of either is the AUC.
type placements struct {
	positive, negative []float64 // in the order of the rows
	auc                float64
}

func placementsOf(y []bool, p []float64) (*placements, error) {
	if !judgeable(y, p, nil) {
		return nil, fmt.Errorf("learn: %d labels, %d scores: they must be as many, at least 1, and no score NaN", len(y), len(p))
	}
	n := len(p)
	order := ascending(p)
	if order == nil {
		order = make([]int32, n)
		for i := range order {
			order[i] = int32(i)
		}
	}
	positives := 0
	for _, v := range y {
		if v {
			positives++
		}
	}
	negatives := n - positives
	if positives < 2 || negatives < 2 {
		return nil, fmt.Errorf("learn: %d positives and %d negatives: the variance of an AUC needs 2 of each", positives, negatives)
	}
	placement := make([]float64, n)
	var posBelow, negBelow int
	for from := 0; from < n; {
		to, pos := from, 0
		for ; to < n && p[order[to]] == p[order[from]]; to++ {
			if y[order[to]] {
				pos++
			}
		}
		neg := to - from - pos
		for _, i := range order[from:to] {
			if y[i] {
				placement[i] = (float64(negBelow) + float64(neg)/2) / float64(negatives)
			} else {
				placement[i] = (float64(positives-posBelow-pos) + float64(pos)/2) / float64(positives)
			}
		}
		posBelow, negBelow, from = posBelow+pos, negBelow+neg, to
	}
	s := &placements{make([]float64, 0, positives), make([]float64, 0, negatives), AUC(y, p, nil)}
	for i, v := range placement {
		if y[i] {
			s.positive = append(s.positive, v)
		} else {
			s.negative = append(s.negative, v)
		}
	}
	return s, nil
}

// covariance is DeLong's, of the AUCs of s and t.
func (s *placements) covariance(t *placements) float64 {
	of := func(a, b []float64) float64 {
		var sum float64
		for i := range a {
			sum += (a[i] - s.auc) * (b[i] - t.auc)
		}
		return sum / float64(len(a)-1) / float64(len(a))
	}
	return of(s.positive, t.positive) + of(s.negative, t.negative)
}

func (s *placements) estimate() AUCEstimate {
	se := math.Sqrt(s.covariance(s))
	return AUCEstimate{s.auc, se, max(0, s.auc-normal95*se), min(1, s.auc+normal95*se)}
}

func (s *placements) less(t *placements) AUCDifference {
	d := AUCDifference{A: s.estimate(), B: t.estimate(), Covariance: s.covariance(t), Difference: s.auc - t.auc}
	// The variance of the difference is that of the differences: summed directly, it is exactly 0 for equal scores.
	diff := &placements{make([]float64, len(s.positive)), make([]float64, len(s.negative)), d.Difference}
	for i := range diff.positive {
		diff.positive[i] = s.positive[i] - t.positive[i]
	}
	for i := range diff.negative {
		diff.negative[i] = s.negative[i] - t.negative[i]
	}
	d.SE = math.Sqrt(diff.covariance(diff))
	d.Low, d.High = d.Difference-normal95*d.SE, d.Difference+normal95*d.SE
	switch {
	case d.SE > 0:
		d.Z = d.Difference / d.SE
		d.P = math.Erfc(math.Abs(d.Z) / math.Sqrt2)
	case d.Difference == 0:
		d.P = 1
	default:
		d.Z, d.P = math.NaN(), math.NaN()
	}
	return d
}

// Paired is the difference of a metric of two scores of the same rows.
type Paired struct {
	A, B       Interval
	Difference Interval // of A - B
	P          float64  // two-sided, by the share of replicates on the far side of 0; at least 2/(replicates+1)
}

// BootstrapDifference resamples rows, or groups of rows as Bootstrap does, and judges both scores on each replicate.
func BootstrapDifference(ctx context.Context, y []bool, a, b []float64, w []float32, group []int32, metric Metric, cfg BootstrapConfig) (Paired, error) {
	values, err := replicate(ctx, y, [][]float64{a, b}, w, group, metric, cfg)
	if err != nil {
		return Paired{}, err
	}
	each := [3][]float64{}
	var low, high, known int
	for _, v := range values {
		d := v[0] - v[1]
		each[0], each[1], each[2] = append(each[0], v[0]), append(each[1], v[1]), append(each[2], d)
		if d == d {
			known++
		}
		if d <= 0 {
			low++
		}
		if d >= 0 {
			high++
		}
	}
	va, vb := metric(y, a, w), metric(y, b, w)
	var r Paired
	for i, to := range []struct {
		interval *Interval
		value    float64
	}{{&r.A, va}, {&r.B, vb}, {&r.Difference, va - vb}} {
		if *to.interval, err = replicateInterval(each[i], to.value, cfg); err != nil {
			return Paired{}, err
		}
	}
	r.P = min(1, 2*float64(min(low, high)+1)/float64(known+1))
	return r, nil
}

// Disagreement is McNemar's comparison of two classifiers' accuracies on the same rows.
type Disagreement struct {
	OnlyA, OnlyB int     // rows that only A, only B got right
	Difference   float64 // of the accuracies, A - B
	Low, High    float64 // of the difference, at the 95% level, by the normal approximation
	P            float64 // exact, two-sided, binomial; 1 where the two never disagree in being right
}

// McNemar tests whether predictions a and b are right equally often. All slices have one length n >= 1.
func McNemar(y, a, b []bool) (Disagreement, error) {
	if len(y) == 0 || len(a) != len(y) || len(b) != len(y) {
		return Disagreement{}, fmt.Errorf("learn: %d labels, %d and %d predictions: they must be as many, at least 1", len(y), len(a), len(b))
	}
	var d Disagreement
	for i, v := range y {
		switch {
		case a[i] == v && b[i] != v:
			d.OnlyA++
		case a[i] != v && b[i] == v:
			d.OnlyB++
		}
	}
	n, discordant := float64(len(y)), float64(d.OnlyA+d.OnlyB)
	d.Difference = float64(d.OnlyA-d.OnlyB) / n
	se := math.Sqrt(max(0, discordant-n*d.Difference*d.Difference)) / n
	d.Low, d.High = d.Difference-normal95*se, d.Difference+normal95*se
	d.P = 1
	if fewer := float64(min(d.OnlyA, d.OnlyB)); d.OnlyA != d.OnlyB {
		// P(X <= k) of a binomial with chance 1/2 is the incomplete beta function I(1/2; n-k, k+1).
		d.P = min(1, 2*mathext.RegIncBeta(discordant-fewer, fewer+1, .5))
	}
	return d, nil
}

// Holm adjusts p-values for their number, in their order: the smallest times m, the next times m-1, and so on, never
// decreasing and at most 1. The chance that any true null falls below .05 is then at most .05. NaN stays NaN and does not
// count.
func Holm(p []float64) []float64 {
	q := slices.Clone(p)
	var known []int
	for i, v := range p {
		if v == v {
			known = append(known, i)
		}
	}
	slices.SortStableFunc(known, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	largest := 0.0
	for k, i := range known {
		largest = max(largest, min(1, p[i]*float64(len(known)-k)))
		q[i] = largest
	}
	return q
}
