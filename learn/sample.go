// Ways to make up for a rare class. The two samplers take the rows of the training part and return rows out of them, so
// that none of the rows that a model is judged by can come into training, nor be doubled.

package learn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Oversample returns rows and copies of their positive ones, so that there are factor times as many positive rows, rounded;
// factor 0 stands for as many as negative ones (none are taken away where they are more). Each positive row is there equally
// often, give or take one, by chance. y has the labels of all rows of the data; rows are the training rows.
func Oversample(rows []int32, y []bool, factor float64, seed uint64) ([]int32, error) {
	class, err := classesOf(rows, y)
	if err != nil {
		return nil, err
	}
	positive := class[1]
	if factor == 0 {
		factor = max(1, float64(len(class[0]))/float64(len(positive)))
	}
	if !(factor >= 1) || factor*float64(len(positive)) > math.MaxInt32-float64(len(class[0])) {
		return nil, fmt.Errorf("learn: oversample: factor %v on %d positive rows of %d; 0 (to balance) or at least 1 is expected", factor, len(positive), len(rows))
	}
	more := int(math.Round(factor*float64(len(positive)))) - len(positive)
	out := make([]int32, 0, len(rows)+more)
	out = append(out, rows...)
	for ; more >= len(positive); more -= len(positive) {
		out = append(out, positive...)
	}
	r := rand.New(rand.NewPCG(seed, 5))
	r.Shuffle(len(positive), func(i, j int) { positive[i], positive[j] = positive[j], positive[i] })
	extra := positive[:more]
	slices.Sort(extra)
	return append(out, extra...), nil
}

// Undersample returns the positive rows and ratio times as many negative ones, rounded, drawn without replacement, all in the
// order of rows; ratio 0 stands for 1. Where there are fewer negative rows all are kept. y has the labels of all rows of the
// data; rows are the training rows.
func Undersample(rows []int32, y []bool, ratio float64, seed uint64) ([]int32, error) {
	class, err := classesOf(rows, y)
	if err != nil {
		return nil, err
	}
	if ratio == 0 {
		ratio = 1
	}
	keep := math.Round(ratio * float64(len(class[1])))
	if !(keep >= 1) {
		return nil, fmt.Errorf("learn: undersample: %v negative rows for each of %d positive ones leaves none", ratio, len(class[1]))
	}
	left, still := float64(len(class[0])), min(keep, float64(len(class[0])))
	r := rand.New(rand.NewPCG(seed, 6))
	out := make([]int32, 0, len(class[1])+int(still))
	for _, i := range rows {
		if !y[i] { // take still of the left rows, each with the same chance
			take := r.Float64()*left < still
			left--
			if !take {
				continue
			}
			still--
		}
		out = append(out, i)
	}
	return out, nil
}

// BalancedWeights are row weights w (nil for 1 each) scaled by class, so that both classes weigh the same and the sum stays
// what it was: each weight times sum/(2 sum of its class). It is an error if a class weighs nothing.
func BalancedWeights(y []bool, w []float32) ([]float32, error) {
	if w != nil && len(w) != len(y) {
		return nil, fmt.Errorf("learn: %d weights for %d rows", len(w), len(y))
	}
	d := &Data{Weight: w}
	var sum [2]float64
	for i, positive := range y {
		if positive {
			sum[1] += d.weight(i)
		} else {
			sum[0] += d.weight(i)
		}
	}
	if !(sum[0] > 0 && sum[1] > 0) {
		return nil, ErrOneClass
	}
	out := make([]float32, len(y))
	for i, positive := range y {
		s := sum[0]
		if positive {
			s = sum[1]
		}
		out[i] = float32(d.weight(i) * (sum[0] + sum[1]) / (2 * s))
	}
	return out, nil
}

// classesOf are the negative and the positive ones of rows.
func classesOf(rows []int32, y []bool) (class [2][]int32, err error) {
	for _, i := range rows {
		if i < 0 || int(i) >= len(y) {
			return class, fmt.Errorf("learn: sample: row %d of %d", i, len(y))
		}
		k := 0
		if y[i] {
			k = 1
		}
		class[k] = append(class[k], i)
	}
	if len(class[0]) == 0 || len(class[1]) == 0 {
		return class, ErrOneClass
	}
	return class, nil
}
