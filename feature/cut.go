// A warehouse that has forgotten what came after a day, to hold features against.

package feature

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// CutAt is w without the rows from a day on. The user table, the cards and the ids stay: the log keeps one state of them.
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

// Spans are the first and last days before the cut.
func (c cut) Spans(ctx context.Context) (first, last []int32, err error) {
	first, _, err = c.Training.Spans(ctx)
	if err != nil {
		return nil, nil, err
	}
	first = slices.Clone(first)
	last = make([]int32, len(first))
	from := int32(math.MaxInt32)
	for u := range first {
		from = min(from, first[u])
		first[u], last[u] = math.MaxInt32, math.MinInt32
	}
	if from == math.MaxInt32 { // nobody was ever seen
		return first, last, nil
	}
	err = c.Histories(ctx, time.Unix(int64(from)*86400, 0).UTC(), c.day, func(h *warehouse.Histories) error {
		for k, u := range h.User {
			first[u], last[u] = h.Day[h.Start[k]], h.Day[h.Start[k+1]-1]
		}
		return nil
	})
	return first, last, err
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

func (c cut) LoggedDays(ctx context.Context, from, to time.Time) ([]int32, error) {
	to, ok := c.last(from, to)
	if !ok {
		return nil, nil
	}
	return c.Training.LoggedDays(ctx, from, to)
}

func (c cut) SlotUse(ctx context.Context, from, to time.Time) ([]warehouse.SlotUse, error) {
	to, ok := c.last(from, to)
	if !ok {
		return nil, nil
	}
	return c.Training.SlotUse(ctx, from, to)
}
