package candidate

import (
	"testing"
)

// TestFreshNamesTheGreatCreatorsNewCard has 20 creators of ten old cards each, clicked at 5%; those of creator 4 at 15%. Each has a new
// card without impressions.
func TestFreshNamesTheGreatCreatorsNewCard(t *testing.T) {
	const creators, old = 20, 10
	cards := plainCards(creators * (old + 1))
	var counts [][2]int32
	for card := range creators * (old + 1) {
		creator := card / (old + 1)
		cards.Creator[card] = int32(creator)
		cards.Published[card] = plantedDay - 30
		c := [2]int32{400, 20 + int32(card%3)}
		if creator == 4 {
			c[1] *= 3
		}
		if card%(old+1) == old {
			cards.Published[card], c = plantedDay-1, [2]int32{}
		}
		counts = append(counts, c)
	}
	s := fittedStats(t, cards, usesOf(counts...), nil)
	f, err := FitFresh(s, FreshConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got := f.Candidates(&Query{}, 100, nil)
	if len(got) != creators {
		t.Errorf("%d cards; %d are new", len(got), creators)
	}
	c := firstItem(t, got)
	if c.Item != 4*(old+1)+old {
		t.Errorf("first is card %d of creator %d", c.Item, cards.Creator[c.Item])
	}
	for days, want := range map[int64]string{0: "new from creator 4", 7: "new from creator 4", 8: "little known from creator 4"} {
		if r := f.ReasonAt(c, allNames{}, days); r != want {
			t.Errorf("after %d days: %q, want %q", days, r, want)
		}
	}
	if r := f.Reason(c, allNames{}); r != "new from creator 4" {
		t.Errorf("reason %q", r)
	}
	if r := f.Reason(got[5], allNames{}); r != "new" {
		t.Errorf("a card of a common creator: reason %q", r)
	}
	// Its prior is what the creator's other cards say, nearly 15%, drawn a little to the 5% of all.
	prior := newCardPrior(s, SampleUse, freshFields)
	if m := prior.mean[c.Item]; m < .12 || m > .16 {
		t.Errorf("prior %v of a new card of a creator clicked at 15.7%%", m)
	}
}

// TestFreshGoesByWhatMayBe has two new cards of the same mean; the one that is less known comes first, and a card that proved bad after them.
func TestFreshGoesByWhatMayBe(t *testing.T) {
	var counts [][2]int32
	for i := range int32(60) {
		counts = append(counts, [2]int32{1000, 20 + 2*i}) // rates from .02 to .138
	}
	counts = append(counts, [2]int32{}, [2]int32{10_000, 790}, [2]int32{10_000, 100})
	cards := plainCards(len(counts))
	for card := 60; card < 63; card++ {
		cards.Published[card] = plantedDay - 2
	}
	f, err := FitFresh(fittedStats(t, cards, usesOf(counts...), nil), FreshConfig{MaxShown: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got := itemsOf(f.Candidates(&Query{}, 5, nil)); len(got) != 3 || got[0] != 60 || got[1] != 61 || got[2] != 62 {
		t.Errorf("%v", got)
	}
}

// TestFreshKnowsWhatIsNew goes by age and by impressions, and leaves out what is published later than the horizon or is not in the table.
func TestFreshKnowsWhatIsNew(t *testing.T) {
	cards := plainCards(6)
	cards.Published[0] = plantedDay - 7 // old by a day
	cards.Published[1] = plantedDay - 6
	cards.Published[2] = plantedDay // published on the day that is served
	cards.Published[3] = plantedDay + 1
	cards.Listed[4] = false
	counts := [][2]int32{{100, 5}, {100, 5}, {}, {}, {}, {15, 1}}
	f, err := FitFresh(fittedStats(t, cards, usesOf(counts...), nil), FreshConfig{})
	if err != nil {
		t.Fatal(err)
	}
	named := map[int32]bool{}
	for _, c := range f.Candidates(&Query{}, 10, nil) {
		named[c.Item] = true
	}
	if len(named) != 3 || !named[1] || !named[2] || !named[5] {
		t.Errorf("named %v, want 1 (young), 2 (of today) and 5 (hardly shown)", named)
	}
}

// TestPriorsLeaveOutTheOwnCard: the only card of a creator, however good, gets no lift from itself.
func TestPriorsLeaveOutTheOwnCard(t *testing.T) {
	cards := plainCards(30)
	var counts [][2]int32
	for i := range 30 {
		cards.Creator[i] = int32(i % 15)
		counts = append(counts, [2]int32{500, 25 + int32(i%7)})
	}
	cards.Creator[29], counts[29] = 15, [2]int32{500, 250}
	p := newCardPrior(fittedStats(t, cards, usesOf(counts...), nil), SampleUse, []cardField{fieldCreator})
	if p.mean[29] != p.pooled || p.field[29] != -1 {
		t.Errorf("prior %v, pooled %v", p.mean[29], p.pooled)
	}
}
