package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/stream"
)

// sights are impressions of all cards of a page.
func (r *rig) sights(user string, p *FeedPage) []stream.Event {
	var out []stream.Event
	for k, c := range p.Cards {
		out = append(out, r.did(stream.Impression, user, c.Item, onPage(p, k)))
	}
	return out
}

// A click counts in the very next page: the card is gone, cards come that it speaks for, and what is believed of her says so. Without a model, too.
func TestEngineAClickCountsAtOnce(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			const user = "newcomer"
			clicked := map[string]bool{}
			caused := false
			for round := range 5 {
				p := r.page(FeedRequest{User: user})
				if len(p.Cards) != 10 || p.Model != model {
					t.Fatalf("round %d: %d cards of model %q", round, len(p.Cards), p.Model)
				}
				for _, c := range p.Cards {
					if clicked[c.Item] {
						t.Errorf("round %d: %s was clicked and comes again", round, c.Item)
					}
					if c.Cause != "" && !clicked[c.Cause] {
						t.Errorf("round %d: %s is there for %s, which she never clicked", round, c.Item, c.Cause)
					}
					caused = caused || clicked[c.Cause]
				}
				slot := 2 * round % 10
				item, content := p.Cards[slot].Item, p.Cards[slot].Content
				click := r.did(stream.Click, user, item, onPage(p, slot))
				r.send(append(r.sights(user, p), click)...)
				clicked[item] = true

				u, err := r.User(context.Background(), user, 3)
				if err != nil {
					t.Fatal(err)
				}
				if u.Impressions != 10*(round+1) || u.Clicks != round+1 || len(u.History) != 3 {
					t.Errorf("round %d: %d impressions, %d clicks, %d rows of history", round, u.Impressions, u.Clicks, len(u.History))
				}
				taste := slices.IndexFunc(u.Tastes, func(t Taste) bool { return t.Content == content })
				if taste < 0 || u.Tastes[taste].Clicks == 0 {
					t.Errorf("round %d: a card of %s was clicked; her tastes are %v", round, content, u.Tastes)
				}
			}
			if !caused {
				t.Error("no card was ever there for one that she clicked")
			}
		})
	}
}

// Cards passed over fade, and are dropped once they were shown twice (feed.Defaults: DropAfter 2).
func TestEngineFatigue(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			shown := map[string]int{}
			for round := range 4 {
				p := r.page(FeedRequest{User: "tired"})
				for _, c := range p.Cards {
					if shown[c.Item] >= 2 {
						t.Errorf("round %d: %s was passed over %d times and comes again", round, c.Item, shown[c.Item])
					}
					shown[c.Item]++
				}
				r.send(r.sights("tired", p)...)
			}
			if len(shown) < 20 {
				t.Errorf("four pages of ten show %d cards", len(shown))
			}
		})
	}
}

// The same request with the same seed gets the same page from the same state, with exploration on; another seed gets others.
func TestEngineSameSeedSamePage(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = .5, 2 }})
			seen := map[string]bool{}
			for seed := range uint64(20) {
				q := FeedRequest{User: userKey(int(seed)), Seed: &seed}
				first := r.page(q)
				again := r.page(q)
				if diff := gocmp.Diff(first, again, cmpopts.IgnoreFields(FeedPage{}, "Request")); diff != "" {
					t.Fatalf("seed %d (-first +again):\n%s", seed, diff)
				}
				r.clock.pass(time.Minute)
				for slot, c := range r.page(q).Cards { // live counts fade within a minute by enough to change the order of equals, and so the pools
					if was := first.Cards[slot]; c.Explored != was.Explored || model != "" && c.Item != was.Item {
						t.Fatalf("seed %d, slot %d: %+v, and a minute later %+v", seed, slot, was, c)
					}
				}
				if first.Request == again.Request || first.Seed != seed {
					t.Errorf("requests %s and %s of seed %d, told as %d", first.Request, again.Request, seed, first.Seed)
				}
				q.User = userKey(3)
				seen[strings.Join(r.page(q).items(), "|")] = true
			}
			if len(seen) < 10 {
				t.Errorf("20 seeds give one user %d pages", len(seen))
			}
			coins := map[string]bool{} // of one seed, by which strangers are not all explored on in the same slots
			for k := range 10 {
				p, text := r.page(FeedRequest{User: fmt.Sprint("stranger ", k), Seed: new(uint64)}), ""
				for _, c := range p.Cards {
					text += fmt.Sprint(c.Explored)
				}
				coins[text] = true
			}
			if len(coins) < 8 { // 10 slots of 2^10 outcomes each: two alike among ten strangers come once in 23 times
				t.Errorf("one seed explores in %d ways for ten strangers", len(coins))
			}
			one, two := r.page(FeedRequest{User: userKey(3)}), r.page(FeedRequest{User: userKey(3)})
			if one.Seed == two.Seed {
				t.Errorf("two requests without a seed draw the same: %d", one.Seed)
			}
		})
	}
}

// Served pages end in the log as they were served; silent ones, and those of nobody, do not.
func TestEngineLogsWhatWasServed(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap = .3, 2 }})
	want, device := map[string]*FeedPage{}, map[string]string{}
	for k := range 30 {
		p := r.page(FeedRequest{User: userKey(k), N: 1 + k, Offset: k % 3, Columns: k % 4, Device: []string{"", "phone"}[k%2]})
		device[p.Request] = []string{"", "phone"}[k%2]
		want["page-"+p.Request] = p
	}
	r.page(FeedRequest{User: userKey(1), Silent: true})
	r.page(FeedRequest{Session: []stream.Event{}})
	r.Engine.Close() // writes what waits
	got := 0
	if err := r.log.Read(context.Background(), 0, 0, func(events []stream.Stored) error {
		for _, e := range events {
			p := want[e.ID]
			if p == nil || e.Kind != stream.Served || e.User != p.User || e.Request != p.Request || e.AtMS != p.AtMS {
				t.Fatalf("in the log: %+v, for %+v", e, p)
			}
			got++
			if e.Page.Model != "a" || e.Page.Seed != p.Seed || e.Page.Columns != p.Columns || e.Page.Device != device[p.Request] || len(e.Page.Cards) != len(p.Cards) {
				t.Fatalf("%+v was served, and logged as %+v", p, e.Page)
			}
			for slot, c := range e.Page.Cards {
				if s := p.Cards[slot]; c.Item != s.Item || c.Score != s.Score || c.Propensity != s.Propensity || c.Explored != s.Explored || c.By != s.By || s.Slot != slot {
					t.Errorf("slot %d is %+v, and logged as %+v", slot, s, c)
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got != len(want) {
		t.Errorf("%d pages are in the log; %d were served", got, len(want))
	}
}

// What a request asks to leave out is left out, of what the model knows and of what it does not.
func TestEngineRequestFilters(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			for k := range 12 {
				category := []string{"even", "odd"}[k%2]
				r.send(r.did(stream.Item, "", fmt.Sprint("new ", k), ofCard(stream.Card{Creator: fmt.Sprint("maker ", k/2), Content: "novel", Categories: []string{category, "new"}})))
			}
			plain := r.page(FeedRequest{User: userKey(1), N: 60})
			if len(plain.Cards) < 20 {
				t.Fatalf("%d cards", len(plain.Cards))
			}
			out := plain.items()[:15]
			for _, c := range r.page(FeedRequest{User: userKey(1), N: 60, Exclude: append(out, "nobody knows this")}).Cards {
				if slices.Contains(out, c.Item) {
					t.Errorf("%s was excluded", c.Item)
				}
			}
			blocked := []string{plain.Cards[0].Creator, plain.Cards[1].Creator, "maker 1", "nobody"}
			for _, c := range r.page(FeedRequest{User: userKey(1), N: 60, BlockedCreators: blocked}).Cards {
				if slices.Contains(blocked, c.Creator) {
					t.Errorf("%s of %s, who was blocked", c.Item, c.Creator)
				}
			}
			for _, contents := range [][]string{{plain.Cards[0].Content}, {"novel"}, {"novel", plain.Cards[3].Content}} {
				p := r.page(FeedRequest{User: userKey(1), Contents: contents})
				if len(p.Cards) != 10 { // there are 20 cards of each content and 12 of the novel; the cap of 5 cards of a topic is for pages of all
					t.Errorf("%d cards of %v", len(p.Cards), contents)
				}
				for _, c := range p.Cards {
					if !slices.Contains(contents, c.Content) {
						t.Errorf("%s of %q where %v is asked for", c.Item, c.Content, contents)
					}
				}
			}
			// 6 of the 12 new items are even, and none of the log's cards is in a category.
			for categories, most := range map[string]int{"even": 6, "new": 12, "even,new": 6, "even,odd": 0, "none": 0} {
				p := r.page(FeedRequest{User: userKey(1), Categories: strings.Split(categories, ",")})
				if len(p.Cards) > most || most > 0 && len(p.Cards) == 0 {
					t.Errorf("%d cards of all of %s; at most %d are expected, and some", len(p.Cards), categories, most)
				}
				for _, c := range p.Cards {
					i, err := r.Item(context.Background(), c.Item)
					if err != nil || slices.ContainsFunc(strings.Split(categories, ","), func(want string) bool { return !slices.Contains(i.Categories, want) }) {
						t.Errorf("%s of %v where %s is asked for: %v", c.Item, i.Categories, categories, err)
					}
				}
			}
		})
	}
}

// A session counts for its page alone, whoever she is, and may name what nobody knows.
func TestEngineSession(t *testing.T) {
	for _, model := range []string{"a", ""} {
		t.Run("model "+model, func(t *testing.T) {
			r := newRig(t, rigOf{model: model, log: newLog(1, false), engine: calm})
			base := r.page(FeedRequest{User: "guest", Silent: true})
			clicks := func(items ...string) (out []stream.Event) {
				for _, i := range items {
					out = append(out, r.did(stream.Click, "guest", i))
				}
				return out
			}
			item := base.Cards[1].Item
			p := r.page(FeedRequest{User: "guest", Silent: true, Session: clicks("never heard of", item)})
			if slices.Contains(p.items(), item) || !slices.ContainsFunc(p.Cards, func(c FeedCard) bool { return c.Cause == item }) {
				t.Errorf("a session with a click on %s gets %+v", item, p.Cards)
			}
			if diff := gocmp.Diff(base.items(), r.page(FeedRequest{User: "guest", Silent: true}).items()); diff != "" {
				t.Errorf("after a session (-before +after):\n%s", diff)
			}
			for name, q := range map[string]FeedRequest{
				"unknown items, unknown user": {User: "guest", Silent: true, Session: clicks("never heard of")},
				"unknown items, nobody":       {Session: clicks("never heard of", "nor of this")},
				"unknown items, known user":   {User: userKey(7), Session: clicks("never heard of")},
				"nobody":                      {Session: clicks(item)},
				"no doings, nobody":           {Session: []stream.Event{}},
				"moments missing":             {Session: []stream.Event{{Kind: stream.Click, Item: item}, {Kind: stream.Click, Item: base.Cards[3].Item}}},
				"of all cards": {Session: clicks(func() (all []string) {
					for i := range logCards - 3 {
						all = append(all, cardKey(i))
					}
					return all
				}()...)},
			} {
				if p := r.page(q); len(p.Cards) == 0 || name == "of all cards" && len(p.Cards) > 3 {
					t.Errorf("%s: %d cards", name, len(p.Cards))
				}
			}
			if _, err := r.User(context.Background(), "guest", 1); !errors.Is(err, ErrUnknownUser) {
				t.Errorf("a guest who did nothing that is logged: %v", err)
			}
		})
	}
}

// A user all of whose rows are of cards that the model, or the view, does not know is served as one without rows.
func TestEngineRowsOfUnknownCards(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	r.page(FeedRequest{User: "early"})
	v := r.now.Load()
	r.send(r.did(stream.Click, "early", "heard of just now"))
	for name, old := range map[string]*view{"with a model": v, "without": func() *view {
		cold, err := newView(nil, v.catalogue, r.state, v.feed.Settings())
		if err != nil {
			t.Fatal(err)
		}
		return cold
	}()} {
		// What a large catalogue, or a view that another request has just fetched, looks like: the state is ahead of it.
		q, err := r.request(old, &FeedRequest{User: "early", N: 5}, r.moment(0), new(askRoom))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		q.N = 5
		if p, err := old.feed.Page(context.Background(), q); err != nil || len(p.Cards) != 5 {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

// Requests that make no sense name their field; nothing panics.
func TestEngineChecksRequests(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false)})
	long := strings.Repeat("x", stream.MaxID+1)
	for field, q := range map[string]FeedRequest{
		"user":     {User: "", N: 5},
		"user ":    {User: long, N: 5},
		"user  ":   {User: "a\x00b", N: 5},
		"user   ":  {User: "a\xffb", N: 5},
		"n":        {User: "u", N: 0},
		"n ":       {User: "u", N: MaxN + 1},
		"columns":  {User: "u", N: 5, Columns: 11},
		"offset":   {User: "u", N: 5, Offset: -1},
		"at_ms":    {User: "u", N: 5, AtMS: -1},
		"device":   {User: "u", N: 5, Device: long},
		"exclude":  {User: "u", N: 5, Exclude: make([]string, maxList+1)},
		"block":    {User: "u", N: 5, BlockedCreators: make([]string, maxList+1)},
		"content":  {User: "u", N: 5, Contents: []string{"there is none"}},
		"category": {User: "u", N: 5, Categories: make([]string, maxList+1)},
		"session":  {N: 5, Session: make([]stream.Event, maxList+1)},
	} {
		_, err := r.Feed(context.Background(), q)
		var in *InputError
		if !errors.As(err, &in) || in.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Feed(ctx, FeedRequest{User: "u", N: 5}); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was called off: %v", err)
	}
	// Far moments are served.
	for _, at := range []time.Time{time.UnixMilli(1), logDate(-4000), logDate(40_000)} {
		r.page(FeedRequest{User: userKey(2), AtMS: at.UnixMilli()})
		r.page(FeedRequest{User: "nobody", AtMS: at.UnixMilli()})
	}
	// A user who was never seen, whatever she is called.
	for _, user := range []string{"nobody", "ünï/cödé?", " ", strings.Repeat("x", stream.MaxID)} {
		if p := r.page(FeedRequest{User: user}); len(p.Cards) != 10 {
			t.Errorf("%q gets %d cards", user, len(p.Cards))
		}
	}
}

// Scores are taken apart where the model knows the card; a new one comes without.
func TestEngineExplains(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	r.send(r.did(stream.Item, "", "brand new", ofCard(stream.Card{Content: "novel", Creator: "creator 1"})))
	p := r.page(FeedRequest{User: userKey(4), N: 100, Explain: true})
	fresh := false
	for _, c := range p.Cards {
		if c.Item == "brand new" {
			fresh = true
			if c.Why != nil {
				t.Errorf("a card that the model does not know is explained: %+v", c.Why)
			}
			continue
		}
		if c.Why == nil || len(c.Why.Parts) == 0 || len(c.Why.Parts) > whyParts {
			t.Fatalf("%s is explained by %+v", c.Item, c.Why)
		}
		for _, part := range c.Why.Parts {
			if part.Means != cardFeatures[part.Feature].means || part.Value == "" {
				t.Errorf("%s: %+v", c.Item, part)
			}
		}
		if !slices.IsSortedFunc(c.Why.Parts, func(a, b Part) int { return cmp.Compare(math.Abs(b.Adds), math.Abs(a.Adds)) }) {
			t.Errorf("%s: the largest part does not come first: %+v", c.Item, c.Why.Parts)
		}
		parts, themes := c.Why.Base+c.Why.Rest, c.Why.Base
		for _, p := range c.Why.Parts {
			parts += p.Adds
		}
		for _, of := range c.Why.Themes {
			themes += of.Adds
		}
		if want := math.Log(c.Click / (1 - c.Click)); math.Abs(parts-want) > 1e-3 || math.Abs(themes-want) > 1e-3 { // the chance is a float32
			t.Errorf("%s: parts sum to %v and themes to %v, the chance of %v is %v in log-odds", c.Item, parts, themes, c.Click, want)
		}
	}
	if !fresh {
		t.Errorf("the new item is not on a page of %d", len(p.Cards))
	}
}
