// Package warehouse is the port between segue's questions and the engine that
// holds the log: typed questions and typed rows, no SQL and no driver. Each theme
// has a small interface in a file of its own; an engine implements them all and
// passes the suite in warehousetest.
package warehouse

import "context"

// Warehouse is a whole engine. Consumers should ask for the theme they need.
type Warehouse interface {
	Loader
	Describer
	Querier
	Checker
	Usage
	Activity
	Demographics
	Content
	Groups
	Training
	Catalogue
	Lookup
	Live
	Told
	Close() error
}

// Trace receives, for every query an engine runs, its name and its text in the engine's own
// language, so that a report can show what stands behind a number.
type Trace func(name, text string)

type traceKey struct{}

// WithTrace returns a context whose queries are told to t.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceOf returns the trace of ctx, or one that does nothing.
func TraceOf(ctx context.Context) Trace {
	if t, ok := ctx.Value(traceKey{}).(Trace); ok {
		return t
	}
	return func(string, string) {}
}
