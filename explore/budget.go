// New cards get their first impressions: nothing is known of a card before it was shown, and who waits until its clicks speak for it waits for ever.

package explore

import (
	"cmp"
	"errors"
	"sync"
	"time"
)

// BudgetConfig are the settings of NewBudget.
type BudgetConfig struct {
	Shows int     // that each new card gets; 0 means 100
	Days  int32   // the age up to which a card is new; 0 means 7
	Share float64 // of the slots that explore, those that new cards get while any has shows left; 0 means .4, 1 is the most
	Ahead int     // shows that a card may be given within a minute before they are counted; 0 means as many as it has left
}

// Budget draws among the new cards of a pool that were shown less than their budget, in proportion to what each has left. A card that was given all of it
// waits until its shows are counted, a minute at most: pages are made faster than users see them. It is safe for concurrent use. Memory: some 60 bytes for
// each new card that was explored within the last minute.
type Budget struct {
	counts Counts
	shows  float64
	days   int32
	share  float64
	ahead  float64 // 0: what is left

	mu    sync.RWMutex
	given [2]map[int32]given // since turned, and in the time before
	turn  time.Time
	now   func() time.Time
}

// given is how often a card was given, and how often it had been shown before.
type given struct{ times, from float64 }

// givenFor is the time after which what was given counts for half a turn more: shows are told within seconds, or never.
const givenFor = 30 * time.Second

// NewBudget checks the settings.
func NewBudget(counts Counts, c BudgetConfig) (*Budget, error) {
	if counts == nil {
		return nil, errors.New("explore: a budget of shows needs counts of cards")
	}
	if c.Shows < 0 || c.Days < 0 || c.Ahead < 0 {
		return nil, errors.New("explore: a budget's shows, days and shows ahead are counts from 0")
	}
	if !(c.Share >= 0 && c.Share <= 1) {
		return nil, errors.New("explore: a budget's share of the slots that explore is from 0 to 1")
	}
	if c.Shows == 0 {
		c.Shows = 100
	}
	if c.Days == 0 {
		c.Days = 7
	}
	if c.Share == 0 {
		c.Share = .4
	}
	return &Budget{counts: counts, shows: float64(c.Shows), days: c.Days, share: c.Share, ahead: float64(c.Ahead), now: time.Now}, nil
}

// Left is how many shows of its budget a card of that age has left; 0 for one that is not new.
func (b *Budget) Left(item, age int32) float64 {
	shows, left := b.counted(item, age)
	if left > 0 && b.waiting(item, shows) >= cmp.Or(b.ahead, left) {
		return 0
	}
	return left
}

// counted are the shows of a card that are counted, and what they leave of its budget.
func (b *Budget) counted(item, age int32) (shows, left float64) {
	if age > b.days {
		return 0, 0
	}
	shows, _, _ = b.counts.Card(item)
	shows = count(shows)
	return shows, max(0, b.shows-shows)
}

// waiting are the shows of a card that were given and are not counted yet.
func (b *Budget) waiting(item int32, shows float64) float64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	times, from := 0.0, shows
	for _, of := range b.lately() {
		if g, ok := of[item]; ok {
			times, from = times+g.times, min(from, g.from)
		}
	}
	return max(0, times-(shows-from))
}

// lately is what was given within the last minute, or half of one.
func (b *Budget) lately() []map[int32]given {
	return b.given[:max(0, 2-int(min(b.now().Sub(b.turn)/givenFor, 2)))]
}

// give notes that a slot shows a card of that age, if it is one that the budget is for.
func (b *Budget) give(item, age int32) {
	shows, left := b.counted(item, age)
	if left == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if kept := b.lately(); len(kept) < 2 {
		var before map[int32]given
		if len(kept) > 0 {
			before = kept[0]
		}
		b.given, b.turn = [2]map[int32]given{{}, before}, b.now()
	}
	g, ok := b.given[0][item]
	if !ok {
		g.from = shows
	}
	g.times++
	b.given[0][item] = g
}

// Name implements Policy.
func (b *Budget) Name() string { return "budget" }

// Context implements Policy.
func (b *Budget) Context() int { return 0 }

// Chances implements Policy. A pool whose cards' ages are not known has no new cards.
func (b *Budget) Chances(p *Pool, out []float64) {
	if p.Age == nil {
		return
	}
	for k, item := range p.Items {
		out[k] = b.Left(item, p.Age[k])
	}
	normalise(out)
}
