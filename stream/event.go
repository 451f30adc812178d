// Package stream is the durable event log: what was served and what happened, in the order in which it was acknowledged. Everything that a server
// believes of users and cards follows from it, and tomorrow's training log is made from it. The log is a stream of NATS JetStream, kept in files by a
// server inside this process, or of a NATS cluster by URL.
package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Kind says what an event tells.
type Kind string

// The kinds. Those of users' doings name the user and the item.
const (
	Served       Kind = "served"        // a page was made: Page
	Impression   Kind = "impression"    // a card came into sight
	Click        Kind = "click"         // it was opened
	Swipe        Kind = "swipe"         // from the card From, the user went on to this one
	Like         Kind = "like"          //
	Comment      Kind = "comment"       // was written
	ReadComments Kind = "read_comments" // were opened
	Share        Kind = "share"
	Follow       Kind = "follow"           // the creator of the item
	Visit        Kind = "visit"            // to the page of the creator of the item
	View         Kind = "view"             // of Value seconds
	Feedback     Kind = "feedback"         // of a type of the sender's own: Type; Value adds to what was sent before, unless Replace
	Unfeedback   Kind = "feedback_deleted" // all that was sent of Type, or of every type where that is "", by the user on the item
	User         Kind = "user"             // is known by Profile from now on
	UserDeleted  Kind = "user_deleted"     // with all that she did
	Item         Kind = "item"             // is known by Card from now on
	ItemDeleted  Kind = "item_deleted"
)

// kinds say which fields a kind needs.
var kinds = map[Kind]struct{ user, item bool }{
	Served: {user: true}, Impression: {true, true}, Click: {true, true}, Swipe: {true, true}, Like: {true, true}, Comment: {true, true}, ReadComments: {true, true},
	Share: {true, true}, Follow: {true, true}, Visit: {true, true}, View: {true, true}, Feedback: {true, true}, Unfeedback: {true, true},
	User: {user: true}, UserDeleted: {user: true}, Item: {item: true}, ItemDeleted: {item: true},
}

// Version is that of the schema in which events are written. Readers know all versions up to theirs; fields that they do not know are errors, since to
// skip them would lose what was acknowledged.
const Version = 1

// Event is one thing that happened. Fields that its kind does not use are zero.
type Event struct {
	Version int    `json:"v"`  // of the schema; 0 is written as Version
	ID      string `json:"id"` // tells it from all others: an event that comes again is acknowledged and counts once
	Kind    Kind   `json:"kind"`
	AtMS    int64  `json:"at_ms"` // when it happened, milliseconds since 1970 UTC; events may come late and in any order
	User    string `json:"user,omitempty"`
	Item    string `json:"item,omitempty"`

	Request string   `json:"request,omitempty"` // the page that it belongs to
	Slot    *int     `json:"slot,omitempty"`    // of the item on that page, from 0
	Value   *float64 `json:"value,omitempty"`   // seconds of a View, the sender's number of a Feedback
	From    string   `json:"from,omitempty"`    // of a Swipe: the card that was opened
	Type    string   `json:"type,omitempty"`    // of a Feedback: what its sender calls it
	Replace bool     `json:"replace,omitempty"` // of a Feedback: Value takes the place of what was there
	Comment string   `json:"comment,omitempty"` // of a Feedback, a User or an Item: the sender's own words

	Page    *Page    `json:"page,omitempty"`
	Profile *Profile `json:"profile,omitempty"`
	Card    *Card    `json:"card,omitempty"`
}

// Page is what a user was served.
type Page struct {
	Model   string       `json:"model"` // version
	Seed    uint64       `json:"seed"`
	Columns int          `json:"columns"`
	Device  string       `json:"device,omitempty"` // that it was made for, in the sender's words
	Cards   []ServedCard `json:"cards"`            // in the order of slots
}

// Profile is what is known of a user. Pointers that are nil and texts that are "" say nothing.
type Profile struct {
	Gender   string          `json:"gender,omitempty"`
	Age      *int            `json:"age,omitempty"` // years
	Province string          `json:"province,omitempty"`
	Months   *int            `json:"months,omitempty"`  // since she registered
	Follows  *int            `json:"follows,omitempty"` // accounts
	Labels   json.RawMessage `json:"labels,omitempty"`  // any JSON of the sender's
}

// Card is what is known of an item.
type Card struct {
	Creator     string          `json:"creator,omitempty"`
	Content     string          `json:"content,omitempty"` // the category of the log's taxonomy
	Song        string          `json:"song,omitempty"`
	Artist      string          `json:"artist,omitempty"`
	Talk        string          `json:"talk,omitempty"` // topic
	Type        *int            `json:"type,omitempty"`
	PublishedMS int64           `json:"published_ms,omitempty"` // milliseconds since 1970 UTC; 0: when the event happened
	Categories  []string        `json:"categories,omitempty"`
	Hidden      bool            `json:"hidden,omitempty"` // is not to be shown
	Labels      json.RawMessage `json:"labels,omitempty"`
}

// ServedCard is a card of a Page, at the slot of its index.
type ServedCard struct {
	Item       string  `json:"item"`
	Score      float64 `json:"score"`
	Propensity float64 `json:"propensity"` // the chance that this card came to stand in this slot, 0 exclusive to 1
	Explored   bool    `json:"explored,omitempty"`
	By         string  `json:"by,omitempty"` // the source that named it
}

// Limits of events.
const (
	MaxID       = 512 // bytes of an id: of an event, a user, an item, a request, a creator and the like
	MaxComment  = 4096
	MaxLabels   = 64 << 10
	MaxPage     = 200 // cards
	MaxCategory = 100 // categories of an item
	MaxViewS    = 7 * 24 * 3600
)

// ErrEvent is given for an event that cannot be taken.
var ErrEvent = errors.New("stream: the event cannot be taken")

// FieldError says what is wrong with which field, by its name in JSON. It is an ErrEvent.
type FieldError struct{ Field, Problem string }

// Error implements error.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }

// Unwrap makes it an ErrEvent.
func (e *FieldError) Unwrap() error { return ErrEvent }

// Check says what is wrong with e; its errors are FieldErrors. Version 0 is taken for Version.
func (e *Event) Check() error {
	bad := func(field, format string, args ...any) error { return &FieldError{field, fmt.Sprintf(format, args...)} }
	need, ok := kinds[e.Kind]
	switch {
	case e.Kind == "":
		return bad("kind", "a kind of event is expected")
	case !ok:
		return bad("kind", "%.64q is no kind of event", e.Kind)
	case e.Version < 0 || e.Version > Version:
		return bad("v", "schema version %d; this program knows versions up to %d", e.Version, Version)
	case e.ID == "":
		return bad("id", "an id is expected, so that the event counts once when it is sent again")
	case e.AtMS == 0:
		return bad("at_ms", "a moment is expected, in milliseconds since 1970 UTC")
	case e.AtMS <= 0 || e.AtMS > maxAtMS:
		return bad("at_ms", "%d is no moment in milliseconds since 1970", e.AtMS)
	case need.user && e.User == "":
		return bad("user", "a user is expected with %q", e.Kind)
	case need.item && e.Item == "":
		return bad("item", "an item is expected with %q", e.Kind)
	case e.Kind == Served && e.Page == nil:
		return bad("page", "a page is expected with %q", e.Kind)
	case (e.Kind == Feedback) && e.Type == "":
		return bad("type", "a type is expected with %q", e.Kind)
	case e.Slot != nil && (*e.Slot < 0 || *e.Slot > math.MaxInt16):
		return bad("slot", "%d; a slot from 0 to %d is expected", *e.Slot, math.MaxInt16)
	case e.Value != nil && (math.IsNaN(*e.Value) || math.IsInf(*e.Value, 0)):
		return bad("value", "a number is expected")
	case e.Kind == View && (e.Value == nil || *e.Value < 0 || *e.Value > MaxViewS):
		return bad("value", "seconds from 0 to %d are expected with %q", MaxViewS, e.Kind)
	case len(e.Comment) > MaxComment:
		return bad("comment", "%d bytes; at most %d are expected", len(e.Comment), MaxComment)
	}
	for _, id := range []struct{ field, value string }{{"id", e.ID}, {"user", e.User}, {"item", e.Item}, {"request", e.Request}, {"from", e.From}, {"type", e.Type}, {"comment", e.Comment}} {
		if err := checkText(id.field, id.value, MaxComment); err != nil {
			return err
		}
		if id.field != "comment" && len(id.value) > MaxID {
			return bad(id.field, "%d bytes; at most %d are expected", len(id.value), MaxID)
		}
	}
	if e.Page != nil {
		if err := e.Page.check(); err != nil {
			return err
		}
	}
	if e.Profile != nil {
		if err := e.Profile.check(); err != nil {
			return err
		}
	}
	if e.Card != nil {
		return e.Card.check()
	}
	return nil
}

const maxAtMS = 1 << 43 // the year 2248

func checkText(field, value string, limit int) error {
	if err := textError(field, value, limit); err != nil {
		return err
	}
	return nil
}

func textError(field, value string, limit int) *FieldError {
	switch {
	case len(value) > limit:
		return &FieldError{field, fmt.Sprintf("%d bytes; at most %d are expected", len(value), limit)}
	case !utf8.ValidString(value):
		return &FieldError{field, "text in UTF-8 is expected"}
	case strings.ContainsRune(value, 0):
		return &FieldError{field, "text without NUL is expected"}
	}
	return nil
}

func (p *Page) check() error {
	if len(p.Cards) > MaxPage {
		return &FieldError{"page.cards", fmt.Sprintf("%d cards; at most %d are expected", len(p.Cards), MaxPage)}
	}
	if p.Columns < 0 || p.Columns > MaxPage {
		return &FieldError{"page.columns", fmt.Sprintf("%d; a number from 0 to %d is expected", p.Columns, MaxPage)}
	}
	if err := checkText("page.model", p.Model, MaxID); err != nil {
		return err
	}
	if err := checkText("page.device", p.Device, MaxID); err != nil {
		return err
	}
	for k := range p.Cards {
		if err := p.Cards[k].check(); err != nil {
			return &FieldError{fmt.Sprintf("page.cards[%d].%s", k, err.Field), err.Problem}
		}
	}
	return nil
}

// check names a field of the card.
func (c *ServedCard) check() *FieldError {
	switch {
	case math.IsNaN(c.Score) || math.IsInf(c.Score, 0):
		return &FieldError{"score", "a number is expected"}
	case !(c.Propensity > 0 && c.Propensity <= 1):
		return &FieldError{"propensity", fmt.Sprintf("%v; above 0 and at most 1 is expected", c.Propensity)}
	case c.Item == "":
		return &FieldError{"item", "an item is expected"}
	}
	if err := textError("by", c.By, MaxID); err != nil {
		return err
	}
	return textError("item", c.Item, MaxID)
}

func (p *Profile) check() error {
	for _, n := range []struct {
		field string
		value *int
		most  int
	}{{"profile.age", p.Age, 200}, {"profile.months", p.Months, math.MaxInt16}, {"profile.follows", p.Follows, math.MaxInt32}} {
		if n.value != nil && (*n.value < 0 || *n.value > n.most) {
			return &FieldError{n.field, fmt.Sprintf("%d; a number from 0 to %d is expected", *n.value, n.most)}
		}
	}
	if err := checkText("profile.gender", p.Gender, MaxID); err != nil {
		return err
	}
	if err := checkText("profile.province", p.Province, MaxID); err != nil {
		return err
	}
	return checkLabels("profile.labels", p.Labels)
}

func (c *Card) check() error {
	for _, t := range []struct{ field, value string }{{"card.creator", c.Creator}, {"card.content", c.Content}, {"card.song", c.Song}, {"card.artist", c.Artist}, {"card.talk", c.Talk}} {
		if err := checkText(t.field, t.value, MaxID); err != nil {
			return err
		}
	}
	switch {
	case c.Type != nil && (*c.Type < 0 || *c.Type > math.MaxInt8):
		return &FieldError{"card.type", fmt.Sprintf("%d; a number from 0 to %d is expected", *c.Type, math.MaxInt8)}
	case c.PublishedMS < 0 || c.PublishedMS > maxAtMS:
		return &FieldError{"card.published_ms", fmt.Sprintf("%d is no moment in milliseconds since 1970", c.PublishedMS)}
	case len(c.Categories) > MaxCategory:
		return &FieldError{"card.categories", fmt.Sprintf("%d; at most %d are expected", len(c.Categories), MaxCategory)}
	}
	for k, category := range c.Categories {
		if err := checkText(fmt.Sprintf("card.categories[%d]", k), category, MaxID); err != nil {
			return err
		}
	}
	return checkLabels("card.labels", c.Labels)
}

func checkLabels(field string, labels json.RawMessage) error {
	switch {
	case len(labels) > MaxLabels:
		return &FieldError{field, fmt.Sprintf("%d bytes; at most %d are expected", len(labels), MaxLabels)}
	case len(labels) > 0 && !jsontext.Value(labels).IsValid():
		return &FieldError{field, "JSON in UTF-8, without a name twice in an object, is expected"}
	}
	return nil
}

// Stored is an event with its place in the log.
type Stored struct {
	Seq uint64 // from 1, ascending by 1, but for events that were lost
	Event
}
