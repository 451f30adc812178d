// This file hands out what the live log said that no table of a load holds.

package duckdb

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// ToldCards implements warehouse.Told.
func (e *Engine) ToldCards(ctx context.Context) (out []warehouse.ToldCard, err error) {
	err = e.scan(ctx, "told_cards", func(c mapping.DataChunk, n int) error {
		card, at, published, first := column[int32](c, 0, n), column[int64](c, 1, n), column[int64](c, 4, n), column[int64](c, 5, n)
		deleted, hidden := column[bool](c, 2, n), column[bool](c, 3, n)
		talk, categories, labels, note := textColumn(c, 6, n), texts(c, 7, n), textColumn(c, 8, n), textColumn(c, 9, n)
		for i := range n {
			t := warehouse.ToldCard{Card: card[i], AtMS: at[i], Deleted: deleted[i], Hidden: hidden[i], PublishedMS: published[i], FirstMS: first[i],
				Talk: talk[i], Labels: labels[i], Note: note[i]}
			if list := categories.at(i); len(list) > 0 {
				if err := json.Unmarshal(list, &t.Categories); err != nil {
					return fmt.Errorf("categories of card %d: %w", card[i], err)
				}
			}
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// ToldUsers implements warehouse.Told.
func (e *Engine) ToldUsers(ctx context.Context) (out []warehouse.ToldUser, err error) {
	err = e.scan(ctx, "told_users", func(c mapping.DataChunk, n int) error {
		user, at, labels, note := column[int32](c, 0, n), column[int64](c, 1, n), textColumn(c, 2, n), textColumn(c, 3, n)
		for i := range n {
			out = append(out, warehouse.ToldUser{User: user[i], AtMS: at[i], Labels: labels[i], Note: note[i]})
		}
		return nil
	})
	return out, err
}

// Feedback implements warehouse.Told.
func (e *Engine) Feedback(ctx context.Context, each func([]warehouse.ToldFeedback) error) error {
	return e.scan(ctx, "told_feedback", func(c mapping.DataChunk, n int) error {
		user, card, value, at := column[int32](c, 0, n), column[int32](c, 1, n), column[float64](c, 3, n), column[int64](c, 4, n)
		kind, note := textColumn(c, 2, n), textColumn(c, 5, n)
		out := make([]warehouse.ToldFeedback, n)
		for i := range out {
			out[i] = warehouse.ToldFeedback{User: user[i], Card: card[i], Type: kind[i], Value: value[i], AtMS: at[i], Note: note[i]}
		}
		return each(out)
	})
}

// Deleted implements warehouse.Told.
func (e *Engine) Deleted(ctx context.Context) (out []warehouse.ToldDeleted, err error) {
	err = e.scan(ctx, "told_deleted", func(c mapping.DataChunk, n int) error {
		at := column[int64](c, 1, n)
		for i, hash := range column[uint64](c, 0, n) {
			out = append(out, warehouse.ToldDeleted{KeyHash: hash, AtMS: at[i]})
		}
		return nil
	})
	return out, err
}
