// How errors become answers: problem details (RFC 9457) that name the field. Every error of the engine and of the log is mapped here and nowhere else.

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/seguefeed/segue/stream"
)

// statuses of errors that say all that a client needs.
var statuses = []struct {
	err    error
	status int
	retry  int // seconds after which it may be tried again; 0: not
}{
	{ErrUnknownItem, http.StatusNotFound, 0},
	{ErrUnknownUser, http.StatusNotFound, 0},
	{ErrUnknownModel, http.StatusNotFound, 0},
	{ErrGate, http.StatusConflict, 0},
	{ErrNotReady, http.StatusServiceUnavailable, 5},
	{stream.ErrBusy, http.StatusServiceUnavailable, 1},
	{stream.ErrRefused, http.StatusServiceUnavailable, 5},
	{stream.ErrClosed, http.StatusServiceUnavailable, 5},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, 1},
	{context.Canceled, http.StatusServiceUnavailable, 1}, // the client is gone, or the server ends
}

// field says what is wrong where.
func field(location, problem string) *huma.ErrorDetail {
	return &huma.ErrorDetail{Location: location, Message: problem}
}

// problem makes an answer of a status.
func problem(status int, detail string, fields ...*huma.ErrorDetail) *huma.ErrorModel {
	return &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields}
}

func invalid(fields ...*huma.ErrorDetail) *huma.ErrorModel {
	return problem(http.StatusUnprocessableEntity, "what was sent cannot be taken", fields...)
}

// answer makes of an error of the backend what is answered. place says where a field of an InputError or of an event came from: "query.", "body" or
// the like. Errors that nobody foresaw are logged, and the client is told no more than that.
func (s *Server) answer(ctx context.Context, place string, err error) error {
	var input *InputError
	var event *EventError
	var wrong *stream.FieldError
	switch {
	case errors.As(err, &event):
		f := field(place+"["+strconv.Itoa(event.Index)+"]", event.Err.Error())
		if errors.As(event.Err, &wrong) {
			f = field(f.Location+dotted(wrong.Field), wrong.Problem)
		}
		return invalid(f)
	case errors.As(err, &wrong):
		return invalid(field(place+dotted(wrong.Field), wrong.Problem))
	case errors.As(err, &input):
		return invalid(field(place+dotted(input.Field), input.Problem))
	case errors.Is(err, stream.ErrEvent):
		return invalid(field(place, err.Error()))
	}
	for _, known := range statuses {
		if !errors.Is(err, known.err) {
			continue
		}
		p := problem(known.status, clientText(err))
		if known.retry > 0 {
			s.log.WarnContext(ctx, "not now", "error", err, "request", RequestID(ctx))
			return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(known.retry)}})
		}
		return p
	}
	s.log.ErrorContext(ctx, "a request failed", "error", err, "request", RequestID(ctx))
	return problem(http.StatusInternalServerError, fmt.Sprintf("the server could not do it; its log says why under request %s", RequestID(ctx)))
}

// clientText is what a client is told of an error that statuses has: what the log and the program say of themselves stays here.
func clientText(err error) string {
	switch {
	case errors.Is(err, ErrNotReady):
		return ErrNotReady.Error()
	case errors.Is(err, stream.ErrClosed):
		return "the server is ending"
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "the server is ending, or nobody waits for the answer"
	}
	return strings.TrimPrefix(err.Error(), "stream: ")
}

// foreseen says whether answer knows err.
func foreseen(err error) bool {
	for _, known := range statuses {
		if errors.Is(err, known.err) {
			return true
		}
	}
	var input *InputError
	return errors.As(err, &input) || errors.Is(err, stream.ErrEvent)
}

func dotted(name string) string {
	if name == "" || name[0] == '[' {
		return name
	}
	return "." + name
}
