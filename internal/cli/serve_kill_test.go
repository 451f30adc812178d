// A served feed from end to end: the program itself, driven over HTTP as users would, killed and started again, and every event that it acknowledged
// looked for in all places where it has to be.

package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seguefeed/segue/internal/load"
	"github.com/seguefeed/segue/stream"
)

// ledger notes every event that is sent, and every one that is acknowledged: it stands between a client and the network.
type ledger struct {
	http.RoundTripper
	mu    sync.Mutex
	sent  map[string]stream.Event
	acked map[string]bool
	wake  chan struct{} // told of acknowledgements
}

func (l *ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return l.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var events []stream.Event
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, err
	}
	l.mu.Lock()
	for _, e := range events {
		l.sent[e.ID] = e
	}
	l.mu.Unlock()
	answer, err := l.RoundTripper.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	l.mu.Lock()
	for _, e := range events {
		l.acked[e.ID] = true
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return answer, nil
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// visit drives the server until more events are acknowledged, and then does what ends it, in the midst of requests.
func (l *ledger) visit(t *testing.T, s *served, events int, end func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	until := l.count() + events
	finished := make(chan error, 1)
	go func() {
		_, err := load.Run(ctx, load.Config{URL: s.url, Kind: load.Visits, Connections: 6, Duration: time.Minute, N: 10, Users: 700, Seed: uint64(until), Transport: l})
		finished <- err
	}()
	for l.count() < until {
		select {
		case <-l.wake:
		case err := <-finished:
			t.Fatalf("the visits ended: %v; %s", err, &s.said)
		}
	}
	end()
	cancel()
	<-finished // its requests fail: the server is gone
}

// TestServeKilled kills a server at many moments of its work, and at its start, and starts it again on what it left behind. At the end each event
// that was acknowledged is once in the event log, once in the database, and in the history of its user; and so is none that was not sent.
func TestServeKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server many times")
	}
	dir := t.TempDir()
	l := &ledger{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 6}, sent: map[string]stream.Event{}, acked: map[string]bool{}, wake: make(chan struct{}, 1)}
	s := serve(t, dir)
	var items []stream.Event
	for k := range 300 {
		items = append(items, stream.Event{ID: fmt.Sprint("item-", k), Kind: stream.Item, AtMS: time.Now().UnixMilli(), Item: fmt.Sprint("card/", k), Card: &stream.Card{Creator: fmt.Sprint("creator ", k/3), Content: fmt.Sprint("content ", k%20)}})
	}
	for k := range 700 {
		items = append(items, stream.Event{ID: fmt.Sprint("user-", k), Kind: stream.User, AtMS: time.Now().UnixMilli(), User: fmt.Sprint("user/", k), Profile: &stream.Profile{}})
	}
	l.post(t, s, items)
	for _, events := range []int{1, 30, 120, 300, 500, 700, 900, 1200} {
		l.visit(t, s, events, s.kill)
		if events == 120 { // killed in the midst of its start, too
			for _, after := range []time.Duration{20, 120, 300} {
				early := exec.Command("segue", "serve", "--db", "feed.duckdb", "--listen", "127.0.0.1:0")
				early.Dir = dir
				if err := early.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(after * time.Millisecond)
				early.Process.Kill()
				early.Wait()
			}
		}
		s = serve(t, dir)
	}

	// What is in flight when it is told to end is answered: of this request half of the body has come by then.
	slow := stream.Event{ID: "slow", Kind: stream.Click, AtMS: time.Now().UnixMilli(), User: "slow user", Item: "card/1", Request: "r"}
	body, err := json.Marshal([]stream.Event{slow})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:10])
	// A request that is answered on a connection of its own, which came after, says that this one was seen.
	after := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	seen, err := after.Get(s.url + "/health/live")
	if err != nil {
		t.Fatal(err)
	}
	seen.Body.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, err := http.Get(s.url + "/health/live"); err == nil; _, err = http.Get(s.url + "/health/live") {
		time.Sleep(5 * time.Millisecond) // until it takes no more
	}
	fmt.Fprintf(c, "%s", body[10:])
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("a request in flight: %+v, %v: %s", answer, err, &s.said)
	}
	l.sent["slow"], l.acked["slow"] = slow, true
	<-s.done
	if code := s.cmd.ProcessState.ExitCode(); code != 0 || !strings.Contains(s.said.String(), "msg=snapshot") {
		t.Errorf("after SIGTERM it ends with %d: %s", code, &s.said)
	}

	s = serve(t, dir)
	stored := l.inLog(t, s, dir)
	l.inDatabase(t, dir, stored)
	t.Logf("%d events acknowledged, %d sent, %d stored", len(l.acked), len(l.sent), len(stored))
	if len(l.acked) < 4000 {
		t.Error("the test shows little")
	}
}

// post sends events, which must be acknowledged.
func (l *ledger) post(t *testing.T, s *served, events []stream.Event) {
	t.Helper()
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&http.Client{Transport: l}).Post(s.url+"/v1/events", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body)
		t.Fatalf("%s: %s", r.Status, text)
	}
}

// seen is what is told of a user.
type seen struct {
	Impressions, Clicks int
	History             []struct {
		Item string
		Did  []string
	}
}

// inLog looks for what was acknowledged in the event log, which is read once the server has ended, and holds the histories that it told against the log.
func (l *ledger) inLog(t *testing.T, s *served, dir string) map[string]stream.Stored {
	t.Helper()
	var ready struct{ Ready bool }
	if s.get("/health/ready", &ready); !ready.Ready {
		t.Error("it is not ready")
	}
	told := map[string]seen{}
	for id := range l.acked {
		if user := l.sent[id].User; user != "" {
			if _, ok := told[user]; !ok {
				var u seen
				s.get("/v1/users/"+url.PathEscape(user)+"?history=1000", &u)
				told[user] = u
			}
		}
	}
	for lag := int64(1); lag > 0; time.Sleep(20 * time.Millisecond) { // all is in the database
		var stats struct {
			Lag int64 `json:"stream_lag"`
		}
		s.get("/v1/stats", &stats)
		lag = stats.Lag
	}
	s.end()

	log, err := stream.Open(context.Background(), stream.Config{Dir: filepath.Join(dir, "segue-serve", "events")})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close(context.Background())
	stored := map[string]stream.Stored{}
	// Of one user and card, what comes within a second of another page counts once; so does a click whose impression was not told.
	type show struct {
		user, item string
		second     int64
	}
	shows, requests := map[string]int{}, map[show]string{}
	unsure := map[string]bool{}
	if err := log.Read(context.Background(), 0, 0, func(events []stream.Stored) error {
		for _, e := range events {
			if _, ok := stored[e.ID]; ok {
				t.Errorf("%s is in the log twice", e.ID)
			}
			if _, ok := l.sent[e.ID]; !ok && e.Kind != stream.Served {
				t.Errorf("%s is in the log and was never sent", e.ID)
			}
			stored[e.ID] = e
			if e.Kind != stream.Impression {
				continue
			}
			shows[e.User]++
			for second := e.AtMS/1000 - 1; second <= e.AtMS/1000+1; second++ {
				at := show{e.User, e.Item, second}
				if other := requests[at]; other != "" && other != e.Request {
					unsure[e.User] = true
				}
				requests[at] = e.Request
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for id := range l.acked {
		if _, ok := stored[id]; !ok {
			t.Errorf("%s was acknowledged and is not in the log", id)
		}
	}
	sure := 0
	for user, u := range told {
		if len(u.History) != u.Impressions {
			t.Errorf("%s has %d impressions and a history of %d", user, u.Impressions, len(u.History))
		}
		if !unsure[user] && user != "slow user" {
			sure++
			if shows[user] != u.Impressions {
				t.Errorf("%s has %d impressions in the log, and is told to have %d", user, shows[user], u.Impressions)
			}
		}
	}
	if u := told["slow user"]; u.Clicks != 1 || len(u.History) != 1 || u.History[0].Item != "card/1" {
		t.Errorf("the last click: %+v", u)
	}
	if sure < len(told)/2 {
		t.Errorf("the histories of %d of %d users can be told", sure, len(told))
	}
	l.inHistories(t, told, stored)
	return stored
}

// inHistories looks for each acknowledged click in the history of its user.
func (l *ledger) inHistories(t *testing.T, told map[string]seen, stored map[string]stream.Stored) {
	t.Helper()
	clicked := map[string]bool{}
	for user, u := range told {
		for _, h := range u.History {
			if slices.Contains(h.Did, string(stream.Click)) {
				clicked[user+"|"+h.Item] = true
			}
		}
	}
	clicks := 0
	for id := range l.acked {
		if e := stored[id]; e.Kind == stream.Click {
			clicks++
			if !clicked[e.User+"|"+e.Item] {
				t.Errorf("%s, a click of %s on %s, was acknowledged and is not in her history", id, e.User, e.Item)
			}
		}
	}
	if clicks < 100 {
		t.Errorf("only %d clicks: the test shows little", clicks)
	}
}
