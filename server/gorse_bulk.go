package server

// Bulk import and export of the Gorse interface: JSON lines, a row each, as long as one likes. What is exported here can be imported here and in Gorse.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// gorseStall is how long a client of a long answer or request may do nothing.
const gorseStall = 30 * time.Second

// patient lets a long request or answer go on for gorseStall from now, and from each further call, in place of the server's limits for usual ones. Where the
// connection cannot be told, the server's limits hold.
func (c *gorseCall) patient() {
	control, until := http.NewResponseController(c.w), time.Now().Add(gorseStall)
	_ = control.SetWriteDeadline(until)
	if c.r.Method != http.MethodGet { // of a GET nothing more is read, and a deadline would end it
		_ = control.SetReadDeadline(until)
	}
	c.waits = true
}

// hurry ends patient once all is answered: its deadline would else outlive the answer on a connection that is kept.
func (c *gorseCall) hurry() {
	control := http.NewResponseController(c.w)
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{})
}

func marshalRow(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (c *gorseCall) linesOf(name string) *rowWriter {
	c.w.Header().Set("Content-Disposition", "attachment; filename="+name+".jsonl")
	return c.rows("application/jsonl", true)
}

func (c *gorseCall) exportUsers() error {
	lines := c.linesOf("users")
	return lines.end(exportPages(lines, c.users))
}

func (c *gorseCall) exportItems() error {
	lines := c.linesOf("items")
	return lines.end(exportPages(lines, func(cursor string, n int) ([]gorseItem, string, error) { return c.items("", cursor, n) }))
}

func exportPages[T any](lines *rowWriter, list func(cursor string, n int) ([]T, string, error)) error {
	return eachPage(func(cursor string) (string, error) {
		rows, next, err := list(cursor, gorseMaxN)
		if err != nil {
			return "", err
		}
		for k := range rows {
			if err := lines.row(rows[k]); err != nil {
				return "", err
			}
		}
		return next, lines.flush()
	})
}

func (c *gorseCall) exportFeedback() error {
	lines := c.linesOf("feedback")
	return lines.end(c.eachFeedback(FeedbackFilter{N: gorseMaxN}, func(r FeedbackRow) error { return lines.row(feedbackOf(r)) }, lines.flush))
}

func (c *gorseCall) importUsers() error { return importLines(c, c.storeUsers) }
func (c *gorseCall) importItems() error { return importLines(c, c.storeItems) }

// importFeedback overwrites, so that what was exported can be imported twice.
func (c *gorseCall) importFeedback() error {
	return importLines(c, func(rows []gorseFeedback, first int, name func(i int) string) error {
		return c.storeFeedback(rows, first, true, name)
	})
}

// importLines reads rows, one a line, and stores them MaxEvents at a time. At a line that cannot be taken it stores those before it and says so.
func importLines[T any](c *gorseCall, store func(rows []T, first int, name func(i int) string) error) error {
	c.patient()
	body, err := c.bulkBody()
	if err != nil {
		return err
	}
	var (
		rows    []T
		numbers []int // of the lines of rows
		stored  int
	)
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		// A row whose fields are refused is told when all of its batch are checked, and then none of them is stored.
		err := store(rows, stored, func(i int) string { return fmt.Sprintf("line %d: ", numbers[i]) })
		if err == nil {
			stored += len(rows)
		}
		rows, numbers = rows[:0:0], numbers[:0]
		return err
	}
	fail := func(err error) error {
		var he *httpError
		if !errors.As(err, &he) {
			return err
		}
		return &httpError{he.status, fmt.Sprintf("%s; %d rows before are stored", he.text, stored)}
	}
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), gorseMaxLine)
	number := 0
	for lines.Scan() {
		number++
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var row T
		if err := json.Unmarshal(line, &row); err != nil {
			if err := flush(); err != nil {
				return fail(err)
			}
			var he *httpError
			if err = bodyError(err); errors.As(err, &he) {
				he.text = fmt.Sprintf("line %d: %s", number, he.text)
			}
			return fail(err)
		}
		rows, numbers = append(rows, row), append(numbers, number)
		if len(rows) == MaxEvents {
			if err := flush(); err != nil {
				return fail(err)
			}
			c.patient()
		}
	}
	if err := flush(); err != nil {
		return fail(err)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fail(badRequest("line %d: more than %d bytes", number+1, gorseMaxLine))
	case err != nil:
		return fail(badRequest("line %d: %v", number+1, err))
	}
	return c.affected(stored)
}

// bulkBody is the request's body, or its file where it is a form.
func (c *gorseCall) bulkBody() (io.Reader, error) {
	if err := c.plain(); err != nil {
		return nil, err
	}
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return c.r.Body, nil
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, badRequest("body: %v", err)
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, badRequest("file: the form has no file")
		}
		if part.FormName() == "file" || part.FileName() != "" {
			return part, nil
		}
	}
}
