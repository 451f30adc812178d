package warehousetest

import (
	"context"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// testUsage holds the questions about use to answers worked out by hand from the fixture (see fixture.go for who sees what when).
func testUsage(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	days, err := w.UseByDay(ctx)
	same(t, "UseByDay", []warehouse.DayUse{
		{Day: day(1), Impressions: 6, Clicks: 2, Users: 2}, // u1: c1 c2 c3 and c4, c2 and c4 clicked; u2: c1 c2
		{Day: day(2), Impressions: 3, Clicks: 1, Users: 2}, // u1: c1; u3: c1 c5, c5 clicked
		{Day: day(3), Impressions: 3, Clicks: 1, Users: 3}, // u3, u4 (clicked), u6
		{Day: day(30), Impressions: 1, Clicks: 1, Users: 1},
	}, days, err)
	first := int32(day(1).Unix() / 86_400)
	logged, err := w.LoggedDays(ctx, day(2), day(30))
	same(t, "LoggedDays from the second on", []int32{first + 1, first + 2, first + 29}, logged, err)
	logged, err = w.LoggedDays(ctx, day(4), day(29))
	same(t, "LoggedDays between", 0, len(logged), err)

	hours, err := w.UseByHour(ctx)
	same(t, "UseByHour", []warehouse.HourUse{
		{Day: day(1), Hour: 8, Impressions: 5, Clicks: 1}, // u1's three and u2's two
		{Day: day(1), Hour: 9, Impressions: 1, Clicks: 1},
		{Day: day(2), Hour: 20, Impressions: 1},
		{Day: day(2), Hour: 21, Impressions: 2, Clicks: 1},
		{Day: day(3), Hour: 12, Impressions: 2, Clicks: 1},
		{Day: day(3), Hour: 21, Impressions: 1},
		{Day: day(30), Hour: 23, Impressions: 1, Clicks: 1},
	}, hours, err)

	users, err := w.UsersByHour(ctx)
	// u3 comes at 21:00 on two days and counts once
	same(t, "UsersByHour", []warehouse.HourUsers{{Hour: 8, Users: 2}, {Hour: 9, Users: 1}, {Hour: 12, Users: 2}, {Hour: 20, Users: 1}, {Hour: 21, Users: 1}, {Hour: 23, Users: 1}}, users, err)

	// Nine sessions, each of one timestamp and so 0 s long:
	//	u1 08:00 3 cards 1 click slot 3; u1 09:00 1, 1, 1; u1 day 2 1, 0, 1; u1 day 30 1, 1, 1; u2 2, 0, 2;
	//	u3 day 2 2, 1, 2; u3 day 3 1, 0, 1; u4 1, 1, 0; u6 1, 0, 1
	sizes, err := w.SessionSizes(ctx)
	same(t, "SessionSizes", []warehouse.SessionSize{
		{Measure: warehouse.SessionClicks, Value: 0, Sessions: 4}, {Measure: warehouse.SessionClicks, Value: 1, Sessions: 5},
		{Measure: warehouse.SessionDepth, Value: 0, Sessions: 1}, {Measure: warehouse.SessionDepth, Value: 1, Sessions: 5}, {Measure: warehouse.SessionDepth, Value: 2, Sessions: 2}, {Measure: warehouse.SessionDepth, Value: 3, Sessions: 1},
		{Measure: warehouse.SessionImpressions, Value: 1, Sessions: 6}, {Measure: warehouse.SessionImpressions, Value: 2, Sessions: 2}, {Measure: warehouse.SessionImpressions, Value: 3, Sessions: 1},
		{Measure: warehouse.SessionSeconds, Value: 0, Sessions: 9},
	}, sizes, err)

	starts, err := w.SessionsByHour(ctx)
	same(t, "SessionsByHour", []warehouse.SessionHour{
		{Hour: 8, Sessions: 2, Impressions: 5, Clicks: 1}, {Hour: 9, Sessions: 1, Impressions: 1, Clicks: 1}, {Hour: 12, Sessions: 2, Impressions: 2, Clicks: 1},
		{Hour: 20, Sessions: 1, Impressions: 1}, {Hour: 21, Sessions: 2, Impressions: 3, Clicks: 1}, {Hour: 23, Sessions: 1, Impressions: 1, Clicks: 1},
	}, starts, err)
}
