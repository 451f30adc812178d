package candidate_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

func TestItemKNNSuite(t *testing.T) {
	for name, c := range map[string]candidate.ItemKNN{
		"defaults": {},
		"jaccard":  {Similarity: candidate.SimilarityJaccard, Weighting: candidate.WeightingNone, Neighbours: 10},
		"dice":     {Similarity: candidate.SimilarityDice, Weighting: candidate.WeightingBM25, Shrink: 5},
		"tversky":  {Similarity: candidate.SimilarityTversky, TargetOnly: .2, SourceOnly: 1},
	} {
		t.Run(name, func(t *testing.T) {
			candidatetest.Run(t, "itemknn", func(testing.TB) candidate.Learner { return c })
		})
	}
}

// TestItemKNNByHand: of small's items 0 and 1 have 2 users in common, 0 and 2 have 1, 1 and 2 have 2, 2 and 3 have 1; they have 2, 3, 3 and
// 1 users.
func TestItemKNNByHand(t *testing.T) {
	root := math.Sqrt
	none := candidate.WeightingNone
	// The weights of users: ln(5/(1+items)) for 2, 3, 2 and 2 items.
	a, b := math.Log(5./3), math.Log(5./4)
	// BM25 of item 0, of length 2 where the mean is 9/4, and of item 1, of length 3: 2.2 / (1.2 (.25 + .75 len/mean) + 1).
	f0, f1 := 2.2/(1.2*(.25+.75*2/2.25)+1), 2.2/(1.2*(.25+.75*3/2.25)+1)
	for _, c := range []struct {
		name string
		knn  candidate.ItemKNN
		h    candidate.History
		want []float64
	}{
		{"cosine", candidate.ItemKNN{Weighting: none, Alpha: .5}, candidate.History{Item: []int32{0}}, []float64{0, 2 / root(2*3), 1 / root(2*3), 0}},
		{"signed", candidate.ItemKNN{Weighting: none, Alpha: .5}, candidate.History{Item: []int32{3, 0}, Value: []float32{-.5, 2}},
			[]float64{0, 2 * 2 / root(2*3), 2*1/root(2*3) - .5*1/root(1*3), 0}},
		{"shrinkage", candidate.ItemKNN{Weighting: none, Alpha: .5, Shrink: 1}, candidate.History{Item: []int32{0}}, []float64{0, 2 / (root(2*3) + 1), 1 / (root(2*3) + 1), 0}},
		// 2 / |j|^2 with j of the history
		{"all asymmetry", candidate.ItemKNN{Weighting: none, Alpha: 1}, candidate.History{Item: []int32{1}}, []float64{2. / 3, 0, 2. / 3, 0}},
		{"some asymmetry", candidate.ItemKNN{Weighting: none, Alpha: .75}, candidate.History{Item: []int32{0}},
			[]float64{0, 2 / (math.Pow(3, .25) * math.Pow(2, .75)), 1 / (math.Pow(3, .25) * math.Pow(2, .75)), 0}},
		// in both over in either: 2 of 3 users, 1 of 4
		{"jaccard", candidate.ItemKNN{Weighting: none, Similarity: candidate.SimilarityJaccard}, candidate.History{Item: []int32{0}}, []float64{0, 2. / 3, 1. / 4, 0}},
		{"dice", candidate.ItemKNN{Weighting: none, Similarity: candidate.SimilarityDice}, candidate.History{Item: []int32{0}}, []float64{0, 2 * 2. / 5, 2 * 1. / 5, 0}},
		{"tversky as dice", candidate.ItemKNN{Weighting: none, Similarity: candidate.SimilarityTversky}, candidate.History{Item: []int32{0}}, []float64{0, 2 * 2. / 5, 2 * 1. / 5, 0}},
		// item 1 has one user whom 0 lacks, item 2 two: 2 / (2 + 1*1), 1 / (1 + 1*2)
		{"tversky", candidate.ItemKNN{Weighting: none, Similarity: candidate.SimilarityTversky, TargetOnly: 1}, candidate.History{Item: []int32{0}}, []float64{0, 2. / 3, 1. / 3, 0}},
		// each item's only neighbour: of 0 it is 1, of 1 it is 0, of 2 it is 1, of 3 it is 2
		{"one neighbour", candidate.ItemKNN{Weighting: none, Alpha: .5, Neighbours: 1}, candidate.History{Item: []int32{0, 1}}, []float64{2 / root(6), 2 / root(6), 2. / 3, 0}},
		// item 0 is (a, b), item 1 (a, b, a), item 2 (b, a, a)
		{"tf-idf", candidate.ItemKNN{Weighting: candidate.WeightingTFIDF, Alpha: .5, Shrink: -1}, candidate.History{Item: []int32{0}},
			[]float64{0, (a*a + b*b) / root((a*a+b*b)*(2*a*a+b*b)), b * b / root((a*a+b*b)*(2*a*a+b*b)), 0}},
		{"bm25", candidate.ItemKNN{Weighting: candidate.WeightingBM25, Alpha: .5, Shrink: 1}, candidate.History{Item: []int32{0}},
			[]float64{0, f0 * f1 * (a*a + b*b) / (f0*f1*root((a*a+b*b)*(2*a*a+b*b)) + 1), f0 * f1 * b * b / (f0*f1*root((a*a+b*b)*(2*a*a+b*b)) + 1), 0}},
		{"the defaults", candidate.ItemKNN{}, candidate.History{Item: []int32{0}},
			[]float64{0, (a*a + b*b) / (math.Pow(2*a*a+b*b, .4) * math.Pow(a*a+b*b, .6)), b * b / (math.Pow(2*a*a+b*b, .4) * math.Pow(a*a+b*b, .6)), 0}},
	} {
		if got := scoresOf(t, c.knn, small(t), c.h); !near(got, c.want...) {
			t.Errorf("%s: scores are %v, want %.6f", c.name, got, c.want)
		}
	}
}

func TestItemKNNBecause(t *testing.T) {
	m, err := candidate.FitItemKNN(context.Background(), small(t), candidate.ItemKNN{Weighting: candidate.WeightingNone, Alpha: .5})
	if err != nil {
		t.Fatal(err)
	}
	// For item 2 item 0 adds 1/sqrt(6) = .408248, item 1 .75 * 2/3 = .5 in two parts, and item 3 takes away.
	h := candidate.History{Item: []int32{1, 0, 3, 1}, Value: []float32{.25, 1, -1, .5}}
	cause, share := m.Because(&h, 2)
	if want := .5 / (.5 + 1/math.Sqrt(6)); cause != 1 || !near([]float32{share}, want) {
		t.Errorf("item 2 because of %d with share %v, want 1 with %.6f", cause, share, want)
	}
	// Of items that add the same the first is named: 0 and 2 for 1, with .5 each.
	tied := candidate.ItemKNNModel{Targets: candidate.Matrix{Users: 3, Items: 3, Start: []int64{0, 1, 1, 2}, Item: []int32{1, 1}, Value: []float32{.5, .5}}}
	if cause, share := tied.Because(&candidate.History{Item: []int32{2, 0}}, 1); cause != 0 || share != .5 {
		t.Errorf("of two that add the same: %d with share %v, want 0 with .5", cause, share)
	}
	if cause, share := m.Because(&candidate.History{Item: []int32{3}, Value: []float32{-1}}, 2); cause != -1 || share != 0 {
		t.Errorf("because of evidence against it: %d, %v", cause, share)
	}
}

func TestNeighboursSettings(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		l    candidate.Learner
		want string
	}{
		{candidate.ItemKNN{Neighbours: -1}, "Neighbours -1"},
		{candidate.ItemKNN{Threads: -2}, "Threads -2"},
		{candidate.ItemKNN{Similarity: "euclid"}, `"euclid"`},
		{candidate.ItemKNN{Weighting: "idf"}, `"idf"`},
		{candidate.ItemKNN{Shrink: math.NaN()}, "Shrink is NaN"},
		{candidate.ItemKNN{Shrink: math.Inf(1)}, "Shrink is +Inf"},
		{candidate.ItemKNN{Alpha: 1.5}, "Alpha is 1.5"},
		{candidate.ItemKNN{Alpha: nan}, "Alpha is NaN"},
		{candidate.ItemKNN{TargetOnly: nan}, "TargetOnly is NaN"},
		{candidate.ItemKNN{SourceOnly: -1}, "SourceOnly is -1"},
		{candidate.UserKNN{Neighbours: -1}, "Neighbours -1"},
		{candidate.UserKNN{Similarity: "euclid"}, `"euclid"`},
		{candidate.UserKNN{Weighting: "idf"}, `"idf"`},
		{candidate.UserKNN{Power: -1}, "Power is -1"},
		{candidate.UserKNN{Power: nan}, "Power is NaN"},
		{candidate.UserKNN{Alpha: -1}, "Alpha is -1"},
		{candidate.RP3Beta{Neighbours: -1}, "Neighbours -1"},
		{candidate.RP3Beta{Alpha: -1}, "Alpha -1"},
		{candidate.RP3Beta{Alpha: 11}, "Alpha 11"},
		{candidate.RP3Beta{Beta: nan}, "Beta NaN"},
		{candidate.RP3Beta{Beta: 11}, "Beta 11"},
	} {
		s, err := c.l.Fit(context.Background(), small(t))
		if s != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "candidate: "+c.l.Kind()) {
			t.Errorf("%+v: %v, %v; want an error that says %s", c.l, s, err, c.want)
		}
	}
}
