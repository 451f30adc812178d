package candidate

import (
	"context"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// usesOf is one day of use, the day before plantedDay, of cards from 0 on.
func usesOf(counts ...[2]int32) []warehouse.CardUse {
	var use []warehouse.CardUse
	for card, c := range counts {
		use = append(use, warehouse.CardUse{Card: int32(card), Day: plantedDay - 1, Impressions: c[0], Clicks: c[1]})
	}
	return use
}

func fittedStats(t testing.TB, cards *warehouse.Cards, use []warehouse.CardUse, days []warehouse.CardDay) *CardStats {
	t.Helper()
	s, err := NewCardStats(cards, use, days, plantedDay, StatsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func itemsOf(cs []Candidate) []int32 {
	var items []int32
	for _, c := range cs {
		items = append(items, c.Item)
	}
	return items
}

func firstItem(t *testing.T, cs []Candidate) Candidate {
	t.Helper()
	if len(cs) == 0 {
		t.Fatal("nothing is named")
	}
	return cs[0]
}

// TestPopularIsSureOfWhatItNames has a card with one click in one impression, one with a good rate behind which thousands stand, and
// poor ones.
func TestPopularIsSureOfWhatItNames(t *testing.T) {
	counts := [][2]int32{{1, 1}, {5000, 750}, {0, 0}}
	for range 40 {
		counts = append(counts, [2]int32{1000, 40}, [2]int32{1000, 60})
	}
	s := fittedStats(t, plainCards(len(counts)), usesOf(counts...), nil)
	p, err := FitPopular(s, nil, PopularConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Candidates(&Query{}, len(counts), nil)
	if firstItem(t, got).Item != 1 {
		t.Errorf("first is card %d", got[0].Item)
	}
	if len(got) != len(counts)-1 {
		t.Errorf("%d cards of the %d that were shown", len(got), len(counts)-1)
	}
	// By hand: .15 less 1.28 x sqrt(.15 x .85/5000) = .0065, and a little nearer to the .05 of the others.
	if c := got[0].Score; c < .13 || c > .1436 {
		t.Errorf("the lower bound of 750 in 5000 is %v", c)
	}
}

func TestPopularOfAnEmptyLog(t *testing.T) {
	p, err := FitPopular(fittedStats(t, plainCards(3), nil, nil), nil, PopularConfig{})
	if err != nil || len(p.Candidates(&Query{}, 5, nil)) != 0 {
		t.Errorf("names cards that were never shown: %v", err)
	}
}

// TestPopularByHour has a card that is clicked at night only, and one that is by day.
func TestPopularByHour(t *testing.T) {
	l := &memoryLog{cards: plainCards(12), profiles: &warehouse.Profiles{Gender: make([]string, 1)}}
	for card := range int32(12) {
		for _, hour := range []uint8{2, 14} {
			for k := range 500 {
				clicks := 25 // 5%
				if card == 3 && hour == 2 || card == 7 && hour == 14 {
					clicks = 200
				}
				row := memoryRow{card: card, day: plantedDay - 1, hour: hour}
				if k < clicks {
					row.flags = warehouse.Clicked
				}
				l.rows = append(l.rows, row)
			}
		}
	}
	s := l.stats(t)
	use, err := CountHours(t.Context(), l, s, plantedDay-5, nil, CellConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := FitPopular(s, use, PopularConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for hour, want := range map[uint8]int32{2: 3, 23: 3, 14: 7} {
		if got := firstItem(t, p.Candidates(&Query{Hour: hour}, 3, nil)); got.Item != want {
			t.Errorf("at %d: card %d first, want %d", hour, got.Item, want)
		}
	}
	// Morning and evening were never seen: the rates of the whole day, in which the two are equal and first.
	if got := itemsOf(p.Candidates(&Query{Hour: 8}, 2, nil)); len(got) != 2 || got[0] != 3 || got[1] != 7 {
		t.Errorf("in the morning: %v", got)
	}
}

func TestCountCellsRefusesAndStops(t *testing.T) {
	l := plantedLog(5, 40, 30)
	s := l.stats(t)
	cell := func(int32, uint8) int { return 0 }
	if _, err := CountCells(t.Context(), l, s, plantedDay, 1, cell, CellConfig{}); err == nil {
		t.Error("no day is left, and no error")
	}
	if _, err := CountCells(t.Context(), l, s, 0, 0, cell, CellConfig{}); err == nil {
		t.Error("no cells, and no error")
	}
	if _, err := CountHours(t.Context(), l, s, 0, []int{9, 5}, CellConfig{}); err == nil {
		t.Error("hours that go back, and no error")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStopped)
	if _, err := CountCells(ctx, l, s, 0, 1, cell, CellConfig{}); err != errStopped {
		t.Errorf("stopped: %v", err)
	}
}

// TestCellsWeighByExamination has one impression in slot 0 and one in slot 2, which is looked at a quarter as often.
func TestCellsWeighByExamination(t *testing.T) {
	l := &memoryLog{cards: plainCards(1), profiles: &warehouse.Profiles{Gender: make([]string, 1)}}
	l.rows = []memoryRow{{day: plantedDay - 1, slot: 0}, {day: plantedDay - 1, slot: 2}, {day: plantedDay - 8, slot: 0}, {day: plantedDay, slot: 0}}
	u, err := CountCells(t.Context(), l, l.stats(t), 0, 1, func(int32, uint8) int { return 0 }, CellConfig{MinImpressions: .1, Examination: []float64{1, .5, .25}})
	if err != nil {
		t.Fatal(err)
	}
	// 1 + .25, and the one seven days older weighs half. The day itself is the future.
	if len(u.Impressions) != 1 || u.Impressions[0] != 1.75 {
		t.Errorf("impressions %v, want 1.75", u.Impressions)
	}
}
