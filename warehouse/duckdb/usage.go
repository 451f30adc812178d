package duckdb

import (
	"context"

	"github.com/seguefeed/segue/warehouse"
)

// UseByDay implements warehouse.Usage.
func (e *Engine) UseByDay(ctx context.Context) ([]warehouse.DayUse, error) {
	return query[warehouse.DayUse](ctx, e, "usage_by_day")
}

// UseByHour implements warehouse.Usage.
func (e *Engine) UseByHour(ctx context.Context) ([]warehouse.HourUse, error) {
	return query[warehouse.HourUse](ctx, e, "usage_by_hour")
}

// UsersByHour implements warehouse.Usage.
func (e *Engine) UsersByHour(ctx context.Context) ([]warehouse.HourUsers, error) {
	return query[warehouse.HourUsers](ctx, e, "usage_users_by_hour")
}

// SessionSizes implements warehouse.Usage.
func (e *Engine) SessionSizes(ctx context.Context) ([]warehouse.SessionSize, error) {
	return query[warehouse.SessionSize](ctx, e, "usage_session_sizes")
}

// SessionsByHour implements warehouse.Usage.
func (e *Engine) SessionsByHour(ctx context.Context) ([]warehouse.SessionHour, error) {
	return query[warehouse.SessionHour](ctx, e, "usage_sessions_by_hour")
}
