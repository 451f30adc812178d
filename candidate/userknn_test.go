package candidate_test

import (
	"context"
	"math"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

func TestUserKNNSuite(t *testing.T) {
	for name, c := range map[string]candidate.UserKNN{
		"defaults": {},
		"few":      {Neighbours: 20, Weighting: candidate.WeightingTFIDF},
		"bm25":     {Neighbours: 40, Weighting: candidate.WeightingBM25, Similarity: candidate.SimilarityJaccard, Power: 1},
		"unscaled": {Neighbours: 30, Unscaled: true, Similarity: candidate.SimilarityTversky, Shrink: 2},
	} {
		t.Run(name, func(t *testing.T) {
			candidatetest.Run(t, "userknn", func(testing.TB) candidate.Learner { return c })
		})
	}
}

// TestUserKNNByHand: small's users 0 and 1 have 2 items in common, 0 and 2 have 1, 1 and 2 have 2, 1 and 3 and 2 and 3 have 1 each; they have 2,
// 3, 2 and 2 items.
func TestUserKNNByHand(t *testing.T) {
	root := math.Sqrt
	plain := candidate.UserKNN{Unscaled: true, Power: 1}
	two, squared, jaccard, tfidf, bm25, scaled := plain, plain, plain, plain, plain, plain
	bm25.Weighting = candidate.WeightingBM25
	two.Neighbours, squared.Power, jaccard.Similarity, tfidf.Weighting = 2, 2, candidate.SimilarityJaccard, candidate.WeightingTFIDF
	scaled.Unscaled, scaled.Neighbours = false, 2
	both := candidate.History{Item: []int32{0, 1}}
	// idf of items: ln(5/(1+users)) for 2, 3, 3 and 1 users
	a, b, c := math.Log(5./3), math.Log(5./4), math.Log(5./2)
	// BM25 of users by length, whose mean is 9/4: 2.2 / (1.2 (.25 + .75 len/mean) + 1). The history that is asked with, 1 for and .5 against,
	// has length 1.5, and the weight of its .5 is 2.2*.5 / (1.2 (.25 + .75 len/mean) + .5).
	f2, f3 := 2.2/(1.2*(.25+.75*2/2.25)+1), 2.2/(1.2*(.25+.75*3/2.25)+1)
	w0, w2 := a*2.2/(1.2*(.25+.75*1.5/2.25)+1), -b*1.1/(1.2*(.25+.75*1.5/2.25)+.5)
	h := root(w0*w0 + w2*w2)
	u0, u1 := w0*a*f2/(h*f2*root(a*a+b*b)), (w0*a+w2*b)*f3/(h*f3*root(a*a+2*b*b))
	for _, test := range []struct {
		name string
		knn  candidate.UserKNN
		h    candidate.History
		want []float64
	}{
		// user 0: 2/sqrt(2*2) = 1; user 1: 2/sqrt(2*3); user 2: 1/sqrt(2*2)
		{"cosine", plain, both, []float64{1 + 2/root(6), 1 + 2/root(6) + .5, 2/root(6) + .5, 0}},
		{"two neighbours", two, both, []float64{1 + 2/root(6), 1 + 2/root(6), 2 / root(6), 0}},
		{"squared", squared, both, []float64{1 + 4./6, 1 + 4./6 + .25, 4./6 + .25, 0}},
		{"jaccard", jaccard, both, []float64{1 + 2./3, 1 + 2./3 + 1./3, 2./3 + 1./3, 0}},
		// products of users 0 to 3: 1, 1 - .5, -.5, -.5; squared length 1.25. Who is unlike her is not asked.
		{"signed", plain, candidate.History{Item: []int32{0, 2}, Value: []float32{1, -.5}},
			[]float64{1/root(1.25*2) + .5/root(1.25*3), 1/root(1.25*2) + .5/root(1.25*3), .5 / root(1.25*3), 0}},
		{"signed and squared", squared, candidate.History{Item: []int32{0, 2}, Value: []float32{1, -.5}},
			[]float64{1/(1.25*2) + .25/(1.25*3), 1/(1.25*2) + .25/(1.25*3), .25 / (1.25 * 3), 0}},
		// user 0 is (a, b) and 1 (a, b, b), each times the factor of her length
		{"signed with bm25", bm25, candidate.History{Item: []int32{0, 2}, Value: []float32{1, -.5}}, []float64{u0 + u1, u0 + u1, u1, 0}},
		// of 0 and 3: users 0 (a, b), 1 (a, b, b) and 3 (b, c)
		{"tf-idf", tfidf, candidate.History{Item: []int32{0, 3}}, []float64{
			a*a/root((a*a+c*c)*(a*a+b*b)) + a*a/root((a*a+c*c)*(a*a+2*b*b)),
			a*a/root((a*a+c*c)*(a*a+b*b)) + a*a/root((a*a+c*c)*(a*a+2*b*b)),
			a*a/root((a*a+c*c)*(a*a+2*b*b)) + c*c/root((a*a+c*c)*(b*b+c*c)),
			c * c / root((a*a+c*c)*(b*b+c*c)),
		}},
		// similarities 2/sqrt(6), 1, 2/sqrt(6), 1/sqrt(6); usual, of the second nearest, 1/2 (user 2), 2/sqrt(6) (user 2), 1/2 (user 0 or
		// 3) and 1/sqrt(6) (user 1). Users 0 and 2 are at 4/sqrt(6), 1 at sqrt(6)/2 and 3 at 1: user 1, like everyone, is not asked.
		{"scaled", scaled, candidate.History{Item: []int32{0, 1, 2}}, []float64{4 / root(6), 8 / root(6), 4 / root(6), 0}},
	} {
		if got := scoresOf(t, test.knn, small(t), test.h); !near(got, test.want...) {
			t.Errorf("%s: scores are %v, want %.6f", test.name, got, test.want)
		}
	}
}

func TestUserKNNUsual(t *testing.T) {
	for neighbours, want := range map[int][]float64{
		1: {2 / math.Sqrt(6), 2 / math.Sqrt(6), 2 / math.Sqrt(6), .5},
		2: {.5, 2 / math.Sqrt(6), .5, 1 / math.Sqrt(6)},
		// users 0 and 3 are like two others only and get the mean of users 1 and 2, whose third nearest are at 1/sqrt(6) and 1/2
		3: {(1/math.Sqrt(6) + .5) / 2, 1 / math.Sqrt(6), .5, (1/math.Sqrt(6) + .5) / 2},
		4: {1, 1, 1, 1}, // nobody is like four others
	} {
		m, err := candidate.FitUserKNN(context.Background(), small(t), candidate.UserKNN{Neighbours: neighbours})
		if err != nil || !near(m.Usual, want...) {
			t.Errorf("to neighbour %d users are usually at %v, want %.6f (%v)", neighbours, m.Usual, want, err)
		}
	}
}

// TestUserKNNSample: with more users than the sample, what is usual is about what it is with all. The 4,800 users are 40 copies of
// Planted's, so that at 40 times the neighbours they are where Planted's are.
func TestUserKNNSample(t *testing.T) {
	one := candidatetest.Planted(t)
	const copies = 40
	var entries []candidate.Entry
	for u := range one.Users {
		item, _ := one.Row(u)
		for c := range copies {
			for _, i := range item {
				entries = append(entries, candidate.Entry{User: int32(u*copies + c), Item: i, Value: 1})
			}
		}
	}
	many, err := candidate.NewMatrix(copies*one.Users, one.Items, entries)
	if err != nil {
		t.Fatal(err)
	}
	usual := func(m *candidate.Matrix, k int) []float32 {
		model, err := candidate.FitUserKNN(context.Background(), m, candidate.UserKNN{Neighbours: k})
		if err != nil {
			t.Fatal(err)
		}
		return model.Usual
	}
	// Of the 1,200 in the sample, each of Planted's users ten times, the 300th nearest is asked for: the 30th of Planted's, but that a user's own
	// copies are nearest to her.
	got, most, least := usual(many, copies*30), usual(one, 28), usual(one, 30)
	for c := range copies {
		for u := range one.Users {
			if v := got[u*copies+c]; v > most[u] || v < least[u] {
				t.Errorf("copy %d of user %d is usually at %v; %v to %v is expected", c, u, v, least[u], most[u])
			}
		}
	}
}
