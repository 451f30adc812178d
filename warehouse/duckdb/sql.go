// This file answers queries that people write themselves. They run on a database that is open for reading only, cannot
// reach other files, and cannot change the engine's settings (see connect).

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/seguefeed/segue/warehouse"
)

// SQL implements warehouse.Querier.
func (e *Engine) SQL(ctx context.Context, query string) (warehouse.QueryRows, error) {
	if !e.cfg.ReadOnly {
		return nil, fmt.Errorf("query %s: only a database that is open for reading only answers queries of one's own", e.path)
	}
	conn, err := e.db().Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", e.path, err)
	}
	r, err := readOn(ctx, conn, query)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("query %s: %w", e.path, err)
	}
	return r, nil
}

// readOn runs one query on a connection of its own, which the rows close.
func readOn(ctx context.Context, conn *sql.Conn, query string) (*queryRows, error) {
	err := conn.Raw(func(c any) error {
		s, err := c.(*duckdb.Conn).Prepare(query)
		if err != nil && strings.Contains(err.Error(), "multi-statement") {
			return errors.New("there is more than one statement; give one query at a time")
		}
		if err != nil {
			return err
		}
		defer s.Close()
		kind, err := s.(*duckdb.Stmt).StatementType()
		if err == nil && kind != duckdb.STATEMENT_TYPE_SELECT && kind != duckdb.STATEMENT_TYPE_EXPLAIN {
			err = errors.New("only a query that reads is allowed: select, from, with, describe, show, summarize, explain")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	columns, err := rows.Columns()
	if err != nil {
		rows.Close()
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		rows.Close()
		return nil, err
	}
	r := &queryRows{Rows: rows, conn: conn, columns: columns}
	for _, t := range types {
		r.types = append(r.types, t.DatabaseTypeName())
	}
	return r, nil
}

type queryRows struct {
	*sql.Rows
	conn    *sql.Conn
	columns []string
	types   []string
}

func (r *queryRows) Close() error { return errors.Join(r.Rows.Close(), r.conn.Close()) }

func (r *queryRows) Columns() []string { return r.columns }

func (r *queryRows) Values() ([]any, error) {
	cells := make([]any, len(r.columns))
	into := make([]any, len(cells))
	for i := range cells {
		into[i] = &cells[i]
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	for i, c := range cells {
		cells[i] = plain(c, r.types[i])
	}
	return cells, nil
}
