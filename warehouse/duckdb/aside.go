// This file lets the engine work in a thread that all others go before, for the sake of those who are waited for: a server's pages. What the engine
// does with one thread it does in this one. Only calls of the engine run there: were Go code to wait for its turn, all of Go would wait with it
// whenever the collector stops the program.

package duckdb

import (
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// stepAside lets what the connection is asked for be done in a thread of its own that all others go before, until stop.
func (c *rawConn) stepAside() (stop func()) {
	calls := make(chan func())
	go func() {
		goLast()
		for call := range calls {
			call()
		}
	}()
	c.aside = calls
	return func() {
		c.aside = nil
		close(calls)
	}
}

// call calls the engine, for what may take long.
func (c *rawConn) call(f func() mapping.State) mapping.State {
	if c.aside == nil {
		return f()
	}
	state := make(chan mapping.State)
	c.aside <- func() { state <- f() }
	return <-state
}

const (
	workBetweenRests = time.Millisecond
	restFor          = 2 * time.Millisecond // a third of a processor, rather than as much as there is, leaves others theirs
)

// rest is called between short pieces of work beside the engine's: where the connection has stepped aside, it lets others go first now and then.
func (c *rawConn) rest() {
	if c.aside == nil || time.Since(c.rested) < workBetweenRests {
		return
	}
	time.Sleep(restFor)
	c.rested = time.Now()
}
