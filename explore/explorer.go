// From the pools of a page to what its slots show.

package explore

import (
	"errors"
	"math/rand/v2"
	"slices"
)

// Config is what an Explorer is made of.
type Config struct {
	Policy  Policy   // nil: Uniform
	Limiter *Limiter // nil: one with the default cap
	// Budget gets its share of the slots that explore while pools have cards that it has shows left for; nil: none.
	Budget *Budget
	// Slots of a page that may explore are its first; 0 means 40. Pages of more would hardly ever be sure to stay below the cap.
	Slots int
}

// Explorer decides for whole pages. One serves all requests of a process, so that the cap holds over all of them. It is safe for concurrent use.
type Explorer struct {
	policy  Policy
	limiter *Limiter
	budget  *Budget
	slots   int
}

// New checks c and makes an explorer of it.
func New(c Config) (*Explorer, error) {
	if c.Slots < 0 {
		return nil, errors.New("explore: the slots of a page that may explore are a count from 0")
	}
	if c.Policy == nil {
		c.Policy = Uniform{}
	}
	if c.Slots == 0 {
		c.Slots = 40
	}
	if c.Limiter == nil {
		c.Limiter, _ = NewLimiter(0)
	}
	return &Explorer{c.Policy, c.Limiter, c.Budget, c.Slots}, nil
}

// Page is what may be explored of a page.
type Page struct {
	Seed    uint64  // of the request
	Request uint64  // what else tells the request from others: one seed then gives different users different coins
	Share   float64 // of the slots with pools, those that explore in the mean, 0..1
	Pools   []Pool  // by slot; a slot with an empty pool does not explore
	// Fill writes the rows of a pool's X, of length times the pool's cards; it is asked only for slots that explore. nil: contexts are zeros.
	Fill func(slot int, x []float32)
}

// Choice is what a slot shows.
type Choice struct {
	Card       int // index in its pool; -1: the card that stands there
	Propensity float64
	Context    []float32 // the card's row of X where a policy read it, else nil
}

// Slots is how many slots of a page, its first, may explore.
func (e *Explorer) Slots() int { return e.slots }

// Context is the length of the rows that Page.Fill is to write.
func (e *Explorer) Context() int { return e.policy.Context() }

// Share is that of the limiter.
func (e *Explorer) Share() (share float64, of int) { return e.limiter.Share() }

// Wants says whether a card of an age in days should be in a pool before others.
func (e *Explorer) Wants(item, age int32) bool {
	return e.budget != nil && e.budget.Left(item, age) > 0
}

// ownStream parts the coins of this package from what others draw by the same seed.
const ownStream = 0x6578706c6f726521

// mostNew is the most of a slot's chances that the budget has: the card that stands there, the best one known, keeps half.
const mostNew = .5

// slot is what a slot may show besides the card that stands there.
type slot struct {
	fresh  float64 // the chance of a card that the budget is for, drawn by it
	others float64 // the chance of a card that the policy draws
	draw   float64 // which of the pool's cards, 0 to before 1
	// left are the shows that the budget had left for each of its cards when the page's chances were settled, others' pages moving on meanwhile; nil: for none.
	left []float64
}

// Explore decides what the slots of p show and writes it to out, of the length of p.Pools. Slots draw independently of each other: each has a chance to
// show a card that the budget draws from its pool, one to show a card by the policy's chances (those of Uniform where it would choose none), and shows else
// the card that stands there. When exploring all of them could break the cap, the page rests: all cards stay, with propensity 1. The choices are a function of
// p, of what the policy and the budget know, and of whether the page rested.
func (e *Explorer) Explore(p *Page, out []Choice) (rested bool) {
	coins := rand.New(rand.NewPCG(p.Seed, p.Request^ownStream))
	slots, flags, some := e.chances(p), make([]bool, 2*len(p.Pools)), false
	may, will := flags[:len(p.Pools)], flags[len(p.Pools):]
	for k := range slots {
		s, coin := &slots[k], coins.Float64()
		s.draw = coins.Float64() // also where it is not used: what a slot draws does not hang on the slots before
		may[k] = s.fresh+s.others > 0
		will[k] = coin < s.fresh+s.others
		some = some || may[k]
	}
	admitted := e.limiter.Admit(may, will)
	for k := range slots {
		out[k] = Choice{Card: -1, Propensity: 1}
		switch {
		case !admitted:
		case !will[k]:
			out[k].Propensity = 1 - slots[k].fresh - slots[k].others
		default:
			out[k] = e.choose(p, k, &slots[k])
		}
	}
	return some && !admitted
}

// chances are those of the slots to explore, p.Share in the mean or less. The budget's share of them goes to the slots whose pools have cards with shows left, in
// proportion to these, so that a single new card is not kept waiting for the one slot that has it in its pool; what that is above mostNew goes to all slots alike.
func (e *Explorer) chances(p *Page) []slot {
	slots := make([]slot, len(p.Pools))
	share := min(max(p.Share, 0), 1)
	if !(share > 0) { // or no number
		return slots
	}
	explore, left := 0.0, 0.0 // slots that may; shows that are left
	for k := range p.Pools {
		pool, s := &p.Pools[k], &slots[k]
		if k >= e.slots || len(pool.Items) == 0 {
			continue
		}
		explore++
		if e.budget == nil || pool.Age == nil {
			continue
		}
		for i, item := range pool.Items {
			if n := e.budget.Left(item, pool.Age[i]); n > 0 {
				if s.left == nil {
					s.left = make([]float64, len(pool.Items))
				}
				s.left[i] = n
				s.fresh += n
			}
		}
		left += s.fresh
	}
	rest := share * explore
	for k := range slots {
		if s := &slots[k]; s.fresh > 0 {
			s.fresh = min(e.budget.share*share*explore*(s.fresh/left), mostNew)
			rest -= s.fresh
		}
	}
	for k := range slots {
		if k < e.slots && len(p.Pools[k].Items) > 0 {
			slots[k].others = min(rest/explore, 1-slots[k].fresh)
		}
	}
	return slots
}

// choose draws a card of a slot's pool.
func (e *Explorer) choose(p *Page, k int, s *slot) Choice {
	pool, width := p.Pools[k], e.policy.Context()
	if width > 0 {
		pool.X = make([]float32, width*len(pool.Items))
		if p.Fill != nil {
			p.Fill(k, pool.X)
		}
	}
	chances := make([]float64, len(pool.Items))
	e.policy.Chances(&pool, chances)
	if !normalise(chances) {
		Uniform{}.Chances(&pool, chances)
	}
	for i := range chances {
		chances[i] *= s.others
	}
	if normalise(s.left) {
		for i, share := range s.left {
			chances[i] += s.fresh * share
		}
	}
	card := draw(chances, s.draw*(s.others+s.fresh))
	c := Choice{Card: card, Propensity: chances[card]}
	if width > 0 {
		c.Context = slices.Clone(pool.X[card*width : (card+1)*width]) // which is kept for long; the others are not
	}
	if e.budget != nil && pool.Age != nil {
		e.budget.give(pool.Items[card], pool.Age[card])
	}
	return c
}
