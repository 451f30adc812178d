package analysis

import (
	"context"
	"math"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// Usage is the theme that asks how much the feed is used, and when.
const Usage = "Usage"

func usageQuestions() []Question {
	return []Question{
		{ID: "use-by-day", Theme: Usage, Title: "How much is the feed used each day?", Ask: askUseByDay},
		{ID: "use-by-hour", Theme: Usage, Title: "At which hours is the feed used?", Ask: askUseByHour},
		{ID: "weekday-weekend", Theme: Usage, Title: "Are weekends different from weekdays?", Ask: askWeekdayWeekend},
		{ID: "hour-by-weekday", Theme: Usage, Title: "Which hours of which weekdays are busy?", Ask: askHourByWeekday},
		{ID: "sessions", Theme: Usage, Title: "How long and how deep are sessions, and when do they start?", Ask: askSessions},
	}
}

// useByDay is the days of the log, asked once a run.
func (e *Env) useByDay(ctx context.Context) ([]warehouse.DayUse, error) {
	return e.days.get(ctx, e.Warehouse.UseByDay)
}

// useByHour is the hours of the days of the log, asked once a run: it reads every impression.
func (e *Env) useByHour(ctx context.Context) ([]warehouse.HourUse, error) {
	return e.hours.get(ctx, e.Warehouse.UseByHour)
}

// inZone says which clock the hours and days follow.
func inZone(c warehouse.Contents) string {
	if c.Zone == "" {
		return "Days and hours are those of the log's time zone."
	}
	return "Days and hours are those of the log's time zone, " + c.Zone + "."
}

func isWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// weekdays in the order of a working week.
var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// share is x of n, NaN of nothing.
func share(x, n int64) float64 { return over(float64(x), float64(n)) }

// over is x/y, NaN when y is 0.
func over(x, y float64) float64 {
	if y == 0 {
		return math.NaN()
	}
	return x / y
}
