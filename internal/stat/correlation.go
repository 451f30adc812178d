package stat

import (
	"math"
	"slices"
	"sort"
)

// fisher is a correlation with the interval of Fisher's z at standard error se.
func fisher(r, se float64) Estimate {
	if math.IsNaN(se) || math.IsInf(se, 0) {
		return Estimate{r, math.NaN(), math.NaN()}
	}
	if math.Abs(r) >= 1 {
		return Estimate{r, r, r}
	}
	z := math.Atanh(r)
	return Estimate{r, math.Tanh(z - Z*se), math.Tanh(z + Z*se)}
}

// Pearson is the product-moment correlation of pairs (x and y of one length; pairs with a NaN are left out), with Fisher's
// interval (from 4 pairs on) and the t test with n-2 degrees of freedom. NaN with fewer than 3 pairs or no variance.
func Pearson(x, y []float64) (Estimate, Test) {
	x, y = complete(x, y)
	n := float64(len(x))
	r := correlation(x, y)
	if math.IsNaN(r) {
		return unknown(), untested()
	}
	return fisher(r, 1/math.Sqrt(n-3)), correlationTest(r, n)
}

// Spearman is the rank correlation, ties at their mean rank, with the interval of Bonett and Wright (Fisher's z at
// standard error sqrt((1 + r^2/2)/(n-3))) and the t test with n-2 degrees of freedom. NaN as Pearson.
// Source: Bonett and Wright, Psychometrika 65 (2000).
func Spearman(x, y []float64) (Estimate, Test) {
	x, y = complete(x, y)
	n := float64(len(x))
	r := correlation(midranks(x), midranks(y))
	if math.IsNaN(r) {
		return unknown(), untested()
	}
	return fisher(r, math.Sqrt((1+r*r/2)/(n-3))), correlationTest(r, n)
}

func correlationTest(r, n float64) Test {
	df := n - 2
	t := r * math.Sqrt(df/((1-r)*(1+r)))
	return Test{Statistic: t, DF: df, P: StudentP(t, df)}
}

// complete leaves out pairs with a NaN.
func complete(x, y []float64) (cx, cy []float64) {
	for i := range min(len(x), len(y)) {
		if !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			cx, cy = append(cx, x[i]), append(cy, y[i])
		}
	}
	return cx, cy
}

func mean(xs []float64) float64 {
	var s float64
	for _, x := range xs {
		s += x
	}
	return s / float64(len(xs))
}

func correlation(x, y []float64) float64 {
	if len(x) < 3 {
		return math.NaN()
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx += dx * dx
		yy += dy * dy
		xy += dx * dy
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return min(1, max(-1, xy/math.Sqrt(xx*yy)))
}

// midranks are ranks from 1, ties at their mean rank.
func midranks(xs []float64) []float64 {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return xs[order[i]] < xs[order[j]] })
	ranks := make([]float64, len(xs))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && xs[order[j]] == xs[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// Line is a fitted straight line y = Intercept + Slope x.
type Line struct {
	Intercept float64
	Slope     Estimate // Student interval with n-2 degrees of freedom
	R2        float64  // share of the (weighted) variance explained
	N         int
	Test      // that the slope is 0
}

// At is the line's value at x.
func (l Line) At(x float64) float64 { return l.Intercept + l.Slope.Value*x }

// FitLine fits by least squares. weights nil means 1 each; else each point counts in inverse proportion to its variance (users
// behind a mean, say). Points with a NaN or a weight that is not positive are left out. NaN with fewer than 3 points or
// when x does not vary.
func FitLine(x, y, weights []float64) Line {
	var xs, ys, ws []float64
	for i := range min(len(x), len(y)) {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if w > 0 && !math.IsNaN(x[i]) && !math.IsNaN(y[i]) {
			xs, ys, ws = append(xs, x[i]), append(ys, y[i]), append(ws, w)
		}
	}
	l := Line{Intercept: math.NaN(), Slope: unknown(), R2: math.NaN(), N: len(xs), Test: untested()}
	if len(xs) < 3 {
		return l
	}
	var sw, swx, swy float64
	for i, w := range ws {
		sw += w
		swx += w * xs[i]
		swy += w * ys[i]
	}
	mx, my := swx/sw, swy/sw
	var xx, yy, xy float64
	for i, w := range ws {
		dx, dy := xs[i]-mx, ys[i]-my
		xx += w * dx * dx
		yy += w * dy * dy
		xy += w * dx * dy
	}
	if xx == 0 {
		return l
	}
	slope := xy / xx
	var rss float64
	for i, w := range ws {
		d := ys[i] - my - slope*(xs[i]-mx)
		rss += w * d * d
	}
	df := float64(len(xs) - 2)
	se := math.Sqrt(rss / df / xx)
	half := studentPoint(df) * se
	l.Intercept, l.Slope = my-slope*mx, Estimate{slope, slope - half, slope + half}
	if yy > 0 {
		l.R2 = 1 - rss/yy
		t := slope / se
		l.Test = Test{Statistic: t, DF: df, P: StudentP(t, df)}
	}
	return l
}

// BenjaminiHochberg turns p-values into q-values: the smallest false discovery rate at which each would be found. NaN
// stays NaN and is not counted.
// Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
func BenjaminiHochberg(p []float64) []float64 {
	q := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return p[order[i]] < p[order[j]] })
	least, m := 1.0, float64(len(order))
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		least = min(least, p[i]*m/float64(k+1))
		q[i] = least
	}
	return q
}
