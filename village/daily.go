// Creators and the daily statistics: what the whole app saw of each card, of
// which the sample's impressions are a part, and what creators published.

package village

import "math"

// counts are what the sample saw of each card on each day, [day*cards+card].
type counts struct {
	shown  []int32
	clicks []int32
}

func newCounts(cards int) *counts {
	return &counts{make([]int32, monthDays*cards), make([]int32, monthDays*cards)}
}

func (c *counts) add(o *counts) {
	for i, v := range o.shown {
		c.shown[i] += v
	}
	for i, v := range o.clicks {
		c.clicks[i] += v
	}
}

// appStats draws the daily statistics of cards.
type appStats struct {
	p      *params
	seed   uint64
	cat    *catalogue
	sample *counts
	front  [monthDays]float64 // impressions of the sample on first pages by day
	deep   [monthDays]float64 // and below
	click  float64            // click chance of a card of mean appeal in the rest of the app
	place  [monthDays][]int32 // card to its place in the day's lotteries, plus one
}

func newAppStats(p *params, seed uint64, cat *catalogue, sample *counts, front, deep [monthDays]int64) *appStats {
	a := &appStats{p: p, seed: seed, cat: cat, sample: sample}
	var shown, weight float64
	for d := range front {
		a.front[d], a.deep[d] = float64(front[d]), float64(deep[d])
		place := make([]int32, len(cat.cards))
		for i, id := range cat.front[d].id {
			place[id] = int32(i + 1)
			e := a.front[d]*float64(cat.front[d].w[i]) + a.deep[d]*float64(cat.deep[d].w[i])
			shown += e
			weight += e * float64(cat.cards[id].appeal)
		}
		a.place[d] = place
	}
	if weight > 0 {
		a.click = p.Cards.AppClick * shown / weight
	}
	return a
}

// draw fills s with card i on day d (0..29); false when nobody was shown it.
func (a *appStats) draw(r *rng, i, d int, s *cardDay) bool {
	n := len(a.cat.cards)
	own, ownClicks := int(a.sample.shown[d*n+i]), int(a.sample.clicks[d*n+i])
	k := a.place[d][i]
	if k == 0 && own == 0 {
		return false
	}
	r.seed(a.seed, streamCardDay, uint64(i)*monthDays+uint64(d))
	rest := 0
	if k > 0 {
		e := a.front[d]*float64(a.cat.front[d].w[k-1]) + a.deep[d]*float64(a.cat.deep[d].w[k-1])
		rest = r.poisson(e * (a.p.Cards.AppPerShown - 1))
	}
	if own+rest == 0 {
		return false
	}
	c := &a.p.Click
	ctr := a.click * float64(a.cat.cards[i].appeal) * math.Exp(0.25*r.normal()-0.03125)
	*s = cardDay{day: d + 1, shown: own + rest, clicks: ownClicks + r.binomial(rest, min(0.9, ctr))}
	s.likes = r.binomial(s.clicks, 0.0426)
	s.comments = r.binomial(s.clicks, c.Comment)
	s.shares = r.binomial(s.clicks, c.Share)
	s.reads = r.binomial(s.clicks, 0.1587)
	s.visits = r.binomial(s.clicks, c.Visit)
	s.follow = r.binomial(s.clicks, c.Follow)
	return true
}

// creatorKinds are the values of creatorType and their shares. Source B.
var creatorKinds = []struct {
	kind  int16
	share float64
}{{0, .9447}, {4, .0481}, {201, .0029}, {2, .0011}, {200, .0008}, {300, .0007}, {204, .0007}, {10, .0005}, {3, .0002}, {202, .0002}, {1, .0001}}

// drawCreator fills c with creator number i.
func drawCreator(r *rng, p *params, seed uint64, level *alias, i int, c *creator) {
	r.seed(seed, streamCreator, uint64(i))
	k := &p.Creators
	*c = creator{}
	if r.float() >= k.NoGender {
		switch u := r.float(); {
		case u < 0.009:
			c.gender = genderUnknown
		case u < 0.54:
			c.gender = genderFemale
		default:
			c.gender = genderMale
		}
	}
	c.months = int32(max(0, math.Round(k.Months.at(r.float()))))
	c.follows = int64(max(0, math.Round(k.Follows.at(r.float()))))
	c.followers = int64(max(0, math.Round(k.Followers.at(r.float()))))
	u := r.float()
	for _, v := range creatorKinds {
		if c.kind = v.kind; u < v.share {
			break
		}
		u -= v.share
	}
	c.level = int8(level.draw(r))
	c.rate = min(0.95, k.Publish*math.Exp(k.PublishSD*r.normal()-k.PublishSD*k.PublishSD/2))
}

// published draws what creator c published on day d: false when that day has no row.
func published(r *rng, p *params, c *creator) (int, bool) {
	if r.float() >= p.Creators.Present {
		return 0, false
	}
	if r.float() >= c.rate {
		return 0, true
	}
	if r.float() < p.Creators.Bulk {
		return int(min(1500, 4*math.Pow(1-r.float(), -1/p.Creators.BulkTail))), true
	}
	return int(min(1500, math.Pow(1-r.float(), -1/p.Creators.CountTail))), true
}
