package warehousetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// testTraining holds the columns that features are made of to the fixture.
func testTraining(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	keys, err := w.UserKeys(ctx)
	sorted := slices.Sorted(slices.Values(keys))
	same(t, "UserKeys", []string{"u1", "u2", "u3", "u4", "u5", "u6"}, sorted, err)
	id := func(key string) int { return slices.Index(keys, key) }

	// One line an impression: user, minutes since the month began, position, show, flags, view seconds (-1 for none), swipes and their seconds.
	type row struct {
		User                    string
		Minute                  int64
		Day                     int32
		Hour                    uint8
		Position                int32
		Show                    int16
		Flags                   warehouse.Flag
		View, Swipes, SwipeView float64
	}
	const monthMS, first = 1572537600000, 18201 // 1 November 2019 is day 18,201 of the epoch: 49 x 365 + 12 leap days + 304
	read := func(from, to int) (rows []row, users []int32) {
		err := w.Histories(ctx, day(from), day(to), func(h *warehouse.Histories) error {
			users = append(users, h.User...)
			for k, u := range h.User {
				for i := h.Start[k]; i < h.Start[k+1]; i++ {
					view := float64(h.ViewSeconds[i])
					if math.IsNaN(view) {
						view = -1
					}
					rows = append(rows, row{keys[u], (h.ShownAtMS[i] - monthMS) / 60000, h.Day[i] - first + 1, h.Hour[i], h.Position[i], h.Show[i], h.Flags[i], view,
						float64(h.Swipes[i]), float64(h.SwipeViewSeconds[i])})
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows, users
	}
	// One user's rows are those that Histories gives of her.
	if err := w.Histories(ctx, day(1), day(2), func(h *warehouse.Histories) error {
		for k, u := range h.User {
			one, err := w.HistoryOf(ctx, u, day(1), day(2))
			if err != nil {
				return err
			}
			from, to := h.Start[k], h.Start[k+1]
			if !slices.Equal(one.User, []int32{u}) || !slices.Equal(one.Start, []int32{0, to - from}) || !slices.Equal(one.Card, h.Card[from:to]) ||
				!slices.Equal(one.ShownAtMS, h.ShownAtMS[from:to]) || !slices.Equal(one.Flags, h.Flags[from:to]) {
				t.Errorf("HistoryOf user %s: %+v; want her rows of Histories", keys[u], one)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if none, err := w.HistoryOf(ctx, int32(id("u1")), day(28), day(29)); err != nil || len(none.User) != 0 {
		t.Errorf("HistoryOf on days without rows: %+v, %v; want no user", none, err)
	}
	// Day 1: u1 and u2; day 2: u1 again and u3; day 3: u6; u1's click is on day 30 itself.
	days, err := w.DaysOf(ctx, "c1", day(30))
	same(t, "DaysOf c1", []warehouse.DayUse{{Day: day(1), Impressions: 2, Users: 2}, {Day: day(2), Impressions: 2, Users: 2}, {Day: day(3), Impressions: 1, Users: 1}}, days, err)
	days, err = w.DaysOf(ctx, "c1", day(30).AddDate(0, 0, 1))
	if err != nil || len(days) != 4 || days[3].Clicks != 1 {
		t.Errorf("DaysOf c1 with day 30: %+v, %v", days, err)
	}
	days, err = w.DaysOf(ctx, "no such card", day(30))
	same(t, "DaysOf an unknown card", []warehouse.DayUse{}, days, err)
	rows, users := read(1, 2)
	if !slices.IsSorted(users) {
		t.Errorf("users %v are not in order", users)
	}
	for _, c := range []struct {
		user string
		want []row
	}{
		{"u1", []row{ // 08:00, 09:00, and 20:00 of day 2: 24*60 + 20*60
			{"u1", 480, 1, 8, 1, 1, 0, -1, 0, 0}, {"u1", 480, 1, 8, 2, 1, warehouse.Clicked, 10, 2, 20}, {"u1", 480, 1, 8, 3, 1, 0, -1, 0, 0},
			{"u1", 540, 1, 9, 1, 1, warehouse.Clicked | warehouse.Liked, 20, 0, 0}, {"u1", 2640, 2, 20, 1, 2, 0, -1, 0, 0}}},
		{"u2", []row{{"u2", 510, 1, 8, 1, 1, 0, -1, 0, 0}, {"u2", 510, 1, 8, 2, 1, 0, -1, 0, 0}}},
		{"u3", []row{{"u3", 2700, 2, 21, 1, 1, 0, -1, 0, 0}, {"u3", 2700, 2, 21, 2, 1, warehouse.Clicked | warehouse.ViewedComments, 4, 0, 0}}},
		{"u4", nil}, {"u6", nil},
	} {
		var got []row
		for _, r := range rows {
			if r.User == c.user {
				got = append(got, r)
			}
		}
		slices.SortStableFunc(got, func(a, b row) int { // rows of one time have no order
			if a.Minute != b.Minute {
				return int(a.Minute - b.Minute)
			}
			return int(a.Position - b.Position)
		})
		same(t, "histories of days 1-2, "+c.user, c.want, got, nil)
	}
	if rows, _ := read(4, 29); len(rows) != 0 {
		t.Errorf("days 4-29 have rows %v", rows)
	}
	stop := errors.New("enough")
	if err := w.Histories(ctx, day(1), day(2), func(*warehouse.Histories) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the reader came back as %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := w.Histories(cancelled, day(1), day(2), func(*warehouse.Histories) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, Histories returned %v", err)
	}

	p, err := w.Profiles(ctx)
	type profile struct {
		Listed           bool
		Province, Gender string
		Age, Months      int16
		Follows          int32
		Level            int8
	}
	of := func(key string) profile {
		u := id(key)
		return profile{p.Listed[u], p.Province[u], p.Gender[u], p.Age[u], p.RegisteredMonths[u], p.Follows[u], p.Level[u]}
	}
	same(t, "Profiles", []profile{{true, "guang dong", "male", 21, 3, 5, 7}, {true, "guang dong", "female", -1, 90, 1, 7}, {true, "", "", 25, 6, 0, 0}, {false, "", "", -1, -1, -1, -1}},
		[]profile{of("u1"), of("u3"), of("u4"), of("u6")}, err)

	// days 2-3: u1 one row; u3 two on day 2, of which one is clicked, and one on day 3; u4 and u6 one each
	totals, err := w.WindowTotals(ctx, day(2), day(3))
	var shown, clicks []int32
	for _, key := range sorted {
		shown, clicks = append(shown, totals.Impressions[id(key)]), append(clicks, totals.Clicks[id(key)])
	}
	same(t, "WindowTotals, impressions", []int32{1, 0, 3, 1, 0, 1}, shown, err)
	same(t, "WindowTotals, clicks", []int32{0, 0, 1, 1, 0, 0}, clicks, nil)

	from, to, err := w.Spans(ctx)
	var spans [][2]int32
	for _, key := range sorted {
		if from[id(key)] <= to[id(key)] {
			spans = append(spans, [2]int32{from[id(key)] - first + 1, to[id(key)] - first + 1})
		}
	}
	same(t, "Spans of u1, u2, u3, u4, u6; u5 was never seen", [][2]int32{{1, 30}, {1, 1}, {2, 3}, {3, 3}, {3, 3}}, spans, err)

	// day 1: c1 twice (u1, u2), c2 twice with a click (u1), c3 once, c4 once with a click
	use, err := w.CardUse(ctx, day(1), day(1))
	var pairs [][3]int32
	for _, u := range use {
		pairs = append(pairs, [3]int32{u.Day - first + 1, u.Impressions, u.Clicks})
	}
	slices.SortFunc(pairs, func(a, b [3]int32) int { return slices.Compare(a[:], b[:]) })
	same(t, "CardUse", [][3]int32{{1, 1, 0}, {1, 1, 1}, {1, 2, 0}, {1, 2, 1}}, pairs, err)

	contents, err := w.CardContents(ctx)
	counts := map[int16]int{}
	for _, c := range contents {
		counts[c]++
	}
	several := slices.Sorted(func(yield func(int) bool) {
		for _, n := range counts {
			if !yield(n) {
				return
			}
		}
	})
	same(t, "CardContents: c1 and c4 share one, c2 has its own, c3 and c5 have none", []int{1, 2, 2}, several, err)
	same(t, "cards without a content", 2, counts[-1], nil)

	// day 1 by position and depth of the user-day: u1's day goes to 3 with 1 2 3 and 1 (clicked), 2 clicked; u2's to 2
	slots, err := w.SlotUse(ctx, day(1), day(1))
	same(t, "SlotUse", []warehouse.SlotUse{{Position: 1, Depth: 2, Impressions: 1}, {Position: 1, Depth: 3, Impressions: 2, Clicks: 1}, {Position: 2, Depth: 2, Impressions: 1},
		{Position: 2, Depth: 3, Impressions: 1, Clicks: 1}, {Position: 3, Depth: 3, Impressions: 1}}, slots, err)

	empty := open(t)
	if err := empty.Histories(ctx, day(1), day(2), func(*warehouse.Histories) error { return stop }); err != nil {
		t.Errorf("an empty warehouse: %v", err)
	}
}
