// The generators of a log's feed, fitted on the days before one: which there are, and what each is made from.

package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// GeneratorNames are the names of the generators that are fitted when nobody says which, in the order of precedence.
func GeneratorNames() []string { return namesOf(func(g generatorKind) bool { return !g.extra }) }

// ExtraGenerators are those that are fitted only by name: other models of the same clicks, which name much the same cards.
func ExtraGenerators() []string { return namesOf(func(g generatorKind) bool { return g.extra }) }

func namesOf(is func(generatorKind) bool) []string {
	var out []string
	for _, g := range generators {
		if is(g) {
			out = append(out, g.name)
		}
	}
	return out
}

// CheckGenerators says which of the names is no generator's.
func CheckGenerators(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(generators, func(g generatorKind) bool { return g.name == name }) {
			return fmt.Errorf("feed: there is no generator %q; there are %s, and by name only %s", name, strings.Join(GeneratorNames(), ", "), strings.Join(ExtraGenerators(), ", "))
		}
	}
	return nil
}

// Fitting is what generators are fitted on: the days From to before AsOf.
type Fitting struct {
	From, AsOf time.Time
	// Only names the generators to fit, nil for GeneratorNames.
	Only []string
	// ModelCards bounds the cards that item-to-item models know, the most clicked first; 0 means 8,000. EASE holds 4 bytes a pair of them
	// while it is fitted: 256 MB for 8,000.
	ModelCards int
	Seed       uint64
	Threads    int // 0: one a core
	Progress   func(done, total int, name string)
}

// modelCards is enough for nine in ten clicks of the reference log.
const modelCards = 8000

// Fitted is a fitted generator and what it cost.
type Fitted struct {
	candidate.Generator
	Seconds float64
}

// material is what several generators are made from, each made once.
type material struct {
	w        feature.Source
	f        Fitting
	first    int32
	asOf     int32
	stats    *candidate.CardStats
	use      []warehouse.CardUse
	days     []warehouse.CardDay
	examined []float64
	profiles *warehouse.Profiles
	clicks   *candidate.Clicks // nil before it is asked for
	known    *candidate.Subset
	part     *candidate.Matrix
}

// generatorKind is one generator and how it is fitted.
type generatorKind struct {
	name  string
	fit   func(ctx context.Context, m *material) (candidate.Generator, error)
	extra bool
}

// generators lists them; each is declared here once.
var generators = []generatorKind{
	{name: "watched", fit: fitWatched},
	{name: "ease", fit: fitEASE},
	{name: "ials", fit: fitIALS},
	{name: "content", fit: fitContent},
	{name: "demographic", fit: fitDemographic},
	{name: "popular", fit: fitPopular},
	{name: "trending", fit: fitTrending},
	{name: "fresh", fit: fitFresh},
	{name: "swipes", fit: fitSwipes, extra: true},
	{name: "graphfilter", fit: ofClicks("graphfilter", candidate.GraphFilter{}), extra: true},
	{name: "itemknn", fit: ofClicks("itemknn", candidate.ItemKNN{}), extra: true},
	{name: "userknn", fit: ofClicks("userknn", candidate.UserKNN{}), extra: true},
	{name: "rp3beta", fit: ofClicks("rp3beta", candidate.RP3Beta{}), extra: true},
	{name: "bpr", fit: ofClicks("bpr", candidate.BPR{}), extra: true},
}

// FitGenerators fits the generators that f asks for. A log in which nobody clicked two cards has no item-to-item models: they are left out.
func FitGenerators(ctx context.Context, w feature.Source, cards *warehouse.Cards, f Fitting) ([]Fitted, error) {
	if err := CheckGenerators(f.Only); err != nil {
		return nil, err
	}
	only := f.Only
	if only == nil {
		only = GeneratorNames()
	}
	m := &material{w: w, f: f, first: feature.EpochDay(f.From), asOf: feature.EpochDay(f.AsOf)}
	if m.first >= m.asOf {
		return nil, fmt.Errorf("feed: generators from %s to before %s: no day is left", f.From.Format(time.DateOnly), f.AsOf.Format(time.DateOnly))
	}
	last := f.AsOf.AddDate(0, 0, -1)
	var err error
	if m.use, err = w.CardUse(ctx, f.From, last); err != nil {
		return nil, err
	}
	if m.days, err = w.CardDays(ctx, f.From, last); err != nil {
		return nil, err
	}
	if m.stats, err = candidate.NewCardStats(cards, m.use, m.days, m.asOf, candidate.StatsConfig{Horizon: 7}); err != nil {
		return nil, err
	}
	slots, err := w.SlotUse(ctx, f.From, last)
	if err != nil {
		return nil, err
	}
	m.examined = candidate.Examination(slots)
	if m.profiles, err = w.Profiles(ctx); err != nil {
		return nil, err
	}
	var out []Fitted
	for k, s := range generators {
		if !slices.Contains(only, s.name) {
			continue
		}
		if f.Progress != nil {
			f.Progress(k, len(generators), s.name)
		}
		began := time.Now()
		g, err := s.fit(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("feed: fit %s: %w", s.name, err)
		}
		if g != nil {
			out = append(out, Fitted{g, time.Since(began).Seconds()})
		}
	}
	return out, nil
}

// Evidence is what impressions are worth to item-to-item models, when they are fitted and when a user is folded in alike. examined is the
// chance that each slot is looked at, relative to the first; nil where it is not known.
func Evidence(examined []float64) candidate.Evidence {
	return candidate.Evidence{Like: .5, Share: .5, Examination: examined}
}

// matrix is the clicks of users with two or more, on the cards that models know; nil where there are none.
func (m *material) matrix(ctx context.Context) (*candidate.Matrix, error) {
	if m.clicks != nil {
		return m.part, nil
	}
	var err error
	if m.clicks, err = candidate.ClickMatrix(ctx, m.w, m.first, m.asOf, candidate.MatrixConfig{Evidence: Evidence(m.examined), Seed: m.f.Seed}); err != nil {
		return nil, err
	}
	limit := m.f.ModelCards
	if limit <= 0 {
		limit = modelCards
	}
	m.known = candidate.FrequentCards(&m.clicks.Matrix, 2, limit)
	if len(m.known.Card) < 2 {
		return nil, nil
	}
	m.part, err = m.known.Restrict(&m.clicks.Matrix)
	return m.part, err
}

// fromModel makes a generator of an item-side model of the known cards.
func (m *material) fromModel(ctx context.Context, name string, l candidate.Learner) (candidate.Generator, error) {
	x, err := m.matrix(ctx)
	if err != nil || x == nil {
		return nil, err
	}
	s, err := l.Fit(ctx, x)
	if err != nil {
		return nil, err
	}
	return m.known.Generator(candidate.FromScorer(name, s)), nil
}

func fitEASE(ctx context.Context, m *material) (candidate.Generator, error) {
	return m.fromModel(ctx, "ease", candidate.EASE{L2: 500, Neighbours: 200, Threads: m.f.Threads})
}

func fitIALS(ctx context.Context, m *material) (candidate.Generator, error) {
	return m.fromModel(ctx, "ials", candidate.IALS{Dim: 32, Reg: .02, Threads: m.f.Threads, Seed: m.f.Seed})
}

// ofClicks fits a model on the clicks of the known cards.
func ofClicks(name string, l candidate.Learner) func(context.Context, *material) (candidate.Generator, error) {
	return func(ctx context.Context, m *material) (candidate.Generator, error) { return m.fromModel(ctx, name, l) }
}

// fitSwipes learns embeddings from swipe sessions: the card that was opened and those swiped to after it, as a sentence of words. nil where there
// are no swipes.
func fitSwipes(ctx context.Context, m *material) (candidate.Generator, error) {
	s := &candidate.Sequences{Items: m.stats.Len(), Start: []int64{0}}
	err := m.w.SwipeLists(ctx, m.f.From, m.f.AsOf.AddDate(0, 0, -1), func(l *warehouse.SwipeLists) error {
		for k := range l.User {
			s.Item = append(append(s.Item, l.Opened[k]), l.Card[l.Start[k]:l.Start[k+1]]...)
			s.Start = append(s.Start, int64(len(s.Item)))
		}
		return ctx.Err()
	})
	if err != nil || len(s.Start) == 1 {
		return nil, err
	}
	model, err := candidate.FitEmbedding(ctx, s, candidate.Embedding{Dim: 32, Epochs: 5, Seed: m.f.Seed})
	if errors.Is(err, candidate.ErrEmpty) { // swipes, but none that put two cards together
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return candidate.FromScorer("swipes", model), nil
}

func fitWatched(ctx context.Context, m *material) (candidate.Generator, error) {
	lists, err := candidate.FitCoWatch(ctx, m.w, m.w, m.stats.Len(), m.first, m.asOf, candidate.CoWatchConfig{Threads: m.f.Threads})
	if err != nil {
		return nil, err
	}
	return candidate.NewWatched(lists, candidate.WatchedConfig{})
}

func fitContent(ctx context.Context, m *material) (candidate.Generator, error) {
	lifts, err := candidate.CountLifts(ctx, m.w, m.stats, m.first, candidate.LiftConfig{})
	if err != nil {
		return nil, err
	}
	return candidate.FitContent(m.stats, lifts, candidate.ContentConfig{})
}

func fitDemographic(ctx context.Context, m *material) (candidate.Generator, error) {
	people := candidate.NewPeople(m.profiles, candidate.PeopleConfig{})
	use, err := candidate.CountPeople(ctx, m.w, m.stats, m.first, people, m.profiles, candidate.CellConfig{Examination: m.examined})
	if err != nil {
		return nil, err
	}
	return candidate.FitDemographic(people, use, candidate.DemographicConfig{})
}

func fitPopular(_ context.Context, m *material) (candidate.Generator, error) {
	return candidate.FitPopular(m.stats, nil, candidate.PopularConfig{})
}

func fitTrending(_ context.Context, m *material) (candidate.Generator, error) {
	days := m.days
	if len(days) == 0 {
		days = candidate.DaysOf(m.use)
	}
	return candidate.FitTrending(m.stats, days, candidate.TrendingConfig{})
}

func fitFresh(_ context.Context, m *material) (candidate.Generator, error) {
	return candidate.FitFresh(m.stats, candidate.FreshConfig{})
}
