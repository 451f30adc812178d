// How good are probabilities or scores? The numbers that answer that, weighted, equal to scikit-learn's with ties exact.
// All of them share the walk over rows from the highest score to the lowest, in groups of equal score (tieGroups).

package learn

import "math"

// Metric judges scores p of rows whose labels are y. All slices have one length n; w holds weights >= 0, nil for 1 each.
// A Metric gives NaN where the rows cannot answer, which every metric states, and always where the lengths differ, n = 0, a
// score is NaN, a weight is negative, infinite or NaN, or all weights are 0. It changes nothing and keeps nothing.
type Metric func(y []bool, p []float64, w []float32) float64

// judgeable says whether the rows meet what Metric asks of them.
func judgeable(y []bool, p []float64, w []float32) bool {
	if len(y) == 0 || len(y) != len(p) || w != nil && len(w) != len(y) {
		return false
	}
	for _, v := range p {
		if v != v {
			return false
		}
	}
	for _, v := range w {
		if !(v >= 0) || math.IsInf(float64(v), 1) {
			return false
		}
	}
	return true
}

// probable is judgeable, and all scores are in [0,1].
func probable(y []bool, p []float64, w []float32) bool {
	for _, v := range p {
		if !(v >= 0 && v <= 1) {
			return false
		}
	}
	return judgeable(y, p, w)
}

func metricWeight(w []float32, i int) float64 {
	if w == nil {
		return 1
	}
	return float64(w[i])
}

// Confusion is the weight of rows by what was predicted and what is true.
type Confusion struct{ TP, FP, FN, TN float64 }

// ConfusionAt counts as predicted positive the rows whose score is at or above the threshold. All four are NaN where a Metric
// would be, but without any weight they are 0.
func ConfusionAt(y []bool, p []float64, w []float32, threshold float64) Confusion {
	var c Confusion
	if !judgeable(y, p, w) || threshold != threshold {
		nan := math.NaN()
		return Confusion{nan, nan, nan, nan}
	}
	for i, v := range p {
		switch at := metricWeight(w, i); {
		case y[i] && v >= threshold:
			c.TP += at
		case y[i]:
			c.FN += at
		case v >= threshold:
			c.FP += at
		default:
			c.TN += at
		}
	}
	return c
}

// Accuracy is the share of rows predicted rightly.
func (c Confusion) Accuracy() float64 { return (c.TP + c.TN) / (c.TP + c.FP + c.FN + c.TN) }

// Precision is the share of positives among the rows predicted positive; NaN if there are none.
func (c Confusion) Precision() float64 { return c.TP / (c.TP + c.FP) }

// Recall is the share of the positives that are predicted positive; NaN if there are no positives.
func (c Confusion) Recall() float64 { return c.TP / (c.TP + c.FN) }

// F1 is the harmonic mean of precision and recall, 2TP/(2TP+FP+FN): 0 when either is 0, NaN only when no row is positive and
// none is predicted so.
func (c Confusion) F1() float64 { return 2 * c.TP / (2*c.TP + c.FP + c.FN) }

// Accuracy is Confusion.Accuracy of the rows at a threshold.
func Accuracy(y []bool, p []float64, w []float32, threshold float64) float64 {
	return ConfusionAt(y, p, w, threshold).Accuracy()
}

// Precision is Confusion.Precision of the rows at a threshold.
func Precision(y []bool, p []float64, w []float32, threshold float64) float64 {
	return ConfusionAt(y, p, w, threshold).Precision()
}

// Recall is Confusion.Recall of the rows at a threshold.
func Recall(y []bool, p []float64, w []float32, threshold float64) float64 {
	return ConfusionAt(y, p, w, threshold).Recall()
}

// F1 is Confusion.F1 of the rows at a threshold.
func F1(y []bool, p []float64, w []float32, threshold float64) float64 {
	return ConfusionAt(y, p, w, threshold).F1()
}

// At makes a Metric of one that takes a further number: At(.5, F1), At(.1, Lift).
func At(setting float64, f func(y []bool, p []float64, w []float32, setting float64) float64) Metric {
	return func(y []bool, p []float64, w []float32) float64 { return f(y, p, w, setting) }
}

// MSE is the mean squared difference of probability and label, the Brier score: 0 is perfect, p(1-p) what the base rate alone
// gets. NaN also if a score is outside [0,1].
func MSE(y []bool, p []float64, w []float32) float64 {
	if !probable(y, p, w) {
		return math.NaN()
	}
	var sum, total float64
	for i, v := range p {
		at := metricWeight(w, i)
		if y[i] {
			v = 1 - v
		}
		sum += at * v * v
		total += at
	}
	return sum / total
}

// LogLoss is the mean negative log-likelihood, in nats. Probabilities are first brought into [e, 1-e] with e = 2^-52, the
// spacing of float64 at 1, as scikit-learn does from version 1.2: a certain and wrong prediction costs 36. NaN also if a score
// is outside [0,1].
func LogLoss(y []bool, p []float64, w []float32) float64 {
	if !probable(y, p, w) {
		return math.NaN()
	}
	const e = 0x1p-52
	var sum, total float64
	for i, v := range p {
		at := metricWeight(w, i)
		v = min(max(v, e), 1-e)
		if !y[i] {
			v = 1 - v
		}
		sum -= at * math.Log(v)
		total += at
	}
	return sum / total
}

// AUC is the area under the ROC curve: the chance that a random positive scores above a random negative, ties counting half.
// NaN if there are no positives or no negatives. O(n) where the scores already ascend, as in the bootstrap; otherwise they
// are sorted, with 24 bytes of memory a row.
func AUC(y []bool, p []float64, w []float32) float64 {
	var positives, negatives, area float64
	if !tieGroups(y, p, w, func(_, pos, neg float64) {
		area += neg * (positives + pos/2)
		positives += pos
		negatives += neg
	}) {
		return math.NaN()
	}
	return area / (positives * negatives)
}

// AveragePrecision is the sum over distinct scores, from the highest, of the precision at that threshold times the recall
// gained there, scikit-learn's average_precision_score: the area under the precision-recall curve as steps, which unlike the
// trapezium is not optimistic. NaN if there are no positives. Memory as AUC.
func AveragePrecision(y []bool, p []float64, w []float32) float64 {
	var positives, all, sum float64
	if !tieGroups(y, p, w, func(_, pos, neg float64) {
		positives += pos
		all += pos + neg
		sum += pos * (positives / all)
	}) {
		return math.NaN()
	}
	return sum / positives
}

// Gain is the share of all positives that is found in the given share, in [0,1], of the rows' weight that scores highest. Rows
// of equal score count as if in random order. NaN if there are no positives.
func Gain(y []bool, p []float64, w []float32, share float64) float64 {
	var total float64
	for i := range y {
		if w == nil || i < len(w) {
			total += metricWeight(w, i)
		}
	}
	room := share * total
	var positives, found float64
	if !tieGroups(y, p, w, func(_, pos, neg float64) {
		positives += pos
		if room > 0 {
			found += pos * min(1, room/(pos+neg))
			room -= pos + neg
		}
	}) || !(share >= 0 && share <= 1) {
		return math.NaN()
	}
	return found / positives
}

// Lift is the share of positives among the top share, in (0,1], of the rows by score, divided by their share among all: 1 is
// chance. NaN where Gain is, and for a share of 0.
func Lift(y []bool, p []float64, w []float32, share float64) float64 {
	return Gain(y, p, w, share) / share
}

// tieGroups calls do for every group of rows of equal score, from the highest score to the lowest, with the weight of its
// positives and negatives; groups without weight are left out. It says whether the rows are judgeable, and calls nothing
// if not.
func tieGroups(y []bool, p []float64, w []float32, do func(score, pos, neg float64)) bool {
	if !judgeable(y, p, w) {
		return false
	}
	order := ascending(p)
	for end := len(p) - 1; end >= 0; {
		i := end
		if order != nil {
			i = int(order[end])
		}
		score := p[i]
		var pos, neg float64
		for p[i] == score {
			if y[i] {
				pos += metricWeight(w, i)
			} else {
				neg += metricWeight(w, i)
			}
			if end--; end < 0 {
				break
			}
			if i = end; order != nil {
				i = int(order[end])
			}
		}
		if pos+neg > 0 {
			do(score, pos, neg)
		}
	}
	return true
}

// ascending is the order of the rows by score, ties by index, or nil if they stand in it already. No score may be NaN. It is a
// radix sort, byte by byte, of the bits of the scores: linear, where comparing would be most of the time of every metric.
func ascending(p []float64) []int32 {
	sorted := true
	for i := 1; i < len(p) && sorted; i++ {
		sorted = p[i-1] <= p[i]
	}
	if sorted {
		return nil
	}
	type keyed struct {
		key uint64
		row int32
	}
	from, to := make([]keyed, len(p)), make([]keyed, len(p))
	var count [8][256]int32
	for i, v := range p {
		key := math.Float64bits(v + 0) // + 0 makes one zero of the two
		if key>>63 == 1 {
			key = ^key
		} else {
			key |= 1 << 63
		}
		from[i] = keyed{key, int32(i)}
		for b := range count {
			count[b][byte(key>>(8*b))]++
		}
	}
	for b := range count {
		if int(count[b][byte(from[0].key>>(8*b))]) == len(p) {
			continue // this byte is the same everywhere
		}
		var start [256]int32
		for v := 1; v < 256; v++ {
			start[v] = start[v-1] + count[b][v-1]
		}
		for _, k := range from {
			v := byte(k.key >> (8 * b))
			to[start[v]] = k
			start[v]++
		}
		from, to = to, from
	}
	order := make([]int32, len(p))
	for i, k := range from {
		order[i] = k.row
	}
	return order
}
