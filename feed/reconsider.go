// Is a reason true? What a reason cites is taken away, and the generator that gave it is asked again: a card whose reason holds then has a lower
// score, or is not named at all.

package feed

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/candidate"
)

// Reconsidered is a card's standing with its generator, with and without what its reason cites.
type Reconsidered struct {
	Generator     string
	Removed       string  // what was taken away: "card", a card of her history, or "traits", what is known of who she is; "" when the reason cites neither
	With, Without float32 // the generator's score; Without is meaningless when it is not Named
	Named         bool    // is the card still named
}

// reconsiderDepth is how many candidates are looked through for a card.
const reconsiderDepth = 5000

// Reconsider checks the reason of a card that f placed on a page for r.
func (f *Feed) Reconsider(ctx context.Context, r *Request, c Placed) (Reconsidered, error) {
	if err := ctx.Err(); err != nil {
		return Reconsidered{}, context.Cause(ctx)
	}
	if c.By == ShortlistName { // whose reason cites nothing
		return Reconsidered{Generator: c.By, With: float32(c.Score), Without: float32(c.Score), Named: true}, nil
	}
	for _, g := range f.c.Generators {
		if g.Name() != c.By {
			continue
		}
		var t Trace
		q := f.query(r, &t)
		var out Reconsidered
		out.Generator = g.Name()
		var known bool
		if out.With, known = scoreOf(g, &q, c.Item); !known {
			return out, fmt.Errorf("feed: %s does not name card %d for this request", g.Name(), c.Item)
		}
		switch {
		case c.Cause >= 0:
			out.Removed = "card"
			q.History = without(q.History, c.Cause)
		case f.traitful(g, &q, c.Item, out.With):
			out.Removed = "traits"
			q.Traits = candidate.Traits{Age: -1}
		default:
			out.Without, out.Named = out.With, true
			return out, nil
		}
		out.Without, out.Named = scoreOf(g, &q, c.Item)
		return out, nil
	}
	return Reconsidered{}, fmt.Errorf("feed: the card was placed by %q, which is none of the generators", c.By)
}

// traitful says whether a card's standing hangs on who asks.
func (f *Feed) traitful(g candidate.Generator, q *candidate.Query, item int32, with float32) bool {
	anybody := *q
	anybody.Traits = candidate.Traits{Age: -1}
	score, named := scoreOf(g, &anybody, item)
	return !named || score != with
}

func scoreOf(g candidate.Generator, q *candidate.Query, item int32) (float32, bool) {
	for _, c := range g.Candidates(q, reconsiderDepth, nil) {
		if c.Item == item {
			return c.Score, true
		}
	}
	return 0, false
}

// without is h less all that it says of an item.
func without(h candidate.History, item int32) candidate.History {
	var out candidate.History
	for k, i := range h.Item {
		if i == item {
			continue
		}
		out.Item = append(out.Item, i)
		if h.Value != nil {
			out.Value = append(out.Value, h.Value[k])
		}
	}
	return out
}
