// This file hands out the columns that features and labels are made of. Tens of millions of rows come this way, so they go
// through the engine's C interface, as a load does, on a connection of the pool.

package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// historyUsers is how many users one query of Histories is about: some million rows of a month, some 50 MB.
const historyUsers = 1 << 16

// rawOf is the connection behind one of the pool's. The driver does not tell it, so it is read from where it is kept.
func rawOf(c any) (*rawConn, error) {
	conn, ok := c.(*duckdb.Conn)
	if !ok {
		return nil, fmt.Errorf("a connection of type %T", c)
	}
	f := reflect.ValueOf(conn).Elem().FieldByName("conn")
	if !f.IsValid() || f.Type() != reflect.TypeFor[mapping.Connection]() {
		return nil, fmt.Errorf("this version of the driver keeps its connection elsewhere")
	}
	// The reflected field may not be copied out, its one pointer may be read.
	return &rawConn{conn: mapping.Connection{Ptr: f.FieldByName("Ptr").UnsafePointer()}}, nil
}

// scan runs sql/NAME.sql on a connection of the pool and hands its chunks to each. args are bound to $1, $2, ...
func (e *Engine) scan(ctx context.Context, name string, each func(chunk mapping.DataChunk, n int) error, args ...int64) error {
	q, err := text(name)
	if err != nil {
		return err
	}
	warehouse.TraceOf(ctx)(name, q)
	conn, err := e.db().Conn(ctx)
	if err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		raw, err := rawOf(c)
		if err != nil {
			return err
		}
		stop := raw.interruptAfter(ctx)
		defer stop()
		if err := ctx.Err(); err != nil {
			return err
		}
		return raw.fetch(q, func(chunk mapping.DataChunk, n int) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return each(chunk, n)
		}, args...)
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("query %s: %w", name, err)
	}
	return nil
}

// epochDay is the number of days from 1970-01-01 to the day of t.
func epochDay(t time.Time) int64 {
	return int64(dayNumber(t.Year(), t.Month(), t.Day()))
}

// Histories implements warehouse.Training.
func (e *Engine) Histories(ctx context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	c, err := e.Describe(ctx)
	if err != nil {
		return err
	}
	for first := int64(0); first < c.Users; first += historyUsers {
		var r historyRows
		err := e.scan(ctx, "training_histories", func(chunk mapping.DataChunk, n int) error {
			r.add(chunk, n)
			return nil
		}, epochDay(from), epochDay(to), first, first+historyUsers-1)
		if err != nil {
			return err
		}
		if len(r.user) == 0 {
			continue
		}
		if err := each(r.grouped(int32(first))); err != nil {
			return err
		}
	}
	return nil
}

// HistoryOf implements warehouse.Lookup.
func (e *Engine) HistoryOf(ctx context.Context, user int32, from, to time.Time) (*warehouse.Histories, error) {
	var r historyRows
	err := e.scan(ctx, "training_histories", func(chunk mapping.DataChunk, n int) error {
		r.add(chunk, n)
		return nil
	}, epochDay(from), epochDay(to), int64(user), int64(user))
	return r.grouped(user), err
}

// DaysOf implements warehouse.Lookup.
func (e *Engine) DaysOf(ctx context.Context, card string, before time.Time) ([]warehouse.DayUse, error) {
	return query[warehouse.DayUse](ctx, e, "lookup_card_days", card, epochDay(before))
}

// historyRows are the rows of one query, in the order in which they came.
type historyRows struct {
	user []int32
	h    warehouse.Histories
}

func (r *historyRows) add(chunk mapping.DataChunk, n int) {
	h := &r.h
	r.user = append(r.user, column[int32](chunk, 0, n)...)
	h.Card = append(h.Card, column[int32](chunk, 1, n)...)
	h.ShownAtMS = append(h.ShownAtMS, column[int64](chunk, 2, n)...)
	h.Day = append(h.Day, column[int32](chunk, 3, n)...)
	h.Position = append(h.Position, column[int32](chunk, 4, n)...)
	h.Show = append(h.Show, column[int16](chunk, 5, n)...)
	for _, f := range column[uint16](chunk, 6, n) {
		h.Flags = append(h.Flags, warehouse.Flag(f&63))
		h.Hour = append(h.Hour, uint8(f>>6&31))
	}
	h.ViewSeconds = append(h.ViewSeconds, column[float32](chunk, 7, n)...)
	h.Swipes = append(h.Swipes, column[int32](chunk, 8, n)...)
	h.SwipeViewSeconds = append(h.SwipeViewSeconds, column[float32](chunk, 9, n)...)
}

// grouped finds the users in the rows, whose ids are from first on, and orders the rows of each by time; those of one moment by
// position, card and what was done, since the engine gives them in no order of its own, and sums must not hang on that.
func (r *historyRows) grouped(first int32) *warehouse.Histories {
	h := &r.h
	count := make([]int32, historyUsers+1)
	for _, u := range r.user {
		count[u-first+1]++
	}
	for k, n := range count[1:] {
		if n > 0 {
			h.User = append(h.User, first+int32(k))
			h.Start = append(h.Start, count[k])
		}
		count[k+1] += count[k]
	}
	h.Start = append(h.Start, int32(len(r.user)))
	order := make([]int32, len(r.user))
	for i, u := range r.user {
		order[count[u-first]] = int32(i)
		count[u-first]++
	}
	for k := range h.User {
		slices.SortStableFunc(order[h.Start[k]:h.Start[k+1]], func(a, b int32) int {
			return cmp.Or(cmp.Compare(h.ShownAtMS[a], h.ShownAtMS[b]), cmp.Compare(h.Position[a], h.Position[b]), cmp.Compare(h.Card[a], h.Card[b]), cmp.Compare(h.Flags[a], h.Flags[b]))
		})
	}
	h.Card, h.ShownAtMS, h.Day, h.Hour = taken(h.Card, order), taken(h.ShownAtMS, order), taken(h.Day, order), taken(h.Hour, order)
	h.Position, h.Show, h.Flags = taken(h.Position, order), taken(h.Show, order), taken(h.Flags, order)
	h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = taken(h.ViewSeconds, order), taken(h.Swipes, order), taken(h.SwipeViewSeconds, order)
	return h
}

// taken is v in another order.
func taken[T any](v []T, order []int32) []T {
	out := make([]T, len(order))
	for k, i := range order {
		out[k] = v[i]
	}
	return out
}

// Profiles implements warehouse.Training.
func (e *Engine) Profiles(ctx context.Context) (*warehouse.Profiles, error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	n := int(c.Users)
	p := &warehouse.Profiles{Listed: make([]bool, n), Province: make([]string, n), Gender: make([]string, n), Age: make([]int16, n),
		RegisteredMonths: make([]int16, n), Follows: make([]int32, n), Level: make([]int8, n)}
	provinces, genders := interned{}, interned{}
	err = e.scan(ctx, "training_profiles", func(chunk mapping.DataChunk, n int) error {
		ids := column[int32](chunk, 0, n)
		province, gender := texts(chunk, 2, n), texts(chunk, 3, n)
		for i, u := range ids {
			p.Listed[u] = column[bool](chunk, 1, n)[i]
			p.Province[u] = provinces.of(province.at(i))
			p.Gender[u] = genders.of(gender.at(i))
			p.Age[u] = column[int16](chunk, 4, n)[i]
			p.RegisteredMonths[u] = column[int16](chunk, 5, n)[i]
			p.Follows[u] = column[int32](chunk, 6, n)[i]
			p.Level[u] = column[int8](chunk, 7, n)[i]
		}
		return nil
	})
	return p, err
}

// interned keeps one copy of each text.
type interned map[string]string

func (m interned) of(b []byte) string {
	if s, ok := m[string(b)]; ok {
		return s
	}
	s := string(b)
	m[s] = s
	return s
}

// WindowTotals implements warehouse.Training.
func (e *Engine) WindowTotals(ctx context.Context, from, to time.Time) (*warehouse.WindowTotals, error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	w := &warehouse.WindowTotals{Impressions: make([]int32, c.Users), Clicks: make([]int32, c.Users)}
	err = e.scan(ctx, "training_window_totals", func(chunk mapping.DataChunk, n int) error {
		impressions, clicks := column[int32](chunk, 1, n), column[int32](chunk, 2, n)
		for i, u := range column[int32](chunk, 0, n) {
			w.Impressions[u], w.Clicks[u] = impressions[i], clicks[i]
		}
		return nil
	}, epochDay(from), epochDay(to))
	return w, err
}

// Spans implements warehouse.Training.
func (e *Engine) Spans(ctx context.Context) (first, last []int32, err error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	first, last = make([]int32, c.Users), make([]int32, c.Users)
	for u := range first {
		first[u], last[u] = math.MaxInt32, math.MinInt32
	}
	err = e.scan(ctx, "training_spans", func(chunk mapping.DataChunk, n int) error {
		from, to := column[int32](chunk, 1, n), column[int32](chunk, 2, n)
		for i, u := range column[int32](chunk, 0, n) {
			first[u], last[u] = from[i], to[i]
		}
		return nil
	})
	return first, last, err
}

// CardUse implements warehouse.Training.
func (e *Engine) CardUse(ctx context.Context, from, to time.Time) ([]warehouse.CardUse, error) {
	var out []warehouse.CardUse
	err := e.scan(ctx, "training_card_use", func(chunk mapping.DataChunk, n int) error {
		card, day := column[int32](chunk, 0, n), column[int32](chunk, 1, n)
		impressions, clicks := column[int32](chunk, 2, n), column[int32](chunk, 3, n)
		for i := range card {
			out = append(out, warehouse.CardUse{Card: card[i], Day: day[i], Impressions: impressions[i], Clicks: clicks[i]})
		}
		return nil
	}, epochDay(from), epochDay(to))
	return out, err
}

// CardContents implements warehouse.Training.
func (e *Engine) CardContents(ctx context.Context) ([]int16, error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]int16, c.Cards)
	err = e.scan(ctx, "training_card_contents", func(chunk mapping.DataChunk, n int) error {
		content := column[int16](chunk, 1, n)
		for i, card := range column[int32](chunk, 0, n) {
			out[card] = content[i]
		}
		return nil
	})
	return out, err
}

// LoggedDays implements warehouse.Training.
func (e *Engine) LoggedDays(ctx context.Context, from, to time.Time) (days []int32, err error) {
	err = e.scan(ctx, "training_logged_days", func(chunk mapping.DataChunk, n int) error {
		days = append(days, column[int32](chunk, 0, n)...)
		return nil
	}, epochDay(from), epochDay(to))
	return days, err
}

// SlotUse implements warehouse.Training.
func (e *Engine) SlotUse(ctx context.Context, from, to time.Time) ([]warehouse.SlotUse, error) {
	return query[warehouse.SlotUse](ctx, e, "training_slot_use", epochDay(from), epochDay(to))
}

// UserKeys implements warehouse.Training.
func (e *Engine) UserKeys(ctx context.Context) ([]string, error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]string, c.Users)
	err = e.scan(ctx, "training_user_keys", func(chunk mapping.DataChunk, n int) error {
		key := texts(chunk, 1, n)
		for i, u := range column[int32](chunk, 0, n) {
			keys[u] = string(key.at(i))
		}
		return nil
	})
	return keys, err
}
