package candidate

import "testing"

// TestFactorsPublished holds the defaults, which were chosen on parts of the train ratings, against the figures published for the same methods on
// the split of readPublished: precision, recall and NDCG at 10. For a graph filter those are iALS's; for BPR and embeddings, which were not published
// for it, those of popularity.
func TestFactorsPublished(t *testing.T) {
	split := readPublished(t)
	for _, c := range []struct {
		learner                 Learner
		precision, recall, ndcg float64 // at least
	}{
		{IALS{}, .3596, .2283, .2759},
		{PureSVD{}, .3545, .2247, .2719},
		{GraphFilter{}, .3596, .2283, .2759},
		{BPR{}, .1907, .1180, .1361},
		{Embedding{}, .1907, .1180, .1361},
	} {
		p, r, n := split.judge(t, c.learner)
		t.Logf("%s: P %.4f R %.4f NDCG %.4f", c.learner.Kind(), p, r, n)
		if p < c.precision || r < c.recall || n < c.ndcg {
			t.Errorf("%s: P %.4f R %.4f NDCG %.4f, below the published %.4f %.4f %.4f", c.learner.Kind(), p, r, n, c.precision, c.recall, c.ndcg)
		}
	}
}
