package server

// Reading a Gorse request's body, telling what is wrong with it, and storing what it says.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/seguefeed/segue/stream"
)

// plain refuses a body that is packed: Gorse unpacks gzip, and a client that sends it is to learn of the header and not of a byte that is no JSON.
func (c *gorseCall) plain() error {
	if packed(c.r.Header.Get("Content-Encoding")) {
		return &httpError{http.StatusUnsupportedMediaType, "body: one without Content-Encoding is expected"}
	}
	return nil
}

// decode reads the body's one value of JSON.
func (c *gorseCall) decode(v any) error {
	if err := c.plain(); err != nil {
		return err
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, gorseMaxBody))
	if err := d.Decode(v); err != nil {
		return bodyError(err)
	}
	return bodyEnd(d)
}

// decodeRows reads an array of at most most rows, one at a time: what a short body would grow to in memory stays bounded.
func decodeRows[T any](c *gorseCall, most int) ([]T, error) {
	if err := c.plain(); err != nil {
		return nil, err
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, gorseMaxBody))
	switch open, err := d.Token(); {
	case err != nil:
		return nil, bodyError(err)
	case open != json.Delim('['):
		return nil, badRequest("body: an array is expected")
	}
	var rows []T
	for d.More() {
		if len(rows) == most {
			return nil, &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("body: more than %d rows", most)}
		}
		var row T
		if err := d.Decode(&row); err != nil {
			var he *httpError
			if err = bodyError(err); !errors.As(err, &he) {
				return nil, err
			}
			if rest, ok := strings.CutPrefix(he.text, "body: "); ok {
				return nil, &httpError{he.status, fmt.Sprintf("[%d]: %s", len(rows), rest)}
			}
			return nil, &httpError{he.status, rowName(len(rows)) + he.text}
		}
		rows = append(rows, row)
	}
	if _, err := d.Token(); err != nil { // the closing bracket
		return nil, bodyError(err)
	}
	return rows, bodyEnd(d)
}

func bodyEnd(d *json.Decoder) error {
	if _, err := d.Token(); err != io.EOF {
		return badRequest("body: one value of JSON is expected, and more follows")
	}
	return nil
}

func bodyError(err error) error {
	var (
		he     *httpError
		large  *http.MaxBytesError
		typed  *json.UnmarshalTypeError
		syntax *json.SyntaxError
	)
	switch {
	case errors.As(err, &he):
		return he
	case errors.As(err, &large):
		return &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("body: more than %d bytes", large.Limit)}
	case errors.As(err, &typed):
		return badRequest("%s: %s; %s is expected", cmp.Or(typed.Field, "body"), typed.Value, jsonKind(typed.Type))
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return badRequest("body: JSON is expected: %v", err)
	}
	return badRequest("body: %v", err)
}

// store appends events, MaxEvents at a time. name says how the row of event i is called in errors. All are checked before the first is stored.
func (c *gorseCall) store(ctx context.Context, events []stream.Event, name func(i int) string) error {
	for i := range events {
		if err := events[i].Check(); err != nil {
			return rowError(err, name(i))
		}
	}
	for from := 0; from < len(events); from += MaxEvents {
		_, err := c.b.Append(ctx, events[from:min(from+MaxEvents, len(events))])
		var field *stream.FieldError
		switch {
		case errors.As(err, &field):
			return badRequest("%s", gorseField(field))
		case err != nil: // the log refuses or is busy, and that passes
			c.w.Header().Set("Retry-After", "1")
			return &httpError{http.StatusServiceUnavailable, clientText(err)}
		}
	}
	return nil
}

// rowError says in the interface's words what is wrong with the row that is called name.
func rowError(err error, name string) error {
	var field *stream.FieldError
	if errors.As(err, &field) {
		return badRequest("%s%s", name, gorseField(field))
	}
	return err
}

func rowName(i int) string { return fmt.Sprintf("[%d].", i) }
func noName(int) string    { return "" }
