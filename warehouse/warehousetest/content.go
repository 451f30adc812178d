package warehousetest

import (
	"context"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// testContent holds the content theme to answers worked out by hand from the fixture. New users, of at most 6 months, are u1 and u4.
func testContent(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	uses, err := w.UseByContent(ctx, 6)
	// 5 users have impressions: u1 with 6, u2 2, u3 3, u4 1, u6 1; new are u1 and u4.
	// ...5002 (c1, c4): u1 c1 c4 c1 c1, of which c4 and the last c1 clicked: 4 of 6 shown, 2 of 6 clicked. u2 1 of 2, u3 1 of 3, u6 1 of 1.
	// ...5003 (c2): u1 1 of 6, clicked; u2 1 of 2; u3 1 of 3. None (c3, c5): u1 1 of 6, u4 1 of 1 clicked, u3 1 of 3 clicked.
	same(t, "UseByContent", []warehouse.ContentUse{
		{Content: "5000,5001,5002", New: false, Impressions: 3, Clicks: 0, Users: 3, ShownShares: 1./2 + 1./3 + 1},
		{Content: "5000,5001,5002", New: true, Impressions: 4, Clicks: 2, Users: 2, ClickShares: 2. / 6, ShownShares: 4. / 6},
		{Content: "5000,5001,5003", New: false, Impressions: 2, Clicks: 0, Users: 3, ShownShares: 1./2 + 1./3},
		{Content: "5000,5001,5003", New: true, Impressions: 1, Clicks: 1, Users: 2, ClickShares: 1. / 6, ShownShares: 1. / 6},
		{Content: "", New: false, Impressions: 1, Clicks: 1, Users: 3, ClickShares: 1. / 3, ShownShares: 1. / 3},
		{Content: "", New: true, Impressions: 2, Clicks: 1, Users: 2, ClickShares: 1, ShownShares: 1./6 + 1},
	}, uses, err)

	breadth, err := w.ContentBreadth(ctx, 6)
	// only u1 clicked cards of known category: c2, c4, c1, in two categories
	same(t, "ContentBreadth", []warehouse.Breadth{{Clicks: 3, New: true, Users: 1, Categories: 2, CategoriesSquared: 4}}, breadth, err)

	types, err := w.UseByCardType(ctx)
	// not known: c5 1/1, 4 s. Pictures: c1 shown 6 (u1 3, u2, u3, u6), clicked once, without view time; c4 1/1, 20 s.
	// Video: c2 shown 3 (u1, u2, u3), clicked 1, 10 s; c3 shown 2 (u1, u4), clicked 1, 30 s.
	same(t, "UseByCardType", []warehouse.CardTypeUse{
		{Type: 0, Cards: 1, Impressions: 1, Clicks: 1, ImpressionsSquared: 1, ClicksSquared: 1, Cross: 1, ViewSeconds: 4},
		{Type: 1, Cards: 2, Impressions: 7, Clicks: 2, ImpressionsSquared: 36 + 1, ClicksSquared: 2, Cross: 6 + 1, ViewSeconds: 20},
		{Type: 2, Cards: 2, Impressions: 5, Clicks: 2, ImpressionsSquared: 9 + 4, ClicksSquared: 2, Cross: 3 + 2, ViewSeconds: 40},
	}, types, err)

	creators, err := w.CreatorTotals(ctx)
	// k3: c4, 1 shown, 1 clicked, none published; k2: c3, 2 and 1, 2 + 1 published; k1: c1 and c2, 9 and 2, 1 published
	same(t, "CreatorTotals", []warehouse.CreatorTotal{{Impressions: 1, Clicks: 1, Published: 0, Creators: 1}, {Impressions: 2, Clicks: 1, Published: 3, Creators: 1}, {Impressions: 9, Clicks: 2, Published: 1, Creators: 1}}, creators, err)

	positions, err := w.UseByPosition(ctx, 2)
	got := map[[2]int][2]int64{}
	for _, p := range positions {
		cell := got[[2]int{p.Depth, p.Position}]
		got[[2]int{p.Depth, p.Position}] = [2]int64{cell[0] + p.Impressions, cell[1] + p.Clicks}
	}
	// By depth (3 counts as 2) and slot. Depth 2: u1's first session, slots 1 and 2 (slot 3 is left out); u2's; u3's first. Depth 1: u1's
	// three others, two of them clicked; u3's second; u6's. Depth 0: u4's.
	same(t, "UseByPosition", map[[2]int][2]int64{{0, 0}: {1, 1}, {1, 1}: {5, 2}, {2, 1}: {3, 0}, {2, 2}: {3, 2}}, got, err)

	swipes, err := w.SwipeTotals(ctx)
	// feed: 10 + 20 + 4 + 30 s; likes u1's c4; shares u4's. Swipes: 5 + 15 s, one like.
	same(t, "SwipeTotals", warehouse.SwipeTotals{Lists: 1, Swipes: 2, FeedLikes: 1, FeedShares: 1, SwipeLikes: 1, FeedViewSeconds: 64, SwipeViewSeconds: 20}, swipes, err)

	triples, err := w.UserTriples(ctx)
	same(t, "UserTriples", []warehouse.UserTriple{{Impressions: 1, Clicks: 0, Swipes: 0, Users: 1}, {Impressions: 1, Clicks: 1, Swipes: 0, Users: 1}, {Impressions: 2, Clicks: 0, Swipes: 0, Users: 1}, {Impressions: 3, Clicks: 1, Swipes: 0, Users: 1}, {Impressions: 6, Clicks: 3, Swipes: 2, Users: 1}}, triples, err)

	shows, err := w.UseByShow(ctx)
	total := map[int][2]int64{}
	for _, s := range shows {
		total[s.Show] = [2]int64{total[s.Show][0] + s.Impressions, total[s.Show][1] + s.Clicks}
	}
	same(t, "UseByShow", map[int][2]int64{1: {11, 4}, 2: {1, 0}, 3: {1, 1}}, total, err)

	within, err := w.RepeatsWithinUsers(ctx)
	for i := range within {
		within[i].Group = 0
	}
	// only u1 has both: 6 impressions, 2 repeats, 3 clicks, 1 of them on a repeat: 1 x 4/6 and 2 x 2/6
	same(t, "RepeatsWithinUsers", []warehouse.RepeatSums{{Users: 1, Repeats: 4. / 6, Firsts: 4. / 6}}, within, err)

	ages, err := w.UseByAge(ctx, 60)
	byAge := map[int][3]int64{}
	for _, a := range ages {
		byAge[a.Age] = [3]int64{byAge[a.Age][0] + a.CardDays, byAge[a.Age][1] + a.Impressions, byAge[a.Age][2] + a.Clicks}
	}
	// ages count back from 1 December: c1 (31) was published on 31 October, so days 1 and 2 are ages 1 and 2... c3 (1) on 30 November: age 0
	same(t, "UseByAge", map[int][3]int64{1: {1, 100, 5}, 2: {1, 60, 3}, 0: {1, 40, 4}}, byAge, err)

	published, err := w.PublishedByDay(ctx)
	same(t, "PublishedByDay", []warehouse.PublishedDay{{Day: day(1), Creators: 3, Publishing: 2, Published: 3}, {Day: day(2), Creators: 1, Publishing: 0, Published: 0},
		{Day: day(30), Creators: 3, Publishing: 1, Published: 1}}, published, err)

	stops, err := w.CreatorsWhoStop(ctx)
	// k1 and k2 published on days 1 to 10; k2, with followers above the median of the two, goes on, k1 stops
	same(t, "CreatorsWhoStop", []warehouse.CreatorStop{{ManyFollowers: false, Stopped: true, Creators: 1}, {ManyFollowers: true, Stopped: false, Creators: 1}}, stops, err)
}

// testEmpty asks everything of a warehouse that holds nothing: no rows, no error.
func testEmpty(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	c, err := w.Describe(ctx)
	if err != nil || c.Impressions != 0 || c.Days() != 0 {
		t.Errorf("Describe: %+v, %v", c, err)
	}
	swipes, err := w.SwipeTotals(ctx)
	same(t, "SwipeTotals", warehouse.SwipeTotals{}, swipes, err)
	for name, ask := range map[string]func() (int, error){
		"UseByContent":       func() (int, error) { r, err := w.UseByContent(ctx, 6); return len(r), err },
		"ContentBreadth":     func() (int, error) { r, err := w.ContentBreadth(ctx, 6); return len(r), err },
		"UseByCardType":      func() (int, error) { r, err := w.UseByCardType(ctx); return len(r), err },
		"CreatorTotals":      func() (int, error) { r, err := w.CreatorTotals(ctx); return len(r), err },
		"UseByPosition":      func() (int, error) { r, err := w.UseByPosition(ctx, 30); return len(r), err },
		"UserTriples":        func() (int, error) { r, err := w.UserTriples(ctx); return len(r), err },
		"UseByShow":          func() (int, error) { r, err := w.UseByShow(ctx); return len(r), err },
		"RepeatsWithinUsers": func() (int, error) { r, err := w.RepeatsWithinUsers(ctx); return len(r), err },
		"UseByAge":           func() (int, error) { r, err := w.UseByAge(ctx, 60); return len(r), err },
		"PublishedByDay":     func() (int, error) { r, err := w.PublishedByDay(ctx); return len(r), err },
		"CreatorsWhoStop":    func() (int, error) { r, err := w.CreatorsWhoStop(ctx); return len(r), err },
		"UseByDay":           func() (int, error) { r, err := w.UseByDay(ctx); return len(r), err },
		"UseByHour":          func() (int, error) { r, err := w.UseByHour(ctx); return len(r), err },
		"UserPairs":          func() (int, error) { r, err := w.UserPairs(ctx); return len(r), err },
	} {
		if n, err := ask(); n != 0 || err != nil {
			t.Errorf("%s of an empty warehouse: %d rows, %v", name, n, err)
		}
	}
}
