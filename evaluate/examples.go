// Pages as three users would have seen them: numbers say how good, a page shows of what kind.

package evaluate

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
)

// examples makes pages for a user who was never seen before, one with few clicks and one with many: of each kind the one in the middle
// by impressions.
func (e *run) examples(ctx context.Context) error {
	before, err := e.w.WindowTotals(ctx, e.split.TrainFrom, e.split.ChooseTo)
	if err != nil {
		return err
	}
	userKeys, err := e.w.UserKeys(ctx)
	if err != nil {
		return err
	}
	cardKeys, err := e.w.CardKeys(ctx)
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		who string
		is  func(impressions, clicks int32) bool
	}{
		{"a new user", func(n, _ int32) bool { return n == 0 }},
		{"a light user", func(n, c int32) bool { return c == 1 || c == 2 }},
		{"a heavy user", func(n, c int32) bool { return c >= 10 }},
	} {
		var of []int
		for a := range e.asks {
			if u := e.asks[a].User; kind.is(before.Impressions[u], before.Clicks[u]) {
				of = append(of, a)
			}
		}
		if len(of) == 0 {
			continue
		}
		slices.SortStableFunc(of, func(x, y int) int {
			return cmp.Compare(before.Impressions[e.asks[x].User], before.Impressions[e.asks[y].User])
		})
		ask := &e.asks[of[len(of)/2]]
		page, err := e.feed.Page(ctx, &ask.Request)
		if err != nil {
			return err
		}
		p := ExamplePage{Who: kind.who, User: userKeys[ask.User], At: time.UnixMilli(ask.At.AtMS).UTC(),
			Facts: feed.Facts(feature.TraitsOf(e.profiles, ask.User), int(before.Impressions[ask.User]), int(before.Clicks[ask.User]))}
		chance := make([]float64, len(page.Cards))
		for k := range chance {
			chance[k] = math.NaN()
		}
		if e.o.Truth != nil {
			if err := e.o.Truth.Chance(ask, itemsOf(page), chance); err != nil {
				return err
			}
		}
		for k, c := range page.Cards {
			p.Cards = append(p.Cards, e.exampleCard(ask, c, cardKeys[c.Item], chance[k]))
		}
		e.res.Pages = append(e.res.Pages, p)
	}
	return nil
}

func itemsOf(p *feed.Page) []int32 {
	var out []int32
	for _, c := range p.Cards {
		out = append(out, c.Item)
	}
	return out
}

func (e *run) exampleCard(ask *Ask, c feed.Placed, key string, chance float64) ExampleCard {
	x := ExampleCard{Card: key, Slot: c.Slot, Column: c.Column, AgeDays: -1, Click: float64(c.Click), Reason: c.Reason, Clicked: contains(ask.Relevant, c.Item), True: chance}
	if n := e.cards.Content[c.Item]; n >= 0 {
		x.Content = e.cards.Contents[n].Key
	}
	if n := e.cards.Creator[c.Item]; n >= 0 {
		x.Creator = e.cards.CreatorKeys[n]
	}
	if p := e.cards.Published[c.Item]; p >= 0 {
		x.AgeDays = int(ask.At.Day - p)
	}
	for _, s := range c.Sources {
		x.Sources = append(x.Sources, s.Name)
	}
	return x
}
