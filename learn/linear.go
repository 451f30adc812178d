// What the two linear models share: scores of rows, and weights of rows that take the balance of the classes in.

package learn

import (
	"context"
	"fmt"
	"math"
)

// linearDot is the inner product of x and w, which have the same length. Four partial sums, so that an addition need not wait
// for the one before; their order is fixed.
func linearDot(x []float32, w []float64) float64 {
	w = w[:len(x)]
	var a, b, c, d float64
	j := 0
	for ; j+4 <= len(x); j += 4 {
		x4, w4 := x[j:j+4:j+4], w[j:j+4:j+4]
		a += float64(x4[0]) * w4[0]
		b += float64(x4[1]) * w4[1]
		c += float64(x4[2]) * w4[2]
		d += float64(x4[3]) * w4[3]
	}
	for ; j < len(x); j++ {
		a += float64(x[j]) * w[j]
	}
	return (a + b) + (c + d)
}

// linearScores writes intercept + x_i'coef to out[i]. A row whose score is not finite is
// an error: it has a missing value.
func linearScores(x *Matrix, coef []float64, intercept float64, inputs []Column, out []float64) error {
	if err := checkInput(x, out, inputs); err != nil {
		return err
	}
	const block = 4096
	// The background never ends, so no error can come back.
	_ = inBlocks(context.Background(), x.Rows, block, threadsOf(0), func(_, from, to int) {
		for i := from; i < to; i++ {
			out[i] = intercept + linearDot(x.Row(i), coef)
		}
	})
	for i, s := range out {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("learn: row %d has a missing or infinite value: fill it first (Encoder)", i)
		}
	}
	return nil
}

// linearFactors are what the weight of a negative [0] and of a positive [1] row is multiplied by: 1 each, or, when
// balanced, W/(2 W_class) with sums of weights W, so that both classes weigh the same and the total is as before.
func linearFactors(d *Data, setting string) ([2]float64, error) {
	switch setting {
	case "", "none":
		return [2]float64{1, 1}, nil
	case "balanced":
		var sum [2]float64
		for i, y := range d.Y {
			sum[linearClass(y)] += d.weight(i)
		}
		half := (sum[0] + sum[1]) / 2
		return [2]float64{half / sum[0], half / sum[1]}, nil
	}
	return [2]float64{}, fmt.Errorf("learn: class weight %q: neither none nor balanced", setting)
}

// linearClass is 1 for a positive row, 0 for another.
func linearClass(y bool) int {
	if y {
		return 1
	}
	return 0
}

// checkLinear says what is wrong with the columns and coefficients of a linear model from a file.
func checkLinear(inputs []Column, coef []float64, others ...float64) error {
	if len(inputs) == 0 || len(coef) != len(inputs) {
		return fmt.Errorf("%d coefficients of %d columns", len(coef), len(inputs))
	}
	for j, c := range inputs {
		if c.Categorical() {
			return fmt.Errorf("column %s holds categories", c.Name)
		}
		if math.IsNaN(coef[j]) || math.IsInf(coef[j], 0) {
			return fmt.Errorf("the coefficient of column %s is %v", c.Name, coef[j])
		}
	}
	for _, v := range others {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("a parameter is %v", v)
		}
	}
	return nil
}
