package evaluate

import (
	"math"
	"strings"
	"testing"
)

// gated is what Gate reads of an evaluation, with the NDCG of each row.
func gated(ranker, p, popular, lists, popularLists, unranked float64) *Results {
	row := func(name string, v float64) Row { return Row{Method: name, Cells: []Cell{{Value: v}}} }
	list := func(name string, v float64) Row {
		return Row{Method: name, Cells: []Cell{{Value: math.NaN()}, {Value: v}}}
	}
	return &Results{Chosen: "boosted",
		Rerank:   &Table{Measures: []Measure{{Name: "ndcg@10"}}, Rows: []Row{row("random", .3), row(Popularity, popular), row("boosted", ranker)}},
		Pairs:    []Pair{{"boosted", "random", ranker - .3, .001}, {"boosted", Popularity, ranker - popular, p}},
		Retrieve: &Table{Measures: []Measure{{Name: "recall@20"}, {Name: "ndcg@20", Label: "NDCG at 20"}}, Rows: []Row{list(Popularity, popularLists), list(Ranked, lists), list(Unranked, unranked)}}}
}

func TestGate(t *testing.T) {
	for _, c := range []struct {
		name string
		of   *Results
		fail string // what the hurdle that is not passed says; "" when all are
	}{
		{"better everywhere", gated(.5, .01, .4, .1, .05, .06), ""},
		{"better by chance", gated(.5, .2, .4, .1, .05, .06), "by no more than chance (p = 0.2)"},
		{"worse than popularity", gated(.38, .01, .4, .1, .05, .06), "is not above 0.4000 of popularity"},
		{"lists worse than popularity", gated(.5, .01, .4, .04, .05, .03), "is not above 0.0500 of popularity"},
		{"no better than its candidates", gated(.5, .01, .4, .1, .05, .1), "is not above 0.1000 of candidates, as named"},
		{"no clicks", gated(.5, .01, .4, math.NaN(), .05, .06), "too few clicks"},
	} {
		failed := ""
		for _, h := range Gate(c.of) {
			if !h.Passed {
				failed += h.Text + "\n"
			}
		}
		if (c.fail == "") != (failed == "") || !strings.Contains(failed, c.fail) {
			t.Errorf("%s: failed hurdles are %q; want %q", c.name, failed, c.fail)
		}
	}
}

// TestChoose: the first ranker stays unless another one is better beyond chance.
func TestChoose(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		ndcg []Cell
		want int
	}{
		{"the first is best", []Cell{{Value: .5, P: nan}, {Value: .4, P: .01}}, 0},
		{"another is better by chance", []Cell{{Value: .49, P: .3}, {Value: .5, P: nan}}, 0},
		{"another is better", []Cell{{Value: .4, P: .01}, {Value: .5, P: nan}, {Value: .45, P: .2}}, 1},
	} {
		if got := choose(c.ndcg); got != c.want {
			t.Errorf("%s: %d is chosen; want %d", c.name, got, c.want)
		}
	}
}
