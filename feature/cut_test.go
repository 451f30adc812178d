package feature_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

func bitsOf(v []float32) []uint32 {
	out := make([]uint32, len(v))
	for i, x := range v {
		out[i] = math.Float32bits(x)
	}
	return out
}

// Features of days before a cut are the same over a log that ends there; a count of later rows is not.
func TestCutAt(t *testing.T) {
	w := fixture(t)
	for _, asOf := range []int{2, 3, 4} {
		cut := feature.CutAt(w, day(asOf))
		whole, ended := table(t, w, 1, asOf, feature.Extended()), table(t, cut, 1, asOf, feature.Extended())
		if !slices.Equal(whole.Users, ended.Users) || !slices.Equal(bitsOf(whole.Data), bitsOf(ended.Data)) {
			t.Errorf("as of day %d: features over the whole log and over one that ends before differ", asOf)
		}
		// One who reads rows after the as-of is found by it: u1 has one on day 30.
		late := []feature.Def{feature.LateImpressions()}
		if got := of(t, w, table(t, w, 1, asOf, late), "u1")["late_impressions"]; got < 1 {
			t.Errorf("as of day %d u1 has %v late impressions", asOf, got)
		}
		expect(t, "cut", of(t, w, table(t, cut, 1, asOf, late), "u1"), map[string]float64{"late_impressions": 0})
	}
	// A feature of all days to the 30th over a log cut on day 3 sees days 1 and 2 only.
	if got := table(t, feature.CutAt(w, day(3)), 1, 30, feature.CaseStudy()); len(got.Users) != 3 {
		t.Errorf("over the log of days 1 and 2 there are users %v", got.Users)
	}
}

// What the cut warehouse answers itself, on the fixture's days 1 and 2.
func TestCutAnswers(t *testing.T) {
	w := fixture(t)
	ctx := t.Context()
	cut := feature.CutAt(w, day(3))
	keys, err := w.UserKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id := func(key string) int { return slices.Index(keys, key) }
	const first = 18201 // 1 November 2019
	from, last, err := cut.Spans(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string][2]int32{"u1": {1, 2}, "u2": {1, 1}, "u3": {2, 2}} {
		if got := [2]int32{from[id(user)] - first + 1, last[id(user)] - first + 1}; got != want {
			t.Errorf("%s is seen on days %v, by hand %v", user, got, want)
		}
	}
	for _, user := range []string{"u4", "u5", "u6"} {
		if from[id(user)] <= last[id(user)] {
			t.Errorf("%s was not seen before day 3, and has days %d to %d", user, from[id(user)], last[id(user)])
		}
	}
	totals, err := cut.WindowTotals(ctx, day(1), day(30))
	if err != nil || totals.Impressions[id("u1")] != 5 || totals.Clicks[id("u1")] != 2 || totals.Impressions[id("u4")] != 0 {
		t.Errorf("totals %+v, %v", totals, err)
	}
	if totals, err = cut.WindowTotals(ctx, day(3), day(30)); err != nil || slices.Max(totals.Impressions) != 0 {
		t.Errorf("after the cut: totals %+v, %v", totals, err)
	}
	sum := func(use []warehouse.CardUse) (n int32) {
		for _, u := range use {
			n += u.Impressions
		}
		return n
	}
	use, err := cut.CardUse(ctx, day(2), day(30))
	if err != nil || sum(use) != 3 { // day 2: u1 one, u3 two
		t.Errorf("card use of day 2: %+v, %v", use, err)
	}
	slots, err := cut.SlotUse(ctx, day(2), day(30))
	if err != nil || len(slots) != 3 { // slots 1 of depths 1 and 2, slot 2
		t.Errorf("slot use of day 2: %+v, %v", slots, err)
	}
	use, err = cut.CardUse(ctx, day(3), day(30))
	slots, err2 := cut.SlotUse(ctx, day(3), day(30))
	if len(use) != 0 || len(slots) != 0 || err != nil || err2 != nil {
		t.Errorf("after the cut: %v %v, %v %v", use, slots, err, err2)
	}
	if err := cut.Histories(ctx, day(3), day(30), func(*warehouse.Histories) error { return errors.New("rows after the cut") }); err != nil {
		t.Error(err)
	}
}

// What a server computes for one user, from rows it holds, is what the table of everyone has, bit by bit: also where it holds
// rows from the as-of on.
func TestServingIsTraining(t *testing.T) {
	w := fixture(t)
	defs := feature.Extended()
	tab := table(t, w, 1, 4, defs)
	profiles, err := w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := feature.NewContext(t.Context(), w, day(1), day(4), profiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, until := range []int{3, 30} {
		v, compared := feature.NewVectors(c, defs), 0
		out := make([]float32, len(defs))
		err = w.Histories(t.Context(), day(1), day(until), func(h *warehouse.Histories) error {
			for k, id := range h.User {
				i, ok := slices.BinarySearch(tab.Users, id)
				if !ok {
					continue
				}
				v.Of(&feature.User{Rows: h, From: h.Start[k], To: h.Start[k+1], Province: profiles.Province[id], Gender: profiles.Gender[id], Age: profiles.Age[id],
					Months: profiles.RegisteredMonths[id], Follows: profiles.Follows[id]}, out)
				if !slices.Equal(bitsOf(out), bitsOf(tab.Row(i))) {
					t.Errorf("user %d: served %v, trained on %v", id, out, tab.Row(i))
				}
				compared++
			}
			return nil
		})
		if err != nil || compared != 5 { // all who were ever seen but not u5
			t.Errorf("%d users compared, %v", compared, err)
		}
	}
	// A user without rows before the as-of, or of a card nobody knows, has features too.
	v, out := feature.NewVectors(c, defs), make([]float32, len(defs))
	v.Of(&feature.User{Rows: &warehouse.Histories{}, Age: -1, Months: -1, Follows: -1}, out)
	if out[0] != 0 || !math.IsNaN(float64(out[8])) {
		t.Errorf("without rows: %v", out)
	}
	one := &warehouse.Histories{User: []int32{0}, Start: []int32{0, 1}, Card: []int32{1 << 20}, ShownAtMS: []int64{1572537600000}, Day: []int32{18201}, Hour: []uint8{0}, Position: []int32{1},
		Show: []int16{1}, Flags: []warehouse.Flag{warehouse.Clicked}, ViewSeconds: []float32{float32(math.NaN())}, Swipes: []int32{0}, SwipeViewSeconds: []float32{0}}
	v.Of(&feature.User{Rows: one, To: 1, Age: -1}, out)
	if out[0] != 1 {
		t.Errorf("one click of an unknown card: %v", out)
	}
}

func TestBuildThreads(t *testing.T) {
	w := fixture(t)
	build := func(threads int) *feature.Table {
		tab, err := feature.Build(t.Context(), w, feature.Spec{From: day(1), AsOf: day(4), Defs: feature.Extended(), Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	if a, b := build(1), build(5); !slices.Equal(a.Users, b.Users) || !slices.Equal(bitsOf(a.Data), bitsOf(b.Data)) {
		t.Error("another number of threads gives other features")
	}
}

func TestRefuses(t *testing.T) {
	w := fixture(t)
	for _, c := range []struct {
		spec feature.Spec
		word string
	}{
		{feature.Spec{From: day(3), AsOf: day(3), Defs: feature.Extended()}, "no day is left"},
		{feature.Spec{From: day(1), AsOf: day(3), Defs: []feature.Def{feature.LateImpressions()}}, "does not say how far"},
	} {
		if _, err := feature.Build(t.Context(), w, c.spec); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("error %v; expected one with %q", err, c.word)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := feature.Build(ctx, w, feature.Spec{From: day(1), AsOf: day(3), Defs: feature.Extended()}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// An empty log has a table without rows.
	tab, err := feature.Build(t.Context(), opened(t), feature.Spec{From: day(1), AsOf: day(3), Defs: feature.Extended()})
	if err != nil || len(tab.Users) != 0 {
		t.Errorf("an empty log: %v, %v", tab, err)
	}
}
