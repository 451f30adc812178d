package server

// Feedback in the Gorse interface. Whatever its type, it goes in as a Feedback event and so comes back under the type and with the value that was sent; what
// other interfaces sent (impressions, clicks, ...) is listed with its kind as the type.

import (
	"errors"
	"net/http"

	"github.com/seguefeed/segue/stream"
)

func (c *gorseCall) postFeedback() error { return c.takeFeedback(false) }
func (c *gorseCall) putFeedback() error  { return c.takeFeedback(true) }

func (c *gorseCall) takeFeedback(replace bool) error {
	rows, err := decodeRows[gorseFeedback](c, gorseMaxRows)
	if err != nil {
		return err
	}
	if err := c.storeFeedback(rows, 0, replace, rowName); err != nil {
		return err
	}
	return c.affected(len(rows))
}

func (c *gorseCall) storeFeedback(rows []gorseFeedback, first int, replace bool, name func(i int) string) error {
	events, now := make([]stream.Event, len(rows)), c.now().UnixMilli()
	for k := range rows {
		events[k] = rows[k].event(c.eventID(first+k), now, replace)
	}
	return c.store(c.r.Context(), events, name)
}

func (c *gorseCall) listFeedback() error {
	cursor, n, err := c.cursor()
	if err != nil {
		return err
	}
	answer := struct {
		Cursor   string
		Feedback []gorseFeedback
	}{Feedback: []gorseFeedback{}}
	if n > 0 {
		rows, next, err := c.b.Feedback(c.r.Context(), FeedbackFilter{Type: c.r.PathValue("type"), Cursor: cursor, N: n})
		if err != nil {
			return err
		}
		for _, r := range rows {
			answer.Feedback = append(answer.Feedback, feedbackOf(r))
		}
		answer.Cursor = cursorText(next)
	}
	return c.json(answer)
}

func (c *gorseCall) pathFilter() FeedbackFilter {
	return FeedbackFilter{Type: c.r.PathValue("type"), User: c.r.PathValue("user"), Item: c.r.PathValue("item"), N: gorseMaxN}
}

// allFeedback answers with an array of all there is, written as it is read.
func (c *gorseCall) allFeedback() error {
	array := c.rows("application/json; charset=utf-8", false)
	err := c.eachFeedback(c.pathFilter(), func(r FeedbackRow) error { return array.row(feedbackOf(r)) }, array.flush)
	return array.end(err)
}

// eachFeedback calls do for all rows of f, and after for each gorseMaxN of them.
func (c *gorseCall) eachFeedback(f FeedbackFilter, do func(FeedbackRow) error, after func() error) error {
	return eachPage(func(cursor string) (string, error) {
		f.Cursor = cursor
		rows, next, err := c.b.Feedback(c.r.Context(), f)
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return "", err
			}
		}
		return next, after()
	})
}

// eachPage follows cursors to their end.
func eachPage(page func(cursor string) (next string, err error)) error {
	for cursor := ""; ; {
		next, err := page(cursor)
		switch {
		case err != nil || next == "":
			return err
		case next == cursor:
			return errors.New("the list does not go on")
		}
		cursor = next
	}
}

func (c *gorseCall) oneFeedback() error {
	f := c.pathFilter()
	f.N = 1
	rows, _, err := c.b.Feedback(c.r.Context(), f)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return c.json(struct{}{}) // as Gorse says that there is none
	}
	return c.json(feedbackOf(rows[0]))
}

// deleteFeedback deletes what a user gave an item, of one type or of all, and says how many rows there were.
func (c *gorseCall) deleteFeedback() error {
	f, count := c.pathFilter(), 0
	err := c.eachFeedback(f, func(FeedbackRow) error { count++; return nil }, func() error { return nil })
	if err != nil {
		return err
	}
	if count > 0 {
		event := stream.Event{ID: c.eventID(0), Kind: stream.Unfeedback, AtMS: c.now().UnixMilli(), User: f.User, Item: f.Item, Type: f.Type}
		if err := c.store(c.r.Context(), []stream.Event{event}, noName); err != nil {
			return err
		}
	}
	return c.affected(count)
}

// rowWriter writes rows of JSON as they come, one a line: an array, or JSON lines. Nothing is sent before the first flush, so that an error until then has its status.
type rowWriter struct {
	c     *gorseCall
	lines bool
	mime  string
	rows  int
	buf   []byte
	sent  bool
}

func (c *gorseCall) rows(mime string, lines bool) *rowWriter {
	c.patient()
	return &rowWriter{c: c, mime: mime, lines: lines}
}

func (w *rowWriter) row(v any) error {
	text, err := marshalRow(v)
	if err != nil {
		return err
	}
	if !w.lines {
		if w.rows == 0 {
			w.buf = append(w.buf, '[')
		} else {
			w.buf = append(w.buf, ',')
		}
	}
	w.rows++
	w.buf = append(append(w.buf, text...), '\n')
	return nil
}

func (w *rowWriter) flush() error {
	w.c.patient()
	if !w.sent {
		w.sent = true
		w.c.w.Header().Set("Content-Type", w.mime)
		w.c.w.WriteHeader(http.StatusOK)
	}
	_, err := w.c.w.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// end closes the array. Where rows were sent before err, the connection is cut, which is the only way left to tell the client that rows are missing.
func (w *rowWriter) end(err error) error {
	switch {
	case err != nil && w.sent:
		panic(http.ErrAbortHandler)
	case err != nil:
		return err
	}
	if !w.lines {
		if w.rows == 0 {
			w.buf = append(w.buf, '[')
		}
		w.buf = append(w.buf, "]\n"...)
	}
	_ = w.flush() // an error is the client's having gone away
	return nil
}
