// What the generators know of each card as of a day, gathered once and shared: how often it was shown and clicked, decayed with time, and
// what the card table says of it.

package candidate

import (
	"fmt"
	"math"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// StatsConfig says how counts become what is known of cards.
type StatsConfig struct {
	// HalfLife is the days after which a day's counts weigh half. 0 means 7; below 0 counts do not decay.
	HalfLife float64
	// Horizon is the number of days, from AsOf on, whose new cards may be named. 0 means 1: those published on the day AsOf
	// itself, since what was fitted in the night serves that day.
	Horizon int32
}

// Source says whose impressions and clicks a card is judged by.
type Source string

const (
	// AppUse is all users of the app: many more than the sample, and less noise. It is the default where there is any.
	AppUse Source = "app"
	// SampleUse is the users of the log.
	SampleUse Source = "sample"
)

// CardStats is what is known of cards as of a day: nothing in it comes from that day or a later one, the card table's rows apart, which
// do not change. Columns are by card id and have the same length. Memory: 64 bytes a card.
type CardStats struct {
	AsOf    int32 // days since 1970-01-01 in the log's zone
	Horizon int32

	Impressions, Clicks       []float64 // of the sample, decayed
	AppImpressions, AppClicks []float64 // of all users of the app, decayed
	Shown                     []int64   // impressions, not decayed; of the app, or of the sample where that shows more
	FirstSeen                 []int32   // the first day with impressions; math.MaxInt32 where there is none

	Cards *warehouse.Cards // shared, not copied
}

// decayUnit is the weight 1 of a count in fixed point. Rows of counts come in no particular order, and whole numbers add to the same
// sum in any.
const decayUnit = 1 << 20

// NewCardStats gathers what use (the sample's impressions and clicks) and days (those of all users of the app; nil where the log has
// none) say of the cards before the day asOf; rows of later days are left out. A row of a card that cards does not have, or with
// a negative count, is an error. The cost is linear in the rows.
func NewCardStats(cards *warehouse.Cards, use []warehouse.CardUse, days []warehouse.CardDay, asOf int32, cfg StatsConfig) (*CardStats, error) {
	if cards == nil {
		return nil, fmt.Errorf("candidate: statistics of cards need the card table")
	}
	n := len(cards.Listed)
	for _, column := range []int{len(cards.Published), len(cards.Type), len(cards.Content), len(cards.Song), len(cards.Artist), len(cards.Creator), len(cards.Talk)} {
		if column != n {
			return nil, fmt.Errorf("candidate: the card table has columns of %d and %d rows; as many of each are expected", n, column)
		}
	}
	if cfg.Horizon == 0 {
		cfg.Horizon = 1
	}
	s := &CardStats{AsOf: asOf, Horizon: max(cfg.Horizon, 0), Cards: cards, Shown: make([]int64, n), FirstSeen: make([]int32, n)}
	for i := range s.FirstSeen {
		s.FirstSeen[i] = math.MaxInt32
	}
	weight := decayWeights(asOf, cfg.HalfLife)
	var err error
	sample := func(k int) (card, day, impressions, clicks int32) {
		r := &use[k]
		return r.Card, r.Day, r.Impressions, r.Clicks
	}
	if s.Impressions, s.Clicks, err = s.add(len(use), "sample", sample, weight); err != nil {
		return nil, err
	}
	app := func(k int) (card, day, impressions, clicks int32) {
		r := &days[k]
		return r.Card, r.Day, r.Impressions, r.Clicks
	}
	s.AppImpressions, s.AppClicks, err = s.add(len(days), "app", app, weight)
	return s, err
}

// decayWeights is the weight of a day's counts, in fixed point.
func decayWeights(asOf int32, halfLife float64) func(day int32) int64 {
	if halfLife == 0 {
		halfLife = 7
	}
	known := map[int32]int64{}
	return func(day int32) int64 {
		w, ok := known[day]
		if !ok {
			w = decayUnit
			if halfLife > 0 { // the day before AsOf weighs 1
				w = int64(math.Round(decayUnit * math.Exp2(-float64(asOf-1-day)/halfLife)))
			}
			known[day] = w
		}
		return w
	}
}

// add sums n rows into decayed columns.
func (s *CardStats) add(n int, whose string, row func(int) (card, day, impressions, clicks int32), weight func(int32) int64) (impressions, clicks []float64, err error) {
	cards := len(s.Shown)
	sum := make([][2]int64, cards)
	shown := make([]int64, cards)
	for k := range n {
		card, day, i, c := row(k)
		if card < 0 || int(card) >= cards || i < 0 || c < 0 {
			return nil, nil, fmt.Errorf("candidate: %s use: row %d is card %d with %d impressions and %d clicks; a card below %d and counts from 0 are expected",
				whose, k, card, i, c, cards)
		}
		if day >= s.AsOf {
			continue
		}
		w := weight(day)
		sum[card][0] += w * int64(i)
		sum[card][1] += w * int64(c)
		shown[card] += int64(i)
		if i > 0 && day < s.FirstSeen[card] {
			s.FirstSeen[card] = day
		}
	}
	impressions, clicks = make([]float64, cards), make([]float64, cards)
	for i, v := range sum {
		impressions[i], clicks[i] = float64(v[0])/decayUnit, float64(v[1])/decayUnit
		s.Shown[i] = max(s.Shown[i], shown[i])
	}
	return impressions, clicks, nil
}

// Len is the number of cards.
func (s *CardStats) Len() int { return len(s.Shown) }

// source is the given one, or the app's use where there is any, else the sample's.
func (s *CardStats) source(given Source) (Source, error) {
	switch given {
	case AppUse, SampleUse:
		return given, nil
	case "":
		for _, n := range s.AppImpressions {
			if n > 0 {
				return AppUse, nil
			}
		}
		return SampleUse, nil
	}
	return "", fmt.Errorf("candidate: source %q: %q or %q are known", given, AppUse, SampleUse)
}

// counts is the decayed impressions and clicks of a card; logs have cards with more clicks than impressions on a day, whose clicks
// are cut to those.
func (s *CardStats) counts(from Source, card int) (n, c float64) {
	if from == AppUse {
		n, c = s.AppImpressions[card], s.AppClicks[card]
	} else {
		n, c = s.Impressions[card], s.Clicks[card]
	}
	return n, min(n, c)
}

// servable says whether a card is published early enough to be named.
func (s *CardStats) servable(card int) bool { return s.Cards.Published[card] < s.AsOf+s.Horizon }

// asOfDay is the moment that a day of the log begins, as the warehouse asks for days.
func asOfDay(day int32) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }
