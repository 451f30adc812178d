package learn

import "math"

// fitPlatt fits p = 1/(1+exp(a*f+b)) to smoothed labels. Lin, Lin and Weng, Machine Learning 68 (2007).
func fitPlatt(decision []float64, y []bool, weight []float32) (a, b float64) {
	var pos, neg float64
	for i, v := range y {
		if v {
			pos += metricWeight(weight, i)
		} else {
			neg += metricWeight(weight, i)
		}
	}
	high, low := (pos+1)/(pos+2), 1/(neg+2)
	loss := func(a, b float64) (sum float64) {
		for i, f := range decision {
			t := low
			if y[i] {
				t = high
			}
			z := a*f + b
			if z >= 0 {
				sum += metricWeight(weight, i) * (t*z + math.Log1p(math.Exp(-z)))
			} else {
				sum += metricWeight(weight, i) * ((t-1)*z + math.Log1p(math.Exp(z)))
			}
		}
		return sum
	}
	b = math.Log((neg + 1) / (pos + 1))
	at := loss(a, b)
	for range 100 {
		h11, h22, h21, g1, g2 := 1e-12, 1e-12, 0.0, 0.0, 0.0
		for i, f := range decision {
			t := low
			if y[i] {
				t = high
			}
			p := 1 / (1 + math.Exp(a*f+b))
			w := metricWeight(weight, i)
			d2, d1 := w*p*(1-p), w*(t-p)
			h11, h22, h21, g1, g2 = h11+f*f*d2, h22+d2, h21+f*d2, g1+f*d1, g2+d1
		}
		if math.Abs(g1) < 1e-10 && math.Abs(g2) < 1e-10 {
			break
		}
		det := h11*h22 - h21*h21
		da, db := -(h22*g1-h21*g2)/det, -(-h21*g1+h11*g2)/det
		step := 1.0
		for ; step > 1e-10; step /= 2 {
			if l := loss(a+step*da, b+step*db); l < at+1e-4*step*(g1*da+g2*db) {
				a, b, at = a+step*da, b+step*db, l
				break
			}
		}
		if step <= 1e-10 {
			break
		}
	}
	return a, b
}
