package allrank

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
)

// The protocol held against the figures published for popularity on MovieLens-100k in the split of MCRec (Ferrari Dacrema, Cremonesi and Jannach, RecSys
// 2019): precision .1907, recall .1180, NDCG .1361 at 10 places, its ideal over all test positives. Many items are equally popular, and
// those figures hang on the order in which NumPy's argpartition leaves equals. Ours go to the lower id, which gives the next figures; a
// computation of a few lines apart from this code agrees with both. Whatever the order, the figures lie between those of the best and of the
// worst, as the published ones do. The data are not ours to pass on: SEGUE_ML100K names a directory with
// ml-100k.train.rating and ml-100k.test.rating of github.com/MaurizioFD/RecSys2019_DeepLearning_Evaluation, Conferences/KDD/MCRec_github/data.
func TestPublishedPopularity(t *testing.T) {
	s := movieLens(t)
	if c := s.Counts; c.Users != 943 || c.Items != 1682 || c.Train != 80_000 || c.Test != 20_000 || c.Judged != 942 || c.ColdItems != 25 {
		t.Errorf("%+v", c)
	}
	got := map[string][3]string{}
	for name, sign := range map[string]float32{"lower id": 0, "best": .5, "worst": -.5} {
		model := &tied{taken: takenBy(s.Train), split: s, sign: sign}
		j, err := judge(t.Context(), model, s, []int{10}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, m := range []evaluate.Metric{evaluate.Precision, evaluate.Recall, evaluate.NDCGAll} {
			v := got[name]
			v[k] = fmt.Sprintf("%.4f", j.mean(0, m))
			got[name] = v
		}
	}
	if got["lower id"] != [3]string{"0.1904", "0.1179", "0.1360"} {
		t.Errorf("ties to the lower id: %v", got["lower id"])
	}
	for k, published := range []string{"0.1907", "0.1180", "0.1361"} {
		if !(got["worst"][k] <= published && published <= got["best"][k]) {
			t.Errorf("published %s, not within %s and %s", published, got["worst"][k], got["best"][k])
		}
	}
	r, err := Run(t.Context(), s, Config{Models: []string{"popularity"}})
	if err != nil {
		t.Fatal(err)
	}
	if v := fmt.Sprintf("%.4f", r.Models[0].At(10).Metrics["ndcg_all"].Value); v != "0.1360" {
		t.Errorf("the popularity model: %s", v)
	}
}

func movieLens(t testing.TB) *Split {
	dir := os.Getenv("SEGUE_ML100K")
	if dir == "" {
		t.Skip("SEGUE_ML100K names no directory with the MovieLens-100k split")
	}
	var in [2]Input
	for k, part := range []string{"train", "test"} {
		f, err := os.Open(filepath.Join(dir, "ml-100k."+part+".rating"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in[k] = Input{f.Name(), Auto, f}
	}
	s, err := Read(t.Context(), in[0], in[1], ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tied is popularity with sign added to what the user took in the test: half a user moves an item among its equals only.
type tied struct {
	taken []int64
	split *Split
	sign  float32
}

func (m *tied) Items() int { return len(m.taken) }

func (m *tied) Scores(h *candidate.History, out []float32) {
	for i, n := range m.taken {
		out[i] = float32(n)
	}
	for u := range m.split.Train.Users { // the user whose history this is
		if row, _ := m.split.Train.Row(u); slices.Equal(row, h.Item) {
			test, _ := m.split.Test.Row(u)
			for _, i := range test {
				out[i] += m.sign
			}
			return
		}
	}
}
