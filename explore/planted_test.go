package explore

import (
	"math"
	"math/rand/v2"
	"testing"
)

// town counts what it shows: cards have appeals of their own, and a card of mean appeal is clicked with chance rate.
type town struct {
	known
	appeal []float64
	rate   float64
}

func newTown(r *rand.Rand, cards int) *town {
	t := &town{known: known{}, rate: .06}
	for range cards {
		t.appeal = append(t.appeal, math.Exp(.6*r.NormFloat64()-.18)) // of mean 1
	}
	return t
}

// show shows a card and counts; it says whether it was clicked.
func (t *town) show(r *rand.Rand, item int32) bool {
	c := t.known[item]
	clicked := r.Float64() < t.rate*t.appeal[item]
	c[0]++
	c[2] += t.rate
	if clicked {
		c[1]++
	}
	t.known[item] = c
	return clicked
}

// run shows cards of one pool by a policy, and counts clicks.
func (t *town) run(r *rand.Rand, p Policy, shows int) (clicks int) {
	pool := poolOf(len(t.appeal))
	chances := make([]float64, len(t.appeal))
	for range shows {
		clear(chances)
		p.Chances(pool, chances)
		if t.show(r, pool.Items[draw(chances, r.Float64())]) {
			clicks++
		}
	}
	return clicks
}

// TestThompsonFindsWhatIsLiked: over ten towns of 16 cards, 6,000 shows each, it gets more clicks than showing all alike, and shows the best two most.
func TestThompsonFindsWhatIsLiked(t *testing.T) {
	uniform, thompson, best, onBest := 0, 0, 0.0, 0.0
	const towns, shows = 10, 6000
	for k := range uint64(towns) {
		a, b := newTown(rand.New(rand.NewPCG(k, 1)), 16), newTown(rand.New(rand.NewPCG(k, 1)), 16)
		p, err := NewThompson(b, ThompsonConfig{})
		if err != nil {
			t.Fatal(err)
		}
		uniform += a.run(rand.New(rand.NewPCG(k, 2)), Uniform{}, shows)
		thompson += b.run(rand.New(rand.NewPCG(k, 2)), p, shows)
		first, second := 0, 1
		for i, v := range b.appeal {
			switch {
			case v > b.appeal[first]:
				first, second = i, first
			case i != first && v > b.appeal[second]:
				second = i
			}
		}
		best += shows * b.rate * b.appeal[first]
		onBest += (b.known[int32(first)][0] + b.known[int32(second)][0]) / (towns * shows)
	}
	t.Logf("clicks: %d of all alike, %d of Thompson sampling, %.0f of the best card alone; %.2f of its shows went to the best two cards", uniform, thompson, best, onBest)
	// Two in three of what knowing the best would gain; of 16 cards two have an eighth of the shows when all are shown alike.
	if float64(thompson-uniform) < (best-float64(uniform))*2/3 || onBest < .5 {
		t.Errorf("it does not find the cards that are liked")
	}
}

// TestBudgetIsSpent: every new card gets its shows, and then none is chosen.
func TestBudgetIsSpent(t *testing.T) {
	w := newTown(rand.New(rand.NewPCG(1, 1)), 8)
	b, err := NewBudget(w, BudgetConfig{Shows: 25, Days: 5})
	if err != nil {
		t.Fatal(err)
	}
	w.run(rand.New(rand.NewPCG(1, 2)), b, 25*6) // cards 0 to 5 are new
	for item := range int32(8) {
		want := 25.
		if item > 5 {
			want = 0
		}
		if got := w.known[item][0]; got != want {
			t.Errorf("card %d was shown %v times; want %v", item, got, want)
		}
	}
	if normalise(chancesOf(b, poolOf(8))) {
		t.Error("the budget is spent, and cards are chosen")
	}
}

// TestStandard: slots with a new card in their pool have the budget's chances besides those of all, every card has an eightieth of the share, and LinUCB is there when contexts are.
func TestStandard(t *testing.T) {
	counts := known{}
	for i := range int32(16) {
		counts[i] = [3]float64{1000, 50, 50}
	}
	counts[3] = [3]float64{1, 0, 0}
	e, l, err := Standard(counts, StandardConfig{Context: 3})
	if err != nil {
		t.Fatal(err)
	}
	if l == nil || e.Context() != 3 || !e.Wants(3, 3) || e.Wants(3, 8) || e.Wants(4, 3) {
		t.Error("the standard explorer is not made as it says")
	}
	pool := poolOf(16)
	pool.X = make([]float32, 3*16)
	// Of ten slots with such a pool, of which two have the new card: each has half of .4 of .8 explored slots, .16, and of the rest .048, as all have.
	p := &Page{Share: .08, Pools: make([]Pool, 10)}
	for k := range p.Pools {
		p.Pools[k] = Pool{Items: pool.Items, Age: make([]int32, 16)}
		for i := range p.Pools[k].Age {
			p.Pools[k].Age[i] = 8 // not new
		}
	}
	p.Pools[1].Age[3], p.Pools[7].Age[3] = 2, 7
	for k, s := range e.chances(p) {
		want := 0.
		if k == 1 || k == 7 {
			want = .16
		}
		if math.Abs(s.fresh-want) > 1e-12 || math.Abs(s.others-.048) > 1e-12 {
			t.Errorf("slot %d: %v for the new card and %v for others; want %v and .048", k, s.fresh, s.others, want)
		}
	}
	for k, c := range chancesOf(e.policy, pool) {
		if .048*c < .08/80-1e-12 {
			t.Errorf("card %d has chance %v of what the budget leaves", k, c)
		}
	}
	if e, l, err = Standard(counts, StandardConfig{}); err != nil || l != nil || e.Context() != 0 {
		t.Errorf("without contexts there is a LinUCB: %v, %v", l, err)
	}
	for _, c := range []StandardConfig{{Cap: -1}, {Budget: BudgetConfig{Shows: -1}}, {Context: -1}} {
		if _, _, err := Standard(counts, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}
