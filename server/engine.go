// Package server answers a feed's requests over HTTP: pages, events, and what the system believes. An Engine does the work, on a model, a live state and an
// event log; the handlers of /v1, of the Gorse-compatible /api and of the pages only translate. New gives the http.Handler that a program can mount.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

// Errors of the engine, which handlers turn into statuses.
var (
	ErrUnknownItem  = errors.New("there is no such item")
	ErrUnknownUser  = errors.New("there is no such user")
	ErrUnknownModel = errors.New("there is no such model")
	ErrNotReady     = errors.New("the server is not ready")
	ErrGate         = errors.New("the model did not pass the gate")
)

// InputError says which field of a request is wrong, by its name in the interface.
type InputError struct{ Field, Problem string }

// Error implements error.
func (e *InputError) Error() string { return e.Field + ": " + e.Problem }

// FeedRequest asks for a page.
type FeedRequest struct {
	User            string
	N               int      // cards, 1 to MaxN
	Columns         int      // 0: as the model has it
	Offset          int      // cards of the pages before, for clients that page: see feed.Request.Before
	AtMS            int64    // the moment, 0: now
	Seed            *uint64  // nil: drawn
	Exclude         []string // items
	BlockedCreators []string
	Contents        []string       // names of content categories: only these
	Categories      []string       // categories of items (Gorse): only items in all of these
	Device          string         // phone, tablet, web, ...: kept with the served page
	Explain         bool           // take the scores apart
	Silent          bool           // do not log the page as served; it explores nothing then
	Unread          bool           // leave out items on which the user, or Session, has feedback of a sender's own type, whatever it means
	Session         []stream.Event // doings that count for this page only, of someone whom the log need not know
}

// FeedPage is the answer.
type FeedPage struct {
	Request string     `json:"request_id" doc:"to be sent with the events of this page"`
	User    string     `json:"user"`
	Model   string     `json:"model" doc:"version; empty while none is in use"`
	AtMS    int64      `json:"at_ms"`
	Seed    uint64     `json:"seed" doc:"the same seed, moment, state and model give the same page"`
	Columns int        `json:"columns"`
	Rested  bool       `json:"rested" doc:"nothing was explored, since the cap on exploration was near"`
	Cards   []FeedCard `json:"cards"`
}

// FeedCard is a card of a FeedPage.
type FeedCard struct {
	Item       string   `json:"item"`
	Slot       int      `json:"slot"`
	Column     int      `json:"column"`
	Score      float64  `json:"score" doc:"what re-ranking weighed"`
	Click      float64  `json:"click" doc:"chance of a click, looked at"`
	Propensity float64  `json:"propensity" doc:"chance that this card came to stand in this slot"`
	Explored   bool     `json:"explored"`
	Reason     string   `json:"reason"`
	By         string   `json:"by" doc:"the source that gives the reason"`
	Cause      string   `json:"cause,omitempty" doc:"the item of her history that the reason names"`
	Content    string   `json:"content,omitempty"`
	Creator    string   `json:"creator,omitempty"`
	Sources    []Source `json:"sources" doc:"all that named it, best rank first"`
	Why        *Why     `json:"why,omitempty" doc:"the score taken apart, when asked for"`
}

// Source is one that named a card.
type Source struct {
	Name string `json:"name"`
	Rank int    `json:"rank" doc:"from 0"`
}

// Why is a score taken apart: log-odds that add up, Base and Parts and Rest, or Base and Themes.
type Why struct {
	Base   float64 `json:"base" doc:"log-odds of the average card"`
	Parts  []Part  `json:"parts" doc:"of the features that add most, largest first"`
	Rest   float64 `json:"rest" doc:"what all other features add together"`
	Themes []Theme `json:"themes,omitempty" doc:"all features by what they are about, largest first"`
}

// Theme is what the features of one kind add together.
type Theme struct {
	Theme string  `json:"theme"`
	Adds  float64 `json:"adds" doc:"to the log-odds of a click"`
}

// Part is what one feature adds.
type Part struct {
	Feature string  `json:"feature" doc:"its name in the model"`
	Value   string  `json:"value"`
	Adds    float64 `json:"adds" doc:"to the log-odds of a click"`
	Means   string  `json:"means" doc:"what it is, in words that the value follows"`
}

// Taken is what became of events.
type Taken struct {
	Accepted   int `json:"accepted" doc:"stored durably"`
	Duplicates int `json:"duplicates" doc:"of ids that were stored before"`
}

// UserView is what is believed of a user.
type UserView struct {
	User        string          `json:"user"`
	Known       bool            `json:"known"`
	Gender      string          `json:"gender,omitempty"`
	Age         *int            `json:"age,omitempty"`
	Province    string          `json:"province,omitempty"`
	Months      *int            `json:"months,omitempty"`
	Follows     *int            `json:"follows,omitempty"`
	Labels      json.RawMessage `json:"labels,omitempty"`
	Comment     string          `json:"comment,omitempty"`
	Impressions int             `json:"impressions"`
	Clicks      int             `json:"clicks"`
	FirstMS     int64           `json:"first_ms,omitempty"`
	LastMS      int64           `json:"last_ms,omitempty"`
	Segment     string          `json:"segment,omitempty" doc:"never seen, looks in passing, browses, clicks, clicks a lot"`
	Activity    *Activity       `json:"activity,omitempty"`
	Tastes      []Taste         `json:"tastes" doc:"contents, most liked first"`
	History     []Doing         `json:"history" doc:"latest first"`
}

// Activity is the chance that she will be active.
type Activity struct {
	Score float64 `json:"score"`
	Why   []Part  `json:"why" doc:"of the features that move her most, largest first"`
	Rest  float64 `json:"rest" doc:"what all other features add together"`
}

// Taste is what is believed of a user and a content.
type Taste struct {
	Content string  `json:"content"`
	Shown   int     `json:"shown"`
	Clicks  int     `json:"clicks"`
	Lift    float64 `json:"lift" doc:"her clicks there over those that were to be expected, shrunk to 1"`
}

// Doing is one card that a user was shown, and what she did.
type Doing struct {
	Item    string   `json:"item"`
	AtMS    int64    `json:"at_ms"`
	Slot    *int     `json:"slot,omitempty"`
	Did     []string `json:"did" enum:"click,like,comment,share,read_comments,visit" doc:"kinds of events that the database keeps with a card that was shown; a follow, which it keeps of the creator, is not among them"`
	Seconds *float64 `json:"seconds,omitempty"`
}

// ItemView is what is known of an item.
type ItemView struct {
	Item        string          `json:"item"`
	Creator     string          `json:"creator,omitempty"`
	Content     string          `json:"content,omitempty"`
	Song        string          `json:"song,omitempty"`
	Artist      string          `json:"artist,omitempty"`
	Talk        string          `json:"talk,omitempty"`
	Type        *int            `json:"type,omitempty"`
	Categories  []string        `json:"categories"`
	Hidden      bool            `json:"hidden"`
	PublishedMS int64           `json:"published_ms,omitempty"`
	Labels      json.RawMessage `json:"labels,omitempty"`
	Comment     string          `json:"comment,omitempty"`
	Shows       float64         `json:"shows"`
	Clicks      float64         `json:"clicks"`
	Rate        float64         `json:"rate" doc:"clicks a show, drawn to the mean of all where shows are few"`
}

// Scored is an item with a score, in lists.
type Scored struct {
	Item  string  `json:"item"`
	Score float64 `json:"score"`
}

// ModelView is a version of the recommender.
type ModelView struct {
	feed.Manifest
	Current bool   `json:"current"`
	Loaded  bool   `json:"loaded" doc:"pages are made with it"`
	Problem string `json:"problem,omitempty" doc:"why it cannot be used"`
}

// Health says whether the server can do its work.
type Health struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons" doc:"why not, or what is amiss though pages are served"`
	Model   string   `json:"model"`
	Events  bool     `json:"events" doc:"new events are taken"`
}

// Stats are live figures.
type Stats struct {
	Since           time.Time `json:"since" doc:"start of the day in the log's zone"`
	Users           int       `json:"users" doc:"known"`
	Items           int       `json:"items"`
	UsersToday      int       `json:"users_today"`
	ActiveToday     int       `json:"active_today" doc:"of them, those at or above the mean click-through rate of the day"`
	Impressions     int64     `json:"impressions_today"`
	Clicks          int64     `json:"clicks_today"`
	Explored        float64   `json:"explored" doc:"share of the last explored_of slots"`
	ExploredOf      int       `json:"explored_of" doc:"1,000, which the cap is of, or as many slots as were served since the start"`
	ExploreCap      float64   `json:"explore_cap" doc:"the most that it may be"`
	NewCards        float64   `json:"new_cards" doc:"share of the slots of today that held cards published within three days"`
	StreamLag       int64     `json:"stream_lag" doc:"events that are stored and not yet in the warehouse"`
	LastSeq         uint64    `json:"last_seq"`
	PagesPerSecond  float64   `json:"pages_per_second" doc:"over the last minute"`
	MedianMS, P99MS float64   `json:"-"`
	ModelAge        string    `json:"model_age,omitempty"`
}

// FeedbackRow is a feedback as the Gorse interface has it: all doings are, their kind being the type.
type FeedbackRow struct {
	Type, User, Item string
	Value            float64
	AtMS             int64
	Comment          string
}

// FeedbackFilter picks rows; "" is any.
type FeedbackFilter struct {
	Type, User, Item string
	Cursor           string
	N                int // at most
}

// Backend is what handlers ask. *Engine is one.
type Backend interface {
	Feed(ctx context.Context, r FeedRequest) (*FeedPage, error)
	// Append stores events durably and lets the state know. Errors are of stream: *stream.FieldError inside an EventError, ErrRefused, ErrBusy. What a User or an
	// Item event says takes the place of all that was said of her or it before; users and items that other events name are known from then on.
	Append(ctx context.Context, events []stream.Event) (Taken, error)

	User(ctx context.Context, key string, history int) (*UserView, error) // ErrUnknownUser
	// Users lists known users in an order of its own after cursor, at most n, those whose key begins with prefix; next is "" at the end. A cursor that it did not
	// give is an *InputError, where that can be told; Items and Feedback likewise.
	Users(ctx context.Context, prefix, cursor string, n int) (users []UserView, next string, err error)
	// Profile gives what a User event would have to say for nothing to change: what interfaces that know a part of a profile build theirs on.
	Profile(ctx context.Context, key string) (p *stream.Profile, comment string, err error) // ErrUnknownUser
	Item(ctx context.Context, key string) (*ItemView, error)                                // ErrUnknownItem
	// Card is to items what Profile is to users; PublishedMS is the moment in force.
	Card(ctx context.Context, key string) (c *stream.Card, comment string, err error) // ErrUnknownItem
	// Items lists items in an order of its own after cursor, at most n, those whose key, creator, content, categories, labels or comment hold q.
	Items(ctx context.Context, q, cursor string, n int) (items []ItemView, next string, err error)

	// Similar, Latest and Popular leave out what forUser clicked or has feedback of a sender's own type on; "" is nobody.
	Similar(ctx context.Context, item string, n int, categories []string, forUser string) ([]Scored, error)
	Latest(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error)
	Popular(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error)
	Neighbours(ctx context.Context, user string, n int) ([]Scored, error) // users who did alike
	// Feedback lists at most f.N rows in the order of type, user and item, one for each three of these; next is "" at the end. Value is the sum since the last
	// Feedback that replaced, AtMS and Comment those of the latest one taken in.
	Feedback(ctx context.Context, f FeedbackFilter) (rows []FeedbackRow, next string, err error)

	Models(ctx context.Context) ([]ModelView, error)
	Activate(ctx context.Context, id string, force bool) error // ErrUnknownModel, ErrGate, or why it cannot be used; then the old one goes on
	Rollback(ctx context.Context) (id string, err error)       // to the version in use before

	Health() Health
	Stats() Stats
}

// Limits of requests.
const (
	MaxN      = 200
	MaxEvents = 1000 // of one request
)

// EventError says which event of a batch is wrong.
type EventError struct {
	Index int // from 0
	Err   error
}

// Error implements error.
func (e *EventError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *EventError) Unwrap() error { return e.Err }
