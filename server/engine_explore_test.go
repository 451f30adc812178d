package server

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/stream"
)

// newItems tells of items that no model knows.
func (r *rig) newItems(n int) []string {
	var events []stream.Event
	var keys []string
	for k := range n {
		keys = append(keys, fmt.Sprint("new ", k))
		events = append(events, r.did(stream.Item, "", keys[k], ofCard(stream.Card{Content: fmt.Sprint("novel ", k%4), Creator: fmt.Sprint("maker ", k)})))
	}
	r.send(events...)
	return keys
}

// The propensity that a slot tells is the chance with which it shows that card: over seeds, cards come as often as they say. State and model do not change
// meanwhile, so a slot's chance of a card is the same number each time.
func TestEnginePropensitiesAreFrequencies(t *testing.T) {
	pages := 3000
	if testing.Short() {
		pages = 600
	}
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap, c.NewShows = .4, 2, 1e6 }}) // more than will be given
			r.newItems(5)
			const n = 6
			var stays [n]float64
			var told [n]map[string]float64
			var came [n]map[string]int
			for slot := range n {
				told[slot], came[slot] = map[string]float64{}, map[string]int{}
			}
			for seed := range uint64(pages) {
				p := r.page(FeedRequest{User: userKey(4), N: n, Seed: &seed})
				if p.Rested || len(p.Cards) != n {
					t.Fatalf("seed %d: %+v", seed, p)
				}
				for slot, c := range p.Cards {
					if !c.Explored {
						stays[slot] = c.Propensity
					}
					if before, ok := told[slot][c.Item]; ok && math.Abs(before-c.Propensity) > 1e-12 {
						t.Fatalf("slot %d shows %s with a chance of %v, and of %v", slot, c.Item, before, c.Propensity)
					}
					told[slot][c.Item] = c.Propensity
					came[slot][c.Item]++
				}
			}
			// Slots explore with .4 in the mean, more where new items are in their pools; not at all where a slot keeps the floor of fresh cards and there are no others.
			explores, may := 0., 0.
			for _, chance := range stays {
				if chance < 1 {
					explores, may = explores+1-chance, may+1
				}
			}
			if may < 3 || math.Abs(explores/may-.4) > 1e-9 {
				t.Errorf("cards stay with %v: %v slots explore with %v in the mean", stays, may, explores/may)
			}
			cells := 0
			for slot := range n {
				sum := 0.
				for item, p := range told[slot] {
					sum += p
					mean, sd := p*float64(pages), math.Sqrt(p*(1-p)*float64(pages))
					if got := float64(came[slot][item]); math.Abs(got-mean) > 4.5*sd {
						t.Errorf("slot %d: %s came %v times of %d; %.4f says %.1f, give or take %.1f", slot, item, got, pages, p, mean, sd)
					}
					cells++
				}
				// Cards that never came are missing: of a pool of 16 each has a chance of .4 x .2/16 = .005 at least.
				if sum > 1+1e-9 || sum < .9 {
					t.Errorf("slot %d: the chances of what came sum to %v", slot, sum)
				}
			}
			if cells < 5*n {
				t.Errorf("%d different cards in %d slots: the test shows little", cells, n)
			}
		})
	}
}

// Whatever is asked for, and by how many at once, below a tenth of any 1,000 slots explore; what did not could not have.
func TestEngineExploresBelowTheCap(t *testing.T) {
	for _, share := range []float64{0, .5, 1} { // 0 is feed.ServedExplore
		t.Run(fmt.Sprint("share ", share), func(t *testing.T) {
			r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore = share }})
			var slots []bool
			for k := range 250 {
				p := r.page(FeedRequest{User: userKey(k % logUsers), N: 12})
				for _, c := range p.Cards {
					slots = append(slots, c.Explored)
					if p.Rested && (c.Explored || c.Propensity != 1) {
						t.Errorf("a page that rested: %+v", c)
					}
				}
			}
			explored, most := 0, 0
			for k := range slots {
				if slots[k] {
					explored++
				}
				if k >= explore.Window && slots[k-explore.Window] {
					explored--
				}
				most = max(most, explored)
			}
			if most >= 100 || most < 20 { // .1 x 1,000
				t.Errorf("up to %d of 1,000 slots explored", most)
			}
			var all sync.WaitGroup
			for w := range 4 {
				all.Go(func() {
					for k := range 50 {
						if _, err := r.Feed(context.Background(), FeedRequest{User: userKey(w + 4*k%logUsers), N: 20}); err != nil {
							t.Error(err)
						}
						if s := r.Stats().Explored; s >= .1 {
							t.Errorf("%v of the last 1,000 slots explored", s)
						}
					}
				})
			}
			all.Wait()
		})
	}
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	for k := range 50 {
		for _, c := range r.page(FeedRequest{User: userKey(k)}).Cards {
			if c.Explored || c.Propensity != 1 {
				t.Fatalf("told not to explore: %+v", c)
			}
		}
	}
}

// A page that is not logged explores nothing: its propensities would be lost, and others would have to do without.
func TestEngineSilentPagesDoNotExplore(t *testing.T) {
	for _, model := range []string{"a", ""} {
		r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = 1, 2 }})
		for _, q := range []FeedRequest{{User: userKey(1), Silent: true}, {Session: []stream.Event{r.did(stream.Click, "guest", cardKey(1))}}} {
			for _, c := range r.page(q).Cards {
				if c.Explored || c.Propensity != 1 {
					t.Fatalf("model %q: %+v of a page that is not logged", model, c)
				}
			}
		}
		if got := r.Stats().Explored; got != 0 {
			t.Errorf("model %q: %v of the last 1,000 slots count as explored", model, got)
		}
		if p := r.page(FeedRequest{User: userKey(1)}); r.Stats().Explored == 0 || !p.Cards[0].Explored {
			t.Errorf("model %q: a page that is logged does not explore: %+v", model, p)
		}
	}
}

// An item that was told of now is shown now, though no model knows it, until it had its shows; then it has to stand on its own.
func TestEngineShowsNewItems(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			const budget = 5
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap, c.NewShows = .3, 2, budget }})
			items := r.newItems(8)
			shows, explored := map[string]int{}, map[string]int{}
			wanted := func(item string) bool {
				id, _ := r.state.CardID(item)
				return r.explorer.Wants(r.now.Load().feedCard(id), 0)
			}
			for k := range 120 {
				user := userKey(k)
				p := r.page(FeedRequest{User: user})
				var seen []stream.Event
				for slot, c := range p.Cards {
					if slices.Contains(items, c.Item) {
						shows[c.Item]++
						if c.Explored {
							explored[c.Item]++
						}
						seen = append(seen, r.did(stream.Impression, user, c.Item, onPage(p, slot)))
					}
				}
				if len(seen) > 0 {
					r.send(seen...)
				}
			}
			for _, item := range items {
				if shows[item] < budget || wanted(item) {
					t.Errorf("%s was shown %d times, %d by exploring; a budget of %d; more wanted: %v", item, shows[item], explored[item], budget, wanted(item))
				}
			}
			if len(explored) < len(items)/2 { // others are there to keep the floor of fresh cards
				t.Errorf("of %d new items, these were shown by exploring: %v", len(items), explored)
			}
			r.send(r.did(stream.Item, "", "newest", ofCard(stream.Card{})))
			r.page(FeedRequest{User: userKey(1)})
			if !wanted("newest") {
				t.Error("an item that was never shown is not wanted")
			}
		})
	}
}

// A single new item need not wait for the one slot of many that has it in its pool: in a hundred pages of twenty it is explored as often as a new item may be. Two fifths of
// 1.6 explored slots a page are .64, a slot explores it with a half at most: 50 of 100 pages, less those that rest or where it stands on the page of its own worth.
func TestEngineShowsOneNewItemSoon(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { c.NewShows = 90 }})
	liked := r.newItems(8)
	flop := ofCard(stream.Card{Content: "flop"})
	r.send(r.did(stream.Item, "", "flop", flop))
	for k := range 90 { // those that keep the floor of fresh cards had their shows and are liked; nobody clicks what is like the newest
		user := userKey(logUsers + k)
		r.send(r.did(stream.Impression, user, "flop"))
		for _, item := range liked {
			r.send(r.did(stream.Impression, user, item), r.did(stream.Click, user, item))
		}
	}
	r.send(r.did(stream.Item, "", "newest", flop))
	shows, explored := 0, 0
	for k := range 100 {
		user := userKey(k)
		seed := uint64(k)
		p := r.page(FeedRequest{User: user, N: 20, Seed: &seed})
		for slot, c := range p.Cards {
			if c.Item != "newest" {
				continue
			}
			if shows++; c.Explored {
				explored++
			}
			r.send(r.did(stream.Impression, user, c.Item, onPage(p, slot)))
		}
	}
	if explored < 15 { // 35 are usual, give or take 5; 3 where it has to wait for one slot of twenty, give or take 2
		t.Errorf("the one new item was shown %d times on 100 pages, %d by exploring", shows, explored)
	}
}

// A new item is judged by its content before it was ever shown, as far as the model knows it: items of contents that are clicked more are
// worth more, while those of which nothing is known are all alike.
func TestEngineJudgesNewItems(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	worth := func(prefix string) []float64 {
		var out []float64
		for _, c := range r.page(FeedRequest{User: userKey(4), N: 100, Contents: r.contents()}).Cards {
			if strings.HasPrefix(c.Item, prefix) {
				out = append(out, c.Click)
			}
		}
		slices.Sort(out)
		return out
	}
	for k := range logContents {
		r.send(r.did(stream.Item, "", fmt.Sprint("known ", k), ofCard(stream.Card{Content: fmt.Sprintf("1,%d,%d", k/3, k)})),
			r.did(stream.Item, "", fmt.Sprint("novel ", k), ofCard(stream.Card{Content: fmt.Sprint("novel ", k)})))
	}
	if novel := worth("novel"); len(novel) != logContents || novel[0] != novel[logContents-1] {
		t.Errorf("items of which nothing is known are worth %v", novel)
	}
	known := worth("known")
	if len(known) != logContents || known[logContents-1] < 1.1*known[0] {
		t.Errorf("items of contents that are known are worth %v", known)
	}
}

// What goes with a new item, which nobody clicked, are items of its content or its creator; one of which nothing is known has none.
func TestEngineSimilarToNewItems(t *testing.T) {
	ctx := context.Background()
	for _, model := range []string{"a", ""} {
		r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
		r.send(r.did(stream.Item, "", "new", ofCard(stream.Card{Content: "1,1,4", Creator: "creator 3", Categories: []string{"x"}})),
			r.did(stream.Item, "", "sister", ofCard(stream.Card{Creator: "creator 3", Categories: []string{"x"}})), r.did(stream.Item, "", "alone", ofCard(stream.Card{})))
		similar := func(item string, n int, categories ...string) []string {
			t.Helper()
			got, err := r.Similar(ctx, item, n, categories, "")
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for k, s := range got {
				if out = append(out, s.Item); k > 0 && s.Score > got[k-1].Score {
					t.Errorf("model %q: like %s, %v", model, item, got)
				}
			}
			return out
		}
		got := similar("new", 100)
		// There are 20 cards of the content (4, 10, 16, ...), 4 of the creator (3, 33, 63, 93), and the creator's new one.
		if len(got) != 25 || !slices.Contains(got, "sister") || slices.Contains(got, "new") {
			t.Errorf("model %q: like a new item: %v", model, got)
		}
		for _, item := range got {
			if i, err := r.Item(ctx, item); err != nil || i.Content != "1,1,4" && i.Creator != "creator 3" {
				t.Errorf("model %q: like a new item is %+v, %v", model, i, err)
			}
		}
		if got := similar("new", 3); len(got) != 3 {
			t.Errorf("model %q: 3 like a new item: %v", model, got)
		}
		if got := similar("new", 10, "x"); !slices.Equal(got, []string{"sister"}) {
			t.Errorf("model %q: like a new item in its category: %v", model, got)
		}
		if got := similar("alone", 10); len(got) != 0 {
			t.Errorf("model %q: like an item of which nothing is known: %v", model, got)
		}
	}
}

// contents are the names of all contents.
func (r *rig) contents() []string {
	var out []string
	for _, c := range r.state.Catalogue().Cards.Contents {
		out = append(out, c.Key)
	}
	return out
}

// A new item that was clicked is no riddle to what the model folds in; it does not come again, and fatigue knows it.
func TestEngineClicksOnNewItems(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	items := r.newItems(6)
	for k, item := range items[:3] {
		r.send(r.did(stream.Click, "fan", item), r.did(stream.Click, userKey(k), item))
	}
	for range 2 {
		r.send(r.did(stream.Impression, "fan", items[3]))
	}
	for _, user := range []string{"fan", userKey(0), userKey(1)} {
		p := r.page(FeedRequest{User: user, N: 60})
		if len(p.Cards) < 20 {
			t.Errorf("%s gets %d cards", user, len(p.Cards))
		}
		if user == "fan" {
			for k, item := range items {
				if there := slices.Contains(p.items(), item); there != (k > 3) {
					t.Errorf("%s is there: %v", item, there)
				}
			}
		}
	}
}

// Hidden and deleted items are on no page from the moment of their event, whether the model knows them or not; what is shown again comes back.
func TestEngineHiddenItems(t *testing.T) {
	ctx := context.Background()
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = .3, 2 }})
			fresh := r.newItems(6)
			first := r.page(FeedRequest{User: "somebody", N: 20}).items()
			hidden := map[string]bool{}
			hide := func(item string, deleted bool) {
				if hidden[item] = true; deleted {
					r.send(r.did(stream.ItemDeleted, "", item))
				} else {
					r.send(r.did(stream.Item, "", item, ofCard(stream.Card{Hidden: true, Content: "1,0,0"})))
				}
			}
			for k, item := range append(slices.Clone(first[:6]), fresh[:4]...) {
				hide(item, k%2 == 0)
				for u := range 4 {
					for _, c := range r.page(FeedRequest{User: userKey(u), N: 40}).Cards {
						if hidden[c.Item] {
							t.Fatalf("%s is gone and on a page", c.Item)
						}
					}
				}
			}
			r.send(r.did(stream.Click, userKey(3), first[0]), r.did(stream.Like, userKey(3), fresh[1])) // late doings do not bring them back
			latest, err := r.Latest(ctx, 100, 0, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			popular, err := r.Popular(ctx, 100, 0, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			similar, err := r.Similar(ctx, first[10], 100, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range slices.Concat(latest, popular, similar) {
				if hidden[s.Item] {
					t.Errorf("%s is gone and in a list", s.Item)
				}
			}
			for _, c := range r.page(FeedRequest{User: userKey(3), N: 40}).Cards {
				if hidden[c.Item] {
					t.Errorf("%s is gone and on a page", c.Item)
				}
			}
			r.send(r.did(stream.Item, "", fresh[0], ofCard(stream.Card{Content: "novel 0"})))
			back := false
			for u := range 40 {
				back = back || slices.Contains(r.page(FeedRequest{User: userKey(u), N: 20}).items(), fresh[0])
			}
			if !back {
				t.Errorf("%s was told of again and is on no page", fresh[0])
			}
		})
	}
}
