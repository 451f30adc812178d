package evaluate

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/warehouse"
)

func fixedLists(lists ...[]int32) Lister {
	return Lister{Method: "fixed", Kind: Candidates, List: func(_ context.Context, r *feed.Request) ([]int32, error) {
		return lists[r.History.Item[0]], nil // the history says which ask it is
	}}
}

func asks(relevant ...[]int32) []Ask {
	out := make([]Ask, len(relevant))
	for k := range out {
		out[k] = Ask{User: int32(k), Relevant: relevant[k]}
		out[k].N = 2
		out[k].History.Item = []int32{int32(k)}
	}
	return out
}

func TestRetrieveByHand(t *testing.T) {
	users := asks([]int32{1, 5}, []int32{0}, nil)
	method := fixedLists([]int32{5, 2, 1}, []int32{3, 2}, []int32{4})
	lists, err := ListAll(t.Context(), users, []Lister{method}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &Catalogue{
		Cards:   &warehouse.Cards{Creator: []int32{0, 0, 1, 1, 2, -1}, Published: []int32{1, 1, 1, 9, 1, 1}, CreatorKeys: make([]string, 3)},
		NewFrom: 8, Taken: []int64{0, 0, 2, 4, 0, 1}, Takers: 8, Alive: 6,
		Alike:     func(a, b int32) float64 { return map[int32]float64{7: .25, 5: .5}[a+b] },
		ShownEver: func(a *Ask, card int32) bool { return a.User == 1 && card == 2 },
	}
	table, err := Retrieve(t.Context(), users, []Lister{method}, lists, c, Resampling{Replicates: 20})
	if err != nil {
		t.Fatal(err)
	}
	// Lists are cut at 2: 5 2 | 3 2 | 4. Of {1,5} half is found, at the first place; of {0} nothing; the third user clicks nothing.
	near(t, "recall", find(t, table, "fixed", "recall@2").Value, (.5+0)/2)
	near(t, "NDCG", find(t, table, "fixed", "ndcg@2").Value, 1/(1+1/math.Log2(3))/2)
	near(t, "hit rate", find(t, table, "fixed", "hit_rate@2").Value, .5)
	near(t, "new cards", find(t, table, "fixed", "new_cards").Value, (0+.5+0)/3)
	near(t, "repeats", find(t, table, "fixed", "repeats").Value, (0+.5+0)/3)
	// 5 and 2 are alike by .25, 3 and 2 by .5, one card alone is like nothing.
	near(t, "diversity", find(t, table, "fixed", "diversity").Value, (.75+.5+1)/3)
	// -log2 of 1/8, 2/8 | 4/8, 2/8 | half a click: .5/8
	near(t, "novelty", find(t, table, "fixed", "novelty").Value, ((3+2)/2.0+(1+2)/2.0+4)/3)
	near(t, "coverage", find(t, table, "fixed", "coverage").Value, 4.0/6)
	// Places with a creator: 2, 3, 2 of creator 1 and 4 of creator 2; 1% of three creators is one.
	near(t, "top creators", find(t, table, "fixed", "creator_top").Value, 3.0/4)
}

func TestTruthByHand(t *testing.T) {
	users := asks(nil, nil)
	chance := [][]float64{{.1, .2, .4}, {.3, .3, .1}}
	truth := func(a *Ask, cards []int32, out []float64) error {
		for k, c := range cards {
			out[k] = chance[a.User][c]
		}
		return nil
	}
	best, err := OracleLists(t.Context(), users, []int32{0, 1, 2}, truth)
	if err != nil {
		t.Fatal(err)
	}
	// User 0: .4 and .2; user 1: .3 twice, the lower card first.
	if got := best; got[0][0] != 2 || got[0][1] != 1 || got[1][0] != 0 || got[1][1] != 1 {
		t.Fatalf("the oracle lists %v", got)
	}
	methods := []Lister{{Method: "popularity"}, {Method: "half"}, {Method: OracleName, Kind: Ceiling}}
	var clicks [][]float64
	for _, lists := range []Lists{{{0, 1}, {2, 0}}, {{2}, {0, 1}}, best} {
		c, err := TrueClicks(t.Context(), users, lists, truth)
		if err != nil {
			t.Fatal(err)
		}
		clicks = append(clicks, c)
	}
	table, err := TruthTable(t.Context(), methods, clicks, []int{0, 1}, 2, Resampling{Replicates: 40})
	if err != nil {
		t.Fatal(err)
	}
	// popularity (.15 + .2)/2 = .175; half, with an empty place, (.2 + .3)/2 = .25; oracle (.3 + .3)/2 = .3
	near(t, "true clicks of popularity", find(t, table, "popularity", "true_click_rate").Value, .175)
	near(t, "true clicks of half", find(t, table, "half", "true_click_rate").Value, .25)
	near(t, "gap of popularity to half, the best that can be had", find(t, table, "popularity", "true_click_rate").Gap, -.075)
	near(t, "gap of half", find(t, table, "half", "true_click_rate").Gap, 0)
	near(t, "lead of the oracle", find(t, table, OracleName, "true_click_rate").Gap, .05)
	near(t, "share of half", find(t, table, "half", "oracle_share").Value, .075/.125)
	near(t, "share of popularity over half", find(t, table, "popularity", "oracle_share_half").Value, -.075/.05)
	near(t, "share of the oracle", find(t, table, OracleName, "oracle_share").Value, 1)
}

func TestListAllStopsAtAnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := ListAll(t.Context(), asks(nil, nil, nil), []Lister{{Method: "m", List: func(context.Context, *feed.Request) ([]int32, error) { return nil, broken }}}, 2, nil)
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	if _, err := ListAll(ctx, asks(nil), []Lister{fixedLists(nil)}, 1, nil); !errors.Is(err, broken) {
		t.Errorf("a cancelled context gives %v", err)
	}
}
