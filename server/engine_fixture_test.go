// What the tests of the engine stand on: a log in memory, a recommender that was really trained on it and written as a version, and an engine over a real
// event log in files and a real state.

package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/rank"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// smallLog is a week of a feed, as much of it as training and the first state read.
type smallLog struct {
	warehouse.Training // what is not asked for
	warehouse.Catalogue
	cards    *warehouse.Cards
	keys     []string
	profiles *warehouse.Profiles
	rows     *warehouse.Histories
	swipes   *warehouse.SwipeLists
}

const (
	logDay      = 18_000 // the first
	logDays     = 7
	logUsers    = 150
	logCards    = 120
	logContents = 6
	logCreators = logCards / 4
)

func logDate(day int) time.Time { return time.Unix((logDay+int64(day))*86400, 0).UTC() }

func userKey(u int) string { return fmt.Sprintf("user %d", u) }
func cardKey(i int) string { return fmt.Sprintf("card %d", i) }

// newLog has users who see five cards a day, and click a third of the cards, by the card's number and theirs, more than others. backwards numbers the same cards
// from the last to the first, which changes what is clicked, too.
func newLog(seed uint64, backwards bool) *smallLog {
	r := rand.New(rand.NewPCG(seed, 2))
	c := &warehouse.Cards{Talks: []int32{3, 9}}
	l := &smallLog{cards: c, profiles: &warehouse.Profiles{}, rows: &warehouse.Histories{Start: []int32{0}}, swipes: &warehouse.SwipeLists{Start: []int32{0}}}
	for k := range logContents {
		c.Contents = append(c.Contents, warehouse.ContentName{Key: fmt.Sprintf("1,%d,%d", k/3, k), Levels: [3]int32{1, int32(k / 3), int32(k)}})
	}
	for k := range logCreators {
		c.CreatorKeys, c.Followers = append(c.CreatorKeys, fmt.Sprintf("creator %d", k)), append(c.Followers, int64(100*k-1))
	}
	for k := range 8 {
		c.Songs, c.Artists = append(c.Songs, fmt.Sprintf("song %d", k)), append(c.Artists, fmt.Sprintf("artist %d", k))
	}
	for i := range logCards {
		of := i
		if backwards {
			of = logCards - 1 - i
		}
		l.keys = append(l.keys, cardKey(of))
		c.Listed, c.Published, c.Type = append(c.Listed, true), append(c.Published, int32(logDay+logDays-10-of%20)), append(c.Type, int8(1+of%2))
		c.Content, c.Song, c.Artist = append(c.Content, int16(of%logContents)), append(c.Song, int32(of%9-1)), append(c.Artist, int32(of%7-1))
		c.Creator, c.Talk = append(c.Creator, int32(of%logCreators)), append(c.Talk, int32(of%3-1))
	}
	h, p := l.rows, l.profiles
	for u := range logUsers {
		p.Listed, p.Province, p.Gender = append(p.Listed, true), append(p.Province, []string{"", "hai nan", "bei jing"}[u%3]), append(p.Gender, []string{"male", "female"}[u/3%2])
		p.Age, p.RegisteredMonths, p.Follows, p.Level = append(p.Age, int16(15+u%30)), append(p.RegisteredMonths, int16(u%30)), append(p.Follows, int32(u%50)), append(p.Level, 1)
		h.User, h.Start = append(h.User, int32(u)), append(h.Start, h.Start[u])
		for day := range logDays {
			for slot := range 5 {
				card := r.IntN(logCards)
				if c.Published[card] > int32(logDay+day) {
					continue
				}
				h.Card, h.Day, h.Hour = append(h.Card, int32(card)), append(h.Day, int32(logDay+day)), append(h.Hour, uint8(u%24))
				h.ShownAtMS, h.Position, h.Show = append(h.ShownAtMS, logDate(day).UnixMilli()+int64(u%24)*3_600_000), append(h.Position, int32(slot)), append(h.Show, 1)
				flags, view := warehouse.Flag(0), float32(math.NaN())
				if r.Float64() < .1 || card%3 == u%3 && r.Float64() < .4 {
					flags, view = warehouse.Clicked, 30*r.Float32()
					if r.IntN(3) == 0 {
						flags |= warehouse.Liked
					}
				}
				h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.Flags, flags), append(h.ViewSeconds, view), append(h.Swipes, 0), append(h.SwipeViewSeconds, 0)
				h.Start[u+1]++
			}
		}
	}
	return l
}

// between is the rows of some days.
func (l *smallLog) between(from, to time.Time) *warehouse.Histories {
	first, last := int32(from.Unix()/86400), int32(to.Unix()/86400)
	a, h := l.rows, &warehouse.Histories{Start: []int32{0}}
	for k, u := range a.User {
		for row := a.Start[k]; row < a.Start[k+1]; row++ {
			if a.Day[row] < first || a.Day[row] > last {
				continue
			}
			if n := len(h.User); n == 0 || h.User[n-1] != u {
				h.User, h.Start = append(h.User, u), append(h.Start, h.Start[n])
			}
			h.Start[len(h.User)]++
			h.Card, h.Day, h.Hour, h.ShownAtMS = append(h.Card, a.Card[row]), append(h.Day, a.Day[row]), append(h.Hour, a.Hour[row]), append(h.ShownAtMS, a.ShownAtMS[row])
			h.Position, h.Show, h.Flags = append(h.Position, a.Position[row]), append(h.Show, a.Show[row]), append(h.Flags, a.Flags[row])
			h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.ViewSeconds, a.ViewSeconds[row]), append(h.Swipes, a.Swipes[row]), append(h.SwipeViewSeconds, a.SwipeViewSeconds[row])
		}
	}
	return h
}

func (l *smallLog) Histories(_ context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	if h := l.between(from, to); len(h.User) > 0 {
		return each(h)
	}
	return nil
}

func (l *smallLog) Describe(context.Context) (warehouse.Contents, error) {
	return warehouse.Contents{Impressions: int64(len(l.rows.Card)), FirstDay: logDate(0), LastDay: logDate(logDays - 1)}, nil
}

func (l *smallLog) UserKeys(context.Context) ([]string, error) {
	var keys []string
	for u := range logUsers {
		keys = append(keys, userKey(u))
	}
	return keys, nil
}

func (l *smallLog) CardKeys(context.Context) ([]string, error)                           { return l.keys, nil }
func (l *smallLog) Profiles(context.Context) (*warehouse.Profiles, error)                { return l.profiles, nil }
func (l *smallLog) CardContents(context.Context) ([]int16, error)                        { return l.cards.Content, nil }
func (l *smallLog) ToldCards(context.Context) ([]warehouse.ToldCard, error)              { return nil, nil }
func (l *smallLog) ToldUsers(context.Context) ([]warehouse.ToldUser, error)              { return nil, nil }
func (l *smallLog) Deleted(context.Context) ([]warehouse.ToldDeleted, error)             { return nil, nil }
func (l *smallLog) Feedback(context.Context, func([]warehouse.ToldFeedback) error) error { return nil }
func (l *smallLog) Cards(context.Context) (c *warehouse.Cards, err error) {
	own := *l.cards // a state makes the columns its own
	own.Listed, own.Published, own.Type, own.Content = slices.Clone(own.Listed), slices.Clone(own.Published), slices.Clone(own.Type), slices.Clone(own.Content)
	own.Song, own.Artist, own.Creator, own.Talk = slices.Clone(own.Song), slices.Clone(own.Artist), slices.Clone(own.Creator), slices.Clone(own.Talk)
	return &own, nil
}

func (l *smallLog) WindowTotals(_ context.Context, from, to time.Time) (*warehouse.WindowTotals, error) {
	t := &warehouse.WindowTotals{Impressions: make([]int32, logUsers), Clicks: make([]int32, logUsers)}
	h := l.between(from, to)
	for k, u := range h.User {
		t.Impressions[u] = h.Start[k+1] - h.Start[k]
		for _, f := range h.Flags[h.Start[k]:h.Start[k+1]] {
			t.Clicks[u] += int32(f & warehouse.Clicked)
		}
	}
	return t, nil
}

func (l *smallLog) LoggedDays(_ context.Context, from, to time.Time) ([]int32, error) {
	days := slices.Clone(l.between(from, to).Day)
	slices.Sort(days)
	return slices.Compact(days), nil
}

func (l *smallLog) SlotUse(_ context.Context, from, to time.Time) ([]warehouse.SlotUse, error) {
	var use []warehouse.SlotUse
	h := l.between(from, to)
	for k := range h.Card {
		use = append(use, warehouse.SlotUse{Position: h.Position[k], Depth: 4, Impressions: 1, Clicks: int64(h.Flags[k] & warehouse.Clicked)})
	}
	return use, nil
}

func (l *smallLog) CardUse(_ context.Context, from, to time.Time) ([]warehouse.CardUse, error) {
	use := make([]warehouse.CardUse, logCards*logDays)
	h := l.between(from, to)
	for k, card := range h.Card {
		u := &use[int(card)*logDays+int(h.Day[k]-logDay)]
		u.Card, u.Day = card, h.Day[k]
		u.Impressions++
		u.Clicks += int32(h.Flags[k] & warehouse.Clicked)
	}
	return slices.DeleteFunc(use, func(u warehouse.CardUse) bool { return u.Impressions == 0 }), nil
}

// CardDays are a hundred times what the log shows.
func (l *smallLog) CardDays(ctx context.Context, from, to time.Time) ([]warehouse.CardDay, error) {
	use, err := l.CardUse(ctx, from, to)
	var out []warehouse.CardDay
	for _, u := range use {
		out = append(out, warehouse.CardDay{Card: u.Card, Day: u.Day, Impressions: 100 * u.Impressions, Clicks: 100 * u.Clicks, Likes: 10 * u.Clicks})
	}
	return out, err
}

func (l *smallLog) SwipeLists(_ context.Context, _, _ time.Time, each func(*warehouse.SwipeLists) error) error {
	return each(l.swipes)
}

// train fits a recommender on l.
func train(l *smallLog, trees int) (*feed.Recommender, error) {
	ctx := context.Background()
	r := feed.Recommender{Cards: l.cards, CardKeys: l.keys, Settings: feed.Defaults()}
	fitted, err := feed.FitGenerators(ctx, l, l.cards, feed.Fitting{From: logDate(0), AsOf: logDate(logDays), Seed: 1})
	if err != nil {
		return nil, err
	}
	for _, f := range fitted {
		r.Generators = append(r.Generators, f)
	}
	if r.Pairs, err = feature.NewPairContext(ctx, l, logDate(0), logDate(logDays-1)); err != nil {
		return nil, err
	}
	set, err := feature.BuildPairs(ctx, l, r.Pairs, feature.PairOptions{From: logDate(2), To: logDate(logDays - 1)})
	if err != nil {
		return nil, err
	}
	if r.Model, err = rank.Train(ctx, set, rank.Config{Trees: trees, MinLeaf: 20, Weights: rank.Weights{Click: 1, View: .2}}); err != nil {
		return nil, err
	}
	return feed.NewRecommender(r)
}

// Three recommenders for the same cards. The third numbers them from the last to the first, so that ids of one are nonsense to the others.
var trained = map[string]func() (*feed.Recommender, error){
	"a": sync.OnceValues(func() (*feed.Recommender, error) { return train(newLog(1, false), 8) }),
	"b": sync.OnceValues(func() (*feed.Recommender, error) { return train(newLog(7, false), 4) }),
	"c": sync.OnceValues(func() (*feed.Recommender, error) { return train(newLog(9, true), 6) }),
}

// writeModel writes a version that passed the gate, called as it is trained.
func writeModel(tb testing.TB, dir, id, of string) {
	tb.Helper()
	r, err := trained[of]()
	if err != nil {
		tb.Fatal(err)
	}
	order := time.Duration(id[0]) * time.Minute
	if _, err := feed.WriteVersion(dir, feed.Manifest{ID: id, Created: logDate(logDays).Add(order), Gate: feed.Gate{Passed: true}}, r.Parts()); err != nil {
		tb.Fatal(err)
	}
}

// testClock is a time that tests move.
type testClock struct{ ms atomic.Int64 }

func (c *testClock) now() time.Time        { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *testClock) pass(by time.Duration) { c.ms.Add(by.Milliseconds()) }

// rig is an engine on real parts, at noon of the day after the log.
type rig struct {
	*Engine
	tb     testing.TB
	clock  *testClock
	state  *live.State
	log    *stream.Log
	models string
	n      atomic.Int64
	logged syncBuffer
}

// rigOf is what a rig is made of.
type rigOf struct {
	model  string // the version that is current at the start; "": there is none
	log    *smallLog
	engine func(*EngineConfig)
	stream func(*stream.Config)
	state  func(*live.Config)
}

func newRig(tb testing.TB, of rigOf) *rig {
	tb.Helper()
	r := &rig{tb: tb, clock: new(testClock), models: tb.TempDir()}
	r.clock.ms.Store(logDate(logDays).Add(12 * time.Hour).UnixMilli())
	if of.model != "" {
		writeModel(tb, r.models, of.model, of.model)
		if err := feed.Activate(r.models, of.model); err != nil {
			tb.Fatal(err)
		}
	}
	known := live.Config{Clock: r.clock.now}
	if of.state != nil {
		of.state(&known)
	}
	r.state = live.New(known)
	if of.log != nil {
		if err := r.state.Fill(context.Background(), of.log, 0, nil); err != nil {
			tb.Fatal(err)
		}
	}
	c := stream.Config{Dir: tb.TempDir(), OnAppend: r.state.Apply, From: 1}
	if of.stream != nil {
		of.stream(&c)
	}
	var err error
	if r.log, err = stream.Open(context.Background(), c); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.log.Close(context.Background()) })
	e := EngineConfig{Log: r.log, State: r.state, Models: r.models, Now: r.clock.now, Logger: slog.New(slog.NewTextHandler(&r.logged, nil))}
	if of.engine != nil {
		of.engine(&e)
	}
	if r.Engine, err = NewEngine(e); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.Engine.Close)
	return r
}

// calm is an engine that explores nothing, so that pages of a state are always the same.
func calm(c *EngineConfig) { c.Explore = -1 }

// page asks for a page, which must come.
func (r *rig) page(q FeedRequest) *FeedPage {
	r.tb.Helper()
	if q.N == 0 {
		q.N = 10
	}
	p, err := r.Feed(context.Background(), q)
	if err != nil {
		r.tb.Fatalf("a page for %q: %v", q.User, err)
	}
	return p
}

// did makes an event of now, which passes a second.
func (r *rig) did(kind stream.Kind, user, item string, set ...func(*stream.Event)) stream.Event {
	r.clock.pass(time.Second)
	e := stream.Event{ID: fmt.Sprintf("event %d", r.n.Add(1)), Kind: kind, AtMS: r.clock.now().UnixMilli(), User: user, Item: item}
	for _, s := range set {
		s(&e)
	}
	return e
}

func ofCard(c stream.Card) func(*stream.Event) { return func(e *stream.Event) { e.Card = &c } }

func onPage(p *FeedPage, slot int) func(*stream.Event) {
	return func(e *stream.Event) { e.Request, e.Slot = p.Request, &slot }
}

// send appends events, which must be taken.
func (r *rig) send(events ...stream.Event) Taken {
	r.tb.Helper()
	t, err := r.Append(context.Background(), events)
	if err != nil {
		r.tb.Fatal(err)
	}
	return t
}

// items are the items of a page in the order of slots.
func (p *FeedPage) items() []string {
	out := []string{}
	for _, c := range p.Cards {
		out = append(out, c.Item)
	}
	return out
}

// eventually waits until a thing that goes on beside is so.
func eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("after 20 s: %s", what)
		}
	}
}
