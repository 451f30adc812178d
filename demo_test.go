package segue

import (
	"testing"
	"time"

	"github.com/seguefeed/segue/village"
)

// TestDemoShift: whole weeks, after which the log ends within the seven days before today, in the log's zone.
func TestDemoShift(t *testing.T) {
	_, last := village.Days() // 30 November 2019, a Saturday
	for now, want := range map[string]string{
		"2026-12-01T12:00:00Z": "2026-11-28", // a Tuesday: the Saturday before
		"2026-12-05T12:00:00Z": "2026-11-28", // a Saturday is not over
		"2026-12-05T16:00:00Z": "2026-12-05", // midnight in UTC+8
		"2026-12-06T12:00:00Z": "2026-12-05",
		"2019-12-01T12:00:00Z": "2019-11-30",
		"2019-12-07T12:00:00Z": "2019-11-30",
		"2019-12-08T12:00:00Z": "2019-12-07",
		"2001-01-01T00:00:00Z": "2019-11-30", // a clock that is wrong moves nothing
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		days := DemoShift(at)
		if got := last.AddDate(0, 0, days).Format(time.DateOnly); got != want || days%7 != 0 {
			t.Errorf("at %s the log is moved by %d days and ends on %s; want %s", now, days, got, want)
		}
	}
}
