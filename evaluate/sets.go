// The impressions of the three parts of a split, as rows with features, and what baselines make of them.

package evaluate

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/warehouse"
)

// build makes the rows of some days, of as many users as give no more than rows. They know what was known when their session began: rankers
// are trained and judged as of the moment at which all of a page is ordered.
func build(ctx context.Context, w Source, c *feature.PairContext, from, to time.Time, rows int, o *Options) (*feature.PairSet, feature.PairOptions, error) {
	opt := feature.PairOptions{From: from, To: to, Seed: o.Seed, AsOf: feature.SessionStart, MaxRows: rows, Threads: o.Threads}
	totals, err := w.WindowTotals(ctx, from, to)
	if err != nil {
		return nil, opt, err
	}
	all := 0
	for _, n := range totals.Impressions {
		all += int(n)
	}
	if all > rows {
		opt.UserShare = .97 * float64(rows) / float64(all)
	}
	opt.MaxRows = rows + rows/10 // users differ in how much they are shown
	set, err := feature.BuildPairs(ctx, w, c, opt)
	return set, opt, err
}

// sessionGapMS is the longest pause within a session, as in feature.PairSet.
const sessionGapMS = 30 * 60 * 1000

// column is the values of a feature by row.
func column(set *feature.PairSet, name string) ([]float64, error) {
	for j, c := range set.Columns {
		if c.Name != name {
			continue
		}
		out := make([]float64, set.Rows)
		for i := range out {
			out[i] = float64(set.X[i*len(set.Columns)+j])
		}
		return out, nil
	}
	return nil, fmt.Errorf("evaluate: there is no feature %q", name)
}

// baselines are the methods that any other has to beat: chance, the order that was shown, popularity, and popularity within the
// content that she clicked most before.
func baselines(ctx context.Context, w Source, set *feature.PairSet, opt feature.PairOptions, cards *warehouse.Cards, from time.Time) ([]Scored, error) {
	popular, err := column(set, "card_lift") // as of the day: the card's smoothed click-through rate over that of its slots
	if err != nil {
		return nil, err
	}
	favourite, err := favourites(ctx, w, set, opt, cards, from)
	if err != nil {
		return nil, err
	}
	random, logged, topical := make([]float64, set.Rows), make([]float64, set.Rows), make([]float64, set.Rows)
	for i := range set.Rows {
		random[i] = float64(hash(uint64(set.User[i])<<32|uint64(set.Card[i]), uint64(set.AtMS[i]))>>11) / (1 << 53)
		logged[i] = -float64(set.Slot[i])
		if math.IsNaN(popular[i]) {
			popular[i] = 0
		}
		topical[i] = popular[i] / (1 + popular[i]) // below 1, so that the favourite content comes first whatever the rest
		if favourite[i] >= 0 && cards.Content[set.Card[i]] == favourite[i] {
			topical[i]++
		}
	}
	return []Scored{
		{Method: "random", Kind: Baseline, Score: random},
		{Method: "logged order", Kind: Baseline, Score: logged},
		{Method: Popularity, Kind: Baseline, Score: popular},
		{Method: TopicPopularity, Kind: Baseline, Score: topical},
	}, nil
}

// Names of baselines in tables.
const (
	Popularity      = "popularity"
	MostClicked     = "most clicked"
	TopicPopularity = "popularity in her topic"
)

// hash mixes two numbers.
func hash(a, b uint64) uint64 { return splitmix.Mix(a ^ b*splitmix.Gamma) }

// favourites are, by row of set, the content that the user clicked most before its session, the one clicked last of several; -1 for none.
func favourites(ctx context.Context, w Source, set *feature.PairSet, opt feature.PairOptions, cards *warehouse.Cards, from time.Time) ([]int16, error) {
	out := make([]int16, set.Rows)
	first := feature.EpochDay(opt.From)
	next := 0
	count := make([]int32, len(cards.Contents))
	err := w.Histories(ctx, from, opt.To, func(h *warehouse.Histories) error {
		for k, user := range h.User {
			if next >= set.Rows || set.User[next] != user {
				continue
			}
			clear(count)
			best := int16(-1)
			for i := h.Start[k]; i < h.Start[k+1]; {
				to := i
				for to < h.Start[k+1] && (to == i || h.ShownAtMS[to]-h.ShownAtMS[to-1] <= sessionGapMS) {
					if h.Day[to] >= first {
						out[next] = best
						next++
					}
					to++
				}
				for ; i < to; i++ { // what she did in this session counts from the next on
					if c := cards.Content[h.Card[i]]; c >= 0 && h.Flags[i]&warehouse.Clicked != 0 {
						if count[c]++; best < 0 || count[c] >= count[best] {
							best = c
						}
					}
				}
			}
		}
		return nil
	})
	if err == nil && next != set.Rows {
		err = fmt.Errorf("evaluate: %d impressions were expected and %d came; was the log changed meanwhile?", set.Rows, next)
	}
	return out, err
}
