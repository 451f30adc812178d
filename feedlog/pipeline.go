// This file runs a decoding: one goroutine cuts the input into blocks of whole records, several parse
// blocks, and the caller's goroutine hands the results on in file order. At most a few blocks are in
// memory at any time.

package feedlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

const (
	blockBytes          = 1 << 20
	defaultMaxLineBytes = 4 << 20
	rawOfTooLong        = 1 << 10 // how much of a record that is too long an error keeps
)

// block is a piece of input that holds whole records, or stands for one that was too long to hold.
type block struct {
	text    string
	line    int64 // physical line on which it starts
	bytes   int64 // of input, up to the end of this block
	tooLong *RowError
}

// parsed is a block's records and rejects. errs[i] stood before rows[before[i]].
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

	c := &cutter{r: r, name: opt.Name, maxLine: opt.MaxLineBytes, comma: comma, line: 1}
	line, names, err := c.header()
	if err != nil {
		return stats, err
	}
	head, err := layout.match(opt.Name, names)
	if err != nil {
		return stats, err
	}
	head.line = line

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
			b, err := c.next()
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
		return &worker[T]{opt: &opt, comma: comma, head: head, fields: make([]string, head.fields), parser: newParser(layout, head)}
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
			e.Header = head.line
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
	opt    *Options
	comma  byte
	head   *header
	fields []string
	parser rowParser[T]
	rows   []T
}

func (w *worker[T]) block(b block) parsed[T] {
	if b.tooLong != nil {
		return parsed[T]{errs: []*RowError{b.tooLong}, bytes: b.bytes}
	}
	w.rows = w.rows[:0]
	w.parser.reset()
	var errs []*RowError
	line := b.line
	for s := b.text; s != ""; {
		length, next, _ := nextRecord(s, w.comma, true)
		rec := s[:length]
		at := line
		line++
		if next > length+2 || strings.IndexByte(rec, '\n') >= 0 {
			line += int64(strings.Count(s[:next], "\n")) - 1
		}
		s = s[next:]
		if len(rec) > 0 && rec[len(rec)-1] == '\r' {
			rec = rec[:len(rec)-1]
		}
		if rec == "" {
			continue
		}
		if e := w.record(rec); e != nil {
			e.File, e.Line, e.Raw = w.opt.Name, at, rec
			errs = append(errs, e)
		}
	}
	return parsed[T]{rows: w.rows, errs: errs, bytes: b.bytes}
}

// record parses one record into the batch, or says what is wrong with it.
func (w *worker[T]) record(rec string) *RowError {
	if len(rec) > w.opt.MaxLineBytes {
		return &RowError{Found: strconv.Itoa(len(rec)) + " bytes in one record", Want: "at most " + strconv.Itoa(w.opt.MaxLineBytes)}
	}
	if found, ok := split(rec, w.comma, w.head.list, w.fields); !ok {
		return &RowError{Found: found, Want: strconv.Itoa(w.head.fields) + " fields"}
	}
	if len(w.rows) < cap(w.rows) {
		w.rows = w.rows[:len(w.rows)+1]
	} else {
		var zero T
		w.rows = append(w.rows, zero)
	}
	if bad := w.parser.parse(w.fields, &w.rows[len(w.rows)-1]); bad != nil {
		w.rows = w.rows[:len(w.rows)-1]
		return &RowError{Column: w.head.names[w.head.index[bad.role]], Found: clip(bad.found, maxFound), Want: bad.want}
	}
	return nil
}

// cutter reads the input and cuts it into blocks of whole records.
type cutter struct {
	r       io.Reader
	name    string
	maxLine int
	comma   byte

	buf  []byte // read and not yet cut off
	eof  bool
	line int64 // of the first byte of buf
	cut  int64 // bytes cut off so far
}

// fill reads until buf holds at least n bytes, or the input ends.
func (c *cutter) fill(n int) error {
	for len(c.buf) < n && !c.eof {
		if cap(c.buf) < n {
			c.buf = append(make([]byte, 0, n), c.buf...)
		}
		m, err := c.r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+m]
		if errors.Is(err, io.EOF) {
			c.eof = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// take cuts the first n bytes off as a string.
func (c *cutter) take(n int) string {
	s := string(c.buf[:n])
	c.buf = c.buf[:copy(c.buf, c.buf[n:])]
	c.cut += int64(n)
	return s
}

// header reads the first line and the names of the columns in it.
func (c *cutter) header() (line string, names []string, err error) {
	if err := c.fill(64 << 10); err != nil {
		return "", nil, fmt.Errorf("%s: read: %w", c.name, err)
	}
	if bytes.HasPrefix(c.buf, []byte("\xef\xbb\xbf")) {
		c.take(3)
	}
	if len(c.buf) == 0 {
		return "", nil, fmt.Errorf("%s:1: the file is empty, expected a header line", c.name)
	}
	end := bytes.IndexByte(c.buf, '\n') + 1
	if end == 0 {
		end = len(c.buf)
		if !c.eof || end > 64<<10 {
			return "", nil, fmt.Errorf("%s:1: the first line has more than %d bytes, expected a header line", c.name, 64<<10)
		}
	}
	line = strings.TrimRight(c.take(end), "\r\n")
	c.line++
	fields := make([]string, strings.Count(line, string(rune(c.comma)))+1)
	n, ok := splitQuoted(line, c.comma, fields)
	if !ok {
		return "", nil, fmt.Errorf("%s:1: %s, expected a header line", c.name, describeFields(line, c.comma, n))
	}
	for i := range fields[:n] {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return line, fields[:n], nil
}

// next returns the next block, or io.EOF.
func (c *cutter) next() (block, error) {
	want := blockBytes
	for {
		if err := c.fill(want); err != nil {
			return block{}, err
		}
		if len(c.buf) == 0 {
			return block{}, io.EOF
		}
		if n := c.wholeRecords(); n > 0 {
			b := block{line: c.line}
			b.text = c.take(n)
			b.bytes = c.cut
			c.line += int64(strings.Count(b.text, "\n"))
			return b, nil
		}
		if len(c.buf) > c.maxLine {
			return c.skipLine()
		}
		want = max(2*len(c.buf), want)
	}
}

// wholeRecords returns how many bytes of buf are records that end within it; all of them at the end of the input.
func (c *cutter) wholeRecords() int {
	if c.eof {
		return len(c.buf)
	}
	end := bytes.LastIndexByte(c.buf, '\n') + 1
	if end == 0 || bytes.Count(c.buf[:end], []byte{'"'})%2 == 0 {
		return end
	}
	// An odd number of quotes: a record may go on beyond the last line end.
	s := string(c.buf)
	n := 0
	for n < len(s) {
		_, next, whole := nextRecord(s[n:], c.comma, false)
		if !whole {
			break
		}
		n += next
	}
	return n
}

// skipLine passes over a line that is longer than a record may be.
func (c *cutter) skipLine() (block, error) {
	e := &RowError{File: c.name, Line: c.line, Want: fmt.Sprintf("at most %d", c.maxLine), Partial: true}
	start := c.cut
	if i := bytes.IndexByte(c.buf, '\n'); i >= 0 && i < rawOfTooLong {
		e.Raw = string(c.buf[:i])
	} else {
		e.Raw = strings.ToValidUTF8(string(c.buf[:rawOfTooLong]), "")
	}
	for {
		if i := bytes.IndexByte(c.buf, '\n'); i >= 0 {
			c.take(i + 1)
			break
		}
		c.cut += int64(len(c.buf))
		c.buf = c.buf[:0]
		if c.eof {
			break
		}
		if err := c.fill(blockBytes); err != nil {
			return block{}, err
		}
	}
	c.line++
	e.Found = fmt.Sprintf("%d bytes in one record", c.cut-start)
	return block{line: e.Line, bytes: c.cut, tooLong: e}, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
