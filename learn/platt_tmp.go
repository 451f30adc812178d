package learn

import "math"

// fitPlatt fits p = 1/(1+exp(a*f+b)) to the labels by Newton's method with the smoothed targets of Lin, Lin and Weng (2007).
func fitPlatt(decision []float64, y []bool, weight []float32) (a, b float64) {
	w := func(i int) float64 {
		if weight == nil {
			return 1
		}
		return float64(weight[i])
	}
	var pos, neg float64
	for i := range y {
		if y[i] {
			pos += w(i)
		} else {
			neg += w(i)
		}
	}
	hi, lo := (pos+1)/(pos+2), 1/(neg+2)
	target := func(i int) float64 {
		if y[i] {
			return hi
		}
		return lo
	}
	loss := func(a, b float64) (l float64) {
		for i, f := range decision {
			z := a*f + b
			if z >= 0 {
				l += w(i) * (target(i)*z + math.Log1p(math.Exp(-z)))
			} else {
				l += w(i) * ((target(i)-1)*z + math.Log1p(math.Exp(z)))
			}
		}
		return l
	}
	a, b = 0, math.Log((neg+1)/(pos+1))
	at := loss(a, b)
	for range 100 {
		h11, h22, h21, g1, g2 := 1e-12, 1e-12, 0., 0., 0.
		for i, f := range decision {
			p := 1 / (1 + math.Exp(a*f+b))
			h, g := w(i)*p*(1-p), w(i)*(target(i)-p)
			h11, h22, h21, g1, g2 = h11+f*f*h, h22+h, h21+f*h, g1+f*g, g2+g
		}
		if math.Abs(g1) < 1e-5 && math.Abs(g2) < 1e-5 {
			break
		}
		det := h11*h22 - h21*h21
		da, db := -(h22*g1-h21*g2)/det, -(h11*g2-h21*g1)/det
		step := 1.
		for ; step > 1e-10; step /= 2 {
			if next := loss(a+step*da, b+step*db); next < at+1e-4*step*(g1*da+g2*db) {
				a, b, at = a+step*da, b+step*db, next
				break
			}
		}
		if step <= 1e-10 {
			break
		}
	}
	return a, b
}
