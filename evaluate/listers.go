// The methods whose lists are judged: baselines, each generator alone, rankers over the whole catalogue, and whole pages.

package evaluate

import (
	"context"
	"slices"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/warehouse"
)

// living are the cards published before the judged days are over, as far as the request's own day allows.
func living(cards *warehouse.Cards, lastDay int32) []int32 {
	var out []int32
	for i, p := range cards.Published {
		if p <= lastDay {
			out = append(out, int32(i))
		}
	}
	return out
}

// mayList says which cards a list may hold: those published by then that she has not clicked before. Cards that she was only shown may come
// again: to leave them is a method's own business.
func mayList(cards *warehouse.Cards, r *feed.Request) func(int32) bool {
	return func(i int32) bool { return cards.Published[i] <= r.At.Day && r.Past.CardClicks(i) == 0 }
}

// generated lists what a generator names.
func generated(g feed.Fitted, kind Kind, cards *warehouse.Cards) Lister {
	return Lister{Method: g.Name(), Kind: kind, Seconds: g.Seconds, List: func(_ context.Context, r *feed.Request) ([]int32, error) {
		may := mayList(cards, r)
		q := candidate.Query{History: r.History, Traits: r.Traits, AtMS: r.At.AtMS, Day: r.At.Day, Hour: r.At.Hour, Skip: func(i int32) bool { return !may(i) }}
		var list []int32
		for _, c := range g.Candidates(&q, r.N, nil) {
			list = append(list, c.Item)
		}
		return list, nil
	}}
}

// randomly lists cards by a hash of user and card.
func randomly(cards *warehouse.Cards, alive []int32, seed uint64) Lister {
	return Lister{Method: "random", Kind: Baseline, List: func(_ context.Context, r *feed.Request) ([]int32, error) {
		may := mayList(cards, r)
		rng := hash(uint64(r.At.AtMS), seed)
		var list []int32
		for try := 0; len(list) < r.N && try < 50*r.N; try++ {
			rng = hash(rng, uint64(try))
			if i := alive[rng%uint64(len(alive))]; may(i) && !slices.Contains(list, i) {
				list = append(list, i)
			}
		}
		return list, nil
	}}
}

// mostClicked lists the cards with most clicks in the days before those that are judged: what many feeds call popular.
func (e *run) mostClicked(ctx context.Context) (Lister, error) {
	use, err := e.w.CardUse(ctx, e.split.TrainFrom, e.split.ChooseTo)
	if err != nil {
		return Lister{}, err
	}
	clicks := make([]float32, len(e.cards.Creator))
	for _, u := range use {
		clicks[u.Card] += float32(u.Clicks)
	}
	best := candidate.TopK(clicks, len(clicks), nil, nil)
	return Lister{Method: MostClicked, Kind: Baseline, List: func(_ context.Context, r *feed.Request) ([]int32, error) {
		may := mayList(e.cards, r)
		var list []int32
		for _, c := range best {
			if len(list) == r.N {
				break
			}
			if may(c.Item) {
				list = append(list, c.Item)
			}
		}
		return list, nil
	}}, nil
}

// topical lists popular cards of the content that she clicked most, then other popular ones: the first many of what the generator of popular
// cards names are looked through.
func topical(popular feed.Fitted, cards *warehouse.Cards) Lister {
	const many = 2000
	return Lister{Method: TopicPopularity, Kind: Baseline, List: func(_ context.Context, r *feed.Request) ([]int32, error) {
		may := mayList(cards, r)
		count := map[int16]int{}
		best := int16(-1)
		for k, i := range r.History.Item {
			if r.History.Value == nil || r.History.Value[k] > 0 {
				if c := cards.Content[i]; c >= 0 {
					if count[c]++; best < 0 || count[c] >= count[best] {
						best = c
					}
				}
			}
		}
		q := candidate.Query{Day: r.At.Day, Hour: r.At.Hour, Skip: func(i int32) bool { return !may(i) }}
		named := popular.Candidates(&q, many, nil)
		var list []int32
		for _, own := range []bool{true, false} {
			for _, c := range named {
				if len(list) < r.N && (best >= 0 && cards.Content[c.Item] == best) == own {
					list = append(list, c.Item)
				}
			}
		}
		return list, nil
	}}
}

// ranked lists the cards that a ranker scores highest of the whole catalogue.
func ranked(name string, ranker feed.Ranker, cards *warehouse.Cards, alive []int32, seconds float64) Lister {
	const together = 512
	return Lister{Method: name + ", whole catalogue", Kind: Ranker, Seconds: seconds, List: func(ctx context.Context, r *feed.Request) ([]int32, error) {
		may := mayList(cards, r)
		scores := make([]float32, len(alive))
		items, worth := make([]int32, 0, together), make([]feed.Worth, together)
		at := make([]int, 0, together)
		flush := func() error {
			err := ranker.Rank(r, items, worth[:len(items)])
			for k := range items {
				scores[at[k]] = worth[k].Value
			}
			items, at = items[:0], at[:0]
			return err
		}
		for k, i := range alive {
			if scores[k] = -1; !may(i) {
				continue
			}
			if items, at = append(items, i), append(at, k); len(items) == together {
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				if err := flush(); err != nil {
					return nil, err
				}
			}
		}
		if err := flush(); err != nil {
			return nil, err
		}
		var list []int32
		for _, c := range candidate.TopK(scores, r.N, nil, nil) {
			if c.Score >= 0 {
				list = append(list, alive[c.Item])
			}
		}
		return list, nil
	}}
}

// paged lists the cards of a feed's page.
func paged(name string, f *feed.Feed) Lister {
	return Lister{Method: name, Kind: WholePage, List: func(ctx context.Context, r *feed.Request) ([]int32, error) {
		p, err := f.Page(ctx, r)
		if err != nil {
			return nil, err
		}
		var list []int32
		for _, c := range p.Cards {
			list = append(list, c.Item)
		}
		return list, nil
	}}
}
