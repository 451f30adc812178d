// What is on the rise: cards that are clicked more, of late, than their own past and the whole app's course let expect. A rise is judged
// by its lower bound, so that two clicks after one are no trend.

package candidate

import (
	"errors"
	"fmt"
	"math"

	"github.com/seguefeed/segue/warehouse"
)

// TrendingConfig are the settings of FitTrending.
type TrendingConfig struct {
	// Of says what rises: "rate" (the default), clicks per impression, or "volume", clicks a day.
	Of string
	// Recent is how many days before AsOf are the present. 0 means 1.
	Recent int32
	// Past is how many days before those are the past. 0 means 7.
	Past int32
	// MinClicks is what the present must have. 0 means 5.
	MinClicks int64
	// MinImpressions is what both the present and the past must have. 0 means 30.
	MinImpressions int64
	// Z is how many standard errors the lower bound lies below the rise. 0 means 1.28; below 0 the rise itself orders.
	Z float64
	// Limit is the length of the list. 0 means 5,000.
	Limit int
}

// Trending names the cards that rise most. Candidates costs the cards that it walks over. Memory: 8 bytes a card in the list.
type Trending struct {
	List Ranked // scores are the lower bounds of log rises, above 0
}

// DaysOf is the sample's use as daily counts, for logs without those of the app.
func DaysOf(use []warehouse.CardUse) []warehouse.CardDay {
	days := make([]warehouse.CardDay, len(use))
	for k, r := range use {
		days[k] = warehouse.CardDay{Card: r.Card, Day: r.Day, Impressions: r.Impressions, Clicks: r.Clicks}
	}
	return days
}

// FitTrending finds the rises in days, in any order; those from AsOf on are left out. With x clicks in the present and y in the past, of
// exposures e and f (impressions, or days on which the card was there), the log rise is
//
//	log((x + 1/2)/e) - log((y + 1/2)/f) - (the same of all cards together),   variance 1/(x + 1/2) + 1/(y + 1/2)
//
// for Poisson counts (the halves are Haldane's and Anscombe's). Cards are listed whose lower bound is above 0 and that are now
// clicked at least at the pooled rate: what nobody likes can rise and is still not liked.
func FitTrending(s *CardStats, days []warehouse.CardDay, cfg TrendingConfig) (*Trending, error) {
	switch {
	case cfg.Of == "":
		cfg.Of = "rate"
	case cfg.Of != "rate" && cfg.Of != "volume":
		return nil, fmt.Errorf("candidate: trending: of %q; %q or %q are known", cfg.Of, "rate", "volume")
	}
	if cfg.Recent < 0 || cfg.Past < 0 {
		return nil, errors.New("candidate: trending: a present or a past of less than no days")
	}
	if cfg.Recent == 0 {
		cfg.Recent = 1
	}
	if cfg.Past == 0 {
		cfg.Past = 7
	}
	if cfg.MinClicks == 0 {
		cfg.MinClicks = 5
	}
	if cfg.MinImpressions == 0 {
		cfg.MinImpressions = 30
	}
	if cfg.Z == 0 {
		cfg.Z = 1.28
	}
	if cfg.Limit == 0 {
		cfg.Limit = 5000
	}
	counts, all, err := trendCounts(s, days, cfg)
	if err != nil {
		return nil, err
	}
	course := all.rise(cfg.Of)
	pooled := float64(all.now.clicks) / float64(max(all.now.impressions, 1))
	t := best{k: cfg.Limit}
	for card, c := range counts {
		if c.now.clicks < cfg.MinClicks || min(c.now.impressions, c.past.impressions) < cfg.MinImpressions || !s.servable(card) {
			continue
		}
		if float64(c.now.clicks) < pooled*float64(c.now.impressions) {
			continue
		}
		sd := math.Sqrt(1/(float64(c.now.clicks)+.5) + 1/(float64(c.past.clicks)+.5))
		if low := c.rise(cfg.Of) - course - max(cfg.Z, 0)*sd; low > 0 {
			t.offer(Candidate{Item: int32(card), Score: float32(low)})
		}
	}
	return &Trending{List: rankedOf(t.sorted())}, nil
}

type trendSide struct{ impressions, clicks, days int64 }

type trendCount struct{ now, past trendSide }

// rise is the log of the present over the past.
func (c trendCount) rise(of string) float64 {
	e, f := float64(c.now.impressions), float64(c.past.impressions)
	if of == "volume" {
		e, f = float64(c.now.days), float64(c.past.days)
	}
	if e <= 0 || f <= 0 {
		return 0
	}
	return math.Log((float64(c.now.clicks)+.5)/e) - math.Log((float64(c.past.clicks)+.5)/f)
}

// trendCounts sums the two sides, by card and over all. A card's days are those of the side from the first day on which it was there.
func trendCounts(s *CardStats, days []warehouse.CardDay, cfg TrendingConfig) ([]trendCount, trendCount, error) {
	counts := make([]trendCount, s.Len())
	present := s.AsOf - cfg.Recent
	begin := present - cfg.Past
	var all trendCount
	for k, d := range days {
		if d.Card < 0 || int(d.Card) >= len(counts) || d.Impressions < 0 || d.Clicks < 0 {
			return nil, all, fmt.Errorf("candidate: trending: row %d is card %d with %d impressions and %d clicks; a card below %d and counts from 0 are expected",
				k, d.Card, d.Impressions, d.Clicks, len(counts))
		}
		if d.Day < begin || d.Day >= s.AsOf {
			continue
		}
		side, total := &counts[d.Card].now, &all.now
		if d.Day < present {
			side, total = &counts[d.Card].past, &all.past
		}
		for _, t := range []*trendSide{side, total} {
			t.impressions += int64(d.Impressions)
			t.clicks += int64(d.Clicks)
		}
	}
	for card := range counts {
		first := max(begin, s.Cards.Published[card], 0)
		if s.FirstSeen[card] < s.AsOf && s.Cards.Published[card] == warehouse.UnknownDay {
			first = max(begin, s.FirstSeen[card])
		}
		c := &counts[card]
		c.now.days, c.past.days = int64(s.AsOf-max(first, present)), int64(max(present-first, 0))
		all.now.days += max(c.now.days, 0)
		all.past.days += c.past.days
	}
	return counts, all, nil
}

// Name implements Generator.
func (t *Trending) Name() string { return "trending" }

// Candidates implements Generator.
func (t *Trending) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	return t.List.walk(q, k, -1, dst)
}

// Reason implements Generator.
func (t *Trending) Reason(Candidate, Names) string { return "on the rise" }
