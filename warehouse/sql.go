package warehouse

import "context"

// Querier answers queries in the engine's own language, for people who know its tables.
type Querier interface {
	// SQL runs one query that only reads; anything else is an error and changes nothing.
	SQL(ctx context.Context, query string) (QueryRows, error)
}

// QueryRows are the rows of a query, to be read once and closed.
type QueryRows interface {
	Columns() []string
	Next() bool
	// Values returns the row's cells: nil, bool, int64, uint64, float64, string, or Nested.
	Values() ([]any, error)
	Err() error
	Close() error
}

// Nested is a cell that holds several values, a list, struct or map, as JSON.
type Nested string

// MarshalJSON writes it as it is.
func (n Nested) MarshalJSON() ([]byte, error) { return []byte(n), nil }
