package segue

import (
	"bytes"
	"encoding/json"
	"net/http"
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
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	post := func(body []byte) {
		t.Helper()
		r, err := http.Post(v.home+"/v1/events", "application/json", bytes.NewReader(body))
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", r, err)
		}
		r.Body.Close()
	}
	post(body)
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
	v.stop()
	if err := os.RemoveAll(filepath.Join(opt.Dir, "state")); err != nil {
		t.Fatal(err)
	}
	v = serve(t, s, opt)
	defer v.stop()
	if d := cmp.Diff(before, believed()); d != "" {
		t.Errorf("(-from the snapshot +from the database)\n%s", d)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
