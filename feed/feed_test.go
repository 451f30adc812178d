package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// listed names the items of a list in its order.
type listed struct {
	name  string
	items []int32
	cause int32
}

func (g listed) Name() string { return g.name }

func (g listed) Candidates(q *candidate.Query, k int, dst []candidate.Candidate) []candidate.Candidate {
	for n, i := range g.items {
		if k == 0 {
			break
		}
		if q.Skip != nil && q.Skip(i) {
			continue
		}
		dst = append(dst, candidate.Candidate{Item: i, Score: float32(len(g.items) - n), Cause: g.cause, Group: -1})
		k--
	}
	return dst
}

func (g listed) Reason(c candidate.Candidate, n candidate.Names) string {
	if c.Cause >= 0 {
		return "because you watched " + n.Card(c.Cause)
	}
	return g.name
}

// fixed worth by item; cards beyond are worth 0.
type fixed []float32

func (v fixed) Rank(_ *Request, cards []int32, out []Worth) error {
	for k, i := range cards {
		if int(i) < len(v) {
			out[k] = Worth{Value: v[i], Click: v[i]}
		}
	}
	return nil
}

type names struct{}

func (names) Card(i int32) string    { return fmt.Sprintf("card %d", i) }
func (names) Content(i int32) string { return fmt.Sprintf("content %d", i) }
func (names) Creator(i int32) string { return fmt.Sprintf("creator %d", i) }

// catalogue has n cards of the creators n/2: 0, 0, 1, 1, ..., published on day 10 but for the last two, on day 19 and 21.
func catalogue(n int) *warehouse.Cards {
	c := &warehouse.Cards{Contents: []warehouse.ContentName{{Key: "1,2,3", Levels: [3]int32{1, 2, 3}}, {Key: "1,2,4", Levels: [3]int32{1, 2, 4}}}}
	for i := range n {
		c.Published = append(c.Published, 10)
		c.Content = append(c.Content, int16(i%2))
		c.Creator = append(c.Creator, int32(i/2))
		c.Talk, c.Song, c.Artist = append(c.Talk, -1), append(c.Song, -1), append(c.Artist, -1)
	}
	c.Published[n-2], c.Published[n-1] = 19, 21
	return c
}

func items(p *Page) []int32 {
	var out []int32
	for _, c := range p.Cards {
		out = append(out, c.Item)
	}
	return out
}

func ids(from, to int32) []int32 {
	var out []int32
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func TestPageSteps(t *testing.T) {
	// Eight cards worth .8, .7, ... .1; card 6 is fresh on day 20 and card 7 not yet published.
	worth := fixed{.8, .7, .6, .5, .4, .3, .2, .1}
	all := []candidate.Generator{listed{"all", ids(0, 8), -1}}
	for _, c := range []struct {
		name     string
		settings Settings
		request  Request
		want     []int32
	}{
		{"by value", Settings{}, Request{N: 4}, []int32{0, 1, 2, 3}},
		{"more than there are", Settings{}, Request{N: 100}, []int32{0, 1, 2, 3, 4, 5, 6}},
		{"one card a creator", Settings{CreatorCap: 1}, Request{N: 4}, []int32{0, 2, 4, 6}},
		{"two of a topic", Settings{TopicCap: 2}, Request{N: 8}, []int32{0, 1, 2, 3}},
		{"excluded", Settings{}, Request{N: 2, Exclude: []int32{0, 2}}, []int32{1, 3}},
		{"a blocked creator", Settings{}, Request{N: 2, BlockedCreators: []int32{0}}, []int32{2, 3}},
		{"one category", Settings{}, Request{N: 3, Contents: []int32{1}}, []int32{1, 3, 5}},
		{"a category without cards", Settings{}, Request{N: 3, Contents: []int32{77}}, nil},
		// a floor of half of four slots wants two fresh cards and there is one, in the last slot but one when slots run out
		{"the floor of fresh cards", Settings{FreshShare: .25, FreshDays: 3}, Request{N: 4}, []int32{0, 1, 2, 6}},
		{"a floor that cannot be kept", Settings{FreshShare: .5, FreshDays: 3}, Request{N: 4}, []int32{0, 1, 6, 2}},
		// shown once: .8 * .5 = .4 ties with card 4, whose id is higher
		{"fatigue", Settings{Fatigue: .5}, Request{N: 5, Shown: shown(map[int32]Shown{0: {Times: 1}})}, []int32{1, 2, 3, 0, 4}},
		{"shown twice and passed over", Settings{DropAfter: 2}, Request{N: 2, Shown: shown(map[int32]Shown{0: {Times: 2}, 1: {Times: 1}})}, []int32{1, 2}},
		{"shown twice and clicked", Settings{DropAfter: 2}, Request{N: 2, Shown: shown(map[int32]Shown{0: {Times: 2, Clicked: true}})}, []int32{0, 1}},
		{"clicked cards hidden", Settings{HideClicked: true}, Request{N: 2, Shown: shown(map[int32]Shown{0: {Times: 2, Clicked: true}})}, []int32{1, 2}},
		{"a page after", Settings{}, Request{N: 2, Before: 2}, []int32{2, 3}},
		{"a page after a part of one", Settings{}, Request{N: 3, Before: 1}, []int32{1, 2, 3}},
		{"the last page", Settings{}, Request{N: 5, Before: 5}, []int32{5, 6}},
		{"beyond the last page", Settings{}, Request{N: 5, Before: 10}, nil},
		// two of a topic (even and odd cards) a page of four slots: 0, 1, 2, 3, then 4, 5, 6 and no odd one is left
		{"each page has caps of its own", Settings{TopicCap: 2}, Request{N: 4, Before: 4}, []int32{4, 5, 6}},
		// one of a creator: 0, 2 and 4, and then 1, 3 and 5 of the same creators
		{"a cap is of one page", Settings{CreatorCap: 1}, Request{N: 3, Before: 3}, []int32{1, 3, 5}},
		{"all filtered", Settings{}, Request{N: 2, Exclude: ids(0, 8)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := New(Config{Cards: catalogue(8), Names: names{}, Generators: all, Ranker: worth, Settings: c.settings})
			if err != nil {
				t.Fatal(err)
			}
			c.request.At = feature.Moment{Day: 20}
			p, err := f.Page(t.Context(), &c.request)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, items(p)); diff != "" {
				t.Errorf("cards (-want +got):\n%s", diff)
			}
			for k, card := range p.Cards {
				if card.Slot != k || card.Column != k%2 {
					t.Errorf("card %d is in slot %d, column %d; want %d, %d", k, card.Slot, card.Column, k, k%2)
				}
			}
		})
	}
}

func shown(m map[int32]Shown) func(int32) Shown { return func(i int32) Shown { return m[i] } }

func TestReasons(t *testing.T) {
	f, err := New(Config{Cards: catalogue(8), Names: names{}, Ranker: fixed{.5, .4, .3, .2}, Generators: []candidate.Generator{
		listed{"popular", []int32{0, 1, 2}, -1}, listed{"like", []int32{1, 0, 3}, 5}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Page(t.Context(), &Request{N: 4, At: feature.Moment{Day: 20}, History: candidate.History{Item: []int32{5}}})
	if err != nil {
		t.Fatal(err)
	}
	// Card 0 is first of popular and second of like, which cites what she watched: that is the better reason. Card 2 is of popular alone.
	want := []string{"because you watched card 5", "because you watched card 5", "popular", "because you watched card 5"}
	for k, c := range p.Cards {
		if c.Reason != want[k] {
			t.Errorf("card %d: %q; want %q", c.Item, c.Reason, want[k])
		}
	}
	if diff := cmp.Diff([]Source{{"popular", 0}, {"like", 1}}, p.Cards[0].Sources); diff != "" {
		t.Errorf("sources of card 0 (-want +got):\n%s", diff)
	}
}

// TestPageHoldsItsPromises: whatever the settings, no card twice, caps kept, nothing that was filtered, values that do not rise where nothing
// but value orders them, and the same page again.
func TestPageHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 60
		worth := make(fixed, n)
		for i := range worth {
			worth[i] = float32(rapid.IntRange(0, 40).Draw(t, "worth")) / 40
		}
		worth[rapid.IntRange(0, n-1).Draw(t, "no number")] = float32(math.NaN())
		s := Settings{
			Diversity:  rapid.SampledFrom([]Diversity{NoDiversity, MMR, DPP}).Draw(t, "diversity"),
			Lambda:     rapid.Float64Range(.01, 1).Draw(t, "lambda"),
			CreatorCap: rapid.IntRange(0, 3).Draw(t, "creator cap"),
			TopicCap:   rapid.IntRange(0, 5).Draw(t, "topic cap"),
			FreshShare: rapid.Float64Range(0, 1).Draw(t, "fresh"),
		}
		list := rapid.SliceOfN(rapid.Int32Range(0, n-1), 0, n).Draw(t, "list")
		f, err := New(Config{Cards: catalogue(n), Names: names{}, Ranker: worth, Settings: s,
			Generators: []candidate.Generator{distinct(list), listed{"all", ids(0, n), -1}}})
		if err != nil {
			t.Fatal(err)
		}
		r := &Request{N: rapid.IntRange(1, 80).Draw(t, "n"), Before: rapid.IntRange(0, 80).Draw(t, "before"), At: feature.Moment{Day: 20}, Exclude: []int32{3, 4}}
		p, err := f.Page(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.Page(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(items(p), items(again)); diff != "" {
			t.Fatalf("the same request gives another page:\n%s", diff)
		}
		seen, creators, topics := map[int32]bool{}, map[int32]int{}, map[int16]int{}
		for before := r.Before - r.N; before >= 0; before -= r.N {
			earlier := *r
			earlier.Before = before
			p, err := f.Page(context.Background(), &earlier)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range p.Cards {
				if seen[c.Item] {
					t.Fatalf("card %d is on two pages", c.Item)
				}
				seen[c.Item] = true
			}
		}
		if len(p.Cards) > r.N {
			t.Fatalf("a page of %d has %d cards", r.N, len(p.Cards))
		}
		cards := catalogue(n)
		for k, c := range p.Cards {
			if c.Slot != k || seen[c.Item] || c.Item == 3 || c.Item == 4 || c.Item == n-1 {
				t.Fatalf("card %d is on the page twice, or was filtered", c.Item)
			}
			seen[c.Item] = true
			creators[cards.Creator[c.Item]]++
			topics[cards.Content[c.Item]]++
			if s.CreatorCap > 0 && creators[cards.Creator[c.Item]] > s.CreatorCap || s.TopicCap > 0 && topics[cards.Content[c.Item]] > s.TopicCap {
				t.Fatalf("a cap is not kept with card %d", c.Item)
			}
			if k > 0 && s.Diversity == NoDiversity && s.FreshShare == 0 && c.Score > p.Cards[k-1].Score {
				t.Fatalf("card %d has a higher score than the one before it", c.Item)
			}
		}
	})
}

func distinct(list []int32) candidate.Generator {
	seen := map[int32]bool{}
	var out []int32
	for _, i := range list {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return listed{"some", out, -1}
}

func TestPagesAtOnce(t *testing.T) {
	f, err := New(Config{Cards: catalogue(40), Names: names{}, Generators: []candidate.Generator{listed{"all", ids(0, 40), -1}}, Ranker: fixed{1, 2, 3}, Settings: Defaults()})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := f.Page(context.Background(), &Request{N: 20, At: feature.Moment{Day: 20}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWithAsksForMore: a feed with other settings asks its generators for as many candidates as these say: a third more than an equal share.
func TestWithAsksForMore(t *testing.T) {
	f, err := New(Config{Cards: catalogue(400), Names: names{}, Generators: []candidate.Generator{listed{"all", ids(0, 400), -1}}, Ranker: fixed{}, Settings: Settings{Candidates: 30}})
	if err != nil {
		t.Fatal(err)
	}
	more, err := f.With(Settings{Candidates: 90})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    *Feed
		want int
	}{{f, 40}, {more, 120}} { // 30 x 4/3, 90 x 4/3
		p, err := c.f.Page(t.Context(), &Request{N: 5, At: feature.Moment{Day: 20}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Trace.Named[0].N; got != c.want {
			t.Errorf("%d candidates were named; want %d", got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	good := Config{Cards: catalogue(4), Generators: []candidate.Generator{listed{"all", nil, -1}}, Ranker: fixed{}}
	f, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Page(t.Context(), &Request{}); err == nil {
		t.Error("a page of no cards: no error")
	}
	if _, err := f.Page(t.Context(), &Request{N: 1, Before: -1}); err == nil {
		t.Error("a page after less than none: no error")
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := f.Page(ctx, &Request{N: 1}); !errors.Is(err, why) {
		t.Errorf("a cancelled context gives %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"no cards":          func(c *Config) { c.Cards = nil },
		"no generator":      func(c *Config) { c.Generators = nil },
		"no ranker":         func(c *Config) { c.Ranker = nil },
		"quotas":            func(c *Config) { c.Quota = []int{1, 2} },
		"unknown diversity": func(c *Config) { c.Settings.Diversity = "some" },
		"lambda":            func(c *Config) { c.Settings.Lambda = 1.5 },
		"negative":          func(c *Config) { c.Settings.CreatorCap = -1 },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLikenessByHand(t *testing.T) {
	c := catalogue(4)
	l := newLikeness(c)
	// Cards have a creator (.25) and three levels of content (.15+.1+.05): norms are the root of .55.
	// 0 and 1: the creator, and the upper two levels: (.25+.1+.05)/.55; 0 and 2: all levels: .3/.55
	for _, w := range []struct {
		a, b int32
		want float64
	}{{0, 0, 1}, {0, 1, .4 / .55}, {0, 2, .3 / .55}, {0, 3, .15 / .55}} {
		if got := l.of(w.a, w.b); math.Abs(got-w.want) > 1e-6 {
			t.Errorf("likeness of %d and %d is %v; want %v", w.a, w.b, got, w.want)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	for _, d := range []Diversity{NoDiversity, MMR, DPP} {
		b.Run(fmt.Sprintf("diversity=%s/candidates=500/n=20", d), func(b *testing.B) {
			s := Defaults()
			s.Diversity = d
			f, err := New(Config{Cards: catalogue(2000), Names: names{}, Generators: []candidate.Generator{listed{"all", ids(0, 2000), -1}}, Ranker: fixed(make([]float32, 2000)), Settings: s})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := f.Page(context.Background(), &Request{N: 20, At: feature.Moment{Day: 20}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
