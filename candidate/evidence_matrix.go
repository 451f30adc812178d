// The matrix that item-side models are fitted on, straight from the log: one row a user, as her history would be.

package candidate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/warehouse"
)

// MatrixConfig are the settings of ClickMatrix.
type MatrixConfig struct {
	Evidence Evidence
	// Negative keeps values of 0 and below: cards passed over. Most models take values above 0 only.
	Negative bool
	// MinClicks is how many clicks a user must have to be in the matrix. 0 means 2: one click ties no two cards together.
	MinClicks int32
	// Share of the users with that many, above 0 and at most 1, chosen by a hash. 0 means 1.
	Share float64
	// MaxUsers bounds them further. 0 means no bound.
	MaxUsers int
	Seed     uint64 // of the choice
}

// Clicks is a matrix of users x cards and who its rows are.
type Clicks struct {
	Matrix
	User []int32 // by row, ascending
}

// ClickMatrix gathers the days from first to before asOf. Values of a user's impressions of one card are added. The cost is linear in the
// log; memory: 8 bytes a value kept and 8 a user of the log.
func ClickMatrix(ctx context.Context, w warehouse.Training, first, asOf int32, cfg MatrixConfig) (*Clicks, error) {
	e, err := cfg.Evidence.withDefaults()
	switch {
	case err != nil:
		return nil, err
	case first >= asOf:
		return nil, fmt.Errorf("candidate: clicks from day %d to before day %d: no day is left", first, asOf)
	case cfg.Share < 0 || cfg.Share > 1 || cfg.Share != cfg.Share || cfg.MaxUsers < 0 || cfg.MinClicks < 0:
		return nil, fmt.Errorf("candidate: clicks of a share of %v of the users with %d clicks, at most %d: a share from 0 to 1 and numbers from 0 are expected",
			cfg.Share, cfg.MinClicks, cfg.MaxUsers)
	}
	e.NoPassed = e.NoPassed || !cfg.Negative
	if cfg.MinClicks == 0 {
		cfg.MinClicks = 2
	}
	contents, err := w.CardContents(ctx)
	if err != nil {
		return nil, err
	}
	totals, err := w.WindowTotals(ctx, asOfDay(first), asOfDay(asOf-1))
	if err != nil {
		return nil, err
	}
	m := &Clicks{User: chosenUsers(totals.Clicks, cfg)}
	m.Items, m.Start = len(contents), make([]int64, 1, len(m.User)+1)
	m.Value = []float32{}
	chosen := make([]bool, len(totals.Clicks))
	for _, u := range m.User {
		chosen[u] = true
	}
	m.User = m.User[:0]
	var row []Entry
	end := int64(asOf) * 86_400_000 // evidence fades up to there, zones apart
	err = w.Histories(ctx, asOfDay(first), asOfDay(asOf-1), func(h *warehouse.Histories) error {
		for k, user := range h.User {
			if k%1024 == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if user < 0 || int(user) >= len(chosen) || !chosen[user] {
				continue
			}
			row = row[:0]
			for at := int(h.Start[k]); at < int(h.Start[k+1]); at++ {
				card := h.Card[at]
				if card < 0 || int(card) >= m.Items || h.Day[at] >= asOf || h.Day[at] < first {
					continue
				}
				if v := e.of(h, at, end); v != 0 {
					row = append(row, Entry{Item: card, Value: v})
				}
			}
			m.add(user, row, cfg.Negative)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(m.Item) == 0 {
		return nil, ErrEmpty
	}
	return m, nil
}

// add appends a user's entries, those of one card added.
func (m *Clicks) add(user int32, row []Entry, negative bool) {
	slices.SortStableFunc(row, func(a, b Entry) int { return cmp.Compare(a.Item, b.Item) })
	for k := 0; k < len(row); {
		card, sum := row[k].Item, float32(0)
		for ; k < len(row) && row[k].Item == card; k++ {
			sum += row[k].Value
		}
		if sum > 0 || negative && sum < 0 {
			m.Item, m.Value = append(m.Item, card), append(m.Value, sum)
		}
	}
	m.User = append(m.User, user)
	m.Start = append(m.Start, int64(len(m.Item)))
	m.Users = len(m.User)
}

// chosenUsers is the users with clicks enough whose hashes are the lowest, by id.
func chosenUsers(clicks []int32, cfg MatrixConfig) []int32 {
	type hashed struct {
		hash uint64
		user int32
	}
	var users []hashed
	for u, n := range clicks {
		if n >= cfg.MinClicks {
			users = append(users, hashed{splitmix.Next(uint64(u) ^ cfg.Seed<<32), int32(u)})
		}
	}
	limit := len(users)
	if cfg.Share > 0 {
		limit = int(cfg.Share*float64(limit) + .5)
	}
	if cfg.MaxUsers > 0 {
		limit = min(limit, cfg.MaxUsers)
	}
	if limit < len(users) {
		slices.SortFunc(users, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.user, b.user)) })
	}
	out := make([]int32, limit)
	for i := range out {
		out[i] = users[i].user
	}
	slices.Sort(out)
	return out
}
