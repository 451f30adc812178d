package duckdb

import (
	"context"

	"github.com/seguefeed/segue/warehouse"
)

// HoursByGroup implements warehouse.Groups.
func (e *Engine) HoursByGroup(ctx context.Context) ([]warehouse.GroupHour, error) {
	return query[warehouse.GroupHour](ctx, e, "groups_hours", warehouse.UserGroups)
}

// SessionsByGroup implements warehouse.Groups.
func (e *Engine) SessionsByGroup(ctx context.Context) ([]warehouse.GroupSessions, error) {
	return query[warehouse.GroupSessions](ctx, e, "groups_sessions", warehouse.UserGroups)
}

// ClicksByContent implements warehouse.Groups.
func (e *Engine) ClicksByContent(ctx context.Context, newMonths int) ([]warehouse.ContentClicks, error) {
	return query[warehouse.ContentClicks](ctx, e, "groups_content_clicks", newMonths, warehouse.UserGroups)
}

// LifeByAge implements warehouse.Groups.
func (e *Engine) LifeByAge(ctx context.Context, maxAge int) ([]warehouse.AgeLife, error) {
	return query[warehouse.AgeLife](ctx, e, "groups_card_life", maxAge)
}
