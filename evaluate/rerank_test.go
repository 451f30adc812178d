package evaluate

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/feature"
)

// tiny is two users: 0 with two sessions of three and two rows, 1 with one session of three.
func tiny(clicked ...bool) *feature.PairSet {
	return &feature.PairSet{Rows: 8, User: []int32{0, 0, 0, 0, 0, 1, 1, 1}, Session: []int32{0, 3, 5, 8}, Clicked: clicked}
}

func find(t *testing.T, table *Table, row, measure string) Cell {
	t.Helper()
	for _, r := range table.Rows {
		if r.Method != row {
			continue
		}
		for k, m := range table.Measures {
			if m.Name == measure {
				return r.Cells[k]
			}
		}
	}
	t.Fatalf("there is no %s of %s", measure, row)
	return Cell{}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v; want %v", what, got, want)
	}
}

func TestRerankByHand(t *testing.T) {
	set := tiny(false, true, false, true, false, false, false, true)
	logged := []float64{3, 2, 1, 2, 1, 3, 2, 1}
	knows := []float64{0, 1, 0, 1, 0, 0, 0, 1}
	examination := []float64{1, .5, .25, 1, .5, 1, .5, .25}
	table, err := Rerank(t.Context(), set, []Scored{{Method: "logged", Kind: Baseline, Score: logged}, {Method: "knows", Kind: Ranker, Score: knows, Chance: []float64{0.2, .8, .2, .8, .2, .2, .2, .8}}},
		examination, Resampling{Replicates: 50})
	if err != nil {
		t.Fatal(err)
	}
	// Clicked rows stand at places 2, 1 and 3 of the logged order. User 0: (1/log2(3) + 1)/2, user 1: 1/log2(4) = .5.
	second := 1 / math.Log2(3)
	near(t, "NDCG of the logged order", find(t, table, "logged", "ndcg@10").Value, ((second+1)/2+.5)/2)
	near(t, "NDCG of who knows", find(t, table, "knows", "ndcg@10").Value, 1)
	near(t, "gap of the logged order", find(t, table, "logged", "ndcg@10").Gap, ((second+1)/2+.5)/2-1)
	near(t, "MRR of the logged order", find(t, table, "logged", "mrr").Value, ((.5+1)/2+1.0/3)/2)
	// User 0: clicked rows score 2 and 2, the others 3, 1, 1: of 6 pairs, 4 are right. User 1: 1 against 3 and 2: none of 2.
	near(t, "AUC within users of the logged order", find(t, table, "logged", "auc_user").Value, (4.0/6)/2)
	// Examination .5 at place 2 doubles that click, .25 at place 3 makes four of it: user 0 (2/log2(3) + 1)/2, user 1 4/2.
	near(t, "corrected DCG of the logged order", find(t, table, "logged", "dcg_ips@10").Value, ((2*second+1)/2+2)/2)
	// Pooled: clicked score 2, 2, 1; others 3, 1, 1, 3, 2. Against 2: 1 and 1 below, 2 equal: 2.5 of 5, twice; against 1: two equal: 1 of 5.
	near(t, "AUC of the logged order", find(t, table, "logged", "auc").Value, (2.5+2.5+1)/15)
	near(t, "log-loss of who knows", find(t, table, "knows", "log_loss").Value, -math.Log(.8))
	near(t, "log-loss of the logged order, which has no chances", find(t, table, "logged", "log_loss").Value, math.NaN())
	near(t, "calibration error of who knows", find(t, table, "knows", "ece").Value, .2)
	if table.Users != 2 || table.Lists != 3 {
		t.Errorf("%d users and %d sessions; want 2 and 3", table.Users, table.Lists)
	}
}

func TestRerankGroups(t *testing.T) {
	set := tiny(false, true, false, true, false, false, false, false)
	logged := []float64{3, 2, 1, 2, 1, 3, 2, 1}
	g, err := RerankGroups(t.Context(), set, []Scored{{Method: "logged", Score: logged}}, "who", []string{"new", "known", "nobody"}, func(user int32) string {
		return map[int32]string{0: "known", 1: "new"}[user]
	}, Resampling{Replicates: 20})
	if err != nil {
		t.Fatal(err)
	}
	// User 1 has no click, so "new" has nobody who says anything of an order.
	if len(g.Groups) != 1 || g.Groups[0].Name != "known" || g.Groups[0].Users != 1 {
		t.Fatalf("groups are %+v; want known alone, of one user", g.Groups)
	}
	near(t, "NDCG of the known", g.Rows[0].Cells[0].Value, (1/math.Log2(3)+1)/2)
}

func TestRerankRefuses(t *testing.T) {
	set := tiny(false, true, false, true, false, false, false, true)
	eight := make([]float64, 8)
	for name, c := range map[string]struct {
		methods     []Scored
		examination []float64
		set         *feature.PairSet
	}{
		"no rows":         {nil, nil, &feature.PairSet{Session: []int32{0}}},
		"too few scores":  {[]Scored{{Score: eight[:3]}}, nil, set},
		"too few chances": {[]Scored{{Score: eight, Chance: eight[:1]}}, nil, set},
		"examination":     {[]Scored{{Score: eight}}, eight[:2], set},
		"not a number":    {[]Scored{{Score: []float64{0, 0, 0, 0, 0, 0, 0, math.NaN()}}}, nil, set},
	} {
		if _, err := Rerank(t.Context(), c.set, c.methods, c.examination, Resampling{Replicates: 10}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
