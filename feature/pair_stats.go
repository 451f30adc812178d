// Statistics of cards and of what they belong to, as of each day: running sums, and how far a rate of few impressions is to be trusted.

package feature

import (
	"math"

	"github.com/seguefeed/segue/warehouse"
)

// tallies are running sums of clicks, and of what is held against them, by code and day: entry code*days+k sums the days before the
// k-th. A rate is shrunk towards what is thought of it without its own rows: with clicks of a code Poisson of mean lift x n x base, and
// lifts of codes of a gamma distribution of mean 1 and variance 1/strength, the mean lift given the rows is
// (clicks + strength)/(n base + strength) (Robbins 1956; DuMouchel, The American Statistician 53, 1999).
type tallies struct {
	days     int
	at       []tally
	base     []float32 // by k: clicks per n over all codes; 0 while nothing is known
	strength []float32 // by k
}

type tally struct{ clicks, n float32 } // n: impressions, or expected clicks

func newTallies(codes, days int) tallies {
	return tallies{days: days, at: make([]tally, codes*days), base: make([]float32, days), strength: make([]float32, days)}
}

// add counts what happened on the day before the k-th.
func (t *tallies) add(code int32, k int, clicks, n float32) {
	if code < 0 || k >= t.days {
		return
	}
	y := &t.at[int(code)*t.days+k]
	y.clicks += clicks
	y.n += n
}

// accumulate turns counts of days into running sums and finds how far lifts differ. It comes once, before any question.
func (t *tallies) accumulate() {
	for from := 0; from < len(t.at); from += t.days {
		var clicks, n float64 // sums of many days may pass what a float32 counts exactly
		for k := range t.days {
			y := &t.at[from+k]
			clicks += float64(y.clicks)
			n += float64(y.n)
			*y = tally{float32(clicks), float32(n)}
		}
	}
	for k := range t.days {
		var clicks, n float64
		for at := k; at < len(t.at); at += t.days {
			clicks += float64(t.at[at].clicks)
			n += float64(t.at[at].n)
		}
		if n > 0 {
			t.base[k] = float32(clicks / n)
		}
		m := moments{}
		for at := k; at < len(t.at); at += t.days {
			m.add(float64(t.at[at].clicks), float64(t.at[at].n)*float64(t.base[k]))
		}
		t.strength[k] = m.strength()
	}
}

// moments estimate the variance of lifts around 1 by its moments: clicks have variance e + variance x e^2 around their
// expectation e. Rows are weighted by 1/(1+e), near to the inverse of what a row's square says little by.
type moments struct{ over, square float64 }

func (m *moments) add(clicks, e float64) {
	if e <= 0 {
		return
	}
	w := 1 / (1 + e)
	m.over += w * ((clicks-e)*(clicks-e) - e)
	m.square += w * e * e
}

// addShare counts a group of rows of one user, who has so many clicks in all, of which the group's share is expected. Given that number the
// group's clicks have variance spread x clicks x share x (1 - share); what tastes add is in the pairs of clicks.
func (m *moments) addShare(clicks, all, share, spread float64) {
	e := all * share
	if all < 2 || share <= 0 || share >= 1 {
		return
	}
	w := 1 / (1 + e)
	m.over += w * ((clicks-e)*(clicks-e) - spread*e*(1-share))
	m.square += w * (all - 1) / all * e * e * (1 - share) * (1 - share)
}

const (
	minStrength  = .2    // in expected clicks
	maxStrength  = 10000 // lifts that differ by no more than chance
	someStrength = 10    // before there is anything to go by
)

func (m *moments) strength() float32 {
	if m.square == 0 {
		return someStrength
	}
	variance := m.over / m.square
	if variance <= 1./maxStrength {
		return maxStrength
	}
	return float32(min(max(1/variance, minStrength), maxStrength))
}

// lift is the mean lift of a code given its rows before the k-th day and what is thought of it beforehand; NaN for no code.
func (t *tallies) lift(code int32, k int, prior float32) float32 {
	if code < 0 {
		return nan32
	}
	y, s := t.at[int(code)*t.days+k], t.strength[k]
	return (y.clicks + s*prior) / (y.n*t.base[k] + s)
}

// without is lift, thought to be 1 beforehand, without the rows of one card of the code, so that it says something beside the card's own.
func (t *tallies) without(code int32, k int, clicks, n float32) float32 {
	if code < 0 {
		return nan32
	}
	y, s := t.at[int(code)*t.days+k], t.strength[k]
	return (max(y.clicks-clicks, 0) + s) / (max(y.n-n, 0)*t.base[k] + s)
}

var nan32 = float32(math.NaN())

// or is v, or other where v does not exist.
func or(v, other float32) float32 {
	if v != v {
		return other
	}
	return v
}

// slotRates are click-through rates of all users by slot, of the days before the k-th, apart for user-days that went below the first
// page and for those that did not: looked at in passing, the same slot is clicked far less.
type slotRates struct {
	rates [][slotPositions + 1][2]float32 // the last is of rows without a position
}

func newSlotRates(days int) slotRates { return slotRates{make([][slotPositions + 1][2]float32, days)} }

// add sets the rates of day k to those of the rows so far.
func (s *slotRates) set(k int, sums *[slotPositions][2]evidenceSum) {
	var all [2]evidenceSum
	for p := range sums {
		for b := range all {
			all[b].n += sums[p][b].n
			all[b].clicks += sums[p][b].clicks
		}
	}
	whole := all[0].n + all[1].n
	for b := range all {
		prior := 0.0
		if whole > 0 {
			pooled := (all[0].clicks + all[1].clicks) / whole
			prior = (all[b].clicks + slotPrior*pooled) / (all[b].n + slotPrior)
			s.rates[k][slotPositions][b] = float32(pooled)
		}
		for p := range sums {
			s.rates[k][p][b] = float32((sums[p][b].clicks + slotPrior*prior) / (sums[p][b].n + slotPrior))
		}
	}
}

type evidenceSum struct{ n, clicks float64 }

// rate is 0 while nothing is known.
func (s *slotRates) rate(k, slot int32, browses bool) float32 {
	p := min(slot, slotPositions-1)
	if slot < 0 {
		p = slotPositions
	}
	b := 0
	if browses {
		b = 1
	}
	return s.rates[k][p][b]
}

// sumSlots adds the rows of one day.
func sumSlots(sums *[slotPositions][2]evidenceSum, rows []warehouse.SlotUse) {
	for _, r := range rows {
		b := 0
		if r.Depth > firstPage {
			b = 1
		}
		cell := &sums[min(max(r.Position, 0), slotPositions-1)][b]
		cell.n += float64(r.Impressions)
		cell.clicks += float64(r.Clicks)
	}
}
