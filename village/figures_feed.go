// Figures of the feed's mechanics, of cards and of creators.

package village

import (
	"fmt"
	"math"
	"sort"
)

// feedFigures are screens, positions, repeats, swipes and view time.
func (l *ledger) feedFigures(f *figures) {
	s := &l.sums
	var cards, stamps float64
	var sizes sample
	for k, n := range s.screens {
		cards += float64(k) * float64(n)
		stamps += float64(n)
		for range n {
			sizes = append(sizes, float64(k))
		}
	}
	f.set("feed", "cards a timestamp, mean", cards/stamps)
	f.quantile("feed", "cards a timestamp, median", sizes, .5)
	var days sample
	var shown, userDays, total float64
	l.seen(func(u *userMonth) {
		days = append(days, float64(u.days))
		shown += float64(u.shown)
		userDays += float64(u.days)
	})
	total = shown
	f.set("feed", "impressions a user-day", shown/userDays)
	f.set("feed", "days seen a user, mean", days.mean())
	f.quartiles("feed", "days seen a user, ", days, "median", "90%")
	for p := range s.atShown {
		f.set("click-through rate by position", fmt.Sprint(p), float64(s.atClicks[p])/float64(s.atShown[p]))
	}
	for p := 1; p <= 4; p++ {
		f.set("click-through rate by position, user-days that end by 4", fmt.Sprint(p), float64(s.shortClicks[p])/float64(s.shortShown[p]))
	}
	f.set("repeats", "share of impressions", float64(s.repeats)/total)
	f.set("repeats", "share at the same position", float64(s.repeatsSame)/float64(s.repeats))
	f.set("repeats", "share clicked", float64(s.repeatClicks)/float64(s.repeats))
	f.set("repeats", "click-through rate of first shows", float64(s.clicks-s.repeatClicks)/(total-float64(s.repeats)))
	f.set("swipes", "share of impressions with a list", float64(s.lists)/total)
	f.set("swipes", "swiped cards a list", float64(s.swipes)/float64(s.lists))
	f.set("swipes", "share of view time", float64(s.swipeHundredths)/float64(s.swipeHundredths+s.viewHundredths))
	f.set("swipes", "share of likes", float64(s.swipeLikes)/float64(s.swipeLikes+s.likes))
	f.set("view time", "median, seconds", s.viewQuantile(.5))
	f.set("view time", "90%, seconds", s.viewQuantile(.9))
	f.set("view time", "null on clicks", float64(s.noView)/float64(s.clicks))
	l.contentFigures(f)
}

// viewQuantile is a quantile of the view times, to a hundredth of a second.
func (s *sums) viewQuantile(q float64) float64 {
	want := int64(q * float64(s.views))
	var sofar int64
	for h, n := range s.view {
		if sofar += n; sofar > want {
			return float64(h) / 100
		}
	}
	return viewBins / 100
}

// Contents below one in contentFew of all impressions are left out: their rates are chance.
const contentFew = 2000

// What stands behind the two figures of contents, and has a slope for the fit.
const (
	belowFive     = "share of contents with a CTR below 5%"
	threeOverRest = "the published three's lowest CTR over the highest of the others"
)

// contentFigures are the click-through rates of contents.
func (l *ledger) contentFigures(f *figures) {
	type rate struct {
		leaf int16
		ctr  float64
	}
	var all []rate
	var total int64
	for _, n := range l.sums.contentShown {
		total += n
	}
	for i, c := range l.cat.contents {
		if n := l.sums.contentShown[i+1]; n > 0 && n >= total/contentFew {
			all = append(all, rate{c.levels[2], float64(l.sums.contentClicks[i+1]) / float64(n)})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ctr > all[j].ctr })
	var below, published float64
	for i, c := range all {
		if c.ctr < .05 {
			below++
		}
		if clickedContents[c.leaf] && i < 3 {
			published++
		}
	}
	most := 0.0
	if below > float64(len(all))/2 {
		most = 1
	}
	lowest, rest := math.Inf(1), 0.0
	for _, c := range all {
		if clickedContents[c.leaf] {
			lowest = min(lowest, c.ctr)
		} else {
			rest = max(rest, c.ctr)
		}
	}
	f.set("content", belowFive, below/float64(len(all)))
	f.set("content", threeOverRest, lowest/rest)
	f.set("content", "most contents have a CTR below 5% (1 = yes)", most)
	f.set("content", "of the three of the highest CTR, published ones", published)
}

// cardFigures are the daily statistics of cards, and the catalogue.
func (l *ledger) cardFigures(f *figures) {
	d := &l.cardDay
	shown := make(sample, len(d.shown))
	for i, n := range d.shown {
		shown[i] = float64(n)
	}
	f.quantile("card-days", "median impressions", shown, .5)
	f.quartiles("card-days", "impressions, ", shown, "quartile 1", "quartile 3", "90%", "95%", "99%")
	cards := float64(len(l.cat.cards))
	f.set("card-days", "cards a user", cards/float64(len(l.users)))
	f.set("card-days", "days a card is shown", float64(len(d.shown))/cards)
	clicks := float64(d.clicks)
	f.set("card-days", "click-through rate", clicks/float64(d.total))
	for name, n := range map[string]int64{"likes": d.likes, "comments": d.comments, "shares": d.shares, "comment readings": d.reads, "creator visits": d.visits, "follows": d.follow} {
		f.set("card-days", name+" a click", float64(n)/clicks)
	}
	var ages sample
	var pictures, noContent, noTalk float64
	for i := range l.cat.cards {
		c := &l.cat.cards[i]
		ages = append(ages, float64(c.age))
		if c.kind == 1 {
			pictures++
		}
		if c.content < 0 {
			noContent++
		}
		if c.talk < 0 {
			noTalk++
		}
	}
	f.quantile("cards", "age, median days", ages, .5)
	f.quartiles("cards", "age, ", ages, "quartile 1", "quartile 3", "90%")
	f.set("cards", "share of pictures", pictures/cards)
	f.set("nulls", "content of cards", noContent/cards)
	f.set("nulls", "topic of cards (-1)", noTalk/cards)
}

// creatorFigures are the creators and the days on which they publish.
func (l *ledger) creatorFigures(f *figures) {
	c := &l.creator
	n := float64(l.cat.creators)
	f.set("nulls", "gender of creators", float64(c.noGender)/n)
	f.set("creators", "cards a creator", float64(len(l.cat.cards))/n)
	f.set("creators", "share of days with a row", float64(c.days)/(n*monthDays))
	f.set("creators", "share of days that publish", float64(c.publishing)/float64(c.days))
	f.set("creators", "share of type 0", float64(c.plain)/n)
	followers := make(sample, len(c.followers))
	for i, v := range c.followers {
		followers[i] = float64(v)
	}
	f.quantile("creators", "followers, median", followers, .5)
	f.quartiles("creators", "followers, ", followers, "quartile 3", "90%", "95%", "99%")
	var single, ten float64
	for _, v := range c.published {
		if v == 1 {
			single++
		}
		if v >= 10 {
			ten++
		}
	}
	f.set("creators", "single cards among publishing days", single/float64(len(c.published)))
	f.set("creators", "ten or more among publishing days", ten/float64(len(c.published)))
}
