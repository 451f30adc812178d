// Groups of users, the examination of slots, calibration and what a ranker learned: the parts of an evaluation beside its tables.

package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/rank"
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

// position takes the examination of the first model that knows slots, beside the raw curve of the rows it learned from.
func (e *run) position(ctx context.Context, set *feature.PairSet) error {
	var estimated *rank.Examination
	for _, m := range e.models {
		if m.Examination != nil {
			estimated = m.Examination
			break
		}
	}
	if estimated == nil {
		e.res.Notes = append(e.res.Notes, "The log has no slots that could be compared: rankers learned without position.")
		return nil
	}
	e.res.Position = append(e.res.Position, rawCurve(set, len(estimated.Browsing)))
	raw, err := rank.EstimateExamination(ctx, rank.LogOf(set), rank.ExaminationConfig{Method: rank.Raw, MaxSlot: len(estimated.Browsing) - 1, Threads: e.o.Threads})
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		name     string
		raw, est []rank.Effect
		truth    []float64
	}{{"browsing", raw.Browsing, estimated.Browsing, e.o.Truth.browsing()}, {"in passing", raw.Passing, estimated.Passing, e.o.Truth.passing()}} {
		c := Curve{Visits: kind.name}
		for k, x := range kind.est {
			c.Slots = append(c.Slots, x.Slot)
			c.Est = append(c.Est, Cell{Value: x.Value.Value, Low: x.Value.Low, High: x.Value.High, Gap: math.NaN(), P: math.NaN()})
			r := math.NaN()
			if k < len(kind.raw) {
				r = kind.raw[k].Value.Value
			}
			c.Raw = append(c.Raw, r)
			if kind.truth != nil {
				c.Truth = append(c.Truth, kind.truth[min(x.Slot, len(kind.truth)-1)]/kind.truth[0])
			}
		}
		e.res.Position = append(e.res.Position, c)
	}
	return nil
}

// rawCurve is the click-through rate by slot of all visits together, over that of the first slot: what misleads, since only keen visits reach deep slots.
func rawCurve(set *feature.PairSet, slots int) Curve {
	shown, clicks := make([]float64, slots), make([]float64, slots)
	for i, s := range set.Slot {
		if s < 0 {
			continue
		}
		k := min(max(int(s)-1, 0), slots-1) // logs count from 0 or from 1
		shown[k]++
		if set.Clicked[i] {
			clicks[k]++
		}
	}
	c := Curve{Visits: AllVisits}
	for k := range slots {
		c.Slots = append(c.Slots, k)
		c.Raw = append(c.Raw, clicks[k]/shown[k]*shown[0]/clicks[0])
		c.Est = append(c.Est, noCell())
	}
	return c
}

// AllVisits is the curve of the raw rates of all visits together.
const AllVisits = "all visits together"

func (k *Knowledge) browsing() []float64 {
	if k == nil {
		return nil
	}
	return k.Browsing
}

func (k *Knowledge) passing() []float64 {
	if k == nil {
		return nil
	}
	return k.InPassing
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
