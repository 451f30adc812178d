package feed

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/feature"
)

// liveCounts are those of a test: what is known of a card hangs on its number.
type liveCounts struct{}

func (liveCounts) Card(item int32) (shows, clicks, expected float64) {
	if item%3 == 0 {
		return 0, 0, 0
	}
	return float64(10 * (item % 11)), float64(item % 7), float64(item%5) + 1
}

// explorers of every policy, without a cap.
func explorers(tb testing.TB) map[string]*explore.Explorer {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	budget, err := explore.NewBudget(liveCounts{}, explore.BudgetConfig{Shows: 50, Days: 12, Ahead: 1 << 30}) // for ever: nobody counts shows here
	must(err)
	thompson, err := explore.NewThompson(liveCounts{}, explore.ThompsonConfig{})
	must(err)
	linucb, err := explore.NewLinUCB(explore.LinUCBConfig{Context: len(ContextColumns())})
	must(err)
	for k := range 100 {
		x := make([]float32, len(ContextColumns()))
		x[0], x[1+k%11] = 1, float32(k%3)
		must(linucb.Observe(x, k%4 == 0, 1))
	}
	mixture, err := explore.NewMixture(explore.Part{Policy: thompson, Weight: 2},
		explore.Part{Policy: linucb, Weight: 1}, explore.Part{Policy: explore.Uniform{}, Weight: 1})
	must(err)
	out := map[string]*explore.Explorer{}
	for name, p := range map[string]explore.Policy{"uniform": explore.Uniform{}, "budget": budget, "thompson": thompson, "linucb": linucb, "mixture": mixture} {
		limiter, err := explore.NewLimiter(2)
		must(err)
		out[name], err = explore.New(explore.Config{Policy: p, Limiter: limiter, Budget: budget})
		must(err)
	}
	return out
}

// falling are worths that fall with the card's number.
func falling(n int) fixed {
	out := make(fixed, n)
	for i := range out {
		out[i] = .5 * float32(n-i) / float32(n)
	}
	return out
}

// exploring is a feed of cards that are worth the less the higher their number.
func exploring(tb testing.TB, e Explorer, s Settings, cards int) *Feed {
	tb.Helper()
	f, err := New(Config{Cards: catalogue(cards), Names: names{}, Generators: []candidate.Generator{listed{"all", ids(0, int32(cards)), -1}}, Ranker: falling(cards),
		Settings: s, Explorer: e})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// TestPagePropensitiesAreFrequencies: over many seeds, whole pages show each card in each slot as often as its propensity says, by every policy.
// Bounds are 4.5 standard errors: of 90 cards and slots one lies outside with chance 6e-4. Two slots together are as often explored as if each did
// not know of the other.
func TestPagePropensitiesAreFrequencies(t *testing.T) {
	const seeds, slots, share = 12_000, 5, .4
	for name, e := range explorers(t) {
		t.Run(name, func(t *testing.T) {
			s := Settings{Explore: share, CreatorCap: 2, TopicCap: 4, FreshShare: .2, FreshDays: 11}
			f := exploring(t, e, s, 60)
			type place struct {
				slot int
				card int32
			}
			counts, propensity := map[place]int{}, map[place]float64{}
			var pairs [slots][slots]int
			var explores [slots]float64 // the chance that a slot does
			for seed := range uint64(seeds) {
				r := &Request{N: slots, At: feature.Moment{Day: 20, AtMS: 1}, Seed: seed, History: candidate.History{Item: []int32{1, 4, 4}}}
				p, err := f.Page(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				explored := 0
				for i, c := range p.Cards {
					at := place{c.Slot, c.Item}
					counts[at]++
					if before, seen := propensity[at]; seen && before != c.Propensity {
						t.Fatalf("card %d in slot %d has propensities %v and %v", c.Item, c.Slot, before, c.Propensity)
					}
					propensity[at] = c.Propensity
					if !c.Explored {
						explores[c.Slot] = 1 - c.Propensity
					} else {
						explored++
						for j := range i {
							if p.Cards[j].Explored {
								pairs[j][i]++
							}
						}
					}
				}
				if p.Trace.Explored != explored || p.Trace.Exploring != slots || p.Trace.Rested {
					t.Fatalf("the trace tells %+v of a page with %d explored slots", p.Trace, explored)
				}
			}
			near := func(what string, n int, chance float64) {
				if sd := math.Sqrt(seeds * chance * (1 - chance)); math.Abs(float64(n)-seeds*chance) > 4.5*sd {
					t.Errorf("%s: %d of %d pages; %.1f, give or take %.1f, are expected", what, n, seeds, seeds*chance, sd)
				}
			}
			var sums [slots]float64
			for at, n := range counts {
				near(fmt.Sprintf("card %d in slot %d", at.card, at.slot), n, propensity[at])
				sums[at.slot] += propensity[at]
			}
			mean := 0.
			for _, chance := range explores {
				mean += chance / slots
			}
			if math.Abs(mean-share) > 1e-9 {
				t.Errorf("slots explore with chance %v, %v in the mean; %v is expected", explores, mean, share)
			}
			for slot, sum := range sums { // less cards too rare to be seen
				if sum < .998 || sum > 1+1e-9 {
					t.Errorf("slot %d: propensities sum to %v", slot, sum)
				}
			}
			for i := range slots {
				for j := range i {
					near(fmt.Sprintf("slots %d and %d explore", j, i), pairs[j][i], explores[j]*explores[i])
				}
			}
		})
	}
}

// TestExploringPagesHoldTheirPromises: whichever slots explore, no card twice, caps and the floor of fresh cards kept, nothing that was filtered,
// cards that do not explore are those of the page as well as it is known, and the same page for the same seed.
func TestExploringPagesHoldTheirPromises(t *testing.T) {
	all := explorers(t)
	rapid.Check(t, func(t *rapid.T) {
		const n = 120
		s := Settings{
			Diversity:  rapid.SampledFrom([]Diversity{NoDiversity, MMR}).Draw(t, "diversity"),
			CreatorCap: rapid.IntRange(0, 3).Draw(t, "creator cap"),
			TopicCap:   rapid.IntRange(0, 9).Draw(t, "topic cap"),
			FreshShare: rapid.SampledFrom([]float64{0, .1, .4}).Draw(t, "fresh"), FreshDays: 11,
			DropAfter: 2,
		}
		cards := catalogue(n)
		for i := range n {
			cards.Content[i], cards.Published[i] = int16(i%2), int32(5+i*7%13) // 3 to 15 days old: fresh ones are those of up to 10 days
			if i%3 == 0 {
				cards.Talk[i] = int32(i % 12)
			}
		}
		name := rapid.SampledFrom([]string{"uniform", "budget", "thompson", "linucb", "mixture"}).Draw(t, "policy")
		greedy, err := New(Config{Cards: cards, Names: names{}, Ranker: falling(n), Settings: s, Generators: []candidate.Generator{listed{"all", ids(0, n), -1}}})
		if err != nil {
			t.Fatal(err)
		}
		s.Explore = rapid.SampledFrom([]float64{.08, .5, 1}).Draw(t, "explore")
		f, err := greedy.With(s)
		if err != nil {
			t.Fatal(err)
		}
		if f, err = f.Exploring(all[name]); err != nil {
			t.Fatal(err)
		}
		r := &Request{N: rapid.IntRange(1, 60).Draw(t, "n"), Before: rapid.SampledFrom([]int{0, 0, 7, 30}).Draw(t, "before"), At: feature.Moment{Day: 20}, Exclude: []int32{3, 40}, BlockedCreators: []int32{25}, Seed: rapid.Uint64().Draw(t, "seed"),
			Shown: shown(map[int32]Shown{50: {Times: 2}, 51: {Times: 1}})}
		page := func(f *Feed) *Page {
			p, err := f.Page(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		known, p := page(greedy), page(f)
		if diff := cmp.Diff(p, page(f)); diff != "" {
			t.Fatalf("the same request gives another page:\n%s", diff)
		}
		if len(p.Cards) != len(known.Cards) {
			t.Fatalf("a page of %d cards explores to one of %d", len(known.Cards), len(p.Cards))
		}
		seen, creators, topics, freshKnown, fresh := map[int32]bool{}, map[int32]int{}, map[int64]int{}, 0, 0
		for _, c := range known.Cards {
			seen[c.Item] = true
			if f.fresh(r, c.Item) {
				freshKnown++
			}
		}
		for k, c := range p.Cards {
			if !c.Explored {
				c.Propensity = 1
				if diff := cmp.Diff(known.Cards[k], c); diff != "" {
					t.Fatalf("slot %d does not explore and shows (-known +got):\n%s", k, diff)
				}
			} else {
				if seen[c.Item] || c.Slot != k || c.Column != k%2 || c.Reason == "" || len(c.Sources) == 0 || !(c.Propensity > 0 && c.Propensity <= min(1, .5+s.Explore)) || k >= all[name].Slots() {
					t.Fatalf("slot %d explores with %+v", k, c)
				}
				seen[c.Item] = true
			}
			if c.Item == 3 || c.Item == 40 || c.Item == 50 || cards.Creator[c.Item] == 25 {
				t.Fatalf("card %d was filtered", c.Item)
			}
			creators[cards.Creator[c.Item]]++
			topics[f.topic(c.Item)]++
			if s.CreatorCap > 0 && creators[cards.Creator[c.Item]] > s.CreatorCap || s.TopicCap > 0 && topics[f.topic(c.Item)] > s.TopicCap {
				t.Fatalf("a cap is not kept with card %d", c.Item)
			}
			if f.fresh(r, c.Item) {
				fresh++
			}
		}
		floor := int(math.Ceil(s.FreshShare*float64(min(r.N, p.Trace.Distinct)) - 1e-9))
		if fresh < min(floor, freshKnown) {
			t.Fatalf("%d fresh cards; the floor is %d, and the page as it is known has %d", fresh, floor, freshKnown)
		}
	})
}

// TestNewCardsGetIntoPools: cards that are wanted have places in pools though a hundred others are worth more.
func TestNewCardsGetIntoPools(t *testing.T) {
	budget, err := explore.NewBudget(liveCounts{}, explore.BudgetConfig{Shows: 50, Days: 2})
	if err != nil {
		t.Fatal(err)
	}
	limiter, err := explore.NewLimiter(2)
	if err != nil {
		t.Fatal(err)
	}
	e, err := explore.New(explore.Config{Policy: budget, Budget: budget, Limiter: limiter})
	if err != nil {
		t.Fatal(err)
	}
	// Of 200 cards, two were published on the days 19 and 21: on day 20 card 198 is the new one, and worth least of all.
	f := exploring(t, e, Settings{Explore: 1}, 200)
	p, err := f.Page(t.Context(), &Request{N: 3, At: feature.Moment{Day: 20}})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, c := range p.Cards {
		if c.Item == 198 {
			if found++; c.Propensity != 1 || !c.Explored {
				t.Errorf("slot %d shows the new card with propensity %v; for certain is expected", c.Slot, c.Propensity)
			}
			continue
		}
		// The other slots have pools without new cards: 16 of the 194 others by score, in turn. They explore with (1-.5/3), since the budget's two fifths of
		// three slots are more than the half that it may have of one.
		if want := (1 - .5/3) / explorationPool; c.Explored && (math.Abs(c.Propensity-want) > 1e-12 || c.Item < 3 || c.Item > 2+3*explorationPool) {
			t.Errorf("slot %d shows card %d with propensity %v; %v is expected", c.Slot, c.Item, c.Propensity, want)
		}
	}
	if found != 1 {
		t.Errorf("the new card is shown %d times; its slot is certain to show it", found)
	}
}

// TestNewCardsStandAnywhere: of users of whom nothing is known, each has the new card in a slot of her own.
func TestNewCardsStandAnywhere(t *testing.T) {
	budget, err := explore.NewBudget(liveCounts{}, explore.BudgetConfig{Shows: 50, Days: 2, Ahead: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	limiter, err := explore.NewLimiter(2)
	if err != nil {
		t.Fatal(err)
	}
	e, err := explore.New(explore.Config{Budget: budget, Limiter: limiter})
	if err != nil {
		t.Fatal(err)
	}
	f := exploring(t, e, Settings{Explore: .2}, 200) // card 198 is the new one; see TestNewCardsGetIntoPools
	const slots, users = 10, 400
	var at [slots]int
	for user := range uint64(users) {
		p, err := f.Page(t.Context(), &Request{N: slots, At: feature.Moment{Day: 20}, User: user + 1, Seed: user})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Cards {
			if c.Item == 198 {
				at[c.Slot]++
			}
		}
	}
	// It is explored with half a chance and little: 200 of 400 and more, 20 a slot, give or take 4.5.
	for slot, n := range at {
		if n < 5 || n > 45 {
			t.Errorf("slot %d showed the new card to %d of %d users: %v", slot, n, users, at)
		}
	}
}

// TestNothingExploresUnasked: neither by default, nor without an explorer, nor on a page that rests.
func TestNothingExploresUnasked(t *testing.T) {
	e := explorers(t)["mixture"]
	limiter, err := explore.NewLimiter(.0001) // no slot of 1,000
	if err != nil {
		t.Fatal(err)
	}
	resting, err := explore.New(explore.Config{Limiter: limiter})
	if err != nil {
		t.Fatal(err)
	}
	on := Defaults()
	on.Explore = ServedExplore
	if (Settings{}).Explore != 0 || Defaults().Explore != 0 {
		t.Error("settings explore that nobody asked to")
	}
	r := &Request{N: 20, At: feature.Moment{Day: 20}, Seed: 3}
	known, err := exploring(t, nil, Defaults(), 200).Page(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*Feed{"default": exploring(t, e, Defaults(), 200), "no explorer": exploring(t, nil, on, 200), "rests": exploring(t, resting, on, 200)} {
		p, err := f.Page(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Trace.Rested != (name == "rests") || p.Trace.Explored != 0 {
			t.Errorf("%s: the trace tells %+v", name, p.Trace)
		}
		if diff := cmp.Diff(known.Cards, p.Cards); diff != "" {
			t.Errorf("%s: cards (-known +got):\n%s", name, diff)
		}
		for _, c := range p.Cards {
			if c.Propensity != 1 || c.Explored {
				t.Errorf("%s: card %d has propensity %v", name, c.Item, c.Propensity)
			}
		}
	}
}

func TestContextsByHand(t *testing.T) {
	e := explorers(t)["linucb"]
	f := exploring(t, e, Settings{Explore: 1, Fatigue: .5}, 8)
	f.c.Cards.Followers = []int64{0, 0, 99, 0}
	// Worths are .5, .4375, ... .0625. The page has card 0; its pool the others that are published, up to 6; she liked card 4 twice and card 2 once, and
	// passed over card 4. Card 4: of content 0 (as 2 is), of creator 2 and of topic content 0; 10 days old; its score is .25/2 of .5.
	r := &Request{N: 1, At: feature.Moment{Day: 20}, History: candidate.History{Item: []int32{4, 2, 4, 5, 99}, Value: []float32{1, 1, 1, -.1, 1}},
		Shown: shown(map[int32]Shown{4: {Times: 1}})}
	c := f.newContexts(r, []*pooled{{score: .5}})
	x := make([]float32, len(contextColumns))
	c.row(&pooled{item: 4, named: make([]naming, 2), worth: Worth{Value: .25, Click: .25}, score: .125}, x)
	want := []float32{1, float32(math.Log(.25/.75) / 4), .25, .5, float32(math.Log(11) / 8), 0, float32(math.Log(100) / 16), .25, float32(math.Log(4) / 8), 1, 2. / 3, 1}
	if diff := cmp.Diff(want, x, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("the context of card 4 (-want +got):\n%s", diff)
	}
	p, err := f.Page(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if card := p.Cards[0]; !card.Explored || len(card.Context) != len(contextColumns) || card.Context[0] != 1 {
		t.Errorf("the card is shown with a context of %v", card.Context)
	}
	// numbers that are none leave a context that LinUCB takes
	c.row(&pooled{item: 7, worth: Worth{Value: float32(math.NaN()), Click: float32(math.NaN())}}, x)
	l, err := explore.NewLinUCB(explore.LinUCBConfig{Context: len(x)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Observe(x, true, 1); err != nil {
		t.Error(err)
	}
}

// narrow is an explorer that reads contexts of another length.
type narrow struct{ Explorer }

func (narrow) Context() int { return 3 }

func TestExplorerOfOtherContexts(t *testing.T) {
	f := exploring(t, nil, Settings{}, 8)
	if _, err := f.Exploring(narrow{}); err == nil {
		t.Error("contexts of 3 columns: no error")
	}
	if _, err := New(Config{Cards: catalogue(4), Generators: []candidate.Generator{listed{"all", nil, -1}}, Ranker: fixed{}, Explorer: narrow{}}); err == nil {
		t.Error("a feed with contexts of 3 columns: no error")
	}
	if _, err := New(Config{Cards: catalogue(4), Generators: []candidate.Generator{listed{"all", nil, -1}}, Ranker: fixed{}, Settings: Settings{Explore: 1.5}}); err == nil {
		t.Error("a share of 1.5: no error")
	}
}

func BenchmarkExploringPage(b *testing.B) {
	for _, share := range []float64{0, ServedExplore} {
		b.Run(fmt.Sprintf("explore=%v/candidates=500/n=20", share), func(b *testing.B) {
			s := Defaults()
			s.Explore = share
			f := exploring(b, explorers(b)["mixture"], s, 2000)
			for seed := uint64(0); b.Loop(); seed++ {
				if _, err := f.Page(context.Background(), &Request{N: 20, At: feature.Moment{Day: 20}, Seed: seed}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
