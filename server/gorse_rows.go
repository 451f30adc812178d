package server

// Rows of the Gorse interface as they travel, the moments in them, and the events that they become.

import (
	"bytes"
	"cmp"
	"encoding/json"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seguefeed/segue/stream"
)

type gorseSuccess struct{ RowAffected int }

type gorseScore struct {
	Id    string
	Score float64
}

type gorseUser struct {
	UserId  string
	Labels  json.RawMessage
	Comment string
}

type gorseUserPatch struct {
	Labels  json.RawMessage
	Comment *string
}

type gorseItem struct {
	ItemId     string
	IsHidden   bool
	Categories []string
	Timestamp  gorseTime
	Labels     json.RawMessage
	Comment    string
}

type gorseItemPatch struct {
	IsHidden   *bool
	Categories []string
	Timestamp  gorseTime
	Labels     json.RawMessage
	Comment    *string
}

type gorseFeedback struct {
	FeedbackType string
	UserId       string
	ItemId       string
	Value        float64
	Timestamp    gorseTime
	Comment      string
}

type gorseHealth struct {
	Ready               bool
	DataStoreError      *string
	CacheStoreError     *string
	DataStoreConnected  bool
	CacheStoreConnected bool
}

// gorseTime is a moment in milliseconds since 1970 UTC. One that is not set is written as Go's zero time, as Gorse does.
type gorseTime struct {
	ms  int64
	set bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *gorseTime) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return badRequest("Timestamp: %.40s; text in RFC 3339 or a date is expected", data)
	}
	var err error
	*t, err = parseGorseTime(text)
	return err
}

// MarshalJSON implements json.Marshaler.
func (t gorseTime) MarshalJSON() ([]byte, error) {
	var at time.Time
	if t.set {
		at = time.UnixMilli(t.ms).UTC()
	}
	return at.MarshalJSON()
}

// gorseLayouts are the forms of moments that clients are seen to send, the most usual first: RFC 3339, what languages print, dates. Without a zone it is UTC.
var gorseLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05.999999999 MST", "2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006/01/02", "2006/01/02 15:04:05", "2006-1-2", "2006/1/2", "2006-01", "2006",
	time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC, time.UnixDate, "1/2/2006", "1/2/2006 15:04:05",
}

// parseGorseTime reads a moment: one of gorseLayouts, or the seconds, milliseconds, micro- or nanoseconds since 1970, told apart by their digits (10, 13, 16, 19).
// "" and moments before the year 2, which is how Go writes a time that nobody set, are not set.
func parseGorseTime(text string) (gorseTime, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return gorseTime{}, nil
	}
	if per, ok := map[int]int64{10: -1000, 13: 1, 16: 1000, 19: 1_000_000}[len(text)]; ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			if per < 0 {
				return gorseTime{n * -per, true}, nil
			}
			return gorseTime{n / per, true}, nil
		}
	}
	for _, layout := range gorseLayouts {
		if at, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			if at.Year() < 2 {
				return gorseTime{}, nil
			}
			return gorseTime{at.UnixMilli(), true}, nil
		}
	}
	return gorseTime{}, badRequest("Timestamp: %.40q; RFC 3339 or a date is expected", text)
}

// atMS is the moment for an event, which has none at 0.
func (t gorseTime) atMS(missing int64) int64 {
	if !t.set {
		return missing
	}
	return cmp.Or(t.ms, 1)
}

// publishedMS is the moment for a card; those before 1970 become its first millisecond, since cards know none before.
func (t gorseTime) publishedMS() int64 {
	if !t.set {
		return 0
	}
	return max(t.ms, 1)
}

// labels are kept without spaces; null is none.
func labels(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw // Check refuses it
	}
	return b.Bytes()
}

func (f *gorseFeedback) event(id string, nowMS int64, replace bool) stream.Event {
	value := f.Value
	return stream.Event{ID: id, Kind: stream.Feedback, AtMS: f.Timestamp.atMS(nowMS), User: f.UserId, Item: f.ItemId, Type: f.FeedbackType,
		Value: &value, Replace: replace, Comment: f.Comment}
}

// feedbackOf keeps a sum that outgrew the numbers within them, as JSON has no infinity and one such row would make lists of it unreadable.
func feedbackOf(r FeedbackRow) gorseFeedback {
	value := min(max(r.Value, -math.MaxFloat64), math.MaxFloat64)
	if math.IsNaN(value) {
		value = 0
	}
	return gorseFeedback{r.Type, r.User, r.Item, value, gorseTime{r.AtMS, r.AtMS != 0}, r.Comment}
}

func userOf(key string, rawLabels json.RawMessage, comment string) gorseUser {
	return gorseUser{key, null(rawLabels), comment}
}

func itemOf(key string, c *stream.Card, comment string) gorseItem {
	categories := c.Categories
	if categories == nil {
		categories = []string{}
	}
	return gorseItem{key, c.Hidden, categories, gorseTime{c.PublishedMS, c.PublishedMS != 0}, null(c.Labels), comment}
}

func null(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

func scoresOf(scored []Scored) []gorseScore {
	scores := make([]gorseScore, len(scored))
	for k, s := range scored {
		scores[k] = gorseScore{s.Item, s.Score}
	}
	return scores
}

// gorseNames are the interface's names of events' fields.
var gorseNames = map[string]string{"user": "UserId", "item": "ItemId", "type": "FeedbackType", "value": "Value", "at_ms": "Timestamp", "comment": "Comment",
	"profile.labels": "Labels", "card.labels": "Labels", "card.published_ms": "Timestamp"}

// gorseField says what is wrong with a field in the interface's words.
func gorseField(e *stream.FieldError) string {
	name, ok := gorseNames[e.Field]
	if !ok {
		name = strings.Replace(e.Field, "card.categories", "Categories", 1)
	}
	return name + ": " + e.Problem
}

// keyLocks are locks of keys, a few keys to a lock.
type keyLocks [64]sync.Mutex

var keySeed = maphash.MakeSeed()

// lock holds the locks of keys until unlock is called; they are taken in order, so that none waits for another in a circle.
func (l *keyLocks) lock(keys ...string) (unlock func()) {
	held := make([]int, 0, min(len(keys), len(l)))
	for _, key := range keys {
		k := int(maphash.String(keySeed, key) % uint64(len(l)))
		if at, ok := slices.BinarySearch(held, k); !ok {
			held = slices.Insert(held, at, k)
		}
	}
	for _, k := range held {
		l[k].Lock()
	}
	return func() {
		for _, k := range held {
			l[k].Unlock()
		}
	}
}
