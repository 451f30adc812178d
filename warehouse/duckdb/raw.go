// This file is the narrow door to the engine's C interface that a load goes through: one connection, one transaction,
// and appenders that take whole columns. database/sql would cost a call and a boxed value for each of a billion cells.

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// rawConn is one connection of its own to a database file.
type rawConn struct {
	db    mapping.Database
	conn  mapping.Connection
	aside chan<- func() // nil: calls run where they are made

	rested time.Time // when the last rest ended, or the engine's work in its place
}

// openRaw opens the database at path with the given settings.
func openRaw(path string, settings [][2]string) (*rawConn, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("the engine has no room for its settings")
	}
	defer mapping.DestroyConfig(&config)
	for _, kv := range settings {
		if mapping.SetConfig(config, kv[0], kv[1]) == mapping.StateError {
			return nil, fmt.Errorf("the engine refuses the setting %s = %s", kv[0], kv[1])
		}
	}
	c := &rawConn{}
	var msg string
	if mapping.OpenExt(path, &c.db, config, &msg) == mapping.StateError {
		return nil, errors.New(msg)
	}
	if mapping.Connect(c.db, &c.conn) == mapping.StateError {
		mapping.Close(&c.db)
		return nil, errors.New("the engine gives no connection")
	}
	return c, nil
}

func (c *rawConn) close() {
	mapping.Disconnect(&c.conn)
	mapping.Close(&c.db)
}

// interruptAfter breaks off the statement that runs when ctx ends. The function it returns ends this: true if nothing was
// broken off; false once the interruption has passed, so that it hits neither a later statement nor a connection that is closed.
func (c *rawConn) interruptAfter(ctx context.Context) (stop func() bool) {
	passed := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() {
		defer close(passed)
		mapping.Interrupt(c.conn)
	})
	return sync.OnceValue(func() bool {
		if stopped() {
			return true
		}
		<-passed
		return false
	})
}

// exec runs one statement without a result; args are bound to $1, $2, ...
func (c *rawConn) exec(q string, args ...int64) error {
	var res mapping.Result
	defer mapping.DestroyResult(&res)
	return c.run(q, &res, args...)
}

// run runs one statement into res, which the caller destroys.
func (c *rawConn) run(q string, res *mapping.Result, args ...int64) error {
	if len(args) == 0 {
		state := c.call(func() mapping.State { return mapping.Query(c.conn, q, res) })
		c.rested = time.Now()
		if state == mapping.StateError {
			return errors.New(mapping.ResultError(res))
		}
		return nil
	}
	s, err := c.prepare(q)
	defer mapping.DestroyPrepare(&s)
	if err != nil {
		return err
	}
	return c.execute(s, res, args...)
}

// prepare prepares a statement, which the caller destroys also after an error.
func (c *rawConn) prepare(q string) (s mapping.PreparedStatement, err error) {
	if mapping.Prepare(c.conn, q, &s) == mapping.StateError {
		err = errors.New(mapping.PrepareError(s))
	}
	return s, err
}

// execute runs a statement that is prepared into res, which the caller destroys.
func (c *rawConn) execute(s mapping.PreparedStatement, res *mapping.Result, args ...int64) error {
	for i, v := range args {
		if mapping.BindInt64(s, mapping.IdxT(i+1), v) == mapping.StateError {
			return errors.New(mapping.PrepareError(s))
		}
	}
	state := c.call(func() mapping.State { return mapping.ExecutePrepared(s, res) })
	c.rested = time.Now()
	if state == mapping.StateError {
		return errors.New(mapping.ResultError(res))
	}
	return nil
}

// fetch runs one query and hands its chunks to each, with the number of rows; columns are read with column. args are bound to
// $1, $2, ...
func (c *rawConn) fetch(q string, each func(chunk mapping.DataChunk, n int) error, args ...int64) error {
	var res mapping.Result
	defer mapping.DestroyResult(&res)
	if err := c.run(q, &res, args...); err != nil {
		return err
	}
	return chunks(res, each)
}

// fetchEach is fetch for one query after the other, told apart by their arguments.
func (c *rawConn) fetchEach(q string, each func(chunk mapping.DataChunk, n int) error, args [][]int64) error {
	s, err := c.prepare(q)
	defer mapping.DestroyPrepare(&s)
	if err != nil {
		return err
	}
	for _, args := range args {
		var res mapping.Result
		if err = c.execute(s, &res, args...); err == nil {
			err = chunks(res, each)
		}
		mapping.DestroyResult(&res)
		if err != nil {
			return err
		}
	}
	return nil
}

// chunks hands the chunks of a result to each.
func chunks(res mapping.Result, each func(chunk mapping.DataChunk, n int) error) error {
	for {
		chunk := mapping.FetchChunk(res)
		if chunk.Ptr == nil {
			return nil
		}
		n := int(mapping.DataChunkGetSize(chunk))
		var err error
		if n > 0 {
			err = each(chunk, n)
		}
		mapping.DestroyDataChunk(&chunk)
		if err != nil || n == 0 {
			return err
		}
	}
}

// column is a chunk's column as a slice of the engine's own memory, valid until the chunk is destroyed.
func column[T any](chunk mapping.DataChunk, i, n int) []T {
	vec := mapping.DataChunkGetVector(chunk, mapping.IdxT(i))
	return unsafe.Slice((*T)(mapping.VectorGetData(vec)), n)
}

// chunkRows is how many rows one chunk of the engine holds.
const chunkRows = 2048

// maxChunks is how many chunks of a table may be on their way. The engine takes a hundred in no time and then spends a while on storing
// them; with as many more in hand, the decoding goes on meanwhile.
const maxChunks = 128

// writer appends chunks to tables from one goroutine, since a connection serves one caller at a time.
type writer struct {
	ctx    context.Context
	conn   *rawConn
	cancel context.CancelCauseFunc
	full   chan *chunk
	done   chan struct{}
	tables []*table
}

// newWriter starts a writer; on an error of the engine it cancels with it. Once ctx has ended it drops what it is given.
func newWriter(ctx context.Context, conn *rawConn, cancel context.CancelCauseFunc) *writer {
	w := &writer{ctx: ctx, conn: conn, cancel: cancel, full: make(chan *chunk, 4*maxChunks), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) run() {
	defer close(w.done)
	for c := range w.full {
		if w.ctx.Err() == nil {
			mapping.DataChunkSetSize(c.chunk, mapping.IdxT(c.n))
			if w.conn.call(func() mapping.State { return mapping.AppendDataChunk(c.table.appender, c.chunk) }) == mapping.StateError {
				w.cancel(c.table.failure("append"))
			}
		}
		c.reset()
		c.table.free <- c
	}
}

// finish waits until all rows are with the engine.
func (w *writer) finish(ctx context.Context) error {
	for _, t := range w.tables {
		if t.current.n > 0 {
			w.full <- t.current
			t.current = nil
		}
	}
	close(w.full)
	<-w.done
	err := context.Cause(ctx)
	for _, t := range w.tables {
		if err == nil && w.conn.call(func() mapping.State { return mapping.AppenderClose(t.appender) }) == mapping.StateError {
			err = t.failure("flush")
		}
		t.destroy()
	}
	w.tables = nil
	return err
}

// table takes rows for one table. Cells of a row are set by column number, in any order, then next ends the row.
type table struct {
	w        *writer
	name     string
	appender mapping.Appender
	logical  []mapping.LogicalType
	nullable []int
	free     chan *chunk
	chunks   []*chunk
	current  *chunk
	rows     int64
}

// chunk is one batch of rows in the engine's memory.
type chunk struct {
	table *table
	chunk mapping.DataChunk
	vecs  []mapping.Vector
	data  []unsafe.Pointer
	valid []*[chunkRows / 64]uint64 // of the nullable columns
	n     int
}

// open starts appending to a table whose columns have the given types; the nullable ones are named by number.
func (w *writer) open(name string, types []mapping.Type, nullable ...int) (*table, error) {
	t := &table{w: w, name: name, nullable: nullable, free: make(chan *chunk, maxChunks)}
	if mapping.AppenderCreate(w.conn.conn, "", name, &t.appender) == mapping.StateError {
		err := t.failure("open")
		mapping.AppenderDestroy(&t.appender)
		return nil, err
	}
	for _, typ := range types {
		t.logical = append(t.logical, mapping.CreateLogicalType(typ))
	}
	t.current = t.empty()
	w.tables = append(w.tables, t)
	return t, nil
}

// empty is a chunk without rows: one that came back, a new one, or, when there are enough, the next one to come back.
func (t *table) empty() *chunk {
	select {
	case c := <-t.free:
		return c
	default:
	}
	if len(t.chunks) == maxChunks {
		return <-t.free
	}
	n := len(t.logical)
	c := &chunk{table: t, chunk: mapping.CreateDataChunk(t.logical), vecs: make([]mapping.Vector, n), data: make([]unsafe.Pointer, n),
		valid: make([]*[chunkRows / 64]uint64, n)}
	c.reset()
	t.chunks = append(t.chunks, c)
	return c
}

func (t *table) failure(what string) error {
	return fmt.Errorf("%s table %s: %s", what, t.name, mapping.AppenderError(t.appender))
}

func (t *table) destroy() {
	mapping.AppenderDestroy(&t.appender)
	for _, c := range t.chunks {
		mapping.DestroyDataChunk(&c.chunk)
	}
	for i := range t.logical {
		mapping.DestroyLogicalType(&t.logical[i])
	}
}

// reset empties a chunk for its next rows.
func (c *chunk) reset() {
	mapping.DataChunkReset(c.chunk)
	for i := range c.vecs {
		c.vecs[i] = mapping.DataChunkGetVector(c.chunk, mapping.IdxT(i))
		c.data[i] = mapping.VectorGetData(c.vecs[i])
	}
	for _, i := range c.table.nullable {
		mapping.VectorEnsureValidityWritable(c.vecs[i])
		c.valid[i] = (*[chunkRows / 64]uint64)(mapping.VectorGetValidity(c.vecs[i]))
		for j := range c.valid[i] {
			c.valid[i][j] = math.MaxUint64
		}
	}
	c.n = 0
}

// next ends a row.
func (t *table) next() {
	t.rows++
	t.current.n++
	if t.current.n == chunkRows {
		t.w.full <- t.current
		t.current = t.empty()
	}
}

// put sets a cell of the current row. T must be the Go type of the column's width.
func put[T any](t *table, col int, v T) {
	c := t.current
	(*[chunkRows]T)(c.data[col])[c.n] = v
}

// null makes a cell of a nullable column null.
func (t *table) null(col int) {
	c := t.current
	c.valid[col][c.n>>6] &^= 1 << (c.n & 63)
}

// putOr sets a cell, or makes it null.
func putOr[T any](t *table, col int, v T, null bool) {
	if null {
		t.null(col)
		return
	}
	put(t, col, v)
}

// text sets a cell of a text column.
func (t *table) text(col int, s string) {
	c := t.current
	if !utf8.ValidString(s) { // the engine would make it null
		t.w.cancel(fmt.Errorf("table %s: %q is not UTF-8 text; convert the file to UTF-8 and load it again", t.name, s))
		return
	}
	mapping.VectorAssignStringElement(c.vecs[col], mapping.IdxT(c.n), s)
}

// textOr sets a cell of a text column, "" being null.
func (t *table) textOr(col int, s string) {
	if s == "" {
		t.null(col)
		return
	}
	t.text(col, s)
}

// cells are a fetched column of texts without nulls, in the engine's own memory, valid until the chunk is destroyed.
type cells []cell

// cell is DuckDB's string_t: a length of 4 bytes, then up to 12 bytes of text in place, or 4 of prefix and a pointer.
type cell struct {
	length uint32
	inline [4]byte
	ptr    unsafe.Pointer
}

func texts(chunk mapping.DataChunk, i, n int) cells { return column[cell](chunk, i, n) }

func (t cells) at(j int) []byte {
	c := &t[j]
	if c.length <= 12 {
		return unsafe.Slice(&c.inline[0], c.length)
	}
	return unsafe.Slice((*byte)(c.ptr), c.length)
}

// textColumn copies a fetched column of texts that hold no nulls.
func textColumn(chunk mapping.DataChunk, i, n int) []string {
	out := make([]string, n)
	for j, t := 0, texts(chunk, i, n); j < n; j++ {
		out[j] = string(t.at(j))
	}
	return out
}
