// New cards get their first impressions: nothing is known of a card before it was shown, and who waits until its clicks speak for it waits for ever.

package explore

import "errors"

// BudgetConfig are the settings of NewBudget.
type BudgetConfig struct {
	Shows int   // that each new card gets; 0 means 100
	Days  int32 // the age up to which a card is new; 0 means 7
}

// Budget draws among the new cards of a pool that were shown less than their budget, in proportion to what each has left. A card may get some
// more, since cards that are on their way to users are not counted yet.
type Budget struct {
	counts Counts
	shows  float64
	days   int32
}

// NewBudget checks the settings.
func NewBudget(counts Counts, c BudgetConfig) (*Budget, error) {
	if counts == nil {
		return nil, errors.New("explore: a budget of shows needs counts of cards")
	}
	if c.Shows < 0 || c.Days < 0 {
		return nil, errors.New("explore: a budget's shows and days are counts from 0")
	}
	if c.Shows == 0 {
		c.Shows = 100
	}
	if c.Days == 0 {
		c.Days = 7
	}
	return &Budget{counts, float64(c.Shows), c.Days}, nil
}

// Left is how many shows of its budget a card of that age has left; 0 for one that is not new.
func (b *Budget) Left(item, age int32) float64 {
	if age > b.days {
		return 0
	}
	shows, _, _ := b.counts.Card(item)
	return max(0, b.shows-count(shows))
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
