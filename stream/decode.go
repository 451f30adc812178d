package stream

// How events are written: JSON, one object each, as Event's tags say. Reading is strict, since what is not understood would be lost silently.

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// encode checks e, sets its version, and writes it.
func encode(e *Event) ([]byte, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	if e.Version == 0 {
		e.Version = Version
	}
	var b bytes.Buffer
	w := stdjson.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(e); err != nil {
		return nil, &FieldError{"event", err.Error()}
	}
	data := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(data) > MaxEvent {
		return nil, &FieldError{"event", fmt.Sprintf("%d bytes of JSON; at most %d are expected", len(data), MaxEvent)}
	}
	return data, nil
}

// DecodeEvent reads one event of JSON. Unknown and repeated fields, other types than the fields', other text than UTF-8 and what Check refuses are
// FieldErrors; field "" stands for text that is no JSON object.
func DecodeEvent(data []byte) (Event, error) {
	if len(data) > MaxEvent {
		return Event{}, &FieldError{"event", fmt.Sprintf("%d bytes of JSON; at most %d are expected", len(data), MaxEvent)}
	}
	var e Event
	if err := json.Unmarshal(data, &e, json.RejectUnknownMembers(true)); err != nil {
		return Event{}, fieldError(data, err)
	}
	if err := e.Check(); err != nil {
		return Event{}, err
	}
	if e.Version == 0 {
		e.Version = Version
	}
	return e, nil
}

// fieldError names the field that err is of. An event of a later version is told as that, whatever else was not understood of it.
func fieldError(data []byte, err error) error {
	var v struct {
		Version int `json:"v"`
	}
	if json.Unmarshal(data, &v) == nil && v.Version > Version {
		e := Event{Version: v.Version, Kind: Click}
		return e.Check()
	}
	var semantic *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		problem := "what is there cannot be read"
		switch {
		case errors.Is(err, json.ErrUnknownName):
			problem = "no field of an event has this name"
		case semantic.GoType != nil && semantic.JSONKind != 0:
			problem = fmt.Sprintf("%s is expected, not %s", typeName(semantic.GoType.Kind().String()), kindName(semantic.JSONKind))
			if semantic.Err != nil {
				problem += ": " + semantic.Err.Error()
			}
		}
		return &FieldError{fieldName(semantic.JSONPointer), problem}
	case errors.As(err, &syntax):
		problem := "JSON is expected"
		if syntax.Err != nil {
			problem += ": " + syntax.Err.Error()
		}
		return &FieldError{fieldName(syntax.JSONPointer), problem}
	}
	return &FieldError{"", "JSON is expected: " + err.Error()}
}

// fieldName writes /page/cards/0/item as page.cards[0].item.
func fieldName(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", token)
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	name := b.String()
	if len(name) > MaxID {
		name = strings.ToValidUTF8(name[:MaxID], "") + "..."
	}
	return name
}

func typeName(kind string) string {
	switch kind {
	case "string":
		return "text"
	case "bool":
		return "true or false"
	case "struct", "map":
		return "an object"
	case "slice":
		return "an array"
	case "int", "int64", "uint64":
		return "a whole number"
	}
	return "a number"
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "text"
	case '0':
		return "this number"
	case 't', 'f':
		return "true or false"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "null"
}
