package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seguefeed/segue/stream"
)

func TestBodyLimit(t *testing.T) {
	const limit = 300
	f := newScripted()
	c := newClient(t, Config{Backend: f, Limits: Limits{BodyBytes: limit}})
	var read int
	c.Mount("/api/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if read = len(data); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	event := func(size int) string { // an event of that many bytes
		base := strings.Replace(click, `}`, `,"comment":""}`, 1)
		return strings.Replace(base, `""}`, `"`+strings.Repeat("x", size-len(base))+`"}`, 1)
	}
	user := func(size int) string { return `{"comment":"` + strings.Repeat("x", size-len(`{"comment":""}`)) + `"}` }
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/events", event(limit), 200}, {"POST", "/v1/events", event(limit + 1), 413}, {"POST", "/v1/events", event(10 * limit), 413},
		{"PUT", "/v1/users/u", user(limit), 200}, {"PUT", "/v1/users/u", user(limit + 1), 413}, {"PUT", "/v1/users/u", user(10 * limit), 413},
	} {
		for _, told := range []bool{true, false} { // Content-Length
			r := httptest.NewRequest(test.method, "http://localhost"+test.path, strings.NewReader(test.body))
			if !told {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			c.described(r, w)
			if w.Code != test.status {
				t.Errorf("%s of %d bytes, told %v: %d, want %d: %s", test.path, len(test.body), told, w.Code, test.status, w.Body)
			}
			if want := fmt.Sprintf(`"the body is too large; at most %d bytes are expected"`, limit); w.Code == 413 && !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s of %d bytes, told %v: %s is expected in %s", test.path, len(test.body), told, want, w.Body)
			}
		}
	}
	r := httptest.NewRequest("POST", "http://localhost/api/x", strings.NewReader(user(10*limit)))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code != 413 || read > limit+1 {
		t.Errorf("a mounted handler read %d bytes: %d", read, w.Code)
	}
}

func TestRowLimit(t *testing.T) {
	f := newScripted()
	c := newClient(t, Config{Backend: f, Limits: Limits{Events: 2}})
	for n, status := range map[int]int{2: 200, 3: 413} {
		for path, one := range map[string]string{"/v1/events": click, "/v1/users": `{"user":"u"}`, "/v1/items": `{"item":"i"}`} {
			if w := c.ask("POST", path, "["+strings.TrimSuffix(strings.Repeat(one+",", n), ",")+"]"); w.Code != status {
				t.Errorf("%d to %s: %d", n, path, w.Code)
			}
		}
	}
}

// Each key has its own share of requests, and those beyond are told when to come again.
func TestRate(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Limits: Limits{PerSecond: 1e-9, Burst: 3}})
	for k, want := range []int{200, 200, 200, 429, 429} {
		w := c.ask("GET", "/v1/stats", "", "X-API-Key", readSecret)
		if w.Code != want || (w.Code == 429) != (w.Header().Get("Retry-After") == "1") {
			t.Errorf("request %d: %d", k, w.Code)
		}
	}
	for path, want := range map[string]int{"/health/ready": 200, "/metrics": 200, "/health/live": 200, "/v1/stats": 429} {
		if w := c.ask("GET", path, "", "X-API-Key", readSecret); w.Code != want {
			t.Errorf("%s beyond the rate: %d", path, w.Code)
		}
	}
	if w := c.ask("GET", "/v1/stats", "", "X-API-Key", writeSecret); w.Code != 200 {
		t.Errorf("another key: %d", w.Code)
	}
	if w := c.ask("GET", "/v1/stats", "", "X-API-Key", "wrong"); w.Code != 401 {
		t.Errorf("no key: %d", w.Code)
	}
	open := newClient(t, Config{Backend: newScripted(), Limits: Limits{PerSecond: 1e-9, Burst: 1}})
	open.ask("GET", "/v1/stats", "")
	if w := open.ask("GET", "/v1/stats", ""); w.Code != 429 {
		t.Errorf("without keys: %d", w.Code)
	}
}

// stuck is a body that does not come until it is let.
type stuck struct {
	reading chan<- bool
	let     <-chan bool
}

func (b stuck) Read([]byte) (int, error) {
	b.reading <- true
	<-b.let
	return 0, io.EOF
}

// Who has no key takes no room from those who have one: forms of /login whose keys never come fill a part of their own, an eighth.
func TestInFlightWithoutAKey(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys, Limits: Limits{InFlight: 16}})
	reading, let := make(chan bool, 16), make(chan bool)
	codes := make(chan int, 16)
	for range 16 {
		go func() {
			r := httptest.NewRequest("POST", "http://localhost/login", stuck{reading, let})
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			codes <- w.Code
		}()
	}
	<-reading
	<-reading
	for range 14 {
		select {
		case code := <-codes:
			if code != 503 {
				t.Errorf("one form too many: %d", code)
			}
		case <-reading:
			t.Fatal("a third form is read")
		}
	}
	if w := c.ask("GET", "/v1/stats", "", "X-API-Key", readSecret); w.Code != 200 {
		t.Errorf("with a key: %d", w.Code)
	}
	close(let)
	for range 2 {
		if code := <-codes; code != 401 {
			t.Errorf("a form without a key: %d", code)
		}
	}
	if c.active.Load() != 0 || c.limited.Load() != 0 || c.guests.Load() != 0 {
		t.Errorf("%d, %d and %d requests are still counted", c.active.Load(), c.limited.Load(), c.guests.Load())
	}
}

// Bodies are held up to a limit in all: one more is answered 503, one of any length alone is read, one whose length is not said counts as the longest, and room comes back.
func TestHeldBytes(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Limits: Limits{HeldBytes: 1000, BodyBytes: 900}})
	reading, let := make(chan bool, 4), make(chan bool)
	codes := make(chan int, 4)
	send := func(length int64) {
		r := httptest.NewRequest("POST", "http://localhost/v1/events", stuck{reading, let})
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		codes <- w.Code
	}
	go send(600)
	<-reading
	go send(300)
	<-reading
	for _, length := range []int64{101, -1} { // 600 + 300 + 101 are above 1,000, and 900 more are
		go send(length)
		if code := <-codes; code != 503 {
			t.Errorf("a body of %d bytes beside 900: %d", length, code)
		}
	}
	if w := c.ask("GET", "/v1/stats", ""); w.Code != 200 {
		t.Errorf("without a body: %d", w.Code)
	}
	close(let)
	for range 2 {
		if code := <-codes; code == 503 {
			t.Errorf("a body that was read: %d", code)
		}
	}
	go send(-1)
	if code := <-codes; code == 503 {
		t.Errorf("one alone: %d", code)
	}
	if held := c.held.Load(); held != 0 {
		t.Errorf("%d bytes are still counted", held)
	}
}

// Requests beyond the limit are answered at once, health among them not counted, and room comes back.
func TestInFlight(t *testing.T) {
	f := newScripted()
	entered, leave := make(chan bool), make(chan bool)
	f.wait = func(_ context.Context, what string) {
		if what == "Feed" {
			entered <- true
			<-leave
		}
	}
	c := newClient(t, Config{Backend: f, Limits: Limits{InFlight: 2}})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if w := c.ask("GET", "/v1/users/u/feed", ""); w.Code != 200 {
				t.Errorf("one in flight: %d", w.Code)
			}
		})
		<-entered
	}
	w := c.ask("GET", "/v1/stats", "")
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("a third: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	problemOf(t, w)
	for _, path := range []string{"/health/live", "/health/ready", "/metrics"} {
		if w := c.ask("GET", path, ""); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := c.ask("GET", "/metrics", "").Body.String(); !strings.Contains(got, "\nsegue_http_in_flight 3\n") || !strings.Contains(got, `segue_http_refused_total{why="busy"} 1`) {
		t.Error("the figures do not tell of 2 pages and themselves in flight, and one refused")
	}
	close(leave)
	wg.Wait()
	if w := c.ask("GET", "/v1/stats", ""); w.Code != 200 {
		t.Errorf("after they left: %d", w.Code)
	}
	if c.active.Load() != 0 || c.limited.Load() != 0 {
		t.Errorf("%d and %d requests are still counted", c.active.Load(), c.limited.Load())
	}
}

// A panic is one request's: it is answered where nothing was sent, and the connection ends where something was.
func TestPanics(t *testing.T) {
	var out syncBuffer
	f := newScripted()
	c := newClient(t, Config{Backend: f, Logger: slog.New(slog.NewJSONHandler(&out, nil))})
	c.Mount("/half/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "half"); err != nil {
			t.Error(err)
		}
		panic("after half")
	}))
	f.wait = func(context.Context, string) { panic("in the backend") }
	w := c.ask("GET", "/v1/users/u/feed", "", "X-Request-Id", "mine-7")
	if _, all := problemOf(t, w); w.Code != 500 || !strings.Contains(all, "mine-7") || strings.Contains(all, "backend") {
		t.Errorf("%d %s", w.Code, all)
	}
	f.wait = nil
	var line struct{ Msg, Request, Panic, Stack, Route string }
	if err := json.NewDecoder(strings.NewReader(out.String())).Decode(&line); err != nil || line.Request != "mine-7" || line.Panic != "in the backend" || !strings.Contains(line.Stack, "scripted_test.go") || line.Route != feedRoute {
		t.Errorf("the log says %s: %v", out.String(), err)
	}
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("the server goes on after half an answer: %v", p)
			}
		}()
		c.ask("GET", "/half/", "")
	}()
	if c.active.Load() != 0 || c.limited.Load() != 0 {
		t.Errorf("%d and %d requests are still counted", c.active.Load(), c.limited.Load())
	}
}

func TestRequestIDs(t *testing.T) {
	f := newScripted()
	var inside string
	f.wait = func(ctx context.Context, _ string) { inside = RequestID(ctx) }
	c := newClient(t, Config{Backend: f})
	made := map[string]bool{}
	for given, taken := range map[string]bool{"a-B_9.z": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "": false, "a b": false, "a\nb": false, "<x>": false, "ü": false} {
		w := c.ask("GET", "/v1/users/u/feed", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if got == "" || (got == given) != taken || inside != got {
			t.Errorf("given %q: %q outside, %q inside", given, got, inside)
		}
		if made[got] {
			t.Errorf("%q twice", got)
		}
		made[got] = true
	}
	if RequestID(context.Background()) != "" {
		t.Error("an id outside of requests")
	}
}

// What passes is counted, and what the backend knows is asked.
func TestMetrics(t *testing.T) {
	f := newScripted()
	c := newClient(t, Config{Backend: f})
	c.ask("GET", "/v1/users/u/feed?n=20", "") // 2 of 20 explored
	c.ask("GET", "/v1/users/u/feed?n=0", "")
	c.ask("POST", "/v1/events", "["+click+","+click+"]")
	c.ask("POST", "/v1/events", `[{},{}]`)
	f.fail = func(string) error { return ErrNotReady }
	c.ask("POST", "/v1/events", click)
	f.fail = nil
	if _, err := c.Backend().Append(context.Background(), []stream.Event{{ID: "direct", Kind: stream.Click, AtMS: 1, User: "u", Item: "i"}}); err != nil {
		t.Fatal(err)
	}
	c.ask("GET", "/nothing", "")
	got := c.ask("GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`segue_http_request_seconds_count{route="GET /v1/users/{id}/feed",status="200"} 1`,
		`segue_http_request_seconds_count{route="GET /v1/users/{id}/feed",status="422"} 1`,
		`segue_http_request_seconds_count{route="POST /v1/events",status="503"} 1`,
		`segue_http_request_seconds_bucket{route="GET /v1/users/{id}/feed",status="200",le="+Inf"} 1`,
		`segue_http_request_seconds_count{route="/",status="404"} 1`,
		`segue_cards_total{by="item-knn"} 20`, `segue_cards_explored_total 2`,
		`segue_events_accepted_total 2`, `segue_events_duplicate_total 1`, `segue_events_refused_total 3`,
		`segue_ready 1`, `segue_events_taken 1`, `segue_exploration_share 0.06`, `segue_stream_lag_events 7`, `segue_stream_last_seq 99`, `segue_candidates_total{source="ials"} 100`, `segue_fatigue_drops_total 3`,
		`segue_users_active_today 2`, `go_goroutines `,
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("%s is missing", want)
		}
	}
	if !strings.Contains(got, "\nsegue_model_age_seconds ") {
		t.Error("the model's age is missing")
	}
	bare := newClient(t, Config{Backend: struct{ Backend }{f}})
	if got := bare.ask("GET", "/metrics", ""); got.Code != 200 || strings.Contains(got.Body.String(), "segue_model_age") {
		t.Errorf("a backend without telemetry: %d", got.Code)
	}
	if st := c.Stats(); st.MedianMS <= 0 || st.P99MS < st.MedianMS || st.Stats.P99MS != st.P99MS {
		t.Errorf("latency %v and %v ms", st.MedianMS, st.P99MS)
	}
	if st := c.Backend().Stats(); st.MedianMS <= 0 || st.StreamLag != 7 { // what the pages ask
		t.Errorf("the pages are told %+v", st)
	}
}

func TestReady(t *testing.T) {
	f := newScripted()
	c := newClient(t, Config{Backend: f})
	f.health = Health{Reasons: []string{"no model is in use"}, Events: true}
	w := c.ask("GET", "/health/ready", "")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "no model is in use") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f.health = Health{Ready: true, Reasons: []string{"the disk is nearly full"}}
	if w := c.ask("GET", "/health/ready", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "nearly full") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	c.draining.Store(true)
	if w := c.ask("GET", "/health/ready", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "the server is ending") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := c.ask("GET", "/health/live", ""); w.Code != 200 {
		t.Errorf("alive: %d", w.Code)
	}
}

// Many patches of one user each leave their mark, none is lost between reading and writing.
func TestPatchesTogether(t *testing.T) {
	f := newScripted()
	f.users["u"] = UserView{User: "u"}
	c := newClient(t, Config{Backend: f})
	fields := []string{`{"gender":"F"}`, `{"age":30}`, `{"province":"Hunan"}`, `{"months":3}`, `{"follows":9}`, `{"labels":[1]}`, `{"comment":"c"}`}
	var wg sync.WaitGroup
	for _, body := range fields {
		wg.Go(func() {
			r := httptest.NewRequest("PATCH", "http://localhost/v1/users/u", strings.NewReader(body))
			w := httptest.NewRecorder()
			if c.ServeHTTP(w, r); w.Code != 200 {
				t.Errorf("%s: %d", body, w.Code)
			}
		})
	}
	wg.Wait()
	u := f.users["u"]
	if u.Gender != "F" || *u.Age != 30 || u.Province != "Hunan" || *u.Months != 3 || *u.Follows != 9 || !bytes.Equal(u.Labels, []byte("[1]")) || u.Comment != "c" {
		t.Errorf("%+v", u)
	}
}
