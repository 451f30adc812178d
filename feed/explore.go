// Slots that explore: after the page is made as well as is known, each slot may show, by chance, a card of a pool of its own instead.

package feed

import (
	"fmt"
	"math"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/internal/splitmix"
)

// Explorer decides which slots of a page explore and what they show. It is safe for concurrent use; explore.Explorer is one.
type Explorer interface {
	// Slots is how many slots of a page, its first, may explore.
	Slots() int
	// Context is the length of the contexts that it reads: that of ContextColumns, or 0 for none.
	Context() int
	// Wants says whether a card of an age in days should be in a pool before others.
	Wants(item, age int32) bool
	// Explore decides what the slots show and writes it to out, of the length of p.Pools; rested: it could not, and all cards stay.
	Explore(p *explore.Page, out []explore.Choice) (rested bool)
}

// checkExplorer says whether e reads contexts that are made here.
func checkExplorer(e Explorer) error {
	if e == nil || e.Context() == 0 || e.Context() == len(contextColumns) {
		return nil
	}
	return fmt.Errorf("feed: an explorer that reads contexts of length %d; they have the %d columns of ContextColumns", e.Context(), len(contextColumns))
}

const (
	// explorationPool is the most cards that a slot's pool has: more would make each card's propensity, and what is learned of it, small.
	explorationPool = 16
	// wantedPool is how many of them may be there because they are wanted; the others are the best by score.
	wantedPool = explorationPool / 2
)

// arranged is what is known of a page when it is made: pool indices by slot, and what caps count.
type arranged struct {
	slots    []int // index in the pool
	placed   []bool
	creators map[int32]int
	topics   map[int64]int
	fresh    int // the floor of fresh cards

	value    []float32 // room of the re-ranking
	marginal marginal

	pools []int   // room for the slots' exploration pools
	ids   []int32 // and for what is told of them
}

// start empties a for a page of a pool.
func (a *arranged) start(pool, fresh int) {
	if a.creators == nil {
		a.creators, a.topics = map[int32]int{}, map[int64]int{}
	}
	clear(a.creators)
	clear(a.topics)
	a.slots, a.fresh = a.slots[:0], fresh
	a.placed = slices.Grow(a.placed[:0], pool)[:pool]
	clear(a.placed)
}

// begin is the start of a page: nothing stands on it, and what was placed on pages before stays placed.
func (a *arranged) begin() {
	a.slots = a.slots[:0]
	clear(a.creators)
	clear(a.topics)
}

// explore lets slots of a page explore. Caps and the floor of fresh cards hold whichever slots do: see deal.
func (f *Feed) explore(r *Request, q *candidate.Query, pool []*pooled, a *arranged, p *Page) {
	e, s := f.c.Explorer, &f.c.Settings
	if e == nil || s.Explore == 0 || len(a.slots) == 0 {
		return
	}
	ask := explore.Page{Seed: r.Seed, Request: requestHash(r), Share: s.Explore}
	dealt := f.deal(r, pool, a, splitmix.Next(ask.Request^r.User))
	ask.Pools = make([]explore.Pool, len(dealt))
	a.ids = slices.Grow(a.ids[:0], 2*explorationPool*len(dealt))
	room := a.ids
	for slot, cards := range dealt {
		if len(cards) == 0 {
			continue
		}
		p.Trace.Exploring++
		x, n := &ask.Pools[slot], len(cards)
		x.Items, x.Age, room = room[:n:n], room[n:2*n:2*n], room[2*n:2*n]
		for k, i := range cards {
			x.Items[k], x.Age[k] = pool[i].item, f.age(r, pool[i].item)
		}
	}
	var c *contexts
	ask.Fill = func(slot int, x []float32) {
		if c == nil {
			c = f.newContexts(r, pool)
		}
		for k, i := range dealt[slot] {
			c.row(pool[i], x[k*len(contextColumns):(k+1)*len(contextColumns)])
		}
	}
	choices := make([]explore.Choice, len(dealt))
	p.Trace.Rested = e.Explore(&ask, choices)
	for slot, choice := range choices {
		if choice.Card < 0 {
			p.Cards[slot].Propensity = choice.Propensity
			continue
		}
		p.Trace.Explored++
		card := f.place(q, pool[dealt[slot][choice.Card]], slot, false)
		card.Propensity, card.Explored, card.Context = choice.Propensity, true, choice.Context
		p.Cards[slot] = card
	}
}

// deal gives each slot that may explore a pool: cards that are not on the page, each to one slot at most, in turn. That no slot need know what
// another shows, caps are kept for the worst case: slots that could show a card of a creator, be it the one that stands there or one of the pool,
// are no more than her cap; topics alike. Slots whose fresh cards keep the floor get fresh cards only. The slot that is dealt to first is drawn by
// start: a single new card, whose slot explores more than others, would else stand in the first of everybody.
func (f *Feed) deal(r *Request, pool []*pooled, a *arranged, start uint64) [][]int {
	s := &f.c.Settings
	dealt := make([][]int, len(a.slots))
	n := min(len(a.slots), f.c.Explorer.Slots())
	if n == 0 {
		return dealt
	}
	a.pools = slices.Grow(a.pools[:0], n*explorationPool)[:n*explorationPool]
	for slot := range n {
		dealt[slot] = a.pools[slot*explorationPool : slot*explorationPool : (slot+1)*explorationPool]
	}
	freshOnly, owed := make([]bool, n), a.fresh
	for slot := len(a.slots) - 1; slot >= 0 && owed > 0; slot-- { // the last: those that explore least
		if pool[a.slots[slot]].fresh {
			if owed--; slot < n {
				freshOnly[slot] = true
			}
		}
	}
	left, turn := n, int(start%uint64(n)) // pools with room; the slot whose turn it is
	give := func(i, most int) {
		c := pool[i]
		creator, topic := c.creator, c.topic
		for t := range n {
			slot := (turn + t) % n
			if len(dealt[slot]) >= most || freshOnly[slot] && !c.fresh {
				continue
			}
			stands := pool[a.slots[slot]]
			newCreator, newTopic := stands.creator != creator, stands.topic != topic // to the slot
			for _, j := range dealt[slot] {
				newCreator = newCreator && pool[j].creator != creator
				newTopic = newTopic && pool[j].topic != topic
			}
			if s.CreatorCap > 0 && creator >= 0 && newCreator && a.creators[creator] >= s.CreatorCap ||
				s.TopicCap > 0 && topic >= 0 && newTopic && a.topics[topic] >= s.TopicCap {
				continue
			}
			if newCreator {
				a.creators[creator]++
			}
			if newTopic {
				a.topics[topic]++
			}
			a.placed[i] = true
			if dealt[slot] = append(dealt[slot], i); len(dealt[slot]) == explorationPool {
				left--
			}
			turn = (slot + 1) % n
			return
		}
	}
	for wanted, i := 0, 0; i < len(pool) && wanted < n*wantedPool; i++ {
		if !a.placed[i] && f.c.Explorer.Wants(pool[i].item, f.age(r, pool[i].item)) {
			wanted++
			give(i, wantedPool)
		}
	}
	for i := 0; i < len(pool) && left > 0; i++ {
		if !a.placed[i] {
			give(i, explorationPool)
		}
	}
	return dealt
}

// age is the days since a card was published.
func (f *Feed) age(r *Request, item int32) int32 {
	return int32(min(int64(r.At.Day)-int64(f.c.Cards.Published[item]), math.MaxInt32))
}

// requestHash tells requests apart that have the same seed: by the day, not the moment, so that who asks again by a seed gets the same page.
func requestHash(r *Request) uint64 {
	h := uint64(r.At.Day)
	add := func(v uint64) { h = splitmix.Next(h + v) }
	add(uint64(r.N))
	for _, i := range r.History.Item {
		add(uint64(i))
	}
	return h
}
