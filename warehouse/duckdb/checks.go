package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// dataChecks are the checks in the order they are reported; each is the query sql/check_ID.sql with - as _, which returns
// one row: the count, what it is out of, and up to five examples, a line each.
var dataChecks = []struct {
	id, title string
	needs     []feedlog.Role // one of them is enough
}{
	{"impressions-without-user", "impressions of a user without a row in the user table", []feedlog.Role{feedlog.UserID}},
	{"impressions-without-card", "impressions of a card without a row in the card table", []feedlog.Role{feedlog.CardID}},
	{"users-twice", "users listed more than once in a file; the first row counts", []feedlog.Role{feedlog.UserID}},
	{"cards-twice", "cards listed more than once in a file; the first row counts", []feedlog.Role{feedlog.CardID}},
	{"wrong-day", "impressions whose stated day is not the local date of their time", []feedlog.Role{feedlog.ImpressionDay}},
	{"view-without-click", "impressions with view time but no click", []feedlog.Role{feedlog.ImpressionView}},
	{"action-without-click", "impressions with a like, comment, share, comment view or creator visit but no click", []feedlog.Role{feedlog.ImpressionLike, feedlog.ImpressionComment,
		feedlog.ImpressionShare, feedlog.ImpressionRead, feedlog.ImpressionVisit}},
	{"repeats", "impressions that show a user a card again", nil},
	{"tenure-over-80", "users registered more than 80 months ago, longer than the reference service existed", []feedlog.Role{feedlog.UserMonths}},
	{"negative-times", "impressions with a time before 1970, or a negative view time", nil},
}

// Checks implements warehouse.Checker.
func (e *Engine) Checks(ctx context.Context) ([]warehouse.DataCheck, error) {
	contents, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	type found struct {
		Count, Of int64
		Examples  sql.NullString
	}
	var out []warehouse.DataCheck
	for _, c := range dataChecks {
		check := warehouse.DataCheck{ID: c.id, Title: c.title}
		if len(c.needs) > 0 && !slices.ContainsFunc(c.needs, func(r feedlog.Role) bool { return contents.Has(r) }) {
			check.Off = fmt.Sprintf("the log has no column for %s", strings.ReplaceAll(joinRoles(c.needs), ",", ", "))
			out = append(out, check)
			continue
		}
		f, err := queryOne[found](ctx, e, "check_"+strings.ReplaceAll(c.id, "-", "_"))
		if err != nil {
			return nil, err
		}
		check.Count, check.Of = f.Count, f.Of
		if f.Examples.String != "" {
			check.Examples = strings.Split(f.Examples.String, "\n")
		}
		out = append(out, check)
	}
	return out, nil
}
