package explore

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func unlimited(tb testing.TB) *Limiter {
	tb.Helper()
	l, err := NewLimiter(2)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// policies of every kind, over cards 0 to 9 of which different things are known, with contexts of 3.
func policies(tb testing.TB) map[string]Policy {
	tb.Helper()
	counts, budget := testBudget(tb)
	thompson, err := NewThompson(counts, ThompsonConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	linucb := learnedState(tb)
	mixture, err := NewMixture(Part{thompson, .25}, Part{linucb, .15}, Part{Uniform{}, .2})
	if err != nil {
		tb.Fatal(err)
	}
	return map[string]Policy{"uniform": Uniform{}, "budget": budget, "thompson": thompson, "linucb": linucb, "mixture": mixture}
}

// testBudget is of cards 0 to 9, new up to 5 days, without a bound of what is given: nobody counts it here.
func testBudget(tb testing.TB) (known, *Budget) {
	tb.Helper()
	counts := known{0: {90, 5, 5}, 1: {20, 3, 2}, 2: {50, 1, 4}, 4: {100, 12, 10}, 7: {3, 1, .2}}
	budget, err := NewBudget(counts, BudgetConfig{Shows: 60, Days: 5, Ahead: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	return counts, budget
}

// pools of slots: 0 to 4, 5 to 9, none, and a single card. Ages are the cards' numbers.
func testPage() *Page {
	return &Page{Request: 5, Share: .3, Pools: []Pool{
		{Items: []int32{0, 1, 2, 3, 4}, Age: []int32{0, 1, 2, 3, 4}},
		{Items: []int32{5, 6, 7, 8, 9}, Age: []int32{5, 6, 7, 8, 9}},
		{},
		{Items: []int32{10}, Age: []int32{10}},
	}, Fill: func(slot int, x []float32) {
		for k := range x {
			x[k] = float32((slot+2)*(k+1)%7) / 7
		}
	}}
}

// TestPropensitiesAreFrequencies: over many seeds, every slot shows every card as often as its propensity says, and pairs of slots as often as if each
// did not know of the other. Bounds are 4.5 standard errors: of some 60 counts one lies outside with chance 4e-4.
func TestPropensitiesAreFrequencies(t *testing.T) {
	const seeds = 60_000
	near := func(t *testing.T, what string, count int, chance float64) {
		t.Helper()
		if sd := math.Sqrt(seeds * chance * (1 - chance)); math.Abs(float64(count)-seeds*chance) > 4.5*sd {
			t.Errorf("%s: %d of %d; %.1f, give or take %.1f, are expected", what, count, seeds, seeds*chance, sd)
		}
	}
	_, budget := testBudget(t)
	configs := map[string]Config{"mixture beside a budget": {Policy: policies(t)["mixture"], Budget: budget}}
	for name, policy := range policies(t) {
		configs[name] = Config{Policy: policy}
	}
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			c.Limiter = unlimited(t)
			e, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			policy, p := c.Policy, testPage()
			type shown struct{ slot, card int }
			counts, propensity, both := map[shown]int{}, map[shown]float64{}, 0
			out := make([]Choice, len(p.Pools))
			for seed := range uint64(seeds) {
				p.Seed = seed
				if e.Explore(p, out) {
					t.Fatal("a page rests that has no limit")
				}
				for slot, c := range out {
					at := shown{slot, c.Card}
					counts[at]++
					if before, seen := propensity[at]; seen && before != c.Propensity {
						t.Fatalf("slot %d shows card %d with propensities %v and %v", slot, c.Card, before, c.Propensity)
					}
					propensity[at] = c.Propensity
					if (c.Context != nil) != (c.Card >= 0 && policy.Context() > 0) {
						t.Fatalf("slot %d shows card %d with a context of %v", slot, c.Card, c.Context)
					}
				}
				if out[0].Card >= 0 && out[1].Card >= 0 {
					both++
				}
			}
			for at, n := range counts {
				near(t, "a slot's card", n, propensity[at])
			}
			// every slot's propensities of what it ever showed sum to 1, less cards too rare to be seen: 1 in 1,000 at most
			for slot := range p.Pools {
				sum := 0.0
				for at, v := range propensity {
					if at.slot == slot {
						sum += v
					}
				}
				if sum < .999 || sum > 1+1e-9 {
					t.Errorf("slot %d: propensities sum to %v", slot, sum)
				}
			}
			stays := func(slot int) float64 { return propensity[shown{slot, -1}] }
			near(t, "both of two slots explore", both, (1-stays(0))*(1-stays(1)))
			if mean := 1 - (stays(0)+stays(1)+stays(3))/3; math.Abs(mean-.3) > 1e-9 || c.Budget == nil && math.Abs(stays(0)-.7) > 1e-12 {
				t.Errorf("slots stay with %v, %v and %v; .7 is expected in the mean", stays(0), stays(1), stays(3))
			}
			if stays(2) != 1 || math.Abs(propensity[shown{3, 0}]+stays(3)-1) > 1e-9 {
				t.Errorf("a slot without a pool stays with %v; a single card is shown with %v", stays(2), propensity[shown{3, 0}])
			}
		})
	}
}

// TestBudgetOfAPage: what slots have for new cards, by hand. Explored slots are the share in the mean; a slot without new cards has none for them.
func TestBudgetOfAPage(t *testing.T) {
	// Cards 0 to 9 are as many days old, new up to 3; of 10 shows, card 0 has 4 left, card 1 none, card 2 all, card 3 has 6.
	counts := known{0: {6, 0, 0}, 1: {10, 0, 0}, 3: {4, 0, 0}}
	for name, test := range map[string]struct {
		share, budget float64
		slots         int
		want          []slot
	}{
		// Left: 4+10, 6, 0 and none to explore in the fourth. Three slots explore .6 in the mean, .24 of it for new cards: 14/20 and 6/20 of that, and .36/3 for all.
		"by what is left": {.2, .4, 40, []slot{{fresh: .168, others: .12}, {fresh: .072, others: .12}, {others: .12}, {}}},
		// 1.5 explore and all of it is for new cards: 1.05 and .45, of which the first keeps .5; .55/3 for all, as far as a slot has room.
		"half a slot at most": {.5, 1, 40, []slot{{fresh: .5, others: .55 / 3}, {fresh: .45, others: .55 / 3}, {others: .55 / 3}, {}}},
		// All explore: 1.2 for new cards, .5 and .36; the rest is all that is left of each.
		"all of a page": {1, .4, 40, []slot{{fresh: .5, others: .5}, {fresh: .36, others: .64}, {others: 2.14 / 3}, {}}},
		// Only the first may: .08 of its .2.
		"one slot": {.2, .4, 1, []slot{{fresh: .08, others: .12}, {}, {}, {}}},
		"none":     {0, .4, 40, make([]slot, 4)},
	} {
		b, err := NewBudget(counts, BudgetConfig{Shows: 10, Days: 3, Share: test.budget})
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(Config{Budget: b, Slots: test.slots})
		if err != nil {
			t.Fatal(err)
		}
		p := &Page{Share: test.share, Pools: []Pool{{Items: []int32{0, 1, 2}, Age: []int32{0, 1, 2}}, {Items: []int32{3, 9}, Age: []int32{3, 9}}, {Items: []int32{8}, Age: []int32{8}}, {}}}
		if diff := cmp.Diff(test.want, e.chances(p), cmp.AllowUnexported(slot{}), cmpopts.IgnoreFields(slot{}, "left"), closely); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for k := range p.Pools {
			p.Pools[k].Age = nil
		}
		for k, s := range e.chances(p) {
			if s.fresh > 0 {
				t.Errorf("%s: slot %d has %v for new cards of a pool of unknown ages", name, k, s.fresh)
			}
		}
	}
}

// spent is a budget's counts that say of every card that it was never shown, and from the second time on that it had all of its shows.
type spent struct{ asked map[int32]int }

func (s spent) Card(item int32) (shows, clicks, expected float64) {
	if s.asked[item]++; s.asked[item] > 1 {
		return 100, 0, 0
	}
	return 0, 0, 0
}

// TestBudgetThatMovesOn: the chances of a page are those of one moment, though other pages show the same cards while it is made.
func TestBudgetThatMovesOn(t *testing.T) {
	for seed := range uint64(200) {
		b, err := NewBudget(spent{map[int32]int{}}, BudgetConfig{Share: 1})
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(Config{Budget: b, Limiter: unlimited(t)})
		if err != nil {
			t.Fatal(err)
		}
		// .5 for the one new card of four, and .4/4 for each.
		out := make([]Choice, 1)
		e.Explore(&Page{Seed: seed, Share: .9, Pools: []Pool{{Items: []int32{0, 1, 2, 3}, Age: []int32{9, 0, 9, 9}}}}, out)
		want := map[int]float64{-1: .1, 0: .1, 1: .6, 2: .1, 3: .1}[out[0].Card]
		if math.Abs(out[0].Propensity-want) > 1e-12 {
			t.Fatalf("seed %d: card %d is shown with propensity %v; want %v", seed, out[0].Card, out[0].Propensity, want)
		}
	}
}

// TestPairsAreIndependent: what two slots show together, by the chi-square of all pairs. It has 35 degrees of freedom; 80 is exceeded by 2e-5.
func TestPairsAreIndependent(t *testing.T) {
	const seeds = 60_000
	e, err := New(Config{Limiter: unlimited(t)})
	if err != nil {
		t.Fatal(err)
	}
	p := testPage()
	p.Share = .5
	var pairs [6][6]float64
	out := make([]Choice, len(p.Pools))
	for seed := range uint64(seeds) {
		p.Seed = seed
		e.Explore(p, out)
		pairs[out[0].Card+1][out[1].Card+1]++
	}
	chance := func(k int) float64 { return []float64{.5, .1}[min(k, 1)] } // stays, or one of five
	square := 0.0
	for i := range pairs {
		for j, n := range pairs[i] {
			want := seeds * chance(i) * chance(j)
			square += (n - want) * (n - want) / want
		}
	}
	if square > 80 {
		t.Errorf("the chi-square of pairs is %.1f", square)
	}
}

func TestExploreIsDetermined(t *testing.T) {
	mixture := policies(t)["mixture"]
	differ := 0
	for seed := range uint64(200) {
		page := func(seed, request uint64) []Choice {
			e, err := New(Config{Policy: mixture, Limiter: unlimited(t)})
			if err != nil {
				t.Fatal(err)
			}
			p := testPage()
			p.Seed, p.Request = seed, request
			out := make([]Choice, len(p.Pools))
			e.Explore(p, out)
			return out
		}
		if diff := cmp.Diff(page(seed, 1), page(seed, 1)); diff != "" {
			t.Fatalf("the same request gets other choices:\n%s", diff)
		}
		if !cmp.Equal(page(seed, 1), page(seed, 2)) {
			differ++
		}
	}
	if differ < 140 { // neither explores with chance .7^6 = .12, and both alike with little more: some 170 of 200 are expected
		t.Errorf("of 200 pairs of requests with the same seed %d differ", differ)
	}
}

// TestSlotsKeepTheirCoins: what a slot shows does not hang on the pools of others.
func TestSlotsKeepTheirCoins(t *testing.T) {
	e, err := New(Config{Limiter: unlimited(t)})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		p, alone := testPage(), testPage()
		p.Seed, alone.Seed = seed, seed
		alone.Pools[0], alone.Pools[3] = Pool{}, Pool{}
		out, other := make([]Choice, 4), make([]Choice, 4)
		e.Explore(p, out)
		e.Explore(alone, other)
		if out[1].Card != other[1].Card || out[1].Propensity != other[1].Propensity {
			t.Fatalf("seed %d: the slot shows %v, and %v when others have no pools", seed, out[1], other[1])
		}
	}
}

// TestRest: a page that could break the cap keeps its cards, says so, and has propensities of 1.
func TestRest(t *testing.T) {
	l, err := NewLimiter(.003) // 2 of 1,000 slots
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Limiter: l, Slots: 2})
	if err != nil {
		t.Fatal(err)
	}
	p := testPage()
	p.Share = 1
	out := make([]Choice, 4)
	if e.Explore(p, out) || out[0].Card < 0 || out[1].Card < 0 || out[3].Card >= 0 || out[0].Propensity != .2 { // 1 in 5 cards
		t.Fatalf("the first page's slots show %v; the first two explore", out)
	}
	if share, of := e.Share(); share != .5 || of != 4 {
		t.Errorf("the share is %v of %d; want .5 of 4", share, of)
	}
	for page := range 249 { // of 4 slots: the first page's are the oldest of the window up to the 250th page
		if !e.Explore(p, out) {
			t.Fatalf("page %d does not rest", page)
		}
		for slot, c := range out {
			if c.Card >= 0 || c.Propensity != 1 {
				t.Fatalf("slot %d of a page that rests shows %v", slot, c)
			}
		}
	}
	if e.Explore(p, out) {
		t.Error("the explored slots have left the window, and the page rests")
	}
	p.Share = 0
	if e.Explore(p, out) || out[0].Propensity != 1 {
		t.Errorf("a page that is not to explore rests, or has propensities %v", out)
	}
	p.Share = math.NaN()
	if e.Explore(p, out) || out[0].Propensity != 1 {
		t.Errorf("a share that is no number gives %v", out)
	}
}

// TestStrangePolicies: a policy that gives nothing, or no numbers, is replaced by chances that are.
func TestStrangePolicies(t *testing.T) {
	for _, v := range []float64{0, math.NaN(), math.Inf(1), -1} {
		e, err := New(Config{Policy: constant(v), Limiter: unlimited(t)})
		if err != nil {
			t.Fatal(err)
		}
		p := testPage()
		p.Share = 1
		out := make([]Choice, 4)
		e.Explore(p, out)
		if math.Abs(out[0].Propensity-.2) > 1e-12 {
			t.Errorf("chances of %v: a propensity of %v; one in five is expected", v, out[0].Propensity)
		}
	}
}

type constant float64

func (constant) Name() string { return "constant" }
func (constant) Context() int { return 0 }
func (c constant) Chances(_ *Pool, out []float64) {
	for k := range out {
		out[k] = float64(c)
	}
}

func TestDrawByHand(t *testing.T) {
	chances := []float64{0, .25, 0, .75, 0}
	for u, want := range map[float64]int{0: 1, .2499: 1, .25: 3, .999999: 3, 1: 3} {
		if got := draw(chances, u); got != want {
			t.Errorf("%v falls on %d; want %d", u, got, want)
		}
	}
	if draw([]float64{0, 0}, .5) != -1 {
		t.Error("something is drawn that has no chance")
	}
}

func BenchmarkExplore(b *testing.B) {
	e, err := New(Config{Policy: policies(b)["mixture"], Limiter: unlimited(b)})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	p := &Page{Share: .08}
	for range 20 {
		var pool Pool
		for range 16 {
			pool.Items, pool.Age = append(pool.Items, r.Int32N(12)), append(pool.Age, r.Int32N(9))
		}
		p.Pools = append(p.Pools, pool)
	}
	out := make([]Choice, 20)
	b.Run("mixture/slots=20/pool=16/share=.08", func(b *testing.B) {
		for b.Loop() {
			p.Seed++
			e.Explore(p, out)
		}
	})
}
