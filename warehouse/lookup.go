package warehouse

import (
	"context"
	"time"
)

// Lookup is the theme of questions about one user or one card.
type Lookup interface {
	// HistoryOf returns what Training.Histories gives of one user; no user where there are no rows of hers in these days.
	HistoryOf(ctx context.Context, user int32, from, to time.Time) (*Histories, error)
	// DaysOf returns one row for each day before a day on which the card with that id, the log's own, was shown in the feed, in order of days; none for a
	// card that is not known. It looks through all impressions: a second of one processor for the reference log.
	DaysOf(ctx context.Context, card string, before time.Time) ([]DayUse, error)
}
