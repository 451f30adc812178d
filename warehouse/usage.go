package warehouse

import (
	"context"
	"time"
)

// Usage is the theme of the engagement analysis of that name: how much the feed is used, and when. Days and hours are of the
// log's zone; a day is midnight UTC of its date. An empty warehouse answers with no rows.
type Usage interface {
	// UseByDay returns one row for each day with impressions, in order of days.
	UseByDay(ctx context.Context) ([]DayUse, error)
	// UseByHour returns one row for each day and hour with impressions, in their order.
	UseByHour(ctx context.Context) ([]HourUse, error)
	// UsersByHour returns, for each hour of the day with impressions, how many different users were seen in it on any day, in
	// order of hours.
	UsersByHour(ctx context.Context) ([]HourUsers, error)
	// SessionSizes returns how many sessions have each value of each measure, ordered by measure and value. A session is
	// a user's impressions with no gap over 30 minutes between neighbours.
	SessionSizes(ctx context.Context) ([]SessionSize, error)
	// SessionsByHour returns one row for each hour of the day in which a session started, in order of hours.
	SessionsByHour(ctx context.Context) ([]SessionHour, error)
}

// DayUse is one day.
type DayUse struct {
	Day                        time.Time
	Impressions, Clicks, Users int64 // Users: different users with an impression
}

// HourUse is one hour of one day.
type HourUse struct {
	Day                 time.Time
	Hour                int // 0..23
	Impressions, Clicks int64
}

// HourUsers is one hour of the day, all days together.
type HourUsers struct {
	Hour  int // 0..23
	Users int64
}

// SessionMeasure is a measure of a session's size.
type SessionMeasure string

// The measures of SessionSizes.
const (
	SessionSeconds     SessionMeasure = "seconds"     // from its first impression to its last; 0 for one screen
	SessionImpressions SessionMeasure = "impressions" // at least 1
	SessionClicks      SessionMeasure = "clicks"
	SessionDepth       SessionMeasure = "depth" // largest position; sessions without any position are left out
)

// SessionSize is how many sessions have one value of one measure.
type SessionSize struct {
	Measure  SessionMeasure
	Value    int64
	Sessions int64
}

// SessionHour is what started in one hour of the day, all days together.
type SessionHour struct {
	Hour                         int // 0..23
	Sessions                     int64
	Seconds, Impressions, Clicks int64   // sums over the sessions
	SecondsSquared               float64 // sum of the squared lengths
}
