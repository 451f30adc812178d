package warehouse

import "context"

// Groups are questions answered by the random groups of users of UserGroups, for what is counted in impressions, clicks or sessions and
// must be judged with the user as the unit; and the life of cards followed from their first day. An empty warehouse answers with no rows.
type Groups interface {
	// HoursByGroup returns impressions and clicks by hour of the day and user group, in their order; hours and groups without any are left out.
	HoursByGroup(ctx context.Context) ([]GroupHour, error)
	// SessionsByGroup returns the sessions by the hour of the day in which they start and user group, in their order.
	SessionsByGroup(ctx context.Context) ([]GroupSessions, error)
	// ClicksByContent returns the clicks by content category (cards without one last), whether users are new (registered for at most newMonths
	// months) and user group, in their order.
	ClicksByContent(ctx context.Context, newMonths int) ([]ContentClicks, error)
	// LifeByAge follows the cards published within the log by days since publication (0..maxAge), in order.
	LifeByAge(ctx context.Context, maxAge int) ([]AgeLife, error)
}

// GroupHour is one hour of the day of one group of users.
type GroupHour struct {
	Hour, Group         int // Hour: 0..23
	Impressions, Clicks int64
}

// GroupSessions is what one group of users started in one hour of the day.
type GroupSessions struct {
	Hour, Group       int
	Sessions, Seconds int64 // Seconds: summed over the sessions
}

// ContentClicks is the clicks of one group of users on one category.
type ContentClicks struct {
	Content string // as logged; "" for cards without
	New     bool
	Group   int
	Clicks  int64
	Taste   float64 // the sum over users of the share of their own clicks that falls on the category: over all categories, the users with a click
}

// AgeLife is one age of the cards that were published within the log and can be followed to that age.
type AgeLife struct {
	Age                 int   // days
	Cards, Shown        int64 // cards followed so long, and those of them shown on that day of their life
	Impressions, Clicks int64 // of these, counted over all users of the app
}
