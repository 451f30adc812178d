// How good is the order within groups? Each metric gives a value for every group, so that they can be averaged, compared group by
// group, or drawn again by user for an interval. Rows of equal score count as if in random order: a metric is its mean over all
// orders of them, and no model gains by the order in which the rows happen to stand.

package learn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Ranked are n scored rows in groups, to be judged.
type Ranked struct {
	Group  []int32   // length groups+1, ascending from 0 to n: rows Group[g] to Group[g+1]-1 are group g
	Score  []float64 // length n: the higher, the further up; not NaN
	Grade  []float32 // length n, each >= 0: how good the row is; it is relevant if above 0
	Weight []float32 // length n, each >= 0, or nil for 1 each: such as the inverse propensity of a row that was clicked
}

// Check says why the rows cannot be judged.
func (r *Ranked) Check() error {
	n := len(r.Score)
	switch {
	case len(r.Grade) != n:
		return fmt.Errorf("learn: %d grades for %d scores", len(r.Grade), n)
	case r.Weight != nil && len(r.Weight) != n:
		return fmt.Errorf("learn: %d weights for %d scores", len(r.Weight), n)
	}
	if err := checkGroups(r.Group, n); err != nil {
		return err
	}
	for i, v := range r.Score {
		if v != v {
			return fmt.Errorf("learn: the score of row %d is not a number", i)
		}
	}
	for i, v := range r.Grade {
		if !(v >= 0) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("learn: row %d has grade %v; 0 or more is expected", i, v)
		}
	}
	return checkWeights(r.Weight, "row")
}

// each makes a value of every group; NaN where of says so.
func (r *Ranked) each(of func(score []float64, grade, weight []float32) float64) ([]float64, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	out := make([]float64, len(r.Group)-1)
	for g := range out {
		from, to := r.Group[g], r.Group[g+1]
		var weight []float32
		if r.Weight != nil {
			weight = r.Weight[from:to]
		}
		out[g] = of(r.Score[from:to], r.Grade[from:to], weight)
	}
	return out, nil
}

// AUC is, for each group, the chance that a relevant row scores above one that is not; NaN for a group without either. Rows
// count by their weight. Averaged over groups, this is the GAUC of Zhu et al., KDD 2017 ("Optimized cost per click in
// display advertising"), which unlike one AUC over all rows gives nothing for knowing which groups click more.
func (r *Ranked) AUC() ([]float64, error) {
	var relevant []bool
	return r.each(func(score []float64, grade, weight []float32) float64 {
		relevant = relevant[:0]
		for _, v := range grade {
			relevant = append(relevant, v > 0)
		}
		return AUC(relevant, score, weight)
	})
}

// ReciprocalRank is, for each group, 1 over the place of the first relevant row, or 0 if that is beyond place k (0: any);
// NaN for a group without one. Weights play no part. The mean is MRR.
func (r *Ranked) ReciprocalRank(k int) ([]float64, error) {
	return r.each(func(score []float64, grade, _ []float32) float64 { return groupRR(score, grade, k) })
}

// NDCG is, for each group, the discounted gain of its first k rows (0: all), sum_r w_r gain(grade_r)/log2(r+1) over places r
// from 1, as a share of the greatest that any order has; NaN for a group without gain. gain is ExponentialGain if nil. With
// weights of 1 it is that of Järvelin and Kekäläinen, ACM TOIS 20, 2002. A row keeps its place whatever its weight.
func (r *Ranked) NDCG(k int, gain func(grade float64) float64) ([]float64, error) {
	return r.each(func(score []float64, grade, weight []float32) float64 {
		return groupNDCG(score, grade, weight, k, gain)
	})
}

// DCG is NDCG without the division: 0 for a group without gain. With inverse propensities of examination as the weights of
// clicked rows it estimates without bias what DCG would be if all rows had been looked at (Joachims, Swaminathan and Schnabel,
// WSDM 2017, equation 5); NDCG, being a ratio, does so only as groups become large.
func (r *Ranked) DCG(k int, gain func(grade float64) float64) ([]float64, error) {
	return r.each(func(score []float64, grade, weight []float32) float64 { return groupDCG(score, grade, weight, k, gain) })
}

// ExponentialGain is 2^grade - 1: a grade more counts for more than twice as much.
func ExponentialGain(grade float64) float64 { return math.Exp2(grade) - 1 }

// LinearGain is the grade itself.
func LinearGain(grade float64) float64 { return grade }

// GroupMean is a mean over groups.
type GroupMean struct {
	Mean   float64 // NaN if no group counts
	Groups int     // that count: those whose value is not NaN and whose weight is above 0
	Weight float64 // of these
}

// MeanOfGroups is the mean of the groups' values, weighted by w >= 0 (nil: 1 each), of those that are not NaN. Where w has
// another length, no group counts.
func MeanOfGroups(values []float64, w []float32) GroupMean {
	m := GroupMean{Mean: math.NaN()}
	if w != nil && len(w) != len(values) {
		return m
	}
	sum := 0.0
	for g, v := range values {
		if at := metricWeight(w, g); v == v && at > 0 {
			m.Groups++
			m.Weight += at
			sum += at * v
		}
	}
	m.Mean = sum / m.Weight
	return m
}

// SizeOfGroups is the weight of the rows of each group, their number if w is nil: the usual weights of a mean of AUCs.
func SizeOfGroups(group []int32, w []float32) []float32 {
	out := make([]float32, max(0, len(group)-1))
	for g := range out {
		sum := 0.0
		for i := group[g]; i < group[g+1]; i++ {
			sum += metricWeight(w, int(i))
		}
		out[g] = float32(sum)
	}
	return out
}

// inOrder are the rows of a group from the highest score to the lowest.
func inOrder(score []float64) []int32 {
	order := make([]int32, len(score))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if o := cmp.Compare(score[b], score[a]); o != 0 {
			return o
		}
		return cmp.Compare(a, b)
	})
	return order
}

// groupDCG is DCG for one group.
func groupDCG(score []float64, grade, weight []float32, k int, gain func(float64) float64) float64 {
	if k <= 0 {
		k = len(score)
	}
	if gain == nil {
		gain = ExponentialGain
	}
	order, sum := inOrder(score), 0.0
	for from := 0; from < min(k, len(order)); {
		// Each of the rows of one score is equally likely at each of their places.
		to, gains, discounts := from, 0.0, 0.0
		for ; to < len(order) && score[order[to]] == score[order[from]]; to++ {
			i := int(order[to])
			gains += metricWeight(weight, i) * gain(float64(grade[i]))
			if to < k {
				discounts += 1 / math.Log2(float64(to+2))
			}
		}
		sum += gains * discounts / float64(to-from)
		from = to
	}
	return sum
}

// groupNDCG is NDCG for one group.
func groupNDCG(score []float64, grade, weight []float32, k int, gain func(float64) float64) float64 {
	if gain == nil {
		gain = ExponentialGain
	}
	own := make([]float64, len(score))
	for i, v := range grade {
		own[i] = metricWeight(weight, i) * gain(float64(v))
	}
	ideal := groupDCG(own, grade, weight, k, gain)
	if !(ideal > 0) {
		return math.NaN()
	}
	return groupDCG(score, grade, weight, k, gain) / ideal
}

// groupRR is ReciprocalRank for one group.
func groupRR(score []float64, grade []float32, k int) float64 {
	if k <= 0 {
		k = len(score)
	}
	order := inOrder(score)
	for from := 0; from < len(order); {
		to, relevant := from, 0
		for ; to < len(order) && score[order[to]] == score[order[from]]; to++ {
			if grade[order[to]] > 0 {
				relevant++
			}
		}
		if relevant == 0 {
			from = to
			continue
		}
		// Of to-from rows in random order, the chance that the first relevant one comes at each place.
		sum, none := 0.0, 1.0 // none: the chance that no place before is taken by a relevant row
		for r := from; r < min(to, k); r++ {
			here := min(1, float64(relevant)/float64(to-r))
			sum += none * here / float64(r+1)
			none *= 1 - here
			if here == 1 {
				break
			}
		}
		return sum
	}
	return math.NaN()
}
