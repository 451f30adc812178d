package learn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestCurvesAgainstReference(t *testing.T) {
	for i, c := range metricReferences(t).Cases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			// Every corner of ours is a point of scikit-learn's, in its order, and the areas are equal, so that what is left out
			// lies on straight lines.
			roc := ROC(c.Y, c.P, c.W, 0)
			onReference(t, "ROC", roc, c.FPR, c.TPR)
			agree(t, "area under ROC", roc.Area(), c.AUC, 1e-12)
			pr := PrecisionRecall(c.Y, c.P, c.W, 0)
			onReference(t, "precision-recall", pr, c.Recall, c.Precision)
			agree(t, "area under precision-recall", pr.Area(), Curve{X: c.Recall, Y: c.Precision}.Area(), 1e-9)
			for strategy, want := range c.Calibration {
				by := map[string]Binning{"uniform": EqualWidth, "quantile": EqualMass}[strategy]
				var share, predicted []float64
				for _, b := range Calibration(c.Y, c.P, c.W, 8, by) {
					share, predicted = append(share, b.Share), append(predicted, b.Predicted)
				}
				agreeAll(t, strategy+" shares", share, want[0], 1e-12)
				agreeAll(t, strategy+" predicted", predicted, want[1], 1e-12)
			}
		})
	}
}

func onReference(t *testing.T, what string, c Curve, x, y []float64) {
	t.Helper()
	k := 0
	for i := range c.X {
		for k < len(x) && !(math.Abs(c.X[i]-x[k]) < 1e-12 && math.Abs(c.Y[i]-y[k]) < 1e-12) {
			k++
		}
	}
	if k == len(x) {
		t.Errorf("%s: a point is not among scikit-learn's", what)
	}
	if last := len(x) - 1; math.Abs(c.X[0]-x[0]) > 1e-12 || math.Abs(c.X[len(c.X)-1]-x[last]) > 1e-12 {
		t.Errorf("%s goes from %v to %v, want %v to %v", what, c.X[0], c.X[len(c.X)-1], x[0], x[last])
	}
}

func TestROCByHand(t *testing.T) {
	// From the top: two positives, a tie of one of each, two negatives. The first two steps are one line up, the last one line
	// right, the tie a slope.
	c := ROC([]bool{true, true, true, false, false, false}, []float64{.9, .8, .5, .5, .3, .1}, nil, 0)
	agreeAll(t, "x", c.X, []float64{0, 0, 1. / 3, 1}, 1e-15)
	agreeAll(t, "y", c.Y, []float64{0, 2. / 3, 1, 1}, 1e-15)
	agreeAll(t, "threshold", c.Threshold, []float64{math.Nextafter(.9, 1), .8, .5, .1}, 0)
	if g := Gains([]bool{true, false}, []float64{.2, .1}, nil, 0); fmt.Sprint(g.X, g.Y) != "[0 0.5 1] [0 1 1]" {
		t.Errorf("gains %v", g)
	}
	for _, c := range []Curve{ROC([]bool{true}, []float64{1}, nil, 9), PrecisionRecall([]bool{false}, []float64{1}, nil, 9), Gains(nil, nil, nil, 9)} {
		if len(c.X) != 0 {
			t.Errorf("a curve of nothing: %v", c)
		}
	}
}

func TestThinnedCurvesKeepTheirArea(t *testing.T) {
	y, p := scoredRows(30_000, 5)
	for name, f := range map[string]func([]bool, []float64, []float32, int) Curve{"ROC": ROC, "PR": PrecisionRecall, "Gains": Gains} {
		whole := f(y, p, nil, 0)
		for _, n := range []int{2, 50, 200} {
			c := f(y, p, nil, n)
			if len(c.X) != n || len(c.Y) != n || len(c.Threshold) != n {
				t.Fatalf("%s: %d points, want %d", name, len(c.X), n)
			}
			last := len(whole.X) - 1
			if c.X[0] != whole.X[0] || c.Y[0] != whole.Y[0] || c.X[n-1] != whole.X[last] || c.Y[n-1] != whole.Y[last] {
				t.Errorf("%s lost an end", name)
			}
			for i := 1; i < n; i++ {
				if c.X[i] < c.X[i-1] || c.Threshold[i] >= c.Threshold[i-1] {
					t.Fatalf("%s turns back at point %d", name, i)
				}
			}
			// A picture of 500 by 500 points shows areas of 4e-6.
			if n == 200 {
				agree(t, name, c.Area(), whole.Area(), 1e-4)
			}
		}
	}
	if n := len(ROC(y, p, nil, 0).X); n < 1000 {
		t.Errorf("only %d corners: this tests nothing", n)
	}
}

func TestCalibrationByHand(t *testing.T) {
	y := []bool{false, true, false, true}
	p := []float64{.1, .3, .5, .9}
	b := Calibration(y, p, []float32{1, 3, 0, 2}, 2, EqualWidth) // .5 belongs to the lower bin
	if len(b) != 2 || b[0].Rows != 3 || b[1].Rows != 1 || b[0].Weight != 4 {
		t.Fatalf("bins %+v", b)
	}
	agree(t, "predicted", b[0].Predicted, (.1+3*.3)/4, 1e-15)
	agree(t, "share", b[0].Share, .75, 1e-15)
	// Kish: (1+3)^2 / (1+9) = 1.6 rows; Wilson by its formula.
	n, z := 1.6, normal95
	mid, half := .75+z*z/(2*n), z*math.Sqrt(.75*.25/n+z*z/(4*n*n))
	agree(t, "low", b[0].Low, (mid-half)/(1+z*z/n), 1e-15)
	agree(t, "high", b[0].High, (mid+half)/(1+z*z/n), 1e-15)
	// |.25-.75| * 4/6 + |.9-1| * 2/6
	agree(t, "ECE", ECE(y, p, []float32{1, 3, 0, 2}, 2, EqualWidth), .5*4/6+.1*2/6, 1e-15)
	// By mass: two rows each. |.2-.5| / 2 + |.7-.5| / 2
	agree(t, "ECE by mass", ECE(y, p, nil, 2, EqualMass), .25, 1e-15)
}

func TestCalibrationBinsHoldEqualMass(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	n := 5000
	y, p, w := make([]bool, n), make([]float64, n), make([]float32, n)
	for i := range n {
		p[i], w[i] = r.Float64()*r.Float64(), float32(.1+r.ExpFloat64())
		y[i] = r.Float64() < p[i]
	}
	bins := Calibration(y, p, w, 10, EqualMass)
	var total float64
	rows, covered := 0, 0
	for _, b := range bins {
		total += b.Weight
		rows += b.Rows
		if b.Low <= b.Predicted && b.Predicted <= b.High {
			covered++
		}
	}
	if len(bins) != 10 || rows != n || covered < 8 {
		t.Errorf("%d bins of %d rows, %d of whose intervals hold the true share", len(bins), rows, covered)
	}
	for i, b := range bins {
		agree(t, fmt.Sprint("weight of bin ", i), b.Weight/total, .1, .005)
	}
	if e := ECE(y, p, w, 10, EqualMass); e > .03 {
		t.Errorf("ECE %v of true probabilities", e)
	}
}
