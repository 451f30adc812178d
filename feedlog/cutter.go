// This file reads the input and cuts it into blocks of whole records. It is the one part of a decoding that cannot run in
// parallel, so it looks only at quotes: a block without any ends at its last line end.

package feedlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	blockBytes          = 1 << 20
	defaultMaxLineBytes = 4 << 20
	maxHeaderBytes      = 64 << 10
	rawOfTooLong        = 1 << 10 // how much of a record that is too long an error keeps
	maxEmptyReads       = 100     // in a row, before a reader is given up
)

// block is a piece of input that holds whole records, or stands for one that was too long to hold.
type block struct {
	text    string
	line    int64 // physical line on which it starts
	bytes   int64 // of input, up to the end of this block
	tooLong *RowError
}

// cutter reads the input and cuts it.
type cutter struct {
	r       io.Reader
	name    string
	dialect dialect
	size    int // of a block, about

	buf  []byte // read and not yet cut off
	eof  bool
	line int64 // of the first byte of buf
	cut  int64 // bytes cut off so far
}

// fill reads until buf holds at least n bytes, or the input ends.
func (c *cutter) fill(ctx context.Context, n int) error {
	if cap(c.buf) < n {
		c.buf = append(make([]byte, 0, n), c.buf...)
	}
	for empty := 0; len(c.buf) < n && !c.eof; {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := c.r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+m]
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			c.eof = true
		} else if err != nil {
			return err
		}
		if empty++; m > 0 {
			empty = 0
		} else if empty > maxEmptyReads {
			return io.ErrNoProgress
		}
	}
	return nil
}

// drop cuts the first n bytes off.
func (c *cutter) drop(n int) {
	c.buf = c.buf[:copy(c.buf, c.buf[n:])]
	c.cut += int64(n)
}

// header reads the first line and the names of the columns in it.
func (c *cutter) header(ctx context.Context) (line string, names []string, err error) {
	if err := c.fill(ctx, maxHeaderBytes); err != nil {
		return "", nil, fmt.Errorf("%s: read: %w", c.name, err)
	}
	if bytes.HasPrefix(c.buf, []byte("\xff\xfe")) || bytes.HasPrefix(c.buf, []byte("\xfe\xff")) {
		return "", nil, fmt.Errorf("%s:1: the file is UTF-16; write it as UTF-8", c.name)
	}
	if bytes.HasPrefix(c.buf, []byte("\xef\xbb\xbf")) {
		c.drop(3)
	}
	if len(c.buf) == 0 {
		return "", nil, fmt.Errorf("%s:1: the file is empty, expected a header line", c.name)
	}
	end := bytes.IndexByte(c.buf, '\n') + 1
	if end == 0 && c.eof {
		end = len(c.buf)
	}
	if end == 0 || end > maxHeaderBytes {
		return "", nil, fmt.Errorf("%s:1: the first line has more than %d bytes, expected a header line", c.name, maxHeaderBytes)
	}
	line = strings.TrimRight(string(c.buf[:end]), "\r\n")
	c.drop(end)
	c.line++
	names, ok := splitHeader(line, c.dialect.comma)
	if !ok {
		return "", nil, fmt.Errorf("%s:1: a quote in %q is broken, expected a header line", c.name, clip(line, maxFound))
	}
	return line, names, nil
}

// next returns the next block, or io.EOF.
func (c *cutter) next(ctx context.Context) (block, error) {
	want := c.size
	for {
		if err := c.fill(ctx, want); err != nil {
			return block{}, err
		}
		if len(c.buf) == 0 {
			return block{}, io.EOF
		}
		text := string(c.buf)
		n := len(text)
		if !c.eof {
			n = c.wholeRecords(text)
		}
		switch {
		case n > 0:
			b := block{text: text[:n], line: c.line}
			c.drop(n)
			b.bytes = c.cut
			c.line += int64(strings.Count(b.text, "\n"))
			return b, nil
		case len(text) > c.dialect.max+2:
			return c.skipLine(ctx)
		}
		want = max(want, min(2*len(text), c.dialect.max+3))
	}
}

// wholeRecords returns how many bytes of text are records that end within it.
func (c *cutter) wholeRecords(text string) int {
	n := 0
	for {
		quote := strings.IndexByte(text[n:], '"')
		if quote < 0 {
			return n + strings.LastIndexByte(text[n:], '\n') + 1
		}
		n += strings.LastIndexByte(text[n:n+quote], '\n') + 1
		_, next, lines := c.dialect.next(text[n:], false)
		if lines == 0 {
			return n
		}
		n += next
	}
}

// skipLine passes over a line that is longer than a record may be, none of whose bytes are kept but the first.
func (c *cutter) skipLine(ctx context.Context) (block, error) {
	line, begins := c.line, string(c.buf[:min(len(c.buf), rawOfTooLong)])
	var length int64
	var last byte
	for {
		if len(c.buf) == 0 && c.eof {
			break
		}
		if i := bytes.IndexByte(c.buf, '\n'); i >= 0 {
			if i > 0 {
				last = c.buf[i-1]
			}
			length += int64(i)
			c.drop(i + 1)
			c.line++
			break
		}
		if len(c.buf) > 0 {
			last = c.buf[len(c.buf)-1]
		}
		length += int64(len(c.buf))
		c.drop(len(c.buf))
		if err := c.fill(ctx, c.size); err != nil {
			return block{}, err
		}
	}
	if last == '\r' {
		length--
	}
	return block{line: line, bytes: c.cut, tooLong: tooLong(begins, length, c.dialect.max)}, nil
}

// tooLong is the reject of a record that is longer than one may be.
func tooLong(record string, length int64, limit int) *RowError {
	begins := record[:min(len(record), rawOfTooLong)]
	return &RowError{Raw: strings.Clone(begins), Partial: true, Found: fmt.Sprintf("%d bytes in one record", length), Want: fmt.Sprintf("at most %d", limit)}
}
