package analysis

import (
	"math"
	"strings"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

func TestBehaviourPlanted(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks, measures: map[warehouse.Measure][]warehouse.MeasureUse{
		// Active users see 10 or 30 cards, inactive ones 5 or 20, in equal parts; new users and others are alike.
		warehouse.UserImpressions: {
			{Value: 5, Users: 100}, {Value: 5, New: true, Users: 100}, {Value: 20, Users: 100}, {Value: 20, New: true, Users: 100},
			{Value: 10, Active: true, Users: 50}, {Value: 10, Active: true, New: true, Users: 50}, {Value: 30, Active: true, Users: 50}, {Value: 30, Active: true, New: true, Users: 50},
		},
		warehouse.UserClicks:       {{Value: 0, Users: 200}, {Value: 0, New: true, Users: 200}, {Value: 3, Active: true, Users: 100}, {Value: 3, Active: true, New: true, Users: 100}},
		warehouse.UserViewSeconds:  {{Value: 0, Users: 300}, {Value: 90, Active: true, Users: 100}, {Value: 600, Active: true, New: true, Users: 100}},
		warehouse.UserMeanPosition: {{Value: 2.5, Users: 10}, {Value: 2.5, Active: true, Users: 10}},
	}}
	by := answers(t, l)

	// Of the four pairs of values, the active have more in three (10 > 5, 30 > 5, 30 > 20) and less in one: delta 3/4 - 1/4.
	f := expect(t, by["impressions-per-user"], Association, "Active users have more impressions than inactive ones: median 20 against 12.5, mean 20 against 12.5")
	if math.Abs(f.Effect.Value-.5) > 1e-12 {
		t.Errorf("Cliff's delta is %v, by hand .5", f.Effect.Value)
	}
	expect(t, by["impressions-per-user"], NoDifference, "New and other users show no difference in their impressions")
	c := by["impressions-per-user"].Charts[0]
	if got := strings.Join(c.X.Categories, " "); got != "active inactive all new" {
		t.Errorf("boxes of %s", got)
	}
	if b := c.Series[0].Boxes[0]; b.N != 200 || b.Q1 != 10 || b.Median != 20 || b.Q3 != 30 || b.Mean != 20 {
		t.Errorf("the box of the active is %+v", b)
	}

	// Clicks of active users are more by definition: nothing is tested.
	f = expect(t, by["clicks-per-user"], Descriptive, "median 3 against 0, mean 3 against 0")
	if f.Test != nil || f.Effect.Value != 3 {
		t.Errorf("%+v", f)
	}
	// New users watch 600 s, the others 90 s or nothing: all pairs are in their favour.
	f = expect(t, by["view-time-per-user"], Association, "New users have more view time than other ones: median 10 min against 0 s")
	if math.Abs(f.Effect.Value-1) > 1e-12 {
		t.Errorf("Cliff's delta is %v, by hand 1", f.Effect.Value)
	}
	// All positions are the same: no test is possible. Nobody is new.
	expect(t, by["feed-length-per-user"], Descriptive, "Not tested", "feed length of active against inactive")
	expect(t, by["feed-length-per-user"], Descriptive, "No user whose feed length could be told is new")
	expect(t, by["follows-per-user"], Descriptive, "The log does not tell the follows of any user.")
}
