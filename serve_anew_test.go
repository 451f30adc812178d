package segue

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

// What is believed is the same when the snapshot is gone and the state is made anew from the database: also what events said that no row of an impression
// holds, of cards that are hidden or gone, of users who were deleted, and feedback of senders' own types.
func TestServeMadeAnew(t *testing.T) {
	s, _ := loadedVillage(t, 300)
	cards, err := s.engine.CardKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users, err := s.engine.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opt := ServeOptions{Dir: filepath.Join(t.TempDir(), "serve"), WarehouseEvery: 10 * time.Millisecond, Explore: -1}
	v := serve(t, s, opt)
	now := time.Now().Add(-time.Hour).Truncate(time.Second).UnixMilli()
	number := func(n float64) *float64 { return &n }
	age := 30
	var events []stream.Event
	for _, e := range []stream.Event{
		{Kind: stream.Item, Item: "new", Comment: "words", Card: &stream.Card{Creator: "maker", Content: "kind", Song: "a song", Artist: "an artist", Talk: "a talk", Categories: []string{"x", "y"}, Labels: []byte(`{"k":1}`)}},
		{Kind: stream.Item, Item: "hidden", Card: &stream.Card{Hidden: true, Creator: "maker"}},
		{Kind: stream.Item, Item: cards[1], Card: &stream.Card{Hidden: true}},
		{Kind: stream.Item, Item: cards[2], Card: &stream.Card{Categories: []string{"y"}, Song: "a song"}},
		{Kind: stream.Item, Item: "shown again", Card: &stream.Card{Hidden: true}},
		{Kind: stream.Item, Item: "shown again", Card: &stream.Card{}},
		{Kind: stream.Item, Item: "gone", Card: &stream.Card{Creator: "maker"}},
		{Kind: stream.ItemDeleted, Item: "gone"},
		{Kind: stream.ItemDeleted, Item: cards[3]},
		{Kind: stream.User, User: "told", Comment: "hers", Profile: &stream.Profile{Gender: "female", Age: &age, Labels: []byte(`["a"]`)}},
		{Kind: stream.Impression, User: "told", Item: "new"},
		{Kind: stream.Impression, User: "fan", Item: cards[6]},
		{Kind: stream.Feedback, User: "fan", Item: "new", Type: "star", Value: number(2), Comment: "good"},
		{Kind: stream.Feedback, User: "fan", Item: "new", Type: "star", Value: number(1), Comment: "better"},
		{Kind: stream.Feedback, User: "fan", Item: cards[2], Type: "read", Value: number(1)},
		{Kind: stream.Feedback, User: "fan", Item: cards[5], Type: "star", Value: number(1)},
		{Kind: stream.Unfeedback, User: "fan", Item: cards[5], Type: "star"},
		{Kind: stream.User, User: "leaves", Comment: "hers", Profile: &stream.Profile{}}, // who did nothing: what deleted users did goes from the database, and stays in the counts of a state
		{Kind: stream.UserDeleted, User: "leaves"},
	} {
		now += 1000
		e.ID, e.AtMS = "event "+string(rune('a'+len(events))), now
		events = append(events, e)
	}
	if status, body := v.post("/v1/events", events); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	v.until("events go into the database", func() bool { return v.offset() == uint64(len(events)) })
	believed := func() map[string]string {
		t.Helper()
		out := map[string]string{}
		for _, path := range []string{"/v1/items/new", "/v1/items/hidden", "/v1/items/gone", "/v1/items/shown%20again", "/v1/items/" + cards[1], "/v1/items/" + cards[2], "/v1/items/" + cards[3], "/v1/items/" + cards[4],
			"/v1/users/told", "/v1/users/fan", "/v1/users/leaves", "/v1/users/" + users[8], "/api/user/fan/feedback", "/api/item/new/feedback", "/api/latest?n=5", "/api/popular?n=1000",
			"/api/latest/y?n=9", "/v1/items?q=maker"} {
			_, out[path] = v.get(path)
		}
		var stats struct{ Users, Items int }
		if _, body := v.get("/v1/stats"); json.Unmarshal([]byte(body), &stats) != nil {
			t.Fatal(body)
		}
		out["figures"] = string(must(json.Marshal(stats)))
		return out
	}
	before := believed()
	v = v.anew(opt)
	defer v.stop()
	if d := cmp.Diff(before, believed()); d != "" {
		t.Errorf("(-from the snapshot +from the database)\n%s", d)
	}
}

// anew is the server started again without its snapshot.
func (v *served) anew(opt ServeOptions) *served {
	v.Helper()
	v.stop()
	if err := os.RemoveAll(filepath.Join(opt.Dir, "state")); err != nil {
		v.Fatal(err)
	}
	return serve(v.T, v.s, opt)
}

// What is believed is what the database has, whatever was done and however little was told of it: made anew from the database, it is the same.
func TestServeBelievesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: 10 * time.Millisecond}
	v := serve(t, s, opt)
	seconds, slots := 12., []int{3, 4}
	now := time.Now().UnixMilli()
	did := map[string][]stream.Event{
		"shown": {{Kind: stream.Impression, Item: "a"}}, "clicked": {{Kind: stream.Click, Item: "a"}}, "liked": {{Kind: stream.Like, Item: "a"}}, "commented": {{Kind: stream.Comment, Item: "a"}},
		"read": {{Kind: stream.ReadComments, Item: "a"}}, "shared": {{Kind: stream.Share, Item: "a"}}, "visited": {{Kind: stream.Visit, Item: "a"}},
		"viewed": {{Kind: stream.View, Item: "a", Value: &seconds}}, "followed": {{Kind: stream.Follow, Item: "a"}}, "swiped": {{Kind: stream.Swipe, Item: "b", From: "a"}},
		"swiped from nowhere":        {{Kind: stream.Swipe, Item: "b"}},
		"liked what a swipe led to":  {{Kind: stream.Impression, Item: "a"}, {Kind: stream.Swipe, Item: "b", From: "a"}, {Kind: stream.Like, Item: "b"}, {Kind: stream.View, Item: "b", Value: &seconds}},
		"shown on two pages at once": {{Kind: stream.Impression, Item: "a", Request: "p", Slot: &slots[0]}, {Kind: stream.Impression, Item: "a", Request: "q", Slot: &slots[1]}},
		"shown and followed":         {{Kind: stream.Impression, Item: "a"}, {Kind: stream.Follow, Item: "a"}, {Kind: stream.Like, Item: "a"}},
	}
	var events []stream.Event
	for user, list := range did {
		for k, e := range list {
			e.ID, e.User, e.AtMS = fmt.Sprint(user, k), user, now+int64(k)*2000-10_000
			if e.Request != "" {
				e.AtMS = now
			}
			events = append(events, e)
		}
	}
	if status, body := v.post("/v1/events", events); status >= 300 {
		t.Fatalf("status %d: %s", status, body)
	}
	v.until("the events are in the database", func() bool { return v.offset() == uint64(len(events)) })
	asked := func() map[string]string {
		out := map[string]string{}
		for user := range did {
			_, body := v.get("/v1/users/" + url.PathEscape(user)) // 404 for whom nothing but a follow tells of, once the state is lost
			var has struct {
				Impressions, Clicks int
				History             []struct {
					Item string
					Did  []string
				}
			}
			if err := json.Unmarshal([]byte(body), &has); err != nil {
				t.Fatalf("%s: %v: %s", user, err, body)
			}
			out[user] = fmt.Sprintf("%d shown, %d clicked: %v", has.Impressions, has.Clicks, has.History)
		}
		return out
	}
	before := asked()
	v = v.anew(opt)
	defer v.stop()
	if diff := cmp.Diff(before, asked()); diff != "" {
		t.Errorf("before and (+) after the state was lost:\n%s", diff)
	}
	for user, want := range map[string]string{"liked": "1 shown, 0 clicked: [{a [like]}]", "clicked": "1 shown, 1 clicked: [{a [click]}]", "followed": "0 shown, 0 clicked: []"} {
		if before[user] != want {
			t.Errorf("%s: %s; want %s", user, before[user], want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
