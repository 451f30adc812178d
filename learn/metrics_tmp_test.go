package learn

import (
	"math"
	"testing"
)

func TestMetricsTmp(t *testing.T) {
	y, p := []bool{true, false, true, false}, []float64{.8, .8, .4, .2}
	// Pairs: .8 with .8 a half, with .2 one; .4 with .8 none, with .2 one: 2.5 of 4.
	if got := AUC(y, p, nil); got != .625 {
		t.Errorf("%v, want .625", got)
	}
	// Weights 1 2 3 4: (1*2*.5 + 1*4 + 0 + 3*4) / (4*6) = 17/24.
	w := []float32{1, 2, 3, 4}
	if got := AUC(y, p, w); math.Abs(got-17./24) > 1e-15 {
		t.Errorf("%v, want %v", got, 17./24)
	}
	want := -(math.Log(.8) + 2*math.Log(.2) + 3*math.Log(.4) + 4*math.Log(.8)) / 10
	if got := LogLoss(y, p, w); math.Abs(got-want) > 1e-15 {
		t.Errorf("%v, want %v", got, want)
	}
}
