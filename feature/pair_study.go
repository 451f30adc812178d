// What many users' pasts teach about any: how far users differ in readiness and taste, so that one user's few rows are trusted as far as they should
// be; how tastes go together; and what people like her like.

package feature

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

const (
	studyUsers  = 400_000 // the first by id; more would sharpen nothing that counts
	studyShards = 4       // whose sums are added in order, so that threads change nothing

	studyStrength = 1 // expected clicks by which users' lifts are shrunk before it is known how far they differ
)

// Kinds of groups that cards belong to.
const (
	ofContent1 = iota // the narrowest level
	ofContent2
	ofContent3
	ofCreator
	ofSong
	ofArtist
	ofTalk
	ofType
	groupKinds
)

// study is what was learned, as of each day.
type study struct {
	user   []float32             // strength by which a user's lift is shrunk
	match  [groupKinds][]float32 // and her lifts for groups of cards
	taste  tastes
	places int     // of contents that are told apart
	cells  tallies // by demographic cell and content's place: clicks over those expected of each user herself
}

// Demographic cells: gender, age and whether she is new.
const (
	ageBands    = 5
	tenureBands = 3
	cells       = 3 * ageBands * tenureBands
)

func cellOf(gender int16, t *Traits) int32 {
	age := 0
	for _, from := range []int16{0, 18, 23, 30} {
		if t.Age >= from {
			age++
		}
	}
	tenure := 0 // not known
	switch {
	case t.Months > 6:
		tenure = 1
	case t.Months >= 0:
		tenure = 2
	}
	return (int32(gender)*ageBands+int32(age))*tenureBands + int32(tenure)
}

// studyShard is the sums over some users.
type studyShard struct {
	c              *PairContext
	past           *Past
	users          []moments             // by k
	match          [groupKinds][]moments // by k, as changes
	taste          *tasteSums
	cells          tallies
	rows           []tasteRow // of the user at hand, with so many clicks of such a spread
	clicks, spread float64
	known          []evidence // by place: what cells have counted of her
}

// learnStudy passes over users' days and looks at what is known of each at their ends.
func (c *PairContext) learnStudy(ctx context.Context, w Source, from, last time.Time, contents int) error {
	place, n := chooseTastes(c.attrs, contents)
	c.study.taste.place, c.study.places = place, n
	shards := make([]*studyShard, studyShards)
	for i := range shards {
		s := &studyShard{c: c, past: c.NewPast(NoTraits), users: make([]moments, c.days), taste: newTasteSums(n, c.days), cells: newTallies(cells*n, c.days), known: make([]evidence, n)}
		for m := range s.match {
			s.match[m] = make([]moments, c.days)
		}
		shards[i] = s
	}
	err := w.Histories(ctx, from, last, func(h *warehouse.Histories) error {
		var wg sync.WaitGroup
		for i, s := range shards {
			wg.Go(func() {
				for u, id := range h.User {
					if u%1024 == 0 && ctx.Err() != nil {
						return
					}
					if int(id)%studyShards == i && id < studyUsers { // by id: who else has rows must not matter
						s.user(h, u)
					}
				}
			})
		}
		wg.Wait()
		if h.User[len(h.User)-1] >= studyUsers-1 {
			return errEnough
		}
		return context.Cause(ctx)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	all := shards[0]
	for _, s := range shards[1:] {
		all.merge(s)
	}
	c.study.user = strengths(all.users)
	for m := range all.match {
		c.study.match[m] = strengths(all.match[m])
	}
	c.study.taste.learn(all.taste)
	all.cells.accumulate()
	c.study.cells = all.cells
	return context.Cause(ctx)
}

// strengths are of the sums of changes before each day.
func strengths(changes []moments) []float32 {
	out := make([]float32, len(changes))
	var m moments
	for k, d := range changes {
		m.over += d.over
		m.square += d.square
		out[k] = m.strength()
	}
	return out
}

func (s *studyShard) merge(o *studyShard) {
	add := func(to, from []moments) {
		for k := range to {
			to[k].over += from[k].over
			to[k].square += from[k].square
		}
	}
	add(s.users, o.users)
	for m := range s.match {
		add(s.match[m], o.match[m])
	}
	s.taste.merge(o.taste)
	for i, y := range o.cells.at {
		s.cells.at[i].clicks += y.clicks
		s.cells.at[i].n += y.n
	}
}

// user looks at one user at the end of each of her days.
func (s *studyShard) user(h *warehouse.Histories, u int) {
	p := s.past
	s.c.PastIn(p, TraitsOf(s.c.profiles, h.User[u]))
	clear(s.known)
	s.rows, s.clicks, s.spread = s.rows[:0], 0, 0
	var user moments
	var match [groupKinds]moments
	for i, end := h.Start[u], h.Start[u+1]; i < end; {
		to := i
		for to < end && h.Day[to] == h.Day[i] {
			to++
		}
		p.observeRows(h, i, to)
		k := int(s.c.index(h.Day[i])) + 1 // known from the next day on
		i = to

		now := moments{}
		now.add(float64(p.all.clicks), float64(p.all.expected))
		change(&s.users[k], &user, now)
		for kind := range p.group {
			b := &p.group[kind]
			now = moments{}
			for _, at := range b.used {
				g := &b.val[at]
				now.addShare(float64(g.evidence.clicks), float64(p.all.clicks), float64(g.expected/p.all.expected), p.spread())
			}
			change(&s.match[kind][k], &match[kind], now)
		}
		s.tastesOf(p, k)
	}
}

// change adds to the sums what changed since the last time.
func change(sum, before *moments, now moments) {
	sum.over += now.over - before.over
	sum.square += now.square - before.square
	*before = now
}

// tastesOf counts what is known of the user's contents at the end of a day.
func (s *studyShard) tastesOf(p *Past, k int) {
	s.taste.add(k, s.clicks, s.spread, s.rows, -1)
	s.rows, s.clicks, s.spread = s.rows[:0], float64(p.all.clicks), p.spread()
	lift := p.lift(studyStrength)
	b := &p.group[ofContent1]
	for _, at := range b.used {
		place := s.c.study.taste.place[b.key[at]-1]
		if place < 0 {
			continue
		}
		g := &b.val[at]
		if g.expected > 0 {
			share := float64(g.expected / p.all.expected)
			s.rows = append(s.rows, tasteRow{int(place), float64(g.evidence.clicks) - s.clicks*share, share})
		}
		before := &s.known[place]
		s.cells.add(p.cell*int32(s.taste.n)+int32(place), k, g.evidence.clicks-before.clicks, (g.expected-before.expected)*lift)
		*before = g.evidence
	}
	s.taste.add(k, s.clicks, s.spread, s.rows, 1)
}

// cell is the lift of a demographic cell for a content; NaN for cards without one.
func (s *study) cell(cell, content, k int32) float32 {
	if content < 0 || s.taste.place[content] < 0 {
		return nan32
	}
	return s.cells.lift(cell*int32(s.places)+int32(s.taste.place[content]), int(k), 1)
}
