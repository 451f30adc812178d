package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

// What PUT, POST and PATCH say is what an engine then knows: what they leave out, or take away by null, is gone. The moment of publication stays, since an item
// that is told of again is not new.
func TestEngineUpserts(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	c := newClient(t, Config{Backend: r.Engine})
	c.now = r.clock.now // what is said later takes the place of what was said before
	known := func(path string) string {
		t.Helper()
		w := c.ask("GET", path, "")
		var all map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		for _, name := range strings.Fields("user item known impressions clicks shows rate first_ms last_ms segment tastes history activity published_ms") {
			delete(all, name)
		}
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, step := range []struct{ method, path, body, at, want string }{
		{"PUT", "/v1/users/u", `{"age":30,"gender":"female","province":"hai nan","months":3,"follows":4,"labels":{"a":1},"comment":"x"}`, "/v1/users/u",
			`{"age":30,"comment":"x","follows":4,"gender":"female","labels":{"a":1},"months":3,"province":"hai nan"}`},
		{"PATCH", "/v1/users/u", `{"age":null,"labels":null,"comment":null,"months":5}`, "/v1/users/u", `{"follows":4,"gender":"female","months":5,"province":"hai nan"}`},
		{"PUT", "/v1/users/u", `{"age":31}`, "/v1/users/u", `{"age":31}`},
		{"POST", "/v1/users", `[{"user":"u"}]`, "/v1/users/u", `{}`},
		{"PATCH", "/v1/users/user%206", `{"province":null,"follows":null}`, "/v1/users/user%206", `{"age":21,"gender":"male","months":6}`}, // of the log
		{"PUT", "/v1/items/i", `{"creator":"c","content":"folk","song":"s","artist":"a","talk":"7","type":2,"categories":["x"],"hidden":true,"labels":[1],"comment":"y"}`, "/v1/items/i",
			`{"artist":"a","categories":["x"],"comment":"y","content":"folk","creator":"c","hidden":true,"labels":[1],"song":"s","talk":"7","type":2}`},
		{"PATCH", "/v1/items/i", `{"creator":null,"song":null,"talk":null,"categories":null,"hidden":null}`, "/v1/items/i",
			`{"artist":"a","categories":[],"comment":"y","content":"folk","hidden":false,"labels":[1],"type":2}`},
		{"PUT", "/v1/items/i", `{"content":"jazz"}`, "/v1/items/i", `{"categories":[],"content":"jazz","hidden":false}`},
		{"POST", "/v1/items", `[{"item":"i","creator":"d"}]`, "/v1/items/i", `{"categories":[],"creator":"d","hidden":false}`},
	} {
		if w := c.ask(step.method, step.path, step.body, "Content-Type", "application/json"); w.Code != 200 {
			t.Fatalf("%s %s: %d %s", step.method, step.path, w.Code, w.Body)
		}
		if diff := cmp.Diff(step.want, known(step.at)); diff != "" {
			t.Errorf("%s %s %s (-want +got):\n%s", step.method, step.path, step.body, diff)
		}
	}
	before := r.state.Catalogue()
	card, _ := r.state.CardID(cardKey(5)) // song 4, artist 4, of topic 1
	c.ask("PATCH", "/v1/items/card%205", `{"talk":null,"comment":"z"}`, "Content-Type", "application/json")
	after := r.state.Catalogue()
	if before.Cards.Song[card] != 4 || after.Cards.Song[card] != 4 || after.Cards.Artist[card] != before.Cards.Artist[card] || before.Cards.Talk[card] < 0 || after.Cards.Talk[card] != -1 ||
		after.Cards.Content[card] != before.Cards.Content[card] || after.PublishedMS[card] != before.PublishedMS[card] {
		t.Errorf("card 5 of the log was\n%+v\nand, told of anew, is\n%+v", before.Cards, after.Cards)
	}
	r.send(r.did(stream.User, "u", ""), r.did(stream.Item, "", "i")) // which say nothing but that they are there
	if got := known("/v1/users/u") + known("/v1/items/i"); got != `{}{"categories":[],"hidden":false}` {
		t.Errorf("of a user and an item of whom nothing is said: %s", got)
	}
}
