// What is known of one user up to a moment, kept up to date row by row: the same code while training passes over the log and while a
// server hears of what happens.

package feature

import (
	"math"

	"github.com/seguefeed/segue/warehouse"
)

// Traits is what the user table says of a user.
type Traits struct {
	Province string // "" when null
	Gender   string
	Age      int16 // -1 when null, as the following
	Months   int16
	Follows  int32
}

// NoTraits is a user of whom the user table says nothing.
var NoTraits = Traits{Age: -1, Months: -1, Follows: -1}

// TraitsOf is the line of a user in the user table.
func TraitsOf(p *warehouse.Profiles, user int32) Traits {
	if int(user) >= len(p.Age) || user < 0 {
		return NoTraits
	}
	return Traits{Province: p.Province[user], Gender: p.Gender[user], Age: p.Age[user], Months: p.RegisteredMonths[user], Follows: p.Follows[user]}
}

// Event is one impression with what the user did.
type Event struct {
	Moment
	Card             int32
	Slot             int32 // -1 when there is none
	Flags            warehouse.Flag
	ViewSeconds      float32 // NaN when there is none
	Swipes           int32   // cards swiped to after the click
	SwipeViewSeconds float32
}

// Past is what is known of one user up to a moment. Rows must come in order of time. Memory: some 500 bytes and 50 for each
// different card, creator, song, artist, content and topic. It serves one goroutine at a time.
type Past struct {
	c *PairContext

	gender, province     int16
	cell                 int32 // demographic cell
	age, months, follows float32

	impressions, clicks, likes, shares, reads, visits float32
	views, viewSeconds, swipes                        float32
	days, sessions, browsed, depthSum                 float32 // of sessions that ended
	firstMS, lastMS, lastClickMS                      int64
	lastDay                                           int32
	parts, partClicks                                 [4]float32 // by quarter of the day
	front, deep                                       rate       // rows of the first page and below

	all     evidence
	squares float32 // of expected clicks
	cards   book[seenCard]
	group   [groupKinds]book[group]

	clicked [recentClicks]int32 // cards clicked last, a ring
	nClick  int

	session session
	pending []pendingRow
	attrs   []cardAttr // room of Vectors
}

const recentClicks = 50

// rate is impressions and clicks.
type rate struct{ shown, clicks float32 }

// evidence is what rows say of a user's liking: her clicks, and those that all users' clicks in such slots on such cards make expect.
type evidence struct{ clicks, expected float32 }

// seenCard is one card that she was shown.
type seenCard struct {
	shown, clicks float32
	lastMS        int64
}

// group is her rows of one creator, content, ....
type group struct {
	rate
	evidence
	lastMS int64
	visit  float32 // the how-manieth session of hers had it last
	now    rate    // in that session
}

// session is the one under way, or the last: rows with no gap over 30 minutes.
type session struct {
	startMS                  int64
	shown, clicks            float32
	screens                  float32
	depth                    int32 // -1 without positions
	expected                 float32
	sinceClick               float32 // impressions after the last click
	lastContent, lastCreator int32   // of the last click; -1 for none
}

// pendingRow is a row of the first page: what it says hangs on whether she goes on below it, which is not known yet.
type pendingRow struct {
	card, slot, k int32
	clicked       bool
}

// NewPast is a user of whom no rows are known yet.
func (c *PairContext) NewPast(t Traits) *Past { return c.PastIn(new(Past), t) }

// PastIn is NewPast in the memory of p, whatever p was.
func (c *PairContext) PastIn(p *Past, t Traits) *Past {
	old := *p
	*p = Past{c: c, cards: old.cards, group: old.group, pending: old.pending[:0], attrs: old.attrs}
	p.cards.reset()
	for kind := range p.group {
		p.group[kind].reset()
	}
	p.gender, p.province = genderOf(t.Gender), int16(c.province[unknown])
	if at, ok := c.province[t.Province]; ok {
		p.province = int16(at)
	}
	p.age, p.months, p.follows = float32(orNaN(float64(t.Age))), float32(orNaN(float64(t.Months))), float32(orNaN(float64(t.Follows)))
	p.cell = cellOf(p.gender, &t)
	p.lastDay = math.MinInt32
	return p
}

// lift is how readily she clicks: her clicks over those expected, shrunk towards 1 by a strength.
func (p *Past) lift(strength float32) float32 {
	return (p.all.clicks + strength) / (p.all.expected + strength)
}

// Observe adds the rows of user h.User[k], which must be later than those p has.
func (p *Past) Observe(h *warehouse.Histories, k int) {
	p.observeRows(h, h.Start[k], h.Start[k+1])
}

func (p *Past) observeRows(h *warehouse.Histories, from, to int32) {
	for i := from; i < to; i++ {
		p.ObserveEvent(Event{Moment: Moment{AtMS: h.ShownAtMS[i], Day: h.Day[i], Hour: h.Hour[i]}, Card: h.Card[i], Slot: h.Position[i], Flags: h.Flags[i],
			ViewSeconds: h.ViewSeconds[i], Swipes: h.Swipes[i], SwipeViewSeconds: h.SwipeViewSeconds[i]})
	}
}

// settle ends the session under way if the moment is too late to belong to it.
func (p *Past) settle(atMS int64) {
	if p.session.shown == 0 || atMS-p.lastMS <= sessionGapMS {
		return
	}
	p.weigh(false)
	if p.session.depth > firstPage {
		p.browsed++
	}
	p.depthSum += float32(max(p.session.depth, 0))
	p.session = session{}
}

// ObserveEvent adds one impression, not earlier than those p has, and what was done on it. Cards of one page have one time. A server keeps a page until
// the next is asked for, and then tells it with the clicks that came meanwhile: so it was in the log that rankers learned from.
func (p *Past) ObserveEvent(e Event) {
	p.settle(e.AtMS)
	s := &p.session
	if s.shown == 0 {
		p.sessions++
		*s = session{startMS: e.AtMS, depth: -1, lastContent: -1, lastCreator: -1}
	}
	if s.shown == 0 || e.AtMS != p.lastMS {
		s.screens++
	}
	if p.impressions == 0 {
		p.firstMS = e.AtMS
	}
	if e.Day != p.lastDay {
		p.days++
	}
	p.lastMS, p.lastDay = e.AtMS, e.Day
	p.impressions++
	s.shown++
	s.sinceClick++
	s.depth = max(s.depth, e.Slot)
	click := float32(0)
	if e.Flags&warehouse.Clicked != 0 {
		click = 1
		s.clicks++
		s.sinceClick = 0
		p.clicks++
		p.lastClickMS = e.AtMS
		p.clicked[p.nClick%recentClicks] = e.Card
		p.nClick++
	}
	part := min(e.Hour/6, 3)
	p.parts[part]++
	p.partClicks[part] += click
	p.likes += float32(bit(e.Flags, warehouse.Liked))
	p.shares += float32(bit(e.Flags, warehouse.Shared))
	p.reads += float32(bit(e.Flags, warehouse.ViewedComments))
	p.visits += float32(bit(e.Flags, warehouse.VisitedCreator))
	if e.ViewSeconds == e.ViewSeconds {
		p.views++
		p.viewSeconds += e.ViewSeconds
	}
	p.swipes += float32(e.Swipes)

	where := &p.front
	if e.Slot > firstPage {
		where = &p.deep
	}
	where.shown++
	where.clicks += click

	if e.Card >= 0 { // a server may hear of cards that have no id
		seen := p.cards.entry(e.Card)
		seen.shown++
		seen.clicks += click
		seen.lastMS = e.AtMS
	}
	a := p.c.attr(e.Card)
	for kind, code := range a.codes {
		if code >= 0 {
			g := p.group[kind].entry(code)
			g.shown++
			g.rate.clicks += click
			g.lastMS = e.AtMS
			if g.visit != p.sessions {
				g.visit, g.now = p.sessions, rate{}
			}
			g.now.shown++
			g.now.clicks += click
		}
	}
	if click > 0 {
		s.lastContent, s.lastCreator = a.codes[ofContent1], a.codes[ofCreator]
	}

	row := pendingRow{card: e.Card, slot: e.Slot, k: p.c.index(e.Day), clicked: click > 0}
	switch {
	case e.Slot > firstPage:
		p.weigh(true)
		p.weighRow(row, true)
	case s.depth > firstPage:
		p.weighRow(row, true)
	default:
		p.pending = append(p.pending, row)
	}
}

// Heed counts what the session under way has told so far, as if it ended here: who makes a page now cannot wait to see whether she goes on below the first one. So a
// click counts at once, as it would in the session after it, and rankers learned from what was known when sessions began. Rows that follow may be observed.
func (p *Past) Heed() { p.weigh(false) }

// weigh counts the rows of the first page, once it is known whether she browses below it.
func (p *Past) weigh(browses bool) {
	for _, r := range p.pending {
		p.weighRow(r, browses)
	}
	p.pending = p.pending[:0]
}

func (p *Past) weighRow(r pendingRow, browses bool) {
	expected := p.c.slots.rate(r.k, r.slot, browses)
	if expected == 0 {
		return // nothing is known of slots yet
	}
	expected *= p.c.quality(r.card, r.k)
	click := float32(0)
	if r.clicked {
		click = 1
	}
	p.all.clicks += click
	p.all.expected += expected
	p.squares += expected * expected
	p.session.expected += expected
	for kind, code := range p.c.attr(r.card).codes {
		if code >= 0 {
			g := p.group[kind].entry(code)
			g.evidence.clicks += click
			g.expected += expected
		}
	}
}

// spread is the variance of her clicks given the rows' chances, over their mean: 1 for small chances, less for someone who clicks on much
// of what she sees.
func (p *Past) spread() float64 {
	if p.all.expected == 0 {
		return 1
	}
	return max(0, 1-float64(p.all.clicks)*float64(p.squares)/(float64(p.all.expected)*float64(p.all.expected)))
}

// RecentClicks appends the cards she clicked last to dst, at most 50, the oldest first.
func (p *Past) RecentClicks(dst []int32) []int32 {
	for i := max(0, p.nClick-recentClicks); i < p.nClick; i++ {
		dst = append(dst, p.clicked[i%recentClicks])
	}
	return dst
}

// Shown says how often she was shown a card, and when last, in milliseconds since 1970 UTC.
func (p *Past) Shown(card int32) (times int, lastMS int64) {
	if s := p.cards.find(card); s != nil {
		return int(s.shown), s.lastMS
	}
	return 0, 0
}
