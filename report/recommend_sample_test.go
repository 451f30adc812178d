package report

import (
	"fmt"
	"math"
	"time"

	"github.com/seguefeed/segue/evaluate"
)

// around its value a cell of the sample has an interval of this half width.
func cellOf(v, half, gap, p float64) evaluate.Cell {
	return evaluate.Cell{Value: v, Low: v - half, High: v + half, Gap: gap, P: p}
}

// recommendSample is an evaluation's results made by hand: numbers that are easy to check in sentences, what can be missing, and texts
// that a page has to survive.
func recommendSample() *evaluate.Results {
	nan := math.NaN()
	day := func(d int) time.Time { return time.Date(2019, 11, d, 0, 0, 0, 0, time.UTC) }
	const boosted, plain = "boosted trees", "boosted trees, position ignored"
	methods := []struct {
		name           string
		kind           evaluate.Kind
		recall, rate   float64
		coverage, cost float64
	}{
		{"random", evaluate.Baseline, .002, .02, .9, 0},
		{evaluate.Popularity, evaluate.Baseline, .03, .04, .01, 0},
		{evaluate.TopicPopularity, evaluate.Baseline, .034, .041, .02, 0},
		{"demographic", evaluate.Candidates, .035, .042, .03, .4},
		{"fresh", evaluate.Candidates, .012, .03, .12, .1},
		{"trending", evaluate.Candidates, .028, .0395, .015, .2},
		{"watched", evaluate.Candidates, .05, .055, .3, 2},
		{"content", evaluate.Candidates, .04, .05, .35, 1.5},
		{"ease <b>", evaluate.Candidates, .055, .06, .2, 12},
		{"ials", evaluate.Candidates, .052, .058, .22, 30},
		{boosted + ", whole catalogue", evaluate.Ranker, .07, .076, .15, 95},
		{"candidates, ranked", evaluate.WholePage, .068, .074, .17, 0},
		{"the page", evaluate.WholePage, .06, .07, .25, 0},
	}
	retrieve := &evaluate.Table{Users: 1000, Lists: 1000, Measures: []evaluate.Measure{
		{Name: "recall@20", Label: "Recall at 20", Why: "of the cards she clicks in the judged days, those that were listed", Paired: true},
		{Name: "ndcg@20", Label: "NDCG at 20", Why: "the same, those far up counting most", Paired: true},
		{Name: "repeats", Label: "Repeats", Unit: "share", Lower: true, Why: "of the listed, cards she was shown before"},
		{Name: "novelty", Label: "Novelty", Unit: "bits", Why: "rareness"},
		{Name: "coverage", Label: "Coverage", Unit: "share", Why: "of the cards that could be listed, those that were, for anybody"},
	}}
	truth := &evaluate.Table{Users: 1000, Lists: 1000, Measures: []evaluate.Measure{
		{Name: "true_click_rate", Label: "True click rate", Unit: "share", Why: "mean true chance of a click on a listed card, looked at", Paired: true},
		{Name: "oracle_share", Label: "Share of the oracle's gain", Unit: "share", Why: "of what could be gained over popularity"},
	}}
	const oracle = .12
	for _, m := range methods {
		p := 1e-6
		switch m.name {
		case boosted + ", whole catalogue":
			p = nan
		case "candidates, ranked":
			p = .4
		}
		retrieve.Rows = append(retrieve.Rows, evaluate.Row{Method: m.name, Kind: m.kind, Seconds: m.cost, Cells: []evaluate.Cell{cellOf(m.recall, .006, m.recall-.07, p), cellOf(m.recall/2, .003, (m.recall-.07)/2, p),
			{Value: .1, Low: .08, High: .12, Gap: nan, P: nan}, {Value: 5, Low: 4.9, High: 5.1, Gap: nan, P: nan}, {Value: m.coverage, Low: nan, High: nan, Gap: nan, P: nan}}})
		share := cellOf((m.rate-.04)/(oracle-.04), .05, nan, nan)
		if m.name == evaluate.Popularity {
			share.Low, share.High = 0, 0
		}
		truth.Rows = append(truth.Rows, evaluate.Row{Method: m.name, Kind: m.kind, Seconds: m.cost, Cells: []evaluate.Cell{cellOf(m.rate, .003, m.rate-oracle, 1e-9), share}})
	}
	truth.Rows = append(truth.Rows, evaluate.Row{Method: evaluate.OracleName, Kind: evaluate.Ceiling, Cells: []evaluate.Cell{cellOf(oracle, .003, 0, nan), cellOf(1, 0, nan, nan)}})

	rerank := &evaluate.Table{Users: 900, Lists: 2500, Measures: []evaluate.Measure{
		{Name: "ndcg@10", Label: "NDCG at 10", Why: "clicked cards far up in a session count most", Paired: true},
		{Name: "auc_user", Label: "AUC within users", Why: "the chance that a card she clicked scores above one she passed over", Paired: true},
		{Name: "auc", Label: "AUC over all", Why: "whoever's"},
		{Name: "log_loss", Label: "Log-loss", Unit: "nats", Lower: true, Why: "of the chances"},
	}}
	for _, m := range []struct {
		name            string
		kind            evaluate.Kind
		ndcg, auc, loss float64
		p               float64
	}{{"random", evaluate.Baseline, .48, .5, nan, 1e-9}, {"logged order", evaluate.Baseline, .54, .53, nan, 1e-4}, {evaluate.Popularity, evaluate.Baseline, .5, .55, nan, 1e-5}, {evaluate.TopicPopularity, evaluate.Baseline, .51, .56, nan, 1e-5},
		{boosted, evaluate.Ranker, .58, .64, .21, nan}, {plain, evaluate.Ranker, .575, .63, .22, .3}, {"logistic regression", evaluate.Ranker, .55, .6, .23, .01}} {
		rerank.Rows = append(rerank.Rows, evaluate.Row{Method: m.name, Kind: m.kind, Seconds: 60, Cells: []evaluate.Cell{cellOf(m.ndcg, .01, m.ndcg-.58, m.p), cellOf(m.auc, .012, m.auc-.64, m.p), cellOf(m.auc+.05, .01, nan, nan), cellOf(m.loss, .004, nan, nan)}})
	}

	groups := func(question, by string, m evaluate.Measure, names []string, rows []evaluate.Row, k int, lift float64) evaluate.GroupTable {
		g := evaluate.GroupTable{Question: question, By: by, Measure: m}
		for i, n := range names {
			g.Groups = append(g.Groups, evaluate.Group{Name: n, Users: 100 * (i + 1), Lists: 200})
		}
		for _, r := range rows {
			own := evaluate.Row{Method: r.Method, Kind: r.Kind}
			for i := range names {
				v := r.Cells[k].Value
				if r.Kind != evaluate.Baseline {
					v *= 1 + lift*float64(i)
				}
				own.Cells = append(own.Cells, cellOf(v, v/10, nan, nan))
			}
			g.Rows = append(g.Rows, own)
		}
		return g
	}
	clicks := []string{"never seen", "no click", "1 or 2 clicks", "3 to 9 clicks", "10 clicks or more"}

	slots := []int{0, 1, 2, 4, 8}
	position := func(visits string, fall, keen float64) evaluate.Curve {
		c := evaluate.Curve{Visits: visits, Slots: slots}
		for i, s := range slots {
			v := 1 - fall*float64(s)/8
			c.Raw, c.Truth, c.Est = append(c.Raw, cellOf(1+keen*float64(s)/8, .03, nan, nan)), append(c.Truth, v), append(c.Est, cellOf(v+.01, .02*float64(i), nan, nan))
			c.Within, c.Swaps = append(c.Within, cellOf(v+.04, .01, nan, nan)), append(c.Swaps, cellOf(v-.02, .05, nan, nan))
		}
		return c
	}

	page := []evaluate.Measure{{Name: "true_click_rate", Label: "True click rate", Unit: "share", Why: "mean true chance of a click on a card of the page"}, {Name: "diversity", Label: "Diversity", Why: "1 less the mean likeness of two cards"},
		{Name: "new_cards", Label: "New cards", Unit: "share", Why: "published after the training days"}, {Name: "repeats", Label: "Repeats", Unit: "share", Lower: true, Why: "shown before"}, {Name: "coverage", Label: "Coverage", Unit: "share", Why: "shown to anybody"}}
	cells := func(rate, diversity, fresh, repeats, coverage float64) []evaluate.Cell {
		return []evaluate.Cell{cellOf(rate, .002, nan, nan), cellOf(diversity, .01, nan, nan), cellOf(fresh, .01, nan, nan), cellOf(repeats, .01, nan, nan), {Value: coverage, Low: nan, High: nan, Gap: nan, P: nan}}
	}
	knob := func(name string, settings []string, of func(i float64) []evaluate.Cell) evaluate.TradeOff {
		t := evaluate.TradeOff{Knob: name, Measures: page}
		for i, s := range settings {
			t.Points = append(t.Points, evaluate.Point{Setting: s, Values: of(float64(i))})
		}
		return t
	}

	var examples []evaluate.ExamplePage
	reasons := []string{"popular with women of your age", "because you watched card KCGC & others", "new from creator HCOC", "more of a kind you watched"}
	sources := [][]string{{"popular", "demographic"}, {"watched", "ials", "ease <b>"}, {"fresh"}, {"content", "trending"}}
	for k, who := range []string{"a new user", "a light user", "a heavy user"} {
		p := evaluate.ExamplePage{Who: who, User: "MCLCNCOC" + fmt.Sprint(k), Facts: "female, 21 years, guang dong; 120 impressions and 12 clicks before", At: time.Date(2019, 11, 28, 21, 15, 0, 0, time.UTC)}
		for i := range 12 {
			c := evaluate.ExampleCard{Card: fmt.Sprintf("NCKC%d%d", k, i), Slot: i, Column: i % 2, Content: fmt.Sprintf("%d", 1000+7*((i*i+k)%5)), Creator: "HCOCPC", AgeDays: i - 1, Click: .12 - .008*float64(i), Sources: sources[(i+k)%4], Reason: reasons[(i+k)%4], Clicked: i == 3*k && k > 0, True: .1 - .006*float64(i)}
			p.Cards = append(p.Cards, c)
		}
		examples = append(examples, p)
	}
	examples[0].Facts = "of unknown gender and age; never seen before"
	examples[0].Cards[2].Content, examples[0].Cards[2].Creator = "", ""

	return &evaluate.Results{
		Split: evaluate.Split{TrainFrom: day(1), TrainTo: day(23), ChooseFrom: day(24), ChooseTo: day(26), JudgeFrom: day(27), JudgeTo: day(30), Users: 900, NewUsers: 150, Sessions: 2500, Impressions: 30000, Clicks: 1200, Cards: 4000, NewCards: 500},
		Truth: truth, Retrieve: retrieve, Rerank: rerank, Chosen: boosted,
		Groups: []evaluate.GroupTable{
			groups("rerank", "clicks before", rerank.Measures[0], clicks, rerank.Rows, 0, .02),
			groups("rerank", "age of the card", rerank.Measures[2], []string{"up to 3 days", "older"}, rerank.Rows, 2, .03),
			groups("truth", "clicks before", truth.Measures[0], clicks, truth.Rows, 0, .1),
			groups("truth", "gender", truth.Measures[0], []string{"male", "female", "unknown"}, truth.Rows, 0, .03),
			groups("truth", "region", truth.Measures[0], []string{"only one"}, truth.Rows, 0, 0),
		},
		Position: []evaluate.Curve{position("browsing", .4, .8), position("in passing", .8, -.2)},
		Calibration: &evaluate.Calibration{ECE: .004,
			Bins:   []evaluate.Bin{{N: 1000, Predicted: .02, Observed: .022, Low: .015, High: .03}, {N: 1000, Predicted: .05, Observed: .048, Low: .04, High: .06}, {N: 1000, Predicted: .12, Observed: .15, Low: .13, High: .17}},
			Slices: []evaluate.Slice{{By: "place", Name: "deeper", N: 500, Predicted: .03, Observed: .035, ECE: .006}, {By: "card_age", Name: "0 to 3", N: 800, Predicted: .06, Observed: .05, ECE: .011}}},
		TradeOffs: []evaluate.TradeOff{
			knob("lambda of maximal marginal relevance", []string{"1", "0.9", "0.7", "0.5"}, func(i float64) []evaluate.Cell { return cells(.074-.0004*i*i, .4+.1*i, .05, .1, .15+.01*i) }),
			knob("lambda of the determinantal point process", []string{"1", "0.9", "0.7", "0.5"}, func(i float64) []evaluate.Cell { return cells(.074-.0008*i*i, .4+.09*i, .05, .1, .15+.01*i) }),
			knob("least share of fresh cards", []string{"0", "0.1", "0.2", "0.5"}, func(i float64) []evaluate.Cell { return cells(.074-.003*i, .4, .05+.15*i, .1, .15+.03*i) }),
			knob("candidates ranked", []string{"50", "200", "1000"}, func(i float64) []evaluate.Cell { return cells(.06+.007*i, .4, .05, .1, .15) }),
		},
		Switches: []evaluate.Switch{
			{Step: "diversity", What: "orders by value and unlikeness together", Measures: page, With: cells(.07, .6, .1, .05, .25), Without: cells(.072, .4, .1, .05, .2), Micros: 210},
			{Step: "fatigue", What: "a card shown lately and passed over is worth less", Measures: page, With: cells(.07, .6, .1, .05, .25), Without: cells(.0705, .6, .1, .2, .24), Micros: 3},
			{Step: "fresh floor", What: "10% of the places are for cards younger than 3 days", Measures: page, With: cells(.07, .6, .1, .05, .25), Without: cells(.074, .6, .05, .05, .25), Micros: 12},
			{Step: "hide clicked", What: "what she opened does not come again", Measures: page, With: cells(.07, .6, .1, .05, .25), Without: cells(.07, .6, .1, .05, .25), Micros: -2},
		},
		Importance: []evaluate.Gain{{Feature: "card_rate", Why: "clicks & views", Share: .4}, {Feature: "user_lift", Why: "how readily she clicks", Share: .25}, {Feature: "content_match", Why: "likeness to what she clicked", Share: .1}, {Feature: "hour", Why: "people browse at night", Share: .05}},
		Pages:      examples,
		Notes:      []string{"A note of the run."},
	}
}
