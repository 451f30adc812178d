package segue

import (
	"testing"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// What is judged by is the end of the last run of days that is long enough, of days with a tenth of the median day's impressions at least.
func TestJudgedTo(t *testing.T) {
	first := time.Date(2019, 11, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int, impressions int64) warehouse.DayUse {
		return warehouse.DayUse{Day: first.AddDate(0, 0, n), Impressions: impressions}
	}
	var month []warehouse.DayUse
	for n := range 30 {
		month = append(month, day(n, 1000+int64(n)))
	}
	more := func(days ...warehouse.DayUse) []warehouse.DayUse { return append(month[:30:30], days...) }
	for name, c := range map[string]struct {
		use           []warehouse.DayUse
		choose, judge int
		want          int
	}{
		"all are full":                        {month, 2, 2, 29},
		"the last has just begun":             {more(day(30, 99)), 2, 2, 29},
		"the last has enough":                 {more(day(30, 110)), 2, 2, 30},
		"somebody came years later":           {more(day(2500, 300), day(2501, 5)), 2, 2, 29},
		"too few days years later":            {more(day(2500, 900), day(2501, 900), day(2502, 900)), 2, 2, 29},
		"days enough years later":             {more(day(2500, 900), day(2501, 900), day(2502, 900), day(2503, 900)), 2, 2, 2503},
		"left open, a week is waited for":     {more(day(2500, 900), day(2501, 900), day(2502, 900), day(2503, 900)), 0, 0, 29},
		"one day":                             {month[:1], 2, 2, 0},
		"shorter than what is needed":         {month[:3], 2, 2, 2},
		"shorter, and then one that is empty": {[]warehouse.DayUse{day(0, 1000), day(1, 1000), day(2, 1000), day(3, 3)}, 2, 2, 2},
	} {
		if got := judgedTo(c.use, c.choose, c.judge); !got.Equal(first.AddDate(0, 0, c.want)) {
			t.Errorf("%s: %s; want day %d", name, got.Format(time.DateOnly), c.want)
		}
	}
}
