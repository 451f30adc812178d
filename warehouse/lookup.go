package warehouse

import (
	"context"
	"time"
)

// Lookup is the theme of questions about one user.
type Lookup interface {
	// HistoryOf returns what Training.Histories gives of one user; no user where there are no rows of hers in these days.
	HistoryOf(ctx context.Context, user int32, from, to time.Time) (*Histories, error)
}
