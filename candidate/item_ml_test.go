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
