package warehouse

import (
	"context"
	"time"
)

// Activity is the theme of the engagement analysis of that name: who clicks how much, and who comes back. All questions are about
// users with at least one impression, whether or not they have a row in the user table. An empty warehouse answers with no rows.
type Activity interface {
	// UserPairs returns the users by impressions and clicks in the whole log, in their order.
	UserPairs(ctx context.Context) ([]UserPair, error)
	// WindowPairs cuts the days of the log, from its first, into windows of days days (>= 1) and returns each
	// window's users by impressions and clicks within it, ordered by window, impressions and clicks. The last window may be cut short.
	WindowPairs(ctx context.Context, days int) ([]WindowPair, error)
	// UseByLevel returns one row for each level, in their order, the users without one last. A user counts as active from a
	// CTR of activeFrom on.
	UseByLevel(ctx context.Context, activeFrom float64) ([]LevelUse, error)
	// TopClickers returns the users with the most clicks: at most n, those with more clicks first, ties in order of the users' keys.
	TopClickers(ctx context.Context, n int) ([]Clicker, error)
	// UsersByDaysActive returns one row for each number of days on which users had an impression, in their order.
	UsersByDaysActive(ctx context.Context) ([]DaysActive, error)
	// Returns counts each user's days by the day on which she was seen before, ordered by day and previous day (a first day before all).
	Returns(ctx context.Context) ([]Return, error)
	// Retention counts users by their first day in the log and each day on which they were seen, in their order.
	Retention(ctx context.Context) ([]CohortDay, error)
	// ActiveTwice counts the users who have impressions both before a day and from it on, by whether their CTR in each part reaches
	// that part's threshold: rows (false, false), (false, true), (true, false), (true, true), those without users left out.
	ActiveTwice(ctx context.Context, split time.Time, beforeFrom, afterFrom float64) ([]ActiveTwice, error)
	// SplitPairs returns the users by impressions and clicks before a day and from it on, ordered by part, impressions and clicks.
	SplitPairs(ctx context.Context, split time.Time) ([]SplitPair, error)
}

// UserPair is how many users had the same impressions and clicks.
type UserPair struct {
	Impressions int64 // >= 1
	Clicks      int64 // 0..Impressions
	Users       int64
}

// WindowPair is a UserPair within one window.
type WindowPair struct {
	Window              int // 0, 1, ...
	Impressions, Clicks int64
	Users               int64
}

// SplitPair is a UserPair of one part of the log, among the users who were seen in both parts.
type SplitPair struct {
	After               bool // from the splitting day on
	Impressions, Clicks int64
	Users               int64
}

// ActiveTwice is one cell of the table of activity before and after a day.
type ActiveTwice struct {
	Before, After bool
	Users         int64
}

// LevelUse is one level. The sums of squares are over users, for intervals with the user as the unit.
type LevelUse struct {
	Level                                    int // -1 for users without one
	Users, Active                            int64
	Impressions, Clicks                      int64
	ImpressionsSquared, ClicksSquared, Cross float64 // sums of impressions^2, clicks^2, impressions x clicks
	Likes, CommentViews                      int64
}

// Clicker is one user with many clicks.
type Clicker struct {
	User                string // the log's own id
	Impressions, Clicks int64
	Level               int // -1 when not known
}

// DaysActive is how many users were seen on so many days.
type DaysActive struct {
	Days                       int // >= 1
	Users, Impressions, Clicks int64
}

// Return counts users seen on a day.
type Return struct {
	Day      time.Time
	Previous time.Time // the last day before Day on which they were seen; zero when Day is their first
	Users    int64
}

// CohortDay counts users of one first day seen on one day.
type CohortDay struct {
	FirstDay, Day time.Time
	Users         int64
}
