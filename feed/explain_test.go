package feed

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
)

// TestExplainAddsUp: what features add sums to the log-odds of the chance on the page, and what is of the user is the same for all its cards.
func TestExplainAddsUp(t *testing.T) {
	r, l := recommender(t), madeLog(150, 80)
	known, _, err := r.Request(l.where(func(user, _ int32) bool { return user == 3 }), feature.TraitsOf(l.profiles, 3), memoryDate(memoryDays))
	if err != nil {
		t.Fatal(err)
	}
	stranger := &Request{At: known.At, Traits: candidate.Traits{Age: -1}}
	differ := 0
	for _, q := range []*Request{known, stranger} {
		q.N = 12
		p, err := r.Feed.Page(t.Context(), q)
		if err != nil || len(p.Cards) != 12 {
			t.Fatalf("%v, %v", p, err)
		}
		ofUser, ofCard := map[string]string{}, map[string]string{}
		for _, c := range p.Cards {
			e, err := r.Explain(t.Context(), q, c.Item)
			if err != nil {
				t.Fatal(err)
			}
			sum := e.Base
			for k, f := range e.Of {
				sum += f.LogOdds
				if k > 0 && math.Abs(f.LogOdds) > math.Abs(e.Of[k-1].LogOdds) || f.LogOdds == 0 || f.Why == "" || f.Value == "" {
					t.Errorf("contribution %d of card %d is %+v", k, c.Item, f)
				}
				seen := ofCard
				if f.User {
					seen = ofUser
				}
				if was, ok := seen[f.Feature]; ok && was != f.Value {
					if differ++; f.User {
						t.Errorf("%s of the user is %s and %s on one page", f.Feature, was, f.Value)
					}
				}
				seen[f.Feature] = f.Value
			}
			if p := 1 / (1 + math.Exp(-e.LogOdds)); !e.Calibrated || math.Abs(sum-e.LogOdds) > 1e-9 || math.Abs(p-float64(c.Click)) > 1e-4 {
				t.Errorf("card %d: parts sum to %v, log-odds %v stand for %v, the page says %v", c.Item, sum, e.LogOdds, p, c.Click)
			}
		}
	}
	if differ == 0 {
		t.Error("no feature differs between the cards of a page")
	}
	for _, item := range []int32{-1, int32(len(r.Cards.Creator))} {
		if _, err := r.Explain(t.Context(), known, item); err == nil {
			t.Errorf("card %d is explained", item)
		}
	}
}

func TestFeatureText(t *testing.T) {
	for _, c := range []struct {
		column feature.PairColumn
		v      float64
		want   string
	}{
		{feature.PairColumn{Unit: "log ratio"}, math.Log(2.5), "2.5 times"},
		{feature.PairColumn{Unit: "log impressions"}, math.Log(1 + 40), "40 impressions"},         // log(1 + n)
		{feature.PairColumn{Unit: "log impressions"}, math.Log(1 + 123456), "123456 impressions"}, // within float32: log(123457) = 11.72365, whose next is 9.5e-7 more, or .12 of these
		{feature.PairColumn{Unit: "days"}, 12, "12 days"}, {feature.PairColumn{Unit: "share"}, .0363, "3.63%"},
		{feature.PairColumn{Unit: "0 or 1"}, 1, "yes"}, {feature.PairColumn{Unit: "0 or 1"}, 0, "no"}, {feature.PairColumn{Unit: "0 or 1"}, math.NaN(), "none"},
		{feature.PairColumn{}, .25, "0.25"},
		{feature.PairColumn{Unit: "days"}, math.NaN(), "none"},
		{feature.PairColumn{Levels: []string{"a", "b"}}, 1, "b"},
		{feature.PairColumn{Levels: []string{"a", "b"}}, 2, "none"},
		{feature.PairColumn{Levels: []string{"a", "b"}}, -1, "none"},
	} {
		if got := featureText(c.column, float32(c.v)); got != c.want {
			t.Errorf("%v of %+v is %q, want %q", c.v, c.column, got, c.want)
		}
	}
}
