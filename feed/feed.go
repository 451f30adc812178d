// From a request to a page.

package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// Ranker says what cards are worth to a user at a moment. It is safe for concurrent use.
type Ranker interface {
	// Rank writes what each of the cards is worth to out, of the same length. A value that is not a finite number counts as 0.
	Rank(r *Request, cards []int32, out []Worth) error
}

// Config is what a feed is made of. All of it is read only.
type Config struct {
	Cards      *warehouse.Cards
	Names      candidate.Names
	Generators []candidate.Generator // in the order of precedence where two name a card at the same rank
	Quota      []int                 // candidates of each; nil or 0: an equal share of Settings.Candidates, and a third more, since they overlap
	Ranker     Ranker
	Explorer   Explorer // nil: no slot explores, whatever Settings.Explore says
	Settings   Settings
}

// Feed makes pages. It is safe for concurrent use.
type Feed struct {
	c     Config
	quota []int
	like  *likeness
}

// New checks c and makes a feed of it. Memory: 32 bytes a card beside what c holds.
func New(c Config) (*Feed, error) {
	if err := c.Settings.settle(); err != nil {
		return nil, err
	}
	switch {
	case c.Cards == nil || len(c.Cards.Creator) == 0:
		return nil, errors.New("feed: the catalogue has no cards")
	case len(c.Generators) == 0:
		return nil, errors.New("feed: there is no candidate generator; at least one is needed")
	case c.Ranker == nil:
		return nil, errors.New("feed: there is no ranker")
	case c.Quota != nil && len(c.Quota) != len(c.Generators):
		return nil, fmt.Errorf("feed: %d quotas for %d generators", len(c.Quota), len(c.Generators))
	}
	if err := checkExplorer(c.Explorer); err != nil {
		return nil, err
	}
	return &Feed{c: c, quota: quotas(&c), like: newLikeness(c.Cards)}, nil
}

// quotas are how many candidates each generator is asked for.
func quotas(c *Config) []int {
	out := make([]int, len(c.Generators))
	for g := range out {
		if c.Quota != nil {
			out[g] = c.Quota[g]
		}
		if out[g] <= 0 {
			out[g] = max(1, c.Settings.Candidates*4/(3*len(c.Generators)))
		}
	}
	return out
}

// With is f with other settings; they share everything else.
func (f *Feed) With(s Settings) (*Feed, error) {
	c := f.c
	c.Settings = s
	if err := c.Settings.settle(); err != nil {
		return nil, err
	}
	return &Feed{c: c, quota: quotas(&c), like: f.like}, nil
}

// mostReached bounds the candidates of a feed that reaches far.
const mostReached = 2000

// Reaching is f with so many candidates that each generator names n by itself, but no more than 2,000 and no fewer than f has: an equal share is for pages of all cards, and
// would end the list of a small category before its cards do.
func (f *Feed) Reaching(n int) (*Feed, error) {
	s := f.c.Settings
	s.Candidates = max(s.Candidates, min(mostReached, (n*3*len(f.c.Generators)+3)/4))
	if s.Candidates == f.c.Settings.Candidates {
		return f, nil
	}
	return f.With(s)
}

// As is f with another ranker.
func (f *Feed) As(r Ranker) (*Feed, error) {
	c := f.c
	c.Ranker = r
	return New(c)
}

// Exploring is f with an explorer, nil for none; they share everything else.
func (f *Feed) Exploring(e Explorer) (*Feed, error) {
	if err := checkExplorer(e); err != nil {
		return nil, err
	}
	g := *f
	g.c.Explorer = e
	return &g, nil
}

// AsNamed leaves candidates in the order in which the generators named them, merged by rank.
var AsNamed Ranker = asNamed{}

type asNamed struct{}

func (asNamed) Rank(_ *Request, cards []int32, out []Worth) error {
	for k := range cards {
		out[k] = Worth{Value: float32(len(cards) - k)}
	}
	return nil
}

// Settings are the settings in force, defaults put in.
func (f *Feed) Settings() Settings { return f.c.Settings }

// pooled is one candidate on its way to the page.
type pooled struct {
	item  int32
	named []naming // the generators that named it, best rank first
	worth Worth
	score float64

	// Of the catalogue, of which each page would miss the cache anew at every look.
	creator int32
	fresh   bool
	topic   int64
}

// naming is one generator's word for a card, or the ranker's own.
type naming struct {
	generator int // index; shortlisted for the ranker
	rank      int
	candidate.Candidate
}

const shortlisted = -1

// Page makes the page that r asks for. The only errors are those of a request that makes no sense, of the ranker, and of ctx.
func (f *Feed) Page(ctx context.Context, r *Request) (*Page, error) {
	if r.N < 1 {
		return nil, fmt.Errorf("feed: a page of %d cards; at least 1 is expected", r.N)
	}
	if r.Before < 0 {
		return nil, fmt.Errorf("feed: a page after %d cards; at least 0 are expected", r.Before)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if r.Shown == nil && r.Past != nil {
		known := *r
		known.Shown = shownBy(r.Past, r.At.AtMS, f.c.Settings.FatigueDays)
		r = &known
	}
	p := &Page{}
	room := rooms.Get().(*pageRoom)
	defer rooms.Put(room) // a page holds nothing of it
	pool, err := f.gather(r, room, &p.Trace)
	if err != nil {
		return nil, fmt.Errorf("feed: shortlist: %w", err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := f.rank(r, pool, room, &p.Trace); err != nil {
		return nil, fmt.Errorf("feed: rank: %w", err)
	}
	f.arrange(r, pool, &room.arranged, p)
	return p, nil
}

// shownBy is what a past says of cards.
func shownBy(p *feature.Past, atMS int64, days int) func(int32) Shown {
	since := atMS - int64(days)*24*3600*1000
	return func(item int32) Shown {
		times, last := p.Shown(item)
		if last < since {
			times = 0
		}
		return Shown{Times: times, Clicked: p.CardClicks(item) > 0}
	}
}

// pageRoom is what making a page needs, used again by the next.
type pageRoom struct {
	at     map[int32]int // place in met, by card
	met    []pooled
	pool   []*pooled // of met: orders change, what is ordered stays where it is
	buffer []candidate.Candidate
	items  []int32
	worth  []Worth

	arranged arranged
}

var rooms = sync.Pool{New: func() any { return &pageRoom{at: map[int32]int{}} }}

// gather asks the ranker for its shortlist and the generators, and merges what they name: the shortlist, then all others by their ranks, so that what all
// name early comes first.
func (f *Feed) gather(r *Request, room *pageRoom, t *Trace) ([]*pooled, error) {
	q := f.query(r, t)
	at, met, buffer := room.at, room.met[:0], room.buffer[:0]
	clear(at)
	defer func() { room.met, room.buffer = met, buffer }()
	take := func(g int, name string) {
		t.Named = append(t.Named, Named{name, len(buffer)})
		for rank, c := range buffer {
			k, ok := at[c.Item]
			if !ok {
				k = len(met)
				at[c.Item] = k
				if k < cap(met) {
					met = met[:k+1]
					met[k] = pooled{item: c.Item, named: met[k].named[:0]} // names of the page before had room
				} else {
					met = append(met, pooled{item: c.Item})
				}
			}
			// Few name a card, and each puts its word in by rank, behind those of the same.
			p := &met[k]
			p.named = append(p.named, naming{g, rank, c})
			for i := len(p.named) - 1; i > 0 && p.named[i-1].rank > rank; i-- {
				p.named[i-1], p.named[i] = p.named[i], p.named[i-1]
			}
		}
	}
	if s, ok := f.c.Ranker.(Shortlister); ok && f.c.Settings.Shortlist > 0 {
		var err error
		if buffer, err = s.Shortlist(r, int(f.c.Settings.Shortlist*float64(f.c.Settings.Candidates)), q.Skip, buffer); err != nil {
			return nil, err
		}
		take(shortlisted, ShortlistName)
	}
	short := len(met)
	for g, generator := range f.c.Generators {
		buffer = generator.Candidates(&q, f.quota[g], buffer[:0])
		take(g, generator.Name())
	}
	pool := room.pool[:0]
	for k := range met {
		pool = append(pool, &met[k])
	}
	room.pool = pool
	slices.SortFunc(pool[short:], func(a, b *pooled) int {
		return cmp.Or(a.named[0].rank-b.named[0].rank, len(b.named)-len(a.named), int(a.item)-int(b.item))
	})
	t.Distinct = len(pool)
	return pool[:min(len(pool), f.c.Settings.Candidates)], nil
}

// query is what generators are asked.
func (f *Feed) query(r *Request, t *Trace) candidate.Query {
	return candidate.Query{History: r.History, Traits: r.Traits, AtMS: r.At.AtMS, Day: r.At.Day, Hour: r.At.Hour, Skip: f.filter(r, t)}
}

// filter is what generators are told to skip. Cards that fatigue drops are skipped here too: a generator then names others in their place.
func (f *Feed) filter(r *Request, t *Trace) func(int32) bool {
	cards, s := f.c.Cards, &f.c.Settings
	exclude := setOf(r.Exclude)
	blocked := setOf(r.BlockedCreators)
	contents := setOf(r.Contents)
	return func(i int32) bool {
		if i < 0 || int(i) >= len(cards.Creator) {
			return true
		}
		if cards.Published[i] > r.At.Day || exclude != nil && exclude[i] || blocked != nil && blocked[cards.Creator[i]] || contents != nil && !contents[int32(cards.Content[i])] || r.Skip != nil && r.Skip(i) {
			t.Filtered++
			return true
		}
		if r.Shown != nil && (s.DropAfter > 0 || s.HideClicked) {
			shown := r.Shown(i)
			switch {
			case s.HideClicked && shown.Clicked:
				t.Clicked++
				return true
			case s.DropAfter > 0 && !shown.Clicked && shown.Times >= s.DropAfter:
				t.Dropped++
				return true
			}
		}
		return false
	}
}

func setOf(ids []int32) map[int32]bool {
	if ids == nil {
		return nil
	}
	set := make(map[int32]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// rank asks the ranker, lets fatigue fade what she passed over, and orders the pool by score.
func (f *Feed) rank(r *Request, pool []*pooled, room *pageRoom, t *Trace) error {
	items, worth := room.items[:0], slices.Grow(room.worth[:0], len(pool))[:len(pool)]
	for _, p := range pool {
		items = append(items, p.item)
	}
	clear(worth)
	room.items, room.worth = items, worth
	if err := f.c.Ranker.Rank(r, items, worth); err != nil {
		return err
	}
	s := &f.c.Settings
	for k, p := range pool {
		p.creator, p.topic, p.fresh = f.c.Cards.Creator[p.item], f.topic(p.item), f.fresh(r, p.item)
		p.worth = worth[k]
		p.score = float64(worth[k].Value)
		if !(p.score >= 0 && p.score <= 1e30) { // no number, or none to weigh
			p.score = 0
		}
		if s.Fatigue > 0 && r.Shown != nil {
			if shown := r.Shown(p.item); shown.Times > 0 && !shown.Clicked {
				for range min(shown.Times, 64) {
					p.score *= s.Fatigue
				}
				t.Faded++
			}
		}
	}
	slices.SortFunc(pool, func(a, b *pooled) int { // scores are numbers
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return int(a.item) - int(b.item)
	})
	return nil
}
