package learn

import (
	"math"
	"testing"
)

// Three groups: rows 0-3, 4-5 (none relevant), 6-8 (with ties).
func handRanked() *Ranked {
	return &Ranked{
		Group: []int32{0, 4, 6, 9},
		Score: []float64{.9, .1, .5, .7, 1, 2, 3, 3, 1},
		Grade: []float32{0, 1, 3, 0, 0, 0, 1, 0, 2},
	}
}

// Group 0 from the top: rows 0, 3, 2, 1 with grades 0, 0, 3, 1. Group 2: rows 6 and 7 share places 1 and 2, row 8 has 3.
func TestRankMetricsByHand(t *testing.T) {
	nan := math.NaN()
	r := handRanked()
	log2 := math.Log2
	for name, c := range map[string]struct {
		got  func() ([]float64, error)
		want []float64
	}{
		// Group 0: both relevant rows are below both others: 0 of 4 pairs. Group 2: (6,7) half, (8,7) none, of 2 pairs.
		"AUC": {r.AUC, []float64{0, nan, .25}},
		// Group 0: place 3. Group 2: place 1 or 2, each half of the time: (1 + 1/2)/2.
		"reciprocal rank": {func() ([]float64, error) { return r.ReciprocalRank(0) }, []float64{1. / 3, nan, .75}},
		// Within two places: none in group 0. Within one: group 2's half of the time.
		"reciprocal rank at 2": {func() ([]float64, error) { return r.ReciprocalRank(2) }, []float64{0, nan, .75}},
		"reciprocal rank at 1": {func() ([]float64, error) { return r.ReciprocalRank(1) }, []float64{0, nan, .5}},
		// Gains 7 at place 3 and 1 at place 4. Group 2: 1 at place 1 or 2, and 3 at place 3.
		"DCG":    {func() ([]float64, error) { return r.DCG(0, nil) }, []float64{7/log2(4) + 1/log2(5), 0, (1+1/log2(3))/2 + 3/log2(4)}},
		"DCG@3":  {func() ([]float64, error) { return r.DCG(3, nil) }, []float64{7. / 2, 0, (1+1/log2(3))/2 + 3./2}},
		"DCG@1":  {func() ([]float64, error) { return r.DCG(1, nil) }, []float64{0, 0, .5}},
		"NDCG@3": {func() ([]float64, error) { return r.NDCG(3, nil) }, []float64{7. / 2 / (7 + 1/log2(3)), nan, ((1+1/log2(3))/2 + 3./2) / (3 + 1/log2(3))}},
		// The grades themselves: 3 and 1; 1 and 2.
		"linear NDCG": {func() ([]float64, error) { return r.NDCG(0, LinearGain) }, []float64{(3./2 + 1/log2(5)) / (3 + 1/log2(3)), nan, ((1+1/log2(3))/2 + 2./2) / (2 + 1/log2(3))}},
	} {
		got, err := c.got()
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want)
	}
	// Inverse propensities: row 1 was looked at half of the time and row 2 a fifth of it, row 6 always, row 8 a third of it.
	r.Weight = []float32{1, 2, 5, 1, 1, 1, 1, 1, 3}
	dcg, err := r.DCG(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted DCG", dcg, []float64{5*7/log2(4) + 2/log2(5), 0, (1+1/log2(3))/2 + 3*3/log2(4)})
	ndcg, err := r.NDCG(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted NDCG", ndcg, []float64{(5*7/log2(4) + 2/log2(5)) / (35 + 2/log2(3)), nan, ((1+1/log2(3))/2 + 3*3/log2(4)) / (9 + 1/log2(3))})
	// Pairs (6,7) of weight 1 half, (8,7) of weight 3 none.
	auc, err := r.AUC()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted AUC", auc, []float64{0, nan, .5 / 4})
}

// The mean over random orders of tied rows, by all of them: two relevant of four that share places 2 to 5.
func TestReciprocalRankOfTies(t *testing.T) {
	r := &Ranked{Group: []int32{0, 5}, Score: []float64{9, 1, 1, 1, 1}, Grade: []float32{0, 1, 0, 2, 0}}
	// The first relevant one is at offset 0 in C(3,1) = 3 of C(4,2) = 6 choices of places, at 1 in C(2,1) = 2, at 2 in 1.
	for k, want := range map[int]float64{0: (3./2 + 2./3 + 1./4) / 6, 3: (3./2 + 2./3) / 6, 2: 3. / 2 / 6, 1: 0} {
		got, err := r.ReciprocalRank(k)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "reciprocal rank", got, []float64{want})
	}
}

func TestMeanOfGroups(t *testing.T) {
	values := []float64{.5, math.NaN(), 1, .25}
	if m := MeanOfGroups(values, nil); m != (GroupMean{1.75 / 3, 3, 3}) {
		t.Errorf("%+v", m)
	}
	// (2*.5 + 1*.25)/3; the group of weight 0 does not count.
	if m := MeanOfGroups(values, []float32{2, 7, 0, 1}); m != (GroupMean{1.25 / 3, 2, 3}) {
		t.Errorf("%+v", m)
	}
	for _, m := range []GroupMean{MeanOfGroups(values, []float32{1}), MeanOfGroups(nil, nil), MeanOfGroups([]float64{math.NaN()}, nil)} {
		if m.Groups != 0 || m.Mean == m.Mean {
			t.Errorf("%+v", m)
		}
	}
	near32 := func(got, want []float32) {
		t.Helper()
		for g := range want {
			if len(got) != len(want) || got[g] != want[g] {
				t.Errorf("%v, want %v", got, want)
			}
		}
	}
	near32(SizeOfGroups([]int32{0, 4, 4, 6}, nil), []float32{4, 0, 2})
	near32(SizeOfGroups([]int32{0, 2, 3}, []float32{.5, 1, 4}), []float32{1.5, 4})
}

func TestRankedOfBadData(t *testing.T) {
	for name, damage := range map[string]func(r *Ranked){
		"grades":       func(r *Ranked) { r.Grade = r.Grade[1:] },
		"weights":      func(r *Ranked) { r.Weight = r.Grade[1:] },
		"score":        func(r *Ranked) { r.Score[0] = math.NaN() },
		"grade":        func(r *Ranked) { r.Grade[0] = -1 },
		"weight":       func(r *Ranked) { r.Weight = []float32{1, 1, 1, 1, 1, 1, 1, 1, float32(math.NaN())} },
		"groups":       func(r *Ranked) { r.Group = []int32{0} },
		"order":        func(r *Ranked) { r.Group = []int32{0, 5, 3, 9} },
		"short groups": func(r *Ranked) { r.Group = []int32{0, 8} },
	} {
		r := handRanked()
		damage(r)
		if _, err := r.AUC(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Slice 0 has rows of .2 and .6, of which 0 of 2 and 2 of 2 are positive: bins (.2, 0) and (.6, 1): ECE (.2 + .4)/2; but on the
// whole .4 against .5. Slice 1 has one row of weight 3; slice 2 none.
func TestReliabilityBySlice(t *testing.T) {
	y := []bool{false, true, true, false, true}
	p := []float64{.2, .6, .9, .2, .6}
	w := []float32{1, 1, 3, 1, 1}
	got, err := ReliabilityBySlice(y, p, w, []int32{0, 0, 1, 0, 0}, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range [][]float64{{4, 4, .4, .5, .3, 2}, {1, 3, .9, 1, .1, 1}, {0, 0, math.NaN(), math.NaN(), math.NaN(), 0}} {
		r := got[s]
		if r.Slice != s {
			t.Errorf("slice %d is called %d", s, r.Slice)
		}
		near(t, "slice", []float64{float64(r.Rows), r.Weight, r.Predicted, r.Observed, r.ECE, float64(len(r.Bins))}, want)
	}
	all, err := ReliabilityOf(y, p, w, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ECE", []float64{all.ECE}, []float64{ECE(y, p, w, 2, EqualMass)})
	for _, bad := range []func() error{
		func() error { _, err := ReliabilityBySlice(y, p, w, []int32{0, 0, 3, 0, 0}, 3, 2); return err },
		func() error { _, err := ReliabilityBySlice(y, p, w, []int32{0, 0, -1, 0, 0}, 3, 2); return err },
		func() error { _, err := ReliabilityBySlice(y, p, w, []int32{0}, 3, 2); return err },
		func() error { _, err := ReliabilityBySlice(y, p, w, make([]int32, 5), -1, 2); return err },
		func() error { _, err := ReliabilityOf(y, p, w, 0); return err },
		func() error { _, err := ReliabilityOf(y, p[1:], w, 3); return err },
		func() error { _, err := ReliabilityOf(y, []float64{0, 0, 0, 0, 2}, w, 3); return err },
		func() error { _, err := ReliabilityOf(y, p, []float32{1, 1, 1, 1, -1}, 3); return err },
	} {
		if bad() == nil {
			t.Error("no error")
		}
	}
}
