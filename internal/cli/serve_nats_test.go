// A served feed whose event log a NATS server of its own keeps: what the two processes do when either goes away.

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/stream"
)

const natsPassword = "pa55-of-nats"

// startNATS starts a NATS server that lets one user in, and gives its address with her name and password in it. Port -1 is any.
func startNATS(t *testing.T, dir string, port int, password string) (s *server.Server, address string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: dir != "", StoreDir: dir, SyncAlways: true, Username: "segue", Password: password,
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stopNATS(s) })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("segue", password)
	return s, u.String()
}

func stopNATS(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// shown is the JSON of impressions of a user, each of a card of its own, by numbers.
func shown(t *testing.T, user string, from, to int) string {
	t.Helper()
	var events []stream.Event
	for k := from; k < to; k++ {
		events = append(events, stream.Event{ID: fmt.Sprint(user, k), Kind: stream.Impression, AtMS: time.Now().UnixMilli(), User: user, Item: fmt.Sprint("card ", k)})
	}
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// impressions are those that a user is told to have.
func (s *served) impressions(user string) int {
	s.t.Helper()
	var u struct{ Impressions int }
	s.get("/v1/users/"+user, &u)
	return u.Impressions
}

// health is what /health/ready says, whatever the status.
func (s *served) health() (h struct {
	Ready, Events bool
	Reasons       []string
}) {
	s.t.Helper()
	_, body := s.ask("GET", "/health/ready", "")
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		s.t.Fatalf("%v: %s", err, body)
	}
	return h
}

// TestServeNATS: pages are served, what is acknowledged lands in the database and is there once, whoever is killed or stopped meanwhile.
func TestServeNATS(t *testing.T) {
	dir, store := t.TempDir(), t.TempDir()
	nats, address := startNATS(t, store, -1, natsPassword)
	flags := []string{"--nats", address, "--database-every", "100ms"}
	var outputs []*served
	start := func(flags ...string) *served {
		s := serveWith(t, dir, nil, flags...)
		outputs = append(outputs, s)
		return s
	}
	s := start(flags...)
	for k := range 5 {
		s.must("PUT", fmt.Sprint("/v1/items/song", k), `{"content": "songs"}`)
	}
	s.must("POST", "/v1/events", shown(t, "her", 0, 10))
	var page struct{ Cards []any }
	if s.get("/v1/users/him/feed?n=5", &page); len(page.Cards) != 5 {
		t.Errorf("the page has %d cards of 5", len(page.Cards))
	}
	s.until("the events go into the database", func() bool {
		var stats struct {
			Lag  int64  `json:"stream_lag"`
			Last uint64 `json:"last_seq"`
		}
		s.get("/v1/stats", &stats)
		return stats.Lag == 0 && stats.Last >= 15
	})

	// Killed: no snapshot was taken since the start, and the database does not have the last events.
	s.kill()
	s = start("--nats", address, "--database-every", "1h")
	if n := s.impressions("her"); n != 10 {
		t.Errorf("after a kill she has %d impressions of 10", n)
	}
	s.must("POST", "/v1/events", shown(t, "her", 5, 20)) // 5 of them again
	s.kill()
	s = start(flags...)
	if n := s.impressions("her"); n != 20 {
		t.Errorf("after the second kill she has %d impressions of 20", n)
	}

	// The NATS server goes: events are refused, pages and what is known are not.
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(at.Port(), &port); err != nil {
		t.Fatal(err)
	}
	stopNATS(nats)
	for k := range 2 {
		status, body := s.ask("POST", "/v1/events", shown(t, "her", 20, 25))
		if status != http.StatusServiceUnavailable || !strings.Contains(body, []string{"new events are refused", "the cluster cannot be reached"}[k]) { // the first may have been on its way
			t.Errorf("without the NATS server events are answered %d: %s", status, body)
		}
	}
	if s.get("/v1/users/him/feed?n=5", &page); len(page.Cards) != 5 {
		t.Errorf("without the NATS server the page has %d cards of 5", len(page.Cards))
	}
	if n := s.impressions("her"); n != 20 {
		t.Errorf("without the NATS server she has %d impressions of 20", n)
	}
	if h := s.health(); !h.Ready || h.Events || !strings.Contains(fmt.Sprint(h.Reasons), "events are refused: ") {
		t.Errorf("without the NATS server health is %+v", h)
	}
	if text := s.must("GET", "/metrics", ""); !strings.Contains(text, "segue_events_taken 0") || strings.Contains(text, natsPassword) {
		t.Errorf("metrics do not say that events are refused: %s", text)
	}

	// It comes back, at first with another password: all heals by itself, and the same events count once.
	nats, _ = startNATS(t, store, port, "another")
	s.until("it is not let in twice, after which a connection usually gives up", func() bool { return strings.Count(s.said.String(), "authorization violation") >= 2 })
	stopNATS(nats)
	nats, _ = startNATS(t, store, port, natsPassword)
	s.until("events are taken again", func() bool {
		status, _ := s.ask("POST", "/v1/events", shown(t, "her", 20, 25))
		return status == http.StatusOK
	})
	if n := s.impressions("her"); n != 25 {
		t.Errorf("she has %d impressions of 25", n)
	}
	if h := s.health(); !h.Ready || !h.Events {
		t.Errorf("with the NATS server again health is %+v", h)
	}

	// Told to end while it is away, segue ends well, and soon.
	stopNATS(nats)
	s.end()
	startNATS(t, store, port, natsPassword)
	s = start(flags...)
	if n := s.impressions("her"); n != 25 {
		t.Errorf("at the end she has %d impressions of 25", n)
	}
	s.end()
	for k, s := range outputs {
		if strings.Contains(s.said.String(), natsPassword) {
			t.Errorf("run %d tells the password: %s", k, &s.said)
		}
	}

	db, err := segue.Open(context.Background(), segue.Config{Path: filepath.Join(dir, "feed.duckdb"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.SQL(context.Background(), "select count(*), count(distinct card_key) from live_events join users using (user_id) join cards using (card_id) where user_key = 'her'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	row, err := rows.Values()
	if err != nil || fmt.Sprint(row) != "[25 25]" {
		t.Errorf("the database has %v of 25 events of 25 cards, %v", row, err)
	}
}

// TestServeNATSRefuses: a NATS server that cannot be used is told of at the start, without its password.
func TestServeNATSRefuses(t *testing.T) {
	gone, address := startNATS(t, t.TempDir(), -1, natsPassword)
	stopNATS(gone)
	_, here := startNATS(t, t.TempDir(), -1, natsPassword)
	_, plain := startNATS(t, "", -1, natsPassword)
	for name, test := range map[string]struct {
		flags []string
		says  string
	}{
		"it is away":               {[]string{"--nats", address}, "connecting to 127.0.0.1:"},
		"another password":         {[]string{"--nats", strings.Replace(here, natsPassword, "no-"+natsPassword, 1)}, "Authorization Violation"},
		"no address":               {[]string{"--nats", here + ",nats://segue:" + natsPassword + "@127.0.0.1:port"}, "number 2 is no address"},
		"a password with %":        {[]string{"--nats", "nats://segue:" + natsPassword + "%zz@127.0.0.1:4222"}, "number 1 is no address"},
		"no JetStream":             {[]string{"--nats", plain}, "JetStream"},
		"no room":                  {[]string{"--nats", here, "--events-max-bytes", fmt.Sprint(int64(1) << 51)}, fmt.Sprint("MaxBytes, ", int64(1)<<51)},
		"no file of credentials":   {[]string{"--nats", here, "--nats-credentials", "gone.creds"}, "gone.creds: no such file"},
		"more replicas than there": {[]string{"--nats", here, "--replicas", "3"}, "replicas"},
		"no cluster":               {[]string{"--replicas", "3"}, "--replicas: 3; the embedded log has one"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var out, said bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			code := Run(ctx, append([]string{"serve", "--db", filepath.Join(dir, "new.duckdb"), "--dir", filepath.Join(dir, "serve"), "--listen", "127.0.0.1:0"}, test.flags...), nil, &out, &said)
			if code == exitDone || strings.Contains(said.String(), natsPassword) || !strings.Contains(said.String(), test.says) || out.Len() > 0 {
				t.Errorf("it ends with %d: %s %s", code, &said, &out)
			}
		})
	}
}
