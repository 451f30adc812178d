// What policies are asked and what they answer.

package explore

import (
	"cmp"
	"fmt"
)

// Pool is the cards that one slot may explore.
type Pool struct {
	Items []int32
	Age   []int32 // days since each was published; nil: not known
	// X is what is known of each card for the user who asks, one row a card of the length that the policy's Context says; empty where that is 0.
	X []float32
}

// Policy gives the chance of each card of a pool. It is safe for concurrent use.
type Policy interface {
	Name() string // as reports call it, as in "thompson"
	// Context is the length of the rows of Pool.X that it reads; 0: none.
	Context() int
	// Chances writes each card's chance to out, of the length of p.Items: none negative, their sum 1; or all 0 where it would choose none of
	// them. It is a function of p and of what the policy knows by then. out comes filled with zeros.
	Chances(p *Pool, out []float64)
}

// Counts are the live counts of cards: what policies know of them. It is safe for concurrent use.
type Counts interface {
	// Card is how often a card was shown, how often it was clicked then, and how many clicks a card of mean appeal would have got in the same
	// slots from the same users.
	Card(item int32) (shows, clicks, expected float64)
}

// draw is the index that the number u, 0 to before 1, falls on; chances sum to 1 within rounding. An index without a chance is never drawn; -1
// where none has one.
func draw(chances []float64, u float64) int {
	last := -1
	for k, c := range chances {
		if c <= 0 {
			continue
		}
		if last = k; u < c {
			return k
		}
		u -= c
	}
	return last
}

// normalise makes chances sum to 1; false, and all 0, where they cannot.
func normalise(chances []float64) bool {
	sum := 0.0
	for k, c := range chances {
		if !(c > 0) { // none, or no number
			chances[k] = 0
			continue
		}
		sum += c
	}
	if !(sum > 0) || sum > 1e300 {
		clear(chances)
		return false
	}
	for k := range chances {
		chances[k] /= sum
	}
	return true
}

// count is a live count that can be reckoned with: numbers that are none, and negative ones, are 0.
func count(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1e15)
}

// contextOf is the length of rows that several policies read, which is the same for all that read any.
func contextOf(policies []Policy) (int, error) {
	n := 0
	for _, p := range policies {
		c := p.Context()
		if c != 0 && n != 0 && c != n {
			return 0, fmt.Errorf("explore: %s reads contexts of length %d where others read %d", p.Name(), c, n)
		}
		n = cmp.Or(n, c)
	}
	return n, nil
}
