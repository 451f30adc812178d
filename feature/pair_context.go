// What user-card features know beside the user's own rows: cards, and what they belong to, as of each day.

package feature

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Source is what user-card features read.
type Source interface {
	warehouse.Training
	warehouse.Catalogue
}

// PairContext holds statistics of cards, creators, contents, songs, artists and topics as of each day: what a day adds is known from the
// next on. Questions about days before the first know nothing, and those after the last know all there is. It is read-only once made
// and serves any number of goroutines. Memory: 48 bytes a card, 36 a card and day on which it was shown, and 8 a creator, song, artist or topic and day: some 250 MB for
// 250,000 cards of 90,000 creators over 30 days, on half of which a card was shown. Days on which nothing happened add nothing, and take none.
type PairContext struct {
	from, last int32   // days since 1970-01-01
	logged     []int32 // those from from to last on which something happened, ascending
	days       int     // number of k: one more than there are in logged
	byDate     []int32 // k by day, from from to the day after last

	province  map[string]int
	provinces []string
	profiles  *warehouse.Profiles // nil in a context from a file

	attrs   []cardAttr
	more    []cardAttr // of cards beyond these, see Extended
	nowhere cardAttr   // of cards that nobody knows
	kinds   []string   // names of types

	slots    slotRates
	cards    cardSums
	appBase  []float32    // by k: the app's clicks per impression
	own, app []float32    // by k: strengths by which cards' lifts are shrunk
	after    [3][]float32 // by k: likes, shares and comments opened, a click
	groups   [groupKinds]tallies
	exposure tallies    // by band of how often a card was shown
	base     []float32  // by k: the typical card's clicks for one of what groups count
	spread   []float32  // by k: the variance of cards' lifts over the typical card's
	typical  []float32  // by k: the typical card's lift over the mean impression
	wider    [2][]int32 // by code of a content level: its code of the next wider level
	hasApp   bool       // the log says what all users of the app did
	study    study
	ready    *atomic.Pointer[[]*readyDay]
}

// cardAttr is what does not change of a card.
type cardAttr struct {
	codes     [groupKinds]int32 // of what it belongs to; -1 for none
	published int32
	followers float32 // log(1 + the creator's); NaN for none
}

// NewPairContext reads the days statsFrom to last, both included.
func NewPairContext(ctx context.Context, w Source, statsFrom, last time.Time) (*PairContext, error) {
	c := &PairContext{from: EpochDay(statsFrom), last: EpochDay(last), province: map[string]int{}, ready: new(atomic.Pointer[[]*readyDay])}
	if c.last < c.from {
		return nil, fmt.Errorf("statistics of cards from %s to %s: no day is left", statsFrom.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	app, err := c.readDays(ctx, w, statsFrom, last)
	if err != nil {
		return nil, err
	}
	if c.profiles, err = w.Profiles(ctx); err != nil {
		return nil, err
	}
	c.provinces = provincesOf(c.profiles)
	for i, p := range c.provinces {
		c.province[p] = i
	}
	cards, err := w.Cards(ctx)
	if err != nil {
		return nil, err
	}
	sizes := c.describe(cards)
	if err := c.readSlots(ctx, w, statsFrom); err != nil {
		return nil, err
	}
	counts, err := c.readOwn(ctx, w, statsFrom, last)
	if err != nil {
		return nil, err
	}
	for _, d := range app {
		k := int(c.index(d.Day)) + 1
		n := &counts[int(d.Card)*c.days+k]
		n.appShown, n.appClicks = float32(d.Impressions), float32(d.Clicks)
		n.appLikes, n.appShares, n.appComments = float32(d.Likes), float32(d.Shares), float32(d.CommentViews)
	}
	c.hasApp = len(app) > 0
	c.cards = sumsOf(counts, c.days)
	c.sumGroups(sizes)
	c.weighCards()
	if err := c.learnStudy(ctx, w, statsFrom, last, sizes[ofContent1]); err != nil {
		return nil, err
	}
	return c, context.Cause(ctx)
}

// index is the k of a day: how many days before it something happened on.
func (c *PairContext) index(day int32) int32 {
	return c.byDate[min(max(int(day)-int(c.from), 0), len(c.byDate)-1)]
}

// readDays finds the days on which something happened, and what the app's users did on them.
func (c *PairContext) readDays(ctx context.Context, w Source, from, last time.Time) ([]warehouse.CardDay, error) {
	app, err := w.CardDays(ctx, from, last)
	if err != nil {
		return nil, err
	}
	logged, err := w.LoggedDays(ctx, from, last)
	if err != nil {
		return nil, err
	}
	days := map[int32]bool{}
	for _, day := range logged {
		days[day] = true
	}
	for _, d := range app {
		days[d.Day] = true
	}
	c.logged = slices.Sorted(maps.Keys(days))
	if len(c.logged) == 0 {
		c.logged = []int32{c.last}
	}
	c.number()
	return app, nil
}

// number gives days their k.
func (c *PairContext) number() {
	c.days = len(c.logged) + 1
	c.byDate = make([]int32, int(c.last-c.from)+2)
	k := int32(0)
	for at := range c.byDate {
		for int(k) < len(c.logged) && c.logged[k] < c.from+int32(at) {
			k++
		}
		c.byDate[at] = k
	}
}

// attr is what is known of a card for good.
func (c *PairContext) attr(card int32) *cardAttr {
	switch {
	case card < 0:
		return &c.nowhere
	case int(card) < len(c.attrs):
		return &c.attrs[card]
	case int(card)-len(c.attrs) < len(c.more):
		return &c.more[int(card)-len(c.attrs)]
	}
	return &c.nowhere
}

// describe gives codes to the card table, and returns how many there are of each kind.
func (c *PairContext) describe(cards *warehouse.Cards) (n [groupKinds]int) {
	types := []int8{-1}
	for _, t := range cards.Type {
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	for _, t := range types {
		name := unknown
		if t >= 0 {
			name = fmt.Sprint(t)
		}
		c.kinds = append(c.kinds, name)
	}
	n[ofContent1], n[ofType] = len(cards.Contents), len(types)
	levels := make([][3]int32, len(cards.Contents)) // codes of the wider levels, by the log's own numbers; -1 for a category without
	for l := 1; l < 3; l++ {
		code := map[int32]int32{}
		for i, name := range cards.Contents {
			levels[i][0], levels[i][l] = int32(i), -1
			number := name.Levels[2-l]
			if number < 0 {
				continue
			}
			at, ok := code[number]
			if !ok {
				at = int32(len(code))
				code[number] = at
			}
			levels[i][l] = at
		}
		n[ofContent1+l] = len(code)
		c.wider[l-1] = make([]int32, n[ofContent1+l-1])
		for i := range c.wider[l-1] {
			c.wider[l-1][i] = -1
		}
		for _, of := range levels {
			if of[l-1] >= 0 {
				c.wider[l-1][of[l-1]] = of[l]
			}
		}
	}
	c.nowhere = nowhere(int32(slices.Index(types, -1)))
	c.attrs = make([]cardAttr, len(cards.Listed))
	for i := range c.attrs {
		a := &c.attrs[i]
		*a = c.nowhere
		a.published = cards.Published[i]
		a.codes[ofCreator], a.codes[ofSong], a.codes[ofArtist], a.codes[ofTalk] = cards.Creator[i], cards.Song[i], cards.Artist[i], cards.Talk[i]
		a.codes[ofType] = int32(slices.Index(types, cards.Type[i]))
		if k := cards.Content[i]; k >= 0 {
			copy(a.codes[ofContent1:], levels[k][:])
		}
		if k := cards.Creator[i]; k >= 0 && cards.Followers[k] >= 0 {
			a.followers = float32(math.Log1p(float64(cards.Followers[k])))
		}
		for kind, code := range a.codes {
			n[kind] = max(n[kind], int(code)+1)
		}
	}
	return n
}

// nowhere is what is known of a card that nobody knows; code is that of no type.
func nowhere(code int32) cardAttr {
	return cardAttr{codes: [groupKinds]int32{-1, -1, -1, -1, -1, -1, -1, code}, published: warehouse.UnknownDay, followers: nan32}
}

// readSlots finds the rates of slots as of each day.
func (c *PairContext) readSlots(ctx context.Context, w Source, from time.Time) error {
	c.slots = newSlotRates(c.days)
	var sums [slotPositions][2]evidenceSum
	for k := 1; k < c.days; k++ {
		day := from.AddDate(0, 0, int(c.logged[k-1]-c.from))
		rows, err := w.SlotUse(ctx, day, day)
		if err != nil {
			return err
		}
		sumSlots(&sums, rows)
		c.slots.set(k, &sums)
	}
	return nil
}

// readOwn counts what the sample did with each card on each day: by card*days+k, that of the day before the k-th.
func (c *PairContext) readOwn(ctx context.Context, w Source, from, last time.Time) ([]cardCount, error) {
	counts := make([]cardCount, len(c.attrs)*c.days)
	return counts, w.Histories(ctx, from, last, func(h *warehouse.Histories) error {
		for u := range h.User {
			for i, end := h.Start[u], h.Start[u+1]; i < end; {
				day, depth := h.Day[i], int32(-1)
				to := i
				for ; to < end && h.Day[to] == day; to++ {
					depth = max(depth, h.Position[to])
				}
				k := c.index(day) + 1 // slots' rates of the day itself: both are known from the next on
				for ; i < to; i++ {
					n := &counts[int(h.Card[i])*c.days+int(k)]
					n.shown++
					if h.Flags[i]&warehouse.Clicked != 0 {
						n.clicks++
					}
					n.expected += c.slots.rate(k, h.Position[i], depth > firstPage)
				}
			}
		}
		return context.Cause(ctx)
	})
}

// exposureBand is the power of two of a number of impressions. What was shown little is clicked less: feeds show what they think well of, so
// that it will not do to think of an unknown card as of the mean impression.
func exposureBand(shown float32) int32 {
	return int32(min(math.Ilogb(float64(shown)+1), exposureBands-1))
}

// counted is the clicks that groups count, and what is held against them.
func (n *cardCount) counted(app bool) (clicks, shown float32) {
	if app {
		return n.appClicks, n.appShown
	}
	return n.clicks, n.expected
}

// times is how often a card was shown, in the rows that groups count.
func (n *cardCount) times(app bool) float32 {
	if app {
		return n.appShown
	}
	return n.shown
}

// weighCards finds how far cards differ from their kin, in the app and in the sample.
func (c *PairContext) weighCards() {
	c.appBase, c.own, c.app = make([]float32, c.days), make([]float32, c.days), make([]float32, c.days)
	for i := range c.after {
		c.after[i] = make([]float32, c.days)
	}
	kin := make([]float32, len(c.attrs))
	for k := range c.days {
		var shown, clicks float64
		var after [3]float64
		for card := range c.attrs {
			n := c.cards.of(int32(card), int32(k))
			shown += float64(n.appShown)
			clicks += float64(n.appClicks)
			after[0] += float64(n.appLikes)
			after[1] += float64(n.appShares)
			after[2] += float64(n.appComments)
		}
		if shown > 0 {
			c.appBase[k] = float32(clicks / shown)
		}
		for i := range after {
			if clicks > 0 {
				c.after[i][k] = float32(after[i] / clicks)
			}
		}
		var m moments
		for card := range c.attrs {
			n := c.cards.of(int32(card), int32(k))
			kin[card] = c.kin(&c.attrs[card], n, int32(k))
			m.add(float64(n.appClicks), float64(n.appShown)*float64(c.appBase[k])*float64(kin[card]))
		}
		c.app[k] = m.strength()
		m = moments{}
		for card := range c.attrs {
			n := c.cards.of(int32(card), int32(k))
			m.add(float64(n.clicks), float64(n.expected)*float64(c.appLift(n, kin[card], int32(k))))
		}
		c.own[k] = m.strength()
	}
}

// appLift is a card's lift over all users of the app, shrunk towards that of its kin.
func (c *PairContext) appLift(n *cardCount, kin float32, k int32) float32 {
	s := c.app[k]
	return (n.appClicks + s*kin) / (n.appShown*c.appBase[k] + s)
}

// ownLift is a card's lift among the sample's users, slots taken into account, shrunk towards appLift.
func (c *PairContext) ownLift(n *cardCount, app float32, k int32) float32 {
	s := c.own[k]
	return (n.clicks + s*app) / (n.expected + s)
}

// count are the sums of any card.
func (c *PairContext) count(card, k int32) *cardCount {
	if card < 0 || int(card) >= len(c.attrs) {
		return &noCount
	}
	return c.cards.of(card, k)
}

// quality is the lift that is thought of a card on the k-th day.
func (c *PairContext) quality(card, k int32) float32 {
	n := c.count(card, k)
	return c.ownLift(n, c.appLift(n, c.kin(c.attr(card), n, k), k), k)
}
