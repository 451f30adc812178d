package warehouse

import (
	"context"
	"time"
)

// UserGroups is how many random groups of users (or cards) some questions answer by: a group is the id modulo UserGroups. Leaving
// groups out one at a time gives standard errors with the user (or card) as the unit, without a row for each.
const UserGroups = 20

// Content is the theme of the engagement analysis that asks what is shown and what becomes of it. An empty warehouse answers with no
// rows, and with zeros where one row is promised.
type Content interface {
	// UseByContent returns one row for each content category and whether users are new (registered for at most newMonths months), the
	// category of cards without one last.
	UseByContent(ctx context.Context, newMonths int) ([]ContentUse, error)
	// ContentBreadth returns, for users with a click on a card of known category, how many categories they clicked, by number
	// of such clicks and whether they are new, in their order.
	ContentBreadth(ctx context.Context, newMonths int) ([]Breadth, error)
	// UseByCardType returns one row for each card type, in their order, with the card as the unit.
	UseByCardType(ctx context.Context) ([]CardTypeUse, error)
	// CreatorTotals counts creators by what their cards were shown and clicked in the log, and by what they published.
	CreatorTotals(ctx context.Context) ([]CreatorTotal, error)
	// UseByPosition returns impressions and clicks by user group, depth of the session (at most maxPosition, deeper ones counting
	// as that) and position (at most maxPosition, deeper ones left out), in their order.
	UseByPosition(ctx context.Context, maxPosition int) ([]PositionUse, error)
	// SwipeTotals returns what happened on cards of the feed and on cards reached by swiping.
	SwipeTotals(ctx context.Context) (SwipeTotals, error)
	// UserTriples returns the users by impressions, clicks and swipes, in their order.
	UserTriples(ctx context.Context) ([]UserTriple, error)
	// UseByShow returns impressions and clicks by user group and how many times the user has now been shown the card (5 for 5 or more).
	UseByShow(ctx context.Context) ([]ShowUse, error)
	// RepeatsWithinUsers returns, by user group, the two sums of the Mantel-Haenszel ratio of the click-through rates of repeats and first
	// shows, each user a stratum.
	RepeatsWithinUsers(ctx context.Context) ([]RepeatSums, error)
	// UseByAge returns what happened on cards by card group and days since publication (0..maxAge), from the daily counts over all users.
	UseByAge(ctx context.Context, maxAge int) ([]AgeUse, error)
	// PublishedByDay returns one row for each day, in order.
	PublishedByDay(ctx context.Context) ([]PublishedDay, error)
	// CreatorsWhoStop counts the creators who published on the first third of the days by followers above the median of them or not, and
	// by whether they published on the last third.
	CreatorsWhoStop(ctx context.Context) ([]CreatorStop, error)
}

// ContentUse is what was shown and clicked of one category.
type ContentUse struct {
	Content                    string // as logged; "" for cards without
	New                        bool
	Impressions, Clicks, Users int64   // Users: of this group with any impression, the same in each row of the group
	ClickShares, ShownShares   float64 // sums over users of clicks (impressions) on the category over the user's impressions
}

// Breadth is how many categories users with Clicks clicks chose.
type Breadth struct {
	Clicks                        int64
	New                           bool
	Users                         int64
	Categories, CategoriesSquared float64 // sums over the users
}

// CardTypeUse is one type of cards; the sums of squares are over cards.
type CardTypeUse struct {
	Type                                     int // 1 pictures, 2 video; 0 not known
	Cards, Impressions, Clicks               int64
	ImpressionsSquared, ClicksSquared, Cross float64
	ViewSeconds                              float64
}

// CreatorTotal counts creators alike.
type CreatorTotal struct {
	Impressions, Clicks, Published int64
	Creators                       int64
}

// PositionUse is one cell of depth and position within one group of users.
type PositionUse struct {
	Group, Depth, Position int
	Impressions, Clicks    int64
}

// SwipeTotals compares the feed's own cards with those reached by swiping.
type SwipeTotals struct {
	Lists, Swipes                          int64 // clicks with a list, cards in the lists
	FeedLikes, FeedComments, FeedShares    int64
	SwipeLikes, SwipeComments, SwipeShares int64
	FeedViewSeconds, SwipeViewSeconds      float64
}

// UserTriple is how many users had the same impressions, clicks and swipes.
type UserTriple struct {
	Impressions, Clicks, Swipes int64
	Users                       int64
}

// ShowUse is one number of showings within one group of users.
type ShowUse struct {
	Group, Show         int // Show: 1..5
	Impressions, Clicks int64
}

// RepeatSums are one group's sums.
type RepeatSums struct {
	Group           int
	Users           int64 // with both first shows and repeats
	Repeats, Firsts float64
}

// AgeUse is one age within one group of cards.
type AgeUse struct {
	Group, Age                    int // Age in days
	CardDays, Impressions, Clicks int64
}

// PublishedDay is one day.
type PublishedDay struct {
	Day                             time.Time
	Creators, Publishing, Published int64 // creators with a row, with a card published, and cards published
}

// CreatorStop counts creators who published early.
type CreatorStop struct {
	ManyFollowers, Stopped bool
	Creators               int64
}
