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
	// Values returns the row's cells: nil, bool, int64, uint64, float64, string, or what prints as the engine would write it.
	Values() ([]any, error)
	Err() error
	Close() error
}
