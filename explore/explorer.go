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
	// Budget says which cards are wanted in pools before others; nil: none.
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
	Share   float64 // the chance that a slot explores, 0..1
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

// Explore decides what the slots of p show and writes it to out, of the length of p.Pools. Slots are independent of each other: a slot with a
// pool shows the card that stands there with chance 1-Share, and else a card of the pool by the policy's chances, those of Uniform where the
// policy would choose none. When exploring all of them could break the cap, the page rests: all cards stay, with propensity 1. The choices are a
// function of p, of what the policy knows, and of whether the page rested.
func (e *Explorer) Explore(p *Page, out []Choice) (rested bool) {
	coins := rand.New(rand.NewPCG(p.Seed, p.Request^ownStream))
	flags, draws := make([]bool, 2*len(p.Pools)), make([]float64, len(p.Pools))
	may, will := flags[:len(p.Pools)], flags[len(p.Pools):]
	share, some := min(max(p.Share, 0), 1), false
	if p.Share != p.Share {
		share = 0
	}
	for k := range p.Pools {
		explores := coins.Float64() < share
		draws[k] = coins.Float64() // also where it is not used: what a slot draws does not hang on the slots before
		may[k] = k < e.slots && share > 0 && len(p.Pools[k].Items) > 0
		will[k] = may[k] && explores
		some = some || may[k]
	}
	admitted := e.limiter.Admit(may, will)
	for k := range p.Pools {
		out[k] = Choice{Card: -1, Propensity: 1}
		switch {
		case !admitted || !may[k]:
		case !will[k]:
			out[k].Propensity = 1 - share
		default:
			out[k] = e.choose(p, k, draws[k])
			out[k].Propensity *= share
		}
	}
	return some && !admitted
}

// choose draws a card of a slot's pool; its propensity is the policy's.
func (e *Explorer) choose(p *Page, slot int, u float64) Choice {
	pool, width := p.Pools[slot], e.policy.Context()
	if width > 0 {
		pool.X = make([]float32, width*len(pool.Items))
		if p.Fill != nil {
			p.Fill(slot, pool.X)
		}
	}
	chances := make([]float64, len(pool.Items))
	e.policy.Chances(&pool, chances)
	if !normalise(chances) {
		Uniform{}.Chances(&pool, chances)
	}
	card := draw(chances, u)
	c := Choice{Card: card, Propensity: chances[card]}
	if width > 0 {
		c.Context = slices.Clone(pool.X[card*width : (card+1)*width]) // which is kept for long; the others are not
	}
	return c
}
