package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/stream"
)

// gorseNow is when all tests take place.
var gorseNow = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// step is a request and its answer, of which JSON ends with a line's end that is not written here.
type step struct {
	do, body string // "GET /api/users", with headers after it as "X-API-Version: 2"
	want     string // "200 BODY"
}

func newTestGorse() (*gorse, *fakeBackend) {
	f := newGorseFake(gorseNow.UnixMilli())
	return newGorse(f, func() time.Time { return gorseNow }), f
}

func (s step) run(t *testing.T, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	lines := strings.Split(s.do, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, target, strings.NewReader(s.body))
	for _, h := range lines[1:] {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := fmt.Sprint(w.Code, " ", strings.TrimSuffix(w.Body.String(), "\n"))
	if got != s.want {
		t.Errorf("%.200s %.200s\ngot  %.500s\nwant %.500s", s.do, s.body, got, s.want)
	}
	kind := "application/json; charset=utf-8"
	switch {
	case w.Code == 503 && strings.Contains(s.do, "/health/"):
	case w.Code != 200:
		kind = "text/plain; charset=utf-8"
	case strings.HasPrefix(s.do, "GET /api/bulk/"):
		kind = "application/jsonl"
	}
	if got := w.Header().Get("Content-Type"); got != kind {
		t.Errorf("%s: content type %q; want %q", s.do, got, kind)
	}
	return w
}

func run(t *testing.T, h http.Handler, steps ...step) {
	t.Helper()
	for _, s := range steps {
		s.run(t, h)
	}
}

func TestGorseUsers(t *testing.T) {
	g, f := newTestGorse()
	run(t, g,
		step{"GET /api/users", "", `200 {"Cursor":"","Users":[]}`},
		step{"POST /api/user", `{"UserId":"bob","Labels":{"a": [1, 2]},"Comment":"x"}`, `200 {"RowAffected":1}`},
		step{"GET /api/user/bob", "", `200 {"UserId":"bob","Labels":{"a":[1,2]},"Comment":"x"}`},
		step{"GET /api/user/bob/", "", `200 {"UserId":"bob","Labels":{"a":[1,2]},"Comment":"x"}`},
		step{"PATCH /api/user/bob", `{"Labels":null,"Comment":"y"}`, `200 {"RowAffected":1}`},
		step{"GET /api/user/bob", "", `200 {"UserId":"bob","Labels":{"a":[1,2]},"Comment":"y"}`},
		step{"PATCH /api/user/bob", `{"Labels":["l"]}`, `200 {"RowAffected":1}`},
		step{"GET /api/user/bob", "", `200 {"UserId":"bob","Labels":["l"],"Comment":"y"}`},
		step{"POST /api/user", `{"UserId":"bob"}`, `200 {"RowAffected":1}`}, // overwrites
		step{"GET /api/user/bob", "", `200 {"UserId":"bob","Labels":null,"Comment":""}`},
		step{"POST /api/users/", `[{"UserId":"al"},{"UserId":"a b/é?"},{"UserId":"cy","Labels":"text","Other":1}]`, `200 {"RowAffected":3}`},
		step{"GET /api/user/a%20b%2F%C3%A9%3F", "", `200 {"UserId":"a b/é?","Labels":null,"Comment":""}`},
		// By key: "a b/é?", "al", "bob", "cy". The cursor is the last key in base64: YWw = al.
		step{"GET /api/users?n=2", "", `200 {"Cursor":"YWw","Users":[{"UserId":"a b/é?","Labels":null,"Comment":""},{"UserId":"al","Labels":null,"Comment":""}]}`},
		step{"GET /api/users?n=2&cursor=YWw", "", `200 {"Cursor":"","Users":[{"UserId":"bob","Labels":null,"Comment":""},{"UserId":"cy","Labels":"text","Comment":""}]}`},
		step{"GET /api/users?n=1&Cursor=YWw", "", `200 {"Cursor":"Ym9i","Users":[{"UserId":"bob","Labels":null,"Comment":""}]}`},
		step{"GET /api/users?n=0", "", `200 {"Cursor":"","Users":[]}`},
		step{"DELETE /api/user/al", "", `200 {"RowAffected":1}`},
		step{"DELETE /api/user/al", "", `200 {"RowAffected":0}`},
		step{"GET /api/user/al", "", `404 al: user not found`},
		step{"PATCH /api/user/al", `{}`, `404 al: user not found`},
	)
	// What Gorse cannot speak of survives both forms of writing.
	age := 30
	f.users["eve"] = fakeUser{stream.Profile{Age: &age, Gender: "f"}, ""}
	run(t, g, step{"POST /api/users", `[{"UserId":"eve","Labels":1}]`, `200 {"RowAffected":1}`}, step{"PATCH /api/user/eve", `{"Comment":"c"}`, `200 {"RowAffected":1}`})
	if got := f.users["eve"]; got.profile.Age == nil || *got.profile.Age != 30 || got.profile.Gender != "f" || string(got.profile.Labels) != "1" || got.comment != "c" {
		t.Errorf("eve is now %+v", got)
	}
}

func TestGorseItems(t *testing.T) {
	g, f := newTestGorse()
	run(t, g,
		step{"POST /api/item", `{"ItemId":"i1","IsHidden":true,"Categories":["a","b"],"Timestamp":"2020-02-03","Labels":{"e":[0.5]},"Comment":"Toy <1>"}`, `200 {"RowAffected":1}`},
		step{"GET /api/item/i1", "", `200 {"ItemId":"i1","IsHidden":true,"Categories":["a","b"],"Timestamp":"2020-02-03T00:00:00Z","Labels":{"e":[0.5]},"Comment":"Toy <1>"}`},
		step{"PATCH /api/item/i1", `{"Comment":"c","IsHidden":null,"Categories":null,"Timestamp":null,"Labels":null}`, `200 {"RowAffected":1}`},
		step{"GET /api/item/i1", "", `200 {"ItemId":"i1","IsHidden":true,"Categories":["a","b"],"Timestamp":"2020-02-03T00:00:00Z","Labels":{"e":[0.5]},"Comment":"c"}`},
		step{"PATCH /api/item/i1", `{"IsHidden":false,"Categories":[],"Timestamp":"2021-02-03T04:05:06+02:00","Labels":[],"Comment":""}`, `200 {"RowAffected":1}`},
		step{"GET /api/item/i1", "", `200 {"ItemId":"i1","IsHidden":false,"Categories":[],"Timestamp":"2021-02-03T02:05:06Z","Labels":[],"Comment":""}`},
		step{"PUT /api/item/i1/category/c%2Fd", "", `200 {"RowAffected":1}`},
		step{"PUT /api/item/i1/category/e", "", `200 {"RowAffected":1}`},
		step{"PUT /api/item/i1/category/e/", "", `200 {"RowAffected":1}`}, // is there already
		step{"GET /api/item/i1", "", `200 {"ItemId":"i1","IsHidden":false,"Categories":["c/d","e"],"Timestamp":"2021-02-03T02:05:06Z","Labels":[],"Comment":""}`},
		step{"DELETE /api/item/i1/category/c%2Fd", "", `200 {"RowAffected":1}`},
		step{"DELETE /api/item/i1/category/c%2Fd", "", `200 {"RowAffected":0}`},
		step{"PUT /api/item/i0/category/e", "", `404 i0: item not found`},
		step{"DELETE /api/item/i0/category/e", "", `404 i0: item not found`},
		step{"PATCH /api/item/i0", `{}`, `404 i0: item not found`},
		step{"GET /api/item/i0", "", `404 i0: item not found`},
		// Overwritten, but for the moment of publication, which is not given; the new one is of now.
		step{"POST /api/items", `[{"ItemId":"i1"},{"ItemId":"i2","Comment":"needle"},{"ItemId":"i3","Timestamp":"1950-01-01"}]`, `200 {"RowAffected":3}`},
		step{"GET /api/items?n=2", "", `200 {"Cursor":"aTI","Items":[{"ItemId":"i1","IsHidden":false,"Categories":[],"Timestamp":"2021-02-03T02:05:06Z","Labels":null,"Comment":""},` +
			`{"ItemId":"i2","IsHidden":false,"Categories":[],"Timestamp":"2024-05-06T07:08:09Z","Labels":null,"Comment":"needle"}]}`},
		step{"GET /api/items?cursor=aTI", "", `200 {"Cursor":"","Items":[{"ItemId":"i3","IsHidden":false,"Categories":[],"Timestamp":"1970-01-01T00:00:00.001Z","Labels":null,"Comment":""}]}`},
		step{"GET /api/items?q=needle", "", `200 {"Cursor":"","Items":[{"ItemId":"i2","IsHidden":false,"Categories":[],"Timestamp":"2024-05-06T07:08:09Z","Labels":null,"Comment":"needle"}]}`},
		step{"GET /api/items?n=0", "", `200 {"Cursor":"","Items":[]}`},
		step{"DELETE /api/item/i2", "", `200 {"RowAffected":1}`},
		step{"DELETE /api/item/i2", "", `200 {"RowAffected":0}`},
		step{"GET /api/item/i2", "", `404 i2: item not found`},
	)
	f.items["song"] = fakeItem{stream.Card{Creator: "c1", Song: "s1"}, ""}
	run(t, g, step{"POST /api/item", `{"ItemId":"song","Categories":["x"]}`, `200 {"RowAffected":1}`}, step{"PUT /api/item/song/category/y", "", `200 {"RowAffected":1}`})
	if c := f.items["song"].card; c.Creator != "c1" || c.Song != "s1" || !slices.Equal(c.Categories, []string{"x", "y"}) {
		t.Errorf("song is now %+v", c)
	}
}

func TestGorseFeedback(t *testing.T) {
	g, f := newTestGorse()
	const (
		watch1 = `{"FeedbackType":"watch","UserId":"u","ItemId":"1","Value":1,"Timestamp":"2023-06-01T00:00:00Z","Comment":""}`
		watch2 = `{"FeedbackType":"watch","UserId":"u","ItemId":"2","Value":2.5,"Timestamp":"2023-06-02T01:02:03.004Z","Comment":"c"}`
		click1 = `{"FeedbackType":"click","UserId":"u","ItemId":"1","Value":0,"Timestamp":"2024-05-06T07:08:09Z","Comment":""}`
		other  = `{"FeedbackType":"watch","UserId":"v","ItemId":"1","Value":7,"Timestamp":"2024-05-06T07:08:09Z","Comment":""}`
	)
	line := func(rows ...string) string { return "[" + strings.Join(rows, "\n,") + "\n]" }
	run(t, g,
		step{"GET /api/feedback", "", `200 {"Cursor":"","Feedback":[]}`},
		step{"GET /api/user/u/feedback", "", "200 []"},
		step{"POST /api/feedback", "[" + watch1 + "," + watch2 + `,{"FeedbackType":"click","UserId":"u","ItemId":"1"}` + "]", `200 {"RowAffected":3}`},
		step{"PUT /api/feedback/", `[{"FeedbackType":"watch","UserId":"v","ItemId":"1","Value":7,"Timestamp":"0001-01-01T00:00:00Z"}]`, `200 {"RowAffected":1}`},
		// By type, user, item: click u 1, watch u 1, watch u 2, watch v 1.
		step{"GET /api/feedback", "", `200 {"Cursor":"","Feedback":[` + strings.Join([]string{click1, watch1, watch2, other}, ",") + `]}`},
		step{"GET /api/feedback/watch?n=1", "", `200 {"Cursor":"d2F0Y2gBdQEx","Feedback":[` + watch1 + `]}`}, // watch \x01 u \x01 1
		step{"GET /api/feedback/watch?n=5&cursor=d2F0Y2gBdQEx", "", `200 {"Cursor":"","Feedback":[` + watch2 + "," + other + `]}`},
		step{"GET /api/feedback/u/1", "", "200 " + line(click1, watch1)},
		step{"GET /api/feedback/watch/u/1", "", "200 " + watch1},
		step{"GET /api/feedback/watch/u/9", "", "200 {}"},
		step{"GET /api/user/u/feedback", "", "200 " + line(click1, watch1, watch2)},
		step{"GET /api/user/u/feedback/watch", "", "200 " + line(watch1, watch2)},
		step{"GET /api/item/1/feedback", "", "200 " + line(click1, watch1, other)},
		step{"GET /api/item/1/feedback/watch/", "", "200 " + line(watch1, other)},
		// Unknown users and items are created.
		step{"GET /api/user/u", "", `200 {"UserId":"u","Labels":null,"Comment":""}`},
		step{"GET /api/item/2", "", `200 {"ItemId":"2","IsHidden":false,"Categories":[],"Timestamp":"2023-06-02T01:02:03.004Z","Labels":null,"Comment":""}`},
		// POST adds: 1 + 1 = 2, then + .5; PUT overwrites.
		step{"POST /api/feedback", "[" + watch1 + "]", `200 {"RowAffected":1}`},
		step{"GET /api/feedback/watch/u/1", "", "200 " + strings.Replace(watch1, `"Value":1`, `"Value":2`, 1)},
		step{"POST /api/feedback", "[" + strings.Replace(watch1, `"Value":1`, `"Value":0.5`, 1) + "]", `200 {"RowAffected":1}`},
		step{"GET /api/feedback/watch/u/1", "", "200 " + strings.Replace(watch1, `"Value":1`, `"Value":2.5`, 1)},
		step{"PUT /api/feedback", "[" + watch1 + "]", `200 {"RowAffected":1}`},
		step{"GET /api/feedback/watch/u/1", "", "200 " + watch1},
		step{"POST /api/feedback", "[]", `200 {"RowAffected":0}`},
		// 1e308 + 1e308 is beyond the largest number, 1.797...e308.
		step{"POST /api/feedback", `[{"FeedbackType":"t","UserId":"w","ItemId":"9","Value":1e308},{"FeedbackType":"t","UserId":"w","ItemId":"9","Value":1e308}]`, `200 {"RowAffected":2}`},
		step{"GET /api/feedback/t/w/9", "", `200 {"FeedbackType":"t","UserId":"w","ItemId":"9","Value":1.7976931348623157e+308,"Timestamp":"2024-05-06T07:08:09Z","Comment":""}`},

		step{"DELETE /api/feedback/watch/u/1", "", `200 {"RowAffected":1}`},
		step{"DELETE /api/feedback/watch/u/1", "", `200 {"RowAffected":0}`},
		step{"GET /api/feedback/u/1", "", "200 " + line(click1)},
		step{"POST /api/feedback", "[" + watch1 + "]", `200 {"RowAffected":1}`},
		step{"DELETE /api/feedback/u/1", "", `200 {"RowAffected":2}`},
		step{"GET /api/user/u/feedback", "", "200 " + line(watch2)},
		step{"GET /api/item/1/feedback", "", "200 " + line(other)},
	)
	for _, e := range f.log {
		if e.Kind != stream.Feedback && e.Kind != stream.Unfeedback {
			t.Errorf("feedback became the event %+v", e)
		}
	}
}

func TestGorseTakesLongLists(t *testing.T) {
	g, f := newTestGorse()
	rows := make([]string, 2500)
	for k := range rows {
		rows[k] = fmt.Sprintf(`{"FeedbackType":"t","UserId":"u","ItemId":"%04d"}`, k)
	}
	run(t, g, step{"POST /api/feedback", "[" + strings.Join(rows, ",") + "]", `200 {"RowAffected":2500}`})
	if want := []int{1000, 1000, 500}; !slices.Equal(f.batches, want) {
		t.Errorf("appended in batches of %v; want %v", f.batches, want)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest("GET", "/api/user/u/feedback", nil)) // three pages of the Backend make one array
	if got := strings.Count(w.Body.String(), `"ItemId"`); got != 2500 {
		t.Errorf("%d rows came back; want 2500", got)
	}
	run(t, g, step{"DELETE /api/feedback/u/0007", "", `200 {"RowAffected":1}`})
	users := strings.Repeat(`{"UserId":"u"},`, gorseMaxRows) + `{"UserId":"u"}`
	run(t, g, step{"POST /api/users", "[" + users + "]", "413 body: more than 50000 rows"})
	run(t, g, step{"POST /api/user", `{"UserId":"u","Comment":"` + strings.Repeat("x", gorseMaxBody) + `"}`, "413 body: more than 16777216 bytes"})
}

// A POST that is sent again counts again, as in Gorse, unless it carries the key that says that it is the same one.
func TestGorseRetries(t *testing.T) {
	g, f := newTestGorse()
	const body = `[{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":1},{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":2}]`
	value := func() float64 { return f.feedback[[3]string{"t", "u", "i"}].Value }
	for k, c := range []struct {
		header string
		want   float64
	}{
		{"", 3}, {"", 6}, {"\nIdempotency-Key: one", 9}, {"\nIdempotency-Key: one", 9}, {"\nIdempotency-Key: two", 12}, {"", 15},
	} {
		run(t, g, step{"POST /api/feedback" + c.header, body, `200 {"RowAffected":2}`})
		if value() != c.want {
			t.Errorf("request %d: value %v; want %v", k, value(), c.want)
		}
	}
	run(t, g, step{"POST /api/user\nIdempotency-Key: one", `{"UserId":"w"}`, `200 {"RowAffected":1}`}) // of another route: another request
	if _, ok := f.users["w"]; !ok {
		t.Error("the key of one route kept out what another was sent")
	}
	run(t, g, step{"POST /api/user\nIdempotency-Key: " + strings.Repeat("k", 256), `{"UserId":"w"}`, "400 Idempotency-Key: 256 bytes; at most 255 are expected"})
}

func TestGorseErrors(t *testing.T) {
	g, _ := newTestGorse()
	long := strings.Repeat("x", 513)
	run(t, g,
		step{"GET /api", "", "404 there is nothing at this path"},
		step{"GET /api/", "", "404 there is nothing at this path"},
		step{"GET /other/users", "", "404 there is nothing at this path"},
		step{"GET /api/dashboard/users", "", "404 there is nothing at this path"},
		step{"GET /api/user//feedback", "", "404 there is nothing at this path"},
		step{"PUT /api/user/u", "", "405 at this path DELETE, GET, PATCH is expected"},
		step{"GET /api/recommend/u?n=x", "", `400 n: "x"; a number from 0 is expected`},
		step{"GET /api/recommend/u?n=-1", "", `400 n: "-1"; a number from 0 is expected`},
		step{"GET /api/latest?offset=1.5", "", `400 offset: "1.5"; a number from 0 is expected`},
		step{"GET /api/users?cursor=*", "", `400 cursor: "*"; the Cursor of an answer is expected`},
		step{"GET /api/recommend/u?write-back-type=read&write-back-delay=10", "", `400 write-back-delay: "10"; a duration such as 1h10m30s is expected`},
		step{"GET /api/recommend/u?write-back-type=read&write-back-delay=-1s", "", `400 write-back-delay: "-1s"; a duration such as 1h10m30s is expected`},
		step{"GET /api/recommend/u?write-back-type=" + long, "", "400 FeedbackType: 513 bytes; at most 512 are expected"},
		step{"POST /api/user", "", "400 body: JSON is expected: EOF"},
		step{"POST /api/user", `{"UserId"`, "400 body: JSON is expected: unexpected EOF"},
		step{"POST /api/user", `{}{}`, "400 body: one value of JSON is expected, and more follows"},
		step{"POST /api/user", `{}`, `400 UserId: a user is expected with "user"`},
		step{"POST /api/user", `{"UserId":7}`, `400 UserId: number; text is expected`},
		step{"POST /api/user", `{"UserId":"` + long + `"}`, "400 UserId: 513 bytes; at most 512 are expected"},
		step{"POST /api/user", `[]`, "400 body: array; an object is expected"},
		step{"POST /api/users", `{"UserId":"u"}`, "400 body: an array is expected"},
		step{"POST /api/feedback", `[{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":"x"}]`, "400 [0].Value: string; a number is expected"},
		step{"POST /api/users", `null`, "400 body: an array is expected"},
		step{"POST /api/users", `[{"UserId":"u"}`, "400 body: JSON is expected: EOF"},
		step{"POST /api/users", `[{"UserId":"u"}] x`, "400 body: one value of JSON is expected, and more follows"},
		step{"POST /api/users", `[{"UserId":"u"},{"UserId":"v","Comment":1}]`, "400 [1].Comment: number; text is expected"},
		step{"POST /api/users", `[{"UserId":"u"},x]`, "400 [1]: JSON is expected: invalid character 'x' looking for beginning of value"},
		step{"POST /api/items", `[{"ItemId":"i"},{"ItemId":""}]`, `400 [1].ItemId: an item is expected with "item"`},
		step{"POST /api/items", `[{"ItemId":"i","Timestamp":"tomorrow"}]`, `400 [0].Timestamp: "tomorrow"; RFC 3339 or a date is expected`},
		step{"POST /api/item", `{"ItemId":"i","Timestamp":12}`, "400 Timestamp: 12; text in RFC 3339 or a date is expected"},
		step{"POST /api/item", `{"ItemId":"i","Categories":["a","` + long + `"]}`, "400 Categories[1]: 513 bytes; at most 512 are expected"},
		step{"POST /api/item", `{"ItemId":"i","Labels":"` + strings.Repeat("x", stream.MaxLabels) + `"}`,
			fmt.Sprintf("400 Labels: %d bytes; at most %d are expected", stream.MaxLabels+2, stream.MaxLabels)},
		step{"POST /api/feedback", `[{"FeedbackType":"t","UserId":"u","ItemId":"i"},{"UserId":"u","ItemId":"i"}]`, `400 [1].FeedbackType: a type is expected with "feedback"`},
		step{"POST /api/feedback", `[{"FeedbackType":"t","UserId":"u","ItemId":"i","Timestamp":"1969-12-31"}]`,
			"400 [0].Timestamp: -86400000 is no moment in milliseconds since 1970"},
		step{"PUT /api/feedback", `[{"FeedbackType":"t","ItemId":"i"}]`, `400 [0].UserId: a user is expected with "feedback"`},
		step{"POST /api/session/recommend", `[{"FeedbackType":"t"}]`, `400 [0].ItemId: an item is expected with "feedback"`},
		step{"POST /api/bulk/users", `{"UserId":"u"}` + "\n" + `{"UserId":1}`, "400 line 2: UserId: number; text is expected; 1 rows before are stored"},
	)
	// Nothing of a request that is refused is stored: only the bulk line before the bad one is.
	run(t, g, step{"GET /api/users", "", `200 {"Cursor":"","Users":[{"UserId":"u","Labels":null,"Comment":""}]}`},
		step{"GET /api/feedback", "", `200 {"Cursor":"","Feedback":[]}`}, step{"GET /api/items", "", `200 {"Cursor":"","Items":[]}`})
}

func TestGorseTrouble(t *testing.T) {
	g, f := newTestGorse()
	run(t, g, step{"POST /api/items", `[{"ItemId":"i"},{"ItemId":"j"}]`, `200 {"RowAffected":2}`})
	f.refuse = errors.New("new events are refused: the disk is full")
	for _, do := range []step{
		{"POST /api/user", `{"UserId":"u"}`, ""}, {"POST /api/users", `[{"UserId":"u"}]`, ""}, {"POST /api/feedback", `[{"FeedbackType":"t","UserId":"u","ItemId":"i"}]`, ""},
		{"PATCH /api/item/i", `{}`, ""}, {"DELETE /api/item/i", "", ""}, {"PUT /api/item/i/category/c", "", ""},
	} {
		do.want = "503 new events are refused: the disk is full"
		if w := do.run(t, g); w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", do.do)
		}
	}
	run(t, g, step{"POST /api/bulk/items", `{"ItemId":"k"}`, "503 new events are refused: the disk is full; 0 rows before are stored"})
	// Pages go on, and say that nothing was written back.
	w := step{"GET /api/recommend/u?n=1&write-back-type=read", "", `200 ["i"]`}.run(t, g)
	if w.Header().Get("X-Write-Back") != "not stored" {
		t.Errorf("headers %v", w.Header())
	}
	run(t, g, step{"GET /api/health/ready", "", `200 {"Ready":true,"DataStoreError":"","CacheStoreError":null,"DataStoreConnected":false,"CacheStoreConnected":true}`})

	f.refuse, f.down = nil, errors.New("broken")
	for _, do := range []string{"GET /api/user/u", "GET /api/item/i", "GET /api/users", "GET /api/items", "GET /api/feedback", "GET /api/user/u/feedback", "GET /api/feedback/t/u/i",
		"DELETE /api/feedback/t/u/i", "DELETE /api/user/u", "PATCH /api/user/u", "GET /api/recommend/u", "GET /api/collaborative-filtering/u", "GET /api/latest", "GET /api/popular",
		"GET /api/item/i/neighbors", "GET /api/bulk/users", "GET /api/bulk/items", "GET /api/bulk/feedback"} {
		w := httptest.NewRecorder()
		method, target, _ := strings.Cut(do, " ")
		g.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader("{}")))
		if w.Code != 500 || !strings.Contains(w.Body.String(), "broken") {
			t.Errorf("%s: %d %s; want 500", do, w.Code, w.Body)
		}
	}
	f.down = fmt.Errorf("the list: %w", context.Canceled)
	run(t, g, step{"GET /api/latest", "", "503 the server is ending, or nobody waits for the answer"})
	f.down = ErrNotReady
	run(t, g, step{"GET /api/recommend/u", "", "503 the server is not ready"})
	f.unready = true
	run(t, g,
		step{"GET /api/health/live", "", `200 {"Ready":false,"DataStoreError":"no model is loaded; the disk is full","CacheStoreError":"no model is loaded; the disk is full",` +
			`"DataStoreConnected":false,"CacheStoreConnected":false}`},
		step{"GET /api/health/ready/", "", `503 {"Ready":false,"DataStoreError":"no model is loaded; the disk is full","CacheStoreError":"no model is loaded; the disk is full",` +
			`"DataStoreConnected":false,"CacheStoreConnected":false}`})
}

func TestGorseKeys(t *testing.T) {
	w := httptest.NewRecorder()
	GorseUnauthorized(w)
	if w.Code != 401 || w.Body.String() != "unauthorized" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	for _, c := range []struct {
		do           string
		open, writes bool
	}{
		{"GET /api/health/live", true, false}, {"GET /api/health", false, false}, {"GET /api/users", false, false}, {"POST /api/users", false, true},
		{"PATCH /api/user/u", false, true}, {"DELETE /api/user/u", false, true}, {"PUT /api/feedback", false, true}, {"GET /api/recommend/u", false, false},
		{"GET /api/recommend/u?write-back-type=read", false, true}, {"POST /api/session/recommend/c", false, false}, {"GET /api/bulk/users", false, false},
		{"POST /api/bulk/users", false, true},
	} {
		method, target, _ := strings.Cut(c.do, " ")
		r := httptest.NewRequest(method, target, nil)
		if GorseOpen(r) != c.open || GorseWrites(r) != c.writes {
			t.Errorf("%s: open %t, writes %t; want %t, %t", c.do, GorseOpen(r), GorseWrites(r), c.open, c.writes)
		}
	}
}

// Two clients that each add categories to one item lose none of them.
func TestGorseChangesDoNotMeet(t *testing.T) {
	g, f := newTestGorse()
	f.items["i"] = fakeItem{}
	done := make(chan bool)
	for k := range 8 {
		go func() {
			defer func() { done <- true }()
			for j := range 5 {
				g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", fmt.Sprintf("/api/item/i/category/c%d-%d", k, j), nil))
			}
		}()
	}
	for range 8 {
		<-done
	}
	if got := len(f.items["i"].card.Categories); got != 40 {
		t.Errorf("%d categories of 8 * 5 = 40 are there", got)
	}
}

func TestGorseRoutesAreNamed(t *testing.T) {
	g, _ := newTestGorse()
	for target, want := range map[string]string{
		"/api/feedback/t":      "GET /api/feedback/{type}",
		"/api/feedback/u/i":    "GET /api/feedback/{user}/{item}",
		"/api/recommend/u/c/":  "GET /api/recommend/{user}/{category}",
		"/api/bulk/users":      "GET /api/bulk/users",
		"/api/item/neighbors/": "GET /api/item/{item}",
	} {
		r := httptest.NewRequest("GET", target, nil)
		g.ServeHTTP(httptest.NewRecorder(), r)
		if r.Pattern != want {
			t.Errorf("%s: %q; want %q", target, r.Pattern, want)
		}
	}
}

// Mounted as a program would, over a connection that is kept: nothing is redirected, and a long answer's patience ends with it.
func TestGorseMounted(t *testing.T) {
	f := newGorseFake(gorseNow.UnixMilli())
	withItems(f)
	mux := http.NewServeMux()
	mux.Handle("/api/", GorseHandler(f))
	s := httptest.NewServer(mux)
	defer s.Close()
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("redirected") }
	for _, c := range []struct{ do, want string }{
		{"GET /api/bulk/items", `{"ItemId":"a"`},
		{"GET /api/recommend/u/?n=1", `["e"]`},
		{"POST /api/bulk/users", `{"RowAffected":1}`},
		{"GET /api/user/a%2Fb/feedback/", `[]`},
		{"GET /api/latest/most/?n=1", `[{"Id":"e","Score":5}]`},
	} {
		method, target, _ := strings.Cut(c.do, " ")
		r, err := http.NewRequest(method, s.URL+target, strings.NewReader(`{"UserId":"a/b"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(string(body), c.want) {
			t.Errorf("%s: %d %s, %v; want %s", c.do, resp.StatusCode, body, err, c.want)
		}
	}
}
