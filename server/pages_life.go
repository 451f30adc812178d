// Days as a picture: what was shown and clicked on each, and below it the click-through rate. Positions along the days are hundredths of the width, heights are
// pixels, so that nothing is stretched; the same is told as a table for those who do not see it.

package server

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

const (
	lifeTop, lifeBase = 10, 140  // of the bars
	rateTop, rateBase = 168, 228 // of the rates
	lifeSlots         = 14       // days that the width holds at least
	lifeGap           = 8        // days without shows beyond which they are left out
	lifeBreak         = 3        // days that such a gap takes
	lifeFew           = 10       // shows below which a rate tells little
	lifePooled        = 7        // days that a rate is of
)

// lifeView is days as a picture.
type lifeView struct {
	Summary       string
	Bars          []lifeBar
	Lines         []lifeLine // between rates of neighbouring days
	Ticks, Rates  []lifeTick // of shows and of rates, at heights
	Days          []lifeTick // at hundredths of the width
	Gaps          []lifeTick
	Mean          string // height of the rate of all items; "" where it is not known
	MeanText      string
	Published     string // where the day of publication begins; "" where it is not among the days
	Base, Rate    int    // heights of the two base lines
	Height, Under int    // of the picture, and of the words below it
}

type lifeBar struct {
	X, W, Middle, SlotX, SlotW string // hundredths of the width
	Y, H, ClickY, ClickH       string // pixels
	RateY                      string // of the last days, this one being the last; "" where they have too few shows
	Day, Shows, Clicks, Share  string
	Pooled                     string // the rate at RateY
}

type lifeLine struct{ X1, Y1, X2, Y2 string }

type lifeTick struct {
	At, Text string
	End      bool // the words end there
	Spare    bool // they may be left out where there is little room
}

// lifeOf draws days, oldest first. mean is the click-through rate of all items, 0 where it is not known; published may be zero.
func lifeOf(days []ItemDay, mean float64, published time.Time) *lifeView {
	if len(days) == 0 {
		return nil
	}
	v := &lifeView{Base: lifeBase, Rate: rateBase, Height: rateBase + 24, Under: rateBase + 17}
	at, gaps, slots := lifePlaces(days)
	pooled := lifeRates(days)
	most, shows, clicks, best, steepest := 1, 0, 0, days[0], max(mean, .01)
	for k, d := range days {
		most = max(most, d.Shows)
		shows, clicks = shows+d.Shows, clicks+d.Clicks
		if d.Shows > best.Shows {
			best = d
		}
		if pooled[k] > steepest { // not so where there is none
			steepest = pooled[k]
		}
	}
	top, high := roundUp(float64(most)), min(roundUp(steepest), 1)
	wide := 100 / float64(max(slots, lifeSlots))
	height := func(value, of float64, low, up int) string {
		return fixed(float64(low)-float64(low-up)*min(max(value/of, 0), 1), 1)
	}
	for k, d := range days {
		x := float64(at[k]) * wide
		taken := min(d.Clicks, d.Shows)
		b := lifeBar{X: fixed(x+wide*.14, 3), W: fixed(wide*.72, 3), Middle: fixed(x+wide/2, 3), SlotX: fixed(x, 3), SlotW: fixed(wide, 3), Share: "–",
			Y: height(float64(d.Shows), top, lifeBase, lifeTop), ClickY: height(float64(taken), top, lifeBase, lifeTop), Day: d.Day.Format("Monday, 2 January 2006"), Shows: countText(d.Shows), Clicks: countText(d.Clicks)}
		b.H, b.ClickH = belowOf(b.Y), belowOf(b.ClickY)
		if d.Shows > 0 {
			b.Share = shareText(float64(taken) / float64(d.Shows))
		}
		if !math.IsNaN(pooled[k]) {
			b.RateY, b.Pooled = height(pooled[k], high, rateBase, rateTop), shareText(pooled[k])
		}
		if n := len(v.Bars); n > 0 && at[k]-at[k-1] <= lifeGap && b.RateY != "" && v.Bars[n-1].RateY != "" && !slices.Contains(gaps, k) {
			v.Lines = append(v.Lines, lifeLine{v.Bars[n-1].Middle, v.Bars[n-1].RateY, b.Middle, b.RateY})
		}
		v.Bars = append(v.Bars, b)
	}
	v.Ticks = []lifeTick{{At: strconv.Itoa(lifeBase), Text: "0"}, {At: height(.5, 1, lifeBase, lifeTop), Text: numberText(top/2, 4)}, {At: strconv.Itoa(lifeTop), Text: numberText(top, 4)}}
	if top < 2 {
		v.Ticks = []lifeTick{v.Ticks[0], v.Ticks[2]}
	}
	v.Rates = []lifeTick{{At: strconv.Itoa(rateBase), Text: "0%"}, {At: strconv.Itoa(rateTop), Text: numberText(100*high, 3) + "%"}}
	if mean > 0 {
		v.Mean, v.MeanText = height(mean, high, rateBase, rateTop), shareText(mean)
	}
	for _, g := range gaps {
		v.Gaps = append(v.Gaps, lifeTick{At: fixed((float64(at[g])-lifeBreak/2.)*wide, 3), Text: gapText(daysBetween(days[g-1].Day, days[g].Day))})
	}
	for k, d := range days {
		if !published.IsZero() && daysBetween(d.Day, published) == 0 {
			v.Published = fixed(float64(at[k])*wide, 3)
		}
	}
	v.Days = lifeDaysText(days, at, slots, wide)
	v.Summary = lifeSummary(days, shows, clicks, best)
	return v
}

// belowOf is the height of what stands on the base line.
func belowOf(y string) string {
	v, _ := strconv.ParseFloat(y, 64) // written a line above
	return fixed(lifeBase-v, 1)
}

// daysBetween is how many days b is after a, by the calendar.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) int64 {
		year, month, day := t.Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600)
	}
	return int(day(b) - day(a))
}

// lifePlaces says at which place each day stands: days after each other are neighbours, and long gaps are cut out, before the days gaps.
func lifePlaces(days []ItemDay) (at, gaps []int, slots int) {
	at = make([]int, len(days))
	for k := 1; k < len(days); k++ {
		step := max(1, daysBetween(days[k-1].Day, days[k].Day))
		if step > lifeGap {
			gaps, step = append(gaps, k), lifeBreak+1
		}
		at[k] = at[k-1] + step
	}
	return at, gaps, at[len(at)-1] + 1
}

// lifeRates are clicks a show of each day and those before it, lifePooled in all; NaN where these have fewer than lifeFew shows.
func lifeRates(days []ItemDay) []float64 {
	out := make([]float64, len(days))
	from, shows, clicks := 0, 0, 0
	for k, d := range days {
		shows, clicks = shows+d.Shows, clicks+min(d.Clicks, d.Shows)
		for daysBetween(days[from].Day, d.Day) >= lifePooled {
			shows, clicks, from = shows-days[from].Shows, clicks-min(days[from].Clicks, days[from].Shows), from+1
		}
		if out[k] = math.NaN(); shows >= lifeFew {
			out[k] = float64(clicks) / float64(shows)
		}
	}
	return out
}

// lifeDaysText names the last day and at most four before it below the picture, the year where it is another than before.
func lifeDaysText(days []ItemDay, at []int, slots int, wide float64) (out []lifeTick) {
	apart := max(2, (max(slots, lifeSlots)+3)/4)
	end := len(days) - 1
	next, year := -apart, 0
	for k, d := range days {
		if k != end && (at[k]-next < apart || at[end]-at[k] < apart) {
			continue
		}
		text := d.Day.Format("2 Jan")
		if d.Day.Year() != year {
			text = d.Day.Format("2 Jan 2006")
		}
		next, year = at[k], d.Day.Year()
		tick := lifeTick{At: fixed(float64(at[k])*wide, 3), Text: text, Spare: k > 0 && k < end}
		if float64(at[k]+1)*wide > 80 {
			tick.At, tick.End = fixed(float64(at[k]+1)*wide, 3), true
		}
		out = append(out, tick)
	}
	return out
}

// gapText says how long nothing was shown.
func gapText(days int) string {
	switch {
	case days < 60:
		return countOf(days-1, "day")
	case days < 730:
		return countOf(days/30, "month")
	}
	return countOf(days/365, "year")
}

func lifeSummary(days []ItemDay, shows, clicks int, best ItemDay) string {
	first, last := days[0].Day, days[len(days)-1].Day
	text := countOf(shows, "show") + " and " + countOf(clicks, "click")
	format := "2 January"
	if first.Year() != last.Year() {
		format = "2 January 2006"
	}
	if len(days) == 1 {
		text += " on " + first.Format("2 January 2006")
	} else {
		text += fmt.Sprintf(" on %s from %s to %s; most on %s, with %s", countOf(len(days), "day"), first.Format(format), last.Format("2 January 2006"), best.Day.Format(format), countOf(best.Shows, "show"))
	}
	text += "."
	if clicks > 0 {
		text += " " + shareText(float64(clicks)/float64(max(shows, 1))) + " of the shows were clicked."
	}
	return text
}
