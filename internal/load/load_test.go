package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a server that knows three users on two pages, and what it was told.
type fake struct {
	mu     sync.Mutex
	events []event
	asked  map[string]int
	slow   time.Duration
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(f.slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.URL.Path == "/v1/users" && r.URL.Query().Get("cursor") == "":
		fmt.Fprint(w, `{"users": [{"user": "a/b"}, {"user": "c"}], "next": "2"}`)
	case r.URL.Path == "/v1/users":
		fmt.Fprint(w, `{"users": [{"user": "d"}]}`)
	case r.URL.Path == "/v1/items":
		fmt.Fprint(w, `{"items": [{"item": "i"}]}`)
	case strings.HasSuffix(r.URL.Path, "/feed"):
		f.asked[r.URL.EscapedPath()]++
		fmt.Fprint(w, `{"request_id": "r", "cards": [{"item": "i", "slot": 0, "click": 1}, {"item": "j", "slot": 1, "click": 0}]}`)
	case r.URL.Path == "/v1/events":
		var es []event
		body, _ := io.ReadAll(r.Body)
		if json.Unmarshal(body, &es) != nil {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		f.events = append(f.events, es...)
		fmt.Fprintf(w, `{"accepted": %d}`, len(es))
	default:
		http.NotFound(w, r)
	}
}

func newFake(t *testing.T) (*fake, string) {
	f := &fake{asked: map[string]int{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s.URL
}

// A visit asks for a page and sends what was done on it: the first card is always looked at and, with a chance of 1, clicked.
func TestVisits(t *testing.T) {
	f, url := newFake(t)
	acked := 0
	var mu sync.Mutex
	r, err := Run(t.Context(), Config{URL: url, Kind: Visits, Connections: 2, Rate: 200, Duration: 200 * time.Millisecond, Users: 3, Acked: func(ids []string) {
		mu.Lock()
		acked += len(ids)
		mu.Unlock()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Loop != "open" || r.Requests != 80 || len(r.Failed) > 0 { // 40 visits, two requests each
		t.Errorf("%+v", r)
	}
	if r.Events != len(f.events) || acked != r.Events || f.asked["/v1/users/a%2Fb/feed"] == 0 {
		t.Errorf("%d events were counted, %d told and %d came; asked %v", r.Events, acked, len(f.events), f.asked)
	}
	ids := map[string]bool{}
	clicks := 0
	for _, e := range f.events {
		ids[e.ID] = true
		if e.Kind == "click" {
			clicks++
		}
		if e.Request != "r" || e.Slot == nil {
			t.Fatalf("%+v", e)
		}
	}
	if len(ids) != len(f.events) || clicks != 40 {
		t.Errorf("%d ids of %d events, %d clicks of 40 visits", len(ids), len(f.events), clicks)
	}
}

// An open loop counts from the moment a request was due: one connection and 50 ms a request at 100 a second keep the last waiting for about half of the time.
func TestOpenLoopCountsTheQueue(t *testing.T) {
	f, url := newFake(t)
	f.slow = 50 * time.Millisecond
	r, err := Run(t.Context(), Config{URL: url, Kind: Feed, Connections: 1, Rate: 100, Duration: 400 * time.Millisecond, Users: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests != 40 || r.MS.Max < 1000 { // 40 x 50 ms are 2,000, and the last was due at 390
		t.Errorf("%+v", r)
	}
}

func TestClosedLoop(t *testing.T) {
	f, url := newFake(t)
	r, err := Run(t.Context(), Config{URL: url, Kind: Events, Connections: 3, Duration: 100 * time.Millisecond, Batch: 7, Users: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Loop != "closed" || r.Requests == 0 || r.Events != 7*r.Requests || len(f.events) != r.Events {
		t.Errorf("%+v with %d events", r, len(f.events))
	}
}

// Connections that break are one failure each of one kind, whatever their ports.
func TestFailuresHaveNoPorts(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/users" {
			fmt.Fprint(w, `{"users": [{"user": "u"}]}`)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset
			t.Error(err)
		}
		conn.Close()
	}))
	defer s.Close()
	r, err := Run(t.Context(), Config{URL: s.URL, Kind: Feed, Connections: 1, Rate: 100, Duration: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for why, n := range r.Failed {
		sum += n
		if strings.Contains(why, "127.0.0.1") {
			t.Errorf("%q names an address", why)
		}
	}
	if sum != 20 || len(r.Failed) > 2 { // read: connection reset by peer; at times EOF
		t.Errorf("%v of 20 requests", r.Failed)
	}
}

func TestFailuresAreCounted(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/users", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"users": [{"user": "u"}]}`) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	s := httptest.NewServer(mux)
	defer s.Close()
	r, err := Run(t.Context(), Config{URL: s.URL, Kind: Feed, Connections: 1, Rate: 100, Duration: 50 * time.Millisecond})
	if err != nil || r.Failed["status 503"] != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Config{URL: s.URL, Kind: Feed}); err == nil {
		t.Error("a run that was called off ended well")
	}
	for name, c := range map[string]Config{"no url": {Kind: Feed}, "no kind": {URL: s.URL}, "a negative rate": {URL: s.URL, Kind: Feed, Rate: -1},
		"no number": {URL: s.URL, Kind: Feed, Rate: math.NaN()}, "a rate without gaps": {URL: s.URL, Kind: Feed, Rate: 1e10}, "a rate of ages": {URL: s.URL, Kind: Feed, Rate: 1e-12},
		"a page too long": {URL: s.URL, Kind: Feed, N: MaxN + 1}, "too many events": {URL: s.URL, Kind: Events, Batch: MaxBatch + 1}, "no connection": {URL: s.URL, Kind: Feed, Connections: -1}, "no user": {URL: s.URL, Kind: Feed, Users: -1}} {
		if _, err := Run(t.Context(), c); err == nil || c.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
