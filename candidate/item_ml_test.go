package candidate

import (
	"math"
	"testing"
)

// TestEASEAsPublished holds EASE against its figures on MovieLens-100k of Ferrari Dacrema, Boglio, Cremonesi and Jannach, "A Troubling Analysis of
// Reproducibility and Progress in Recommender Systems Research", TOIS 2021, where L2 is 458: precision, recall and NDCG at 10.
func TestEASEAsPublished(t *testing.T) {
	train, test := readML100K(t)
	s, err := EASE{L2: 458}.Fit(t.Context(), train)
	if err != nil {
		t.Fatal(err)
	}
	p, r, n := judge(s, train, test)
	for name, x := range map[string][2]float64{"precision": {p, .3739}, "recall": {r, .2430}, "NDCG": {n, .2905}} {
		if got := math.Round(x[0]*1e4) / 1e4; got != x[1] {
			t.Errorf("%s is %.4f, published is %.4f", name, got, x[1])
		}
	}
}

// TestSLIMOnMovieLens: the same study has SLIM above EASE here, at .3770, .2441 and .2957, with settings that it does not tell. On a fifth and on a tenth
// of the ratings held out, settings of L1 from .5 to 2 and L2 from 100 to 400 differ by less than their errors; on the test set they reach
// a precision of .370 to .376, the defaults .3759, .2425 and .2945.
func TestSLIMOnMovieLens(t *testing.T) {
	train, test := readML100K(t)
	s, err := SLIM{}.Fit(t.Context(), train)
	if err != nil {
		t.Fatal(err)
	}
	p, r, n := judge(s, train, test)
	t.Logf("precision %.4f, recall %.4f, NDCG %.4f", p, r, n)
	if p < .3739 || n < .2905 {
		t.Errorf("precision %.4f and NDCG %.4f are below EASE's .3739 and .2905", p, n)
	}
}
