package server

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seguefeed/segue/stream"
)

// A catalogue too large to be taken up by each request: new items come within seconds, users of whom only such items are known get pages meanwhile, what is
// hidden is gone at once, and a version that is activated makes the next page.
func TestEngineLargeCatalogue(t *testing.T) {
	if testing.Short() {
		t.Skip("tells of more than 20,000 items")
	}
	ctx := context.Background()
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = .3, 2 }})
			for k := 0; k <= smallView; {
				var batch []stream.Event
				for range MaxEvents {
					batch = append(batch, stream.Event{ID: fmt.Sprint("item ", k), Kind: stream.Item, AtMS: r.clock.now().UnixMilli(), Item: fmt.Sprint("many ", k),
						Card: &stream.Card{Content: fmt.Sprint("content ", k%50), Creator: fmt.Sprint("creator ", k%999), PublishedMS: logDate(-30).UnixMilli()}})
					k++
				}
				r.send(batch...)
			}
			eventually(t, "the items are not in the view", func() bool { return len(r.now.Load().toFeed) > smallView })

			// Within the second in which a known item was told of anew, the catalogue does not have a new one yet, and the rows of users who did something with it do.
			r.state.Catalogue()
			now := r.clock.now().UnixMilli()
			r.send(stream.Event{ID: "anew", Kind: stream.Item, AtMS: now, Item: "many 1", Card: &stream.Card{Content: "content 2"}}, stream.Event{ID: "between", Kind: stream.Click, AtMS: now, User: "between", Item: "not there yet"})
			for _, rows := range []int{0, 1} {
				u, err := r.User(ctx, "between", 10)
				if err != nil || u.Clicks != 1 || len(u.History) != rows {
					t.Fatalf("%+v, %v; a click and %d rows are expected", u, err, rows)
				}
				r.clock.pass(2 * viewEvery)
			}

			for k := range 3 { // the view is behind the state for a second after each
				user, item := fmt.Sprint("early ", k), fmt.Sprint("just now ", k)
				r.send(r.did(stream.Item, "", item, ofCard(stream.Card{Content: "novel", Creator: item})), r.did(stream.Impression, user, item), r.did(stream.Click, user, item))
				for _, u := range []string{user, userKey(k)} {
					if p := r.page(FeedRequest{User: u}); len(p.Cards) != 10 || slices.Contains(p.items(), item) && u == user {
						t.Errorf("%s gets %v", u, p.items())
					}
				}
			}
			eventually(t, "a new item is on no page", func() bool {
				for u := range 20 {
					if slices.Contains(r.page(FeedRequest{User: userKey(u), N: 20}).items(), "just now 2") {
						return true
					}
				}
				return false
			})
			gone := r.page(FeedRequest{User: "somebody", N: 20}).items()[:8]
			for k, item := range gone {
				if k%2 == 0 {
					r.send(r.did(stream.ItemDeleted, "", item))
				} else {
					r.send(r.did(stream.Item, "", item, ofCard(stream.Card{Hidden: true})))
				}
				for _, c := range r.page(FeedRequest{User: "somebody", N: 20}).Cards {
					if slices.Contains(gone[:k+1], c.Item) {
						t.Errorf("%s is gone and on a page", c.Item)
					}
				}
			}
			for _, id := range []string{"b", "c"} {
				writeModel(t, r.models, id, id)
				if err := r.Activate(ctx, id, false); err != nil {
					t.Fatal(err)
				}
				if p := r.page(FeedRequest{User: userKey(1)}); p.Model != id || len(p.Cards) != 10 {
					t.Errorf("after %s was activated, a page of %q with %d cards", id, p.Model, len(p.Cards))
				}
			}
		})
	}
}
