// A warehouse that has forgotten what came after a day, to hold features against.

package feature

import (
	"context"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// CutAt is w without the rows from a day on. The user table and the cards stay: the log keeps one state of them.
func CutAt(w warehouse.Training, day time.Time) warehouse.Training { return cut{w, day} }

type cut struct {
	warehouse.Training
	day time.Time
}

// last is the end of a window that ends before the cut; ok says whether anything is left of it.
func (c cut) last(from, to time.Time) (time.Time, bool) {
	if !to.Before(c.day) {
		to = c.day.AddDate(0, 0, -1)
	}
	return to, !to.Before(from)
}

func (c cut) Histories(ctx context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	to, ok := c.last(from, to)
	if !ok {
		return nil
	}
	return c.Training.Histories(ctx, from, to, each)
}

func (c cut) WindowTotals(ctx context.Context, from, to time.Time) (*warehouse.WindowTotals, error) {
	to, ok := c.last(from, to)
	if !ok {
		to = from.AddDate(0, 0, -1)
	}
	return c.Training.WindowTotals(ctx, from, to)
}

func (c cut) CardUse(ctx context.Context, from, to time.Time) ([]warehouse.CardUse, error) {
	to, ok := c.last(from, to)
	if !ok {
		return nil, nil
	}
	return c.Training.CardUse(ctx, from, to)
}

func (c cut) SlotUse(ctx context.Context, from, to time.Time) ([]warehouse.SlotUse, error) {
	to, ok := c.last(from, to)
	if !ok {
		return nil, nil
	}
	return c.Training.SlotUse(ctx, from, to)
}
