// A recommender for a catalogue that goes on growing after it was trained.

package feed

import (
	"fmt"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/warehouse"
)

// Extend is r for a catalogue that begins with r's own cards, contents and creators and goes on with others. Its models know nothing of those: they come from
// more, generators that go behind r's own, and the ranker sees them as cards that nobody was shown, of contents and creators that it may know. What r itself
// holds is shared.
func (r *Recommender) Extend(cards *warehouse.Cards, keys []string, more []candidate.Generator) (*Recommender, error) {
	if len(cards.Creator) < len(r.Cards.Creator) {
		return nil, fmt.Errorf("feed: a catalogue of %d cards cannot go on from one of %d", len(cards.Creator), len(r.Cards.Creator))
	}
	if err := (&keptCatalogue{cards: *cards, keys: keys}).valid(); err != nil {
		return nil, fmt.Errorf("feed: the catalogue: %w", err)
	}
	out := *r
	out.Cards, out.CardKeys, out.Names = cards, keys, KeyNames(cards, keys)
	out.Generators = append(slices.Clone(r.Generators), more...)
	out.Pairs = r.Pairs.Extended(cards)
	c := r.Feed.c
	if m, ok := c.Ranker.(*modelRanker); ok {
		c.Ranker = m.extended(out.Pairs)
	}
	c.Cards, c.Names, c.Generators = cards, out.Names, out.Generators
	if c.Quota != nil {
		c.Quota = append(slices.Clone(c.Quota), make([]int, len(more))...)
	}
	f, err := New(c)
	if err != nil {
		return nil, err
	}
	out.Feed = f
	return &out, nil
}

// Prepare makes what hangs on the day alone for the days that a server is about to serve, today and perhaps tomorrow, before a request of them asks for it,
// on so many threads, and lets go of what was made for others. Requests of other days are served then, a little slower, from the shortlist of the day nearest to theirs.
func (r *Recommender) Prepare(threads int, days ...int32) error {
	r.Pairs.Prepare(threads, days...)
	s, ok := r.Feed.c.Ranker.(*modelRanker)
	if !ok {
		return nil
	}
	return s.prepare(threads, days...)
}
