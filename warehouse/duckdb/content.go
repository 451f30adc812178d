package duckdb

import (
	"context"

	"github.com/seguefeed/segue/warehouse"
)

// UseByContent implements warehouse.Content.
func (e *Engine) UseByContent(ctx context.Context, newMonths int) ([]warehouse.ContentUse, error) {
	return query[warehouse.ContentUse](ctx, e, "content_use", newMonths)
}

// ContentBreadth implements warehouse.Content.
func (e *Engine) ContentBreadth(ctx context.Context, newMonths int) ([]warehouse.Breadth, error) {
	return query[warehouse.Breadth](ctx, e, "content_breadth", newMonths)
}

// UseByCardType implements warehouse.Content.
func (e *Engine) UseByCardType(ctx context.Context) ([]warehouse.CardTypeUse, error) {
	return query[warehouse.CardTypeUse](ctx, e, "content_card_types")
}

// CreatorTotals implements warehouse.Content.
func (e *Engine) CreatorTotals(ctx context.Context) ([]warehouse.CreatorTotal, error) {
	return query[warehouse.CreatorTotal](ctx, e, "content_creator_totals")
}

// UseByPosition implements warehouse.Content.
func (e *Engine) UseByPosition(ctx context.Context, maxPosition int) ([]warehouse.PositionUse, error) {
	return query[warehouse.PositionUse](ctx, e, "content_positions", warehouse.UserGroups, maxPosition)
}

// SwipeTotals implements warehouse.Content.
func (e *Engine) SwipeTotals(ctx context.Context) (warehouse.SwipeTotals, error) {
	return queryOne[warehouse.SwipeTotals](ctx, e, "content_swipe_totals")
}

// UserTriples implements warehouse.Content.
func (e *Engine) UserTriples(ctx context.Context) ([]warehouse.UserTriple, error) {
	return query[warehouse.UserTriple](ctx, e, "content_user_triples")
}

// UseByShow implements warehouse.Content.
func (e *Engine) UseByShow(ctx context.Context) ([]warehouse.ShowUse, error) {
	return query[warehouse.ShowUse](ctx, e, "content_shows", warehouse.UserGroups)
}

// RepeatsWithinUsers implements warehouse.Content.
func (e *Engine) RepeatsWithinUsers(ctx context.Context) ([]warehouse.RepeatSums, error) {
	return query[warehouse.RepeatSums](ctx, e, "content_repeats_within_users", warehouse.UserGroups)
}

// UseByAge implements warehouse.Content.
func (e *Engine) UseByAge(ctx context.Context, maxAge int) ([]warehouse.AgeUse, error) {
	return query[warehouse.AgeUse](ctx, e, "content_ages", warehouse.UserGroups, maxAge)
}

// PublishedByDay implements warehouse.Content.
func (e *Engine) PublishedByDay(ctx context.Context) ([]warehouse.PublishedDay, error) {
	return query[warehouse.PublishedDay](ctx, e, "content_published_by_day")
}

// CreatorsWhoStop implements warehouse.Content.
func (e *Engine) CreatorsWhoStop(ctx context.Context) ([]warehouse.CreatorStop, error) {
	return query[warehouse.CreatorStop](ctx, e, "content_creators_who_stop")
}
