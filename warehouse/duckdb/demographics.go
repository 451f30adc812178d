package duckdb

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/warehouse"
)

// UsersByTraits implements warehouse.Demographics.
func (e *Engine) UsersByTraits(ctx context.Context, activeFrom float64, maxMonths int) ([]warehouse.TraitUse, error) {
	return query[warehouse.TraitUse](ctx, e, "demographics_users_by_traits", activeFrom, maxMonths)
}

// UsersByMonths implements warehouse.Demographics.
func (e *Engine) UsersByMonths(ctx context.Context, activeFrom float64) ([]warehouse.MonthUse, error) {
	return query[warehouse.MonthUse](ctx, e, "demographics_users_by_months", activeFrom)
}

// UsersByMeasure implements warehouse.Demographics.
func (e *Engine) UsersByMeasure(ctx context.Context, m warehouse.Measure, activeFrom float64, newMonths int) ([]warehouse.MeasureUse, error) {
	switch m {
	case warehouse.UserImpressions, warehouse.UserClicks, warehouse.UserViewSeconds, warehouse.UserMeanPosition, warehouse.UserFollows:
		return query[warehouse.MeasureUse](ctx, e, "demographics_users_by_"+string(m), activeFrom, newMonths)
	}
	return nil, fmt.Errorf("there is no measure %q of users", m)
}
