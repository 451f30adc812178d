package feature_test

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// All rows of a session know what was known when it began, by hand: nothing of the clicks above them, of the session's own length, or of the
// time that passed. That holds for a session that began on the day before the first row, too; what was done in a session counts in the next.
func TestPairsAsOfTheSessionsStart(t *testing.T) {
	w := opened(t)
	inputs := []warehouse.Input{lines(t, "impression_data.csv",
		shown{"a", "c1", 1, "10:00", "1", "c", "9"}, // a session of its own
		shown{"a", "c1", 1, "23:50", "1", "c", "19"},
		shown{"a", "c4", 2, "00:05", "6", "c", "9"}, shown{"a", "c1", 2, "00:20", "7", "", ""}, // goes on with it
		shown{"a", "c1", 2, "00:51", "1", "c", "5"}, shown{"a", "c4", 2, "01:21", "2", "", ""}, // 31 minutes later, then 30
	)}
	for _, in := range warehousetest.Fixture() {
		if in.Table != feedlog.Impressions && in.Table != feedlog.CardDays {
			inputs = append(inputs, in)
		}
	}
	load(t, w, inputs...)
	c := pairContext(t, w, 1, 2)
	set := pairs(t, w, c, feature.PairOptions{From: day(2), To: day(2), AsOf: feature.SessionStart})
	if set.Rows != 4 || set.AsOf != feature.SessionStart || len(set.Session) != 3 || set.Session[1] != 2 {
		t.Fatalf("%d rows and sessions %v: day 2 has the end of one session and another, of two rows each", set.Rows, set.Session)
	}
	ln := math.Log
	at := func(row int) map[string]float64 {
		v := map[string]float64{}
		for j, col := range set.Columns {
			v[col.Name] = float64(set.X[row*len(set.Columns)+j])
		}
		return v
	}
	// The first two rows: at 23:50 of Friday the 1st she had one impression, clicked, 13 h 50 min before.
	for row, want := range []map[string]float64{
		{"card_shows": 0, "card_clicks": 0, "slot": 6},
		{"card_shows": 1, "card_clicks": 1, "slot": 7},
		// The session after it, at 00:51 of Saturday: four impressions, three clicks; the third and the fourth were c4 and c1.
		{"card_shows": 3, "card_clicks": 2, "slot": 1},
		{"card_shows": 1, "card_clicks": 1, "slot": 2},
	} {
		if row < 2 {
			want["user_impressions"], want["user_clicks"], want["user_sessions"], want["user_days"] = ln(2), ln(2), ln(2), 1
			want["user_hours_since"], want["user_hours_since_click"], want["hour"], want["weekday"] = 13+50/60., 13+50/60., 23, 4
		} else {
			want["user_impressions"], want["user_clicks"], want["user_sessions"], want["user_days"] = ln(5), ln(4), ln(3), 2
			want["user_hours_since"], want["user_hours_since_click"], want["hour"], want["weekday"] = 31/60., 46/60., 0, 5
		}
		for _, name := range []string{"session_impressions", "session_clicks", "session_seconds", "session_screens", "session_content_shows", "session_content_clicks"} {
			want[name] = 0
		}
		for _, name := range []string{"session_depth", "session_pause", "session_since_click", "last_click_content", "last_click_creator"} {
			want[name] = none
		}
		want["session_new"] = 1
		expect(t, []string{"00:05", "00:20", "00:51", "01:21"}[row], at(row), want)
	}
	if set.Day[0] != 18202 || !set.Clicked[0] || set.Clicked[1] || set.Depth[0] != 7 || set.Depth[3] != 2 {
		t.Errorf("days %v, clicked %v, depths %v: what is learned is the rows' own", set.Day, set.Clicked, set.Depth)
	}
}
