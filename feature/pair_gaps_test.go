package feature

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

// A log whose last three days are a thousand days later has the same sums as one without the gap: what is known as of a day is what the days before it with
// impressions add, and the days between take no room, in memory or in a file.
func TestDaysWithGaps(t *testing.T) {
	const days, before, gap = 8, 5, 1000
	whole := madeLog(40, 12, days, true)
	c, err := NewPairContext(t.Context(), whole, memoryDate(0), memoryDate(days-1))
	if err != nil {
		t.Fatal(err)
	}
	later := madeLog(40, 12, days, true)
	for i, day := range later.rows.Day {
		if day >= memoryDay+before {
			later.rows.Day[i] += gap
			later.rows.ShownAtMS[i] += gap * dayMS
		}
	}
	for i := range later.app {
		if later.app[i].Day >= memoryDay+before {
			later.app[i].Day += gap
		}
	}
	g, err := NewPairContext(t.Context(), later, memoryDate(0), memoryDate(gap+days-1))
	if err != nil {
		t.Fatal(err)
	}
	if c.days != days+1 || g.days != days+1 || len(c.logged) != days || len(g.logged) != days {
		t.Fatalf("%d and %d days; %d are expected of both", c.days, g.days, days+1)
	}
	for name, same := range map[string]bool{"cards": reflect.DeepEqual(c.cards, g.cards), "slots": slices.Equal(c.slots.rates, g.slots.rates), "base": slices.Equal(c.base, g.base),
		"strengths": slices.Equal(c.own, g.own) && slices.Equal(c.app, g.app)} {
		if !same {
			t.Errorf("%s differ from those of the log without the gap", name)
		}
	}
	// as of the first day nothing is known, as of the sixth and of all days until the gap's end five days are, and as of any day after the log all are
	for day, want := range map[int32]int32{-9: 0, 0: 0, 1: 1, 5: 5, 6: 5, 500: 5, gap + 5: 5, gap + 6: 6, gap + 7: 7, gap + 8: 8, gap + 99: 8} {
		if k := g.index(memoryDay + day); k != want {
			t.Errorf("as of day %d, %d days are known; %d are expected", day, k, want)
		}
	}
	for _, x := range []*PairContext{c, g} {
		var file bytes.Buffer
		if err := x.Save(&file); err != nil {
			t.Fatal(err)
		}
		again, err := LoadPairContext(&file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.logged, x.logged) || !slices.Equal(again.byDate, x.byDate) || !reflect.DeepEqual(again.cards, x.cards) || !reflect.DeepEqual(again.groups, x.groups) {
			t.Error("a file gives other days or sums than were written")
		}
	}
	g.logged[3] = g.logged[2]
	if err := g.Save(new(bytes.Buffer)); err == nil {
		t.Error("a day that comes twice is written")
	}
}
