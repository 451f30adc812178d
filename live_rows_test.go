package segue

import (
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

func pointer[T any](v T) *T { return &v }

func TestLiveBatch(t *testing.T) {
	labels := json.RawMessage(`["a"]`)
	for _, c := range []struct {
		event stream.Event
		want  warehouse.LiveRow
	}{
		{stream.Event{Kind: stream.Impression, AtMS: 5, User: "u", Item: "i", Request: "r", Slot: pointer(3)},
			warehouse.LiveRow{Kind: warehouse.LiveImpression, AtMS: 5, User: "u", Card: "i", Request: "r", Slot: 3}},
		{stream.Event{Kind: stream.Swipe, AtMS: 5, User: "u", Item: "i", From: "f"}, warehouse.LiveRow{Kind: warehouse.LiveSwipe, AtMS: 5, User: "u", Card: "i", From: "f", Slot: -1}},
		{stream.Event{Kind: stream.View, AtMS: 5, User: "u", Item: "i", Value: pointer(2.5)}, warehouse.LiveRow{Kind: warehouse.LiveView, AtMS: 5, User: "u", Card: "i", Slot: -1, Value: 2.5}},
		{stream.Event{Kind: stream.Feedback, AtMS: 5, User: "u", Item: "i", Type: "stars", Value: pointer(4.0), Replace: true, Comment: "c"},
			warehouse.LiveRow{Kind: warehouse.LiveFeedback, AtMS: 5, User: "u", Card: "i", Slot: -1, Type: "stars", Value: 4, Replace: true, Note: "c"}},
		{stream.Event{Kind: stream.Served, AtMS: 5, User: "u", Request: "r", Page: &stream.Page{Model: "m", Seed: 9, Columns: 2, Cards: []stream.ServedCard{{Item: "i", Score: 1, Propensity: .5, Explored: true, By: "p"}}}},
			warehouse.LiveRow{Kind: warehouse.LiveServed, AtMS: 5, User: "u", Request: "r", Slot: -1,
				Page: &warehouse.LivePage{Model: "m", Cards: []warehouse.LiveServedCard{{Card: "i", Score: 1, Propensity: .5, Explored: true, By: "p"}}}}},
		{stream.Event{Kind: stream.User, AtMS: 5, User: "u", Comment: "c", Profile: &stream.Profile{Gender: "g", Province: "p", Months: pointer(0), Labels: labels}},
			warehouse.LiveRow{Kind: warehouse.LiveUser, AtMS: 5, User: "u", Slot: -1, Note: "c", Profile: &warehouse.LiveProfile{Gender: "g", Province: "p", Age: -1, Follows: -1, Labels: `["a"]`}}},
		{stream.Event{Kind: stream.Item, AtMS: 5, Item: "i", Card: &stream.Card{Creator: "k", Content: "c", Song: "s", Artist: "a", Talk: "7", PublishedMS: 3, Categories: []string{"x"}, Hidden: true}},
			warehouse.LiveRow{Kind: warehouse.LiveCard, AtMS: 5, Card: "i", Slot: -1,
				Traits: &warehouse.LiveTraits{Creator: "k", Content: "c", Song: "s", Artist: "a", Talk: "7", Type: -1, PublishedMS: 3, Categories: []string{"x"}, Hidden: true}}},
	} {
		c.event.ID = "e"
		if err := c.event.Check(); err != nil {
			t.Fatal(err)
		}
		c.want.Seq = 8
		b, err := LiveBatch([]stream.Stored{{Seq: 8, Event: c.event}})
		if d := cmp.Diff(warehouse.LiveBatch{Rows: []warehouse.LiveRow{c.want}, Last: 8, Mark: xxhash.Sum64String("e")}, b); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.event.Kind, err, d)
		}
	}
	if _, err := LiveBatch([]stream.Stored{{Seq: 1, Event: stream.Event{Kind: "dance"}}}); err == nil {
		t.Error("a kind that is not known was taken")
	}
}

// Every kind of the event log is known to the warehouse, under the same name where it can be taken back, and whatever passes Check is taken.
func TestLiveKinds(t *testing.T) {
	for name, kind := range warehouse.LiveNames {
		if liveKinds[stream.Kind(name)] != kind {
			t.Errorf("%q is kind %d in the warehouse and %d here", name, kind, liveKinds[stream.Kind(name)])
		}
	}
	seen := map[warehouse.LiveKind]bool{}
	var events []stream.Stored
	long := make([]byte, stream.MaxID)
	for i := range long {
		long[i] = 'a'
	}
	for kind, live := range liveKinds {
		if seen[live] {
			t.Errorf("two kinds are %d", live)
		}
		seen[live] = true
		for _, e := range []stream.Event{
			{AtMS: 1, User: string(long), Item: string(long), Request: string(long), From: string(long), Type: string(long), Slot: pointer(math.MaxInt16), Value: pointer(7 * 24 * 3600.0),
				Page:    &stream.Page{Cards: []stream.ServedCard{{Item: "i", Propensity: 1}}},
				Profile: &stream.Profile{Age: pointer(200), Months: pointer(math.MaxInt16), Follows: pointer(math.MaxInt32)},
				Card:    &stream.Card{Type: pointer(math.MaxInt8), PublishedMS: 1 << 43, Talk: "no number", Categories: []string{"\"", "\n"}}},
			{AtMS: 1 << 43, User: "u", Item: "i", Type: "t", Value: pointer(0.0), Page: &stream.Page{}},
		} {
			e.ID, e.Kind = "e", kind
			if err := e.Check(); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			events = append(events, stream.Stored{Seq: uint64(len(events) + 1), Event: e})
		}
	}
	b, err := LiveBatch(events)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "live.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Warehouse().AppendLive(t.Context(), warehouse.LiveBatches(b)); err != nil {
		t.Errorf("extreme events: %v", err)
	}
	if n := reflect.TypeFor[stream.Event]().NumField(); n != 16 {
		t.Errorf("events have %d fields, and LiveBatch was written for 16", n)
	}
}
