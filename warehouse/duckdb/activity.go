package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// UserPairs implements warehouse.Activity.
func (e *Engine) UserPairs(ctx context.Context) ([]warehouse.UserPair, error) {
	return query[warehouse.UserPair](ctx, e, "activity_user_pairs")
}

// WindowPairs implements warehouse.Activity.
func (e *Engine) WindowPairs(ctx context.Context, days int) ([]warehouse.WindowPair, error) {
	if days < 1 {
		return nil, fmt.Errorf("window of %d days: at least 1 is needed", days)
	}
	return query[warehouse.WindowPair](ctx, e, "activity_window_pairs", days)
}

// UseByLevel implements warehouse.Activity.
func (e *Engine) UseByLevel(ctx context.Context, activeFrom float64) ([]warehouse.LevelUse, error) {
	return query[warehouse.LevelUse](ctx, e, "activity_use_by_level", activeFrom)
}

// TopClickers implements warehouse.Activity.
func (e *Engine) TopClickers(ctx context.Context, n int) ([]warehouse.Clicker, error) {
	return query[warehouse.Clicker](ctx, e, "activity_top_clickers", max(0, n))
}

// UsersByDaysActive implements warehouse.Activity.
func (e *Engine) UsersByDaysActive(ctx context.Context) ([]warehouse.DaysActive, error) {
	return query[warehouse.DaysActive](ctx, e, "activity_users_by_days_active")
}

// Returns implements warehouse.Activity.
func (e *Engine) Returns(ctx context.Context) ([]warehouse.Return, error) {
	type row struct {
		Day      time.Time
		Previous sql.NullTime
		Users    int64
	}
	rows, err := query[row](ctx, e, "activity_returns")
	if err != nil {
		return nil, err
	}
	out := make([]warehouse.Return, len(rows))
	for i, r := range rows {
		out[i] = warehouse.Return{Day: r.Day, Previous: r.Previous.Time, Users: r.Users}
	}
	return out, nil
}

// Retention implements warehouse.Activity.
func (e *Engine) Retention(ctx context.Context) ([]warehouse.CohortDay, error) {
	return query[warehouse.CohortDay](ctx, e, "activity_retention")
}

// SplitPairs implements warehouse.Activity.
func (e *Engine) SplitPairs(ctx context.Context, split time.Time) ([]warehouse.SplitPair, error) {
	return query[warehouse.SplitPair](ctx, e, "activity_split_pairs", split)
}

// ActiveTwice implements warehouse.Activity.
func (e *Engine) ActiveTwice(ctx context.Context, split time.Time, beforeFrom, afterFrom float64) ([]warehouse.ActiveTwice, error) {
	return query[warehouse.ActiveTwice](ctx, e, "activity_active_twice", split, beforeFrom, afterFrom)
}
