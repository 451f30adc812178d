// A whole evaluation: learn on the first days, choose on the next, judge on the last.

package evaluate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/warehouse"
)

// run is an evaluation under way.
type run struct {
	w        Source
	o        Options
	split    Split
	cards    *warehouse.Cards
	profiles *warehouse.Profiles
	pairs    *feature.PairContext

	models  []*rank.Model
	seconds []float64
	chosen  int
	judged  *feature.PairSet
	scored  []Scored      // on the judged rows: baselines, then rankers
	chance  *rank.Chances // of the chosen
	fitted  []feed.Fitted
	feed    *feed.Feed
	ranker  feed.Ranker
	asks    []Ask // by day
	few     []Ask // those that pages are made for again and again, by day
	alive   []int32
	against *Catalogue // what lists and pages are judged against
	res     *Results
}

// Run evaluates on a log. Rankers are fitted on the training days; generators, which cost little, on all days before those that are judged, as a
// product that fits them every night has them. Cards' statistics in features are those of the day before, throughout. Memory: 4 bytes
// a feature and row of the rows that are learned from and judged, at most 1.1 GB with the default bounds, and the models'.
func Run(ctx context.Context, w Source, o Options) (*Results, error) {
	split, err := o.settle()
	if err != nil {
		return nil, err
	}
	e := &run{w: w, o: o, split: split, res: &Results{}}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"statistics", e.read},
		{"train rankers", e.train},
		{"re-rank what was shown", e.rerank},
		{"fit generators", e.fit},
		{"list cards", e.retrieve},
		// a brief run ends here
		{"trade-offs", e.tradeOffs},
		{"switches", e.switches},
		{"examples", e.examples},
	} {
		if e.o.Brief && step.name == "trade-offs" {
			break
		}
		e.o.Progress(step.name, 0, 0)
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	e.res.Split = e.split
	return e.res, nil
}

func (e *run) read(ctx context.Context) (err error) {
	if e.cards, err = e.w.Cards(ctx); err != nil {
		return err
	}
	if e.profiles, err = e.w.Profiles(ctx); err != nil {
		return err
	}
	e.pairs, err = feature.NewPairContext(ctx, e.w, e.split.TrainFrom, e.split.JudgeTo)
	return err
}

// train fits every ranker and chooses one by its NDCG on the days of choice.
func (e *run) train(ctx context.Context) error {
	set, _, err := build(ctx, e.w, e.pairs, learnFrom(e.split), e.split.TrainTo, e.o.TrainRows, &e.o)
	if err != nil {
		return err
	}
	for k, cfg := range e.o.Algorithms {
		e.o.Progress("train rankers", k, len(e.o.Algorithms))
		cfg.Threads = e.o.Threads
		began := time.Now()
		m, err := rank.Train(ctx, set, cfg)
		if err != nil {
			return fmt.Errorf("train %s: %w", rankerName(cfg), err)
		}
		e.models, e.seconds = append(e.models, m), append(e.seconds, time.Since(began).Seconds())
	}
	if err := e.position(ctx, set); err != nil {
		return err
	}
	set, _, err = build(ctx, e.w, e.pairs, e.split.ChooseFrom, e.split.ChooseTo, e.o.JudgeRows, &e.o)
	if err != nil {
		return err
	}
	orders := make([][]float64, len(e.models))
	for k, m := range e.models {
		c, err := m.Chances(ctx, set)
		if err != nil {
			return err
		}
		if orders[k], err = newRerank(set, nil).ndcg(c.Full); err != nil {
			return err
		}
	}
	cells, err := cellsOf(ctx, orders, e.o.Resampling)
	if err != nil {
		return err
	}
	e.chosen = choose(cells)
	e.res.Chosen = rankerName(e.o.Algorithms[e.chosen])
	if gains := e.models[e.chosen].Importance(); gains != nil {
		e.importance(gains)
	}
	return nil
}

// FitChosen fits the ranker called name, one of those of o, on all days of o but the first, which only fill pasts and statistics.
func FitChosen(ctx context.Context, w Source, pairs *feature.PairContext, o Options, name string) (*rank.Model, error) {
	if _, err := o.settle(); err != nil {
		return nil, err
	}
	for _, cfg := range o.Algorithms {
		if rankerName(cfg) != name {
			continue
		}
		set, _, err := build(ctx, w, pairs, learnFrom(Split{TrainFrom: o.From, TrainTo: o.To}), o.To, o.TrainRows, &o)
		if err != nil {
			return nil, err
		}
		cfg.Threads = o.Threads
		return rank.Train(ctx, set, cfg)
	}
	return nil, fmt.Errorf("evaluate: there is no ranker %q", name)
}

// choose is the first ranker unless another one orders better beyond chance; then the best. On what was shown, rankers differ by less than
// its noise, and what they make of the rest of the catalogue shows there least of all.
func choose(ndcg []Cell) int {
	best := 0
	for k, c := range ndcg {
		if c.Value > ndcg[best].Value {
			best = k
		}
	}
	if first := ndcg[0]; best > 0 && !(first.P < significant) {
		return 0
	}
	return best
}

// significant is the level below which a corrected p-value counts as a difference.
const significant = .05

func (e *run) rerank(ctx context.Context) error {
	set, opt, err := build(ctx, e.w, e.pairs, e.split.JudgeFrom, e.split.JudgeTo, e.o.JudgeRows, &e.o)
	if err != nil {
		return err
	}
	e.judged = set
	if e.scored, err = baselines(ctx, e.w, set, opt, e.cards, e.split.TrainFrom); err != nil {
		return err
	}
	var examined []float64
	for k, m := range e.models {
		c, err := m.Chances(ctx, set)
		if err != nil {
			return err
		}
		if k == e.chosen {
			e.chance = c
		}
		if c.Examined != nil && examined == nil {
			examined = make([]float64, set.Rows)
			for i, v := range c.Examined {
				examined[i] = float64(v)
			}
		}
		e.scored = append(e.scored, Scored{Method: rankerName(e.o.Algorithms[k]), Kind: Ranker, Score: c.Full, Chance: c.Placed, Seconds: e.seconds[k]})
	}
	if e.o.Truth != nil {
		known := Scored{Method: OracleName, Kind: Ceiling, Score: make([]float64, set.Rows)}
		for from := 0; from < set.Rows; {
			to := from + 1
			for to < set.Rows && set.User[to] == set.User[from] {
				to++
			}
			if err := e.o.Truth.Shown(set.User[from], set.Card[from:to], set.Show[from:to], known.Score[from:to]); err != nil {
				return err
			}
			from = to
		}
		e.scored = append(e.scored, known)
	}
	if e.res.Rerank, err = Rerank(ctx, set, e.scored, examined, e.o.Resampling); err != nil {
		return err
	}
	if e.res.Pairs, err = pairs(ctx, set, e.scored, e.res.Chosen, []string{"random", Popularity}, e.o.Resampling); err != nil {
		return err
	}
	e.describe(set)
	if err := e.rerankGroups(ctx); err != nil {
		return err
	}
	return e.calibration(ctx)
}

// describe counts what is judged.
func (e *run) describe(set *feature.PairSet) {
	s := &e.split
	s.Sessions, s.Impressions = len(set.Session)-1, set.Rows
	for i, c := range set.Clicked {
		if c {
			s.Clicks++
		}
		if i == 0 || set.User[i] != set.User[i-1] {
			s.Users++
		}
	}
	s.Cards = len(living(e.cards, feature.EpochDay(s.JudgeTo)))
	s.NewCards = s.Cards - len(living(e.cards, feature.EpochDay(s.TrainTo)))
}

func (e *run) fit(ctx context.Context) (err error) {
	e.fitted, err = feed.FitGenerators(ctx, e.w, e.cards, feed.Fitting{From: e.split.TrainFrom, AsOf: e.split.JudgeFrom, Only: e.o.Only, Seed: e.o.Seed, Threads: e.o.Threads,
		Progress: func(done, total int, name string) { e.o.Progress("fit generators", done, total) }})
	if err != nil {
		return err
	}
	if e.ranker, err = feed.NewRanker(e.models[e.chosen], e.pairs, e.cards); err != nil {
		return err
	}
	c := feed.Config{Cards: e.cards, Names: e.o.Names, Ranker: e.ranker, Settings: e.o.Settings}
	if c.Names == nil {
		c.Names = feed.KeyNames(e.cards, nil)
	}
	for _, f := range e.fitted {
		c.Generators = append(c.Generators, f.Generator)
	}
	e.feed, err = feed.New(c)
	return err
}

// listers are the methods whose lists are judged.
func (e *run) listers(ctx context.Context) ([]Lister, error) {
	most, err := e.mostClicked(ctx)
	if err != nil {
		return nil, err
	}
	out := []Lister{randomly(e.cards, e.alive, e.o.Seed), most}
	for _, f := range e.fitted {
		if f.Name() == "popular" {
			p := generated(f, Baseline, e.cards)
			p.Method = Popularity
			out = append(out, p, topical(f, e.cards))
		}
	}
	for _, f := range e.fitted {
		if f.Name() != "popular" {
			out = append(out, generated(f, Candidates, e.cards))
		}
	}
	out = append(out, ranked(e.res.Chosen, e.ranker, e.cards, e.alive, e.seconds[e.chosen]))
	plain, err := e.feed.With(feed.Settings{Candidates: e.o.Settings.Candidates, Shortlist: e.o.Settings.Shortlist})
	if err != nil {
		return nil, err
	}
	asNamed, err := e.feed.As(feed.AsNamed)
	if err != nil {
		return nil, err
	}
	if asNamed, err = asNamed.With(feed.Settings{Candidates: e.o.Settings.Candidates}); err != nil {
		return nil, err
	}
	return append(out, paged(Unranked, asNamed), paged(Ranked, plain), paged(ThePage, e.feed)), nil
}

func (e *run) retrieve(ctx context.Context) error {
	var examined []float64
	if x := e.models[e.chosen].Examination; x != nil {
		for _, effect := range x.Browsing {
			examined = append(examined, effect.Value.Value)
		}
	}
	var err error
	if e.asks, err = gatherAsks(ctx, e.w, e.pairs, e.split, &e.o, e.profiles, examined); err != nil {
		return err
	}
	e.alive = living(e.cards, feature.EpochDay(e.split.JudgeTo))
	methods, err := e.listers(ctx)
	if err != nil {
		return err
	}
	few := slices.Clone(e.asks[:min(len(e.asks), pageUsers)]) // by user id, which says nothing of users
	e.few = byDay(few)
	e.asks = byDay(e.asks)
	lists := make([]Lists, len(methods))
	for from := 0; from < len(e.asks); {
		to := sameDay(e.asks, from)
		e.pairs.Prepare(1, e.asks[from].At.Day)
		some, err := ListAll(ctx, e.asks[from:to], methods, e.o.Threads, func(done, total int) { e.o.Progress("list cards", from*total+(to-from)*done, total*len(e.asks)) })
		if err != nil {
			return err
		}
		for m := range lists {
			lists[m] = append(lists[m], some[m]...)
		}
		from = to
	}
	if e.against, err = e.catalogue(ctx); err != nil {
		return err
	}
	if e.res.Retrieve, err = Retrieve(ctx, e.asks, methods, lists, e.against, e.o.Resampling); err != nil {
		return err
	}
	return e.listGroups(ctx, methods, lists)
}

// byDay orders asks by their days: what cards are like on a day is then computed once.
func byDay(asks []Ask) []Ask {
	slices.SortStableFunc(asks, func(a, b Ask) int { return int(a.At.Day - b.At.Day) })
	return asks
}

// sameDay is the end of the asks of the day of asks[from].
func sameDay(asks []Ask, from int) int {
	to := from
	for to < len(asks) && asks[to].At.Day == asks[from].At.Day {
		to++
	}
	return to
}

func (e *run) catalogue(ctx context.Context) (*Catalogue, error) {
	c := &Catalogue{Cards: e.cards, NewFrom: feature.EpochDay(e.split.TrainTo) + 1, Alive: len(e.alive), Alike: e.feed.Likeness, Taken: make([]int64, len(e.cards.Creator)),
		ShownEver: func(a *Ask, card int32) bool { times, _ := a.Past.Shown(card); return times > 0 }}
	use, err := e.w.CardUse(ctx, e.split.TrainFrom, e.split.TrainTo)
	if err != nil {
		return nil, err
	}
	for _, u := range use {
		c.Taken[u.Card] += int64(u.Clicks)
	}
	totals, err := e.w.WindowTotals(ctx, e.split.TrainFrom, e.split.TrainTo)
	if err != nil {
		return nil, err
	}
	for _, n := range totals.Clicks {
		if n > 0 {
			c.Takers++
		}
	}
	return c, nil
}
