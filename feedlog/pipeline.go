// This file runs a decoding: one goroutine cuts the input into blocks of whole records, several parse
// blocks, and the caller's goroutine hands the results on in file order. At most a few blocks are in
// memory at any time.

package feedlog

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// parsed is a block's records and rejects, each in file order.
type parsed[T any] struct {
	rows    []T
	errs    []*RowError
	bytes   int64
	recycle func()
}

// rowParser fills a record from its fields.
type rowParser[T any] interface {
	parse(fields []string, rec *T) *fieldError
	reset() // before each block
}

// decode runs a whole decoding; newParser makes a parser for each goroutine.
func decode[T any](ctx context.Context, r io.Reader, opt Options, table Table, newParser func(*Layout, *header) rowParser[T], emit func([]T) error) (Stats, error) {
	var stats Stats
	layout := opt.Layout
	if layout == nil {
		layout = ReferenceLayout(table)
	}
	if layout.Table != table {
		return stats, fmt.Errorf("%s: the layout is of %s, not of %s", opt.Name, layout.Table, table)
	}
	if err := layout.Check(); err != nil {
		return stats, err
	}
	if opt.Name == "" {
		opt.Name = table.String() + ".csv"
	}
	if opt.MaxLineBytes <= 0 {
		opt.MaxLineBytes = defaultMaxLineBytes
	}
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	comma := layout.Comma
	if comma == 0 {
		comma = ','
	}
	if err := ctx.Err(); err != nil {
		return stats, err
	}

	size := opt.blockBytes
	if size <= 0 {
		size = blockBytes
	}
	c := &cutter{r: r, name: opt.Name, dialect: dialect{comma: comma, max: opt.MaxLineBytes}, size: size, line: 1}
	line, names, err := c.header(ctx)
	if err != nil {
		return stats, err
	}
	head, err := layout.match(opt.Name, names, opt.Layout != nil)
	if err != nil {
		return stats, err
	}
	head.line = line
	c.dialect.list, c.dialect.strict = head.list, head.used

	// A job travels twice: to whichever worker is free, and to the caller in file order.
	type job struct {
		block block
		done  chan parsed[T]
	}
	ctx, cancel := context.WithCancel(ctx)
	work := make(chan *job)
	order := make(chan *job, workers+1)
	var readErr error
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		defer close(order)
		defer close(work)
		for {
			b, err := c.next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				readErr = fmt.Errorf("%s: read: %w", opt.Name, err)
				return
			}
			j := &job{block: b, done: make(chan parsed[T], 1)}
			select {
			case order <- j:
			case <-ctx.Done():
				return
			}
			select {
			case work <- j:
			case <-ctx.Done():
				j.done <- parsed[T]{}
				return
			}
		}
	}()
	pool := sync.Pool{New: func() any {
		return &worker[T]{name: opt.Name, dialect: c.dialect, head: head, fields: make([]string, head.fields), parser: newParser(layout, head)}
	}}
	for range workers {
		running.Add(1)
		go func() {
			defer running.Done()
			for j := range work {
				w := pool.Get().(*worker[T])
				p := w.block(j.block)
				p.recycle = func() { pool.Put(w) }
				j.done <- p
			}
		}()
	}
	defer running.Wait()
	defer cancel()

	for j := range order {
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		p := <-j.done
		for _, e := range p.errs {
			stats.Rejected++
			if opt.Reject == nil {
				return stats, e
			}
			if err := opt.Reject(e); err != nil {
				return stats, err
			}
		}
		if len(p.rows) > 0 {
			if err := emit(p.rows); err != nil {
				return stats, err
			}
		}
		stats.Rows += int64(len(p.rows))
		stats.Bytes = p.bytes
		if opt.Progress != nil {
			opt.Progress(stats.Bytes, stats.Rows)
		}
		if p.recycle != nil {
			p.recycle()
		}
	}
	if err := ctx.Err(); err != nil {
		return stats, err
	}
	return stats, readErr
}

// worker parses blocks; its memory is used again for the next block.
type worker[T any] struct {
	name    string
	dialect dialect
	head    *header
	fields  []string
	parser  rowParser[T]
	rows    []T
}

func (w *worker[T]) block(b block) parsed[T] {
	var errs []*RowError
	reject := func(e *RowError, line int64) {
		e.File, e.Line, e.Header = w.name, line, w.head.line
		errs = append(errs, e)
	}
	if b.tooLong != nil {
		reject(b.tooLong, b.line)
		return parsed[T]{errs: errs, bytes: b.bytes}
	}
	w.rows = w.rows[:0]
	w.parser.reset()
	line, quote := b.line, -1
	for pos := 0; pos < len(b.text); {
		s := b.text[pos:]
		if quote < pos {
			if quote = strings.IndexByte(s, '"'); quote < 0 {
				quote = len(b.text)
			} else {
				quote += pos
			}
		}
		// The reference file has a quote in one row of a hundred: mostly a record is a line.
		var length, next, lines int
		plain := true
		if end := strings.IndexByte(s, '\n'); end >= 0 && pos+end < quote {
			length, next, lines = trimCR(s, end), end+1, 1
		} else {
			// What follows a block cannot change where its records end: the cutter has seen to that.
			length, next, lines = w.dialect.next(s, true)
			plain = pos+length <= quote
		}
		if rec := s[:length]; rec != "" {
			if e := w.record(rec, plain); e != nil {
				reject(e, line)
			}
		}
		pos += next
		line += int64(lines)
	}
	return parsed[T]{rows: w.rows, errs: errs, bytes: b.bytes}
}

// record parses one record into the batch, or says what is wrong with it. plain says that it has no quotes.
func (w *worker[T]) record(rec string, plain bool) *RowError {
	if len(rec) > w.dialect.max {
		return tooLong(rec, int64(len(rec)), w.dialect.max)
	}
	if bad := w.dialect.split(rec, plain, w.fields); bad != nil {
		e := &RowError{Found: strings.Clone(bad.found), Want: bad.want, Raw: strings.Clone(rec)}
		if bad.field >= 0 {
			e.Column = w.head.names[bad.field]
		}
		return e
	}
	if len(w.rows) < cap(w.rows) {
		w.rows = w.rows[:len(w.rows)+1]
	} else {
		var zero T
		w.rows = append(w.rows, zero)
	}
	if bad := w.parser.parse(w.fields, &w.rows[len(w.rows)-1]); bad != nil {
		w.rows = w.rows[:len(w.rows)-1]
		// Cloned, so that a reject that is kept does not keep its block.
		return &RowError{Column: w.head.names[w.head.index[bad.role]], Found: strings.Clone(clip(bad.found, maxFound)), Want: bad.want, Raw: strings.Clone(rec)}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
