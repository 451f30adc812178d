// Curves to draw: ROC, precision-recall, gains and calibration, with few enough points for a page. A ROC curve of 70,000 rows
// has tens of thousands of corners; what the eye sees is kept by first leaving out points on a straight line and then,
// again and again, the point whose removal changes the area least (Visvalingam and Whyatt, Cartographic Journal 30, 1993).

package learn

import (
	"container/heap"
	"math"
)

// Curve is a line through points, in arrays of one length.
type Curve struct {
	X, Y []float64
	// Threshold[i] is the score at or above which rows count as positive at point i. The first is the smallest number above all
	// scores: there nothing does.
	Threshold []float64
}

// Area is the area under the curve, by trapezia.
func (c Curve) Area() float64 {
	var a float64
	for i := 1; i < len(c.X); i++ {
		a += (c.X[i] - c.X[i-1]) * (c.Y[i] + c.Y[i-1]) / 2
	}
	return a
}

// ROC is the rate of true positives (Y) over that of false positives (X), from (0,0) to (1,1), with at most points points (0
// for all corners, otherwise 2 or more). Empty where AUC is NaN.
func ROC(y []bool, p []float64, w []float32, points int) Curve {
	c := cumulated(y, p, w)
	if c == nil || !(c.pos > 0 && c.neg > 0) {
		return Curve{}
	}
	var r Curve
	for i := range c.threshold {
		r.add(c.negAbove[i]/c.neg, c.posAbove[i]/c.pos, c.threshold[i])
	}
	return r.thin(points)
}

// PrecisionRecall is precision (Y) over recall (X), from the point (0,1), which no threshold gives and which the curve starts
// at by convention, to recall 1, with at most points points (0 for all, otherwise 2 or more). Empty if there are no positives.
func PrecisionRecall(y []bool, p []float64, w []float32, points int) Curve {
	c := cumulated(y, p, w)
	if c == nil || !(c.pos > 0) {
		return Curve{}
	}
	var r Curve
	r.add(0, 1, c.threshold[0])
	for i := 1; i < len(c.threshold); i++ {
		r.add(c.posAbove[i]/c.pos, c.posAbove[i]/(c.posAbove[i]+c.negAbove[i]), c.threshold[i])
		if c.posAbove[i] == c.pos {
			break // lower thresholds only lose precision
		}
	}
	return r.thin(points)
}

// Gains is the share of the positives found (Y) over the share of the rows' weight taken (X), from the highest scores, from
// (0,0) to (1,1), with at most points points (0 for all corners, otherwise 2 or more). Empty if there are no positives.
func Gains(y []bool, p []float64, w []float32, points int) Curve {
	c := cumulated(y, p, w)
	if c == nil || !(c.pos > 0) {
		return Curve{}
	}
	var r Curve
	for i := range c.threshold {
		r.add((c.posAbove[i]+c.negAbove[i])/(c.pos+c.neg), c.posAbove[i]/c.pos, c.threshold[i])
	}
	return r.thin(points)
}

// cumulative holds the weight of positives and negatives at or above each distinct score, after an entry of nothing.
type cumulative struct {
	threshold, posAbove, negAbove []float64
	pos, neg                      float64
}

func cumulated(y []bool, p []float64, w []float32) *cumulative {
	c := new(cumulative)
	if !tieGroups(y, p, w, func(score, pos, neg float64) {
		if c.threshold == nil {
			c.threshold, c.posAbove, c.negAbove = []float64{math.Nextafter(score, math.Inf(1))}, []float64{0}, []float64{0}
		}
		c.pos += pos
		c.neg += neg
		c.threshold = append(c.threshold, score)
		c.posAbove = append(c.posAbove, c.pos)
		c.negAbove = append(c.negAbove, c.neg)
	}) {
		return nil
	}
	return c
}

func (c *Curve) add(x, y, threshold float64) {
	c.X = append(c.X, x)
	c.Y = append(c.Y, y)
	c.Threshold = append(c.Threshold, threshold)
}

// thin leaves out the points on straight lines, and then those that matter least until at most n >= 2 are left; n <= 0 keeps
// all corners. The first and the last point stay. O(m log m) for m points.
func (c Curve) thin(n int) Curve {
	m := len(c.X)
	if m < 3 {
		return c
	}
	var corners Curve
	for i := range m {
		for k := len(corners.X); k >= 2 && straightOn(corners.X[k-1]-corners.X[k-2], corners.Y[k-1]-corners.Y[k-2],
			c.X[i]-corners.X[k-1], c.Y[i]-corners.Y[k-1]); k = len(corners.X) {
			corners = Curve{corners.X[:k-1], corners.Y[:k-1], corners.Threshold[:k-1]}
		}
		corners.add(c.X[i], c.Y[i], c.Threshold[i])
	}
	if n <= 0 || len(corners.X) <= n {
		return corners
	}
	return corners.fewer(max(n, 2))
}

// straightOn says whether two steps follow one direction, but for rounding.
func straightOn(dx1, dy1, dx2, dy2 float64) bool {
	a, b := dx1*dy2, dx2*dy1
	return math.Abs(a-b) <= 1e-9*(math.Abs(a)+math.Abs(b))
}

// fewer keeps n >= 2 points.
func (c Curve) fewer(n int) Curve {
	m := len(c.X)
	before, after := make([]int, m), make([]int, m)
	area := make([]float64, m)
	measure := func(i int) {
		a, b := before[i], after[i]
		area[i] = math.Abs((c.X[i]-c.X[a])*(c.Y[b]-c.Y[a]) - (c.X[b]-c.X[a])*(c.Y[i]-c.Y[a]))
	}
	h := &leastArea{area: area, at: make([]int, m)}
	for i := range m {
		before[i], after[i] = i-1, i+1
		if i > 0 && i < m-1 {
			measure(i)
			h.at[i] = len(h.points)
			h.points = append(h.points, i)
		}
	}
	heap.Init(h)
	for left := m; left > n; left-- {
		i := heap.Pop(h).(int)
		a, b := before[i], after[i]
		after[a], before[b] = b, a
		for _, k := range []int{a, b} {
			if k > 0 && k < m-1 {
				measure(k)
				area[k] = max(area[k], area[i]) // a neighbour must not go sooner for what has gone already
				heap.Fix(h, h.at[k])
			}
		}
	}
	var r Curve
	for i := 0; i < m; i = after[i] {
		r.add(c.X[i], c.Y[i], c.Threshold[i])
	}
	return r
}

// leastArea is a heap of points by the area that they span, ties by index.
type leastArea struct {
	area   []float64
	points []int
	at     []int // where in points each point stands
}

func (h *leastArea) Len() int { return len(h.points) }
func (h *leastArea) Less(a, b int) bool {
	i, j := h.points[a], h.points[b]
	return h.area[i] < h.area[j] || h.area[i] == h.area[j] && i < j
}
func (h *leastArea) Swap(a, b int) {
	h.points[a], h.points[b] = h.points[b], h.points[a]
	h.at[h.points[a]], h.at[h.points[b]] = a, b
}
func (h *leastArea) Push(any) {} // nothing is added after heap.Init
func (h *leastArea) Pop() any {
	last := h.points[len(h.points)-1]
	h.points = h.points[:len(h.points)-1]
	return last
}

// Binning is how scores are cut into bins.
type Binning uint8

const (
	EqualWidth Binning = iota // of [0,1]
	EqualMass                 // of the weight of the rows; rows of equal score stay together
)

// CalibrationBin is what was predicted and what came true of the rows whose score is in one bin.
type CalibrationBin struct {
	Rows      int     // at least 1
	Weight    float64 // more than 0
	Predicted float64 // mean score
	Share     float64 // of positives
	// Low and High bound Share, by Wilson's score interval at the 95% level; with weights, for (sum w)^2 / sum w^2 rows (Kish,
	// Survey Sampling, 1965).
	Low, High float64
}

// Calibration sorts the rows into bins >= 1 bins by score and says of each that has weight, from low scores to high, what was
// predicted and what came true. A score on an edge belongs to the lower bin, as in scikit-learn's calibration_curve; EqualMass
// equals its "quantile" there, with weights scaled to a mean of 1. Nil where a score is outside [0,1] or a Metric gives NaN.
func Calibration(y []bool, p []float64, w []float32, bins int, by Binning) []CalibrationBin {
	if !probable(y, p, w) || bins < 1 {
		return nil
	}
	var total float64
	for i := range p {
		total += metricWeight(w, i)
	}
	if !(total > 0) {
		return nil
	}
	order := ascending(p)
	row := func(k int) int {
		if order == nil {
			return k
		}
		return int(order[k])
	}
	var out []CalibrationBin
	var b CalibrationBin
	var squares, below float64 // below: weight of the rows before the current one, all of a mean weight of 1
	closeBin := func() {
		if b.Weight > 0 {
			b.Predicted /= b.Weight
			b.Share = min(1, b.Share/b.Weight)
			b.Low, b.High = wilson(b.Share, b.Weight*b.Weight/squares)
			out = append(out, b)
		}
		b, squares = CalibrationBin{}, 0
	}
	bin := 1 // the bin of the current row
	for k, n := 0, len(p); k < n; {
		score := p[row(k)]
		if by == EqualWidth {
			for ; bin < bins && score > float64(bin)/float64(bins); bin++ {
				closeBin()
			}
		}
		for ; k < n && p[row(k)] == score; k++ {
			i := row(k)
			at := metricWeight(w, i)
			b.Rows++
			b.Weight += at
			b.Predicted += at * score
			if y[i] {
				b.Share += at
			}
			squares += at * at
			below += at / total * float64(n)
		}
		// Edge e is the score of the row that stands at (n-1)e/bins; it is in the lower bin.
		if by == EqualMass {
			for ; bin < bins && below*float64(bins) > float64(n-1)*float64(bin); bin++ {
				closeBin()
			}
		}
	}
	closeBin()
	return out
}

// wilson is the 95% score interval of a share among n rows; n need not be whole.
// Source: Wilson, Journal of the American Statistical Association 22 (1927).
func wilson(share, n float64) (low, high float64) {
	const z = normal95
	middle, half := share+z*z/(2*n), z*math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	low, high = max(0, (middle-half)/(1+z*z/n)), min(1, (middle+half)/(1+z*z/n))
	if share == 0 { // the ends are reached exactly there, but for rounding
		low = 0
	}
	if share == 1 {
		high = 1
	}
	return low, high
}

// normal95 is the two-sided 95% point of the normal distribution.
const normal95 = 1.959963984540054

// ECE is the expected calibration error: the distance of predicted and true shares in bins (Calibration), averaged by
// weight. It is in [0,1] and grows with the number of bins by mere chance; compare only at equal bins and rows. NaN where
// Calibration is nil.
// Source: Naeini, Cooper and Hauskrecht, AAAI 2015.
func ECE(y []bool, p []float64, w []float32, bins int, by Binning) float64 {
	var sum, total float64
	for _, b := range Calibration(y, p, w, bins, by) {
		sum += b.Weight * math.Abs(b.Predicted-b.Share)
		total += b.Weight
	}
	return sum / total
}
