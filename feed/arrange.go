// Which of the ranked cards stand on the page, and where.

package feed

import (
	"math"

	"github.com/seguefeed/segue/candidate"
)

// arrange fills the slots one by one: the card with the largest gain that no cap forbids. When the slots that are left are no more than
// the fresh cards still owed, only fresh cards are looked at. Where caps leave slots empty they stay empty. Slots explore when all are filled.
// Slots below 0 are of the pages before.
func (f *Feed) arrange(r *Request, pool []*pooled, a *arranged, p *Page) {
	s := &f.c.Settings
	like := func(i, j int) float64 { return f.like.of(pool[i].item, pool[j].item) }
	value := a.value[:0]
	for _, c := range pool {
		value = append(value, float32(c.score))
	}
	a.value = value
	var next picker = byValue{value}
	switch s.Diversity {
	case MMR:
		next = a.marginal.of(s.Lambda, value, like)
	case DPP:
		next = newDeterminantal(s.Lambda, value, like)
	}
	p.Cards = make([]Placed, 0, min(r.N, len(pool)))
	a.start(len(pool), int(math.Ceil(s.FreshShare*float64(min(r.N, len(pool)))-1e-9)))
	q := f.query(r, &Trace{})
	owed := a.fresh
	for slot := -r.Before; slot < r.N; slot++ {
		if slot <= 0 && slot%r.N == 0 { // a page begins
			a.begin()
			owed = a.fresh
		}
		left := r.N - slot // of the page
		if slot < 0 {
			left = (-slot-1)%r.N + 1
		}
		i := f.pick(pool, a, next, owed > 0 && left <= owed, &p.Trace)
		forced := i >= 0 && owed > 0 && left <= owed
		if i < 0 { // no fresh card is left, or caps forbid them: the floor gives way
			i = f.pick(pool, a, next, false, &p.Trace)
			forced = false
		}
		if i < 0 {
			slot += left - 1 // the page after may have what caps forbid here
			continue
		}
		a.placed[i] = true
		a.slots = append(a.slots, i)
		next.take(i)
		c := pool[i]
		if c.creator >= 0 {
			a.creators[c.creator]++
		}
		if c.topic >= 0 {
			a.topics[c.topic]++
		}
		if c.fresh {
			owed--
		}
		if slot < 0 {
			continue
		}
		if forced {
			p.Trace.Fresh++
		}
		p.Cards = append(p.Cards, f.place(&q, c, slot, forced))
	}
	f.explore(r, &q, pool, a, p)
}

// pick is the candidate with the largest gain that may be placed; -1 for none. Ties go to the one with the higher score.
func (f *Feed) pick(pool []*pooled, a *arranged, next picker, freshOnly bool, t *Trace) int {
	s := &f.c.Settings
	best, top := -1, math.Inf(-1)
	for i, c := range pool {
		if best >= 0 && next.most(i) <= top {
			break
		}
		if a.placed[i] || freshOnly && !c.fresh {
			continue
		}
		g := next.gain(i)
		if best >= 0 && !(g > top) {
			continue
		}
		if s.CreatorCap > 0 && c.creator >= 0 && a.creators[c.creator] >= s.CreatorCap || s.TopicCap > 0 && c.topic >= 0 && a.topics[c.topic] >= s.TopicCap {
			t.Capped++
			continue
		}
		best, top = i, g
	}
	return best
}

// topic is the talk of a card or, where it has none, its content; -1 for neither. The two kinds do not meet.
func (f *Feed) topic(item int32) int64 {
	if t := f.c.Cards.Talk[item]; t >= 0 {
		return int64(t)
	}
	if c := f.c.Cards.Content[item]; c >= 0 {
		return 1<<32 + int64(c)
	}
	return -1
}

// fresh says whether a card is younger than FreshDays.
func (f *Feed) fresh(r *Request, item int32) bool {
	published := f.c.Cards.Published[item]
	return int64(r.At.Day)-int64(published) < int64(f.c.Settings.FreshDays)
}

// place puts a candidate in its slot, with the reason of the generator that named it first. A generator whose reason cites a card of her
// history goes before the others that named it as early.
func (f *Feed) place(q *candidate.Query, c *pooled, slot int, forced bool) Placed {
	p := Placed{Sources: make([]Source, 0, len(c.named)), Item: c.item, Slot: slot, Column: slot % f.c.Settings.Columns, Worth: c.worth, Score: c.score, Fresh: forced, Cause: -1, Propensity: 1}
	said := -1
	for k := range c.named {
		n := &c.named[k]
		if n.generator == shortlisted {
			p.Sources = append(p.Sources, Source{ShortlistName, n.rank})
			continue
		}
		g := f.c.Generators[n.generator]
		p.Sources = append(p.Sources, Source{g.Name(), n.rank})
		if said >= 0 && (c.named[said].Cause >= 0 || n.rank > 2*c.named[said].rank+citedSlack) {
			continue
		}
		if lazy, ok := g.(candidate.Lazy); ok { // which costs more than the rest of the page where it is asked of all
			n.Cause = lazy.Cause(q, c.item)
		}
		if said < 0 || n.Cause >= 0 {
			said = k
		}
	}
	if said < 0 {
		p.By, p.Reason = ShortlistName, shortlistReason
		return p
	}
	n := c.named[said]
	p.Cause, p.By = n.Cause, f.c.Generators[n.generator].Name()
	if g, ok := f.c.Generators[n.generator].(candidate.Dated); ok {
		p.Reason = g.ReasonAt(n.Candidate, f.c.Names, int64(q.Day)-int64(f.c.Cards.Published[c.item]))
	} else {
		p.Reason = f.c.Generators[n.generator].Reason(n.Candidate, f.c.Names)
	}
	return p
}

// citedSlack is how many ranks later a generator may have named a card and still give the reason, if it cites a card she knows: readers
// find such reasons the most helpful (Tintarev and Masthoff, Recommender Systems Handbook, 2015).
const citedSlack = 10
