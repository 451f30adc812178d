package server

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/seguefeed/segue/stream"
	"pgregory.net/rapid"
)

func TestDecodeEvents(t *testing.T) {
	second := strings.Replace(click, "e1", "e2", 1)
	for _, test := range []struct {
		name, body string
		lines      bool
		ids        string // of the events, or
		status     int
		at         string // of the errors
	}{
		{"one", click, false, "e1", 0, ""},
		{"one with blanks around", "\n \t" + click + "\r\n", false, "e1", 0, ""},
		{"an array", "[" + click + "," + second + "]", false, "e1 e2", 0, ""},
		{"an empty array", " [ ] ", false, "", 0, ""},
		{"lines, told", click + "\n" + second + "\n", true, "e1 e2", 0, ""},
		{"lines, found out", click + "\n\n" + second, false, "e1 e2", 0, ""},
		{"lines without line ends", click + second, false, "e1 e2", 0, ""},
		{"three of three", "[" + click + "," + click + "," + click + "]", false, "e1 e1 e1", 0, ""}, // the log counts them once
		{"four of three", strings.Repeat(click+"\n", 4), false, "", 413, "body"},
		{"four of three, the first wrong", `[{},` + strings.TrimSuffix(strings.Repeat(click+",", 3), ",") + "]", false, "", 413, "body"},
		{"nothing", "", false, "", 400, "body"},
		{"blanks", " \n", true, "", 400, "body"},
		{"an array in lines", "[" + click + "]", true, "", 422, "body[0]"},
		{"no object", "7", false, "", 422, "body"},
		{"null", "null", false, "", 422, "body"},
		{"null in an array", "[null]", false, "", 422, "body[0]"},
		{"cut", click[:20], false, "", 400, "body"},
		{"cut array", "[" + click, false, "", 400, "body"},
		{"cut array after a comma", "[" + click + ",", false, "", 400, "body"},
		{"a second array", "[" + click + "][]", false, "", 400, "body"},
		{"a broken second line", click + "\n{]", false, "", 400, "body"},
		{"no kind", `{"id":"a"}`, false, "", 422, "body.kind"},
		{"wrong ones by index", "[" + click + `,{"id":"a","kind":"clic"},` + strings.Replace(click, "5", `"5"`, 1) + "]", false, "", 422, "body[1].kind body[2].at_ms"},
		{"unknown field", strings.Replace(click, `"user"`, `"usr"`, 1), false, "", 422, "body.usr"},
		{"another spelling", strings.Replace(click, `"user"`, `"User"`, 1), false, "", 422, "body.User"},
		{"a field twice", strings.Replace(click, `"user"`, `"item":"x","user"`, 1), false, "", 400, "body.item"},
		{"a field twice in an array", "[" + click + `,{"id":"a","id":"b"}]`, false, "", 400, "body[1].id"},
		{"a field twice in lines", click + "\n" + `{"id":"a","page":{"cards":[{"item":"i","item":"j"}]}}`, false, "", 400, "body[1].page.cards[0].item"},
		{"not UTF-8", strings.Replace(click, `"u"`, "\"\xff\"", 1), false, "", 400, "body"},
		{"deep in a page", `{"id":"p","kind":"served","at_ms":5,"user":"u","page":{"cards":[{"item":"i","propensity":1},{"item":"i","propensity":2}]}}`, false, "", 422, "body.page.cards[1].propensity"},
		{"a type deep in a page", `{"id":"p","kind":"served","at_ms":5,"user":"u","page":{"cards":[{"item":1}]}}`, false, "", 422, "body.page.cards[0].item"},
		{"a number too large", strings.Replace(click, "5", "1e400", 1), false, "", 422, "body.at_ms"},
		{"nested", strings.Repeat("[", 20_000), false, "", 400, "body"},
	} {
		events, _, err := decodeEvents([]byte(test.body), test.lines, 3)
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		if got := strings.Join(ids, " "); got != test.ids || (err == nil) != (test.status == 0) {
			t.Errorf("%s: events %q and %v, want %q", test.name, got, err, test.ids)
		}
		if err == nil {
			continue
		}
		status, at := told(t, err)
		if status != test.status || at != test.at {
			t.Errorf("%s: %d at %q, want %d at %q: %v", test.name, status, at, test.status, test.at, err)
		}
	}
}

func told(t testing.TB, err error) (status int, at string) {
	t.Helper()
	var p *huma.ErrorModel
	if !errors.As(err, &p) {
		t.Fatalf("an error of type %T: %v", err, err)
	}
	var places []string
	for _, f := range p.Errors {
		places = append(places, f.Location)
	}
	return p.Status, strings.Join(places, " ")
}

func TestEventsTellOfNoMoreThanTwenty(t *testing.T) {
	_, f, err := decodeEvents([]byte("["+strings.Repeat("{},", 99)+"{}]"), false, 1000)
	if status, at := told(t, err); status != 422 || strings.Count(at, "body[") != mostErrors || f.count != mostErrors {
		t.Errorf("%d: %s of %d", status, at, f.count)
	}
}

// The headers of a body of events.
func TestEventsContentType(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted()})
	for kind, status := range map[string]int{
		"": 200, "application/json": 200, "application/json; charset=utf-8": 200, "application/x-ndjson": 422, "application/jsonl": 422, "text/plain": 415, "application/x-www-form-urlencoded": 415,
		"multipart/form-data": 415, "application/json; charset": 415, "json": 415,
	} {
		w := c.ask("POST", "/v1/events", "["+click+"]", "Content-Type", kind)
		if w.Code != status || status == 415 && !strings.Contains(w.Body.String(), `"detail":"a Content-Type of application/json or application/x-ndjson is expected"`) { // an array is no line
			t.Errorf("%q: %d, want %d: %s", kind, w.Code, status, w.Body)
		}
	}
	if w := c.ask("POST", "/v1/users", "[]", "Content-Type", "text/plain"); w.Code != 415 || !strings.Contains(w.Body.String(), `"detail":"a Content-Type of application/json is expected"`) {
		t.Errorf("rows in plain text: %d %s", w.Code, w.Body)
	}
}

// No route unpacks a body, and all say so alike, whether or not it is packed indeed; a request without a body may have the header.
func TestContentEncoding(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted()})
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(click)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ method, path, body string }{
		{"POST", "/v1/events", click}, {"POST", "/v1/items", `[{"item":"i"}]`}, {"POST", "/v1/users", `[{"user":"u"}]`}, {"PUT", "/v1/items/i", "{}"}, {"PUT", "/v1/users/u", "{}"}, {"PATCH", "/v1/items/i", "{}"}, {"PATCH", "/v1/users/u", "{}"},
	} {
		for encoding, status := range map[string]int{"": 200, "identity": 200, "Identity": 200, "gzip": 415, "br": 415, "gzip, identity": 415} {
			if w := c.ask(test.method, test.path, test.body, "Content-Encoding", encoding); w.Code != status || status == 415 && !strings.Contains(w.Body.String(), plainExpected) {
				t.Errorf("%s %s as %q: %d, want %d: %s", test.method, test.path, encoding, w.Code, status, w.Body)
			}
		}
		if w := c.ask(test.method, test.path, packed.String(), "Content-Encoding", "gzip"); w.Code != 415 {
			t.Errorf("%s %s, packed: %d: %s", test.method, test.path, w.Code, w.Body)
		}
	}
	if w := c.ask("GET", "/v1/stats", "", "Content-Encoding", "gzip"); w.Code != 200 {
		t.Errorf("nothing, packed: %d: %s", w.Code, w.Body)
	}
	g, _ := newTestGorse()
	for _, path := range []string{"user", "users", "item", "items", "feedback", "bulk/users", "bulk/items", "bulk/feedback", "session/recommend"} {
		run(t, g, step{"POST /api/" + path + "\nContent-Encoding: gzip", "[]", "415 body: one without Content-Encoding is expected"})
	}
}

// eventGen draws events that the log takes.
func eventGen() *rapid.Generator[stream.Event] {
	text := rapid.StringN(0, 12, 40).Filter(func(s string) bool { return !strings.ContainsRune(s, 0) })
	named := text.Filter(func(s string) bool { return s != "" })
	return rapid.Custom(func(t *rapid.T) stream.Event {
		e := stream.Event{
			Version: rapid.IntRange(0, stream.Version).Draw(t, "v"), ID: named.Draw(t, "id"), Kind: rapid.SampledFrom([]stream.Kind{stream.Click, stream.View, stream.Feedback, stream.User, stream.Served}).Draw(t, "kind"),
			AtMS: rapid.Int64Range(1, 1<<42).Draw(t, "at"), User: named.Draw(t, "user"), Item: named.Draw(t, "item"), Request: text.Draw(t, "request"), Comment: text.Draw(t, "comment"),
		}
		if rapid.Bool().Draw(t, "has slot") {
			slot := rapid.IntRange(0, 100).Draw(t, "slot")
			e.Slot = &slot
		}
		switch e.Kind {
		case stream.View, stream.Feedback:
			value := rapid.Float64Range(0, 1000).Draw(t, "value")
			e.Value, e.Type = &value, named.Draw(t, "type")
		case stream.User:
			e.Profile = &stream.Profile{Gender: text.Draw(t, "gender"), Labels: json.RawMessage(rapid.SampledFrom([]string{`{"a":[1,2]}`, `"x"`, `7`}).Draw(t, "labels"))}
		case stream.Served:
			e.Page = &stream.Page{Model: text.Draw(t, "model"), Seed: rapid.Uint64().Draw(t, "seed"), Columns: 2, Cards: []stream.ServedCard{{Item: "i", Propensity: .5}}}
		}
		return e
	})
}

// Events come out of each of the three forms as they went in.
func TestEventsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(eventGen(), 1, 5).Draw(t, "events")
		array, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var lines []byte
		for _, e := range want {
			one, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(append(lines, one...), '\n')
		}
		for k := range want {
			want[k].Version = stream.Version // 0 stands for it
		}
		for _, body := range []struct {
			text  []byte
			lines bool
		}{{array, false}, {lines, true}, {lines, false}} {
			got, f, err := decodeEvents(body.text, body.lines, 5)
			if err != nil || f.count != len(want) {
				t.Fatalf("%s: %v", body.text, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s: %s", body.text, d)
			}
		}
	})
}

// What is decoded can be stored, errors are of the client, and the three forms agree.
func FuzzDecodeEvents(f *testing.F) {
	for _, s := range []string{click, "[" + click + "]", click + "\n" + click, `[{"kind":1}]`, "[", `{"a":{"b":[{"c":`, `{"id":"\ud800"}`, "[]", "7 8", `{"id":"p","kind":"served","at_ms":5,"user":"u","page":{"cards":[{}]}}`} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		before := slices.Clone(body)
		events, form, err := decodeEvents(body, lines, 10)
		if !slices.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			if status, at := told(t, err); len(events) > 0 || status != 400 && status != 413 && status != 422 || at == "" {
				t.Fatalf("%d events and %v", len(events), err)
			}
			return
		}
		if len(events) != form.count || len(events) > 10 {
			t.Fatalf("%d events of %d", len(events), form.count)
		}
		for k := range events {
			if err := events[k].Check(); err != nil {
				t.Fatalf("event %d cannot be stored: %v", k, err)
			}
		}
		again, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		if events == nil {
			return
		}
		back, _, err := decodeEvents(again, false, 10)
		if err != nil {
			t.Fatalf("%s is not read again: %v", again, err)
		}
		if d := cmp.Diff(fmt.Sprintf("%+v", withoutPointers(t, events)), fmt.Sprintf("%+v", withoutPointers(t, back))); d != "" {
			t.Fatal(d)
		}
	})
}

func withoutPointers(t *testing.T, events []stream.Event) string {
	t.Helper()
	data, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
