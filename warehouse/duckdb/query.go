// This file runs the queries under sql/ and reads their rows into typed structs.

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/seguefeed/segue/warehouse"
)

// text returns the query of that name.
func text(name string) (string, error) {
	b, err := queries.ReadFile("sql/" + name + ".sql")
	if err != nil {
		return "", fmt.Errorf("query %s: %w", name, err)
	}
	return string(b), nil
}

// query runs sql/NAME.sql and reads each row into the fields of a T, in the order of the columns. A nullable
// column needs a field of a sql.Null type or a pointer. args are bound to $1, $2, ...
func query[T any](ctx context.Context, e *Engine, name string, args ...any) ([]T, error) {
	q, err := text(name)
	if err != nil {
		return nil, err
	}
	warehouse.TraceOf(ctx)(name, q)
	rows, err := e.db().QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", name, err)
	}
	defer rows.Close()
	var out []T
	var row T
	into := fields(&row)
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", name, err)
	}
	if len(columns) != len(into) {
		return nil, fmt.Errorf("query %s: %d columns for the %d fields of %T", name, len(columns), len(into), row)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("query %s: %w", name, err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("query %s: %w", name, err)
	}
	return out, nil
}

// queryOne is query for a query that returns exactly one row.
func queryOne[T any](ctx context.Context, e *Engine, name string, args ...any) (T, error) {
	var zero T
	rows, err := query[T](ctx, e, name, args...)
	if err != nil {
		return zero, err
	}
	if len(rows) != 1 {
		return zero, fmt.Errorf("query %s: %d rows, expected one", name, len(rows))
	}
	return rows[0], nil
}

// fields returns pointers to the fields of a struct; of anything else, a pointer to itself.
func fields(row any) []any {
	v := reflect.ValueOf(row).Elem()
	if _, scans := row.(sql.Scanner); scans || v.Kind() != reflect.Struct || v.Type().PkgPath() == "time" {
		return []any{row}
	}
	into := make([]any, v.NumField())
	for i := range into {
		into[i] = v.Field(i).Addr().Interface()
	}
	return into
}
