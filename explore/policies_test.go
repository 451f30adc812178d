package explore

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var closely = cmpopts.EquateApprox(0, 1e-12)

func TestUniformByHand(t *testing.T) {
	if diff := cmp.Diff([]float64{.25, .25, .25, .25}, chancesOf(Uniform{}, poolOf(4)), closely); diff != "" {
		t.Error(diff)
	}
}

func TestBudgetByHand(t *testing.T) {
	// Cards are 0, 1, 2, 3, 4 days old; new up to 3. Of 10 shows, cards 0, 1, 2 have 8, 2 and 0 left, card 3 has all 10: 8/20, 2/20, 0, 10/20.
	b, err := NewBudget(known{0: {2, 0, 0}, 1: {8, 1, 1}, 2: {12, 9, 9}}, BudgetConfig{Shows: 10, Days: 3})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{.4, .1, 0, .5, 0}, chancesOf(b, poolOf(5)), closely); diff != "" {
		t.Error(diff)
	}
	old := &Pool{Items: []int32{0, 3}, Age: []int32{4, 400}}
	if diff := cmp.Diff([]float64{0, 0}, chancesOf(b, old)); diff != "" {
		t.Errorf("cards that are not new (-want +got):\n%s", diff)
	}
	old.Age = nil
	if diff := cmp.Diff([]float64{0, 0}, chancesOf(b, old)); diff != "" {
		t.Errorf("cards of unknown age (-want +got):\n%s", diff)
	}
	for item, want := range map[int32]float64{0: 8, 2: 0, 7: 10} {
		if got := b.Left(item, 0); got != want {
			t.Errorf("card %d has %v shows left; want %v", item, got, want)
		}
	}
}

// TestBudgetLooksAhead: who was given all of her shows waits for their count, or a minute, and nobody is kept from what is left.
func TestBudgetLooksAhead(t *testing.T) {
	counts := known{0: {7, 0, 0}}
	b, err := NewBudget(counts, BudgetConfig{Shows: 10, Days: 3})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_000_000, 0)
	b.now = func() time.Time { return at }
	left := func(want float64) {
		t.Helper()
		if got := b.Left(0, 0); got != want {
			t.Fatalf("%v shows are left; want %v", got, want)
		}
	}
	left(3)
	b.give(0, 0)
	b.give(0, 0)
	b.give(1, 0) // another card
	b.give(0, 4) // as one that is not new
	left(3)
	b.give(0, 0)
	left(0) // 3 of 3 are on their way
	counts[0] = [3]float64{8, 0, 0}
	left(0) // 2 of 2
	at = at.Add(givenFor)
	left(0)
	b.give(0, 0) // another server's, say: 3 of 2
	left(0)
	at = at.Add(givenFor - time.Second)
	left(0)
	at = at.Add(time.Second) // those of a minute ago will not be seen: 1 of 2 is on its way
	left(2)
	counts[0] = [3]float64{9, 0, 0} // and is counted
	left(1)
	b.give(0, 0)
	left(0)
	at = at.Add(time.Hour)
	left(1)
	b.give(0, 0)
	left(0)
	counts[0] = [3]float64{10, 0, 0}
	at = at.Add(time.Hour)
	left(0)
}

func TestMixtureByHand(t *testing.T) {
	b, err := NewBudget(known{1: {5, 0, 0}}, BudgetConfig{Shows: 10, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMixture(Part{b, 3}, Part{Uniform{}, 1})
	if err != nil {
		t.Fatal(err)
	}
	// Budget: 10/15, 5/15, 0, 0. With weights .75 and .25: .75*2/3+.0625, .75/3+.0625, .0625, .0625
	if diff := cmp.Diff([]float64{.5625, .3125, .0625, .0625}, chancesOf(m, poolOf(4)), closely); diff != "" {
		t.Error(diff)
	}
	// no card is new: the budget's weight is the others'
	if diff := cmp.Diff([]float64{.5, .5}, chancesOf(m, &Pool{Items: []int32{0, 1}, Age: []int32{9, 9}}), closely); diff != "" {
		t.Error(diff)
	}
	if m.Name() != "budget+uniform" || m.Context() != 0 {
		t.Errorf("a mixture called %q with contexts of %d", m.Name(), m.Context())
	}
}

// TestThompsonByHand: cards of which the same is known have the same chance, and with more clicks a card has more.
func TestThompsonByHand(t *testing.T) {
	p, err := NewThompson(known{0: {9, 5, 5}, 1: {9, 5, 5}, 2: {9, 9, 5}, 3: {9, 1, 5}}, ThompsonConfig{})
	if err != nil {
		t.Fatal(err)
	}
	c := chancesOf(p, poolOf(4))
	if c[0] != c[1] || !(c[2] > c[0]) || !(c[0] > c[3]) || !(c[3] > 0) {
		t.Errorf("chances are %v", c)
	}
	// A single card is the best. So is one of counts that are no numbers.
	for _, counts := range []known{{}, {0: {math.NaN(), math.Inf(1), -3}}, {0: {1, math.NaN(), math.Inf(1)}}} {
		p, err := NewThompson(counts, ThompsonConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if got := chancesOf(p, poolOf(1)); got[0] != 1 {
			t.Errorf("%v: the chance of a single card is %v", counts, got)
		}
	}
	// Two of which one surely is the better: the other is never drawn.
	p, err = NewThompson(known{0: {9, 100_000, 1000}, 1: {9, 10, 1000}}, ThompsonConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := chancesOf(p, poolOf(2)); got[0] != 1 || got[1] != 0 {
		t.Errorf("chances are %v; want 1 and 0", got)
	}
}

func TestPoliciesRefuse(t *testing.T) {
	linucb := func(d int) Policy {
		l, err := NewLinUCB(LinUCBConfig{Context: d})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for name, make := range map[string]func() error{
		"budget without counts":      func() error { _, err := NewBudget(nil, BudgetConfig{}); return err },
		"budget of less than none":   func() error { _, err := NewBudget(known{}, BudgetConfig{Shows: -1}); return err },
		"budget of too large a part": func() error { _, err := NewBudget(known{}, BudgetConfig{Share: 1.1}); return err },
		"budget that looks back":     func() error { _, err := NewBudget(known{}, BudgetConfig{Ahead: -1}); return err },
		"thompson without counts":    func() error { _, err := NewThompson(nil, ThompsonConfig{}); return err },
		"thompson of a weak prior":   func() error { _, err := NewThompson(known{}, ThompsonConfig{Strength: .5}); return err },
		"linucb without contexts":    func() error { _, err := NewLinUCB(LinUCBConfig{}); return err },
		"linucb of long contexts":    func() error { _, err := NewLinUCB(LinUCBConfig{Context: MaxContext + 1}); return err },
		"linucb of a negative":       func() error { _, err := NewLinUCB(LinUCBConfig{Context: 2, Alpha: -1}); return err },
		"linucb of no ridge":         func() error { _, err := NewLinUCB(LinUCBConfig{Context: 2, Ridge: 1e-9}); return err },
		"linucb of a wide spread":    func() error { _, err := NewLinUCB(LinUCBConfig{Context: 2, Spread: 2}); return err },
		"mixture of none":            func() error { _, err := NewMixture(); return err },
		"mixture without a policy":   func() error { _, err := NewMixture(Part{nil, 1}); return err },
		"mixture without a weight":   func() error { _, err := NewMixture(Part{Uniform{}, 0}); return err },
		"mixture of two contexts":    func() error { _, err := NewMixture(Part{linucb(2), 1}, Part{linucb(3), 1}); return err },
		"explorer of less than one":  func() error { _, err := New(Config{Slots: -1}); return err },
	} {
		if make() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
