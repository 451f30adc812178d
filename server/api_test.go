package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"
	"github.com/seguefeed/segue/stream"
)

var testKeys = []Key{
	{Name: "reader", Role: RoleRead, Secret: "reader-secret-0123456789"},
	{Name: "writer", Role: RoleWrite, Secret: "writer-secret-0123456789"},
}

// client asks a Server without a network, and holds every answer of /v1 to the server's own description.
type client struct {
	*Server
	t   *testing.T
	doc *openapi3.T
}

func newClient(t *testing.T, cfg Config) *client {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(s.describe())
	if err != nil {
		t.Fatal("the description cannot be read: ", err)
	}
	return &client{s, t, doc}
}

// ask sends a request; more are names and values of headers.
func (c *client) ask(method, path, body string, more ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	for k := 0; k+1 < len(more); k += 2 {
		r.Header.Set(more[k], more[k+1])
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	c.described(r, w)
	return w
}

// described fails the test where an answer is not one of those that the description has for its route.
func (c *client) described(r *http.Request, w *httptest.ResponseRecorder) {
	c.t.Helper()
	item := c.route(r.URL.EscapedPath())
	if item == nil || item.GetOperation(r.Method) == nil {
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: r, Route: &routers.Route{Spec: c.doc, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}}
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		c.t.Errorf("%s %s: %d is not as described: %v\n%s", r.Method, r.URL, w.Code, err, w.Body)
	}
}

// route is the path of the description that an escaped path has; of several, that with the fewest parameters.
func (c *client) route(escaped string) (found *openapi3.PathItem) {
	parts, fewest := strings.Split(escaped, "/"), 1<<30
	for path, item := range c.doc.Paths.Map() {
		pattern := strings.Split(path, "/")
		params := strings.Count(path, "{")
		if params < fewest && slices.EqualFunc(pattern, parts, func(p, part string) bool { return p == part || p == "{id}" && part != "" }) {
			found, fewest = item, params
		}
	}
	return found
}

// problemOf reads an error's answer.
func problemOf(t *testing.T, w *httptest.ResponseRecorder) (locations []string, all string) {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("an error of type %q: %s", ct, w.Body)
	}
	var p struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Errors []struct{ Message, Location string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Title != http.StatusText(w.Code) {
		t.Errorf("problem %s does not tell its status %d: %v", w.Body, w.Code, err)
	}
	for _, f := range p.Errors {
		if f.Message == "" {
			t.Errorf("nothing is said of %s", f.Location)
		}
		locations = append(locations, f.Location)
	}
	return locations, w.Body.String()
}

const click = `{"id":"e1","kind":"click","at_ms":5,"user":"u","item":"i"}`

func TestRoutes(t *testing.T) {
	f := newScripted()
	for k := range 5 {
		f.users[fmt.Sprintf("u%d", k)] = UserView{User: fmt.Sprintf("u%d", k), Known: true}
		f.items[fmt.Sprintf("i%d", k)] = ItemView{Item: fmt.Sprintf("i%d", k), Song: "s", Labels: json.RawMessage(`{"a":1}`), Categories: []string{"x"}}
	}
	c := newClient(t, Config{Backend: f, Version: "1.2.3"})
	long := strings.Repeat("x", stream.MaxID+1)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string // in the answer, or the locations of an error joined by spaces
	}{
		{"GET", "/v1/users/u1/feed", "", 200, `"slot":19`},
		{"GET", "/v1/users/u1/feed?n=3&columns=3&seed=18446744073709551615&explain=true&offset=20&at_ms=7&device=phone", "", 200, `"means"`},
		{"GET", "/v1/users/nobody%20knows/feed?n=1", "", 200, `"user":"nobody knows"`},
		{"GET", "/v1/users/u1/feed?n=200", "", 200, `"slot":199`},
		{"GET", "/v1/users/u1/feed?n=201", "", 422, "query.n"},
		{"GET", "/v1/users/u1/feed?n=0", "", 422, "query.n"},
		{"GET", "/v1/users/u1/feed?n=x&columns=-1&at_ms=1.5&explain=maybe&seed=-1&offset=10001", "", 422, "query.at_ms query.columns query.explain query.n query.offset query.seed"},
		{"GET", "/v1/users/u1/feed?cuont=3", "", 422, "query.cuont"},
		{"GET", "/v1/users/" + long + "/feed", "", 422, "path.id"},
		{"GET", "/v1/users/%FF/feed", "", 422, "path.id"},
		{"GET", "/v1/users/a%00b/feed", "", 422, "path.id"},
		{"GET", "/v1/users/u1/feed?exclude=a&exclude=" + long, "", 422, "query.exclude"},
		{"POST", "/v1/users/u1/feed", "", 405, ""},

		{"POST", "/v1/events", click, 200, `{"accepted":1,"duplicates":0}`},
		{"POST", "/v1/events", "[" + click + "]", 200, `{"accepted":0,"duplicates":1}`},
		{"POST", "/v1/events", "[]", 200, `{"accepted":0,"duplicates":0}`},
		{"POST", "/v1/events", "", 400, ""},
		{"POST", "/v1/events", "{", 400, "body"},
		{"POST", "/v1/events", `{"kind":"click"}`, 422, "body.id"},

		{"GET", "/v1/users?n=2", "", 200, `"next":"u1"`},
		{"GET", "/v1/users?prefix=u&cursor=u3&n=2", "", 200, `"next":""`},
		{"GET", "/v1/users?prefix=z", "", 200, `"users":[]`},
		{"GET", "/v1/users?cursor=%FF", "", 422, "query.cursor"},
		{"GET", "/v1/users/u1?history=5", "", 200, `"did":["click"]`},
		{"GET", "/v1/users/nobody", "", 404, ""},
		{"PUT", "/v1/users/a%2Fb", `{"gender":"F","age":30,"labels":{"any":["JSON",1]}}`, 200, `"accepted":1`},
		{"GET", "/v1/users/a%2Fb", "", 200, `"labels":{"any":["JSON",1]}`},
		{"PUT", "/v1/users/a%2Fb", `{"age":"30","province":4,"x":1}`, 422, "body.age body.province body.x"},
		{"PUT", "/v1/users/a%2Fb", `{"age":201}`, 422, "body.age"},
		{"PUT", "/v1/users/a%2Fb", "", 400, ""},
		{"PUT", "/v1/users/a%2Fb", `{"age":1,"age":2}`, 400, "body.age"},
		{"PATCH", "/v1/users/a%2Fb", `{"gender":null,"months":12}`, 200, `"accepted":1`},
		{"GET", "/v1/users/a%2Fb", "", 200, `"known":true,"age":30,"months":12,"labels"`},
		{"PATCH", "/v1/users/a%2Fb", `{"months":"x"}`, 422, "body.months"},
		{"PATCH", "/v1/users/a%2Fb", `{"unknown":null}`, 422, "body.unknown"},
		{"PATCH", "/v1/users/a%2Fb", `[]`, 422, "body"},
		{"PATCH", "/v1/users/nobody", `{}`, 404, ""},
		{"DELETE", "/v1/users/a%2Fb", "", 204, ""},
		{"DELETE", "/v1/users/a%2Fb", "", 404, ""},
		{"PUT", "/v1/users/%2F", `{"age":7}`, 200, `"accepted":1`},
		{"GET", "/v1/users/%2f", "", 200, `"user":"/"`},
		{"GET", "/v1/users/%2F/feed?n=1", "", 200, `"user":"/"`},
		{"PATCH", "/v1/users/%2F", `{"months":1}`, 200, `"accepted":1`},
		{"POST", "/v1/users/%2F", "", 405, ""},
		{"GET", "/v1/users/%2F/%2F", "", 404, ""},
		{"GET", "/v1/users/%00%2F", "", 422, "path.id"},
		{"DELETE", "/v1/users/%2F", "", 204, ""},
		{"GET", "/v1/users/%2F", "", 404, ""},
		{"POST", "/v1/users", `[{"user":"n1","age":3},{"user":"n2"}]`, 200, `"accepted":2`},
		{"POST", "/v1/users", `[{"user":"n3","age":3},{"user":"n4","age":-3}]`, 422, "body[1].age"},
		{"GET", "/v1/users/n3", "", 404, ""}, // all or none
		{"POST", "/v1/users", `[{"user":""}]`, 422, "body[0].user"},
		{"POST", "/v1/users", `{"user":"n5"}`, 422, "body"},
		{"POST", "/v1/users", `[]`, 200, `"accepted":0`},

		{"GET", "/v1/items?q=i&n=2", "", 200, `"next":"i1"`},
		{"GET", "/v1/items/i1", "", 200, `"categories":["x"]`},
		{"GET", "/v1/items/nothing", "", 404, ""},
		{"PUT", "/v1/items/%E2%99%AB%20%3F", `{"creator":"c","categories":["a","b"],"published_ms":5,"hidden":true,"comment":"♫"}`, 200, `"accepted":1`},
		{"GET", "/v1/items/%E2%99%AB%20%3F", "", 200, `"hidden":true`},
		{"PATCH", "/v1/items/i2", `{"content":"piano"}`, 200, `"accepted":1`},
		{"GET", "/v1/items/i2", "", 200, `"content":"piano","song":"s","categories":["x"]`},
		{"PATCH", "/v1/items/i2", `{"categories":[]}`, 200, `"accepted":1`},
		{"PATCH", "/v1/items/i2", `{"categories":["a",1]}`, 422, "body.categories[1]"},
		{"POST", "/v1/items", `[{"item":"j1"},{"item":"j2","type":1000}]`, 422, "body[1].type"},
		{"POST", "/v1/items", `[{"item":"j1","labels":null},{"item":"` + long + `"}]`, 422, "body[1].item"},
		{"POST", "/v1/items", `[{"item":"j1"}]`, 200, `"accepted":1`},
		{"DELETE", "/v1/items/j1", "", 204, ""},
		{"DELETE", "/v1/items/j1", "", 404, ""},
		{"PUT", "/v1/items/%2F", "{}", 200, `"accepted":1`},
		{"GET", "/v1/items/%2F", "", 200, `"item":"/"`},
		{"GET", "/v1/items/%2F/similar?n=1", "", 200, `"similar-0"`},
		{"GET", "/v1/items/i1/similar?n=2&category=a&category=b", "", 200, `"similar-1"`},
		{"GET", "/v1/items/unknown/similar", "", 404, ""},
		{"GET", "/v1/items/latest?n=1&offset=2&user=u1", "", 200, `{"items":[{"item":"latest-0","score":1}]}`},
		{"GET", "/v1/items/popular", "", 200, `popular-2`},
		{"GET", "/v1/items/popular?offset=-1", "", 422, "query.offset"},

		{"GET", "/v1/models", "", 200, `"id":"m0"`},
		{"POST", "/v1/models/m0/activate", "", 200, `{"model":"m0"}`},
		{"POST", "/v1/models/none/activate", "", 404, ""},
		{"POST", "/v1/models/damaged/activate", "", 409, ""},
		{"POST", "/v1/models/poor/activate", "", 409, ""},
		{"POST", "/v1/models/poor/activate", `{"force":true}`, 409, ""},
		{"POST", "/v1/models/poor/activate?force=true", "", 200, `{"model":"poor"}`},
		{"POST", "/v1/models/rollback", "", 200, `{"model":"m0"}`},
		{"GET", "/v1/stats", "", 200, `"stream_lag":7`},

		{"GET", "/health/live", "", 200, `{"live":true}`},
		{"GET", "/health/ready", "", 200, `"ready":true`},
		{"GET", "/health/no", "", 404, ""},
		{"GET", "/v1/nothing", "", 404, ""},
		{"GET", "/", "", 404, ""},
		{"GET", "/v1/users//feed", "", 404, ""},
		{"GET", "/v1/users/../items", "", 404, ""},
		{"GET", "/v1/stats/", "", 404, ""},
	} {
		w := c.ask(test.method, test.path, test.body)
		if w.Code != test.status {
			t.Errorf("%s %s %s: %d, want %d: %s", test.method, test.path, test.body, w.Code, test.status, w.Body)
			continue
		}
		if w.Code < 400 {
			if !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%s %s: %q is not in %s", test.method, test.path, test.want, w.Body)
			}
			continue
		}
		at, _ := problemOf(t, w)
		slices.Sort(at)
		if got := strings.Join(at, " "); test.want != "" && got != test.want {
			t.Errorf("%s %s %s: wrong fields %q, want %q: %s", test.method, test.path, test.body, got, test.want, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", test.method, test.path)
		}
	}
}

// Every part of a feed's request reaches the backend as it was meant.
func TestFeedRequest(t *testing.T) {
	f := newScripted()
	c := newClient(t, Config{Backend: f, Limits: Limits{N: 50}})
	q := url.Values{"n": {"7"}, "columns": {"3"}, "seed": {"0"}, "exclude": {"a,b", "c&d"}, "block": {"x"}, "content": {"p", "q"}, "category": {"k"}, "device": {"web"}, "at_ms": {"9"},
		"explain": {"true"}, "offset": {"4"}}
	if w := c.ask("GET", "/v1/users/"+url.PathEscape("ü/.. ?#%")+"/feed?"+q.Encode(), ""); w.Code != 200 {
		t.Fatal(w.Body)
	}
	c.ask("GET", "/v1/users/%2e%2E/feed", "")
	got, zero := f.asked[0], uint64(0)
	want := FeedRequest{User: "ü/.. ?#%", N: 7, Columns: 3, Seed: &zero, Exclude: []string{"a,b", "c&d"}, BlockedCreators: []string{"x"}, Contents: []string{"p", "q"}, Categories: []string{"k"},
		Device: "web", AtMS: 9, Explain: true, Offset: 4}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("asked %+v\nwant  %+v", got, want)
	}
	if second := f.asked[1]; second.User != ".." || second.Seed != nil || second.N != 20 || second.Exclude != nil {
		t.Errorf("left out: %+v", second)
	}
	if w := c.ask("GET", "/v1/users/u/feed?n=51", ""); w.Code != 422 {
		t.Errorf("n above this server's limit: %d", w.Code)
	}
}

// Bodies that cannot be read are told of in words for who wrote them, not in those of the program.
func TestBodiesThatCannotBeRead(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted()})
	c.ask("PUT", "/v1/users/u", "{}")
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PATCH", "/v1/users/u", `[]`, 422, "body: another kind of value is expected: an object"},
		{"PATCH", "/v1/users/u", `null`, 422, "body: another kind of value is expected: an object"},
		{"PUT", "/v1/users/u", `null`, 422, "body: another kind of value is expected: an object"},
		{"POST", "/v1/users", `null`, 422, "body: another kind of value is expected: an array"},
		{"POST", "/v1/items", `null`, 422, "body: another kind of value is expected: an array"},
		{"PATCH", "/v1/users/u", `"x"`, 422, "body: another kind of value is expected: an object"},
		{"PATCH", "/v1/users/u", `{`, 422, "body: JSON is expected: it ends too early"},
		{"PATCH", "/v1/users/u", `{"age":1,"age":2}`, 422, "body.age: JSON is expected: the name stands twice"},
		{"PUT", "/v1/users/u", `{"age":1,"age":2}`, 400, "body.age: JSON is expected: the name stands twice"},
		{"PUT", "/v1/users/u", `{"age":1}}`, 400, "body: JSON is expected: invalid character"},
		{"PUT", "/v1/users/u", "{\"gender\":\"\xff\"}", 400, "body.gender: JSON is expected: invalid UTF-8"},
		{"PUT", "/v1/users/u", `{"age":99999999999999999999}`, 422, "body.age: another kind of value is expected: a whole number"},
		{"PUT", "/v1/items/i", `{"categories":"x"}`, 422, "body.categories: another kind of value is expected: an array"},
		{"PUT", "/v1/items/i", `{"nothing":"x"}`, 422, "body.nothing: there is no such field"},
		{"POST", "/v1/users", `{}`, 422, "body: another kind of value is expected: an array"},
		{"POST", "/v1/users", `[{}]`, 422, "body[0].user: it is missing"},
		{"POST", "/v1/users", `[{"user":""}]`, 422, "body[0].user: it is empty"},
		{"POST", "/v1/users", `[{"user":"u"},{"user":"v","user":"w"}]`, 400, "body[1].user: JSON is expected: the name stands twice"},
		{"POST", "/v1/events", `{"id":"1"}`, 422, "body.kind: a kind of event is expected"},
		{"POST", "/v1/events", `{"id":"1","kind":"click","user":"u","item":"i"}`, 422, "body.at_ms: a moment is expected"},
		{"GET", "/v1/users/u/feed?at_ms=9999999999999999", "", 422, "query.at_ms: at most 8796093022208 is expected"},
		{"GET", "/v1/users/u/feed?n=0", "", 422, "query.n: at least 1 is expected"},
		{"GET", "/v1/users/u/feed?n=x", "", 422, "query.n: a whole number is expected"},
		{"GET", "/v1/users/u/feed?explain=x", "", 422, "query.explain: true or false is expected"},
		{"GET", "/v1/users/u/feed?x=x", "", 422, "query.x: there is no such parameter"},
		{"GET", "/v1/users/u/feed?n=4&n=201", "", 422, "query.n: it is given more than once; one value is expected"},
		{"GET", "/v1/users/u/feed?" + strings.Repeat("content=c&", 101), "", 422, "query.content: at most 100 values are expected"},
	} {
		w := c.ask(test.method, test.path, test.body)
		var got huma.ErrorModel
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != test.status || len(got.Errors) == 0 {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, w.Code, w.Body)
			continue
		}
		text := got.Errors[0].Location + ": " + got.Errors[0].Message
		if !strings.HasPrefix(text, test.want) || strings.Contains(text, "Go ") || strings.Contains(text, "json:") || strings.Contains(text, "jsontext") || strings.Contains(text, "server.") || got.Detail == "validation failed" {
			t.Errorf("%s %s %s: %q, want %q", test.method, test.path, test.body, text, test.want)
		}
	}
}

// What the backend says becomes a status; what nobody foresaw is not told to the client.
func TestErrors(t *testing.T) {
	f := newScripted()
	c := newClient(t, Config{Backend: f})
	for _, test := range []struct {
		err    error
		status int
		at     string
		retry  string
	}{
		{fmt.Errorf("u: %w", ErrUnknownUser), 404, "", ""},
		{ErrNotReady, 503, "", "5"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), 503, "", "1"},
		{&InputError{"content", "there is no such content"}, 422, "query.content", ""},
		{errors.New("the secret path /srv/x is broken"), 500, "", ""},
	} {
		f.fail = func(string) error { return test.err }
		path := "/v1/users/u/feed"
		if test.status == 404 { // not of a feed, which everyone gets
			path = "/v1/users/u"
		}
		w := c.ask("GET", path, "")
		at, all := problemOf(t, w)
		if w.Code != test.status || strings.Join(at, " ") != test.at || w.Header().Get("Retry-After") != test.retry {
			t.Errorf("%v: %d at %v, Retry-After %q: %s", test.err, w.Code, at, w.Header().Get("Retry-After"), all)
		}
		if strings.Contains(all, "secret") {
			t.Errorf("the client is told %s", all)
		}
	}
	f.fail = func(string) error {
		return &EventError{0, &stream.FieldError{Field: "page.cards[1].item", Problem: "p"}}
	}
	for body, want := range map[string]string{click: "body.page.cards[1].item", "[" + click + "]": "body[0].page.cards[1].item", click + "\n" + strings.Replace(click, "e1", "e2", 1): "body[0].page.cards[1].item"} {
		w := c.ask("POST", "/v1/events", body)
		if at, _ := problemOf(t, w); w.Code != 422 || at[0] != want {
			t.Errorf("%s: %d at %v, want %s", body, w.Code, at, want)
		}
	}
	f.fail = func(string) error { return &EventError{0, &stream.FieldError{Field: "profile.age", Problem: "p"}} }
	if at, _ := problemOf(t, c.ask("PUT", "/v1/users/u", "{}")); at[0] != "body.age" {
		t.Errorf("an upsert's field is called %v", at)
	}
}

// The description is valid, says what is served, and does not echo.
func TestDescription(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Limits: Limits{N: 30, Events: 7}})
	if err := c.doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !c.doc.IsOpenAPI31OrLater() {
		t.Errorf("version %s", c.doc.OpenAPI)
	}
	operations := 0
	for path, item := range c.doc.Paths.Map() {
		for method, op := range item.Operations() {
			operations++
			if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 || op.Responses.Value("422") == nil && strings.Contains(path, "{") {
				t.Errorf("%s %s is described by %+v", method, path, op)
			}
			if n := op.Parameters.GetByInAndName("query", "n"); n != nil && *n.Schema.Value.Max != 30 {
				t.Errorf("%s %s: n to %v", method, path, *n.Schema.Value.Max)
			}
		}
	}
	if operations != 21 { // 1 feed, 1 events, 6 users, 9 items, 3 models, 1 stats
		t.Errorf("%d operations", operations)
	}
	body := c.doc.Paths.Find("/v1/events").Post.RequestBody.Value.Content
	if body["application/x-ndjson"] == nil || *body["application/json"].Schema.Value.OneOf[1].Value.MaxItems != 7 {
		t.Errorf("the body of events is described by %+v", body)
	}
	for place, p := range map[string]*openapi3.SchemaRef{
		"of a page": c.doc.Components.Schemas["FeedPage"].Value.Properties["seed"], "of the log": c.doc.Components.Schemas["LiveStats"].Value.Properties["last_seq"],
		"of a request": c.doc.Paths.Find("/v1/users/{id}/feed").Get.Parameters.GetByInAndName("query", "seed").Schema,
	} {
		if p.Value.Format != "uint64" {
			t.Errorf("a number %s of up to 2^64 - 1 is %s", place, p.Value.Format)
		}
	}
	event := c.doc.Components.Schemas["Event"].Value
	if err := event.VisitJSON(event.Examples[0]); err != nil {
		t.Errorf("the example of an event: %v", err)
	}
	if len(event.Properties["kind"].Value.Enum) != 17 || strings.Join(event.Required, " ") != "id kind at_ms" {
		t.Errorf("an event is described by %+v", event)
	}
	if patch := c.doc.Paths.Find("/v1/items/{id}").Patch.RequestBody.Value.Content["application/json"].Schema.Value; !patch.Properties["categories"].Value.Type.Includes("null") {
		t.Error("null takes categories away, and is not described")
	}
	var told []any
	for _, d := range did {
		told = append(told, string(d.kind))
	}
	doing := c.doc.Components.Schemas["Doing"].Value.Properties["did"].Value.Items.Value
	if diff := cmp.Diff(told, doing.Enum); diff != "" {
		t.Errorf("what a history tells, and (+) is said to tell:\n%s", diff)
	}
	for name, schema := range c.doc.Components.Schemas {
		for field, p := range schema.Value.Properties {
			if p.Value.Type.Includes("array") && p.Value.Type.Includes("null") {
				t.Errorf("%s.%s may be null", name, field)
			}
		}
	}
	if c.doc.Paths.Find("/v1/stats").Get.Responses.Value("421") != nil {
		t.Error("with keys every Host is answered, and 421 is described")
	}
	if w := c.ask("GET", "/openapi.json", "", "X-API-Key", testKeys[0].Secret); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), c.describe()) {
		t.Errorf("/openapi.json: %d", w.Code)
	}
}
