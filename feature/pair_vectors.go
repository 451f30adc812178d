// Features of one user and the cards of one page.

package feature

import (
	"math"
	"sync"

	"github.com/seguefeed/segue/warehouse"
)

// Vectors writes the features of p and each of cards at a moment to out, which has length len(cards) x len(Columns()), row after row; NaN where a
// feature does not exist. slots are the cards' slots, -1 for none, or nil for none at all. The moment must not lie before p's last
// row; a session that is over by then is closed in p. Nothing is allocated but room for the cards' codes, which p keeps.
func (c *PairContext) Vectors(p *Past, at Moment, cards, slots []int32, out []float32) {
	p.settle(at.AtMS)
	k := c.index(at.Day)
	var user [userColumns]float32
	lift := p.vector(at, k, &user)
	taste := c.study.taste.foldIn(k, &p.group[ofContent1], lift)
	ready := c.readyFor(at.Day)
	attrs := p.attrs[:0]
	for i, card := range cards { // in a loop of its own, so that memory is waited for once and not once a card
		attrs = append(attrs, *c.attr(card))
		if ready != nil && card >= 0 && int(card) < len(c.attrs) {
			*(*[cardColumns]float32)(out[i*pairColumns+userColumns:]) = ready.cards[card]
		}
	}
	p.attrs = attrs
	for i, card := range cards {
		row := (*[pairColumns]float32)(out[i*pairColumns:])
		copy(row[:], user[:])
		ofCard, match := (*[cardColumns]float32)(row[userColumns:]), (*[matchColumns]float32)(row[userColumns+cardColumns:])
		a := &attrs[i]
		if ready == nil || card < 0 || int(card) >= len(c.attrs) {
			c.cardVector(card, a, k, at.Day, ofCard)
		}
		c.matchVector(p, card, a, at, k, lift, &taste, match)
		match[xPrior] = user[uLift] + ofCard[cLift] + or(match[xTaste], 0)
		match[xSlot] = nan32
		if slots != nil && slots[i] >= 0 {
			match[xSlot] = float32(slots[i])
		}
	}
}

// ln is the natural log of a ratio.
func ln(v float32) float32 { return float32(math.Log(float64(v))) }

func log1p(v float32) float32 { return float32(math.Log1p(float64(v))) }

const hourMS = 3600 * 1000

func hours(ms int64) float32 { return float32(ms) / hourMS }

// vector writes the columns of the user and the moment, and returns her lift.
func (p *Past) vector(at Moment, k int32, v *[userColumns]float32) (lift float32) {
	part := min(at.Hour/6, 3)
	lift = p.lift(p.c.study.user[k])
	v[uLift] = ln(lift)
	v[uEvidence] = log1p(p.all.expected)
	v[uFrontCTR] = (p.front.clicks + .5) / (p.front.shown + 25)
	v[uDeepCTR] = (p.deep.clicks + .5) / (p.deep.shown + 10)
	v[uImpressions] = log1p(p.impressions)
	v[uClicks] = log1p(p.clicks)
	v[uDays] = p.days
	v[uSessions] = log1p(p.sessions)
	s := &p.session
	ended := p.sessions
	if s.shown > 0 {
		ended--
	}
	v[uBrowsedShare] = (p.browsed + .3) / (ended + 1)
	v[uDepth] = p.depthSum / ended // NaN for 0/0
	v[uRecency], v[uClickRecency], v[uFirstSeen] = nan32, nan32, nan32
	if p.impressions > 0 {
		v[uRecency], v[uFirstSeen] = hours(at.AtMS-p.lastMS), hours(at.AtMS-p.firstMS)/24
	}
	if p.clicks > 0 {
		v[uClickRecency] = hours(at.AtMS - p.lastClickMS)
	}
	v[uDwell] = log1p(p.viewSeconds / p.views)
	v[uSwipes] = (p.swipes + 1) / (p.clicks + 1)
	v[uLikes] = (p.likes + .1) / (p.clicks + 2)
	v[uReads] = (p.reads + .3) / (p.clicks + 2)
	v[uPartCTR] = (p.partClicks[part] + .5) / (p.parts[part] + 15)
	v[uPartShare] = (p.parts[part] + 1) / (p.impressions + 4)
	v[uAge], v[uMonths], v[uFollows] = p.age, p.months, log1p(p.follows)
	v[uGender], v[uProvince] = float32(p.gender), float32(p.province)
	v[mHour] = float32(at.Hour)
	v[mWeekday] = float32(((at.Day+3)%7 + 7) % 7) // 1 January 1970 was a Thursday

	v[sNew], v[sSeconds], v[sDepth], v[sSincePage], v[sSinceClick] = 1, 0, nan32, nan32, nan32
	if s.shown > 0 {
		v[sNew], v[sSeconds] = 0, log1p(float32(at.AtMS-s.startMS)/1000)
		v[sSincePage] = log1p(float32(at.AtMS-p.lastMS) / 1000)
		if s.depth >= 0 {
			v[sDepth] = float32(s.depth)
		}
	}
	if s.clicks > 0 {
		v[sSinceClick] = s.sinceClick
	}
	v[sImpressions], v[sClicks], v[sScreens] = log1p(s.shown), s.clicks, log1p(s.screens)
	v[sLift] = ln((s.clicks + .5) / (s.expected*lift + .5))
	return lift
}

// cardVector writes the columns of a card at the k-th day.
func (c *PairContext) cardVector(card int32, a *cardAttr, k, day int32, v *[cardColumns]float32) {
	n := c.count(card, k)
	kin := c.kin(a, n, k)
	app := c.appLift(n, kin, k)
	v[cLift] = ln(c.ownLift(n, app, k))
	v[cAppLift] = ln(app)
	v[cKin] = ln(kin)
	for level := ofContent1; level <= ofContent3; level++ {
		v[cContent1+level] = nan32
		if code := a.codes[level]; code >= 0 {
			v[cContent1+level] = ln(c.contentLift(level, code, int(k)))
		}
	}
	for kind := ofCreator; kind <= ofTalk; kind++ {
		v[cContent1+kind] = ln(c.others(kind, a, n, k))
	}
	v[cType] = ln(c.groups[ofType].lift(a.codes[ofType], int(k), 1))
	v[cShown], v[cAppShown] = log1p(n.shown), log1p(n.appShown)
	one, three := c.count(card, max(k-1, 0)), c.count(card, max(k-3, 0))
	shown1 := n.appShown - one.appShown
	v[cAppShown1] = log1p(shown1)
	v[cGrowth] = v[cAppShown1] - log1p(n.appShown/max(float32(k), 1))
	v[cTrend1], v[cTrend3] = ln(c.trend(n, one, app, k)), ln(c.trend(n, three, app, k))
	const s = 20 // clicks by which what follows them is shrunk
	v[cLikes] = (n.appLikes + s*c.after[0][k]) / (n.appClicks + s)
	v[cShares] = (n.appShares + s*c.after[1][k]) / (n.appClicks + s)
	v[cComments] = (n.appComments + s*c.after[2][k]) / (n.appClicks + s)
	v[cAge] = nan32
	if a.published != warehouse.UnknownDay {
		v[cAge] = float32(day - a.published)
	}
	v[cFollowers] = a.followers
	v[cKind] = float32(a.codes[ofType])
}

// trend is the lift of the days since before over that of all days.
func (c *PairContext) trend(n, before *cardCount, app float32, k int32) float32 {
	s := c.app[k]
	return (n.appClicks - before.appClicks + s*app) / (app * ((n.appShown-before.appShown)*c.appBase[k] + s))
}

// matchVector writes the columns of the user and the card.
func (c *PairContext) matchVector(p *Past, card int32, a *cardAttr, at Moment, k int32, user float32, taste *[tasteDims]float32, v *[matchColumns]float32) {
	var content, creator *group
	for kind, code := range a.codes {
		g := p.group[kind].find(code)
		switch kind {
		case ofContent1:
			content = g
		case ofCreator:
			creator = g
		}
		s := c.study.match[kind][k]
		v[xContent1+kind] = 0
		if g != nil {
			v[xContent1+kind] = ln((g.evidence.clicks + s) / (g.expected*user + s))
		}
	}
	v[xTaste] = c.study.taste.match(k, a.codes[ofContent1], taste)
	v[xCell] = ln(c.study.cell(p.cell, a.codes[ofContent1], k))
	v[xShows], v[xShownAgo], v[xCardClicks] = 0, nan32, 0
	if seen := p.cards.find(card); seen != nil {
		v[xShows], v[xShownAgo], v[xCardClicks] = seen.shown, hours(at.AtMS-seen.lastMS), seen.clicks
	}
	v[xContentShown], v[xContentAgo], v[xContentVisit], v[xContentVisitClicks] = 0, nan32, 0, 0
	if content != nil {
		v[xContentShown], v[xContentAgo] = log1p(content.shown), hours(at.AtMS-content.lastMS)
		if content.visit == p.sessions && p.session.shown > 0 {
			v[xContentVisit], v[xContentVisitClicks] = content.now.shown, content.now.clicks
		}
	}
	v[xCreatorShown], v[xCreatorClicks] = 0, 0
	if creator != nil {
		v[xCreatorShown], v[xCreatorClicks] = log1p(creator.shown), creator.rate.clicks
	}
	v[xLastContent], v[xLastCreator] = nan32, nan32
	if p.session.clicks > 0 {
		v[xLastContent], v[xLastCreator] = same(p.session.lastContent, a.codes[ofContent1]), same(p.session.lastCreator, a.codes[ofCreator])
	}
}

// same is 1 for equal codes; none is equal to nothing.
func same(a, b int32) float32 {
	if a == b && a >= 0 {
		return 1
	}
	return 0
}

// readyDay is the columns of all cards on one day.
type readyDay struct {
	day   int32
	cards [][cardColumns]float32
}

// readyFor is what was prepared of a day; nil where it was not.
func (c *PairContext) readyFor(day int32) *readyDay {
	if c.ready == nil {
		return nil
	}
	if all := c.ready.Load(); all != nil {
		for _, r := range *all {
			if r.day == day {
				return r
			}
		}
	}
	return nil
}

// Prepare computes the columns that hang on the card and the day alone for days that a server is about to serve: Vectors of those days then
// give the same numbers in less time. It works on so many threads, may be called at any time and replaces the days prepared before. Memory: 92 bytes a card and day.
func (c *PairContext) Prepare(threads int, days ...int32) {
	var all []*readyDay
	for _, day := range days {
		r := c.readyFor(day)
		if r == nil {
			r = &readyDay{day: day, cards: make([][cardColumns]float32, len(c.attrs))}
			var wg sync.WaitGroup
			part := len(c.attrs)/max(threads, 1) + 1
			for from := 0; from < len(c.attrs); from += part {
				wg.Go(func() {
					for card := from; card < min(from+part, len(c.attrs)); card++ {
						c.cardVector(int32(card), &c.attrs[card], c.index(day), day, &r.cards[card])
					}
				})
			}
			wg.Wait()
		}
		all = append(all, r)
	}
	c.ready.Store(&all)
}
