// What pages are made from at a moment: the model in use and the catalogue as it stands. Models number the cards that they were trained with, the live
// state all that it ever heard of: cards that the model does not know go on behind its own.

package server

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/warehouse"
)

// view is read only, but for what it finds creators by.
type view struct {
	model     *loaded // nil: none, and pages are made from live counts
	catalogue *live.Catalogue
	rec       *feed.Recommender // nil without a model
	feed      *feed.Feed
	cards     *warehouse.Cards // of feed
	keys      []string         // of feed's cards
	toFeed    []int32          // by the state's card: the feed's
	toState   []int32          // by the feed's card: the state's; -1 for cards that the state never heard of
	known     int              // the feed's cards that the model knows: the first
	creators  struct {         // by key, made when one is first blocked
		once sync.Once
		ids  map[string]int32
	}
}

// creator is the feed's number of a creator; false for one without cards.
func (v *view) creator(key string) (int32, bool) {
	v.creators.once.Do(func() {
		v.creators.ids = make(map[string]int32, len(v.cards.CreatorKeys))
		for k, key := range v.cards.CreatorKeys {
			v.creators.ids[key] = int32(k)
		}
	})
	id, ok := v.creators.ids[key]
	return id, ok
}

// newView puts a model and a catalogue together. Time and memory are linear in the cards.
func newView(m *loaded, c *live.Catalogue, state *live.State, settings feed.Settings) (*view, error) {
	if m == nil {
		return coldView(c, state, settings)
	}
	v := &view{model: m, catalogue: c, known: len(m.rec.CardKeys), toFeed: make([]int32, len(c.Keys))}
	v.toState = slices.Repeat([]int32{-1}, v.known)
	var more []int32 // of the state
	for i, key := range c.Keys {
		at, ok := m.cards[key]
		if !ok {
			at = int32(len(v.toState))
			v.toState = append(v.toState, -1)
			more = append(more, int32(i))
		}
		v.toFeed[i], v.toState[at] = at, int32(i)
	}
	if len(more) == 0 {
		v.rec = m.rec
	} else {
		cards, keys := joined(m.rec, c, more)
		var named []candidate.Generator
		for _, g := range state.GeneratorsOf(func(card int32) bool { return v.feedCard(card) >= int32(v.known) }) {
			named = append(named, &translated{g, v})
		}
		var err error
		if v.rec, err = m.rec.Extend(cards, keys, named); err != nil {
			return nil, err
		}
	}
	v.cards, v.keys = v.rec.Cards, v.rec.CardKeys
	set := v.rec.Settings
	set.Explore = settings.Explore
	if settings.Candidates > 0 {
		set.Candidates = settings.Candidates
	}
	var err error
	v.feed, err = v.rec.Feed.With(set)
	return v, err
}

// joined is the model's catalogue with more cards of the state's behind.
func joined(r *feed.Recommender, c *live.Catalogue, more []int32) (*warehouse.Cards, []string) {
	out := *r.Cards
	keys := slices.Clone(r.CardKeys)
	grow := func(n int) {
		out.Listed, out.Published, out.Type, out.Content = slices.Grow(slices.Clone(out.Listed), n), slices.Grow(slices.Clone(out.Published), n), slices.Grow(slices.Clone(out.Type), n), slices.Grow(slices.Clone(out.Content), n)
		out.Song, out.Artist, out.Creator, out.Talk = slices.Grow(slices.Clone(out.Song), n), slices.Grow(slices.Clone(out.Artist), n), slices.Grow(slices.Clone(out.Creator), n), slices.Grow(slices.Clone(out.Talk), n)
	}
	grow(len(more))
	out.Contents, out.CreatorKeys, out.Followers = slices.Clone(out.Contents), slices.Clone(out.CreatorKeys), slices.Clone(out.Followers)
	contents, creators := map[string]int16{}, map[string]int32{}
	for k, name := range out.Contents {
		contents[name.Key] = int16(k)
	}
	for k, key := range out.CreatorKeys {
		creators[key] = int32(k)
	}
	for _, i := range more {
		keys = append(keys, c.Keys[i])
		content, creator := int16(-1), int32(-1)
		if k := c.Cards.Content[i]; k >= 0 {
			name := c.Cards.Contents[k]
			if at, ok := contents[name.Key]; ok {
				content = at
			} else if n := len(out.Contents); n < math.MaxInt16 { // model and state may have as many each
				content = int16(n)
				contents[name.Key], out.Contents = content, append(out.Contents, name)
			}
		}
		if k := c.Cards.Creator[i]; k >= 0 {
			key := c.Cards.CreatorKeys[k]
			at, ok := creators[key]
			if !ok {
				at = int32(len(out.CreatorKeys))
				creators[key], out.CreatorKeys, out.Followers = at, append(out.CreatorKeys, key), append(out.Followers, -1)
			}
			creator = at
		}
		out.Listed, out.Published, out.Type, out.Content = append(out.Listed, true), append(out.Published, c.Cards.Published[i]), append(out.Type, c.Cards.Type[i]), append(out.Content, content)
		// Songs, artists and topics of cards that the model does not know would be likeness only; they are numbered otherwise there.
		out.Song, out.Artist, out.Creator, out.Talk = append(out.Song, -1), append(out.Artist, -1), append(out.Creator, creator), append(out.Talk, -1)
	}
	return &out, keys
}

// translated is a generator of the live state that names cards by the feed's numbers: only those that the model does not know, since it names the others
// itself.
type translated struct {
	candidate.Generator
	v *view
}

// Candidates implements candidate.Generator.
func (t *translated) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	own := *q
	own.History = t.v.history(q.History)
	own.Skip = func(i int32) bool {
		at := t.v.feedCard(i)
		return at < int32(t.v.known) || q.Skip != nil && q.Skip(at)
	}
	from := len(dst)
	dst = t.Generator.Candidates(&own, k, dst)
	for j := from; j < len(dst); j++ {
		dst[j].Item = t.v.feedCard(dst[j].Item)
		if c := dst[j].Cause; c >= 0 {
			dst[j].Cause = t.v.feedCard(c)
		}
	}
	return dst
}

// history is one by the state's numbers.
func (v *view) history(h candidate.History) candidate.History {
	out := candidate.History{Item: make([]int32, 0, len(h.Item)), Value: make([]float32, 0, len(h.Item))}
	for k, i := range h.Item {
		at := v.stateCard(i)
		if at < 0 {
			continue
		}
		value := float32(1)
		if h.Value != nil {
			value = h.Value[k]
		}
		out.Item, out.Value = append(out.Item, at), append(out.Value, value)
	}
	return out
}

// feedCard is the feed's number of a card of the state; -1 for one that came after the view was made.
func (v *view) feedCard(i int32) int32 {
	if i < 0 || int(i) >= len(v.toFeed) {
		return -1
	}
	return v.toFeed[i]
}

// stateCard is the state's number of a card of the feed; -1 for none.
func (v *view) stateCard(i int32) int32 {
	if i < 0 || int(i) >= len(v.toState) {
		return -1
	}
	return v.toState[i]
}

// rows gives a user's rows the feed's numbers; those of cards that the view does not know yet are left out.
func (v *view) rows(h *warehouse.Histories) { renumbered(h, v.feedCard) }

// renumbered gives a user's rows other numbers of cards, and leaves out those of cards whose number is below 0.
func renumbered(h *warehouse.Histories, number func(card int32) int32) {
	if len(h.Card) == 0 {
		return
	}
	to := 0
	for k, card := range h.Card {
		at := number(card)
		if at < 0 {
			continue
		}
		h.Card[to], h.ShownAtMS[to], h.Day[to], h.Hour[to], h.Position[to], h.Show[to] = at, h.ShownAtMS[k], h.Day[k], h.Hour[k], h.Position[k], h.Show[k]
		h.Flags[to], h.ViewSeconds[to], h.Swipes[to], h.SwipeViewSeconds[to] = h.Flags[k], h.ViewSeconds[k], h.Swipes[k], h.SwipeViewSeconds[k]
		to++
	}
	h.Card, h.ShownAtMS, h.Day, h.Hour, h.Position, h.Show = h.Card[:to], h.ShownAtMS[:to], h.Day[:to], h.Hour[:to], h.Position[:to], h.Show[:to]
	h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = h.Flags[:to], h.ViewSeconds[:to], h.Swipes[:to], h.SwipeViewSeconds[:to]
	if len(h.Start) == 2 {
		h.Start[1] = int32(to)
	}
}

// clockSkew is by how much clients' clocks may be ahead.
const clockSkew = 5 * time.Minute

// until leaves out what a user is to have done only after a moment: a clock that is wrong by years would else end all that goes by how long ago things were.
func until(h *warehouse.Histories, atMS int64) {
	n, _ := slices.BinarySearch(h.ShownAtMS, atMS+clockSkew.Milliseconds()+1)
	if n == len(h.Card) {
		return
	}
	h.Card, h.ShownAtMS, h.Day, h.Hour, h.Position, h.Show = h.Card[:n], h.ShownAtMS[:n], h.Day[:n], h.Hour[:n], h.Position[:n], h.Show[:n]
	h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = h.Flags[:n], h.ViewSeconds[:n], h.Swipes[:n], h.SwipeViewSeconds[:n]
	h.Start[1] = int32(n)
}

// ofKeys are the feed's numbers of items by key; unknown ones are left out.
func (v *view) ofKeys(keys []string, state *live.State) []int32 {
	var out []int32
	for _, key := range keys {
		if v.model != nil {
			if i, ok := v.model.cards[key]; ok {
				out = append(out, i)
				continue
			}
		}
		if i, ok := state.CardID(key); ok {
			if at := v.feedCard(i); at >= 0 {
				out = append(out, at)
			}
		}
	}
	return out
}

// contentCodes are the codes of content categories by name.
func (v *view) contentCodes(names []string) ([]int32, error) {
	var out []int32
	for _, name := range names {
		at := slices.IndexFunc(v.cards.Contents, func(c warehouse.ContentName) bool { return c.Key == name })
		if at < 0 {
			return nil, &InputError{"content", "there is no such content category"}
		}
		out = append(out, int32(at))
	}
	return out, nil
}
