package duckdb

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// Describe implements warehouse.Describer.
func (e *Engine) Describe(ctx context.Context) (warehouse.Contents, error) {
	type counts struct {
		Impressions, Swipes                      int64
		Users, Cards, Creators                   int64
		ListedUsers, ListedCards, ListedCreators int64
		CardDays, CreatorDays                    int64
		FirstDay, LastDay                        sql.NullTime
		Zone                                     sql.NullString
		ShiftDays                                int64
	}
	var out warehouse.Contents
	c, err := queryOne[counts](ctx, e, "describe_counts")
	if err != nil {
		return out, err
	}
	out = warehouse.Contents{
		Impressions: c.Impressions, Swipes: c.Swipes, Users: c.Users, Cards: c.Cards, Creators: c.Creators, ListedUsers: c.ListedUsers,
		ListedCards: c.ListedCards, ListedCreators: c.ListedCreators, CardDays: c.CardDays, CreatorDays: c.CreatorDays,
		FirstDay: c.FirstDay.Time, LastDay: c.LastDay.Time, Zone: c.Zone.String, ShiftDays: int(c.ShiftDays),
	}
	type file struct {
		Table, Name    string
		Rows, Rejected int64
		Absent         string
		At             time.Time
	}
	files, err := query[file](ctx, e, "describe_loads")
	if err != nil {
		return out, err
	}
	// A role is there as soon as one loaded file of its table has it.
	absent := map[feedlog.Role]bool{}
	for _, t := range feedlog.Tables {
		for _, r := range feedlog.Roles(t) {
			absent[r] = true
		}
	}
	for _, f := range files {
		table, ok := feedlog.ParseTable(f.Table)
		if !ok {
			continue
		}
		out.Loads = append(out.Loads, warehouse.LoadedFile{Table: table, Name: f.Name, Rows: f.Rows, Rejected: f.Rejected, LoadedAt: f.At})
		missing := "," + f.Absent + ","
		for _, r := range feedlog.Roles(table) {
			if !strings.Contains(missing, ","+string(r)+",") {
				absent[r] = false
			}
		}
	}
	for _, t := range feedlog.Tables {
		for _, r := range feedlog.Roles(t) {
			if absent[r] {
				out.Absent = append(out.Absent, r)
			}
		}
	}
	return out, nil
}
