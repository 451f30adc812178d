package warehousetest

import (
	"context"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// testGroups holds the questions by groups of users to answers worked out by hand from the fixture. Which group a user falls into is the
// engine's business: what counts is that the groups together are everybody, and that no user stands in two.
func testGroups(t *testing.T, w, empty warehouse.Warehouse) {
	ctx := context.Background()
	hours, err := w.HoursByGroup(ctx)
	byHour := map[int][2]int64{}
	for _, h := range hours {
		byHour[h.Hour] = [2]int64{byHour[h.Hour][0] + h.Impressions, byHour[h.Hour][1] + h.Clicks}
		if h.Group < 0 || h.Group >= warehouse.UserGroups {
			t.Errorf("HoursByGroup: group %d", h.Group)
		}
	}
	// as UseByHour, all days together: 21:00 has u3's two cards of day 2 and one of day 3
	same(t, "HoursByGroup", map[int][2]int64{8: {5, 1}, 9: {1, 1}, 12: {2, 1}, 20: {1, 0}, 21: {3, 1}, 23: {1, 1}}, byHour, err)
	groups := map[int]bool{}
	for _, h := range hours {
		if h.Hour == 8 { // u1 and u2
			groups[h.Group] = true
		}
	}
	if len(groups) != 2 {
		t.Errorf("HoursByGroup: the two users seen at 8 stand in %d groups; ids that follow each other do not share one", len(groups))
	}

	sessions, err := w.SessionsByGroup(ctx)
	started := map[int][2]int64{}
	for _, s := range sessions {
		started[s.Hour] = [2]int64{started[s.Hour][0] + s.Sessions, started[s.Hour][1] + s.Seconds}
	}
	same(t, "SessionsByGroup", map[int][2]int64{8: {2, 0}, 9: {1, 0}, 12: {2, 0}, 20: {1, 0}, 21: {2, 0}, 23: {1, 0}}, started, err)

	clicks, err := w.ClicksByContent(ctx, 6)
	for i := range clicks {
		clicks[i].Group = 0 // one user a row here
	}
	// New are u1 and u4. u1 clicked c2 (...5003), c4 and c1 (...5002): 1 and 2 of her 3 clicks. u4's only click is on c3, without a
	// category, as is u3's on c5.
	same(t, "ClicksByContent", []warehouse.ContentClicks{
		{Content: "5000,5001,5002", New: true, Clicks: 2, Taste: 2. / 3}, {Content: "5000,5001,5003", New: true, Clicks: 1, Taste: 1. / 3},
		{Content: "", New: false, Clicks: 1, Taste: 1}, {Content: "", New: true, Clicks: 1, Taste: 1},
	}, clicks, err)

	life, err := w.LifeByAge(ctx, 60)
	// The daily counts run over days 1 to 30. Within them were published c4 (30: on 1 November, never in the counts; followed to age 29) and
	// c3 (1: on 30 November, shown on that day, 40 times). So two cards at age 0, one of them shown, and one at ages 1 to 29.
	want := []warehouse.AgeLife{{Age: 0, Cards: 2, Shown: 1, Impressions: 40, Clicks: 4}}
	for age := 1; age <= 29; age++ {
		want = append(want, warehouse.AgeLife{Age: age, Cards: 1})
	}
	same(t, "LifeByAge", want, life, err)

	for name, ask := range map[string]func() (int, error){
		"HoursByGroup":    func() (int, error) { r, err := empty.HoursByGroup(ctx); return len(r), err },
		"SessionsByGroup": func() (int, error) { r, err := empty.SessionsByGroup(ctx); return len(r), err },
		"ClicksByContent": func() (int, error) { r, err := empty.ClicksByContent(ctx, 6); return len(r), err },
		"LifeByAge":       func() (int, error) { r, err := empty.LifeByAge(ctx, 60); return len(r), err },
	} {
		if n, err := ask(); n != 0 || err != nil {
			t.Errorf("%s of an empty warehouse: %d rows, %v", name, n, err)
		}
	}
}
