// What a page gives up for what else it should be: the knobs as curves, and each step switched off in turn.

package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seguefeed/segue/feed"
)

// pageMeasures are what pages are compared by: the first is what they are for.
func (e *run) pageMeasures() []Measure {
	first := Measure{Name: fmt.Sprintf("recall@%d", e.o.ListLength), Label: fmt.Sprintf("Recall at %d", e.o.ListLength), Why: "of the cards she clicks in the judged days, those on the page"}
	if e.o.Truth != nil {
		first = Measure{Name: "true_click_rate", Label: "True click rate", Unit: "share", Why: "mean true chance of a click on a card of the page, looked at"}
	}
	return []Measure{first,
		{Name: "diversity", Label: "Diversity", Why: "1 less the mean likeness of two cards of a page"},
		{Name: "new_cards", Label: "New cards", Unit: "share", Why: "cards published after the training days"},
		{Name: "repeats", Label: "Repeats", Unit: "share", Lower: true, Why: "cards she was shown before"},
		{Name: "coverage", Label: "Coverage", Unit: "share", Why: "of the cards that could be shown, those that were, to anybody"},
	}
}

// pageUsers is how many of the asking users pages are made for, over and over: each setting of each knob makes all of them anew.
const pageUsers = 400

// judgePages makes every page with the settings and measures them as pageMeasures says. The second result is the median time of a page.
func (e *run) judgePages(ctx context.Context, s feed.Settings) ([]Cell, time.Duration, error) {
	f, err := e.feed.With(s)
	if err != nil {
		return nil, 0, err
	}
	asks, c := e.few, e.against
	lists := make(Lists, len(asks))
	took := make([]time.Duration, len(asks))
	for a := range asks { // one after another, so that times are those of one core
		if a == 0 || asks[a].At.Day != asks[a-1].At.Day {
			e.pairs.Prepare(1, asks[a].At.Day)
		}
		began := time.Now()
		if lists[a], err = paged("", f).List(ctx, &asks[a].Request); err != nil {
			return nil, 0, err
		}
		took[a] = time.Since(began)
	}
	columns := make([][]float64, 4)
	if e.o.Truth != nil {
		if columns[0], err = TrueClicks(ctx, asks, lists, e.o.Truth.Chance); err != nil {
			return nil, 0, err
		}
	}
	for a := range asks {
		ask, list := &asks[a], lists[a]
		if e.o.Truth == nil {
			v := math.NaN()
			if len(ask.Relevant) > 0 {
				v = scoreAsk(ask, list, e.o.ListLength)[Recall]
			}
			columns[0] = append(columns[0], v)
		}
		fresh, repeats := 0, 0
		for _, card := range list {
			if e.cards.Published[card] >= c.NewFrom {
				fresh++
			}
			if c.ShownEver(ask, card) {
				repeats++
			}
		}
		n := float64(max(len(list), 1))
		columns[1] = append(columns[1], 1-meanLikeness(list, c.Alike))
		columns[2] = append(columns[2], float64(fresh)/n)
		columns[3] = append(columns[3], float64(repeats)/n)
	}
	var cells []Cell
	for _, column := range columns {
		known := slices.DeleteFunc(slices.Clone(column), math.IsNaN)
		cell := noCell()
		if len(known) > 0 {
			m, err := MeanIntervals(ctx, [][]float64{known}, e.o.Resampling)
			if err != nil {
				return nil, 0, err
			}
			cell.Value, cell.Low, cell.High = m[0].Value, m[0].Low, m[0].High
		}
		cells = append(cells, cell)
	}
	coverage := noCell()
	coverage.Value, _ = exposureOf(lists, c)
	slices.Sort(took)
	return append(cells, coverage), took[len(took)/2], nil
}

// tradeOffs turns one knob at a time, all else as it was asked for.
func (e *run) tradeOffs(ctx context.Context) error {
	bare := e.o.Settings // caps and floors would hide what a knob does
	bare.CreatorCap, bare.TopicCap, bare.FreshShare = 0, 0, 0
	knobs := []struct {
		name   string
		values []float64
		set    func(s *feed.Settings, v float64)
	}{
		{"lambda of maximal marginal relevance", []float64{1, .95, .9, .8, .7, .5, .3}, func(s *feed.Settings, v float64) { s.Diversity, s.Lambda = feed.MMR, v }},
		{"lambda of the determinantal point process", []float64{1, .95, .9, .8, .7, .5, .3}, func(s *feed.Settings, v float64) { s.Diversity, s.Lambda = feed.DPP, v }},
		{"least share of fresh cards", []float64{0, .1, .2, .3, .5}, func(s *feed.Settings, v float64) { s.FreshShare = v }},
		{"cards of one creator at most", []float64{0, 5, 3, 2, 1}, func(s *feed.Settings, v float64) { s.CreatorCap = int(v) }},
		{"candidates ranked", []float64{50, 100, 200, 500, 1000}, func(s *feed.Settings, v float64) { s.Candidates = int(v) }},
	}
	done, total := 0, 0
	for _, k := range knobs {
		total += len(k.values)
	}
	for _, k := range knobs {
		t := TradeOff{Knob: k.name, Measures: e.pageMeasures()}
		for _, v := range k.values {
			e.o.Progress("trade-offs", done, total)
			s := bare
			k.set(&s, v)
			cells, _, err := e.judgePages(ctx, s)
			if err != nil {
				return err
			}
			name := fmt.Sprint(v)
			if k.name == "cards of one creator at most" && v == 0 {
				name = "no cap"
			}
			t.Points = append(t.Points, Point{Setting: name, Values: cells})
			done++
		}
		e.res.TradeOffs = append(e.res.TradeOffs, t)
	}
	return nil
}

// switches takes one step away at a time from the page that was asked for.
func (e *run) switches(ctx context.Context) error {
	whole := e.feed.Settings()
	with, took, err := e.judgePages(ctx, whole)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		step, what string
		on         bool
		off        func(*feed.Settings)
	}{
		{"diversity", "orders by value and unlikeness together", whole.Diversity != feed.NoDiversity, func(s *feed.Settings) { s.Diversity = feed.NoDiversity }},
		{"creator cap", fmt.Sprintf("at most %d cards of one creator", whole.CreatorCap), whole.CreatorCap > 0, func(s *feed.Settings) { s.CreatorCap = 0 }},
		{"topic cap", fmt.Sprintf("at most %d cards of one topic", whole.TopicCap), whole.TopicCap > 0, func(s *feed.Settings) { s.TopicCap = 0 }},
		{"fatigue", "a card shown lately and passed over is worth less", whole.Fatigue > 0, func(s *feed.Settings) { s.Fatigue = 0 }},
		{"drop", fmt.Sprintf("a card passed over %d times is not named", whole.DropAfter), whole.DropAfter > 0, func(s *feed.Settings) { s.DropAfter = 0 }},
		{"hide clicked", "what she opened does not come again", whole.HideClicked, func(s *feed.Settings) { s.HideClicked = false }},
		{"fresh floor", fmt.Sprintf("%.0f%% of the places are for cards younger than %d days", 100*whole.FreshShare, whole.FreshDays), whole.FreshShare > 0, func(s *feed.Settings) { s.FreshShare = 0 }},
	} {
		if !s.on {
			continue
		}
		without := whole
		s.off(&without)
		cells, quick, err := e.judgePages(ctx, without)
		if err != nil {
			return err
		}
		e.res.Switches = append(e.res.Switches, Switch{Step: s.step, What: s.what, Measures: e.pageMeasures(), With: with, Without: cells,
			Micros: float64(took-quick) / float64(time.Microsecond)})
	}
	return nil
}
