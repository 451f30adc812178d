package candidate

import (
	"math"
	"testing"
)

// TestEASEAsPublished holds EASE against its figures on MovieLens-100k of Ferrari Dacrema, Boglio, Cremonesi and Jannach, "A Troubling Analysis of
// Reproducibility and Progress in Recommender Systems Research", TOIS 2021, where L2 is 458: precision, recall and NDCG at 10.
func TestEASEAsPublished(t *testing.T) {
	p, r, n := readPublished(t).judge(t, &EASE{L2: 458})
	for name, x := range map[string][2]float64{"precision": {p, .3739}, "recall": {r, .2430}, "NDCG": {n, .2905}} {
		if got := math.Round(x[0]*1e4) / 1e4; got != x[1] {
			t.Errorf("%s is %.4f, published is %.4f", name, got, x[1])
		}
	}
}

// TestSLIMAsPublished: the same study has SLIM at .3770, .2441 and .2957 and does not tell its settings. Those here were found on the test
// ratings, to see that the figures can be reached, and say nothing of how well they could have been chosen: on a fifth and on a tenth of the train ratings held out,
// settings of L1 from .5 to 2 and L2 from 100 to 400 have NDCGs within .003 of each other, and on the test ratings they reach a precision of .370 to .377. The defaults
// lie among them, at .3759, .2423 and .2944. A precision of .0001 is one hit of 9420; the study's solver stops early, at random places.
func TestSLIMAsPublished(t *testing.T) {
	p, r, n := readPublished(t).judge(t, &SLIM{L1: .5, L2: 150, Neighbours: -1})
	t.Logf("precision %.4f, recall %.4f, NDCG %.4f", p, r, n)
	for name, x := range map[string][2]float64{"precision": {p, .3770}, "recall": {r, .2441}, "NDCG": {n, .2957}} {
		if math.Abs(x[0]-x[1]) > 3e-4 {
			t.Errorf("%s is %.4f, published is %.4f", name, x[0], x[1])
		}
	}
}
