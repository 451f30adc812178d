package warehousetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// testActivity holds the questions about who clicks and who comes back to answers worked out by hand from the fixture. Impressions and
// clicks: u1 6 and 3, u2 2 and 0, u3 3 and 1, u4 1 and 1, u6 1 and 0.
func testActivity(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	pairs, err := w.UserPairs(ctx)
	same(t, "UserPairs", []warehouse.UserPair{{Impressions: 1, Clicks: 0, Users: 1}, {Impressions: 1, Clicks: 1, Users: 1}, {Impressions: 2, Clicks: 0, Users: 1},
		{Impressions: 3, Clicks: 1, Users: 1}, {Impressions: 6, Clicks: 3, Users: 1}}, pairs, err)

	// days 1-2: u1 5 and 2, u2 2 and 0, u3 2 and 1; days 3-4: u3 1 and 0, u4 1 and 1, u6 1 and 0; days 29-30: u1 1 and 1
	windows, err := w.WindowPairs(ctx, 2)
	same(t, "WindowPairs of two days", []warehouse.WindowPair{
		{Window: 0, Impressions: 2, Clicks: 0, Users: 1}, {Window: 0, Impressions: 2, Clicks: 1, Users: 1}, {Window: 0, Impressions: 5, Clicks: 2, Users: 1},
		{Window: 1, Impressions: 1, Clicks: 0, Users: 2}, {Window: 1, Impressions: 1, Clicks: 1, Users: 1}, {Window: 14, Impressions: 1, Clicks: 1, Users: 1},
	}, windows, err)
	if _, err := w.WindowPairs(ctx, 0); err == nil {
		t.Error("WindowPairs takes a window of no days")
	}

	// levels: u1 and u3 have 7, u2 5, u4 0; u6 is in no table. From .4 on u1 and u4 are active.
	levels, err := w.UseByLevel(ctx, .4)
	same(t, "UseByLevel", []warehouse.LevelUse{
		{Level: 0, Users: 1, Active: 1, Impressions: 1, Clicks: 1, ImpressionsSquared: 1, ClicksSquared: 1, Cross: 1},
		{Level: 5, Users: 1, Impressions: 2, ImpressionsSquared: 4},
		// 6^2 + 3^2, 3^2 + 1^2, 6*3 + 3*1; u1 liked c4 (the like among the swipes is not in it), u3 viewed comments
		{Level: 7, Users: 2, Active: 1, Impressions: 9, Clicks: 4, ImpressionsSquared: 45, ClicksSquared: 10, Cross: 21, Likes: 1, CommentViews: 1},
		{Level: -1, Users: 1, Impressions: 1, ImpressionsSquared: 1},
	}, levels, err)

	top, err := w.TopClickers(ctx, 3)
	want := []warehouse.Clicker{{User: "u1", Impressions: 6, Clicks: 3, Level: 7}, {User: "u3", Impressions: 3, Clicks: 1, Level: 7}, {User: "u4", Impressions: 1, Clicks: 1, Level: 0}}
	same(t, "TopClickers", want, top, err)
	top, err = w.TopClickers(ctx, 99)
	same(t, "TopClickers, more than there are", append(want, warehouse.Clicker{User: "u2", Impressions: 2, Level: 5}, warehouse.Clicker{User: "u6", Impressions: 1, Level: -1}), top, err)

	came, err := w.UsersByDaysActive(ctx)
	same(t, "UsersByDaysActive", []warehouse.DaysActive{{Days: 1, Users: 3, Impressions: 4, Clicks: 1}, {Days: 2, Users: 1, Impressions: 3, Clicks: 1}, {Days: 3, Users: 1, Impressions: 6, Clicks: 3}}, came, err)

	returns, err := w.Returns(ctx)
	never := time.Time{}
	same(t, "Returns", []warehouse.Return{
		{Day: day(1), Previous: never, Users: 2},                                            // u1, u2
		{Day: day(2), Previous: never, Users: 1}, {Day: day(2), Previous: day(1), Users: 1}, // u3; u1
		{Day: day(3), Previous: never, Users: 2}, {Day: day(3), Previous: day(2), Users: 1}, // u4 and u6; u3
		{Day: day(30), Previous: day(2), Users: 1}, // u1
	}, returns, err)

	cohorts, err := w.Retention(ctx)
	same(t, "Retention", []warehouse.CohortDay{
		{FirstDay: day(1), Day: day(1), Users: 2}, {FirstDay: day(1), Day: day(2), Users: 1}, {FirstDay: day(1), Day: day(30), Users: 1},
		{FirstDay: day(2), Day: day(2), Users: 1}, {FirstDay: day(2), Day: day(3), Users: 1}, {FirstDay: day(3), Day: day(3), Users: 2},
	}, cohorts, err)

	// before day 2 and from it on: only u1 is in both, with 4 and 2, then 2 and 1; before day 3: u1 5 and 2, 1 and 1; u3 2 and 1, 1 and 0
	split, err := w.SplitPairs(ctx, day(2))
	same(t, "SplitPairs at day 2", []warehouse.SplitPair{{Impressions: 4, Clicks: 2, Users: 1}, {After: true, Impressions: 2, Clicks: 1, Users: 1}}, split, err)
	split, err = w.SplitPairs(ctx, day(3))
	same(t, "SplitPairs at day 3", []warehouse.SplitPair{{Impressions: 2, Clicks: 1, Users: 1}, {Impressions: 5, Clicks: 2, Users: 1},
		{After: true, Impressions: 1, Clicks: 0, Users: 1}, {After: true, Impressions: 1, Clicks: 1, Users: 1}}, split, err)
	// rates .4 then 1 of u1, .5 then 0 of u3
	twice, err := w.ActiveTwice(ctx, day(3), .5, .5)
	same(t, "ActiveTwice", []warehouse.ActiveTwice{{After: true, Users: 1}, {Before: true, Users: 1}}, twice, err)
	twice, err = w.ActiveTwice(ctx, day(3), .4, 0)
	same(t, "ActiveTwice with other thresholds", []warehouse.ActiveTwice{{Before: true, After: true, Users: 2}}, twice, err)

	testLongSession(t, open(t))
	testUnused(t, open(t))
}

// testLongSession cuts a user's impressions into sessions: at 08:00:00, 08:30:00 (a gap of exactly 30 minutes joins), 09:00:01 (one second more
// parts) and 09:10:01.
func testLongSession(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	head := strings.SplitAfter(fixtureImpressions, "\n")[0]
	rows := "NA,1,1,1572566400000,0,0,0,0,0,0,c1,NA,u1\nNA,1,4,1572568200000,1,0,0,0,0,0,c2,3,u1\nNA,1,2,1572570001000,0,0,0,0,0,0,c3,NA,u1\nNA,1,9,1572570601000,0,0,0,0,0,0,c4,NA,u1\n"
	inputs := []warehouse.Input{Input(feedlog.Impressions, "impression_data.csv", head+rows)}
	if _, err := w.Load(ctx, inputs, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	starts, err := w.SessionsByHour(ctx)
	same(t, "SessionsByHour of long sessions", []warehouse.SessionHour{
		{Hour: 8, Sessions: 1, Seconds: 1800, Impressions: 2, Clicks: 1, SecondsSquared: 1800 * 1800},
		{Hour: 9, Sessions: 1, Seconds: 600, Impressions: 2, SecondsSquared: 600 * 600},
	}, starts, err)
	sizes, err := w.SessionSizes(ctx)
	var depths []int64
	for _, s := range sizes {
		if s.Measure == warehouse.SessionDepth {
			depths = append(depths, s.Value)
		}
	}
	same(t, "depths", []int64{4, 9}, depths, err)
}

// testUnused asks an empty warehouse.
func testUnused(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	for name, ask := range map[string]func() (int, error){
		"UsersByHour":       func() (int, error) { r, err := w.UsersByHour(ctx); return len(r), err },
		"SessionSizes":      func() (int, error) { r, err := w.SessionSizes(ctx); return len(r), err },
		"SessionsByHour":    func() (int, error) { r, err := w.SessionsByHour(ctx); return len(r), err },
		"WindowPairs":       func() (int, error) { r, err := w.WindowPairs(ctx, 7); return len(r), err },
		"UseByLevel":        func() (int, error) { r, err := w.UseByLevel(ctx, .4); return len(r), err },
		"TopClickers":       func() (int, error) { r, err := w.TopClickers(ctx, 10); return len(r), err },
		"UsersByDaysActive": func() (int, error) { r, err := w.UsersByDaysActive(ctx); return len(r), err },
		"Returns":           func() (int, error) { r, err := w.Returns(ctx); return len(r), err },
		"Retention":         func() (int, error) { r, err := w.Retention(ctx); return len(r), err },
		"SplitPairs":        func() (int, error) { r, err := w.SplitPairs(ctx, day(2)); return len(r), err },
		"ActiveTwice":       func() (int, error) { r, err := w.ActiveTwice(ctx, day(2), .4, .4); return len(r), err },
	} {
		if n, err := ask(); n != 0 || err != nil {
			t.Errorf("%s of an empty warehouse: %d rows, %v", name, n, err)
		}
	}
}
