// Groups of users, the examination of slots, calibration and what a ranker learned: the parts of an evaluation beside its tables.

package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// Names of the groups by clicks before.
var clickGroups = []string{"never seen", "no click", "1 or 2 clicks", "3 to 9 clicks", "10 clicks or more"}

func clickGroup(impressions, clicks int) string {
	switch {
	case impressions == 0:
		return clickGroups[0]
	case clicks == 0:
		return clickGroups[1]
	case clicks <= 2:
		return clickGroups[2]
	case clicks <= 9:
		return clickGroups[3]
	}
	return clickGroups[4]
}

// divisions are the ways users are grouped.
func (e *run) divisions(ctx context.Context) ([]division, error) {
	before, err := e.w.WindowTotals(ctx, e.split.TrainFrom, e.split.ChooseTo)
	if err != nil {
		return nil, err
	}
	regions := mostUsers(e.profiles, 6)
	return []division{
		{"clicks before", clickGroups, func(u int32) string { return clickGroup(int(before.Impressions[u]), int(before.Clicks[u])) }},
		{"gender", []string{"male", "female", "unknown"}, func(u int32) string {
			if g := e.profiles.Gender[u]; g == "male" || g == "female" {
				return g
			}
			return "unknown"
		}},
		{"region", append(slices.Clone(regions), "others"), func(u int32) string {
			if slices.Contains(regions, e.profiles.Province[u]) {
				return e.profiles.Province[u]
			}
			return "others"
		}},
	}, nil
}

type division struct {
	by    string
	names []string
	of    func(user int32) string
}

// mostUsers are the n provinces with most users, the largest first.
func mostUsers(p *warehouse.Profiles, n int) []string {
	count := map[string]int{}
	for _, s := range p.Province {
		if s != "" {
			count[s]++
		}
	}
	var out []string
	for s := range count {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	return out[:min(n, len(out))]
}

func (e *run) rerankGroups(ctx context.Context) error {
	divisions, err := e.divisions(ctx)
	if err != nil {
		return err
	}
	for _, d := range divisions {
		g, err := RerankGroups(ctx, e.judged, e.scored, d.by, d.names, d.of, e.o.Resampling)
		if err != nil {
			return err
		}
		e.res.Groups = append(e.res.Groups, *g)
		if d.by == "clicks before" {
			for _, group := range g.Groups {
				if group.Name == clickGroups[0] {
					e.split.NewUsers = group.Users
				}
			}
		}
	}
	return e.cardGroups(ctx)
}

// listGroups adds the true click rates, or else the recall, of lists by group of users, and the table of the truth.
func (e *run) listGroups(ctx context.Context, methods []Lister, lists []Lists) error {
	question, measure := "retrieve", Measure{Name: fmt.Sprintf("recall@%d", e.o.ListLength), Label: fmt.Sprintf("Recall at %d", e.o.ListLength)}
	values := make([][]float64, len(methods))
	if e.o.Truth != nil {
		question, measure = "truth", Measure{Name: "true_click_rate", Label: "True click rate", Unit: "share"}
		best, err := OracleLists(ctx, e.asks, e.alive, e.o.Truth.Chance)
		if err != nil {
			return err
		}
		methods, lists = append(methods, Lister{Method: OracleName, Kind: Ceiling}), append(lists, best)
		values = append(values, nil)
		bases := make([]int, 2)
		for m := range methods {
			if values[m], err = TrueClicks(ctx, e.asks, lists[m], e.o.Truth.Chance); err != nil {
				return err
			}
			switch methods[m].Method {
			case Popularity:
				bases[0] = m
			case MostClicked:
				bases[1] = m
			}
		}
		if e.res.Truth, err = TruthTable(ctx, methods, values, bases, len(methods)-1, e.o.Resampling); err != nil {
			return err
		}
	} else {
		for m := range methods {
			values[m] = make([]float64, len(e.asks))
			for a := range e.asks {
				values[m][a] = math.NaN()
				if len(e.asks[a].Relevant) > 0 {
					values[m][a] = scoreAsk(&e.asks[a], lists[m][a], e.o.ListLength)[Recall]
				}
			}
		}
	}
	divisions, err := e.divisions(ctx)
	if err != nil {
		return err
	}
	for _, d := range divisions {
		g := GroupTable{Question: question, By: d.by, Measure: measure}
		group := make([]string, len(e.asks))
		for a := range e.asks {
			group[a] = d.of(e.asks[a].User)
		}
		for _, m := range methods {
			g.Rows = append(g.Rows, Row{Method: m.Method, Kind: m.Kind})
		}
		if err := g.divide(ctx, d.names, group, values, e.o.Resampling); err != nil {
			return err
		}
		e.res.Groups = append(e.res.Groups, g)
	}
	return nil
}

// calibration is that of the chosen ranker on the judged rows.
func (e *run) calibration(ctx context.Context) error {
	j, err := e.models[e.chosen].Judge(ctx, e.judged, "user_expected", "card_age", "hour", "gender", "card_impressions")
	if err != nil {
		return err
	}
	c := &Calibration{ECE: j.ECE}
	for _, s := range j.Slices {
		c.Slices = append(c.Slices, Slice{By: s.Column, Name: s.Name, N: int(s.Rows), Predicted: s.Predicted, Observed: s.Observed, ECE: s.ECE})
	}
	c.Bins = binsOf(e.judged.Clicked, e.chance.Placed, reliabilityBins)
	e.res.Calibration = c
	return nil
}

func (e *run) importance(gains []float64) {
	for k, g := range gains {
		if k >= len(e.pairs.Columns()) || !(g > 0) {
			continue
		}
		col := e.pairs.Columns()[k]
		e.res.Importance = append(e.res.Importance, Gain{Feature: col.Name, Why: col.Why, Share: g})
	}
	slices.SortStableFunc(e.res.Importance, func(a, b Gain) int { return cmp.Compare(b.Share, a.Share) })
}
