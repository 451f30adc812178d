// Who asks for lists: some users of the judged days, each at the moment of her first impression there, with what was known of her then
// and what she went on to click.

package evaluate

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/warehouse"
)

// gatherAsks reads the log once. examined is the chance of a look by slot, for the weight of what she passed over. Memory: what is known of each
// asking user, some 10 KB.
func gatherAsks(ctx context.Context, w Source, c *feature.PairContext, split Split, o *Options, profiles *warehouse.Profiles, examined []float64) ([]Ask, error) {
	totals, err := w.WindowTotals(ctx, split.JudgeFrom, split.JudgeTo)
	if err != nil {
		return nil, err
	}
	chosen := chooseUsers(totals.Impressions, o.Users, o.Seed)
	if len(chosen) == 0 {
		return nil, errors.New("evaluate: no user comes in the judged days")
	}
	judge := feature.EpochDay(split.JudgeFrom)
	evidence := feed.Evidence(examined)
	var asks []Ask
	err = w.Histories(ctx, split.TrainFrom, split.JudgeTo, func(h *warehouse.Histories) error {
		for k, user := range h.User {
			if _, ok := slices.BinarySearch(chosen, user); !ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			a, err := askOf(h, k, judge, c, profiles, evidence)
			if err != nil {
				return err
			}
			a.N = o.ListLength
			asks = append(asks, a)
		}
		return nil
	})
	return asks, err
}

// chooseUsers are at most n of the users with impressions, by a hash; ascending.
func chooseUsers(impressions []int32, n int, seed uint64) []int32 {
	var users []int32
	for u, count := range impressions {
		if count > 0 {
			users = append(users, int32(u))
		}
	}
	slices.SortFunc(users, func(a, b int32) int {
		return cmp.Or(cmp.Compare(hash(uint64(a), seed), hash(uint64(b), seed)), cmp.Compare(a, b))
	})
	users = users[:min(n, len(users))]
	slices.Sort(users)
	return users
}

// askOf is user k of h at her first row from the day judge on.
func askOf(h *warehouse.Histories, k int, judge int32, c *feature.PairContext, profiles *warehouse.Profiles, evidence candidate.Evidence) (Ask, error) {
	user := h.User[k]
	first := h.Start[k]
	for h.Day[first] < judge {
		first++
	}
	at := feature.Moment{AtMS: h.ShownAtMS[first], Day: h.Day[first], Hour: h.Hour[first]}
	traits := feature.TraitsOf(profiles, user)
	past := c.NewPast(traits)
	clicked := map[int32]bool{}
	for i := h.Start[k]; i < first; i++ {
		past.ObserveEvent(feature.Event{Moment: feature.Moment{AtMS: h.ShownAtMS[i], Day: h.Day[i], Hour: h.Hour[i]}, Card: h.Card[i], Slot: h.Position[i], Flags: h.Flags[i],
			ViewSeconds: h.ViewSeconds[i], Swipes: h.Swipes[i], SwipeViewSeconds: h.SwipeViewSeconds[i]})
		if h.Flags[i]&warehouse.Clicked != 0 {
			clicked[h.Card[i]] = true
		}
	}
	history, err := candidate.EvidenceOf(h, k, at.AtMS, evidence)
	if err != nil {
		return Ask{}, err
	}
	a := Ask{User: user, Request: feed.Request{History: history, Traits: candidate.Traits{Gender: traits.Gender, Age: traits.Age, Province: traits.Province}, At: at, Past: past}}
	for i := first; i < h.Start[k+1]; i++ {
		if h.Flags[i]&warehouse.Clicked != 0 && !clicked[h.Card[i]] {
			a.Relevant = append(a.Relevant, h.Card[i])
		}
	}
	slices.Sort(a.Relevant)
	a.Relevant = slices.Compact(a.Relevant)
	return a, nil
}
