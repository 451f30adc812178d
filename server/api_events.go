// What happened: POST /v1/events, and how its body is read.

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	xjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/seguefeed/segue/stream"
)

type eventsInput struct {
	RawBody []byte `contentType:"application/x-ndjson"`

	lines bool // the body is said to be JSON lines
}

// Resolve implements huma.Resolver: it holds the header that says what the body is to what can be read.
func (in *eventsInput) Resolve(ctx huma.Context) []error {
	given := ctx.Header("Content-Type")
	if given == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(given)
	switch kind {
	case "application/json":
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		in.lines = true
	default:
		err = errors.New("another")
	}
	if err != nil {
		return []error{problem(http.StatusUnsupportedMediaType, "a Content-Type of application/json or application/x-ndjson is expected")}
	}
	return nil
}

type takenOutput struct {
	Body Taken
}

func (s *Server) eventRoutes() {
	registry := s.api.OpenAPI().Components.Schemas
	one := registry.Schema(reflect.TypeFor[stream.Event](), true, "Event")
	describeEvent(registry)
	most := s.cfg.Limits.Events
	op := s.operation(http.MethodPost, "/v1/events", "events", "events", "Tell what happened",
		fmt.Sprintf("One event, an array of events, or JSON lines; at most %d. All are stored durably before the answer, or, if one of them cannot be taken, none. "+
			"An event that is sent again with its id counts once, so that a request without an answer can be repeated.", most),
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusBadRequest)
	op.SkipValidateBody = true // read below, once
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one, MaxItems: &most}}}},
	}}
	huma.Register(s.api, op, s.events)
}

// describeEvent says of the fields of events what their Go type does not.
func describeEvent(registry huma.Registry) {
	schema := registry.Map()["Event"]
	schema.Required = []string{"id", "kind", "at_ms"}
	about := map[string]string{
		"v": "version of the schema, which may be left out", "id": "tells it from all others: an event that comes again counts once", "kind": "what happened",
		"at_ms": "when it happened, milliseconds since 1970 UTC; events may come late and in any order", "request": "request_id of the page that it belongs to",
		"slot": "of the item on that page, from 0", "value": "seconds of a view, the sender's number of a feedback", "from": "of a swipe: the item that was opened",
		"type": "of a feedback: what its sender calls it", "replace": "of a feedback: value takes the place of what was there", "comment": "the sender's own words",
	}
	for name, p := range schema.Properties {
		p.Description = orText(about[name], p.Description)
	}
	for _, k := range []stream.Kind{
		stream.Impression, stream.Click, stream.Swipe, stream.Like, stream.Comment, stream.ReadComments, stream.Share, stream.Follow, stream.Visit, stream.View, stream.Feedback,
		stream.Unfeedback, stream.User, stream.UserDeleted, stream.Item, stream.ItemDeleted, stream.Served,
	} {
		schema.Properties["kind"].Enum = append(schema.Properties["kind"].Enum, string(k))
	}
	schema.Examples = []any{map[string]any{"id": "1", "kind": stream.Click, "at_ms": int64(1_764_480_000_000), "user": "somebody-new", "item": "MLOG1"}}
	schema.PrecomputeMessages()
}

func (s *Server) events(ctx context.Context, in *eventsInput) (*takenOutput, error) {
	events, form, err := decodeEvents(in.RawBody, in.lines, s.cfg.Limits.Events)
	if err != nil {
		s.backend.refuse(form.count)
		return nil, err
	}
	taken, err := s.backend.Append(ctx, events)
	if err != nil {
		var event *EventError
		if errors.As(err, &event) && form.single {
			err = event.Err
		}
		return nil, s.answer(ctx, "body", err)
	}
	return &takenOutput{taken}, nil
}

// form is how a body of events is written.
type form struct {
	single bool // one object and nothing else
	count  int  // of events that were seen
}

// mostErrors are told of one request.
const mostErrors = 20

// decodeEvents reads a body: one object, an array of objects, or objects after each other, as JSON lines are; lines says that it is not an array.
// Its errors are problem details that name events by index and field, several at a time; then there are no events. It takes at most most events.
func decodeEvents(body []byte, lines bool, most int) (events []stream.Event, f form, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	var wrong []*huma.ErrorDetail
	array := !lines && d.PeekKind() == '['
	if array {
		if _, err := d.ReadToken(); err != nil {
			return nil, f, unreadable(body, d, err)
		}
	}
	for {
		if array && d.PeekKind() == ']' {
			break
		}
		raw, err := d.ReadValue()
		if err == io.EOF && !array {
			break
		}
		if err != nil {
			place := "body"
			if lines || !array && f.count > 0 {
				place += "[" + strconv.Itoa(f.count) + "]"
			}
			return nil, f, unreadableAt(place, body, d, err)
		}
		if f.count++; f.count > most {
			return nil, f, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("at most %d events are expected", most), field("body", "too many events"))
		}
		e, err := decodeEvent(raw)
		if err != nil {
			wrong = append(wrong, eventField(f.count-1, err))
			if len(wrong) == mostErrors {
				break
			}
			continue
		}
		events = append(events, e)
	}
	if len(wrong) == 0 && array {
		if _, err := d.ReadToken(); err != nil {
			return nil, f, unreadable(body, d, err)
		}
		if _, err := d.ReadToken(); err != io.EOF {
			return nil, f, problem(http.StatusBadRequest, "nothing is expected after the array", field("body", "nothing is expected after the array"))
		}
	}
	f.single = !array && !lines && f.count == 1
	if f.single && len(wrong) > 0 {
		wrong[0].Location = strings.Replace(wrong[0].Location, "body[0]", "body", 1)
	}
	switch {
	case len(wrong) > 0:
		return nil, f, invalid(wrong...)
	case f.count == 0 && !array:
		return nil, f, problem(http.StatusBadRequest, "events are expected", field("body", "events are expected"))
	}
	return events, f, nil
}

// decodeEvent is stream.DecodeEvent, which takes null for an event that says nothing.
func decodeEvent(raw jsontext.Value) (stream.Event, error) {
	if raw.Kind() == 'n' {
		return stream.Event{}, &stream.FieldError{Problem: kindExpected + ": an object"}
	}
	return stream.DecodeEvent(raw)
}

// unreadable says where JSON ends being JSON.
func unreadable(body []byte, d *jsontext.Decoder, err error) error {
	return unreadableAt("body", body, d, err)
}

// unreadableAt is unreadable, and names the field, of the value at a place, whose name stands twice: elsewhere what is broken may be of any field.
func unreadableAt(place string, body []byte, d *jsontext.Decoder, err error) error {
	at := min(int(d.InputOffset()), len(body))
	var syntax *jsontext.SyntacticError
	location, why := "body", "JSON is expected"
	if errors.As(err, &syntax) {
		at = min(int(syntax.ByteOffset), len(body))
		if syntax.Err != nil {
			why += ": " + syntax.Err.Error()
		}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			location, why = place+dotted(fieldName(syntax.JSONPointer)), nameTwice
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		why = "JSON is expected: it ends too early"
	}
	line := 1 + bytes.Count(body[:at], []byte("\n"))
	return problem(http.StatusBadRequest, "the body is not JSON", field(location, why+" (line "+strconv.Itoa(line)+", byte "+strconv.Itoa(at)+")"))
}

func eventField(index int, err error) *huma.ErrorDetail {
	place := "body[" + strconv.Itoa(index) + "]"
	var wrong *stream.FieldError
	if errors.As(err, &wrong) {
		return field(place+dotted(wrong.Field), wrong.Problem)
	}
	return field(place, err.Error())
}

const nameTwice = "JSON is expected: the name stands twice"

// decodeStrict reads an object into v; its errors are FieldErrors.
func decodeStrict(raw []byte, v any) error {
	return inWordsOf(xjson.Unmarshal(raw, v, xjson.RejectUnknownMembers(true)))
}

// inWordsOf is an error of reading JSON as a FieldError, without words of the program's own.
func inWordsOf(err error) error {
	var semantic *xjson.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, xjson.ErrUnknownName):
		errors.As(err, &semantic)
		return &stream.FieldError{Field: fieldName(semantic.JSONPointer), Problem: "there is no such field"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &stream.FieldError{Problem: "JSON is expected: it ends too early"}
	case errors.As(err, &semantic):
		return &stream.FieldError{Field: fieldName(semantic.JSONPointer), Problem: kindExpected + expected(semantic)}
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return &stream.FieldError{Field: fieldName(syntax.JSONPointer), Problem: nameTwice}
	case errors.As(err, &syntax):
		return &stream.FieldError{Field: fieldName(syntax.JSONPointer), Problem: fmt.Sprintf("JSON is expected: %v", syntax.Err)}
	}
	return &stream.FieldError{Problem: "JSON is expected"}
}

func expected(e *xjson.SemanticError) string {
	if e.GoType == nil {
		return ""
	}
	return ": " + jsonKind(e.GoType)
}

// jsonKind is what JSON calls the values of a type.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return jsonKind(t.Elem())
	}
	return "a whole number"
}

// fieldName writes /page/cards/0/item as page.cards[0].item, cut where a sender's name is long.
func fieldName(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(token)
		}
		if b.Len() > 200 {
			return strings.ToValidUTF8(b.String()[:200], "") + "..."
		}
	}
	return b.String()
}
