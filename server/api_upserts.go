// What is told of users and items, and forgotten of them: bodies become events like any other, so that the log alone says what is known.

package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"hash/fnv"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/seguefeed/segue/stream"
)

// userBody is what is told of a user.
type userBody struct {
	stream.Profile
	Comment string `json:"comment,omitempty"`
}

// itemBody is what is told of an item.
type itemBody struct {
	stream.Card
	Comment string `json:"comment,omitempty"`
}

func userEvent(id string, b userBody) stream.Event {
	return stream.Event{Kind: stream.User, User: id, Profile: &b.Profile, Comment: b.Comment}
}

func itemEvent(id string, b itemBody) stream.Event {
	return stream.Event{Kind: stream.Item, Item: id, Card: &b.Card, Comment: b.Comment}
}

// fieldsOf are those of an event that a body holds, by their names there.
var fieldsOf = map[stream.Kind]string{stream.User: "profile.", stream.Item: "card."}

// store gives events an id and a moment, holds them to what the log takes, and appends them. place(k) is where the k-th came from.
func (s *Server) store(ctx context.Context, events []stream.Event, place func(k int) string) (Taken, error) {
	now := s.now().UnixMilli()
	batch := rand.Text()
	var wrong []*huma.ErrorDetail
	for k := range events {
		e := &events[k]
		e.ID, e.AtMS = "upsert-"+batch+"-"+strconv.Itoa(k), now
		if err := e.Check(); err != nil && len(wrong) < mostErrors {
			wrong = append(wrong, upsertField(e.Kind, place(k), err))
		}
	}
	if len(wrong) > 0 {
		s.backend.refuse(len(events))
		return Taken{}, invalid(wrong...)
	}
	taken, err := s.backend.Append(ctx, events)
	if err != nil {
		if k, ok := indexOf(err); ok && k < len(events) {
			return Taken{}, invalid(upsertField(events[k].Kind, place(k), err))
		}
		return Taken{}, s.answer(ctx, "body", err)
	}
	return taken, nil
}

// A patch is a JSON object: fields that it has take the place of those that were, null takes them away, and lists and labels are replaced whole.
type patch map[string]json.RawMessage

// patched gives what is left of current, a userBody or an itemBody, after p.
func patched[T any](current T, p patch) (T, error) {
	var next T
	if p == nil { // null says nothing, and an event of it would be stored
		return next, &stream.FieldError{Problem: kindExpected + ": an object"}
	}
	old, err := json.Marshal(current)
	if err != nil {
		return next, err
	}
	fields := patch{}
	if err := json.Unmarshal(old, &fields); err != nil {
		return next, err
	}
	for name, value := range p {
		if string(value) == "null" {
			value = nil
		}
		fields[name] = value // names that are not of T are found below
	}
	clean := patch{}
	for name, value := range fields {
		if value != nil {
			clean[name] = value
		} else if !known[T](name) {
			return next, &stream.FieldError{Field: name, Problem: "there is no such field"}
		}
	}
	merged, err := json.Marshal(clean)
	if err != nil {
		return next, err
	}
	err = decodeStrict(merged, &next)
	return next, err
}

// known says whether T has a field of that name in JSON.
func known[T any](name string) bool {
	err := decodeStrict([]byte(`{`+strconv.Quote(name)+`:null}`), new(T))
	return err == nil
}

// patchBody describes a patch of T: all of its fields may be null.
func patchBody[T any](registry huma.Registry, name string) *huma.RequestBody {
	full := registry.Schema(reflect.TypeFor[T](), false, name)
	loose := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for field, p := range full.Properties {
		other := *p
		other.Nullable = other.Type != ""
		loose.Properties[field] = &other
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: loose}}}
}

// upserting keeps others from changing the same user or item meanwhile.
func (s *Server) upserting(id string) *sync.Mutex {
	h := fnv.New32a()
	h.Write([]byte(id))
	return &s.upserts[h.Sum32()%uint32(len(s.upserts))]
}

// upsertField names a field as the body does: profile.age of the event is age.
func upsertField(kind stream.Kind, place string, err error) *huma.ErrorDetail {
	var wrong *stream.FieldError
	if !errors.As(err, &wrong) {
		return field(place, err.Error())
	}
	return field(place+dotted(strings.TrimPrefix(wrong.Field, fieldsOf[kind])), wrong.Problem)
}

// indexOf is that of the event that an error of Append is about.
func indexOf(err error) (int, bool) {
	var event *EventError
	if errors.As(err, &event) {
		return event.Index, event.Index >= 0
	}
	return 0, false
}

var upsertErrors = []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
