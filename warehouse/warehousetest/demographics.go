package warehousetest

import (
	"context"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// testDemographics holds the questions about users to answers worked out by hand from the fixture. Rates: u1 3 clicks of 6, u2 0 of 2, u3 1
// of 3, u4 1 of 1, u6 0 of 1; from .4 on, u1 and u4 are active. New users, of at most 6 months, are these two as well.
func testDemographics(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	traits, err := w.UsersByTraits(ctx, .4, 80)
	// u5 has no impressions; u6 no row in the user table; u3's 90 months are more than 80
	same(t, "UsersByTraits", []warehouse.TraitUse{
		{Province: "", Age: -1, Gender: "", Tenure: warehouse.TenureUnknown, Users: 1},                           // u6
		{Province: "", Age: 25, Gender: "", Tenure: warehouse.TenureKnown, Active: true, Users: 1},               // u4
		{Province: "bei jing", Age: 30, Gender: "female", Tenure: warehouse.TenureKnown, Users: 1},               // u2
		{Province: "guang dong", Age: -1, Gender: "female", Tenure: warehouse.TenureWrong, Users: 1},             // u3
		{Province: "guang dong", Age: 21, Gender: "male", Tenure: warehouse.TenureKnown, Active: true, Users: 1}, // u1
	}, traits, err)

	months, err := w.UsersByMonths(ctx, .4)
	same(t, "UsersByMonths", []warehouse.MonthUse{
		{Months: -1, Users: 1, Impressions: 1},
		{Months: 3, Active: true, Users: 1, Impressions: 6, Clicks: 3, CTR: 3. / 6, CTRSquared: 9. / 36},
		{Months: 6, Active: true, Users: 1, Impressions: 1, Clicks: 1, CTR: 1, CTRSquared: 1},
		{Months: 20, Users: 1, Impressions: 2},
		{Months: 90, Users: 1, Impressions: 3, Clicks: 1, CTR: 1. / 3, CTRSquared: 1. / 9},
	}, months, err)

	// a user whose rate is the threshold itself is active, and 90 months are believed when 90 may be
	traits, err = w.UsersByTraits(ctx, 1./3, 90)
	same(t, "UsersByTraits from a third on", warehouse.TraitUse{Province: "guang dong", Age: -1, Gender: "female", Tenure: warehouse.TenureKnown, Active: true, Users: 1}, traits[3], err)

	for m, want := range map[warehouse.Measure][]warehouse.MeasureUse{
		warehouse.UserImpressions: {{Value: 1, Users: 1}, {Value: 1, Active: true, New: true, Users: 1}, {Value: 2, Users: 1}, {Value: 3, Users: 1}, {Value: 6, Active: true, New: true, Users: 1}},
		warehouse.UserClicks:      {{Value: 0, Users: 2}, {Value: 1, Users: 1}, {Value: 1, Active: true, New: true, Users: 1}, {Value: 3, Active: true, New: true, Users: 1}},
		// u1's 10 + 20 s and u4's 30 s are the same; the swipes' seconds are not in it
		warehouse.UserViewSeconds: {{Value: 0, Users: 2}, {Value: 4, Users: 1}, {Value: 30, Active: true, New: true, Users: 2}},
		// slots: u1 1 2 3 1 1 1, 9 / 6; u2 1 2; u3 1 2 1, 4 / 3 to a thousandth; u4 0; u6 1
		warehouse.UserMeanPosition: {{Value: 0, Active: true, New: true, Users: 1}, {Value: 1, Users: 1}, {Value: 1.333, Users: 1}, {Value: 1.5, Users: 1}, {Value: 1.5, Active: true, New: true, Users: 1}},
		// u6 is not in the user table
		warehouse.UserFollows: {{Value: 0, Active: true, New: true, Users: 1}, {Value: 1, Users: 1}, {Value: 2, Users: 1}, {Value: 5, Active: true, New: true, Users: 1}},
	} {
		got, err := w.UsersByMeasure(ctx, m, .4, 6)
		same(t, "UsersByMeasure "+string(m), want, got, err)
	}
	// only u1 has been registered for at most 3 months
	fresh, err := w.UsersByMeasure(ctx, warehouse.UserFollows, .4, 3)
	same(t, "UsersByMeasure of at most 3 months", []warehouse.MeasureUse{{Value: 0, Active: true, Users: 1}, {Value: 1, Users: 1}, {Value: 2, Users: 1}, {Value: 5, Active: true, New: true, Users: 1}}, fresh, err)
	if _, err := w.UsersByMeasure(ctx, "no such thing", .4, 6); err == nil {
		t.Error("UsersByMeasure answers for a measure that is none")
	}
	testNullPosition(t, open(t))
	testNobody(t, open(t))
}

// testNullPosition empties the position of u1's last impression: (1 + 2 + 3 + 1 + 1) / 5, the sixth left out.
func testNullPosition(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	text := strings.Replace(fixtureImpressions, "NA,30,1,", "NA,30,NA,", 1)
	inputs := append([]warehouse.Input{Input(feedlog.Impressions, "impression_data.csv", text)}, others(feedlog.Impressions)...)
	if _, err := w.Load(ctx, inputs, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := w.UsersByMeasure(ctx, warehouse.UserMeanPosition, .4, 6)
	same(t, "UsersByMeasure with a null position", warehouse.MeasureUse{Value: 1.6, Active: true, New: true, Users: 1}, got[len(got)-1], err)
}

// testNobody asks an empty warehouse.
func testNobody(t *testing.T, w warehouse.Warehouse) {
	ctx := context.Background()
	traits, err := w.UsersByTraits(ctx, .4, 80)
	same(t, "UsersByTraits of nobody", []warehouse.TraitUse(nil), traits, err)
	months, err := w.UsersByMonths(ctx, .4)
	same(t, "UsersByMonths of nobody", []warehouse.MonthUse(nil), months, err)
	for _, m := range []warehouse.Measure{warehouse.UserImpressions, warehouse.UserClicks, warehouse.UserViewSeconds, warehouse.UserMeanPosition, warehouse.UserFollows} {
		got, err := w.UsersByMeasure(ctx, m, .4, 6)
		same(t, "UsersByMeasure of nobody: "+string(m), []warehouse.MeasureUse(nil), got, err)
	}
}
