// Candidates from the live state: cards that no trained model knows yet, as soon as they are there.

package live

import (
	"cmp"
	"slices"

	"github.com/seguefeed/segue/candidate"
)

// Generators name cards by the state's ids: what is new, what is popular now, and what goes with what a user did. They are of each moment: the
// same query may be answered otherwise after an event.
func (s *State) Generators() []candidate.Generator {
	return []candidate.Generator{&Latest{s}, &Popular{s}, &Near{s}}
}

// Latest names the cards published last.
type Latest struct{ state *State }

// Popular names the cards that are clicked most readily now.
type Popular struct{ state *State }

// Near names the cards that were clicked by those who clicked what she did.
type Near struct{ state *State }

// Name implements candidate.Generator.
func (g *Latest) Name() string { return "live latest" }

// Name implements candidate.Generator.
func (g *Popular) Name() string { return "live popular" }

// Name implements candidate.Generator.
func (g *Near) Name() string { return "live near" }

// newWithinMS is how long a card is called new.
const newWithinMS = 7 * 86_400_000

// skipOf leaves out what q does and what is in its history.
func skipOf(q *candidate.Query) func(int32) bool {
	if len(q.History.Item) > 64 {
		in := make(map[int32]struct{}, len(q.History.Item))
		for _, item := range q.History.Item {
			in[item] = struct{}{}
		}
		return func(card int32) bool {
			_, had := in[card]
			return had || q.Skip != nil && q.Skip(card)
		}
	}
	return func(card int32) bool { return slices.Contains(q.History.Item, card) || q.Skip != nil && q.Skip(card) }
}

// Candidates implements candidate.Generator. The score falls with the place among all cards.
func (g *Latest) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	m := g.state.current()
	skip := skipOf(q)
	for place, c := range m.latest {
		if k <= 0 {
			break
		}
		if skip(c.Card) {
			continue
		}
		group := int32(-1)
		if at := m.catalogue.PublishedMS[c.Card]; q.AtMS < at || q.AtMS-at < newWithinMS {
			group = 0
		}
		dst = append(dst, candidate.Candidate{Item: c.Card, Score: float32(1 / float64(1+place)), Cause: -1, Group: group})
		k--
	}
	return dst
}

// Reason implements candidate.Generator.
func (g *Latest) Reason(c candidate.Candidate, _ candidate.Names) string {
	if c.Group == 0 {
		return "new"
	}
	return "among the latest"
}

// Candidates implements candidate.Generator.
func (g *Popular) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	m := g.state.current()
	skip := skipOf(q)
	for _, c := range m.popular {
		if k <= 0 {
			break
		}
		if skip(c.Card) {
			continue
		}
		dst = append(dst, candidate.Candidate{Item: c.Card, Score: float32(c.Score), Cause: -1, Group: -1})
		k--
	}
	return dst
}

// Reason implements candidate.Generator.
func (g *Popular) Reason(candidate.Candidate, candidate.Names) string { return "popular now" }

// Candidates implements candidate.Generator: the last 20 items that her history speaks for, each with its neighbours by how much it speaks for it.
func (g *Near) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	if k <= 0 {
		return dst
	}
	type best struct {
		sum   float64
		cause int32
		most  float64
	}
	all := map[int32]best{}
	skip := skipOf(q)
	taken := 0
	var list []Scored
	for at := len(q.History.Item) - 1; at >= 0 && taken < pairWith; at-- {
		value := 1.
		if q.History.Value != nil {
			value = float64(q.History.Value[at])
		}
		if !(value > 0) {
			continue
		}
		taken++
		item := q.History.Item[at]
		list = g.state.alike(item, list[:0])
		for _, c := range list {
			add := min(value, 10) * c.Score
			b, had := all[c.Card]
			if !had && (add <= 0 || skip(c.Card)) {
				continue
			}
			if b.sum += add; add > b.most {
				b.cause, b.most = item, add
			}
			all[c.Card] = b
		}
	}
	from := len(dst)
	for card, b := range all {
		dst = append(dst, candidate.Candidate{Item: card, Score: float32(b.sum), Cause: b.cause, Group: -1})
	}
	own := dst[from:]
	slices.SortFunc(own, func(a, b candidate.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst[:from+min(k, len(own))]
}

// Reason implements candidate.Generator.
func (g *Near) Reason(c candidate.Candidate, n candidate.Names) string {
	if c.Cause >= 0 {
		if name := n.Card(c.Cause); name != "" {
			return "because you watched " + name
		}
	}
	return "like what you watched"
}
