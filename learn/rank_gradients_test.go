// The lambdas by hand.

package learn

import (
	"math"
	"testing"
)

// Two rows of equal score, grades 1 and 0, the bad one first. Its place is 1, so that the ideal DCG is (2^1-1)/log2(2) = 1 and
// a change of places is worth 1/log2(2) - 1/log2(3) = .36907 =: c. rho = 1/2: the good one is pulled up by c/2, with a
// curvature of c/4 for both.
func TestLambdasOfTwoRows(t *testing.T) {
	d := &RankData{X: NewMatrix(2, 1), Grade: []float32{0, 1}, Group: []int32{0, 2}}
	l := newLambdas(d, LambdaMART{Objective: RankNDCG, Truncation: 30}, []int32{0}, nil)
	if err := l.pass(t.Context(), []float64{0, 0}, 1); err != nil {
		t.Fatal(err)
	}
	c := 1 - math.Log(2)/math.Log(3)
	near(t, "pulls", l.a, []float64{-c / 2, c / 2})
	near(t, "curvatures", l.b, []float64{c / 4, c / 4})
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-12*max(1, math.Abs(want[i]))) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

// Three rows of scores log 4, log 2, 0 and grades 0, 2, 1, weights 1, 2, 1, of a group that weighs 3, with NDCG@2.
// Gains 0, 3, 1. Ideal DCG: 3/1 + 1/log2(3). Discounts of the places: 1, d = 1/log2(3) = .63093, 0.
//
//	pair (1,0): |3-0| (1-d), good row below: rho = 4/(4+2) = 2/3
//	pair (2,0): |1-0| (1-0), good row below: rho = 4/(4+1) = 4/5
//	pair (1,2): |3-1| (d-0), good row above: rho = 1/(1+2) = 1/3
//
// Each weighs 3/ideal times the product of the rows' weights: 2, 1, 2.
func TestLambdasOfThreeRows(t *testing.T) {
	scores := []float64{math.Log(4), math.Log(2), 0}
	data := &RankData{X: NewMatrix(3, 1), Grade: []float32{0, 2, 1}, Group: []int32{0, 3}, Weight: []float32{1, 2, 1}, GroupWeight: []float32{3}}
	d := math.Log(2) / math.Log(3)
	ideal := 3 + d
	pulls := func(w10, w20, w12 float64) (a, b []float64) {
		a = []float64{-w10*2/3 - w20*4/5, w10*2/3 + w12/3, w20*4/5 - w12/3}
		b = []float64{w10*2/9 + w20*4/25, w10*2/9 + w12*2/9, w20*4/25 + w12*2/9}
		return a, b
	}
	for objective, w := range map[RankObjective][3]float64{
		RankNDCG:   {3 / ideal * 2 * 3 * (1 - d), 3 / ideal, 3 / ideal * 2 * 2 * d},
		RankPairs:  {3 * 2, 3, 3 * 2},
		RankGroups: {3 * 2. / 5, 3 * 1. / 5, 3 * 2. / 5}, // all pairs weigh 2 + 1 + 2
	} {
		l := newLambdas(data, LambdaMART{Objective: objective, Truncation: 2}, []int32{0}, []int32{0})
		if err := l.pass(t.Context(), scores, 1); err != nil {
			t.Fatal(err)
		}
		a, b := pulls(w[0], w[1], w[2])
		near(t, string(objective)+" pulls", l.a, a)
		near(t, string(objective)+" curvatures", l.b, b)
		loss, err := l.heldLoss(t.Context(), scores, 1)
		if err != nil {
			t.Fatal(err)
		}
		// log(1+exp(-margin)) is -log(1-rho): the loss of pairs is a mean by weight.
		want := -(2*math.Log(1./3) + math.Log(1./5) + 2*math.Log(2./3)) / 5
		if objective == RankNDCG { // places 1 and 2 hold 0 and, doubly weighted, 3; at best the other way around: 6 + 1*d
			want = 1 - 6*d/(6+d)
		}
		near(t, string(objective)+" loss", []float64{loss}, []float64{want})
	}
}

// One tree of two leaves by hand. Groups of a good and a bad row each; the column is 1 for the good rows of three groups and for
// the bad row of the fourth. RankPairs pulls each good row by 1/2 and each bad one by -1/2, with curvatures of 1/4. x = 1: three
// good and one bad: sum a = 1, sum b = 1: a value of 1, times the rate of .5; x = 0: -1. The gain (1 + 1)/2.
func TestLambdaMARTOneTreeByHand(t *testing.T) {
	d := &RankData{X: &Matrix{Rows: 8, Cols: 1, Data: []float32{1, 0, 0, 1, 1, 0, 0, 1}}, Grade: []float32{1, 0, 0, 1, 1, 0, 1, 0}, Group: []int32{0, 2, 4, 6, 8}}
	m, err := FitLambdaMART(t.Context(), d, LambdaMART{Objective: RankPairs, Trees: 1, MaxLeaves: 2, MinLeaf: 4, LearningRate: .5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "scores", predicted(t, m, d.X), []float64{.5, -.5, -.5, .5, .5, -.5, -.5, .5})
	if g := m.Trees[0].Gain[0]; g != 1 {
		t.Errorf("a gain of %v", g)
	}
}
