// Candidates from the live state: cards that no trained model knows yet, as soon as they are there.

package live

import (
	"slices"
	"sync"

	"github.com/seguefeed/segue/candidate"
)

// Generators name cards by the state's ids: what is new, what is popular now, and what goes with what a user did. They are of each moment: the
// same query may be answered otherwise after an event. In catalogues above 10,000 items their lists are some seconds old, and 5,000 long.
func (s *State) Generators() []candidate.Generator {
	return s.generators(&s.lists)
}

// GeneratorsOf are Generators of some cards only, those of which only is true: a few thousand at most, such as all that a model does not know. Their lists are a
// second old at most. only must say the same of a card each time.
func (s *State) GeneratorsOf(only func(card int32) bool) []candidate.Generator {
	return s.generators(&lists{s: s, only: only})
}

func (s *State) generators(l *lists) []candidate.Generator {
	return []candidate.Generator{&latestGenerator{l}, &popularGenerator{l}, &nearGenerator{l}}
}

// latestGenerator names the cards published last, popularGenerator those that are clicked most readily now, nearGenerator those that were clicked by who
// clicked what she did.
type (
	latestGenerator  struct{ *lists }
	popularGenerator struct{ *lists }
	nearGenerator    struct{ *lists }
)

// Name implements candidate.Generator.
func (g *latestGenerator) Name() string { return "live latest" }

// Name implements candidate.Generator.
func (g *popularGenerator) Name() string { return "live popular" }

// Name implements candidate.Generator.
func (g *nearGenerator) Name() string { return "live near" }

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
func (g *latestGenerator) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	m := g.current()
	skip := g.s.shown(skipOf(q))
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
func (g *latestGenerator) Reason(c candidate.Candidate, _ candidate.Names) string {
	if c.Group == 0 {
		return "new"
	}
	return "among the latest"
}

// Candidates implements candidate.Generator.
func (g *popularGenerator) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	m := g.current()
	skip := g.s.shown(skipOf(q))
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
func (g *popularGenerator) Reason(candidate.Candidate, candidate.Names) string { return "popular now" }

// Candidates implements candidate.Generator: the last 20 items that her history speaks for, each with its neighbours by how much it speaks for it.
func (g *nearGenerator) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	if k <= 0 {
		return dst
	}
	t := tallies.Get().(*tally)
	defer tallies.Put(t)
	t.reset()
	taken := 0
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
		t.list = g.s.alike(item, t.list[:0])
		for _, c := range t.list {
			e := t.of(c.Card)
			add := min(value, 10) * c.Score
			if e.sum += add; add > e.most {
				e.cause, e.most = item, add
			}
		}
	}
	skip := skipOf(q)
	if only := g.only; only != nil {
		asked := skip
		skip = func(card int32) bool { return !only(card) || asked(card) }
	}
	t.best.k, t.best.heap = k, t.best.heap[:0]
	for at := range t.entries {
		e := &t.entries[at]
		c := Scored{e.card, float64(float32(e.sum))}
		if c.Score > 0 && (len(t.best.heap) < k || c.Score >= t.best.heap[0].Score) && !skip(c.Card) {
			t.best.offer(c)
		}
	}
	for _, c := range t.best.sorted() {
		dst = append(dst, candidate.Candidate{Item: c.Card, Score: float32(c.Score), Cause: t.of(c.Card).cause, Group: -1})
	}
	return dst
}

// tally sums by card. It serves one query at a time.
type tally struct {
	entries []tallied
	slots   [tallySlots]uint16 // entry + 1, 0 where free, in open addressing
	list    []Scored
	best    best
}

// tallySlots is more than twice the neighbours of pairWith items.
const tallySlots = 4096

type tallied struct {
	card, cause int32
	sum, most   float64
}

var tallies = sync.Pool{New: func() any { return new(tally) }}

func (t *tally) reset() {
	t.entries = t.entries[:0]
	clear(t.slots[:])
}

// of is the entry of a card, made where there is none.
func (t *tally) of(card int32) *tallied {
	at := uint32(card) * 2654435769 >> 20 // Knuth's multiplicative hash
	for t.slots[at] != 0 && t.entries[t.slots[at]-1].card != card {
		at = (at + 1) % tallySlots
	}
	if t.slots[at] == 0 {
		t.entries = append(t.entries, tallied{card: card, cause: -1})
		t.slots[at] = uint16(len(t.entries))
	}
	return &t.entries[t.slots[at]-1]
}

// Reason implements candidate.Generator.
func (g *nearGenerator) Reason(c candidate.Candidate, n candidate.Names) string {
	if c.Cause >= 0 {
		if name := n.Card(c.Cause); name != "" {
			return "because you watched " + name
		}
	}
	return "like what you watched"
}
